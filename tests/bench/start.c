// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's part of a start, without the tool: ticks from the create ioctl
 * to the guest's first instructions, which power it off, and back.
 */
#include "bench.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../flat_start.h"

#define CODE	0x100000ull

/* sched_op(SCHEDOP_shutdown, &poweroff), then the reason that it points to */
static uint8_t code[] = {
	0xb8, 29, 0, 0, 0,			/* mov $29,%eax */
	0xbb, 2, 0, 0, 0,			/* mov $2,%ebx */
	0xb9, 0x12, 0x00, 0x10, 0x00,		/* mov $CODE + 18,%ecx */
	0x0f, 0x01, 0xc1,			/* vmcall */
	0, 0, 0, 0,
};

#define CALL_BYTE	17
#define VMMCALL		0xd9

static void call(int fd, unsigned long request, void *arg, const char *what)
{
	if (ioctl(fd, request, arg))
		die("%s", what);
}

#define CALL(fd, request, arg)	call(fd, request, arg, #request)

static void set_state(int vcpu)
{
	struct lodge_vcpu_state state = { 0 };

	flat_start(&state, CODE);
	CALL(vcpu, LODGE_VCPU_SET_STATE, &state);
}

static void step(const char *name, uint64_t *since)
{
	uint64_t now = ticks();

	printf("# %s %llu\n", name, (unsigned long long)(now - *since));
	*since = ticks();
}

static uint64_t once(int dev, unsigned long mib, int verbose)
{
	struct lodge_domain_create create = {
		.size = sizeof(create),
		.domid = LODGE_DOMID_ANY,
		.nr_vcpus = 1,
		.memory = mib << 20,
		.name = "start",
	};
	struct lodge_memory memory = {
		.size = sizeof(memory),
		.gpa = CODE,
		.length = sizeof(code),
		.data = (uintptr_t)code,
	};
	struct lodge_vcpu_open vcpu = { .size = sizeof(vcpu) };
	uint64_t t = ticks(), s = t;

	CALL(dev, LODGE_DOMAIN_CREATE, &create);
	if (verbose)
		step("create", &s);
	CALL(create.fd, LODGE_WRITE_MEMORY, &memory);
	if (verbose)
		step("write memory", &s);
	CALL(create.fd, LODGE_VCPU_OPEN, &vcpu);
	set_state(vcpu.fd);
	if (verbose)
		step("open and set vCPU", &s);
	CALL(create.fd, LODGE_DOMAIN_UNPAUSE, NULL);
	CALL(vcpu.fd, LODGE_VCPU_RUN, NULL);
	if (verbose)
		step("run", &s);
	t = ticks() - t;
	CALL(create.fd, LODGE_DOMAIN_DESTROY, NULL);
	close(vcpu.fd);
	close(create.fd);
	return t;
}

int main(int argc, char **argv)
{
	unsigned long mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 4;
	int dev = open(LODGE_DEVICE, O_RDWR | O_CLOEXEC);
	uint64_t best = ~0ull, sum = 0, t;
	int i;

	if (dev < 0)
		die("%s", LODGE_DEVICE);
	if (__builtin_cpu_is("amd"))
		code[CALL_BYTE] = VMMCALL;
	for (i = 0; i < 8; i++) {
		t = once(dev, mib, 0);
		sum += t;
		if (t < best)
			best = t;
	}
	once(dev, mib, 1);
	result("create_to_first_instruction", sum / 8, best);
	return 0;
}
