// SPDX-License-Identifier: GPL-2.0-only
/*
 * A back end without a protocol that has the module move bytes between what the
 * guest program "grants" grants and files: the calls, files of each kind,
 * packets, I/O that outlives its holder, and what others must not notice of it.
 *
 * usage: io DOMAIN
 */
#include "io.h"

#include <sys/eventfd.h>

/* Commands go through a slot of their own. */
static void attach_commands(void)
{
	net = attach(0);
	if (net < 0)
		give_up("attach");
	wait_for_guest();
	events[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (set_eventfd(net, 0, events[0]) ||
	    bind_port(net, 0, control.ports[0]))
		give_up("the channel of commands");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	backend_init(argv[1]);
	attach_commands();
	test_calls();
	test_files();
	test_packets();
	test_outliving();
	test_others();
	if (use_version(2))
		give_up("grants of version 2");
	check_suffix = "-v2";
	test_files();
	test_packets();
	/* It may be gone before its answer could be read. */
	tell(CMD_END, 0, 0);
	return failed;
}
