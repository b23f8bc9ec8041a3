// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disks that an NBD server has: how a target is written, and the first words
 * with a server, which here says what it likes.  With arguments SOCKET NAME it
 * talks to a real one and reads the export's first bytes.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <linux/nbd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device_nbd.h"
#include "net/nbd_client.h"

#define PATIENCE_MS	60

static int failed;

static void check(const char *name, bool good, const char *why)
{
	printf(good ? "ok %s\n" : "not ok %s: %s\n", name, why);
	failed |= !good;
}

/* --- targets --- */

static const char *show(const char *text)
{
	static char out[400];
	struct failure failure = { .text = "" };
	struct nbd_target t;
	char host[64];

	if (device_nbd_read(text, &t, &failure)) {
		snprintf(out, sizeof(out), "!%s", failure.text);
		return out;
	}
	switch (t.address.any.sa_family) {
	case AF_UNIX:
		snprintf(out, sizeof(out), "%s \"%s\"",
			 t.address.local.sun_path, t.name);
		break;
	case AF_INET:
		inet_ntop(AF_INET, &t.address.ip4.sin_addr, host, sizeof(host));
		snprintf(out, sizeof(out), "%s %u \"%s\"", host,
			 ntohs(t.address.ip4.sin_port), t.name);
		break;
	default:
		inet_ntop(AF_INET6, &t.address.ip6.sin6_addr, host,
			  sizeof(host));
		snprintf(out, sizeof(out), "%s %u \"%s\"", host,
			 ntohs(t.address.ip6.sin6_port), t.name);
	}
	return out;
}

static void targets(void)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "nbd:unix:/run/a", "/run/a \"\"" },
		{ "nbd:unix:/run/a:exportname=b c", "/run/a \"b c\"" },
		{ "nbd:unix:/run/a:b:exportname=:x", "/run/a:b \":x\"" },
		{ "nbd:192.0.2.1:10809", "192.0.2.1 10809 \"\"" },
		{ "nbd:192.0.2.1:1:exportname=disk", "192.0.2.1 1 \"disk\"" },
		{ "nbd:[2001:db8::1]:65535", "2001:db8::1 65535 \"\"" },
		{ "nbd:[::1]:10809:exportname=", "::1 10809 \"\"" },
		{ "nbd:", "!\"\" has no port" },
		{ "nbd:192.0.2.1", "!\"192.0.2.1\" has no port" },
		{ "nbd:192.0.2.1:", "!port: \"\" is no number" },
		{ "nbd:192.0.2.1:0", "!port 0 is none" },
		{ "nbd:192.0.2.1:65536", "!port is 65536: 65535 is the most" },
		{ "nbd:192.0.2.1:1x", "!port: \"1x\" is no number" },
		{ "nbd:server:10809", "!\"server\" is no IP address" },
		{ "nbd::10809", "!\"\" is no IP address" },
		{ "nbd:[]:10809", "!\"[]\" is no IP address" },
		{ "nbd:[::g]:10809", "!\"::g\" is no IP address" },
		{ "nbd:::1:10809", "!\"::1\" is no IP address" },
		{ "nbd:unix:", "!nbd:unix: needs the absolute path of a socket, not \"\"" },
		{ "nbd:unix:a", "!nbd:unix: needs the absolute path of a socket, not \"a\"" },
	};
	char name[32], text[600];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(name, sizeof(name), "target_%zu", i);
		check(name, !strcmp(show(cases[i].text), cases[i].wanted),
		      show(cases[i].text));
	}
	snprintf(text, sizeof(text), "nbd:unix:/%0107d", 0);
	check("target_long_path", strstr(show(text), "too long for a socket"),
	      show(text));
	snprintf(text, sizeof(text), "nbd:[::1]:1:exportname=%0256d", 0);
	check("target_long_name", strstr(show(text), "longer than 255 bytes"),
	      show(text));
	text[strlen(text) - 1] = '\0';
	check("target_longest_name", *show(text) != '!', show(text));
}

/* --- a server that says what it is told to --- */

static uint8_t script[1 << 17];
static size_t nr_script;

static void say(const void *bytes, size_t n)
{
	memcpy(script + nr_script, bytes, n);
	nr_script += n;
}

static void say16(uint16_t value)
{
	value = htobe16(value);
	say(&value, sizeof(value));
}

static void say32(uint32_t value)
{
	value = htobe32(value);
	say(&value, sizeof(value));
}

static void say64(uint64_t value)
{
	value = htobe64(value);
	say(&value, sizeof(value));
}

static void begin(uint16_t flags)
{
	nr_script = 0;
	say("NBDMAGICIHAVEOPT", 16);
	say16(flags);
}

static void reply(uint32_t type, uint32_t length)
{
	say64(0x3e889045565a9);
	say32(7);
	say32(type);
	say32(length);
}

static void say_export(uint64_t size, uint16_t flags)
{
	reply(3, 12);
	say16(0);
	say64(size);
	say16(flags);
}

static void say_blocks(uint32_t least, uint32_t most)
{
	reply(3, 14);
	say16(3);
	say32(least);
	say32(4096);
	say32(most);
}

static void say_all(void)
{
	begin(3);
	say_export(1 << 20, 0x2d);
	say_blocks(1, 32 << 20);
	reply(3, 6);
	say16(1);
	say("name", 4);
	reply(1, 0);
}

static struct nbd_export export;
static struct failure failure;
static uint8_t heard[512];
static ssize_t nr_heard;

/* What nbd_negotiate() makes of @n bytes of the script. */
static int negotiate_part(size_t n, bool hang_up)
{
	int pair[2], ret;

	memset(&failure, 0, sizeof(failure));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		exit(2);
	if (write(pair[1], script, n) != (ssize_t)n)
		exit(2);
	if (hang_up)
		shutdown(pair[1], SHUT_WR);
	ret = nbd_negotiate(pair[0], "disk", PATIENCE_MS, &export, &failure);
	nr_heard = recv(pair[1], heard, sizeof(heard), MSG_DONTWAIT);
	close(pair[0]);
	close(pair[1]);
	return ret;
}

static int negotiate(void)
{
	return negotiate_part(nr_script, false);
}

static void refuses(const char *name, const char *text)
{
	int ret = negotiate();

	check(name, ret == -1 && strstr(failure.text, text),
	      ret ? failure.text : "it was believed");
}

static void takes(void)
{
	static const uint8_t wanted[] =
		"\0\0\0\3" "IHAVEOPT" "\0\0\0\7" "\0\0\0\14" "\0\0\0\4" "disk"
		"\0\1" "\0\3";

	say_all();
	check("negotiated", !negotiate(), failure.text);
	check("export", export.size == 1 << 20 && export.flags == 0x2d &&
	      export.block_size == 512, "not what was said");
	check("asked", nr_heard == sizeof(wanted) - 1 &&
	      !memcmp(heard, wanted, nr_heard), "other bytes than expected");
	begin(1);
	say_export(INT64_MAX, 1);
	say_blocks(4096, 128 << 10);
	reply(1, 0);
	check("limits", !negotiate() && export.size == INT64_MAX &&
	      export.block_size == 4096, failure.text);
	check("zeroes", !memcmp(heard, "\0\0\0\1", 4), "it wants what is not there");
	/* What follows is the kernel's. */
	say_all();
	say("rest", 4);
	check("no_more_is_read", !negotiate(), failure.text);
}

static void cut(void)
{
	size_t n, all;
	int good = 1;

	say_all();
	all = nr_script;
	for (n = 0; n < all && good; n++)
		good = negotiate_part(n, true) == -1 &&
			!strcmp(failure.text, "the server has hung up");
	check("cut_anywhere", good, failure.text);
	say_all();
	check("silence", negotiate_part(nr_script - 1, false) == -1 &&
	      !strcmp(failure.text, "the server does not answer"),
	      failure.text);
	check("no_word", negotiate_part(0, false) == -1 &&
	      !strcmp(failure.text, "the server does not answer"),
	      failure.text);
}

static void nonsense(void)
{
	static const char senseless[] = "make no sense";
	int i;

	nr_script = 0;
	say("HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	refuses("no_nbd", "no NBD server");
	nr_script = 0;
	say("NBDMAGIC\0\0\x42\2\x81\x86\x12\x53", 16);
	say16(0);
	refuses("old_style", "of an old kind");
	begin(2);
	refuses("not_fixed", "of an old kind");

	begin(3);
	say64(0x3e889045565a8);
	say32(7);
	say32(1);
	say32(0);
	refuses("reply_magic", senseless);
	begin(3);
	say64(0x3e889045565a9);
	say32(6);
	say32(1);
	say32(0);
	refuses("reply_option", senseless);
	begin(3);
	reply(3, UINT32_MAX);
	refuses("reply_length", senseless);
	begin(3);
	reply(0x80000006, 8193);
	refuses("error_length", senseless);
	begin(3);
	reply(2, 0);
	refuses("reply_type", senseless);
	begin(3);
	reply(1, 0);
	refuses("no_export", senseless);
	begin(3);
	say_export(4096, 1);
	reply(1, 1);
	say("x", 1);
	refuses("ack_length", senseless);
	begin(3);
	reply(3, 1);
	say("x", 1);
	refuses("info_length", senseless);
	begin(3);
	reply(3, 11);
	say("\0\0\1\1\1\1\1\1\1\1\1", 11);
	refuses("export_short", senseless);
	begin(3);
	reply(3, 13);
	say("\0\0\1\1\1\1\1\1\1\1\1\1\1", 13);
	refuses("export_long", senseless);
	begin(3);
	say_export(4096, 0x20);
	refuses("export_flags", senseless);
	begin(3);
	say_export(INT64_MAX + 1ull, 1);
	refuses("export_size", senseless);
	begin(3);
	say_blocks(0, 1 << 20);
	refuses("block_zero", senseless);
	begin(3);
	say_blocks(1536, 1 << 20);
	refuses("block_odd", senseless);
	begin(3);
	say_blocks(8192, 1 << 20);
	refuses("block_large", "8192 bytes: 4096 is the most");
	begin(3);
	say_blocks(512, 65536);
	refuses("block_most", "takes 65536 bytes at once");

	/* It could go on for ever. */
	begin(3);
	for (i = 0; i < 1000; i++) {
		reply(3, 2);
		say16(9);
	}
	refuses("endless", senseless);
}

static void errors(void)
{
	static const struct {
		uint32_t code;
		const char *text, *hint;
	} cases[] = {
		{ 1, "too old", "" },
		{ 2, "rules forbid it", "" },
		{ 5, "wants TLS", "tunnel" },
		{ 6, "has no such export (no\?[31m\?disk)", "--list" },
		{ 9, "refuses with error 9: no", "" },
		{ 0x7fffffff, "refuses with error 2147483647", "" },
	};
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(3);
		reply(0x80000000 | cases[i].code, 12);
		say("no\x1b[31m\ndisk", 12);
		snprintf(name, sizeof(name), "error_%u", cases[i].code);
		refuses(name, cases[i].text);
		if (!strstr(failure.hint, cases[i].hint))
			check(name, false, failure.hint);
	}
	begin(3);
	reply(0x80000006, 4096);
	memset(script + nr_script, 'a', 4096);
	nr_script += 4096;
	refuses("error_long", "aaaa)");
}

/* --- a real one --- */

/* The first request, as the kernel would send it. */
static int read_first(int fd, char *text, size_t n)
{
	struct nbd_request request = {
		.magic = htonl(NBD_REQUEST_MAGIC),
		.type = htonl(NBD_CMD_READ),
		.len = htonl(512),
	};
	char answer[16 + 512];
	size_t got = 0;
	ssize_t more;

	if (write(fd, &request, 28) != 28)
		return -1;
	for (; got < sizeof(answer); got += more) {
		more = read(fd, answer + got, sizeof(answer) - got);
		if (more <= 0)
			return -1;
	}
	if (memcmp(answer, "\x67\x44\x66\x98\0\0\0\0", 8))
		return -1;
	snprintf(text, n, "%.*s", (int)strcspn(answer + 16, "\n"), answer + 16);
	return 0;
}

static int real(const char *text)
{
	struct nbd_target target;
	char first[64] = "?";
	int fd;

	if (device_nbd_read(text, &target, &failure) ||
	    (fd = nbd_open_export(&target, &export, &failure)) < 0) {
		printf("failed: %s\nhint: %s\n", failure.text, failure.hint);
		return 1;
	}
	if (read_first(fd, first, sizeof(first)))
		return 1;
	printf("size %llu, %s, blocks of %u: %s\n",
	       (unsigned long long)export.size,
	       export.flags & NBD_FLAG_READ_ONLY ? "read-only" : "writable",
	       export.block_size, first);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return real(argv[1]);
	targets();
	takes();
	cut();
	nonsense();
	errors();
	return failed;
}
