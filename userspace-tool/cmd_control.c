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
	struct store_client store;
	char node[96], value[32];
	struct run_dir dir;
	int err = run_dir_open(&dir, info->name);

	if (err)
		return no_store(verb, info->name, err);
	err = store_open(&store, run_dir_file(&dir, "store"));
	if (err)
		return no_store(verb, info->name, err);
	snprintf(node, sizeof(node), "/local/domain/%u/control/feature-%s",
		 info->domid, request);
	err = store_read(&store, 0, node, value, sizeof(value));
	if (err == -ENOENT || (err >= 0 && strcmp(value, "1"))) {
		msg_error(verb, info->name,
			  "the guest does not listen for such requests (yet)");
		msg_hint("--force stops it as it stands");
		return EXIT_REFUSED;
	}
	snprintf(node, sizeof(node), "/local/domain/%u/control/shutdown",
		 info->domid);
	if (err >= 0)
		err = store_write(&store, 0, node, request);
	store_close(&store);
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

/*
 * The name of the domain that @text means.  It may have no domain just now,
 * because its keeper is making a new one: then @text is the name.  Returns
 * whether there is a domain, or -1 after a message.
 */
static int find_name(const char *text, char name[LODGE_NAME_LEN])
{
	struct lodge_domain_info info;
	int dev = ref_open_device("destroy", text);
	int fd, err;

	if (dev < 0)
		return -1;
	close(dev);
	fd = ref_find_domain(text);
	err = fd < 0 ? fd : dev_domain_get_info(fd, &info);
	if (fd >= 0)
		close(fd);
	if (!err)
		memcpy(name, info.name, LODGE_NAME_LEN);
	else if (err == -ENOENT && strlen(text) < LODGE_NAME_LEN)
		strcpy(name, text);
	else
		err = ref_error("destroy", text, err);
	return !err ? 1 : err == -ENOENT ? 0 : -1;
}

/* Somebody may be about to give the name a domain again. */
static int restarts(const struct run_dir *dir)
{
	int keeper = run_dir_open_holder(dir, ROLE_KEEPER, NULL);

	if (keeper >= 0)
		close(keeper);
	return keeper >= 0 || run_dir_has_mark(dir, MARK_RESTARTING);
}

/*
 * The mark comes first, the look for the domain second: whatever a keeper that
 * restarts the domain is at, it finds the mark, or we find what it made.
 */
static int destroy(const char *name, const struct run_dir *dir, int known)
{
	int marked = dir && !run_dir_mark(dir, MARK_DESTROYED);
	int fd = ref_find_domain(name);
	int err = fd < 0 ? fd : dev_domain_destroy(fd);

	if (fd >= 0)
		close(fd);
	if (err == -ENOENT && (known || (marked && restarts(dir))))
		return 0;
	return err == -ENODEV ? 0 : err;
}

/* Returns when nothing of the domain is left, as xl's destroy does. */
int cmd_destroy(const struct invocation *inv)
{
	char name[LODGE_NAME_LEN];
	struct run_dir dir;
	int known = find_name(inv->args[0], name);
	int err, have_dir;

	if (known < 0)
		return EXIT_REFUSED;
	have_dir = !run_dir_open(&dir, name);
	err = destroy(name, have_dir ? &dir : NULL, known);
	/* A keeper or create that was killed may have left the directory. */
	if (!have_dir)
		run_dir_remove_empty(name);
	else if (err == -ENOENT)
		cleanup_domain(&dir);
	if (err)
		return ref_error("destroy", name, err);
	if (!have_dir || !cleanup_domain(&dir))
		return EXIT_DONE;
	msg_error("destroy", name, "its keeper has not ended yet");
	return EXIT_REFUSED;
}
