// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory operands of the instructions that mmio.c and pio.c emulate, and the
 * registers of string instructions.  An operand may straddle two pages of
 * which one is RAM and the other nothing at all: each piece is treated as
 * what it is.
 */
#include "emul/linear.h"

#include <linux/mm.h>

#include <asm/processor-flags.h>
#include <asm/trap_pf.h>

#include "domain.h"
#include "emul/lapic.h"
#include "mmu/guest_mem.h"
#include "vcpu.h"

#define MAX_PIECES	2

/* Access rights of a code or data segment (SDM, "Segment Descriptors"). */
#define SEG_TYPE_CODE		BIT(3)
#define SEG_TYPE_EXPAND_DOWN	BIT(2)	/* data */
#define SEG_TYPE_RW		BIT(1)	/* data: writable; code: readable */

struct linear_piece {
	gpa_t gpa;
	unsigned int len;
};

static bool segment_has_right(const struct vcpu_segment *s, bool write)
{
	bool code = s->attr & SEG_TYPE_CODE;
	bool rw = s->attr & SEG_TYPE_RW;

	if (s->attr & SEG_ATTR_UNUSABLE)
		return false;
	return write ? rw && !code : rw || !code;
}

bool segment_allows(const struct vcpu_segment *s, u64 offset, unsigned int len,
		    bool write)
{
	const u32 down = SEG_TYPE_CODE | SEG_TYPE_EXPAND_DOWN;
	u64 last = offset + len - 1;

	if (!segment_has_right(s, write))
		return false;
	if ((s->attr & down) != SEG_TYPE_EXPAND_DOWN)
		return last <= s->limit;
	return offset > s->limit &&
	       last <= (s->attr & SEG_ATTR_DB ? U32_MAX : U16_MAX);
}

/* Why the walk failed, as the page-fault error code says it. */
static void set_fault(struct vcpu *vcpu, const struct guest_paging *pg,
		      gva_t gva, bool write, struct linear_fault *fault)
{
	struct guest_paging kernel = *pg;
	gpa_t gpa;

	kernel.cpl = 0;
	fault->gva = gva;
	fault->gp = false;
	fault->error = (write ? X86_PF_WRITE : 0) |
		       (pg->cpl == 3 ? X86_PF_USER : 0);
	if (!guest_virt_to_phys(&vcpu->domain->ram, &kernel, gva, false,
				&gpa))
		fault->error |= X86_PF_PROT;
}

/* Translate an operand; returns the number of pieces or an error. */
static int linear_translate(struct vcpu *vcpu, gva_t gva, unsigned int len,
			    bool write, struct linear_piece *pieces,
			    struct linear_fault *fault)
{
	bool long64 = vcpu_in_64bit_code(vcpu);
	struct guest_paging pg;
	unsigned int n;
	int err, i;

	vcpu_paging(vcpu, &pg);
	pg.cpl = vcpu_cpl(vcpu);
	for (i = 0; len && i < MAX_PIECES; i++) {
		if (!long64)
			gva = (u32)gva;
		if (!__is_canonical_address(gva, 48)) {
			*fault = (struct linear_fault){ .gp = true };
			return -EFAULT;
		}
		n = min_t(u64, len, PAGE_SIZE - offset_in_page(gva));
		err = guest_virt_to_phys(&vcpu->domain->ram, &pg, gva, write,
					 &pieces[i].gpa);
		if (err) {
			set_fault(vcpu, &pg, gva, write, fault);
			return err;
		}
		pieces[i].len = n;
		gva += n;
		len -= n;
	}
	return i;
}

static bool gpa_is_lapic(const struct vcpu *vcpu, gpa_t gpa)
{
	return gpa - LAPIC_BASE < LAPIC_SIZE && lapic_has_mmio(vcpu);
}

/* Registers are the first four bytes of each sixteen; the rest reads zero. */
static void lapic_read_piece(struct vcpu *vcpu, gpa_t gpa, u8 *dst,
			     unsigned int len)
{
	unsigned int offset = offset_in_page(gpa);
	u32 reg = lapic_mmio_read(vcpu, offset & ~0xfu);
	unsigned int i;

	for (i = 0; i < len; i++) {
		unsigned int byte = (offset & 0xf) + i;

		dst[i] = byte < sizeof(reg) ? reg >> (8 * byte) : 0;
	}
}

static void lapic_write_piece(struct vcpu *vcpu, gpa_t gpa, const u8 *src,
			      unsigned int len)
{
	u32 value;

	/* Anything but an aligned 32-bit store is undefined: dropped. */
	if (len != sizeof(value) || (gpa & 0xf))
		return;
	memcpy(&value, src, sizeof(value));
	lapic_mmio_write(vcpu, offset_in_page(gpa), value);
}

int linear_read(struct vcpu *vcpu, gva_t gva, void *dst, unsigned int len,
		struct linear_fault *fault)
{
	struct linear_piece pieces[MAX_PIECES];
	int i, n;

	n = linear_translate(vcpu, gva, len, false, pieces, fault);
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		const struct linear_piece *p = &pieces[i];

		if (gpa_is_lapic(vcpu, p->gpa))
			lapic_read_piece(vcpu, p->gpa, dst, p->len);
		else if (guest_mem_read(&vcpu->domain->ram, p->gpa, dst,
					p->len))
			memset(dst, 0xff, p->len);
		dst += p->len;
	}
	return 0;
}

int linear_write(struct vcpu *vcpu, gva_t gva, const void *src,
		 unsigned int len, struct linear_fault *fault)
{
	struct linear_piece pieces[MAX_PIECES];
	int i, n, err;

	n = linear_translate(vcpu, gva, len, true, pieces, fault);
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		const struct linear_piece *p = &pieces[i];

		if (gpa_is_lapic(vcpu, p->gpa)) {
			lapic_write_piece(vcpu, p->gpa, src, p->len);
		} else {
			err = guest_mem_write(&vcpu->domain->ram, p->gpa, src,
					      p->len, vcpu->atomic);
			if (err && err != -EFAULT)
				return err;
		}
		src += p->len;
	}
	return 0;
}

enum vmexit_action linear_failed(struct vcpu *vcpu, int err,
				 const struct linear_fault *fault)
{
	switch (err) {
	case -EFAULT:
		if (fault->gp)
			return vcpu_inject_gp(vcpu);
		return vcpu_inject_pf(vcpu, fault->gva, fault->error);
	case -EAGAIN:
		return VMEXIT_AGAIN;
	case -ENOMEM:
		return domain_pause_for_memory(vcpu->domain, "an operand");
	default:
		return vcpu_crash(vcpu, "memory operand: error %d", err);
	}
}

void string_begin(struct vcpu *vcpu, u8 addr_size, u8 size, bool rep,
		  struct string_regs *s)
{
	bool down = vcpu_read_reg(vcpu, VREG_RFLAGS) & X86_EFLAGS_DF;

	s->addr_mask = GENMASK_ULL(8 * addr_size - 1, 0);
	s->step = down ? -(s64)size : size;
	s->count = rep ? vcpu->gpr[GPR_RCX] & s->addr_mask : 1;
}

/* An address-sized write to a register: 16 bits merge, 32 bits zero-extend. */
static void write_index(struct vcpu *vcpu, unsigned int gpr, u64 mask, u64 v)
{
	u64 keep = mask == 0xffff ? vcpu->gpr[gpr] & ~mask : 0;

	vcpu->gpr[gpr] = keep | (v & mask);
}

void string_advance(struct vcpu *vcpu, const struct string_regs *s,
		    unsigned int index_reg)
{
	write_index(vcpu, index_reg, s->addr_mask,
		    vcpu->gpr[index_reg] + s->step);
}

void string_count_down(struct vcpu *vcpu, struct string_regs *s, bool rep)
{
	s->count--;
	if (rep)
		write_index(vcpu, GPR_RCX, s->addr_mask, s->count);
}
