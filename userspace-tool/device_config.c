// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices of a domain, from text to values and back.  See device_config.h.
 */
#include "device_config.h"

#include "compiler.h"
#include "device_entropy.h"
#include "device_vbd.h"
#include "device_vif.h"

#include <errno.h>
#include <lodge.h>
#include <stdlib.h>
#include <string.h>

#define DETACHING	"detaching"

const struct device_class_info device_classes[NR_DEVICE_CLASSES] = {
	[DEVICE_VBD] = {
		.name = "vbd",
		.list = "disk",
		.what = "disk",
		.role = LODGE_ROLE_BLOCK,
		.keys = device_vbd_keys,
		.nr_positional = 4,
		.rest_key = VBD_TARGET,
		.prepare = device_vbd_prepare,
		.check = device_vbd_check,
	},
	[DEVICE_VIF] = {
		.name = "vif",
		.list = "vif",
		.what = "network interface",
		.role = LODGE_ROLE_NET,
		.keys = device_vif_keys,
		.rest_key = -1,
		.check = device_vif_check,
	},
	[DEVICE_ENTROPY] = {
		.name = "entropy",
		.list = "entropy",
		.what = "source of entropy",
		.role = LODGE_ROLE_OTHER,
		.keys = device_entropy_keys,
		.nr_positional = 1,
		.rest_key = ENTROPY_SOURCE,
		.check = device_entropy_check,
	},
};

static const struct device_class_info *
class_of(const struct device_config *device)
{
	return &device_classes[device->class];
}

void device_config_free(struct device_config *device)
{
	int i;

	if (!device)
		return;
	for (i = 0; i < DEVICE_KEYS_MAX; i++)
		free(device->values[i]);
	free(device);
}

int device_config_set(struct device_config *device, unsigned int key,
		      const char *value, struct failure *failure)
{
	char *copy = strdup(value);

	if (!copy)
		return failure_set(failure, "out of memory");
	free(device->values[key]);
	device->values[key] = copy;
	return 0;
}

static int find_key(const struct device_class_info *class, const char *name,
		    size_t length)
{
	int i;

	for (i = 0; class->keys[i]; i++)
		if (!strncmp(class->keys[i], name, length) &&
		    !class->keys[i][length])
			return i;
	return -1;
}

static int set_part(struct device_config *device, int key, const char *text,
		    size_t length, struct failure *failure)
{
	char *value;
	int err;

	while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	if (!length)
		return 0;
	if (device->values[key])
		return failure_set(failure, "%s is given twice",
				   class_of(device)->keys[key]);
	value = strndup(text, length);
	if (!value)
		return failure_set(failure, "out of memory");
	err = device_config_set(device, key, value, failure);
	free(value);
	return err;
}

/* The next key that may stand without its name and has no value, or -1. */
static int next_positional(const struct device_config *device,
			   unsigned int *next)
{
	if (*next >= class_of(device)->nr_positional)
		return -1;
	return (*next)++;
}

static int bad_key(const struct device_config *device, const char *text,
		   size_t length, struct failure *failure)
{
	const struct device_class_info *class = class_of(device);
	char keys[200] = "";
	int i;

	for (i = 0; class->keys[i]; i++) {
		strncat(keys, i ? ", " : "", sizeof(keys) - strlen(keys) - 1);
		strncat(keys, class->keys[i], sizeof(keys) - strlen(keys) - 1);
	}
	failure_set(failure, "a %s has no \"%.*s\"", class->what,
		    (int)(length < 60 ? length : 60), text);
	failure_hint(failure, "the keys are %s", keys);
	return -1;
}

/* One part of the text, up to the next comma. */
static int take_part(struct device_config *device, const char **at,
		     unsigned int *positional, struct failure *failure)
{
	const struct device_class_info *class = class_of(device);
	const char *text = *at + strspn(*at, " \t");
	size_t length = strcspn(text, ","), name = strcspn(text, "=,");
	int key;

	if (name < length) {
		key = find_key(class, text, name);
		if (key >= 0 && key == class->rest_key)
			length = strlen(text);
		*at = text + length;
		if (name == strlen(DETACHING) &&
		    !strncmp(text, DETACHING, name)) {
			device->detaching = text[name + 1] == '2' ? 2 : 1;
			return 0;
		}
		if (key < 0)
			return bad_key(device, text, name, failure);
		return set_part(device, key, text + name + 1,
				length - name - 1, failure);
	}
	*at = text + length;
	key = find_key(class, text, length);
	/* A key without a value is a switch. */
	if (length && key >= (int)class->nr_positional)
		return set_part(device, key, "1", 1, failure);
	key = next_positional(device, positional);
	if (key >= 0)
		return set_part(device, key, text, length, failure);
	return length ? bad_key(device, text, length, failure) : 0;
}

static int take_all(struct device_config *device, const char *text,
		    struct failure *failure)
{
	unsigned int positional = 0;

	while (*text) {
		if (take_part(device, &text, &positional, failure))
			return -1;
		text += *text == ',';
	}
	return 0;
}

struct device_config *device_config_parse(enum device_class class,
					  const char *text, unsigned int index,
					  struct failure *failure)
{
	const struct device_class_info *info = &device_classes[class];
	struct device_config *device = calloc(1, sizeof(*device));

	if (!device) {
		failure_set(failure, "out of memory");
		return NULL;
	}
	device->class = class;
	if (info->prepare)
		text = info->prepare(device, text, failure);
	if (text && !take_all(device, text, failure) &&
	    !info->check(device, index, failure))
		return device;
	device_config_free(device);
	return NULL;
}

char *device_config_text(const struct device_config *device)
{
	const struct device_class_info *class = class_of(device);
	const char *separator = "";
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	int i;

	if (!file)
		return NULL;
	if (device->detaching) {
		fprintf(file, DETACHING "=%d", device->detaching);
		separator = ", ";
	}
	for (i = 0; class->keys[i]; i++) {
		if (!device->values[i] || i == class->rest_key)
			continue;
		fprintf(file, "%s%s=%s", separator, class->keys[i],
			device->values[i]);
		separator = ", ";
	}
	if (class->rest_key >= 0 && device->values[class->rest_key])
		fprintf(file, "%s%s=%s", separator,
			class->keys[class->rest_key],
			device->values[class->rest_key]);
	if (!fclose(file))
		return text;
	free(text);
	return NULL;
}

struct device_config *device_config_find(struct device_config *list,
					 enum device_class class,
					 uint32_t devid)
{
	while (list && (list->class != class || list->devid != devid))
		list = list->next;
	return list;
}

int device_config_add(struct device_config **list,
		      struct device_config *device, struct failure *failure)
{
	unsigned int count = 0;

	for (; *list; list = &(*list)->next) {
		if ((*list)->class == device->class &&
		    (*list)->devid == device->devid)
			return failure_set(failure, "there is a %s already",
					   device_config_name(device));
		count++;
	}
	if (count >= LODGE_MAX_DEVICES)
		return failure_set(failure, "a domain has at most %d devices",
				   LODGE_MAX_DEVICES);
	device->next = NULL;
	*list = device;
	return 0;
}

void device_config_remove(struct device_config **list,
			  struct device_config *device)
{
	while (*list && *list != device)
		list = &(*list)->next;
	if (*list)
		*list = device->next;
	device->next = NULL;
}

const char *device_config_name(const struct device_config *device)
{
	static char name[40];

	snprintf(name, sizeof(name), "%s %s", class_of(device)->what,
		 device->label);
	return name;
}

int device_number(const char *key, const char *text, uint64_t most,
		  uint64_t *value, struct failure *failure)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 10);
	/* strtoull() would take blanks and signs. */
	if (errno || *end || *text < '0' || *text > '9')
		return failure_set(failure, "%s: \"%.60s\" is no number", key,
				   text);
	if (*value > most)
		return failure_set(failure, "%s is %s: %llu is the most", key,
				   text, (unsigned long long)most);
	return 0;
}
