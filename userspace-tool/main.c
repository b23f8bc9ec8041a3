// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command table, and from it: option parsing, help, and the call of one
 * command.
 */
#include "command.h"
#include "msg.h"
#include "title.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define JSON_OPTION	{ 'j', "json", NULL, "print JSON" }

static const struct command_option no_options[] = { { 0 } };
static const struct command_option json_options[] = { JSON_OPTION, { 0 } };

static const struct command_option create_options[] = {
	{ 'k', "kernel", "FILE", "guest kernel: bzImage or ELF with a PVH note" },
	{ 'r', "ramdisk", "FILE", "initial ramdisk" },
	{ 'm', "memory", "MIB", "memory in MiB" },
	{ 'c', "vcpus", "N", "number of virtual CPUs" },
	{ 'n', "name", "NAME", "the domain's name" },
	{ 'a', "cmdline", "TEXT", "the guest kernel's command line" },
	{ 'C', "console", NULL, "show the console; ends with the domain" },
	{ 'p', "paused", NULL, "leave the domain paused" },
	{ 'q', "quiet", NULL, "do not print the new domain's name and id" },
	{ 0 }
};

static const struct command_option shutdown_options[] = {
	{ 'F', "force", NULL, "do not ask the guest; stop it as it stands" },
	{ 'w', "wait", NULL, "return when the domain has stopped" },
	{ 0 }
};

static const struct command_option reboot_options[] = {
	{ 'F', "force", NULL, "do not ask the guest; stop it as it stands" },
	{ 0 }
};

static const struct command_option recover_options[] = {
	{ 'a', "all", NULL, "all domains that the caller owns" },
	{ 0 }
};

static const struct command_option detach_options[] = {
	{ 'F', "force", NULL, "do not wait until the guest lets go of it" },
	{ 0 }
};

static const struct command commands[] = {
	{ "create", "[FILE.cfg]", "make a domain and start it", 0, 1,
	  create_options, cmd_create },
	{ "list", "[DOMAIN...]", "list domains", 0, 64,
	  json_options, cmd_list },
	{ "info", "DOMAIN", "all about one domain", 1, 1,
	  json_options, cmd_info },
	{ "console", "DOMAIN", "attach to the console; Ctrl-] leaves", 1, 1,
	  no_options, cmd_console },
	{ "pause", "DOMAIN", "stop the domain's vCPUs for a while", 1, 1,
	  no_options, cmd_pause },
	{ "unpause", "DOMAIN", "let a paused domain go on", 1, 1,
	  no_options, cmd_unpause },
	{ "shutdown", "DOMAIN", "ask the guest to power off", 1, 1,
	  shutdown_options, cmd_shutdown },
	{ "reboot", "DOMAIN", "ask the guest to reboot", 1, 1,
	  reboot_options, cmd_reboot },
	{ "destroy", "DOMAIN", "end a domain at once", 1, 1,
	  no_options, cmd_destroy },
	{ "block-attach", "DOMAIN DISK...", "give a running domain a disk", 2, 16,
	  no_options, cmd_block_attach },
	{ "block-detach", "DOMAIN VDEV", "take a disk away", 2, 2,
	  detach_options, cmd_block_detach },
	{ "block-list", "DOMAIN", "a domain's disks and what they did", 1, 1,
	  json_options, cmd_block_list },
	{ "block-resize", "DOMAIN VDEV", "tell the guest its disk's new size",
	  2, 2, no_options, cmd_block_resize },
	{ "network-attach", "DOMAIN [VIF...]", "give a running domain a network interface",
	  1, 16, no_options, cmd_network_attach },
	{ "network-detach", "DOMAIN DEVID", "take a network interface away",
	  2, 2, detach_options, cmd_network_detach },
	{ "network-list", "DOMAIN", "a domain's network interfaces and what they did",
	  1, 1, json_options, cmd_network_list },
	{ "dmesg", "DOMAIN", "the domain's hypervisor log, also after its end",
	  1, 1, no_options, cmd_dmesg },
	{ "recover", "[DOMAIN]", "give a domain whose processes died new ones",
	  0, 1, recover_options, cmd_recover },
	{ "doctor", "", "what this host has and lacks", 0, 0,
	  json_options, cmd_doctor },
	{ "version", "", "versions of tool and module", 0, 0,
	  json_options, cmd_version },
};

#define NR_COMMANDS	ARRAY_SIZE(commands)

static const struct command *lookup_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

const char *option(const struct invocation *inv, int letter)
{
	const struct command_option *o = inv->command->options;
	int i;

	for (i = 0; o[i].name; i++)
		if (o[i].letter == letter)
			return inv->values[i];
	return NULL;
}

int usage_error(const struct command *command, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	msg_error(command->name, NULL, "%s", text);
	msg_hint("lodge %s --help", command->name);
	return EXIT_USAGE;
}

static void print_commands(FILE *out)
{
	size_t i;

	fputs("Usage: lodge COMMAND [OPTION...] [ARGUMENT...]\n\n"
	      "Runs domains: hardware-isolated guests with Xen's PVH interface.\n"
	      "A DOMAIN is a name or an id.\n\n", out);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-12s %-15s %s\n", commands[i].name,
			commands[i].args, commands[i].summary);
	fputs("\n`lodge COMMAND --help` tells about one command.\n"
	      "Exit status: 0 done, 1 refused or failed, 2 wrong usage.\n", out);
}

static void print_option(const struct command_option *o)
{
	char left[40];

	snprintf(left, sizeof(left), "-%c, --%s%s%s", o->letter, o->name,
		 o->arg ? " " : "", o->arg ? o->arg : "");
	printf("  %-22s %s\n", left, o->help);
}

static int print_help(const struct command *command)
{
	static const struct command_option help = {
		'h', "help", NULL, "print this text"
	};
	const struct command_option *o;

	printf("Usage: lodge %s [OPTION...]%s%s\n\n%s.\n\n", command->name,
	       *command->args ? " " : "", command->args, command->summary);
	for (o = command->options; o->name; o++)
		print_option(o);
	print_option(&help);
	return EXIT_DONE;
}

/* getopt's two tables for @command; they end with --help. */
static void make_getopt(const struct command *command, char *letters,
			struct option *longs)
{
	const struct command_option *o;

	*letters++ = ':';
	for (o = command->options; o->name; o++, longs++) {
		*letters++ = o->letter;
		if (o->arg)
			*letters++ = ':';
		*longs = (struct option){
			.name = o->name,
			.has_arg = o->arg ? required_argument : no_argument,
			.val = o->letter,
		};
	}
	*letters++ = 'h';
	*letters = '\0';
	longs[0] = (struct option){ .name = "help", .val = 'h' };
	longs[1] = (struct option){ 0 };
}

static void take_option(struct invocation *inv, int letter)
{
	int i;

	for (i = 0; inv->command->options[i].name; i++)
		if (inv->command->options[i].letter == letter)
			inv->values[i] = optarg ? optarg : "";
}

/*
 * getopt's last complaint.  Of "-xj" only optopt knows which letter it was; of
 * a long option that takes no value, optopt is its letter.
 */
static int bad_option(const struct command *command, int complaint, char *arg)
{
	const struct command_option *o;
	char text[64];

	snprintf(text, sizeof(text), "-%c", optopt);
	if (!optopt || !strncmp(arg, "--", 2))
		snprintf(text, sizeof(text), "%s", arg);
	for (o = command->options; o->name && optopt != o->letter; o++)
		;
	if (complaint == ':')
		return usage_error(command, "option %s needs a value", text);
	if (optopt && (o->name || optopt == 'h'))
		return usage_error(command, "option %s takes no value", text);
	if (optopt)
		snprintf(text, sizeof(text), "-%c", optopt);
	return usage_error(command, "unknown option %s", text);
}

static int parse_and_run(const struct command *command, int argc, char **argv)
{
	struct option longs[COMMAND_MAX_OPTIONS + 2];
	char letters[2 * COMMAND_MAX_OPTIONS + 3];
	struct invocation inv = { .command = command };
	int letter;

	make_getopt(command, letters, longs);
	opterr = 0;
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (letter == 'h')
			return print_help(command);
		if (letter == ':' || letter == '?')
			return bad_option(command, letter, argv[optind - 1]);
		take_option(&inv, letter);
	}
	inv.args = argv + optind;
	inv.nr_args = argc - optind;
	if (inv.nr_args < command->min_args)
		return usage_error(command, "%s is missing", command->args);
	if (inv.nr_args > command->max_args)
		return usage_error(command, "too many arguments: %s",
				   inv.args[command->max_args]);
	return command->run(&inv);
}

/*
 * A caller may have closed the first three files.  What is opened next would
 * take their place and be written to as if it were a terminal.
 */
static void open_standard_files(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_REFUSED);
}

static int run_help(const char *name)
{
	const struct command *command = name ? lookup_command(name) : NULL;

	if (command)
		return print_help(command);
	if (!name) {
		print_commands(stdout);
		return EXIT_DONE;
	}
	msg_error("help", name, "no such command");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int status;

	open_standard_files();
	if (argc < 2) {
		print_commands(stderr);
		return EXIT_USAGE;
	}
	title_init(argc, argv);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return run_help(argc > 2 ? argv[2] : NULL);
	command = lookup_command(strcmp(argv[1], "--version") ? argv[1] :
				 "version");
	if (!command) {
		msg_error(argv[1], NULL, "no such command");
		msg_hint("lodge --help lists the commands");
		return EXIT_USAGE;
	}
	status = parse_and_run(command, argc - 1, argv + 1);
	if (fflush(stdout) && status == EXIT_DONE) {
		msg_error(command->name, NULL, "cannot write the output");
		status = EXIT_REFUSED;
	}
	return status;
}
