/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables, chains and rules of nftables, built as one batch that the kernel
 * takes whole or not at all.
 */
#ifndef LODGE_NET_NFT_H
#define LODGE_NET_NFT_H

#include "net/netlink.h"

/* The C library's definitions first: the kernel's headers then leave theirs out. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

/**
 * struct nft - a batch for one table
 * @buf: the messages
 * @family: NFPROTO_*
 * @table: its name
 * @chain: where rules go
 * @expressions: the open nest of a rule that is built
 */
struct nft {
	struct netlink_buf buf;
	uint8_t family;
	const char *table;
	const char *chain;
	uint32_t expressions;
};

/* Where a chain is hooked in; @device for NFPROTO_NETDEV only. */
struct nft_hook {
	const char *type;
	uint32_t hook;
	int32_t priority;
	const char *device;
	uint32_t policy;	/* NF_ACCEPT, NF_DROP */
};

/* Begin a batch; 0 or -ENOMEM. */
int nft_begin(struct nft *nft, uint8_t family, const char *table);

/* A table of that name that was there is replaced. */
void nft_new_table(struct nft *nft);
void nft_delete_table(struct nft *nft);
/* @hook: NULL for one that rules of others lead to. */
void nft_new_chain(struct nft *nft, const char *chain,
		   const struct nft_hook *hook);

/* A rule: its conditions, then what becomes of a packet that meets all. */
void nft_rule(struct nft *nft);
/* @size bytes at @offset behind NFT_PAYLOAD_*; @op: NFT_CMP_EQ, NFT_CMP_NEQ. */
void nft_match(struct nft *nft, uint32_t base, uint32_t offset, uint32_t op,
	       const void *data, uint32_t size);
/* Of the bytes only the bits of @mask. */
void nft_match_bits(struct nft *nft, uint32_t base, uint32_t offset,
		    uint32_t op, const void *data, const void *mask,
		    uint32_t size);
/* @key: NFT_META_*. */
void nft_match_meta(struct nft *nft, uint32_t key, uint32_t op,
		    const void *data, uint32_t size);
/* An IPv6 header of that kind is there, wherever. */
void nft_match_ip6_header(struct nft *nft, uint8_t kind);
/* Ends the rule: NF_ACCEPT or NF_DROP. */
void nft_verdict(struct nft *nft, uint32_t verdict);
/* Ends the rule: @chain decides, and at its end the policy. */
void nft_goto(struct nft *nft, const char *chain);
void nft_masquerade(struct nft *nft);

/* Send and forget the batch; 0 or -errno. */
int nft_commit(struct nft *nft);

#endif /* LODGE_NET_NFT_H */
