// SPDX-License-Identifier: GPL-2.0-only
/*
 * lodge list and lodge info: what domains there are and how they are.
 */
#include "backend/device.h"
#include "command.h"
#include "config.h"
#include "dev.h"
#include "domain_ref.h"
#include "helper.h"
#include "json.h"
#include "msg.h"
#include "run_dir.h"
#include "sandbox.h"
#include "uuid.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* xl's letters, at xl's places. */
static void state_letters(const struct lodge_domain_info *i, char text[7])
{
	int blocked = i->nr_running && i->nr_blocked == i->nr_running;
	int shut = i->state == LODGE_STATE_SHUTDOWN;
	int crashed = shut && i->shutdown_reason == LODGE_SHUTDOWN_CRASH;
	int runs = i->state == LODGE_STATE_RUNNING && !i->paused;

	text[0] = runs && i->nr_running && !blocked ? 'r' : '-';
	text[1] = runs && blocked ? 'b' : '-';
	text[2] = i->paused || i->state == LODGE_STATE_PAUSED ? 'p' : '-';
	text[3] = shut ? 's' : '-';
	text[4] = crashed ? 'c' : '-';
	text[5] = i->state == LODGE_STATE_DYING ? 'd' : '-';
	text[6] = '\0';
}

/*
 * No vCPU has a thread, and no runner lives that would lend it one: a thread
 * that is between two runs is no reason for an alarm.
 */
static int lacks_runner(const struct lodge_domain_info *i)
{
	struct run_dir dir;
	int runner = -1;

	if (i->nr_running || (i->state != LODGE_STATE_RUNNING &&
			      i->state != LODGE_STATE_PAUSED))
		return 0;
	if (!run_dir_open(&dir, i->name)) {
		runner = run_dir_open_holder(&dir, ROLE_RUNNER, NULL);
		run_dir_close(&dir);
	}
	if (runner >= 0)
		close(runner);
	return runner < 0;
}

static const char *state_name(const struct lodge_domain_info *i)
{
	switch (i->state) {
	case LODGE_STATE_PAUSED:
		return "paused";
	case LODGE_STATE_RUNNING:
		if (i->paused)
			return "paused";
		return i->nr_running && i->nr_blocked == i->nr_running ?
			"blocked" : "running";
	case LODGE_STATE_SHUTDOWN:
		return i->shutdown_reason == LODGE_SHUTDOWN_CRASH ? "crashed" :
			"shutdown";
	default:
		return "dying";
	}
}

static void print_row(const struct lodge_domain_info *i)
{
	char letters[7];

	state_letters(i, letters);
	printf("%-40s %5u %6llu %5u  %s %8.1f%s\n", i->name, i->domid,
	       (unsigned long long)i->memory >> 20, i->nr_vcpus, letters,
	       (double)i->cpu_ns / 1e9,
	       lacks_runner(i) ? "  no runner: lodge recover" : "");
}

static void add(struct json_object *o, const char *key,
		struct json_object *value)
{
	json_object_object_add(o, key, value);
}

static void add_number(struct json_object *o, const char *key, uint64_t n)
{
	add(o, key, json_object_new_uint64(n));
}

static void add_text(struct json_object *o, const char *key, const char *text)
{
	add(o, key, json_object_new_string(text));
}

static struct json_object *to_json(const struct lodge_domain_info *i)
{
	struct json_object *o = json_object_new_object();
	char uuid[UUID_TEXT];

	uuid_format(i->uuid, uuid);
	add_text(o, "name", i->name);
	add_number(o, "domid", i->domid);
	add_text(o, "uuid", uuid);
	add_text(o, "state", state_name(i));
	if (i->state == LODGE_STATE_SHUTDOWN)
		add_text(o, "shutdown", ref_shutdown_words(i->shutdown_reason));
	add_text(o, "reason", i->reason);
	add(o, "paused", json_object_new_boolean(i->paused));
	add(o, "runner", json_object_new_boolean(!lacks_runner(i)));
	add_number(o, "owner", i->owner);
	add_number(o, "vcpus", i->nr_vcpus);
	add_number(o, "vcpus_running", i->nr_running);
	add_number(o, "vcpus_blocked", i->nr_blocked);
	add_number(o, "memory", i->memory);
	add_number(o, "populated", i->populated);
	add_number(o, "cpu_ns", i->cpu_ns);
	add_number(o, "created_ns", i->created_ns);
	return o;
}

static void put_one(const struct lodge_domain_info *info,
		    struct json_object *array)
{
	if (array)
		json_object_array_add(array, to_json(info));
	else
		print_row(info);
}

static void print_header(void)
{
	printf("%-40s %5s %6s %5s  %-6s %8s\n", "Name", "ID", "Mem", "VCPUs",
	       "State", "Time(s)");
}

static int list_named(const struct invocation *inv, struct json_object *array)
{
	struct lodge_domain_info info;
	int i, fd, nr = 0, status = EXIT_DONE;

	for (i = 0; i < inv->nr_args; i++) {
		fd = ref_open_info("list", inv->args[i], &info);
		if (fd < 0) {
			status = EXIT_REFUSED;
			continue;
		}
		close(fd);
		if (!array && !nr++)
			print_header();
		put_one(&info, array);
	}
	return status;
}

static int list_one(const struct lodge_domain_info *info, void *array)
{
	put_one(info, array);
	return 0;
}

static int list_all(struct json_object *array)
{
	int dev = ref_open_device("list", NULL);
	int err;

	if (dev < 0)
		return EXIT_REFUSED;
	if (!array)
		print_header();
	err = dev_visit_domains(dev, list_one, array);
	close(dev);
	if (!err)
		return EXIT_DONE;
	msg_error("list", NULL, "%s", msg_errno(err));
	return EXIT_REFUSED;
}

int cmd_list(const struct invocation *inv)
{
	struct json_object *array = NULL;
	int status;

	if (option(inv, 'j'))
		array = json_object_new_array();
	status = inv->nr_args ? list_named(inv, array) : list_all(array);
	/* What there is of those asked for; nothing when nobody can tell. */
	if (array && (status == EXIT_DONE || inv->nr_args))
		json_print(array);
	return status;
}

/* Only root can make a back end a user of its own. */
static const char *sandbox_words(const struct sandbox_status *status,
				 uint32_t owner)
{
	if (!status->is_filtered || !status->no_new_privs)
		return "no sandbox";
	return status->uid == owner ? "call filter, its owner's user" :
		"call filter, user of its own";
}

static void put_helper(const struct run_dir *dir, uint64_t role,
		       const char *name, uint32_t owner,
		       struct json_object *array)
{
	struct sandbox_status status;
	struct json_object *o;
	pid_t pid = 0;
	int fd = run_dir_open_holder(dir, role, &pid);
	int err = fd < 0 ? -ESRCH : sandbox_look(pid, &status);

	if (fd >= 0)
		close(fd);
	if (err)
		return;
	if (!array) {
		printf("%-16s pid %d, user %u, %s\n", name, pid,
		       status.uid, sandbox_words(&status, owner));
		return;
	}
	o = json_object_new_object();
	add_text(o, "role", name);
	add_number(o, "pid", pid);
	add_number(o, "user", status.uid);
	add(o, "filter", json_object_new_boolean(status.is_filtered));
	add(o, "no_new_privs", json_object_new_boolean(status.no_new_privs));
	json_object_array_add(array, o);
}

static void print_time(const char *key, uint64_t ns)
{
	time_t seconds = ns / 1000000000ull;
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
	printf("%-16s %s\n", key, text);
}

static void print_info(const struct lodge_domain_info *i)
{
	char letters[7], uuid[UUID_TEXT];

	state_letters(i, letters);
	uuid_format(i->uuid, uuid);
	printf("%-16s %s\n", "name", i->name);
	printf("%-16s %u\n", "id", i->domid);
	printf("%-16s %s\n", "uuid", uuid);
	printf("%-16s %s (%s)\n", "state", state_name(i), letters);
	if (i->state == LODGE_STATE_SHUTDOWN)
		printf("%-16s %s\n", "stopped",
		       ref_shutdown_words(i->shutdown_reason));
	if (i->reason[0])
		printf("%-16s %s\n", "reason", i->reason);
	printf("%-16s %u\n", "owner", i->owner);
	printf("%-16s %u (%u have a thread, %u wait)\n", "vcpus", i->nr_vcpus,
	       i->nr_running, i->nr_blocked);
	printf("%-16s %llu MiB\n", "memory", (unsigned long long)i->memory >> 20);
	printf("%-16s %llu KiB\n", "populated",
	       (unsigned long long)i->populated >> 10);
	printf("%-16s %.3f s\n", "cpu time", (double)i->cpu_ns / 1e9);
	print_time("created", i->created_ns);
	if (lacks_runner(i))
		printf("%-16s lodge recover %s\n", "no runner", i->name);
}

/* Its first process makes the file of its records. */
static int store_was_started(const struct run_dir *dir)
{
	return !faccessat(dir->fd, "store.db", F_OK, AT_SYMLINK_NOFOLLOW);
}

/* The processes of devices are named as the keeper names them. */
static void put_devices(const struct run_dir *dir, uint32_t owner,
			struct json_object *array)
{
	const struct device_config *device;
	struct domain_config config;
	struct failure failure;
	char name[24];

	if (run_dir_load_config(dir, &config, &failure))
		domain_config_init(&config);
	for (device = config.devices; device; device = device->next) {
		snprintf(name, sizeof(name), "%s-%s",
			 backend_of(device->class)->name, device->label);
		put_helper(dir, run_role_device(device->class, device->devid),
			   name, owner, array);
	}
	domain_config_release(&config);
}

/*
 * Those that live and what confines them, for who may look into the run
 * directory: its owner and root.
 */
static void visit_helpers(const struct lodge_domain_info *i,
			  struct json_object *o)
{
	struct json_object *array = o ? json_object_new_array() : NULL;
	struct run_dir dir;
	enum run_role role;

	if (o)
		add(o, "processes", array);
	if (run_dir_open(&dir, i->name))
		return;
	for (role = ROLE_KEEPER; role <= ROLE_STORE; role++)
		put_helper(&dir, role, helper_name(role), i->owner, array);
	if (o)
		add(o, "store_started",
		    json_object_new_boolean(store_was_started(&dir)));
	else if (!store_was_started(&dir))
		printf("%-16s not started: nobody has asked it yet\n",
		       helper_name(ROLE_STORE));
	put_devices(&dir, i->owner, array);
	run_dir_close(&dir);
}

static void put_stats(const struct lodge_domain_stats *stats,
		      struct json_object *o)
{
	struct json_object *exits = o ? json_object_new_object() : NULL;
	uint32_t i;

	for (i = 0; i < stats->nr && i < LODGE_NR_EXIT_COUNTS; i++) {
		if (exits)
			add_number(exits, stats->exits[i].name,
				   stats->exits[i].count);
		else if (stats->exits[i].count)
			printf("exits %-20s %llu\n", stats->exits[i].name,
			       (unsigned long long)stats->exits[i].count);
	}
	if (exits)
		add(o, "exits", exits);
}

int cmd_info(const struct invocation *inv)
{
	struct json_object *o = NULL;
	struct lodge_domain_stats stats;
	struct lodge_domain_info info;
	int fd = ref_open_info("info", inv->args[0], &info);

	if (fd < 0)
		return EXIT_REFUSED;
	if (option(inv, 'j'))
		o = to_json(&info);
	else
		print_info(&info);
	visit_helpers(&info, o);
	if (!dev_domain_get_stats(fd, &stats))
		put_stats(&stats, o);
	close(fd);
	if (o)
		json_print(o);
	return EXIT_DONE;
}
