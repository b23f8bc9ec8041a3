// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a domain shall be: defaults, checks, and the copy that is kept for
 * restarts.  Reading xl.cfg's syntax is in config_file.c.
 */
#include "config.h"

#include "uuid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define DEFAULT_MEMORY_MIB	256

static const char * const action_names[] = {
	[ACTION_DESTROY] = "destroy",
	[ACTION_RESTART] = "restart",
	[ACTION_PRESERVE] = "preserve",
};

/* xl's defaults.  A suspend or soft reset that nobody asked for is a crash. */
void domain_config_init(struct domain_config *config)
{
	memset(config, 0, sizeof(*config));
	config->on_end[LODGE_SHUTDOWN_REBOOT] = ACTION_RESTART;
}

void domain_config_release(struct domain_config *config)
{
	struct device_config *device;

	free(config->kernel);
	free(config->ramdisk);
	free(config->cmdline);
	while ((device = config->devices)) {
		config->devices = device->next;
		device_config_free(device);
	}
	domain_config_init(config);
}

const char *domain_config_action_name(enum end_action action)
{
	return action_names[action];
}

enum end_action domain_config_action(const struct domain_config *config,
				     uint32_t shutdown_reason)
{
	switch (shutdown_reason) {
	case LODGE_SHUTDOWN_POWEROFF:
	case LODGE_SHUTDOWN_REBOOT:
	case LODGE_SHUTDOWN_WATCHDOG:
		return config->on_end[shutdown_reason];
	default:
		return config->on_end[LODGE_SHUTDOWN_CRASH];
	}
}

static int char_is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '+' ||
	       c == '-';
}

/* "." and ".." are names of folders: the run directory is named by it. */
int domain_config_set_name(struct domain_config *config, const char *text,
			   struct failure *failure)
{
	const char *c = text;

	while (char_is_name(*c))
		c++;
	if (!*text)
		return failure_set(failure, "the name is empty");
	if (*c || *text == '.' || *text == '-') {
		failure_set(failure, "name \"%.80s\" is not usable", text);
		failure_hint(failure,
			     "letters, digits and _ . + - only, the first one no . or -");
		return -1;
	}
	if (strlen(text) >= LODGE_NAME_LEN)
		return failure_set(failure,
				   "the name has %zu characters, %d are the most",
				   strlen(text), LODGE_NAME_LEN - 1);
	strcpy(config->name, text);
	return 0;
}

/* As in the file: decimal, also after a 0, or hexadecimal after 0x. */
static int parse_number(const char *what, const char *text, uint64_t *value,
			struct failure *failure)
{
	int base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10;
	char *end;

	errno = 0;
	*value = strtoull(text, &end, base);
	/* strtoull() would take blanks and signs. */
	if (errno || *end || *text < '0' || *text > '9')
		return failure_set(failure, "%s: \"%.80s\" is no number", what,
				   text);
	return 0;
}

static int parse_in_range(const char *key, const char *text, const char *unit,
			  uint64_t least, uint64_t most, uint64_t *value,
			  struct failure *failure)
{
	if (parse_number(key, text, value, failure))
		return -1;
	if (*value >= least && *value <= most)
		return 0;
	return failure_set(failure, "%s is %llu%s: it must be %llu to %llu",
			   key, (unsigned long long)*value, unit,
			   (unsigned long long)least,
			   (unsigned long long)most);
}

int domain_config_set_memory(struct domain_config *config, const char *text,
			     struct failure *failure)
{
	uint64_t mib;

	if (parse_in_range("memory", text, " MiB", LODGE_MEMORY_MIN >> 20,
			   LODGE_MEMORY_MAX >> 20, &mib, failure))
		return -1;
	config->memory = mib;
	if (config->maxmem < mib)
		config->maxmem = 0;
	return 0;
}

int domain_config_set_vcpus(struct domain_config *config, const char *text,
			    struct failure *failure)
{
	uint64_t n;

	if (parse_in_range("vcpus", text, "", 1, LODGE_MAX_VCPUS, &n, failure))
		return -1;
	config->vcpus = n;
	if (config->maxvcpus < n)
		config->maxvcpus = 0;
	return 0;
}

int domain_config_set_text(char **field, const char *text, struct failure *failure)
{
	char *copy = strdup(text);

	if (!copy)
		return failure_set(failure, "out of memory");
	free(*field);
	*field = copy;
	return 0;
}

/* Paths are kept absolute, because the keeper works elsewhere. */
int domain_config_set_path(char **path, const char *text,
			   struct failure *failure)
{
	char *cwd, *copy = NULL;
	int n;

	if (!*text)
		return failure_set(failure, "an empty file name");
	if (*text == '/')
		return domain_config_set_text(path, text, failure);
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return failure_set(failure, "current directory: %s",
				   msg_errno(errno));
	n = asprintf(&copy, "%s/%s", cwd, text);
	free(cwd);
	if (n < 0)
		return failure_set(failure, "out of memory");
	free(*path);
	*path = copy;
	return 0;
}

/* A domain that nobody named is named after its kernel file. */
static void name_after_kernel(struct domain_config *config)
{
	const char *base = strrchr(config->kernel, '/');
	size_t n = 0;

	for (base = base ? base + 1 : config->kernel;
	     *base && n < LODGE_NAME_LEN - 1; base++)
		if (char_is_name(*base) &&
		    (n || (*base != '.' && *base != '-')))
			config->name[n++] = *base;
	if (!n)
		strcpy(config->name, "domain");
}

static int complete_uuid(struct domain_config *config, struct failure *failure)
{
	if (config->has_uuid)
		return 0;
	if (getrandom(config->uuid, sizeof(config->uuid), GRND_INSECURE) !=
	    sizeof(config->uuid))
		return failure_set(failure, "no random number for the uuid: %s",
				   msg_errno(errno));
	/* Version 4, variant 1 (RFC 4122). */
	config->uuid[6] = (config->uuid[6] & 0x0f) | 0x40;
	config->uuid[8] = (config->uuid[8] & 0x3f) | 0x80;
	config->has_uuid = 1;
	return 0;
}

int domain_config_complete(struct domain_config *config, struct failure *failure)
{
	if (!config->kernel) {
		failure_set(failure, "no kernel is given");
		failure_hint(failure,
			     "-k FILE, or kernel = \"FILE\" in the configuration");
		return -1;
	}
	if (!config->name[0])
		name_after_kernel(config);
	if (!config->memory)
		config->memory = config->maxmem ? : DEFAULT_MEMORY_MIB;
	if (!config->maxmem)
		config->maxmem = config->memory;
	if (config->maxmem < config->memory)
		return failure_set(failure,
				   "maxmem (%llu MiB) is less than memory (%llu MiB)",
				   (unsigned long long)config->maxmem,
				   (unsigned long long)config->memory);
	if (!config->vcpus)
		config->vcpus = config->maxvcpus ? : 1;
	if (!config->maxvcpus)
		config->maxvcpus = config->vcpus;
	if (config->maxvcpus < config->vcpus)
		return failure_set(failure,
				   "maxvcpus (%u) is less than vcpus (%u)",
				   config->maxvcpus, config->vcpus);
	return complete_uuid(config, failure);
}

/* In the file's syntax. */
static void put_quoted(FILE *file, const char *text)
{
	putc_unlocked('"', file);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(file, "\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			fprintf(file, "\\x%02x", *text);
		else
			putc_unlocked(*text, file);
	}
	putc_unlocked('"', file);
}

static void put_string(FILE *file, const char *key, const char *text)
{
	if (!text)
		return;
	fprintf(file, "%s = ", key);
	put_quoted(file, text);
	putc('\n', file);
}

/* The devices of one class; 0 or -ENOMEM. */
static int put_devices(FILE *file, const struct device_config *device,
		       enum device_class class)
{
	const char *before = " = [ ", *list = device_classes[class].list;
	char *text;

	for (; device; device = device->next) {
		if (device->class != class)
			continue;
		text = device_config_text(device);
		if (!text)
			return -ENOMEM;
		fprintf(file, "%s%s", list, before);
		put_quoted(file, text);
		free(text);
		list = "";
		before = ",\n\t";
	}
	if (!*list)
		fputs(" ]\n", file);
	return 0;
}

int domain_config_write(const struct domain_config *config, int fd)
{
	static const char * const keys[] = {
		[LODGE_SHUTDOWN_POWEROFF] = "on_poweroff",
		[LODGE_SHUTDOWN_REBOOT] = "on_reboot",
		[LODGE_SHUTDOWN_CRASH] = "on_crash",
		[LODGE_SHUTDOWN_WATCHDOG] = "on_watchdog",
	};
	char *text = NULL;
	char uuid[UUID_TEXT];
	size_t size = 0;
	unsigned int i;
	FILE *file = open_memstream(&text, &size);
	int err = 0;

	if (!file)
		return -ENOMEM;
	uuid_format(config->uuid, uuid);
	put_string(file, "name", config->name);
	put_string(file, "uuid", uuid);
	fprintf(file, "memory = %llu\nmaxmem = %llu\nvcpus = %u\nmaxvcpus = %u\n",
		(unsigned long long)config->memory,
		(unsigned long long)config->maxmem, config->vcpus,
		config->maxvcpus);
	put_string(file, "kernel", config->kernel);
	put_string(file, "ramdisk", config->ramdisk);
	put_string(file, "cmdline", config->cmdline);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i])
			put_string(file, keys[i],
				   action_names[config->on_end[i]]);
	for (i = 0; i < NR_DEVICE_CLASSES && !err; i++)
		err = put_devices(file, config->devices, i);
	if (fclose(file))
		err = -ENOMEM;
	if (!err && write(fd, text, size) != (ssize_t)size)
		err = errno ? -errno : -ENOSPC;
	free(text);
	return err;
}
