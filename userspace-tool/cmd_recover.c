// SPDX-License-Identifier: GPL-2.0-only
/*
 * lodge recover: a new keeper for a domain that has none, because keeper and
 * runner died together.  The new one adopts what lives and starts the rest.
 * Or for one that has gone, because its keeper died while it restarted it.
 */
#include "command.h"
#include "dev.h"
#include "domain_ref.h"
#include "keeper.h"
#include "msg.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VERB	"recover"

/*
 * The run directory is gone: what the module knows makes a configuration that
 * can keep the domain running, but not start it again.
 */
static int config_from_info(struct keeper *k,
			    const struct lodge_domain_info *info,
			    struct failure *failure)
{
	struct domain_config *c = &k->config;
	size_t i;

	msg_warn("domain %s: its run directory is gone; it will not restart",
		 info->name);
	domain_config_init(c);
	memcpy(c->name, info->name, sizeof(c->name));
	memcpy(c->uuid, info->uuid, sizeof(c->uuid));
	c->has_uuid = 1;
	c->memory = info->memory >> 20;
	c->maxmem = c->memory;
	c->vcpus = info->nr_vcpus;
	c->maxvcpus = info->nr_vcpus;
	for (i = 0; i < ARRAY_SIZE(c->on_end); i++)
		c->on_end[i] = ACTION_PRESERVE;
	if (run_dir_create(&k->dir, info->name, failure))
		return -1;
	return run_dir_save_config(&k->dir, c) ?
		failure_set(failure, "cannot write %s",
			    run_dir_file(&k->dir, "config")) : 0;
}

/* Nobody looks after the domain, or after its restart: have somebody do it. */
static int spawn(struct keeper *k, const char *name, struct failure *failure)
{
	int err = keeper_spawn(k, 0, failure);

	run_dir_close(&k->dir);
	domain_config_release(&k->config);
	if (err)
		return msg_failure(VERB, name, failure);
	printf("%s: %s\n", name, k->domain_fd < 0 ? "restarted" : "recovered");
	/* A later fork shall not print it again. */
	fflush(stdout);
	return EXIT_DONE;
}

/*
 * A keeper works with its own rights on files that the owner chose, so it
 * must have the owner's rights and no more.
 */
static int not_owner(const char *name, unsigned int owner)
{
	if (owner == geteuid())
		return 0;
	msg_error(VERB, name, "it belongs to user %u", owner);
	msg_hint("run this as that user: setpriv --reuid %u", owner);
	return 1;
}

/*
 * Its keeper died in the middle of a restart.  -ENOENT: no, or, with @own, it
 * is another user's.
 */
static int end_restart(const char *name, int own)
{
	struct failure failure;
	struct keeper k;
	int64_t owner;

	keeper_init(&k);
	if (run_dir_open(&k.dir, name))
		return -ENOENT;
	owner = run_dir_owner(&k.dir);
	if (owner < 0 || (own && owner != geteuid()) ||
	    !run_dir_awaits_restart(&k.dir)) {
		run_dir_close(&k.dir);
		return -ENOENT;
	}
	if (not_owner(name, owner)) {
		run_dir_close(&k.dir);
		return EXIT_REFUSED;
	}
	if (!run_dir_load_config(&k.dir, &k.config, &failure))
		return spawn(&k, name, &failure);
	run_dir_close(&k.dir);
	return msg_failure(VERB, name, &failure);
}

/* It has not run yet: not one instruction. */
static int is_new(const struct lodge_domain_info *info)
{
	return info->state == LODGE_STATE_PAUSED && !info->nr_running &&
		!info->cpu_ns;
}

/*
 * Its `create` was killed on its way: what is in its memory may be half a
 * kernel.  The configuration is saved when all of it is there.
 */
static int is_half_made(const struct lodge_domain_info *info,
			const struct run_dir *dir)
{
	if (!is_new(info) || (dir->fd >= 0 && run_dir_has_config(dir)))
		return 0;
	msg_error(VERB, info->name, "it was never complete");
	msg_hint("`lodge destroy %s`, then create it again", info->name);
	return 1;
}

static int recover(int fd, const struct lodge_domain_info *info)
{
	struct failure failure;
	struct keeper k;
	int err, keeper;

	keeper_init(&k);
	k.domain_fd = fd;
	k.domid = info->domid;
	err = run_dir_open(&k.dir, info->name);
	if ((!err || err == -ENOENT) && is_half_made(info, &k.dir)) {
		run_dir_close(&k.dir);
		return EXIT_REFUSED;
	}
	if (!err) {
		keeper = run_dir_open_holder(&k.dir, ROLE_KEEPER, NULL);
		if (keeper >= 0) {
			printf("%s: has a keeper, nothing to do\n", info->name);
			close(keeper);
			run_dir_close(&k.dir);
			return EXIT_DONE;
		}
		err = run_dir_load_config(&k.dir, &k.config, &failure);
	} else if (err == -ENOENT) {
		err = config_from_info(&k, info, &failure);
	} else {
		failure_set(&failure, "%s: %s", k.dir.path, msg_errno(err));
	}
	if (!err)
		return spawn(&k, info->name, &failure);
	run_dir_close(&k.dir);
	domain_config_release(&k.config);
	return msg_failure(VERB, info->name, &failure);
}

/* A new domain that a restart was about to load may be half loaded. */
static int is_half_restarted(const struct lodge_domain_info *info)
{
	struct run_dir dir;
	int half;

	if (!is_new(info) || run_dir_open(&dir, info->name))
		return 0;
	half = run_dir_awaits_restart(&dir);
	run_dir_close(&dir);
	return half;
}

static int recover_domain(int fd, const struct lodge_domain_info *info)
{
	int mine = !not_owner(info->name, info->owner);
	int half = mine && is_half_restarted(info);
	int status = EXIT_REFUSED;

	if (half)
		dev_domain_destroy(fd);
	else if (mine)
		status = recover(fd, info);
	close(fd);
	if (half)
		status = end_restart(info->name, 0);
	return status < 0 ? ref_error(VERB, info->name, status) : status;
}

static int recover_one(const char *text)
{
	struct lodge_domain_info info;
	int fd = ref_find_domain(text);
	int status;

	if (fd == -ENOENT) {
		status = end_restart(text, 0);
		if (status >= 0)
			return status;
	}
	if (fd >= 0)
		close(fd);
	fd = ref_open_info(VERB, text, &info);
	return fd < 0 ? EXIT_REFUSED : recover_domain(fd, &info);
}

static int recover_listed(const struct lodge_domain_info *info, void *status)
{
	if (info->state != LODGE_STATE_DYING && info->owner == geteuid() &&
	    recover_one(info->name) != EXIT_DONE)
		*(int *)status = EXIT_REFUSED;
	return 0;
}

/* Names that have no domain, but shall have one again. */
static int end_restarts(void)
{
	DIR *entries = opendir(run_base());
	struct dirent *entry;
	int status = EXIT_DONE, fd;

	while (entries && (entry = readdir(entries))) {
		if (entry->d_name[0] == '.')
			continue;
		fd = ref_find_domain(entry->d_name);
		if (fd >= 0)
			close(fd);
		else if (fd == -ENOENT &&
			 end_restart(entry->d_name, 1) == EXIT_REFUSED)
			status = EXIT_REFUSED;
	}
	if (entries)
		closedir(entries);
	return status;
}

static int recover_all(void)
{
	int dev = ref_open_device(VERB, NULL);
	int status = EXIT_DONE, err;

	if (dev < 0)
		return EXIT_REFUSED;
	err = dev_visit_domains(dev, recover_listed, &status);
	close(dev);
	if (err) {
		msg_error(VERB, NULL, "%s", msg_errno(err));
		return EXIT_REFUSED;
	}
	return end_restarts() == EXIT_DONE ? status : EXIT_REFUSED;
}

int cmd_recover(const struct invocation *inv)
{
	int all = !!option(inv, 'a');

	if (all == inv->nr_args)
		return usage_error(inv->command,
				   "either a domain or --all is needed");
	close_range(3, ~0u, 0);
	return all ? recover_all() : recover_one(inv->args[0]);
}
