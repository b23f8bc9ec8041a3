// SPDX-License-Identifier: GPL-2.0-only
/*
 * A look at a domain's console.  The last words must not be lost: the keeper
 * lets the terminal go only when no viewer is registered, and a viewer leaves
 * only when the console helper has ended and the terminal is empty.
 */
#include "view.h"

#include "dev.h"
#include "domain_ref.h"
#include "fd.h"
#include "msg.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LEAVE_KEY	0x1d	/* Ctrl-] */
#define IN_BYTES	512
#define OUT_BYTES	4096
#define KEEPER_MS	15000

/**
 * struct session - a view at work
 * @keeper_fd: pidfd, -1: no keeper is known
 * @console_fd: pidfd of the console helper, looked for when the domain stopped
 * @typed: bytes of the user that the terminal has not taken yet
 * @input_open: standard input has not ended
 * @stopped: the domain stopped; @info says why
 * @gone: it was destroyed before it stopped by itself
 * @left: the user typed Ctrl-], or nobody reads our output
 * @info: the last that was heard of the domain
 */
struct session {
	struct view *view;
	int keeper_fd;
	int console_fd;
	char typed[IN_BYTES];
	size_t nr_typed;
	int input_open;
	int stopped;
	int gone;
	int left;
	struct lodge_domain_info info;
};

static struct termios saved_terminal;
static int terminal_is_raw;

static void restore_terminal(void)
{
	if (terminal_is_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved_terminal);
	terminal_is_raw = 0;
}

static void on_signal(int signal)
{
	restore_terminal();
	_exit(128 + signal);
}

static void make_terminal_raw(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved_terminal))
		return;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	raw = saved_terminal;
	cfmakeraw(&raw);
	if (!tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		terminal_is_raw = 1;
}

static int open_slave(struct view *v)
{
	v->slave = run_dir_open_console(v->dir);
	return v->slave < 0 ? v->slave : 0;
}

int view_open(struct view *v)
{
	int err = open_slave(v);

	if (!err)
		err = run_dir_take_role(v->dir, ROLE_VIEWER);
	if (!err)
		return 0;
	msg_error(v->verb, v->name, "cannot open its console: %s",
		  msg_errno(err));
	return -1;
}

static int write_all(int fd, const char *data, size_t n)
{
	ssize_t done;

	while (n) {
		done = write(fd, data, n);
		if (done < 0 && errno == EAGAIN)
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1,
			     -1);
		else if (done < 0 && errno != EINTR)
			return -1;
		data += done > 0 ? done : 0;
		n -= done > 0 ? done : 0;
	}
	return 0;
}

/* Show what the terminal has.  0: there may be more; -1: it has nothing. */
static int show(struct session *s)
{
	char data[OUT_BYTES];
	ssize_t n = read(s->view->slave, data, sizeof(data));

	if (n <= 0)
		return -1;
	if (write_all(STDOUT_FILENO, data, n))
		s->left = 1;
	return 0;
}

static void read_keys(struct session *s)
{
	ssize_t n = read(STDIN_FILENO, s->typed + s->nr_typed,
			 sizeof(s->typed) - s->nr_typed);
	char *leave;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		s->input_open = 0;
		return;
	}
	leave = memchr(s->typed + s->nr_typed, LEAVE_KEY, n);
	if (leave) {
		s->left = 1;
		n = leave - (s->typed + s->nr_typed);
	}
	s->nr_typed += n;
}

static void pass_keys(struct session *s)
{
	ssize_t n = write(s->view->slave, s->typed, s->nr_typed);

	if (n <= 0)
		return;
	s->nr_typed -= n;
	memmove(s->typed, s->typed + n, s->nr_typed);
}

/* The keeper of a domain that restarts waits for viewers to have seen it. */
static void await_restart(struct session *s)
{
	close_fd(&s->view->domain_fd);
	run_dir_drop_role(s->view->dir, ROLE_VIEWER);
}

static void look_at_domain(struct session *s)
{
	struct lodge_domain_info info;
	int err = dev_domain_get_info(s->view->domain_fd, &info);

	if (!err && info.state != LODGE_STATE_DYING)
		s->info = info;
	if (err || info.state == LODGE_STATE_DYING) {
		s->stopped = 1;
		s->gone = 1;
	} else if (info.state == LODGE_STATE_SHUTDOWN) {
		if (domain_config_action(s->view->config,
					 info.shutdown_reason) ==
		    ACTION_RESTART) {
			await_restart(s);
			return;
		}
		s->stopped = 1;
	} else {
		return;
	}
	s->console_fd = run_dir_open_holder(s->view->dir, ROLE_CONSOLE, NULL);
}

/* A restarted domain has the same name and a new id. */
static void find_restarted(struct session *s)
{
	struct lodge_domain_info info;
	int dev = dev_open();
	int fd;

	if (dev < 0)
		return;
	fd = dev_domain_open(dev, LODGE_DOMID_ANY, s->view->name);
	close(dev);
	if (fd < 0)
		return;
	if (dev_domain_get_info(fd, &info) || info.domid == s->info.domid ||
	    info.state == LODGE_STATE_DYING) {
		close(fd);
		return;
	}
	s->info = info;
	s->view->domain_fd = fd;
	run_dir_take_role(s->view->dir, ROLE_VIEWER);
}

/* A dead keeper is replaced by the runner; or the domain has come to its end. */
static void find_keeper(struct session *s)
{
	close_fd(&s->keeper_fd);
	s->keeper_fd = run_dir_open_holder(s->view->dir, ROLE_KEEPER, NULL);
	if (s->keeper_fd < 0 && s->view->domain_fd < 0) {
		s->stopped = 1;
		s->gone = 1;
	}
}

static void reopen_slave(struct session *s)
{
	close_fd(&s->view->slave);
	if (!open_slave(s->view))
		return;
	msg_error(s->view->verb, s->view->name, "its console has gone");
	s->left = 1;
	s->gone = 1;
}

/* One wait; what it brings is dealt with.  Returns whether to go on. */
static int pump(struct session *s)
{
	struct view *v = s->view;
	int room = sizeof(s->typed) - s->nr_typed;
	struct pollfd p[] = {
		{ .fd = s->input_open && room ? STDIN_FILENO : -1,
		  .events = POLLIN },
		{ .fd = v->slave,
		  .events = POLLIN | (s->nr_typed ? POLLOUT : 0) },
		{ .fd = s->stopped ? -1 : v->domain_fd,
		  .events = POLLIN | POLLPRI },
		{ .fd = s->stopped ? -1 : s->keeper_fd, .events = POLLIN },
		{ .fd = s->console_fd, .events = POLLIN },
	};

	if (poll(p, 5, -1) < 0)
		return 1;
	if (p[1].revents & POLLIN)
		show(s);
	if (p[0].revents)
		read_keys(s);
	if (s->nr_typed)
		pass_keys(s);
	if (p[2].revents)
		look_at_domain(s);
	else if (v->domain_fd < 0 && !s->stopped && p[1].revents)
		find_restarted(s);
	if (p[3].revents)
		find_keeper(s);
	if (p[4].revents)
		close_fd(&s->console_fd);
	if (p[1].revents & (POLLHUP | POLLERR) && !s->stopped)
		reopen_slave(s);
	return !s->left && !(s->stopped && s->console_fd < 0);
}

/* poll() waits for the terminal's own queue, so "nothing" means nothing. */
static void drain(struct session *s)
{
	struct pollfd p = { .fd = s->view->slave, .events = POLLIN };

	while (poll(&p, 1, 0) > 0 && (p.revents & POLLIN) && !show(s))
		;
}

static int tell_end(const struct session *s)
{
	const struct view *v = s->view;
	const char *why = s->info.reason;

	if (s->gone) {
		msg_error(v->verb, v->name, "domain %u was destroyed",
			  s->info.domid);
		return EXIT_REFUSED;
	}
	if (s->info.shutdown_reason == LODGE_SHUTDOWN_POWEROFF ||
	    s->info.shutdown_reason == LODGE_SHUTDOWN_REBOOT)
		return EXIT_DONE;
	msg_error(v->verb, v->name, "domain %u %s%s%s", s->info.domid,
		  ref_shutdown_words(s->info.shutdown_reason),
		  *why ? ": " : "", why);
	return EXIT_REFUSED;
}

/*
 * Who comes back from a domain's last word expects the domain to be gone: the
 * name free, the module free to be removed.
 */
static void await_keeper(const struct session *s)
{
	struct pollfd p = { .fd = s->keeper_fd, .events = POLLIN };
	enum end_action action;

	action = domain_config_action(s->view->config,
				      s->info.shutdown_reason);
	if (s->keeper_fd >= 0 && (s->gone || action == ACTION_DESTROY))
		poll(&p, 1, KEEPER_MS);
}

int view_run(struct view *v)
{
	struct session s = {
		.view = v,
		.keeper_fd = -1,
		.console_fd = -1,
		.input_open = 1,
	};

	/* A reader that goes away must not leave the terminal raw. */
	signal(SIGPIPE, SIG_IGN);
	make_terminal_raw();
	look_at_domain(&s);
	find_keeper(&s);
	while (pump(&s))
		;
	if (s.stopped)
		drain(&s);
	restore_terminal();
	close_fd(&v->domain_fd);
	close_fd(&v->slave);
	run_dir_drop_role(v->dir, ROLE_VIEWER);
	if (s.stopped)
		await_keeper(&s);
	close_fd(&s.keeper_fd);
	return s.left ? s.gone ? EXIT_REFUSED : EXIT_DONE : tell_end(&s);
}
