// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attach, detach and list: what is the same for all classes of devices.
 */
#include "cmd_device.h"

#include "command.h"
#include "control.h"
#include "domain_ref.h"
#include "fd.h"
#include "lib/xenbus.h"
#include "run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTACH_S	10
#define DETACH_S	10

/* The domain's directory, by a name or id; -1 after a message. */
static int open_dir(const char *verb, const char *domain,
		    struct lodge_domain_info *info, struct run_dir *dir)
{
	int fd = ref_open_info(verb, domain, info), err;

	if (fd < 0)
		return -1;
	close(fd);
	err = run_dir_open(dir, info->name);
	if (!err)
		return 0;
	msg_error(verb, info->name, "%s: %s", dir->path, msg_errno(err));
	msg_hint("`lodge recover %s` makes it again", info->name);
	return -1;
}

/* "a" "b" as "a,b"; NULL: no memory. */
static char *join(char **words, int nr_words)
{
	size_t size = 1;
	char *text;
	int i;

	for (i = 0; i < nr_words; i++)
		size += strlen(words[i]) + 1;
	text = calloc(1, size);
	for (i = 0; text && i < nr_words; i++) {
		if (i)
			strcat(text, ",");
		strcat(text, words[i]);
	}
	return text;
}

/* Checked here, where relative paths mean something. */
static int make_order(struct control_order *order, char **words, int nr_words,
		      struct failure *failure)
{
	struct device_config *config = NULL;
	char *text = join(words, nr_words), *whole = NULL;
	int err = -1;

	if (text)
		config = device_config_parse(order->class, text,
					     DEVICE_INDEX_LATER, failure);
	else
		failure_set(failure, "out of memory");
	if (config)
		whole = device_config_text(config);
	if (whole && strlen(whole) < sizeof(order->text)) {
		strcpy(order->text, whole);
		err = 0;
	} else if (config) {
		failure_set(failure, "its description is too long");
	}
	device_config_free(config);
	free(whole);
	free(text);
	return err;
}

int device_attach(const char *verb, const char *domain,
		  enum device_class class, char **words, int nr_words)
{
	struct control_order order = { .verb = CONTROL_ATTACH, .class = class };
	struct failure failure = { .text = "" };
	struct lodge_domain_info info;
	struct run_dir dir;
	int err;

	if (make_order(&order, words, nr_words, &failure))
		return msg_failure(verb, domain, &failure);
	if (open_dir(verb, domain, &info, &dir))
		return EXIT_REFUSED;
	err = control_ask(&dir, &order, ATTACH_S, &failure);
	if (err > 0)
		failure_set(&failure, "its keeper has not done it yet");
	return err ? msg_failure(verb, info.name, &failure) : EXIT_DONE;
}

static int order_device(const char *verb, const char *domain,
			struct control_order *order, unsigned int seconds,
			const char *late, const char *hint)
{
	struct failure failure = { .text = "" };
	struct lodge_domain_info info;
	struct run_dir dir;
	int err;

	if (open_dir(verb, domain, &info, &dir))
		return EXIT_REFUSED;
	err = control_ask(&dir, order, seconds, &failure);
	if (err > 0) {
		failure_set(&failure, "%s", late);
		failure_hint(&failure, "%s", hint);
	}
	return err ? msg_failure(verb, info.name, &failure) : EXIT_DONE;
}

int device_detach(const char *verb, const char *domain,
		  enum device_class class, uint32_t devid, bool force)
{
	struct control_order order = {
		.verb = force ? CONTROL_DETACH_FORCE : CONTROL_DETACH,
		.class = class,
		.devid = devid,
	};

	return order_device(verb, domain, &order, DETACH_S, force ?
			    "I/O of it goes on; it goes when that has ended" :
			    "the guest has not let go of it; it goes when the guest does",
			    force ? "" : "--force takes it away at once");
}

int device_reload(const char *verb, const char *domain,
		  enum device_class class, uint32_t devid)
{
	struct control_order order = {
		.verb = CONTROL_RELOAD,
		.class = class,
		.devid = devid,
	};

	return order_device(verb, domain, &order, ATTACH_S,
			    "its keeper does not answer", "");
}

/* --- lists --- */

static const char *state_word(struct xenbus *bus)
{
	int back, front;

	if (bus->store.fd < 0)
		return "unknown";
	back = xenbus_read_state(bus, XENBUS_BACK);
	front = xenbus_read_state(bus, XENBUS_FRONT);
	if (back < 0 || front < 0)
		return "unknown";
	if (back == XENBUS_CONNECTED && front == XENBUS_CONNECTED)
		return "connected";
	if (back == XENBUS_CLOSED || front == XENBUS_CLOSED)
		return "closed";
	if (back == XENBUS_CLOSING || front == XENBUS_CLOSING)
		return "closing";
	return back == XENBUS_INIT_WAIT && front == XENBUS_INITIALISING ?
		"unused" : "connecting";
}

static void read_stats(const struct run_dir *dir, struct device_view *view)
{
	const struct device_class_info *class =
		&device_classes[view->config->class];
	struct device_stats stats;
	char name[32];
	int fd, i;

	snprintf(name, sizeof(name), CONTROL_STATS_FILE, class->name,
		 view->config->devid);
	fd = openat(dir->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && read(fd, &stats, sizeof(stats)) == sizeof(stats)) {
		for (i = 0; i < DEVICE_COUNTERS; i++)
			view->count[i] = stats.count[i];
		view->taken = stats.taken;
		view->answered = stats.answered;
	}
	close_fd(&fd);
}

static void view_device(const struct run_dir *dir,
			const struct device_domain *domain,
			const struct device_config *config,
			struct device_view *view)
{
	const struct device_class_info *class = &device_classes[config->class];
	struct xenbus bus;
	pid_t pid = 0;
	int holder;

	memset(view, 0, sizeof(*view));
	view->config = config;
	view->domain = *domain;
	holder = run_dir_open_holder(dir, run_role_device(config->class,
							  config->devid), &pid);
	close_fd(&holder);
	view->pid = pid;
	if (!xenbus_init(&bus, run_dir_file(dir, "store"), domain->domid,
			 class->name, config->devid))
		xenbus_connect(&bus);
	view->state = config->detaching ? "detaching" : state_word(&bus);
	store_close(&bus.store);
	read_stats(dir, view);
}

void device_add_rings(const struct device_view *view, struct json_object *o)
{
	json_object_object_add(o, "taken",
			       json_object_new_int64(view->taken));
	json_object_object_add(o, "answered",
			       json_object_new_int64(view->answered));
}

int device_list(const char *verb, const char *domain, enum device_class class,
		void (*print)(const struct device_view *view,
			      struct json_object *array),
		struct json_object *array)
{
	const struct device_config *device;
	struct lodge_domain_info info;
	struct device_domain owner;
	struct domain_config config;
	struct device_view view;
	struct failure failure;
	struct run_dir dir;

	if (open_dir(verb, domain, &info, &dir))
		return EXIT_REFUSED;
	if (run_dir_load_config(&dir, &config, &failure))
		return msg_failure(verb, info.name, &failure);
	owner = (struct device_domain){
		.domid = info.domid,
		.name = config.name,
		.uuid = config.uuid,
	};
	for (device = config.devices; device; device = device->next) {
		if (device->class != class)
			continue;
		view_device(&dir, &owner, device, &view);
		print(&view, array);
	}
	domain_config_release(&config);
	run_dir_close(&dir);
	return EXIT_DONE;
}
