// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest's traffic with its XenStore: writes numbers and reads them back, for
 * ever, and says how far it is.  Ends at the first answer that is wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#define NODE	"data/traffic"
#define OFTEN	25

static int fd;
static char answer[XENSTORE_PAYLOAD_MAX + 1];

static void die(const char *what)
{
	printf("guest: wrong: store: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void move(void *data, size_t length, ssize_t (*call)(int, void *, size_t))
{
	ssize_t n;

	while (length) {
		n = call(fd, data, length);
		if (n <= 0)
			die("the device");
		data = (char *)data + n;
		length -= n;
	}
}

static ssize_t write_part(int to, void *data, size_t length)
{
	return write(to, data, length);
}

static void request(uint32_t type, const char *payload, uint32_t length)
{
	static uint32_t id;
	struct xsd_sockmsg head = { .type = type, .req_id = ++id,
				    .len = length };
	char message[sizeof(head) + 128];

	memcpy(message, &head, sizeof(head));
	memcpy(message + sizeof(head), payload, length);
	move(message, sizeof(head) + length, write_part);
	move(&head, sizeof(head), read);
	if (head.type != type || head.req_id != id ||
	    head.len > XENSTORE_PAYLOAD_MAX)
		die("another request's answer");
	move(answer, head.len, read);
	answer[head.len] = '\0';
}

int main(void)
{
	char payload[64], value[16];
	unsigned int i;
	int n;

	setvbuf(stdout, NULL, _IOLBF, 0);
	fd = open("/dev/xen/xenbus", O_RDWR);
	if (fd < 0)
		die("/dev/xen/xenbus");
	for (i = 0;; i++) {
		snprintf(value, sizeof(value), "%u", i);
		n = snprintf(payload, sizeof(payload), "%s%c%s", NODE, 0, value);
		request(XS_WRITE, payload, n);
		request(XS_READ, NODE, sizeof(NODE));
		if (strcmp(answer, value))
			die(answer);
		if (i % OFTEN == OFTEN - 1)
			printf("guest: store %u\n", i + 1);
	}
}
