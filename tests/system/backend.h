/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What test back ends share, see backend.c.
 */
#ifndef TESTS_SYSTEM_BACKEND_H
#define TESTS_SYSTEM_BACKEND_H

#include <lodge.h>
#include <stdbool.h>
#include <sys/types.h>

#include "../guest/grants/protocol.h"

#define PAGE		4096u
#define LIMIT_MS	20000
#define BUSY_READ	0x08
#define BUSY_WRITE	0x10

/* The device, the domain, the slot that commands go through, its channels. */
extern int dev, domain, net, events[NR_PORTS];
extern struct control control;
extern int failed;

/* Open the domain of that name, and catch what touch() meets. */
void backend_init(const char *name);

/* --- results: a check is what is between begin() and end() ------------------ */

/* What is added to the names of checks. */
extern const char *check_suffix;

void begin(const char *name);
void end(void);
void want_at(int line, const char *what, long got, long expected);
void give_up(const char *what);

#define want(got, expected)	want_at(__LINE__, #got, got, expected)

/* --- the calls: 0 or more, or -errno ---------------------------------------- */

int call(int fd, unsigned long request, void *arg);
int attach_to(int to, unsigned int role, unsigned int devid, int *holder);
/* Of the network's role. */
int attach(unsigned int devid);
int revoke_slot(unsigned int devid);
int bind_port(int fd, unsigned int channel, unsigned int port);
int notify(int fd, __u32 channel);
int set_eventfd(int fd, unsigned int channel, int event);
/* What came since the last look, 0: nothing in time. */
unsigned long wait_event(int fd, int ms);
int copy_many(int fd, struct lodge_grant_segment *segments, __u32 *count);
/* One segment's status, or the call's error. */
int copy(int fd, unsigned int flags, unsigned int ref, unsigned int offset,
	 void *data, unsigned int length);
int from_guest(unsigned int ref, unsigned int offset, void *data,
	       unsigned int length);
int to_guest(unsigned int ref, unsigned int offset, void *data,
	     unsigned int length);
/* The signal that a look at @at brings, 0 none. */
int touch(volatile unsigned char *at);

/* --- a second back end, in a process of its own ------------------------------ */

struct child {
	pid_t pid;
	int said, go;		/* read what it says, write to let it go on */
};

/*
 * Start one; @run writes a byte to @said when it holds what it shall hold, and
 * waits for one from @go.  Returns after the first byte.
 */
struct child start_child(void (*run)(int said, int go));
/* Kill it. */
void end_child(struct child *c);

/* --- the guest, which obeys ------------------------------------------------- */

void wait_for_guest(void);
void tell(unsigned int command, unsigned int ref, unsigned int value);
unsigned int ask(unsigned int command, unsigned int ref, unsigned int value);
unsigned int busy_bits(unsigned int ref);
/* Have the guest go on with that version of grants; 0 or its hypercall's error. */
int use_version(unsigned int version);

#endif /* TESTS_SYSTEM_BACKEND_H */
