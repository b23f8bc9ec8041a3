// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills the tree with what a toolstack gives a domain before it starts.  Paths
 * and values are templates; expand() knows the letters.
 */
#include "setup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "access.h"
#include "lodge.h"
#include "path.h"

/* Who may do what with an initial node, besides domain 0. */
enum rights {
	HOST,		/* nobody */
	GUEST_READS,
	GUEST_OWNS,
};

#define HOME	"/local/domain/%d"

/* A parent stands before its children: they would inherit its rights. */
static const struct {
	const char *path;
	const char *value;
	enum rights rights;
} initial[] = {
	{ "/tool", "", HOST },
	{ "/local", "", HOST },
	{ "/local/domain", "", HOST },
	{ "/local/domain/0", "", HOST },
	{ "/local/domain/0/name", "Domain-0", HOST },
	{ "/local/domain/0/domid", "0", HOST },
	{ "/local/domain/0/backend", "", HOST },
	{ "/vm", "", HOST },
	{ "/vm/%u", "", GUEST_READS },
	{ "/vm/%u/name", "%n", GUEST_READS },
	{ "/vm/%u/uuid", "%u", GUEST_READS },
	{ "/vm/%u/start_time", "%T", GUEST_READS },
	{ "/vm/%u/image", "", GUEST_READS },
	{ "/vm/%u/image/ostype", "pvh", GUEST_READS },
	{ HOME, "", GUEST_READS },
	{ HOME "/vm", "/vm/%u", GUEST_READS },
	{ HOME "/name", "%n", GUEST_READS },
	{ HOME "/domid", "%d", GUEST_READS },
	{ HOME "/cpu", "", GUEST_READS },
	{ HOME "/memory", "", GUEST_READS },
	{ HOME "/memory/static-max", "%M", GUEST_READS },
	{ HOME "/memory/target", "%m", GUEST_READS },
	{ HOME "/memory/videoram", "0", GUEST_READS },
	{ HOME "/device", "", GUEST_READS },
	{ HOME "/device/vbd", "", GUEST_READS },
	{ HOME "/device/vif", "", GUEST_READS },
	{ HOME "/device/suspend", "", GUEST_READS },
	{ HOME "/device/suspend/event-channel", "", GUEST_OWNS },
	{ HOME "/control", "", GUEST_READS },
	{ HOME "/control/shutdown", "", GUEST_OWNS },
	{ HOME "/control/sysrq", "", GUEST_OWNS },
	{ HOME "/control/feature-poweroff", "", GUEST_OWNS },
	{ HOME "/control/feature-reboot", "", GUEST_OWNS },
	{ HOME "/control/feature-suspend", "", GUEST_OWNS },
	{ HOME "/control/platform-feature-multiprocessor-suspend", "1",
	  GUEST_READS },
	{ HOME "/control/platform-feature-xs_reset_watches", "1",
	  GUEST_READS },
	{ HOME "/data", "", GUEST_OWNS },
	{ HOME "/drivers", "", GUEST_OWNS },
	{ HOME "/feature", "", GUEST_OWNS },
	{ HOME "/attr", "", GUEST_OWNS },
	{ HOME "/error", "", GUEST_OWNS },
	{ HOME "/store", "", GUEST_READS },
	{ HOME "/store/port", "%s", GUEST_READS },
	{ HOME "/store/ring-ref", "%S", GUEST_READS },
	{ HOME "/console", "", GUEST_READS },
	{ HOME "/console/backend", "/local/domain/0/backend/console/%d/0",
	  GUEST_READS },
	{ HOME "/console/backend-id", "0", GUEST_READS },
	{ HOME "/console/limit", "1048576", GUEST_READS },
	{ HOME "/console/type", "xenconsoled", GUEST_READS },
	{ HOME "/console/output", "pty", GUEST_READS },
	{ HOME "/console/tty", "", GUEST_READS },
	{ HOME "/console/port", "%c", GUEST_READS },
	{ HOME "/console/ring-ref", "%C", GUEST_READS },
};

static void put_uuid(const unsigned char *uuid, char *to)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		to += sprintf(to, "%02x", uuid[i]);
	}
}

static void expand_letter(const struct store_setup *s, char letter, char *to,
			  size_t size)
{
	switch (letter) {
	case 'd':
		snprintf(to, size, "%u", s->domid);
		break;
	case 'u':
		put_uuid(s->uuid, to);
		break;
	case 'n':
		snprintf(to, size, "%s", s->name);
		break;
	case 'm':
		snprintf(to, size, "%" PRIu64, s->memory_kib);
		break;
	case 'M':
		snprintf(to, size, "%" PRIu64, s->maxmem_kib);
		break;
	case 's':
		snprintf(to, size, "%u", s->store_port);
		break;
	case 'S':
		snprintf(to, size, "%llu", LODGE_STORE_GFN);
		break;
	case 'c':
		snprintf(to, size, "%u", s->console_port);
		break;
	case 'C':
		snprintf(to, size, "%llu", LODGE_CONSOLE_GFN);
		break;
	case 'T':
		snprintf(to, size, "%lld", (long long)time(NULL));
		break;
	}
}

#define EXPANDED	256	/* all templates and LODGE_NAME_LEN fit */
#define LETTER		(LODGE_NAME_LEN + 1)

static void expand(const struct store_setup *s, const char *template, char *to)
{
	char *end = to + EXPANDED - LETTER;

	for (; *template && to < end; template++) {
		if (*template != '%') {
			*to++ = *template;
			continue;
		}
		*to = 0;
		expand_letter(s, *++template, to, LETTER);
		to += strlen(to);
	}
	*to = 0;
}

static void set_rights(struct perms *perms, enum rights rights, uint32_t domid)
{
	memset(perms, 0, sizeof(*perms));
	perms->nr = 1;
	if (rights == GUEST_OWNS)
		perms->entry[0].domid = domid;
	if (rights != GUEST_READS)
		return;
	perms->nr = 2;
	perms->entry[1].domid = domid;
	perms->entry[1].mode = PERM_READ;
}

static int add_node(struct txn *txn, const char *path, const char *value,
		    enum rights rights, uint32_t domid)
{
	struct perms perms;
	int ret;

	set_rights(&perms, rights, domid);
	ret = access_write(txn, 0, path, value, strlen(value));
	return ret ? ret : access_set_perms(txn, 0, path, &perms);
}

static int add_cpus(struct txn *txn, const struct store_setup *s)
{
	char path[EXPANDED];
	unsigned int i;
	int ret = 0;

	for (i = 0; i < s->maxvcpus && !ret; i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u",
			 s->domid, i);
		ret = add_node(txn, path, "", GUEST_READS, s->domid);
		if (ret)
			break;
		strcat(path, "/availability");
		ret = add_node(txn, path, i < s->vcpus ? "online" : "offline",
			       GUEST_READS, s->domid);
	}
	return ret;
}

static int add_initial(struct txn *txn, const struct store_setup *s)
{
	char path[EXPANDED], value[EXPANDED];
	size_t i;
	int ret = 0;

	for (i = 0; i < sizeof(initial) / sizeof(initial[0]) && !ret; i++) {
		expand(s, initial[i].path, path);
		expand(s, initial[i].value, value);
		ret = add_node(txn, path, value, initial[i].rights, s->domid);
	}
	return ret;
}

/* The nodes that have no parent. */
static int add_roots(struct tree *tree)
{
	static const char * const roots[] = { "/", PATH_INTRODUCE,
					      PATH_RELEASE };
	struct tree_change change;
	struct perms perms;
	int ret = 0;
	size_t i;

	set_rights(&perms, HOST, 0);
	for (i = 0; i < sizeof(roots) / sizeof(roots[0]) && !ret; i++) {
		change.path = roots[i];
		change.node = node_new(&perms, NULL, 0, NULL, 0);
		ret = change.node ? tree_apply(tree, &change, 1) : -ENOMEM;
		node_put(change.node);
	}
	return ret;
}

int setup_tree(struct tree *tree, const struct store_setup *setup)
{
	struct txn txn;
	int ret;

	if (strlen(setup->name) >= LODGE_NAME_LEN)
		return -EINVAL;
	ret = add_roots(tree);
	if (ret)
		return ret;
	txn_init(&txn, tree, true);
	ret = add_initial(&txn, setup);
	if (!ret)
		ret = add_cpus(&txn, setup);
	if (!ret)
		ret = access_commit(&txn, 0);
	txn_clear(&txn);
	return ret;
}
