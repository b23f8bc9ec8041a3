// SPDX-License-Identifier: GPL-2.0-only
/*
 * A configuration file that somebody wrote, or something else.  What is taken
 * from it must be what its own copy for restarts says.
 */
#include "target.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"

static int read_from(int fd, struct domain_config *config)
{
	struct failure failure;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	domain_config_init(config);
	return domain_config_read(config, path, 0, &failure);
}

static int same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("config", 0), copy = memfd_create("copy", 0);
	struct domain_config config, again;
	struct failure failure;

	if (write(fd, data, size) != (ssize_t)size)
		abort();
	if (!read_from(fd, &config) &&
	    !domain_config_complete(&config, &failure)) {
		MUST(!domain_config_write(&config, copy));
		MUST(!read_from(copy, &again));
		MUST(!domain_config_complete(&again, &failure));
		MUST(!strcmp(config.name, again.name));
		MUST(config.memory == again.memory);
		MUST(config.vcpus == again.vcpus);
		MUST(same_text(config.kernel, again.kernel));
		MUST(same_text(config.ramdisk, again.ramdisk));
		MUST(same_text(config.cmdline, again.cmdline));
		domain_config_release(&again);
	}
	domain_config_release(&config);
	close(copy);
	close(fd);
	return 0;
}

#define SEED(text)	fuzz_seed(text, sizeof(text) - 1)

void fuzz_seeds(void)
{
	SEED("name = \"web\"\nkernel = \"/k\"\nmemory = 512\n");
	SEED("type = \"pvh\"\nkernel = \"k\"\nramdisk = \"r\"\n"
	     "cmdline = \"a \\\"b\\\" \\\\ \\x07\"\nvcpus = 2\nmaxvcpus = 4\n"
	     "maxmem = 0x400\nuuid = \"00112233-4455-6677-8899-aabbccddeeff\"\n");
	SEED("kernel = \"/k\"; root = \"/dev/xvda1\"; extra = \"ro\";\n"
	     "on_poweroff = \"destroy\"\non_reboot = \"restart\"\n"
	     "on_crash = \"preserve\"\non_watchdog = \"restart\"\n");
	SEED("kernel = \"/k\"\ndisk = [ \"file,raw,xvda,rw\","
	     " \"format=raw, vdev=xvdb, access=ro, target=/x\" ]\n"
	     "vif = [ \"bridge=xenbr0,mac=00:16:3e:00:00:01\" ]\n");
	/* What was found: read beyond its end. */
	SEED("kernel = \"/k\"\ndisk = [ \"file:aw, \" ]\n");
	SEED("kernel = \"/k\"\nentropy = [ \"\", \"/dev/urandom\" ]\n");
}
