// SPDX-License-Identifier: GPL-2.0-only
/*
 * The peer: the smallest program that runs a test guest on KVM.  One vCPU,
 * in-kernel interrupt controllers, the PVH start state, a debug port for
 * output; so what is measured is KVM and nothing around it.
 */
#include "bench.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB		(1ull << 20)
#define START_INFO	0x6000ull
#define MEMMAP		0x7000ull
#define CODE		0x100000ull
#define DEBUG_PORT	0xe9
#define EXIT_PORT	0xf4
#define NOTE_ENTRY	18	/* XEN_ELFNOTE_PHYS32_ENTRY */
#define MAX_CPUID	256

struct guest {
	int kvm, vm, vcpu;
	uint8_t *memory;
	uint64_t size;
	struct kvm_run *run;
	uint64_t entry;
};

/* Xen's public <hvm/start_info.h>, version 1. */
struct start_info {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modlist, cmdline, rsdp, memmap;
	uint32_t memmap_entries, reserved;
};

struct memmap_entry {
	uint64_t addr, size;
	uint32_t type, reserved;
};

static int call(int fd, unsigned long request, void *arg, const char *what)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		die("%s", what);
	return ret;
}

#define CALL(fd, request, arg)	call(fd, request, (void *)(arg), #request)

enum backing {
	PLAIN,
	HUGE,
	SHARED,		/* the process' status tells it from the rest */
};

static void make_memory(struct guest *g, enum backing backing)
{
	uint64_t room = g->size + 2 * MIB;
	uint8_t *at = mmap(NULL, room, PROT_READ | PROT_WRITE,
			   MAP_ANONYMOUS | MAP_NORESERVE |
			   (backing == SHARED ? MAP_SHARED : MAP_PRIVATE),
			   -1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	g->memory = (uint8_t *)(((uintptr_t)at + 2 * MIB - 1) & -(2 * MIB));
	if (backing == HUGE && madvise(g->memory, g->size, MADV_HUGEPAGE))
		die("MADV_HUGEPAGE");
}

static void make_vm(struct guest *g, int irqchip)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = g->size,
		.userspace_addr = (uintptr_t)g->memory,
	};
	uint64_t map_addr = 0xfffbc000;

	g->vm = CALL(g->kvm, KVM_CREATE_VM, 0);
	CALL(g->vm, KVM_SET_TSS_ADDR, 0xfffbd000);
	CALL(g->vm, KVM_SET_IDENTITY_MAP_ADDR, &map_addr);
	if (irqchip)
		CALL(g->vm, KVM_CREATE_IRQCHIP, 0);
	CALL(g->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static void set_cpuid(struct guest *g)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[MAX_CPUID];
	} cpuid = { .head.nent = MAX_CPUID };

	CALL(g->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid);
	CALL(g->vcpu, KVM_SET_CPUID2, &cpuid);
}

static void make_vcpu(struct guest *g)
{
	int size = CALL(g->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	g->vcpu = CALL(g->vm, KVM_CREATE_VCPU, 0);
	g->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, g->vcpu,
		      0);
	if (g->run == MAP_FAILED)
		die("mmap of the vCPU");
}

static void set_state(struct guest *g)
{
	struct kvm_segment flat = {
		.limit = 0xffffffff, .selector = 8, .type = 3, .present = 1,
		.db = 1, .s = 1, .g = 1,
	};
	struct kvm_regs regs = {
		.rip = g->entry, .rbx = START_INFO, .rflags = 2,
	};
	struct kvm_sregs sregs;

	CALL(g->vcpu, KVM_GET_SREGS, &sregs);
	sregs.ds = flat;
	sregs.es = flat;
	sregs.ss = flat;
	sregs.fs = flat;
	sregs.gs = flat;
	flat.type = 11;
	sregs.cs = flat;
	/* Reset on AMD leaves a 16-bit TSS, with which there is no long mode. */
	sregs.tr.type = 11;
	sregs.cr0 = 0x11;
	CALL(g->vcpu, KVM_SET_SREGS, &sregs);
	CALL(g->vcpu, KVM_SET_REGS, &regs);
}

/* The one note that matters: where PVH starts. */
static uint64_t find_entry(const uint8_t *image, const Elf64_Phdr *p)
{
	const uint8_t *at = image + p->p_offset, *end = at + p->p_filesz;
	const Elf64_Nhdr *n;
	uint64_t entry = 0;

	for (; at + sizeof(*n) <= end;
	     at += sizeof(*n) + ((n->n_namesz + 3) & ~3u) +
		   ((n->n_descsz + 3) & ~3u)) {
		n = (const void *)at;
		if (n->n_type == NOTE_ENTRY)
			memcpy(&entry, at + sizeof(*n) +
			       ((n->n_namesz + 3) & ~3u),
			       n->n_descsz < 8 ? n->n_descsz : 8);
	}
	return entry;
}

/* The image is one of our own; its headers are taken as they are. */
static void load(struct guest *g, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const Elf64_Phdr *p;
	const Elf64_Ehdr *e;
	const uint8_t *image;
	struct stat st;
	int i;

	if (fd < 0 || fstat(fd, &st))
		die("%s", path);
	image = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image == MAP_FAILED)
		die("%s", path);
	e = (const void *)image;
	p = (const void *)(image + e->e_phoff);
	for (i = 0; i < e->e_phnum; i++) {
		if (p[i].p_type == PT_NOTE)
			g->entry = find_entry(image, &p[i]);
		if (p[i].p_type != PT_LOAD)
			continue;
		if (p[i].p_paddr + p[i].p_memsz > g->size) {
			errno = ENOMEM;
			die("%s", path);
		}
		memcpy(g->memory + p[i].p_paddr, image + p[i].p_offset,
		       p[i].p_filesz);
	}
	munmap((void *)image, st.st_size);
	close(fd);
}

static void write_start_info(struct guest *g)
{
	struct start_info *info = (void *)(g->memory + START_INFO);
	struct memmap_entry *map = (void *)(g->memory + MEMMAP);

	*info = (struct start_info){
		.magic = 0x336ec578, .version = 1,
		.memmap = MEMMAP, .memmap_entries = 1,
	};
	*map = (struct memmap_entry){ .size = g->size, .type = 1 };
}

/* Return: false when the guest has asked for its end. */
static int handle_io(struct kvm_run *run)
{
	uint8_t *data = (uint8_t *)run + run->io.data_offset;
	size_t bytes = (size_t)run->io.size * run->io.count;

	if (run->io.direction == KVM_EXIT_IO_IN) {
		memset(data, run->io.port == DEBUG_PORT ? DEBUG_PORT : 0xff,
		       bytes);
	} else if (run->io.port == EXIT_PORT) {
		return 0;
	} else if (run->io.port == DEBUG_PORT) {
		fwrite(data, 1, bytes, stdout);
		if (memchr(data, '\n', bytes))
			fflush(stdout);
	}
	return 1;
}

static void run(struct guest *g)
{
	for (;;) {
		if (ioctl(g->vcpu, KVM_RUN, 0)) {
			if (errno == EINTR)
				continue;
			die("KVM_RUN");
		}
		switch (g->run->exit_reason) {
		case KVM_EXIT_IO:
			if (!handle_io(g->run))
				return;
			break;
		case KVM_EXIT_HLT:
			return;
		default:
			fprintf(stderr, "kvm: exit reason %u\n",
				g->run->exit_reason);
			exit(1);
		}
	}
}

/* From the first ioctl to the first instruction, which is HLT, and back. */
static void time_start(struct guest *g)
{
	uint64_t t;

	g->size = 4 * MIB;
	g->entry = CODE;
	make_memory(g, PLAIN);
	t = ticks();
	make_vm(g, 0);
	make_vcpu(g);
	g->memory[CODE] = 0xf4;
	set_state(g);
	run(g);
	t = ticks() - t;
	result("create_to_first_instruction", t, t);
}

static void usage(void)
{
	fputs("usage: kvm [-H | -S] [-m MIB] IMAGE | kvm -s\n"
	      "  -H  back the guest with transparent huge pages\n"
	      "  -S  with shared memory\n"
	      "  -s  time a start instead\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	struct guest g = { .size = 4 * MIB };
	enum backing backing = PLAIN;
	int c, start = 0;

	while ((c = getopt(argc, argv, "HSm:s")) != -1) {
		if (c == 'H')
			backing = HUGE;
		else if (c == 'S')
			backing = SHARED;
		else if (c == 'm')
			g.size = strtoull(optarg, NULL, 10) * MIB;
		else if (c == 's')
			start = 1;
		else
			usage();
	}
	g.kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (g.kvm < 0)
		die("/dev/kvm");
	if (start) {
		time_start(&g);
		return 0;
	}
	if (optind >= argc)
		usage();
	make_memory(&g, backing);
	make_vm(&g, 1);
	make_vcpu(&g);
	set_cpuid(&g);
	load(&g, argv[optind]);
	write_start_info(&g);
	set_state(&g);
	run(&g);
	fflush(stdout);
	return 0;
}
