// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gives a bare test host what every Debian host has when it has booted, and
 * stays to hold it: random numbers that are seeded (else the kernel mixes its
 * pool anew for each process and file), and a compiled BPF program (Debian's
 * kernel makes one itself, for packets of PTP), without which whoever loads the
 * first one, here the first system call filter, pays for the kernel's 2 MiB
 * region of such code.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/random.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEED_BYTES	64

/* What the bytes are does not matter here, only that they count. */
static int seed(void)
{
	struct {
		struct rand_pool_info info;
		char bytes[SEED_BYTES];
	} pool = { .info = { 8 * SEED_BYTES, SEED_BYTES } };
	int fd = open("/dev/random", O_RDWR);

	return fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) ? -1 : close(fd);
}

/* The socket, which nobody writes to, holds the program. */
static int load_program(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = { 1, &all };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	return fd < 0 ? -1 : setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER,
					&program, sizeof(program));
}

int main(void)
{
	/* Who started it goes on when all is there. */
	if (seed() || load_program() || daemon(0, 0)) {
		perror("booted");
		return 1;
	}
	pause();
	return 0;
}
