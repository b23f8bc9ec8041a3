/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a device of a domain shall be: one element of a list such as
 * disk = [...].  Its text is "KEY=VALUE, ..."; the keys are a table for each
 * class of devices.
 */
#ifndef LODGE_DEVICE_CONFIG_H
#define LODGE_DEVICE_CONFIG_H

#include "msg.h"

#include <stdint.h>
#include <stdio.h>

/*
 * The classes.  One more class is a row in device_classes[], a row in
 * backends[] (backend/device.c), and a file for each.
 */
enum device_class {
	DEVICE_VBD,
	DEVICE_VIF,
	DEVICE_ENTROPY,
	NR_DEVICE_CLASSES
};

#define DEVICE_KEYS_MAX	20

/* For the place in a list: it is given later, by the keeper. */
#define DEVICE_INDEX_LATER	(~0u)

struct device_config;

/**
 * struct device_class_info - how a class is configured
 * @name: of the folders in the store
 * @list: of the list in a configuration
 * @what: for messages
 * @role: enum lodge_role of its slots
 * @keys: names of the keys, ended by NULL; a value's index is its key's
 * @nr_positional: so many of the first keys may be given without their name
 * @rest_key: the key whose value is all that follows, or -1
 * @prepare: takes off what is not of the form KEY=VALUE, as old prefixes do;
 *	returns where to go on, or NULL with @failure set.  May be NULL
 * @check: looks at the values, normalises them, sets devid and label.  @index
 *	is a number to use when none is given.  0 or -1
 */
struct device_class_info {
	const char *name;
	const char *list;
	const char *what;
	unsigned int role;
	const char * const *keys;
	unsigned int nr_positional;
	int rest_key;
	const char *(*prepare)(struct device_config *device, const char *text,
			       struct failure *failure);
	int (*check)(struct device_config *device, unsigned int index,
		     struct failure *failure);
};

extern const struct device_class_info device_classes[NR_DEVICE_CLASSES];

/**
 * struct device_config - one device
 * @next: in the list of the domain
 * @class: which class
 * @devid: its number within the class; class and number name the device
 * @detaching: it is to go, 1 when the guest lets it go, 2 at once; a keeper
 *	that finds this goes on with it
 * @label: what people call it: "xvda"
 * @values: by key; NULL: not given
 */
struct device_config {
	struct device_config *next;
	enum device_class class;
	uint32_t devid;
	int detaching;
	char label[16];
	char *values[DEVICE_KEYS_MAX];
};

/*
 * Make a device of @text.  @index: its number, where the text gives none.  NULL
 * with @failure set when it makes no sense.
 */
struct device_config *device_config_parse(enum device_class class,
					  const char *text, unsigned int index,
					  struct failure *failure);
void device_config_free(struct device_config *device);

/* Set one value; 0 or -1. */
int device_config_set(struct device_config *device, unsigned int key,
		      const char *value, struct failure *failure);

/* As device_config_parse() reads it; the caller frees it.  NULL: no memory. */
char *device_config_text(const struct device_config *device);

/* The device of that class and number in a list, or NULL. */
struct device_config *device_config_find(struct device_config *list,
					 enum device_class class,
					 uint32_t devid);

/* Put @device at the end of a list; -1 when its number is taken. */
int device_config_add(struct device_config **list,
		      struct device_config *device, struct failure *failure);

/* Take it off the list; it stays the caller's. */
void device_config_remove(struct device_config **list,
			  struct device_config *device);

/* "disk xvda" in a static buffer. */
const char *device_config_name(const struct device_config *device);

/* --- for the classes' check functions --- */

/* A decimal number up to @most; -1 with @failure when it is none. */
int device_number(const char *key, const char *text, uint64_t most,
		  uint64_t *value, struct failure *failure);

#endif /* LODGE_DEVICE_CONFIG_H */
