/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The store's limits: a line in the log names the one that was hit, so that
 * whoever wonders about an error in a guest finds out.
 */
#ifndef LODGE_STORE_LIMIT_H
#define LODGE_STORE_LIMIT_H

/*
 * Where lines go; NULL: nowhere.  limit_log() is for what is no limit but
 * worth a line.
 */
void limit_set_log(void (*log)(const char *line));
void limit_log(const char *line);

enum limit {
	LIMIT_NODES,
	LIMIT_NODE_SIZE,
	LIMIT_PERMS,
	LIMIT_WATCHES,
	LIMIT_TXNS,
	LIMIT_TXN_NODES,
	LIMIT_REQUESTS,
	LIMIT_QUEUE,
	LIMIT_ABS_PATH,
	LIMIT_REL_PATH,
	LIMIT_TREE,
	NR_LIMITS
};

/* Each limit has its say once a minute: a guest must not fill the log. */
void limit_hit(enum limit limit);

#endif /* LODGE_STORE_LIMIT_H */
