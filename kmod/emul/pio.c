// SPDX-License-Identifier: GPL-2.0-only
/*
 * I/O ports.  There are none: reads give ones, writes are dropped.  There are
 * two exceptions.  Port 0xe9 is a debug console of a byte at a time, which goes
 * to the domain's log.  Counter 2 of a PC's timer reads as 0: Linux measures
 * its clock by it, and takes 100,000 reads to see that ones do not count down.
 * String instructions move data and registers exactly as they would with a
 * device that behaves so.
 */
#include <linux/bits.h>

#include <asm/trapnr.h>

#include "domain.h"
#include "emul/emul.h"
#include "emul/linear.h"
#include "vcpu.h"

#define PORT_TIMER_COUNTER_2	0x42
#define PORT_DEBUG_CONSOLE	0xe9

static void port_write(struct vcpu *vcpu, u16 port, const void *data, u8 size)
{
	if (port == PORT_DEBUG_CONSOLE && size == 1)
		domain_log_guest(vcpu->domain, data, 1);
}

static u32 port_read(u16 port, u8 size)
{
	if (port == PORT_TIMER_COUNTER_2 && size == 1)
		return 0;
	return GENMASK(8 * size - 1, 0);
}

static void port_in(struct vcpu *vcpu, u16 port, u8 size)
{
	u64 *rax = &vcpu->gpr[GPR_RAX];
	u32 value = port_read(port, size);

	/* A 32-bit result clears the upper half, smaller ones merge. */
	if (size == 4)
		*rax = value;
	else
		*rax = (*rax & ~GENMASK_ULL(8 * size - 1, 0)) | value;
}

/* One element of INS or OUTS at @gva. */
static int port_string_element(struct vcpu *vcpu, const struct vmexit *x,
			       gva_t gva, struct linear_fault *fault)
{
	u32 data = port_read(x->io.port, x->io.size);
	int err;

	if (x->io.in)
		return linear_write(vcpu, gva, &data, x->io.size, fault);
	err = linear_read(vcpu, gva, &data, x->io.size, fault);
	if (!err)
		port_write(vcpu, x->io.port, &data, x->io.size);
	return err;
}

static enum vmexit_action segment_failed(struct vcpu *vcpu, u8 seg)
{
	return vcpu_inject_exception(vcpu, seg == VSEG_SS ? X86_TRAP_SS :
							    X86_TRAP_GP,
				     true, 0);
}

static enum vmexit_action port_string(struct vcpu *vcpu,
				      const struct vmexit *x)
{
	unsigned int index = x->io.in ? GPR_RDI : GPR_RSI;
	bool flat = vcpu_in_64bit_code(vcpu);
	struct linear_fault fault;
	struct vcpu_segment seg;
	struct string_regs s;
	unsigned int i;
	u64 base;
	int err;

	if (vcpu->atomic)
		return VMEXIT_AGAIN;
	vendor->read_seg(vcpu, x->io.seg, &seg);
	string_begin(vcpu, x->io.addr_size, x->io.size, x->io.rep, &s);
	/* The offset wraps at the address size, so take it off the address. */
	base = x->io.gva - (vcpu->gpr[index] & s.addr_mask);

	for (i = 0; s.count && i < STRING_BATCH; i++) {
		u64 offset = vcpu->gpr[index] & s.addr_mask;

		if (!flat && !segment_allows(&seg, offset, x->io.size,
					     x->io.in))
			return segment_failed(vcpu, x->io.seg);
		err = port_string_element(vcpu, x, base + offset, &fault);
		if (err)
			return linear_failed(vcpu, err, &fault);
		string_advance(vcpu, &s, index);
		string_count_down(vcpu, &s, x->io.rep);
	}
	return s.count ? VMEXIT_RESUME : VMEXIT_SKIP_INSN;
}

enum vmexit_action emul_io(struct vcpu *vcpu, const struct vmexit *x)
{
	if (unlikely(x->io.string))
		return port_string(vcpu, x);
	if (x->io.in)
		port_in(vcpu, x->io.port, x->io.size);
	else
		port_write(vcpu, x->io.port, &vcpu->gpr[GPR_RAX], x->io.size);
	return VMEXIT_SKIP_INSN;
}
