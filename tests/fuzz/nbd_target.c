// SPDX-License-Identifier: GPL-2.0-only
/*
 * An NBD server that says what the input says, and a target as somebody wrote
 * it.  What is believed must be within what the kernel takes.
 */
#include "target.h"

#include <sys/socket.h>
#include <unistd.h>

#include "device_nbd.h"
#include "net/nbd_client.h"

static void negotiate(const uint8_t *data, size_t size)
{
	struct failure failure = { .text = "" };
	struct nbd_export export;
	int pair[2];

	MUST(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	MUST(write(pair[1], data, size) == (ssize_t)size);
	MUST(!shutdown(pair[1], SHUT_WR));
	if (!nbd_negotiate(pair[0], "name", 1000, &export, &failure)) {
		MUST(export.size <= INT64_MAX);
		MUST(export.block_size >= 512 && export.block_size <= 4096);
		MUST(!(export.block_size & (export.block_size - 1)));
	} else {
		MUST(*failure.text);
	}
	close(pair[0]);
	close(pair[1]);
}

static void read_target(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1 + strlen(NBD_PREFIX));
	struct failure failure = { .text = "" };
	struct nbd_target target;
	size_t n = strlen(NBD_PREFIX);

	memcpy(text, NBD_PREFIX, n);
	memcpy(text + n, data, size);
	text[n + size] = '\0';
	if (!device_nbd_read(text, &target, &failure)) {
		MUST(target.length && target.length <= sizeof(target.address));
		MUST(strlen(target.name) <= NBD_NAME_MAX);
	} else {
		MUST(*failure.text);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		negotiate(data + 1, size - 1);
	else
		read_target(data + 1, size - 1);
	return 0;
}

#define SEED(text)	fuzz_seed(text, sizeof(text) - 1)
#define GREETING	"\1NBDMAGICIHAVEOPT\0\3"
#define REPLY		"\0\3\xe8\x89\x04\x55\x65\xa9\0\0\0\7"

void fuzz_seeds(void)
{
	SEED("\0unix:/run/a:exportname=b");
	SEED("\0[2001:db8::1]:10809:exportname=b");
	SEED("\000192.0.2.1:10809");
	SEED(GREETING REPLY "\0\0\0\3\0\0\0\xe\0\3\0\0\0\1\0\0\x10\0\2\0\0\0"
	     REPLY "\0\0\0\3\0\0\0\xc\0\0\0\0\0\0\0\x30\0\0\0\x2d"
	     REPLY "\0\0\0\1\0\0\0\0");
	SEED(GREETING REPLY "\x80\0\0\6\0\0\0\4none");
}
