// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holds the CPU's virtualization through KVM, as a running KVM guest does: a
 * VM with one vCPU, until standard input ends.  Says "held", or which call
 * failed and why, so that a script can tell who was first.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int refused(const char *call)
{
	printf("%s: %s\n", call, strerrorname_np(errno));
	return 1;
}

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	char byte;
	int vm;

	if (kvm < 0)
		return refused("open");
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		return refused("KVM_CREATE_VM");
	if (ioctl(vm, KVM_CREATE_VCPU, 0) < 0)
		return refused("KVM_CREATE_VCPU");
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
