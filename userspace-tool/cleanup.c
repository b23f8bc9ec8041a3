// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last of a domain that has been destroyed.  See cleanup.h.
 */
#include "cleanup.h"

#include "backend/device.h"
#include "fd.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define END_MS	15000

static void kill_holder(const struct run_dir *dir, uint64_t role)
{
	int fd = run_dir_open_holder(dir, role, NULL);

	if (fd < 0)
		return;
	pidfd_send_signal(fd, SIGKILL, NULL, 0);
	pidfd_has_ended(fd, END_MS);
	close(fd);
}

/*
 * What its user wrote is believed only of that user: root does not remove
 * interfaces because a file of somebody else names them.
 */
static void forget_devices(const struct run_dir *dir,
			   const struct domain_config *config)
{
	struct device_domain domain = {
		.name = config->name,
		.uuid = config->uuid,
	};
	const struct device_config *device;
	const struct backend *backend;

	if (run_dir_owner(dir) != geteuid() ||
	    run_dir_load_domid(dir, &domain.domid))
		return;
	for (device = config->devices; device; device = device->next) {
		backend = backend_of(device->class);
		if (backend->forget)
			backend->forget(device, &domain);
	}
}

static void end_devices(const struct run_dir *dir,
			const struct domain_config *config)
{
	const struct device_config *device;

	for (device = config->devices; device; device = device->next)
		kill_holder(dir, run_role_device(device->class, device->devid));
	forget_devices(dir, config);
}

static void end_all(const struct run_dir *dir)
{
	struct domain_config config;
	struct failure failure;
	int role;

	for (role = ROLE_RUNNER; role <= ROLE_STORE; role++)
		kill_holder(dir, role);
	/* One that cannot be read has no devices that anybody knows of. */
	if (!run_dir_load_config(dir, &config, &failure))
		end_devices(dir, &config);
	domain_config_release(&config);
}

int cleanup_domain(struct run_dir *dir)
{
	int fd, err = 0;

	/* One that died on its way may have been given a successor. */
	while (!err &&
	       (fd = run_dir_open_holder(dir, ROLE_KEEPER, NULL)) >= 0) {
		err = pidfd_has_ended(fd, END_MS) ? 0 : -ETIMEDOUT;
		close(fd);
	}
	if (err)
		return err;
	/* Mostly, all that was left is gone by now. */
	end_all(dir);
	run_dir_remove(dir);
	return 0;
}

void cleanup_earlier(const char *name)
{
	struct run_dir dir;

	if (run_dir_open(&dir, name))
		return;
	cleanup_domain(&dir);
	run_dir_close(&dir);
}
