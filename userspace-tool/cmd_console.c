// SPDX-License-Identifier: GPL-2.0-only
/*
 * lodge console: attach to the console of a domain that runs.
 */
#include "command.h"
#include "domain_ref.h"
#include "msg.h"
#include "view.h"

#include <stdio.h>
#include <unistd.h>

int cmd_console(const struct invocation *inv)
{
	struct lodge_domain_info info;
	struct domain_config config;
	struct failure failure;
	struct run_dir dir;
	struct view view = { .verb = "console", .dir = &dir };
	int err;

	view.domain_fd = ref_open_info(view.verb, inv->args[0], &info);
	if (view.domain_fd < 0)
		return EXIT_REFUSED;
	view.name = info.name;
	err = run_dir_open(&dir, info.name);
	if (err) {
		msg_error(view.verb, info.name, "%s: %s", dir.path,
			  msg_errno(err));
		return EXIT_REFUSED;
	}
	if (run_dir_load_config(&dir, &config, &failure))
		return msg_failure(view.verb, info.name, &failure);
	view.config = &config;
	if (view_open(&view))
		return EXIT_REFUSED;
	if (isatty(STDIN_FILENO))
		fprintf(stderr, "console of %s; Ctrl-] leaves\n", info.name);
	return view_run(&view);
}
