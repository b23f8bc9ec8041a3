// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tool says to people.  A line is built first and written with one
 * call, so that lines of several processes do not mix.
 */
#include "msg.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names, paths and the guest's words may hold anything; a terminal obeys. */
static void defuse(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static void write_line(const char *prefix, const char *fmt, va_list args)
{
	char line[1024];
	int at = snprintf(line, sizeof(line), "%s", prefix);

	if (at >= (int)sizeof(line) - 2)
		at = sizeof(line) - 2;
	vsnprintf(line + at, sizeof(line) - 1 - at, fmt, args);
	defuse(line);
	at = strlen(line);
	line[at++] = '\n';
	fflush(stdout);
	if (write(STDERR_FILENO, line, at) < 0)
		return;		/* nobody is left to be told */
}

int failure_set(struct failure *failure, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(failure->text, sizeof(failure->text), fmt, args);
	va_end(args);
	failure->hint[0] = '\0';
	return -1;
}

void failure_hint(struct failure *failure, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(failure->hint, sizeof(failure->hint), fmt, args);
	va_end(args);
}

void msg_error(const char *verb, const char *object, const char *fmt, ...)
{
	char prefix[384];
	va_list args;

	if (object)
		snprintf(prefix, sizeof(prefix), "lodge: %s %s: ", verb, object);
	else
		snprintf(prefix, sizeof(prefix), "lodge: %s: ", verb);
	va_start(args, fmt);
	write_line(prefix, fmt, args);
	va_end(args);
}

void msg_hint(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line("hint: ", fmt, args);
	va_end(args);
}

void msg_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_line("lodge: warning: ", fmt, args);
	va_end(args);
}

int msg_failure(const char *verb, const char *object,
		const struct failure *failure)
{
	msg_error(verb, object, "%s", failure->text);
	if (failure->hint[0])
		msg_hint("%s", failure->hint);
	return EXIT_REFUSED;
}

/* strerror() begins with a capital; our sentences do not. */
const char *msg_errno(int err)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s", strerror(abs(err)));
	if (text[0] && !isupper((unsigned char)text[1]))
		text[0] = tolower((unsigned char)text[0]);
	return text;
}
