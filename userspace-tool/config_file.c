// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads a domain's configuration: the keys of xl.cfg that mean something for a
 * PVH domain, in libconfig's syntax.  Every complaint names file and line.  A
 * key that lodge does not know is a warning, because files are shared with xl.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MOST	(1u << 20)

/**
 * struct reader - one file being read
 * @root: xl's root, kept until the command line is joined
 * @extra: the same
 */
struct reader {
	struct domain_config *config;
	const char *path;
	struct failure *failure;
	char *root;
	char *extra;
};

/* The complaint that stands in the failure gets its place put before it. */
static int at_line(struct reader *r, const config_setting_t *setting)
{
	struct failure plain = *r->failure;

	failure_set(r->failure, "%s:%u: %s", r->path,
		    config_setting_source_line(setting), plain.text);
	memcpy(r->failure->hint, plain.hint, sizeof(plain.hint));
	return -1;
}

static const char *type_name(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a fraction";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	case CONFIG_TYPE_GROUP:
		return "a group";
	default:
		return "a list";
	}
}

static int wrong_type(struct reader *r, const config_setting_t *setting,
		      const char *wanted)
{
	failure_set(r->failure, "%s must be %s, not %s",
		    config_setting_name(setting), wanted, type_name(setting));
	return at_line(r, setting);
}

static int get_string(struct reader *r, const config_setting_t *setting,
		      const char **text)
{
	*text = config_setting_get_string(setting);
	return *text ? 0 : wrong_type(r, setting, "a string in double quotes");
}

static int get_number(struct reader *r, const config_setting_t *setting,
		      uint64_t least, uint64_t most, uint64_t *value)
{
	int type = config_setting_type(setting);
	long long n;

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return wrong_type(r, setting, "a number");
	n = config_setting_get_int64(setting);
	if (n < 0 || (uint64_t)n < least || (uint64_t)n > most) {
		failure_set(r->failure, "%s is %lld: it must be %llu to %llu",
			    config_setting_name(setting), n,
			    (unsigned long long)least,
			    (unsigned long long)most);
		return at_line(r, setting);
	}
	*value = n;
	return 0;
}

static int get_mib(struct reader *r, const config_setting_t *setting,
		   uint64_t *mib)
{
	return get_number(r, setting, LODGE_MEMORY_MIN >> 20,
			  LODGE_MEMORY_MAX >> 20, mib);
}

static int get_vcpus(struct reader *r, const config_setting_t *setting,
		     unsigned int *count)
{
	uint64_t n = 0;

	if (get_number(r, setting, 1, LODGE_MAX_VCPUS, &n))
		return -1;
	*count = n;
	return 0;
}

static int get_path(struct reader *r, const config_setting_t *setting,
		    char **path)
{
	const char *text;

	if (get_string(r, setting, &text))
		return -1;
	if (domain_config_set_path(path, text, r->failure))
		return at_line(r, setting);
	return 0;
}

static int get_text(struct reader *r, const config_setting_t *setting,
		    char **field)
{
	const char *text;

	if (get_string(r, setting, &text))
		return -1;
	if (domain_config_set_text(field, text, r->failure))
		return at_line(r, setting);
	return 0;
}

static int take_name(struct reader *r, const config_setting_t *setting)
{
	const char *text;

	if (get_string(r, setting, &text))
		return -1;
	if (domain_config_set_name(r->config, text, r->failure))
		return at_line(r, setting);
	return 0;
}

static int take_type(struct reader *r, const config_setting_t *setting)
{
	const char *text;

	if (get_string(r, setting, &text))
		return -1;
	if (!strcmp(text, "pvh"))
		return 0;
	failure_set(r->failure, "type \"%s\": lodge runs \"pvh\" domains only",
		    text);
	return at_line(r, setting);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int parse_uuid(const char *text, uint8_t uuid[16])
{
	int n = 0, digit;

	for (; *text; text++) {
		if (*text == '-')
			continue;
		digit = hex_digit(*text);
		if (digit < 0 || n == 32)
			return -1;
		uuid[n / 2] = uuid[n / 2] << 4 | digit;
		n++;
	}
	return n == 32 ? 0 : -1;
}

static int take_uuid(struct reader *r, const config_setting_t *setting)
{
	const char *text;

	if (get_string(r, setting, &text))
		return -1;
	if (parse_uuid(text, r->config->uuid)) {
		failure_set(r->failure, "uuid \"%.60s\" is not 32 hex digits",
			    text);
		return at_line(r, setting);
	}
	r->config->has_uuid = 1;
	return 0;
}

static int take_action(struct reader *r, const config_setting_t *setting,
		       enum end_action *action)
{
	const char *text;
	int i;

	if (get_string(r, setting, &text))
		return -1;
	for (i = ACTION_DESTROY; i <= ACTION_PRESERVE; i++) {
		if (!strcmp(text, domain_config_action_name(i))) {
			*action = i;
			return 0;
		}
	}
	failure_set(r->failure,
		    "%s: \"%.60s\" is none of destroy, restart, preserve",
		    config_setting_name(setting), text);
	return at_line(r, setting);
}

static int take_memory(struct reader *r, const config_setting_t *s)
{
	return get_mib(r, s, &r->config->memory);
}

static int take_maxmem(struct reader *r, const config_setting_t *s)
{
	return get_mib(r, s, &r->config->maxmem);
}

static int take_vcpus(struct reader *r, const config_setting_t *s)
{
	return get_vcpus(r, s, &r->config->vcpus);
}

static int take_maxvcpus(struct reader *r, const config_setting_t *s)
{
	return get_vcpus(r, s, &r->config->maxvcpus);
}

static int take_kernel(struct reader *r, const config_setting_t *s)
{
	return get_path(r, s, &r->config->kernel);
}

static int take_ramdisk(struct reader *r, const config_setting_t *s)
{
	return get_path(r, s, &r->config->ramdisk);
}

static int take_cmdline(struct reader *r, const config_setting_t *s)
{
	return get_text(r, s, &r->config->cmdline);
}

static int take_root(struct reader *r, const config_setting_t *s)
{
	return get_text(r, s, &r->root);
}

static int take_extra(struct reader *r, const config_setting_t *s)
{
	return get_text(r, s, &r->extra);
}

static int take_on_poweroff(struct reader *r, const config_setting_t *s)
{
	return take_action(r, s, &r->config->on_end[LODGE_SHUTDOWN_POWEROFF]);
}

static int take_on_reboot(struct reader *r, const config_setting_t *s)
{
	return take_action(r, s, &r->config->on_end[LODGE_SHUTDOWN_REBOOT]);
}

static int take_on_crash(struct reader *r, const config_setting_t *s)
{
	return take_action(r, s, &r->config->on_end[LODGE_SHUTDOWN_CRASH]);
}

static int take_on_watchdog(struct reader *r, const config_setting_t *s)
{
	return take_action(r, s, &r->config->on_end[LODGE_SHUTDOWN_WATCHDOG]);
}

static int take_device(struct reader *r, const config_setting_t *setting,
		       enum device_class class, unsigned int index)
{
	const char *text = config_setting_get_string(setting);
	struct device_config *device;

	if (!text) {
		failure_set(r->failure, "%s must be a list of strings",
			    device_classes[class].list);
		return at_line(r, setting);
	}
	device = device_config_parse(class, text, index, r->failure);
	if (!device)
		return at_line(r, setting);
	if (!device_config_add(&r->config->devices, device, r->failure))
		return 0;
	device_config_free(device);
	return at_line(r, setting);
}

static int take_devices(struct reader *r, const config_setting_t *setting,
			enum device_class class)
{
	int i, n = config_setting_length(setting);

	if (!config_setting_is_aggregate(setting) ||
	    config_setting_is_group(setting))
		return wrong_type(r, setting, "a list of strings");
	for (i = 0; i < n; i++)
		if (take_device(r, config_setting_get_elem(setting, i), class,
				i))
			return -1;
	return 0;
}

static const struct {
	const char *key;
	int (*take)(struct reader *r, const config_setting_t *setting);
} keys[] = {
	{ "name", take_name },
	{ "type", take_type },
	{ "uuid", take_uuid },
	{ "memory", take_memory },
	{ "maxmem", take_maxmem },
	{ "vcpus", take_vcpus },
	{ "maxvcpus", take_maxvcpus },
	{ "kernel", take_kernel },
	{ "ramdisk", take_ramdisk },
	{ "cmdline", take_cmdline },
	{ "root", take_root },
	{ "extra", take_extra },
	{ "on_poweroff", take_on_poweroff },
	{ "on_reboot", take_on_reboot },
	{ "on_crash", take_on_crash },
	{ "on_watchdog", take_on_watchdog },
};

static int take_setting(struct reader *r, const config_setting_t *setting,
			int warn)
{
	const char *name = config_setting_name(setting);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(name, keys[i].key))
			return keys[i].take(r, setting);
	for (i = 0; i < NR_DEVICE_CLASSES; i++)
		if (!strcmp(name, device_classes[i].list))
			return take_devices(r, setting, i);
	if (warn)
		msg_warn("%s:%u: unknown key \"%s\" is ignored", r->path,
			 config_setting_source_line(setting), name);
	return 0;
}

/* As xl: cmdline is the whole line; else "root=" and extra make it. */
static int join_cmdline(struct reader *r)
{
	struct domain_config *config = r->config;
	int n;

	if (config->cmdline || (!r->root && !r->extra)) {
		if (r->root || r->extra)
			msg_warn("%s: root and extra are ignored, cmdline is given",
				 r->path);
		return 0;
	}
	if (!r->root)
		n = asprintf(&config->cmdline, "%s", r->extra);
	else
		n = asprintf(&config->cmdline, "root=%s%s%s", r->root,
			     r->extra ? " " : "", r->extra ? : "");
	if (n < 0) {
		config->cmdline = NULL;
		return failure_set(r->failure, "out of memory");
	}
	return 0;
}

static int take_all(struct reader *r, const config_t *file, int warn)
{
	const config_setting_t *root = config_root_setting(file);
	int i, n = config_setting_length(root);

	for (i = 0; i < n; i++)
		if (take_setting(r, config_setting_get_elem(root, i), warn))
			return -1;
	return join_cmdline(r);
}

/*
 * The whole file as a string.  libconfig's scanner ends the process when a
 * read fails, so it is not given the file itself.
 */
static char *read_whole(const char *path, struct failure *failure)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text = NULL;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st)) {
		failure_set(failure, "cannot open %s: %s", path,
			    msg_errno(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MOST) {
		failure_set(failure, "%s is no configuration file: it is %s",
			    path, S_ISREG(st.st_mode) ? "larger than 1 MiB" :
			    S_ISDIR(st.st_mode) ? "a directory" :
			    "no regular file");
		goto out;
	}
	text = malloc(st.st_size + 1);
	n = text ? read(fd, text, st.st_size) : -1;
	if (n < 0) {
		failure_set(failure, "cannot read %s: %s", path,
			    msg_errno(errno));
		goto free_text;
	}
	text[n] = '\0';
	if (strlen(text) == (size_t)n)
		goto out;
	failure_set(failure, "%s is no configuration file: it has NUL bytes",
		    path);
free_text:
	free(text);
	text = NULL;
out:
	if (fd >= 0)
		close(fd);
	return text;
}

/* Past a comment or a string in double quotes; else past one character. */
static const char *skip_token(const char *at)
{
	const char *end;

	if (*at == '#' || (at[0] == '/' && at[1] == '/'))
		return at + strcspn(at, "\n");
	if (at[0] == '/' && at[1] == '*') {
		end = strstr(at + 2, "*/");
		return end ? end + 2 : at + strlen(at);
	}
	if (*at != '"')
		return at + 1;
	for (at++; *at && *at != '"'; at++)
		at += at[0] == '\\' && at[1];
	return at + (*at == '"');
}

/* The end of a string in single quotes, or NULL when its line has none. */
static const char *end_of_quoted(const char *at)
{
	for (; *at && *at != '\n'; at++) {
		if (*at == '\'')
			return at;
		at += at[0] == '\\' && at[1];
	}
	return NULL;
}

static char *put_requoted(char *to, const char *at, const char *end)
{
	*to++ = '"';
	for (; at < end; at++) {
		if (*at == '"')
			*to++ = '\\';
		else if (at[0] == '\\' && at[1] == '\'')
			at++;
		*to++ = *at;
	}
	*to++ = '"';
	return to;
}

static int is_blank(const char *at)
{
	return strchr(" \t\r\n#", *at) || (*at == '/' &&
					   (at[1] == '/' || at[1] == '*'));
}

/*
 * xl's files are half Python, and their lists of disks mostly stand in single
 * quotes, some with a comma behind the last: libconfig knows neither, so make
 * double quotes of them, and a blank of the comma.
 */
static char *requote(char *text)
{
	char *copy = malloc(2 * strlen(text) + 1), *to = copy, *comma = NULL;
	const char *at = text, *end;

	while (copy && *at) {
		end = *at == '\'' ? end_of_quoted(at + 1) : NULL;
		if (end) {
			to = put_requoted(to, at + 1, end);
			at = end + 1;
			comma = NULL;
			continue;
		}
		if (*at == ']' && comma)
			*comma = ' ';
		if (*at == ',')
			comma = to;
		else if (!is_blank(at))
			comma = NULL;
		end = skip_token(at);
		memcpy(to, at, end - at);
		to += end - at;
		at = end;
	}
	if (copy)
		*to = '\0';
	free(text);
	return copy;
}

/* What is left of Python's quotes: say so where that is what went wrong. */
static void syntax_failure(struct failure *failure, const char *path,
			   const config_t *file, const char *text)
{
	int line = config_error_line(file), i;
	size_t length;

	failure_set(failure, "%s:%d: %s", path, line, config_error_text(file));
	for (i = 1; i < line && (text = strchr(text, '\n')); i++)
		text++;
	if (!text)
		return;
	length = strcspn(text, "\n");
	if (memchr(text, '\'', length))
		failure_hint(failure, "a string ends on its line, and strings do not adjoin");
}

/* Relative paths in the file are the current directory's, as with xl. */
int domain_config_read(struct domain_config *config, const char *path, int warn,
		       struct failure *failure)
{
	struct reader r = {
		.config = config,
		.path = path,
		.failure = failure,
	};
	char *text = read_whole(path, failure);
	config_t file;
	int err = -1;

	if (!text)
		return -1;
	text = requote(text);
	if (!text)
		return failure_set(failure, "out of memory");
	config_init(&file);
	if (!config_read_string(&file, text))
		syntax_failure(failure, path, &file, text);
	else
		err = take_all(&r, &file, warn);
	config_destroy(&file);
	free(r.root);
	free(r.extra);
	free(text);
	return err;
}
