// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables, chains and rules of nftables.  See nft.h.  A condition is two
 * expressions: one loads a register, one compares it and ends the rule when
 * they differ.
 */
#include "net/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES	32768

static void begin_message(struct nft *nft, uint16_t type, uint16_t flags)
{
	const struct nfgenmsg header = {
		.nfgen_family = nft->family,
		.version = NFNETLINK_V0,
	};

	netlink_begin(&nft->buf, NFNL_SUBSYS_NFTABLES << 8 | type, flags,
		      &header, sizeof(header));
}

static void batch_message(struct nft *nft, uint16_t type, uint16_t flags)
{
	const struct nfgenmsg header = {
		.nfgen_family = AF_UNSPEC,
		.version = NFNETLINK_V0,
		.res_id = htons(NFNL_SUBSYS_NFTABLES),
	};

	netlink_begin(&nft->buf, type, flags, &header, sizeof(header));
}

int nft_begin(struct nft *nft, uint8_t family, const char *table)
{
	memset(nft, 0, sizeof(*nft));
	nft->buf.bytes = malloc(BATCH_BYTES);
	if (!nft->buf.bytes)
		return -ENOMEM;
	nft->buf.size = BATCH_BYTES;
	nft->family = family;
	nft->table = table;
	batch_message(nft, NFNL_MSG_BATCH_BEGIN, 0);
	return 0;
}

static void table_message(struct nft *nft, uint16_t type, uint16_t flags)
{
	begin_message(nft, type, flags);
	netlink_put_text(&nft->buf, NFTA_TABLE_NAME, nft->table);
}

/* One that is there stays with the first; so there is one to be deleted. */
void nft_new_table(struct nft *nft)
{
	table_message(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	table_message(nft, NFT_MSG_DELTABLE, 0);
	table_message(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE);
}

void nft_delete_table(struct nft *nft)
{
	table_message(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	table_message(nft, NFT_MSG_DELTABLE, 0);
}

static void put_hook(struct nft *nft, const struct nft_hook *hook)
{
	uint32_t nest = netlink_nest(&nft->buf, NFTA_CHAIN_HOOK);

	netlink_put_be32(&nft->buf, NFTA_HOOK_HOOKNUM, hook->hook);
	netlink_put_be32(&nft->buf, NFTA_HOOK_PRIORITY, hook->priority);
	if (hook->device)
		netlink_put_text(&nft->buf, NFTA_HOOK_DEV, hook->device);
	netlink_nest_end(&nft->buf, nest);
	netlink_put_be32(&nft->buf, NFTA_CHAIN_POLICY, hook->policy);
	netlink_put_text(&nft->buf, NFTA_CHAIN_TYPE, hook->type);
}

void nft_new_chain(struct nft *nft, const char *chain,
		   const struct nft_hook *hook)
{
	nft->chain = chain;
	begin_message(nft, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	netlink_put_text(&nft->buf, NFTA_CHAIN_TABLE, nft->table);
	netlink_put_text(&nft->buf, NFTA_CHAIN_NAME, chain);
	if (hook)
		put_hook(nft, hook);
}

/* --- expressions --- */

struct expression {
	uint32_t element, data;
};

static struct expression begin_expression(struct nft *nft, const char *name)
{
	struct expression e;

	e.element = netlink_nest(&nft->buf, NFTA_LIST_ELEM);
	netlink_put_text(&nft->buf, NFTA_EXPR_NAME, name);
	e.data = netlink_nest(&nft->buf, NFTA_EXPR_DATA);
	return e;
}

static void end_expression(struct nft *nft, const struct expression *e)
{
	netlink_nest_end(&nft->buf, e->data);
	netlink_nest_end(&nft->buf, e->element);
}

static void put_data(struct nft *nft, uint16_t attr, const void *data,
		     uint32_t size)
{
	uint32_t nest = netlink_nest(&nft->buf, attr);

	netlink_put(&nft->buf, NFTA_DATA_VALUE, data, size);
	netlink_nest_end(&nft->buf, nest);
}

static void load(struct nft *nft, uint32_t base, uint32_t offset, uint32_t size)
{
	struct expression e = begin_expression(nft, "payload");

	netlink_put_be32(&nft->buf, NFTA_PAYLOAD_DREG, NFT_REG_1);
	netlink_put_be32(&nft->buf, NFTA_PAYLOAD_BASE, base);
	netlink_put_be32(&nft->buf, NFTA_PAYLOAD_OFFSET, offset);
	netlink_put_be32(&nft->buf, NFTA_PAYLOAD_LEN, size);
	end_expression(nft, &e);
}

static void compare(struct nft *nft, uint32_t op, const void *data,
		    uint32_t size)
{
	struct expression e = begin_expression(nft, "cmp");

	netlink_put_be32(&nft->buf, NFTA_CMP_SREG, NFT_REG_1);
	netlink_put_be32(&nft->buf, NFTA_CMP_OP, op);
	put_data(nft, NFTA_CMP_DATA, data, size);
	end_expression(nft, &e);
}

void nft_rule(struct nft *nft)
{
	begin_message(nft, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	netlink_put_text(&nft->buf, NFTA_RULE_TABLE, nft->table);
	netlink_put_text(&nft->buf, NFTA_RULE_CHAIN, nft->chain);
	nft->expressions = netlink_nest(&nft->buf, NFTA_RULE_EXPRESSIONS);
}

void nft_match(struct nft *nft, uint32_t base, uint32_t offset, uint32_t op,
	       const void *data, uint32_t size)
{
	load(nft, base, offset, size);
	compare(nft, op, data, size);
}

void nft_match_bits(struct nft *nft, uint32_t base, uint32_t offset,
		    uint32_t op, const void *data, const void *mask,
		    uint32_t size)
{
	static const uint8_t none[16];
	struct expression e;

	load(nft, base, offset, size);
	e = begin_expression(nft, "bitwise");
	netlink_put_be32(&nft->buf, NFTA_BITWISE_SREG, NFT_REG_1);
	netlink_put_be32(&nft->buf, NFTA_BITWISE_DREG, NFT_REG_1);
	netlink_put_be32(&nft->buf, NFTA_BITWISE_LEN, size);
	put_data(nft, NFTA_BITWISE_MASK, mask, size);
	put_data(nft, NFTA_BITWISE_XOR, none, size);
	end_expression(nft, &e);
	compare(nft, op, data, size);
}

void nft_match_meta(struct nft *nft, uint32_t key, uint32_t op,
		    const void *data, uint32_t size)
{
	struct expression e = begin_expression(nft, "meta");

	netlink_put_be32(&nft->buf, NFTA_META_KEY, key);
	netlink_put_be32(&nft->buf, NFTA_META_DREG, NFT_REG_1);
	end_expression(nft, &e);
	compare(nft, op, data, size);
}

/* To load a byte of a header that is not there ends the rule. */
void nft_match_ip6_header(struct nft *nft, uint8_t kind)
{
	struct expression e = begin_expression(nft, "exthdr");

	netlink_put_be32(&nft->buf, NFTA_EXTHDR_DREG, NFT_REG_1);
	netlink_put_u8(&nft->buf, NFTA_EXTHDR_TYPE, kind);
	netlink_put_be32(&nft->buf, NFTA_EXTHDR_OFFSET, 0);
	netlink_put_be32(&nft->buf, NFTA_EXTHDR_LEN, 1);
	end_expression(nft, &e);
}

static void put_verdict(struct nft *nft, uint32_t verdict, const char *chain)
{
	struct expression e = begin_expression(nft, "immediate");
	uint32_t data, nest;

	netlink_put_be32(&nft->buf, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = netlink_nest(&nft->buf, NFTA_IMMEDIATE_DATA);
	nest = netlink_nest(&nft->buf, NFTA_DATA_VERDICT);
	netlink_put_be32(&nft->buf, NFTA_VERDICT_CODE, verdict);
	if (chain)
		netlink_put_text(&nft->buf, NFTA_VERDICT_CHAIN, chain);
	netlink_nest_end(&nft->buf, nest);
	netlink_nest_end(&nft->buf, data);
	end_expression(nft, &e);
	netlink_nest_end(&nft->buf, nft->expressions);
}

void nft_verdict(struct nft *nft, uint32_t verdict)
{
	put_verdict(nft, verdict, NULL);
}

void nft_goto(struct nft *nft, const char *chain)
{
	put_verdict(nft, NFT_GOTO, chain);
}

void nft_masquerade(struct nft *nft)
{
	struct expression e = begin_expression(nft, "masq");

	end_expression(nft, &e);
	netlink_nest_end(&nft->buf, nft->expressions);
}

/* The last message before the end asks for the answer. */
int nft_commit(struct nft *nft)
{
	struct nlmsghdr *last = (struct nlmsghdr *)(nft->buf.bytes +
						    nft->buf.message);
	uint32_t seq = nft->buf.seq;
	int err;

	last->nlmsg_flags |= NLM_F_ACK;
	batch_message(nft, NFNL_MSG_BATCH_END, 0);
	nft->buf.seq = seq;
	err = netlink_request(NETLINK_NETFILTER, &nft->buf);
	free(nft->buf.bytes);
	nft->buf.bytes = NULL;
	return err;
}
