/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The user interface of lodge: the ioctls of /dev/lodge and of the files that
 * are reached through it.  Three kinds of file come from it: a domain file, a
 * vCPU file and an attach file (one back end's hold on one device slot).
 *
 * Rules that hold for every call: structures have the same layout for 32-bit
 * and 64-bit callers; pointers travel as __u64; @size is sizeof() of the
 * caller's structure and must equal the size that this header gives; reserved
 * fields and unknown flag bits must be zero (-EINVAL).  A call that fails has
 * changed nothing, but for what its structure says of calls that end early; one
 * that cannot write its answer may have done all.  A call with _IO() takes 0 as
 * its argument (-EINVAL).  Besides the errors named at each structure there are
 * EFAULT, a bad pointer; ENOMEM; EMFILE and ENFILE where a file is opened;
 * ENOTTY, a call that this kind of file does not have.
 *
 * What a file may do was decided when it was opened.  It keeps the domain's
 * structures, not the domain: after LODGE_DOMAIN_DESTROY it can still be asked
 * for state and log.
 */
#ifndef _UAPI_LODGE_H
#define _UAPI_LODGE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define LODGE_ABI_VERSION	1

#define LODGE_DEVICE		"/dev/lodge"

#define LODGE_NAME_LEN		64	/* with the terminating NUL */
#define LODGE_REASON_LEN	192	/* with the terminating NUL */
#define LODGE_MAX_VCPUS		64
#define LODGE_DOMID_ANY		0xffffffffu
#define LODGE_DOMID_MAX		0x7fef

/*
 * Guest-physical layout.  RAM starts at 0 and is contiguous up to
 * LODGE_LOWMEM_MAX; what does not fit goes on at 4 GiB.  The ACPI window is
 * RAM outside the guest's memory map proper.  The special pages belong to the
 * module: the store and console rings are the two that exist from the start.
 * Frames outside of all this, and frames that the guest gave back, are holes:
 * reads give ones, writes are dropped.
 */
#define LODGE_LOWMEM_MAX	0xf0000000ull
#define LODGE_HIGHMEM_BASE	0x100000000ull
#define LODGE_ACPI_BASE		0xfc000000ull
#define LODGE_ACPI_SIZE		0x00014000ull	/* 20 pages */
#define LODGE_SPECIAL_BASE	0xfeff8000ull
#define LODGE_SPECIAL_SIZE	0x00008000ull	/* 8 pages */
#define LODGE_STORE_GFN		0xfeffcull
#define LODGE_CONSOLE_GFN	0xfefffull

#define LODGE_MEMORY_MIN	0x00200000ull	/* 2 MiB */
#define LODGE_MEMORY_MAX	0x10000000000ull	/* 1 TiB */

#define LODGE_IOCTL		'L'

/* /dev/lodge */
#define LODGE_INFO		_IOWR(LODGE_IOCTL, 0x00, struct lodge_info)
#define LODGE_DOMAIN_CREATE	_IOWR(LODGE_IOCTL, 0x01, struct lodge_domain_create)
#define LODGE_DOMAIN_OPEN	_IOWR(LODGE_IOCTL, 0x02, struct lodge_domain_open)
#define LODGE_DOMAIN_LIST	_IOWR(LODGE_IOCTL, 0x03, struct lodge_domain_list)

/* domain file */
#define LODGE_DOMAIN_INFO	_IOWR(LODGE_IOCTL, 0x10, struct lodge_domain_info)
#define LODGE_DOMAIN_PAUSE	_IO(LODGE_IOCTL, 0x11)
#define LODGE_DOMAIN_UNPAUSE	_IO(LODGE_IOCTL, 0x12)
#define LODGE_DOMAIN_SHUTDOWN	_IOW(LODGE_IOCTL, 0x13, __u32)	/* the reason */
#define LODGE_DOMAIN_DESTROY	_IO(LODGE_IOCTL, 0x14)
#define LODGE_READ_MEMORY	_IOWR(LODGE_IOCTL, 0x15, struct lodge_memory)
#define LODGE_WRITE_MEMORY	_IOWR(LODGE_IOCTL, 0x16, struct lodge_memory)
#define LODGE_DOMAIN_LOG	_IOWR(LODGE_IOCTL, 0x17, struct lodge_log)
#define LODGE_VCPU_OPEN		_IOWR(LODGE_IOCTL, 0x18, struct lodge_vcpu_open)
#define LODGE_ATTACH		_IOWR(LODGE_IOCTL, 0x19, struct lodge_attach)
#define LODGE_REVOKE		_IOW(LODGE_IOCTL, 0x1a, struct lodge_slot)
#define LODGE_DOMAIN_STATS	_IOWR(LODGE_IOCTL, 0x1b, struct lodge_domain_stats)

/*
 * The calls without a structure.  PAUSE has every vCPU leave the guest, which
 * it may not have done yet when the call returns; UNPAUSE lets them go on.
 * SHUTDOWN takes a pointer to one of enum lodge_shutdown_reason (-EINVAL) and
 * stops the domain for good as it stands; the first reason of a domain wins,
 * and a later call succeeds without effect.  DESTROY ends the domain, whatever
 * it does, takes it off the list and hangs up its attach files; memory is
 * freed with the last open file of the domain.  A second DESTROY does nothing.
 *
 * poll() on a domain file gives POLLIN after a change of state until
 * LODGE_DOMAIN_INFO is read on that file, and POLLHUP once the domain is
 * destroyed.  Changes are pause, unpause, shutdown, whoever brought it about,
 * and destroy, not what single vCPUs do.  A new file has seen no change: it
 * gives POLLIN if there ever was one, so that nothing is missed between open
 * and the first poll().
 */

/* vCPU file */
#define LODGE_VCPU_RUN		_IO(LODGE_IOCTL, 0x20)
#define LODGE_VCPU_GET_STATE	_IOWR(LODGE_IOCTL, 0x21, struct lodge_vcpu_state)
#define LODGE_VCPU_SET_STATE	_IOW(LODGE_IOCTL, 0x22, struct lodge_vcpu_state)

/* attach file */
#define LODGE_ATTACH_EVENTFD	_IOW(LODGE_IOCTL, 0x30, struct lodge_attach_eventfd)
#define LODGE_ATTACH_NOTIFY	_IOW(LODGE_IOCTL, 0x31, __u32)
#define LODGE_ATTACH_BIND	_IOW(LODGE_IOCTL, 0x32, struct lodge_attach_bind)
#define LODGE_ATTACH_UNBIND	_IOW(LODGE_IOCTL, 0x33, __u32)
#define LODGE_GRANT_COPY	_IOWR(LODGE_IOCTL, 0x34, struct lodge_grant_copy)
#define LODGE_GRANT_MAP		_IOWR(LODGE_IOCTL, 0x35, struct lodge_grant_map)
#define LODGE_GRANT_UNMAP	_IOW(LODGE_IOCTL, 0x36, __u64)
#define LODGE_IO_OPEN		_IOW(LODGE_IOCTL, 0x40, struct lodge_io_open)
#define LODGE_IO_SUBMIT		_IOWR(LODGE_IOCTL, 0x41, struct lodge_io_submit)
#define LODGE_IO_CLOSE		_IOW(LODGE_IOCTL, 0x42, __u32)	/* the ring */

enum lodge_vendor {
	LODGE_VENDOR_VMX = 1,
	LODGE_VENDOR_SVM = 2,
};

/**
 * struct lodge_info - what the module and this host offer
 * @size: sizeof(struct lodge_info)
 * @abi_version: LODGE_ABI_VERSION of the module
 * @vendor: enum lodge_vendor
 * @max_vcpus: most vCPUs one domain may have
 * @nr_domains: domains that exist now, of all owners
 * @tsc_khz: rate of the host's time-stamp counter
 * @memory_free: bytes of guest memory that may still be reserved by the caller
 * @memory_reserved: bytes reserved for all domains now
 * @version: the module's version, NUL-terminated
 * @reserved: zero
 *
 * Only @size is looked at on the way in.
 */
struct lodge_info {
	__u32 size;
	__u32 abi_version;
	__u32 vendor;
	__u32 max_vcpus;
	__u32 nr_domains;
	__u32 tsc_khz;
	__u64 memory_free;
	__u64 memory_reserved;
	char version[32];
	__u64 reserved[4];
};

/*
 * The local APICs start in xAPIC mode, at 0xfee00000, as Xen's do: for kernels
 * that know no other, such as 32-bit Linux.  Else they start in x2APIC mode.
 */
#define LODGE_DOMAIN_XAPIC	(1u << 0)

/**
 * struct lodge_domain_create - a new domain, paused, without memory contents
 * @size: sizeof(struct lodge_domain_create)
 * @flags: LODGE_DOMAIN_XAPIC or 0
 * @domid: wanted id (1 .. LODGE_DOMID_MAX) or LODGE_DOMID_ANY; out: the id
 * @nr_vcpus: 1 .. the module's max_vcpus
 * @memory: bytes of RAM that the guest's memory map shows, a multiple of
 *	4 KiB, LODGE_MEMORY_MIN .. LODGE_MEMORY_MAX; reserved now, populated
 *	on first touch
 * @fd: out: the domain file
 * @reserved0: zero
 * @uuid: shown to the guest, not interpreted
 * @name: NUL-terminated, one or more of [A-Za-z0-9_.+-], no dot first, unique
 *	on the host
 * @reserved: zero
 *
 * Errors: EINVAL a field is out of range; EEXIST the name or id is taken;
 * ENOMEM the host's memory cannot back @memory; EDQUOT the caller's memory
 * limit; EBUSY virtualization is in use by another hypervisor, and EIO the CPU
 * refuses to switch it on (the host's log has a line for either); ENOSPC no id
 * is free.
 */
struct lodge_domain_create {
	__u32 size;
	__u32 flags;
	__u32 domid;
	__u32 nr_vcpus;
	__u64 memory;
	__s32 fd;
	__u32 reserved0;
	__u8 uuid[16];
	char name[LODGE_NAME_LEN];
	__u64 reserved[4];
};

/**
 * struct lodge_domain_open - open a domain that exists
 * @size: sizeof(struct lodge_domain_open)
 * @domid: its id, or LODGE_DOMID_ANY to look for @name
 * @fd: out: the domain file
 * @reserved0: zero
 * @name: used when @domid is LODGE_DOMID_ANY; NUL-terminated in any case
 *
 * Its owner and CAP_SYS_ADMIN may.
 * Errors: EINVAL @name has no end; ENOENT no such domain; EACCES it belongs
 * to another user.
 */
struct lodge_domain_open {
	__u32 size;
	__u32 domid;
	__s32 fd;
	__u32 reserved0;
	char name[LODGE_NAME_LEN];
};

enum lodge_domain_state {
	LODGE_STATE_PAUSED = 0,		/* see paused; also right after creation */
	LODGE_STATE_RUNNING = 1,	/* may run; see nr_running for what does */
	LODGE_STATE_SHUTDOWN = 2,	/* stopped for good, see shutdown_reason */
	LODGE_STATE_DYING = 3,		/* destroyed; lives until its files close */
};

/* Xen's SHUTDOWN_* numbers. */
enum lodge_shutdown_reason {
	LODGE_SHUTDOWN_POWEROFF = 0,
	LODGE_SHUTDOWN_REBOOT = 1,
	LODGE_SHUTDOWN_SUSPEND = 2,
	LODGE_SHUTDOWN_CRASH = 3,
	LODGE_SHUTDOWN_WATCHDOG = 4,
	LODGE_SHUTDOWN_SOFT_RESET = 5,
};

/**
 * struct lodge_domain_info - a domain's state
 * @size: sizeof(struct lodge_domain_info)
 * @domid: its id
 * @state: enum lodge_domain_state
 * @shutdown_reason: enum lodge_shutdown_reason, when @state says SHUTDOWN
 * @owner: uid of its creator
 * @nr_vcpus: vCPUs it has
 * @nr_running: vCPUs with a thread inside LODGE_VCPU_RUN, whatever they do
 * @nr_blocked: of these, how many wait for an event, or to be started
 * @paused: 1 when the user paused it, or the module did, because the host had
 *	no memory for a page (the log says so); a domain can be paused and
 *	shut down
 * @reserved0: zero
 * @memory: bytes of RAM in its memory map
 * @populated: bytes that host pages back now, special pages included
 * @cpu_ns: nanoseconds that its vCPUs spent on a host CPU in their run loop,
 *	up to when each of them last left one
 * @created_ns: CLOCK_REALTIME at creation, in nanoseconds
 * @log_end: offset past the last byte of its log
 * @uuid: as given at creation
 * @name: as given at creation
 * @reason: why it stopped, for people; empty while it runs
 * @reserved: zero
 */
struct lodge_domain_info {
	__u32 size;
	__u32 domid;
	__u32 state;
	__u32 shutdown_reason;
	__u32 owner;
	__u32 nr_vcpus;
	__u32 nr_running;
	__u32 nr_blocked;
	__u32 paused;
	__u32 reserved0;
	__u64 memory;
	__u64 populated;
	__u64 cpu_ns;
	__u64 created_ns;
	__u64 log_end;
	__u8 uuid[16];
	char name[LODGE_NAME_LEN];
	char reason[LODGE_REASON_LEN];
	__u64 reserved[4];
};

/**
 * struct lodge_domain_list - the domains that the caller may open
 * @size: sizeof(struct lodge_domain_list)
 * @first: list ids from here on
 * @count: in: entries that @infos holds (1 .. 1024); out: entries written
 * @reserved: zero
 * @infos: array of struct lodge_domain_info, filled in the order of ids
 *
 * To go on, list from the last id plus one.  Errors: EINVAL @count.
 */
struct lodge_domain_list {
	__u32 size;
	__u32 first;
	__u32 count;
	__u32 reserved;
	__u64 infos;
};

#define LODGE_NR_EXIT_COUNTS	32
#define LODGE_EXIT_NAME_LEN	24

/**
 * struct lodge_domain_stats - exits by kind, summed over the vCPUs
 * @size: sizeof(struct lodge_domain_stats)
 * @nr: out: entries used in @exits
 * @exits: name and count of each kind
 */
struct lodge_domain_stats {
	__u32 size;
	__u32 nr;
	struct {
		char name[LODGE_EXIT_NAME_LEN];
		__u64 count;
	} exits[LODGE_NR_EXIT_COUNTS];
};

/**
 * struct lodge_memory - copy between the caller and guest-physical memory
 * @size: sizeof(struct lodge_memory)
 * @flags: zero
 * @gpa: guest-physical address
 * @length: bytes; out: bytes copied (a shorter copy ended at a gpa that is no
 *	RAM or at a bad @data; an error is returned only if nothing was copied)
 * @data: the caller's buffer
 *
 * Writing populates memory; reading memory that was never touched gives zeros
 * and populates nothing.  Nothing stops the guest meanwhile.
 * Errors: EINVAL the range wraps; EFAULT no RAM at @gpa, or bad @data; EINTR a
 * fatal signal; ENODEV the domain was destroyed.
 */
struct lodge_memory {
	__u32 size;
	__u32 flags;
	__u64 gpa;
	__u64 length;
	__u64 data;
};

/**
 * struct lodge_log - read the domain's hypervisor log
 * @size: sizeof(struct lodge_log)
 * @length: in: room at @data; out: bytes written there, at most 4 KiB a call,
 *	0 at the log's end
 * @offset: in: read from here; out: where the next read goes on.  The log
 *	keeps its last 16 KiB: an offset that has been overwritten moves up
 * @data: the caller's buffer
 */
struct lodge_log {
	__u32 size;
	__u32 length;
	__u64 offset;
	__u64 data;
};

/**
 * struct lodge_vcpu_open - open one vCPU
 * @size: sizeof(struct lodge_vcpu_open)
 * @id: 0 .. nr_vcpus - 1
 * @fd: out: the vCPU file
 * @reserved: zero
 *
 * Errors: EINVAL @id; ENODEV the domain was destroyed.
 *
 * LODGE_VCPU_RUN on it runs the vCPU in the calling thread; while the domain
 * is paused, or the vCPU waits, so does the call.  It returns 0 when the
 * domain has shut down, -EINTR for a signal or other work that the thread has
 * to do in user mode (call again), -EBUSY when another thread runs this vCPU,
 * -ENODEV when the domain was destroyed, -ESHUTDOWN when the host is going
 * down.  The vCPU's state is whole at every return and at the death of the
 * thread: the next caller goes on where the last one stopped.
 */
struct lodge_vcpu_open {
	__u32 size;
	__u32 id;
	__s32 fd;
	__u32 reserved;
};

/* Order of lodge_vcpu_state.gpr, the hardware's register numbers. */
enum lodge_gpr {
	LODGE_RAX, LODGE_RCX, LODGE_RDX, LODGE_RBX,
	LODGE_RSP, LODGE_RBP, LODGE_RSI, LODGE_RDI,
	LODGE_R8, LODGE_R9, LODGE_R10, LODGE_R11,
	LODGE_R12, LODGE_R13, LODGE_R14, LODGE_R15,
	LODGE_NR_GPRS
};

/* Order of lodge_vcpu_state.seg; the last two use base and limit only. */
enum lodge_seg {
	LODGE_ES, LODGE_CS, LODGE_SS, LODGE_DS, LODGE_FS, LODGE_GS,
	LODGE_LDTR, LODGE_TR,
	LODGE_GDTR, LODGE_IDTR,
	LODGE_NR_SEGS
};

#define LODGE_SEG_UNUSABLE	(1u << 16)

/**
 * struct lodge_segment - a segment register with its hidden part
 * @base: linear base
 * @limit: in bytes
 * @attr: access rights, as a descriptor has them in its bits 55:40: 3:0 type,
 *	4 S, 6:5 DPL, 7 P, 12 AVL, 13 L, 14 D/B, 15 G; and 16 unusable
 * @selector: visible part
 * @reserved: zero
 */
struct lodge_segment {
	__u64 base;
	__u32 limit;
	__u32 attr;
	__u16 selector;
	__u16 reserved[3];
};

#define LODGE_VCPU_ONLINE	(1u << 0)	/* not waiting for INIT/SIPI */
#define LODGE_VCPU_BLOCKED	(1u << 1)	/* halted, waits for an event */

/**
 * struct lodge_vcpu_state - registers of a vCPU
 * @size: sizeof(struct lodge_vcpu_state)
 * @flags: LODGE_VCPU_*; BLOCKED is ignored by SET_STATE
 * @gpr: general registers, by enum lodge_gpr
 * @rip: instruction pointer
 * @rflags: flags
 * @cr0: CR0, as the guest reads it
 * @cr2: CR2
 * @cr3: CR3
 * @cr4: CR4, as the guest reads it
 * @cr8: CR8, the upper half of the local APIC's task priority
 * @efer: IA32_EFER
 * @xcr0: XCR0
 * @dr: debug registers; 4 and 5 are zero
 * @seg: segment and table registers, by enum lodge_seg
 * @reserved: zero
 *
 * SET_STATE works while the domain is paused and before this vCPU first ran
 * (else -EBUSY).  It takes what boot protocols use, protected mode without
 * paging or long mode with paging, and refuses other modes and bits with
 * -EINVAL.  What a start has no use for must be zero or as after reset: @cr8,
 * @xcr0 (1), @dr (6: 0xffff0ff0, 7: 0x400).
 * What passes here and the CPU refuses all the same ends the domain as crashed
 * at its first entry.
 * GET_STATE works any time; while a thread runs the vCPU it is interrupted
 * for the look.  Either gives -EINTR for a signal while it waits for that.
 */
struct lodge_vcpu_state {
	__u32 size;
	__u32 flags;
	__u64 gpr[LODGE_NR_GPRS];
	__u64 rip;
	__u64 rflags;
	__u64 cr0;
	__u64 cr2;
	__u64 cr3;
	__u64 cr4;
	__u64 cr8;
	__u64 efer;
	__u64 xcr0;
	__u64 dr[8];
	struct lodge_segment seg[LODGE_NR_SEGS];
	__u64 reserved[8];
};

/*
 * Roles of a back end.  A role and a device id name one slot.  The fixed slots
 * of the store and the console have a ring page and one channel, both made with
 * the domain.  Slots of devices have neither: their channels are bound to
 * ports that the guest allocates, and their pages are those that it grants.
 */
enum lodge_role {
	LODGE_ROLE_STORE = 1,	/* devid 0 only */
	LODGE_ROLE_CONSOLE = 2,	/* devid 0 only */
	LODGE_ROLE_BLOCK = 3,	/* devid: the number of the vbd, any */
	LODGE_ROLE_NET = 4,	/* devid: the index of the vif, any */
	LODGE_ROLE_OTHER = 5,	/* devid: of a device of any other kind, any */
};

#define LODGE_MAX_DEVICES	64	/* slots of devices in a domain's life */
#define LODGE_MAX_CHANNELS	32	/* of a device's slot */

/**
 * struct lodge_attach - take hold of a device slot
 * @size: sizeof(struct lodge_attach)
 * @role: enum lodge_role
 * @devid: device id within the role
 * @flags: zero
 * @fd: out: the attach file
 * @holder: out, with -EBUSY: pid of the holder in the caller's namespace
 * @reserved: zero
 *
 * The slot has one holder, until its file is closed, LODGE_REVOKE takes the
 * slot away, or the domain is destroyed.  Its channels are pending in both
 * directions after the call, so no notification is lost between two holders:
 * the guest is notified, and the holder finds its eventfd signalled as soon as
 * it binds one.
 *
 * A device's slot is made by the first attach to it, and lives as long as the
 * domain.
 *
 * mmap() of the attach file at LODGE_MMAP_RING gives the ring page (one page)
 * of a fixed slot, at LODGE_MMAP_RECOVERY the recovery area or a part of it, which is zero for
 * the first holder and kept for the next.  A mapping is MAP_SHARED and not
 * executable (-EINVAL), and a child does not inherit it.  What is in the ring
 * page was written by the guest, and may change at any time.
 *
 * Revoke and destroy hang the file up: poll() gives POLLHUP, the mappings lose
 * their pages and a touch of one is SIGBUS, and a call on it gives
 * -ENODEV.  A holder that was stopped meanwhile meets this when it goes on.
 *
 * Errors: EINVAL no such role or devid; EBUSY it has a holder; ENOSPC the
 * domain has LODGE_MAX_DEVICES already; ENODEV the domain was destroyed.
 * LODGE_REVOKE: EINVAL, too; a slot without a holder is revoked already.
 */
struct lodge_attach {
	__u32 size;
	__u32 role;
	__u32 devid;
	__u32 flags;
	__s32 fd;
	__s32 holder;
	__u64 reserved[2];
};

#define LODGE_MMAP_RING		0x00000000ull
#define LODGE_MMAP_RECOVERY	0x10000000ull
#define LODGE_RECOVERY_SIZE	0x00004000ull	/* 16 KiB */
#define LODGE_MMAP_IO_TABLE	0x12000000ull	/* see struct lodge_io_table */
#define LODGE_MMAP_IO_STATED	0x13000000ull	/* see struct lodge_io_stated */
#define LODGE_MMAP_IO_STRIDE	0x00100000ull	/* from one ring to the next */
#define LODGE_MMAP_GRANTS	0x20000000ull	/* see struct lodge_grant_map */
#define LODGE_MMAP_GRANTS_SIZE	0x60000000ull

/**
 * struct lodge_slot - names a device slot
 * @size: sizeof(struct lodge_slot)
 * @role: enum lodge_role
 * @devid: device id within the role
 * @reserved: zero
 */
struct lodge_slot {
	__u32 size;
	__u32 role;
	__u32 devid;
	__u32 reserved;
};

/**
 * struct lodge_attach_eventfd - have a channel signal an eventfd
 * @size: sizeof(struct lodge_attach_eventfd)
 * @channel: index of the slot's channel: 0 .. LODGE_MAX_CHANNELS - 1; the store
 *	and the console have one, 0
 * @fd: an eventfd, or -1 to unbind
 * @reserved: zero
 *
 * Each time the guest notifies the channel, one is added to the eventfd's
 * counter; a reader takes it as "look at the ring", whatever the number.  A new
 * binding takes the place of the old one and starts with one added.  The
 * module holds the eventfd itself: closing the descriptor unbinds nothing.
 * Errors: EINVAL no such channel, or no eventfd; EBADF @fd; ENODEV the file
 * was hung up.
 *
 * LODGE_ATTACH_NOTIFY takes a pointer to the channel's index and notifies the
 * guest; that the guest has closed its end is no error.  Errors: EINVAL no
 * such channel; ENODEV the file was hung up.
 */
struct lodge_attach_eventfd {
	__u32 size;
	__u32 channel;
	__s32 fd;
	__u32 reserved;
};

/**
 * struct lodge_attach_bind - bind a device's channel to a port of the guest
 * @size: sizeof(struct lodge_attach_bind)
 * @channel: index of the slot's channel
 * @port: the guest's port, which it allocated for domain 0 and nobody has bound
 * @reserved: zero
 *
 * As with EVTCHNOP_bind_interdomain the binder's end starts pending: the
 * channel's eventfd is signalled.  A binding stays from one holder to the next;
 * to bind it again to the port that it has does nothing.  It ends when the
 * guest closes the port, which frees the channel, or with LODGE_ATTACH_UNBIND,
 * which takes a pointer to the channel's index and makes the port as it was
 * before; of a channel that has no port it does nothing.
 *
 * Errors: EINVAL no such channel, or the port is not one that waits for domain
 * 0; EBUSY the channel has another port; EPERM a fixed slot; ENODEV the file was
 * hung up.
 */
struct lodge_attach_bind {
	__u32 size;
	__u32 channel;
	__u32 port;
	__u32 reserved;
};

#define LODGE_GRANT_COPY_MAX	256u

#define LODGE_GRANT_TO_GUEST	(1u << 0)	/* else from the guest */

/**
 * struct lodge_grant_segment - one copy
 * @ref: a reference that the guest has granted to domain 0
 * @offset: first byte within the granted page
 * @length: bytes, 1 or more, not over the page's end
 * @flags: LODGE_GRANT_TO_GUEST or 0
 * @status: out: 0 or a negative errno
 * @data: the caller's buffer
 *
 * The status: EINVAL a field is out of range; ENOENT the guest grants nothing
 * by that reference; EACCES it grants it to another domain, only for reading,
 * or not all of these bytes; ENXIO it names a frame that is no RAM, or no writable one; EBUSY the
 * guest changes the entry all the time, or while it is in use, or it has too
 * many users; EFAULT bad @data; ENOMEM.  With an error some bytes may have been
 * copied.
 */
struct lodge_grant_segment {
	__u32 ref;
	__u16 offset;
	__u16 length;
	__u32 flags;
	__s32 status;
	__u64 data;
};

/**
 * struct lodge_grant_copy - copy through grants
 * @size: sizeof(struct lodge_grant_copy)
 * @count: in: segments (1 .. LODGE_GRANT_COPY_MAX); out: those that have a status
 * @segments: array of struct lodge_grant_segment, done in order
 *
 * It ends early for a signal, a bad @segments, or when the file is hung up, and
 * then says how many it did; an error is returned if that was none.
 * Errors: EINVAL @count; EPERM a fixed slot; EINTR; ENODEV the file was hung up.
 */
struct lodge_grant_copy {
	__u32 size;
	__u32 count;
	__u64 segments;
};

#define LODGE_GRANT_MAP_MAX	256u	/* pages of one map */
#define LODGE_GRANT_MAPPED_MAX	8192u	/* pages of all maps of a file */

#define LODGE_GRANT_MAP_WRITE	(1u << 0)	/* else only for reading */

/**
 * struct lodge_grant_map - have granted pages to mmap()
 * @size: sizeof(struct lodge_grant_map)
 * @count: pages (1 .. LODGE_GRANT_MAP_MAX)
 * @flags: LODGE_GRANT_MAP_WRITE or 0
 * @reserved: zero
 * @refs: array of @count __u32: references that the guest has granted to domain
 *	0, in the order of the pages
 * @offset: out: where in the attach file they are, from LODGE_MMAP_GRANTS on
 *
 * From here on the guest sees the grants in use.  mmap() at @offset, of all of
 * the @count pages, MAP_SHARED, not executable, and for writing only with
 * LODGE_GRANT_MAP_WRITE (-EACCES), gives the pages; the guest may change what
 * is in them at any time.  A child does not inherit the mapping, and calls that
 * would keep hold of its pages (O_DIRECT, vmsplice() and the like) refuse it
 * with EFAULT; read() and write() take it.
 *
 * The map ends, and the guest sees its grants free, when the last mapping of it
 * is unmapped and any of them was ever touched; with LODGE_GRANT_UNMAP, which
 * takes a pointer to a __u64 that holds @offset; and when the attach file is
 * closed or hung up.  A mapping that there still is loses its pages, and a touch
 * of it is SIGBUS.
 *
 * Errors: EINVAL a field is out of range; EPERM a fixed slot; ENOENT, EACCES,
 * ENXIO, EBUSY as for struct lodge_grant_segment, for any of @refs; ENOSPC too
 * many pages are mapped; ENODEV the file was hung up.  LODGE_GRANT_UNMAP:
 * EINVAL no map is there; ENODEV.
 */
struct lodge_grant_map {
	__u32 size;
	__u32 count;
	__u32 flags;
	__u32 reserved;
	__u64 refs;
	__u64 offset;
};

/*
 * Grant I/O: the module moves bytes between granted pages and a file, and
 * keeps what it was asked for in a table that outlives the process that asked.
 * docs/grant-io.md tells how a back end whose every step may be its last makes
 * of it one answer for each request.
 */

#define LODGE_IO_MAX_RINGS	8u	/* of a slot */
#define LODGE_IO_MAX_ENTRIES	512u	/* of a ring */
#define LODGE_IO_MAX_SEGMENTS	256u	/* of an entry: 1 MiB in 4 KiB pages */
#define LODGE_IO_RING_SEGMENTS	4096u	/* of a ring's busy entries */
#define LODGE_IO_INLINE		64u
#define LODGE_IO_OPAQUE		16u

enum lodge_io_operation {
	LODGE_IO_NONE = 0,	/* nothing is moved: done as soon as taken */
	LODGE_IO_READ = 1,	/* from the file into the pages */
	LODGE_IO_WRITE = 2,	/* from the pages to the file */
	LODGE_IO_SYNC = 3,	/* what was done before is on the medium */
	LODGE_IO_DISCARD = 4,	/* the file need not keep these bytes */
	LODGE_IO_RECEIVE = 5,	/* packets from the file into the pages */
};

/**
 * struct lodge_io_open - have a table for a ring
 * @size: sizeof(struct lodge_io_open)
 * @ring: 0 .. LODGE_IO_MAX_RINGS - 1
 * @nr_entries: places of the ring, a power of two up to LODGE_IO_MAX_ENTRIES;
 *	the table gets as many entries
 * @eventfd: one is added each time that an entry is done while nobody waits
 *	for it in LODGE_IO_SUBMIT; or -1
 *
 * The table is empty and its count 0.  If the ring has a table of @nr_entries
 * already, the call changes the eventfd and nothing else: this is how a
 * successor begins.  The eventfd starts with one added.  It is let go when the
 * attach file is closed or hung up; the table is not.
 *
 * LODGE_IO_CLOSE takes a pointer to the ring's number and frees the table; a
 * mapping of it loses its pages, and a touch of one is SIGBUS.
 *
 * Errors: EINVAL a field is out of range, or the table has another number of
 * entries; EPERM a fixed slot; EBADF @eventfd; ENOMEM; EINTR a fatal signal;
 * ENODEV the file was hung up.  LODGE_IO_CLOSE: EINVAL there is no such table;
 * EBUSY an entry is not free; EPERM; EINTR; ENODEV.
 */
struct lodge_io_open {
	__u32 size;
	__u32 ring;
	__u32 nr_entries;
	__s32 eventfd;
};

/**
 * struct lodge_io_segment - bytes of a granted page
 * @grant: a reference that the guest has granted to domain 0
 * @offset: first byte within the page
 * @length: bytes, 1 or more, not over the page's end
 */
struct lodge_io_segment {
	__u32 grant;
	__u16 offset;
	__u16 length;
};

/**
 * struct lodge_io_request - an entry, as it is submitted
 * @ring_index: the ring's count
 * @nr_indices: places of the ring that it takes, 1 .. the ring's
 * @operation: enum lodge_io_operation
 * @nr_segments: 0 .. LODGE_IO_MAX_SEGMENTS
 * @inline_length: 0 .. LODGE_IO_INLINE
 * @fd: the file; -1 for LODGE_IO_NONE
 * @packet_indices: LODGE_IO_RECEIVE: places that a packet may need, 1 ..
 *	@nr_indices; zero for the others
 * @extra_byte: LODGE_IO_RECEIVE, see there; zero for the others
 * @reserved: zero
 * @offset: in the file, in bytes; zero for a file without places
 * @length: LODGE_IO_DISCARD: bytes; zero for the others
 * @segments: array of struct lodge_io_segment, moved in this order
 * @opaque: shown in the table, not interpreted
 * @inline_data: LODGE_IO_WRITE: bytes that go before those of the segments.
 *	LODGE_IO_READ and LODGE_IO_RECEIVE put the first @inline_length bytes of
 *	what they read into the table
 *
 * LODGE_IO_RECEIVE reads packets into places of the ring that are offered to it,
 * as many as there are and fit; each gets an entry of its own, which is done
 * when the call returns, and takes the places that it needed.  Segment i is the
 * page of place i, so @nr_indices is @nr_segments.  A packet is read only if
 * @packet_indices places are left.  Its bytes after the inline data go to its
 * places in turn.  With @extra_byte its second place is left free of them, for a
 * response that carries no data; a packet that needs one page takes one place
 * then, or two if byte @extra_byte of its inline data, the first one being 1,
 * is not zero.  A place whose grant is refused ends an entry with the result
 * -EFAULT, which takes the places up to that one; a packet that had been read for
 * them is lost.  The request counts as taken, also if there was no packet; the
 * table's count tells how many places were used.  Only for files that
 * LODGE_IO_SUBMIT serves at once.
 */
struct lodge_io_request {
	__u32 ring_index;
	__u32 nr_indices;
	__u32 operation;
	__u16 nr_segments;
	__u16 inline_length;
	__s32 fd;
	__u16 packet_indices;
	__u8 extra_byte;
	__u8 reserved;
	__u64 offset;
	__u64 length;
	__u64 segments;
	__u8 opaque[LODGE_IO_OPAQUE];
	__u8 inline_data[LODGE_IO_INLINE];
};

/**
 * struct lodge_io_submit - retire entries, then take requests
 * @size: sizeof(struct lodge_io_submit)
 * @ring: the ring
 * @nr_retire: in: entries of @retire; out: how many were retired
 * @nr_requests: in: entries of @requests; out: how many were taken
 * @retire: array of __u32, numbers of done entries
 * @requests: array of struct lodge_io_request, in the order of the ring
 * @error: out: why the next one was not retired or taken, a positive errno or 0
 * @reserved: zero
 *
 * Each entry is retired or taken whole or not at all, and the first that is
 * not ends the call; the call then succeeds and says how far it got.  Both
 * counts are at most the ring's places.
 *
 * A regular file or a block device that was opened with O_DIRECT gets its reads
 * and writes at once and asynchronously.  Other reads and writes of these, and
 * LODGE_IO_SYNC and LODGE_IO_DISCARD, are done one after the other by a worker
 * of the ring.  A character device is served within the call and without
 * waiting: it must be of a kind that can, or be opened with O_NONBLOCK; for
 * LODGE_IO_RECEIVE of a kind that can, as a tap is.  Entries
 * have no order among themselves; LODGE_IO_SYNC is for what was done when it was
 * submitted.
 *
 * @error: EINVAL a field is out of range, or an entry to retire is free; EBUSY an
 * entry to retire is not done; ESTALE @ring_index is not the ring's count; EBADF
 * the file is not open, or not for this; EOPNOTSUPP it is of no kind that this
 * works with; E2BIG too many segments; EAGAIN no room until something of the ring
 * is done or retired; ENOMEM; EFAULT bad @segments or an array of the caller's;
 * EINTR a fatal signal.
 *
 * Errors of the call: EINVAL a field is out of range, or this file has opened no
 * such table; EPERM a fixed slot; EFAULT; EINTR; ENODEV the file was hung up.
 */
struct lodge_io_submit {
	__u32 size;
	__u32 ring;
	__u32 nr_retire;
	__u32 nr_requests;
	__u64 retire;
	__u64 requests;
	__u32 error;
	__u32 reserved;
};

enum lodge_io_state {
	LODGE_IO_FREE = 0,
	LODGE_IO_BUSY = 1,	/* the file has it; its pages are held */
	LODGE_IO_DONE = 2,	/* the result is there, no page is held */
};

/**
 * struct lodge_io_table - head of a ring's table
 * @nr_entries: so many struct lodge_io_entry follow
 * @count: ring index of the next request that is taken
 * @reserved: zero
 *
 * mmap() at LODGE_MMAP_IO_TABLE plus the ring's strides shows head and entries,
 * for reading only (-EACCES).  The module never reads what it shows there.
 */
struct lodge_io_table {
	__u32 nr_entries;
	__u32 count;
	__u64 reserved[15];
};

/**
 * struct lodge_io_entry - an entry of the table
 * @state: enum lodge_io_state; load it with acquire, before the rest
 * @ring_index: as submitted
 * @nr_indices: places of the ring that it took
 * @result: once done: bytes moved, inline data counted, or a negative errno
 * @inline_length: bytes of @inline_data, once it is done
 * @reserved: zero
 * @opaque: as submitted
 * @inline_data: what was read first
 * @reserved1: zero
 *
 * Results of the module's own: -EFAULT a grant is not there, is not for domain
 * 0, is read-only where the file is to be read into it, does not cover all of
 * its segment's bytes, or names no RAM;
 * -EAGAIN a character device had nothing or no room, -EINTR it minded a signal of
 * the holder's.  A smaller result than was asked for means that the file ended
 * there, or could not go on: room, or an error in its middle.
 */
struct lodge_io_entry {
	__u32 state;
	__u32 ring_index;
	__u32 nr_indices;
	__s32 result;
	__u32 inline_length;
	__u32 reserved[3];
	__u8 opaque[LODGE_IO_OPAQUE];
	__u8 inline_data[LODGE_IO_INLINE];
	__u64 reserved1[2];
};

/**
 * struct lodge_io_stated - at which response index an entry's answer stands
 * @rsp_index: the index
 * @stated: not zero: it means something; store it after @rsp_index
 *
 * mmap() at LODGE_MMAP_IO_STATED plus the ring's strides gives one for each
 * entry, for reading and writing.  The module does not look at it, and clears
 * @stated when the entry is retired.
 */
struct lodge_io_stated {
	__u32 rsp_index;
	__u32 stated;
};

#endif /* _UAPI_LODGE_H */
