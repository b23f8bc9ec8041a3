// SPDX-License-Identifier: GPL-2.0-only
/*
 * lodge create: from a configuration to a running domain that no longer needs
 * the process that made it.
 */
#include "build.h"
#include "cleanup.h"
#include "command.h"
#include "config.h"
#include "dev.h"
#include "keeper.h"
#include "msg.h"
#include "view.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VERB	"create"

static int take_options(const struct invocation *inv, struct domain_config *c,
			struct failure *failure)
{
	const char *v;

	v = option(inv, 'k');
	if (v && domain_config_set_path(&c->kernel, v, failure))
		return -1;
	v = option(inv, 'r');
	if (v && domain_config_set_path(&c->ramdisk, v, failure))
		return -1;
	v = option(inv, 'a');
	if (v && domain_config_set_text(&c->cmdline, v, failure))
		return -1;
	v = option(inv, 'n');
	if (v && domain_config_set_name(c, v, failure))
		return -1;
	v = option(inv, 'm');
	if (v && domain_config_set_memory(c, v, failure))
		return -1;
	v = option(inv, 'c');
	return v ? domain_config_set_vcpus(c, v, failure) : 0;
}

/* The file first, so that options change what it says. */
static int read_config(const struct invocation *inv, struct domain_config *c,
		       struct failure *failure)
{
	domain_config_init(c);
	if (inv->nr_args && domain_config_read(c, inv->args[0], 1, failure))
		return -1;
	if (take_options(inv, c, failure))
		return -1;
	return domain_config_complete(c, failure);
}

/* The domain exists; give it its directory and its processes. */
static int start_domain(struct keeper *k, int unpause, struct failure *failure)
{
	int err;

	cleanup_earlier(k->config.name);
	if (run_dir_create(&k->dir, k->config.name, failure))
		return -1;
	err = run_dir_save_config(&k->dir, &k->config);
	if (err)
		return failure_set(failure, "%s: %s",
				   run_dir_file(&k->dir, "config"),
				   msg_errno(err));
	k->is_new = 1;
	return keeper_spawn(k, unpause, failure);
}

/* Whatever of it exists, and without a word: @failure has it all. */
static void undo_domain(struct keeper *k)
{
	dev_domain_destroy(k->domain_fd);
	if (k->dir.fd >= 0)
		cleanup_domain(&k->dir);
}

static const int interrupts[] = { SIGINT, SIGTERM, SIGHUP };

static void mask_interrupts(int how)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(interrupts); i++)
		sigaddset(&set, interrupts[i]);
	sigprocmask(how, &set, NULL);
}

/* A blocked signal waits even where it is ignored, as under nohup. */
static int is_interrupted(void)
{
	struct sigaction action;
	sigset_t pending;
	size_t i;

	sigpending(&pending);
	for (i = 0; i < ARRAY_SIZE(interrupts); i++)
		if (sigismember(&pending, interrupts[i]) == 1 &&
		    !sigaction(interrupts[i], NULL, &action) &&
		    action.sa_handler != SIG_IGN)
			return 1;
	return 0;
}

static int build_and_start(struct keeper *k, struct pvh_image *image,
			   int unpause, struct failure *failure)
{
	int err;

	k->domain_fd = build_domain(&k->config, image, &k->domid, failure);
	if (k->domain_fd < 0)
		return -1;
	err = start_domain(k, unpause, failure);
	if (!err && is_interrupted())
		err = failure_set(failure, "interrupted");
	if (err)
		undo_domain(k);
	return err;
}

/*
 * From the moment that there is a domain, we are to be stopped only where it
 * is destroyed or has a keeper.  A signal that came meanwhile ends us then.
 */
static int make_domain(struct keeper *k, int unpause, struct failure *failure)
{
	struct pvh_image *image;
	int err;

	if (build_open_image(&k->config, &image, failure))
		return -1;
	mask_interrupts(SIG_BLOCK);
	err = build_and_start(k, image, unpause, failure);
	mask_interrupts(SIG_UNBLOCK);
	return err;
}

/* A file of our own: the keeper's has its own idea of what is news. */
static int open_own(uint32_t domid)
{
	int dev = dev_open();
	int fd = dev < 0 ? dev : dev_domain_open(dev, domid, NULL);

	if (dev >= 0)
		close(dev);
	return fd;
}

/*
 * The domain is paused still: it starts once we look, so that the first byte
 * and the end are seen.
 */
static int show_console(struct keeper *k, int paused)
{
	struct view view = {
		.verb = VERB,
		.name = k->config.name,
		.dir = &k->dir,
		.config = &k->config,
	};
	int err;

	if (view_open(&view)) {
		dev_domain_destroy(k->domain_fd);
		return EXIT_REFUSED;
	}
	view.domain_fd = open_own(k->domid);
	err = view.domain_fd;
	if (err >= 0 && !paused)
		err = dev_domain_unpause(view.domain_fd);
	if (err < 0) {
		msg_error(VERB, k->config.name, "%s", msg_errno(err));
		dev_domain_destroy(k->domain_fd);
		return EXIT_REFUSED;
	}
	close(k->domain_fd);
	return view_run(&view);
}

int cmd_create(const struct invocation *inv)
{
	int console = !!option(inv, 'C');
	int paused = !!option(inv, 'p');
	struct failure failure = { .text = "" };
	/* Beside what else is written after a fork, for each has its copy. */
	static struct keeper keeper;
	const char *object;

	if (!inv->nr_args && !option(inv, 'k'))
		return usage_error(inv->command,
				   "a configuration file or -k KERNEL is needed");
	/* The keeper lives on; what the caller left open is not its own. */
	close_range(3, ~0u, 0);
	keeper_init(&keeper);
	object = inv->nr_args ? inv->args[0] : option(inv, 'k');
	if (read_config(inv, &keeper.config, &failure))
		return msg_failure(VERB, keeper.config.name[0] ?
				   keeper.config.name : object, &failure);
	if (make_domain(&keeper, !console && !paused, &failure))
		return msg_failure(VERB, keeper.config.name, &failure);
	if (!option(inv, 'q') && !console)
		printf("%s %u\n", keeper.config.name, keeper.domid);
	return console ? show_console(&keeper, paused) : EXIT_DONE;
}
