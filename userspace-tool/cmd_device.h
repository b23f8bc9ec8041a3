/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands about devices share, whatever the class.
 */
#ifndef LODGE_CMD_DEVICE_H
#define LODGE_CMD_DEVICE_H

#include "backend/device.h"
#include "device_config.h"

struct json_object;

/*
 * Attach a device; @words are joined with commas.  Returns when it is served.
 * An exit status.
 */
int device_attach(const char *verb, const char *domain,
		  enum device_class class, char **words, int nr_words);

/* Detach one; returns when it is gone.  An exit status. */
int device_detach(const char *verb, const char *domain,
		  enum device_class class, uint32_t devid, bool force);

/* Have its back end look at its medium again. */
int device_reload(const char *verb, const char *domain,
		  enum device_class class, uint32_t devid);

/**
 * struct device_view - a device as a list shows it
 * @config: what it shall be
 * @domain: whose it is
 * @state: of the two ends, in a word
 * @pid: of its process; 0: none
 * @count: of struct device_stats
 * @taken: the same
 * @answered: the same
 */
struct device_view {
	const struct device_config *config;
	struct device_domain domain;
	const char *state;
	int pid;
	uint64_t count[DEVICE_COUNTERS];
	uint64_t taken;
	uint64_t answered;
};

/* What was taken from its rings, and answered: the same when it is at rest. */
void device_add_rings(const struct device_view *view, struct json_object *o);

/*
 * Call @print for each device of that class; with @array it adds an object to
 * it, else it prints a line.  An exit status.
 */
int device_list(const char *verb, const char *domain, enum device_class class,
		void (*print)(const struct device_view *view,
			      struct json_object *array),
		struct json_object *array);

#endif /* LODGE_CMD_DEVICE_H */
