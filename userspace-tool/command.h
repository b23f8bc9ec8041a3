/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command table's rows, and what a command finds when it runs.  Help and
 * option parsing are made from the table, so they cannot differ.
 */
#ifndef LODGE_COMMAND_H
#define LODGE_COMMAND_H

#include "compiler.h"

#define COMMAND_MAX_OPTIONS	16

/**
 * struct command_option - one option of a command
 * @letter: short form; values below ' ' have a long form only
 * @name: long form
 * @arg: name of its argument, NULL when it takes none
 * @help: one line
 */
struct command_option {
	int letter;
	const char *name;
	const char *arg;
	const char *help;
};

struct invocation;

/**
 * struct command - one verb
 * @options: ends with a row without a name
 * @run: returns enum exit_status
 */
struct command {
	const char *name;
	const char *args;
	const char *summary;
	int min_args;
	int max_args;
	const struct command_option *options;
	int (*run)(const struct invocation *inv);
};

/**
 * struct invocation - a command with what the user gave it
 * @values: by index of the option; NULL: not given; "" where it takes no
 *	argument
 */
struct invocation {
	const struct command *command;
	const char *values[COMMAND_MAX_OPTIONS];
	char **args;
	int nr_args;
};

/* The value of the option with @letter, NULL when it was not given. */
const char *option(const struct invocation *inv, int letter);

/* Complain about usage; returns EXIT_USAGE. */
__printf(2, 3)
int usage_error(const struct command *command, const char *fmt, ...);

int cmd_create(const struct invocation *inv);
int cmd_list(const struct invocation *inv);
int cmd_info(const struct invocation *inv);
int cmd_console(const struct invocation *inv);
int cmd_pause(const struct invocation *inv);
int cmd_unpause(const struct invocation *inv);
int cmd_shutdown(const struct invocation *inv);
int cmd_reboot(const struct invocation *inv);
int cmd_destroy(const struct invocation *inv);
int cmd_block_attach(const struct invocation *inv);
int cmd_block_detach(const struct invocation *inv);
int cmd_block_list(const struct invocation *inv);
int cmd_block_resize(const struct invocation *inv);
int cmd_network_attach(const struct invocation *inv);
int cmd_network_detach(const struct invocation *inv);
int cmd_network_list(const struct invocation *inv);
int cmd_dmesg(const struct invocation *inv);
int cmd_recover(const struct invocation *inv);
int cmd_doctor(const struct invocation *inv);
int cmd_version(const struct invocation *inv);

#endif /* LODGE_COMMAND_H */
