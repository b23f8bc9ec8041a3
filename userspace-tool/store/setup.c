// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills the tree with what a toolstack gives a domain before it starts.  The
 * nodes are made in one pass, without transactions: the table lists them depth
 * first, and a node is done, with the names of all its children, when the next
 * one is not below it.
 */
#include "setup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lodge.h"
#include "path.h"
#include "uuid.h"

/* Who may do what with an initial node, besides domain 0. */
enum rights {
	HOST,		/* nobody */
	GUEST_READS,
	GUEST_OWNS,
};

/* Names and values that differ from domain to domain. */
enum text {
	T_DOMID, T_UUID, T_NAME, T_MEMORY, T_MAXMEM, T_VM_PATH, T_START_TIME,
	T_STORE_PORT, T_STORE_GFN, T_CONSOLE_PORT, T_CONSOLE_GFN,
	T_CONSOLE_BACKEND,
	NR_TEXTS
};

#define TEXT_SIZE	LODGE_NAME_LEN	/* of the longest, the name */

static const struct initial {
	unsigned char depth;
	unsigned char rights;
	unsigned char name_text;	/* used when @name is NULL */
	unsigned char value_text;	/* used when @value is NULL */
	const char *name;
	const char *value;
} initial[] = {
#define N(d, r, n, v)	{ .depth = d, .rights = r, .name = n, .value = v }
#define V(d, r, n, t)	{ .depth = d, .rights = r, .name = n, .value_text = t }
#define D(d, r, t)	{ .depth = d, .rights = r, .name_text = t, .value = "" }
	N(0, HOST, "", ""),
	N(1, HOST, "tool", ""),
	N(1, HOST, "vm", ""),
	D(2, GUEST_READS, T_UUID),
	V(3, GUEST_READS, "name", T_NAME),
	V(3, GUEST_READS, "uuid", T_UUID),
	V(3, GUEST_READS, "start_time", T_START_TIME),
	N(3, GUEST_READS, "image", ""),
	N(4, GUEST_READS, "ostype", "pvh"),
	N(1, HOST, "local", ""),
	N(2, HOST, "domain", ""),
	N(3, HOST, "0", ""),
	N(4, HOST, "name", "Domain-0"),
	N(4, HOST, "domid", "0"),
	N(4, HOST, "backend", ""),
	D(3, GUEST_READS, T_DOMID),
	V(4, GUEST_READS, "vm", T_VM_PATH),
	V(4, GUEST_READS, "name", T_NAME),
	V(4, GUEST_READS, "domid", T_DOMID),
	N(4, GUEST_READS, "memory", ""),
	V(5, GUEST_READS, "static-max", T_MAXMEM),
	V(5, GUEST_READS, "target", T_MEMORY),
	N(5, GUEST_READS, "videoram", "0"),
	N(4, GUEST_READS, "device", ""),
	N(5, GUEST_READS, "vbd", ""),
	N(5, GUEST_READS, "vif", ""),
	N(5, GUEST_READS, "suspend", ""),
	N(6, GUEST_OWNS, "event-channel", ""),
	N(4, GUEST_READS, "control", ""),
	N(5, GUEST_OWNS, "shutdown", ""),
	N(5, GUEST_OWNS, "sysrq", ""),
	N(5, GUEST_OWNS, "feature-poweroff", ""),
	N(5, GUEST_OWNS, "feature-reboot", ""),
	N(5, GUEST_OWNS, "feature-suspend", ""),
	N(5, GUEST_READS, "platform-feature-multiprocessor-suspend", "1"),
	N(5, GUEST_READS, "platform-feature-xs_reset_watches", "1"),
	N(4, GUEST_OWNS, "data", ""),
	N(4, GUEST_OWNS, "drivers", ""),
	N(4, GUEST_OWNS, "feature", ""),
	N(4, GUEST_OWNS, "attr", ""),
	N(4, GUEST_OWNS, "error", ""),
	N(4, GUEST_READS, "store", ""),
	V(5, GUEST_READS, "port", T_STORE_PORT),
	V(5, GUEST_READS, "ring-ref", T_STORE_GFN),
	N(4, GUEST_READS, "console", ""),
	V(5, GUEST_READS, "backend", T_CONSOLE_BACKEND),
	N(5, GUEST_READS, "backend-id", "0"),
	N(5, GUEST_READS, "limit", "1048576"),
	N(5, GUEST_READS, "type", "xenconsoled"),
	N(5, GUEST_READS, "output", "pty"),
	N(5, GUEST_READS, "tty", ""),
	V(5, GUEST_READS, "port", T_CONSOLE_PORT),
	V(5, GUEST_READS, "ring-ref", T_CONSOLE_GFN),
	N(4, GUEST_READS, "cpu", ""),	/* the last: add_cpus() goes on */
#undef N
#undef V
#undef D
};

#define CPU_DEPTH	5

#define DEPTH_MAX	8
#define BUILD_PATH_MAX	256
/* LODGE_MAX_VCPUS numbers under cpu are the longest list. */
#define CHILDREN_MAX	512

/* A node that may still get children. */
struct level {
	size_t path_len;
	enum rights rights;
	const char *value;
	size_t children_len;
	char children[CHILDREN_MAX];
};

struct builder {
	struct tree *tree;
	uint32_t domid;
	int nr_levels;
	char path[BUILD_PATH_MAX];	/* of the deepest open node */
	struct level level[DEPTH_MAX];
	char text[NR_TEXTS][TEXT_SIZE];
};

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

static int put_node(struct builder *b, const char *path, enum rights rights,
		    const char *value, const char *children,
		    size_t children_len)
{
	struct tree_change change = { .path = path };
	struct perms perms;
	int ret;

	set_rights(&perms, rights, b->domid);
	change.node = node_new(&perms, value, strlen(value), children,
			       children_len);
	if (!change.node)
		return -ENOMEM;
	ret = tree_apply(b->tree, &change, 1);
	node_put(change.node);
	return ret;
}

static int close_level(struct builder *b)
{
	struct level *l = &b->level[--b->nr_levels];

	b->path[l->path_len] = 0;
	return put_node(b, l->path_len ? b->path : "/", l->rights, l->value,
			l->children, l->children_len);
}

static int close_levels(struct builder *b, int depth)
{
	int ret = 0;

	while (b->nr_levels > depth && !ret)
		ret = close_level(b);
	return ret;
}

/* @value stays the caller's until the node is closed. */
static int add_node(struct builder *b, int depth, enum rights rights,
		    const char *name, const char *value)
{
	struct level *l = &b->level[depth], *up = l - 1;
	size_t len = strlen(name) + 1;
	int ret = close_levels(b, depth);

	if (ret)
		return ret;
	l->path_len = 0;
	if (depth) {
		if (up->path_len + len >= BUILD_PATH_MAX ||
		    up->children_len + len > CHILDREN_MAX)
			return -E2BIG;
		b->path[up->path_len] = '/';
		memcpy(b->path + up->path_len + 1, name, len);
		memcpy(up->children + up->children_len, name, len);
		up->children_len += len;
		l->path_len = up->path_len + len;
	}
	l->rights = rights;
	l->value = value;
	l->children_len = 0;
	b->nr_levels = depth + 1;
	return 0;
}

static int add_initial(struct builder *b)
{
	const struct initial *i = initial;
	int ret = 0;

	while (i < initial + sizeof(initial) / sizeof(initial[0]) && !ret) {
		ret = add_node(b, i->depth, i->rights,
			       i->name ? i->name : b->text[i->name_text],
			       i->value ? i->value : b->text[i->value_text]);
		i++;
	}
	return ret;
}

static int add_cpus(struct builder *b, const struct store_setup *s)
{
	char name[16];
	unsigned int i;
	int ret = 0;

	for (i = 0; i < s->maxvcpus && !ret; i++) {
		snprintf(name, sizeof(name), "%u", i);
		ret = add_node(b, CPU_DEPTH, GUEST_READS, name, "");
		if (!ret)
			ret = add_node(b, CPU_DEPTH + 1, GUEST_READS,
				       "availability",
				       i < s->vcpus ? "online" : "offline");
	}
	return ret ? ret : close_levels(b, 0);
}

/* The names that have no parent. */
static int add_special(struct builder *b)
{
	int ret = put_node(b, PATH_INTRODUCE, HOST, "", NULL, 0);

	return ret ? ret : put_node(b, PATH_RELEASE, HOST, "", NULL, 0);
}

static void put_texts(struct builder *b, const struct store_setup *s)
{
#define PUT(t, ...)	snprintf(b->text[t], TEXT_SIZE, __VA_ARGS__)
	uuid_format(s->uuid, b->text[T_UUID]);
	strcpy(b->text[T_NAME], s->name);
	PUT(T_DOMID, "%u", s->domid);
	PUT(T_MEMORY, "%" PRIu64, s->memory_kib);
	PUT(T_MAXMEM, "%" PRIu64, s->maxmem_kib);
	PUT(T_VM_PATH, "/vm/%.36s", b->text[T_UUID]);
	PUT(T_START_TIME, "%" PRId64, s->start_time);
	PUT(T_STORE_PORT, "%u", s->store_port);
	PUT(T_STORE_GFN, "%llu", LODGE_STORE_GFN);
	PUT(T_CONSOLE_PORT, "%u", s->console_port);
	PUT(T_CONSOLE_GFN, "%llu", LODGE_CONSOLE_GFN);
	PUT(T_CONSOLE_BACKEND, "/local/domain/0/backend/console/%u/0",
	    s->domid);
#undef PUT
}

int setup_tree(struct tree *tree, const struct store_setup *setup)
{
	struct builder b;
	int ret;

	if (strlen(setup->name) >= TEXT_SIZE)
		return -EINVAL;
	b.tree = tree;
	b.domid = setup->domid;
	b.nr_levels = 0;
	put_texts(&b, setup);
	ret = add_initial(&b);
	if (!ret)
		ret = add_cpus(&b, setup);
	return ret ? ret : add_special(&b);
}
