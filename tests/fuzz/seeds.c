// SPDX-License-Identifier: GPL-2.0-only
/*
 * Linked with each target: its first inputs, before libFuzzer begins.
 */
#include "target.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (getenv("FUZZ_SEEDS")) {
		fuzz_seeds();
		exit(0);
	}
	return 0;
}
