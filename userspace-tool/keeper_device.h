/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keeper's care for the domain's devices: each has a process.  Which
 * devices there shall be stands in the saved configuration, and the keeper
 * brings about what stands there.  `lodge block-attach` and its like ask for
 * changes through a socket in the run directory.
 */
#ifndef LODGE_KEEPER_DEVICE_H
#define LODGE_KEEPER_DEVICE_H

#include "backend/device.h"
#include "helper.h"

#include <lodge.h>

struct keeper;

/**
 * struct keeper_device - one device
 * @next: in the keeper's list
 * @config: in the keeper's configuration
 * @helper: its process
 * @files: what its process needs, opened when it is started
 * @open: they are
 * @served: the process has said that it serves
 * @reload: a process must be told to look at the medium again
 * @obey_ns: when it must have heard that it shall go at once, or 0
 * @failures: in a row, to start one
 * @lost_ns: since when it has no connection to its medium; 0: it has, or none
 *	is tried any more.  See keeper_nbd.h
 * @reconnect_ns: when the next try is
 * @news: pipe of struct device_report from the process that we forked; the
 *	second end is open while it is forked
 * @nr_news: of that process
 */
struct keeper_device {
	struct keeper_device *next;
	struct device_config *config;
	struct helper helper;
	struct device_files files;
	int open;
	int served;
	int reload;
	uint64_t obey_ns;
	unsigned int failures;
	uint64_t lost_ns;
	uint64_t reconnect_ns;
	int news[2];
	unsigned int nr_news;
};

/**
 * struct keeper_client - who waits for an answer; one at a time
 * @fd: -1: nobody
 * @device: the device that is waited for, or NULL
 * @attaching: till it is served; else till it is gone
 */
struct keeper_client {
	int fd;
	struct keeper_device *device;
	int attaching;
};

/* Whose they are. */
struct device_domain keeper_device_domain(const struct keeper *keeper);

/* The list from the configuration; processes are started later.  0 or -1. */
int keeper_devices_init(struct keeper *keeper, struct failure *failure);

/*
 * Adopt or start the process of each device.  Returns how many were started,
 * or -1 when the domain is new and has one that cannot be.  One of a domain
 * that runs is tried again when it is due.
 */
int keeper_devices_start(struct keeper *keeper, struct failure *failure);

/* Adopt what lives, start nothing. */
void keeper_devices_adopt(struct keeper *keeper);

/* Start what is due.  The time when the next one is. */
uint64_t keeper_devices_start_due(struct keeper *keeper, uint64_t now);

/* End all processes, undo what was made for them, forget the list. */
void keeper_devices_end(struct keeper *keeper);

/* Those that we forked die; see kill_children(). */
void keeper_devices_kill(struct keeper *keeper);

/* Close the files of all devices but one. */
void keeper_devices_close(struct keeper *keeper,
			  const struct keeper_device *but);

#define KEEPER_DEVICES_POLL	(2 + 2 * LODGE_MAX_DEVICES)

struct pollfd;

/*
 * Fill in what the keeper's loop waits for, at most KEEPER_DEVICES_POLL files;
 * returns how many.  Then deal with what came.  While a new domain starts,
 * @failure is not NULL: it gets why a device cannot be served, and -1 is
 * returned.
 */
unsigned int keeper_devices_poll(struct keeper *keeper, struct pollfd *p);
int keeper_devices_handle(struct keeper *keeper, const struct pollfd *p,
			  unsigned int n, struct failure *failure);

/* Whether every device is served, or of a domain that runs put off. */
int keeper_devices_served(const struct keeper *keeper);

/* The child's work; returns its exit status. */
int keeper_device_main(struct keeper *keeper, struct keeper_device *device);

#endif /* LODGE_KEEPER_DEVICE_H */
