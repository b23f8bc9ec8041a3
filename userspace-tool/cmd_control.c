// SPDX-License-Identifier: GPL-2.0-only
/*
 * lodge pause, unpause, shutdown, reboot and destroy.
 */
#include "cleanup.h"
#include "command.h"
#include "dev.h"
#include "domain_ref.h"
#include "lib/store_client.h"
#include "msg.h"
#include "run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int call_domain(const char *verb, const char *text, int (*call)(int fd))
{
	int fd = ref_open_domain(verb, text);
	int err;

	if (fd < 0)
		return EXIT_REFUSED;
	err = call(fd);
	close(fd);
	return err ? ref_error(verb, text, err) : EXIT_DONE;
}

int cmd_pause(const struct invocation *inv)
{
	return call_domain("pause", inv->args[0], dev_domain_pause);
}

int cmd_unpause(const struct invocation *inv)
{
	return call_domain("unpause", inv->args[0], dev_domain_unpause);
}

static int no_store(const char *verb, const char *name, int err)
{
	msg_error(verb, name, "cannot reach its store: %s", msg_errno(err));
	msg_hint("`lodge recover %s` restarts it; --force does not ask the guest",
		 name);
	return EXIT_REFUSED;
}

/*
 * A guest that understands the request has said so in the store when it set
 * its watch.  One that has not would leave the request lying there for ever.
 */
static int ask_guest(const char *verb, const struct lodge_domain_info *info,
		     const char *request)
{
	char node[96], value[32];
	struct run_dir dir;
	int fd, err = run_dir_open(&dir, info->name);

	if (err)
		return no_store(verb, info->name, err);
	fd = store_connect(run_dir_file(&dir, "store"));
	if (fd < 0)
		return no_store(verb, info->name, fd);
	snprintf(node, sizeof(node), "/local/domain/%u/control/feature-%s",
		 info->domid, request);
	err = store_read(fd, node, value, sizeof(value));
	if (err == -ENOENT || (err >= 0 && strcmp(value, "1"))) {
		msg_error(verb, info->name,
			  "the guest does not listen for such requests (yet)");
		msg_hint("--force stops it as it stands");
		return EXIT_REFUSED;
	}
	snprintf(node, sizeof(node), "/local/domain/%u/control/shutdown",
		 info->domid);
	if (err >= 0)
		err = store_write(fd, node, request);
	close(fd);
	return err < 0 ? no_store(verb, info->name, err) : EXIT_DONE;
}

/* Until the domain has stopped or is gone, however long the guest takes. */
static void wait_stopped(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI };
	struct lodge_domain_info info;

	while (!dev_domain_get_info(fd, &info) &&
	       info.state != LODGE_STATE_SHUTDOWN &&
	       info.state != LODGE_STATE_DYING)
		poll(&p, 1, -1);
}

static int stop(const struct invocation *inv, const char *request,
		uint32_t reason)
{
	const char *verb = inv->command->name;
	struct lodge_domain_info info;
	int fd = ref_open_info(verb, inv->args[0], &info);
	int err, status;

	if (fd < 0)
		return EXIT_REFUSED;
	if (info.state == LODGE_STATE_SHUTDOWN) {
		msg_error(verb, info.name, "it has stopped already: it %s",
			  ref_shutdown_words(info.shutdown_reason));
		close(fd);
		return EXIT_REFUSED;
	}
	if (option(inv, 'F')) {
		err = dev_domain_shutdown(fd, reason);
		status = err ? ref_error(verb, info.name, err) : EXIT_DONE;
	} else {
		status = ask_guest(verb, &info, request);
	}
	if (status == EXIT_DONE && option(inv, 'w'))
		wait_stopped(fd);
	close(fd);
	return status;
}

int cmd_shutdown(const struct invocation *inv)
{
	return stop(inv, "poweroff", LODGE_SHUTDOWN_POWEROFF);
}

int cmd_reboot(const struct invocation *inv)
{
	return stop(inv, "reboot", LODGE_SHUTDOWN_REBOOT);
}

/* Returns when nothing of the domain is left, as xl's destroy does. */
int cmd_destroy(const struct invocation *inv)
{
	struct lodge_domain_info info;
	struct run_dir dir;
	int fd = ref_open_info("destroy", inv->args[0], &info);
	int err, have_dir;

	if (fd < 0)
		return EXIT_REFUSED;
	have_dir = !run_dir_open(&dir, info.name);
	err = dev_domain_destroy(fd);
	close(fd);
	if (err && err != -ENODEV)
		return ref_error("destroy", info.name, err);
	if (!have_dir || !cleanup_domain(&dir))
		return EXIT_DONE;
	msg_error("destroy", info.name, "its keeper has not ended yet");
	return EXIT_REFUSED;
}
