// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of a domain's store: prints what a node holds.
 *
 * usage: ask_store SOCKET NODE
 */
#include "lib/store_client.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct store_client store;
	char value[256];
	int err;

	if (argc != 3) {
		fprintf(stderr, "usage: ask_store SOCKET NODE\n");
		return 2;
	}
	err = store_open(&store, argv[1]);
	if (!err)
		err = store_read(&store, 0, argv[2], value, sizeof(value));
	if (err < 0) {
		fprintf(stderr, "ask_store: %s\n", strerror(-err));
		return 1;
	}
	puts(value);
	store_close(&store);
	return 0;
}
