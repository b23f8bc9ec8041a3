/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test program's checks say: must() as often as one likes, the first that
 * is wrong is the reason; then check() with the name, which begins anew.
 */
#ifndef LODGE_TEST_VERDICT_H
#define LODGE_TEST_VERDICT_H

#include <stdbool.h>
#include <stdio.h>

static int failed;		/* the program's exit status */
static const char *wrong;

static void must(bool good, const char *what)
{
	if (!good && !wrong)
		wrong = what;
}

static void check(const char *name)
{
	if (wrong)
		printf("not ok %s: %s\n", name, wrong);
	else
		printf("ok %s\n", name);
	failed |= !!wrong;
	wrong = NULL;
}

#endif /* LODGE_TEST_VERDICT_H */
