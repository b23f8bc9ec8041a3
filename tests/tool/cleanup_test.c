// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left of a domain when its keeper and runner were killed: a run
 * directory, and interfaces in the host's network.  In a network namespace.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/device.h"
#include "cleanup.h"
#include "fd.h"
#include "net/link.h"
#include "verdict.h"

#define DOMID	7

static int has_link(const char *name)
{
	struct net_link link;

	return !link_get(name, &link);
}

/* As its keeper makes it before it dies. */
static void make_interface(struct device_config *device,
			   const struct device_domain *domain)
{
	struct failure failure = { .text = "" };
	struct device_files files;
	int i;

	memset(&files, 0xff, sizeof(files));
	if (backend_of(DEVICE_VIF)->open(device, domain, &files, &failure)) {
		printf("# %s\n", failure.text);
		must(0, "no interface");
	}
	for (i = 0; i < DEVICE_FILES; i++)
		close_fd(&files.fd[i]);
}

static void leave(struct run_dir *dir, const char *name)
{
	static struct failure failure;
	struct device_domain domain = { .domid = DOMID, .name = name };
	struct domain_config config;
	struct device_config *device;

	domain_config_init(&config);
	snprintf(config.name, sizeof(config.name), "%s", name);
	memset(config.uuid, 7, sizeof(config.uuid));
	config.has_uuid = 1;
	config.kernel = strdup("/none");
	config.memory = 64;
	must(!domain_config_complete(&config, &failure), failure.text);
	domain.uuid = config.uuid;
	device = device_config_parse(DEVICE_VIF, "mode=nat,ip=10.76.0.5", 0,
				     &failure);
	must(device && !device_config_add(&config.devices, device, &failure),
	     "no configuration");
	must(!run_dir_create(dir, name, &failure), "no directory");
	must(!run_dir_save_domid(dir, DOMID) &&
	     !run_dir_save_config(dir, &config), "not saved");
	if (failure.text[0])
		printf("# %s\n", failure.text);
	make_interface(device, &domain);
	must(has_link("vif7.0") && has_link("lodgenat0"), "it is not there");
	domain_config_release(&config);
}

static int has_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

static void after_destroy(void)
{
	struct run_dir dir;

	leave(&dir, "web");
	must(!cleanup_domain(&dir), "not tidied up");
	must(!has_link("vif7.0"), "the tap is left");
	must(!has_link("lodgenat0"), "the bridge is left");
	must(!has_dir(dir.path), "the directory is left");
	run_dir_close(&dir);
	check("after_destroy");
}

static void before_create(void)
{
	struct run_dir dir;

	leave(&dir, "web");
	cleanup_earlier("web");
	must(!has_link("vif7.0") && !has_link("lodgenat0"), "it is left");
	must(!has_dir(dir.path), "the directory is left");
	run_dir_close(&dir);
	cleanup_earlier("never");
	check("before_create");
}

/* Somebody else's directory says nothing about root's interfaces. */
static void of_another_user(void)
{
	struct run_dir dir;

	leave(&dir, "web");
	must(!fchown(dir.fd, 65534, 65534), "no other owner");
	must(!cleanup_domain(&dir), "not tidied up");
	must(has_link("vif7.0"), "a user had root remove an interface");
	must(!has_dir(dir.path), "the directory is left");
	run_dir_close(&dir);
	link_delete("vif7.0");
	link_delete("lodgenat0");
	check("of_another_user");
}

static void domids(void)
{
	struct run_dir dir;
	struct failure failure;
	uint32_t domid = 0;

	must(!run_dir_create(&dir, "id", &failure), "no directory");
	must(run_dir_load_domid(&dir, &domid), "one that nobody saved");
	must(!run_dir_save_domid(&dir, 4294967295u) &&
	     !run_dir_load_domid(&dir, &domid) && domid == 4294967295u,
	     "the largest");
	must(!run_dir_save_domid(&dir, 3) &&
	     !run_dir_load_domid(&dir, &domid) && domid == 3, "another");
	must(!run_dir_save_domid(&dir, 3) &&
	     !run_dir_load_domid(&dir, &domid) && domid == 3, "the same");
	must(!unlink(run_dir_file(&dir, "domid")) &&
	     !symlink("3x", run_dir_file(&dir, "domid")) &&
	     run_dir_load_domid(&dir, &domid), "no number");
	run_dir_remove(&dir);
	run_dir_close(&dir);
	check("domids");
}

int main(void)
{
	struct stat tun;

	setvbuf(stdout, NULL, _IOLBF, 0);
	domids();
	if (stat("/dev/net/tun", &tun) || unshare(CLONE_NEWNET)) {
		printf("skip left_interfaces: no taps, or not root\n");
		return failed;
	}
	after_destroy();
	before_create();
	of_another_user();
	return failed;
}
