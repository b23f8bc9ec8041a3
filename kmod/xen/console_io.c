// SPDX-License-Identifier: GPL-2.0-only
/*
 * console_io: text that a guest prints before it has a console ring, or in
 * its last moments.  It goes to the domain's hypervisor log.
 */
#include <linux/minmax.h>

#include <xen/interface/xen.h>

#include "domain.h"
#include "vcpu.h"
#include "xen/hypercall.h"

#define CHUNK		128u
#define PASS_CHUNKS	32	/* between two looks at signals */

/* The count may be absurd: what is left of it goes on after a restart. */
static long console_write(struct vcpu *vcpu, u32 count, gva_t gva)
{
	char buf[CHUNK];
	unsigned int i;
	u32 n;
	long ret;

	for (i = 0; i < PASS_CHUNKS && count; i++) {
		n = min(count, CHUNK);
		ret = xen_fetch(vcpu, buf, gva, n);
		if (ret)
			return ret;
		domain_log_guest(vcpu->domain, buf, n);
		gva += n;
		count -= n;
	}
	return count ? xen_restart(vcpu, CONSOLEIO_write, count, gva) : 0;
}

long xen_console_io(struct vcpu *vcpu, u64 cmd, u64 count, u64 gva, bool compat)
{
	if (vcpu->atomic)
		return XEN_HC_AGAIN;
	switch ((u32)cmd) {
	case CONSOLEIO_write:
		return console_write(vcpu, count, gva);
	case CONSOLEIO_read:
		return 0;	/* nothing is ever typed there */
	default:
		return -ENOSYS;
	}
}
