// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a guest may send.  See antispoof.h.  The chain drops what no rule
 * accepts, so a kind of packet that was not thought of does not get out.
 *
 * Ethernet types are matched where they stand in the packet: a packet with a
 * VLAN tag is of none of the types that are accepted.
 */
#include "net/antispoof.h"

#include "net/nft.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define MAC_BYTES	6
#define TABLE_NAME	(IFNAMSIZ + 8)
#define OWN_IP6_CHAIN	"own_ip6"

/* Offsets in the headers. */
#define ETHERNET_SOURCE	6
#define ETHERNET_TYPE	12
#define IP4_PROTOCOL	9
#define IP4_SOURCE	12
#define IP6_NEXT	6
#define IP6_SOURCE	8
#define IP6_PAYLOAD	40
#define FRAGMENT_OFFSET	(IP6_PAYLOAD + 2)
#define FRAGMENT_DATA	(IP6_PAYLOAD + 8)
#define ARP_MAC		8
#define ARP_IP		14
#define ND_TARGET	8

static const uint8_t type_ip4[] = { 0x08, 0x00 };
static const uint8_t type_arp[] = { 0x08, 0x06 };
static const uint8_t type_ip6[] = { 0x86, 0xdd };
static const uint8_t none[16];

static void match_type(struct nft *nft, const uint8_t *type)
{
	nft_match(nft, NFT_PAYLOAD_LL_HEADER, ETHERNET_TYPE, NFT_CMP_EQ, type,
		  2);
}

static void match_header(struct nft *nft, uint32_t offset, const void *data,
			 uint32_t size)
{
	nft_match(nft, NFT_PAYLOAD_NETWORK_HEADER, offset, NFT_CMP_EQ, data,
		  size);
}

static void match_transport(struct nft *nft, uint32_t offset, const void *data,
			    uint32_t size)
{
	nft_match(nft, NFT_PAYLOAD_TRANSPORT_HEADER, offset, NFT_CMP_EQ, data,
		  size);
}

/* Only its own MAC, in the Ethernet header and in what ARP says. */
static void add_mac(struct nft *nft, const struct vif *vif)
{
	nft_rule(nft);
	nft_match(nft, NFT_PAYLOAD_LL_HEADER, ETHERNET_SOURCE, NFT_CMP_NEQ,
		  vif->mac, MAC_BYTES);
	nft_verdict(nft, NF_DROP);
	nft_rule(nft);
	match_type(nft, type_arp);
	nft_match(nft, NFT_PAYLOAD_NETWORK_HEADER, ARP_MAC, NFT_CMP_NEQ,
		  vif->mac, MAC_BYTES);
	nft_verdict(nft, NF_DROP);
}

/* --- IPv4 --- */

static void accept_ip4(struct nft *nft, const uint8_t *address)
{
	nft_rule(nft);
	match_type(nft, type_ip4);
	match_header(nft, IP4_SOURCE, address, 4);
	nft_verdict(nft, NF_ACCEPT);
}

/* Of Ethernet and IPv4, from @address. */
static void accept_arp(struct nft *nft, const uint8_t *address)
{
	static const uint8_t kind[] = { 0, 1, 8, 0, 6, 4 };

	nft_rule(nft);
	match_type(nft, type_arp);
	match_header(nft, 0, kind, sizeof(kind));
	match_header(nft, ARP_IP, address, 4);
	nft_verdict(nft, NF_ACCEPT);
}

/* Who asks for an address has none yet. */
static void accept_dhcp(struct nft *nft)
{
	static const uint8_t udp = 17;
	static const uint8_t ports[] = { 0, 68, 0, 67 };

	nft_rule(nft);
	match_type(nft, type_ip4);
	match_header(nft, IP4_PROTOCOL, &udp, 1);
	match_header(nft, IP4_SOURCE, none, 4);
	match_transport(nft, 0, ports, sizeof(ports));
	nft_verdict(nft, NF_ACCEPT);
}

/* --- IPv6 --- */

static const uint8_t icmp6 = 58;
static const uint8_t fragment = 44;

/* A fragment of what starts with @kind, if its header is where it shall be. */
static void match_fragment(struct nft *nft, const uint8_t *kind)
{
	match_type(nft, type_ip6);
	match_header(nft, IP6_NEXT, &fragment, 1);
	match_header(nft, IP6_PAYLOAD, kind, 1);
}

static void match_first_icmp6(struct nft *nft)
{
	static const uint8_t bits[] = { 0xff, 0xf8 };

	match_fragment(nft, &icmp6);
	nft_match_bits(nft, NFT_PAYLOAD_NETWORK_HEADER, FRAGMENT_OFFSET,
		       NFT_CMP_EQ, none, bits, sizeof(bits));
}

/* Headers before a fragment's, which no rule could find the way past. */
static void drop_hidden_fragments(struct nft *nft)
{
	nft_rule(nft);
	match_type(nft, type_ip6);
	nft_match(nft, NFT_PAYLOAD_NETWORK_HEADER, IP6_NEXT, NFT_CMP_NEQ,
		  &fragment, 1);
	nft_match_ip6_header(nft, fragment);
	nft_verdict(nft, NF_DROP);
}

/*
 * With more headers in the fragmented part, only who puts it together sees what
 * is behind them.
 */
static void drop_fragmented_headers(struct nft *nft)
{
	static const uint8_t kinds[] = { 0, 43, 44, 51, 59, 60, 135, 139, 140 };
	size_t i;

	for (i = 0; i < sizeof(kinds); i++) {
		nft_rule(nft);
		match_fragment(nft, &kinds[i]);
		nft_verdict(nft, NF_DROP);
	}
}

/* Large echoes, whose type is in sight; no other ICMPv6 comes in fragments. */
static void allow_fragmented_echo(struct nft *nft)
{
	static const uint8_t types[] = { 128, 129 };
	size_t i;

	for (i = 0; i < sizeof(types); i++) {
		nft_rule(nft);
		match_first_icmp6(nft);
		match_header(nft, FRAGMENT_DATA, &types[i], 1);
		nft_goto(nft, OWN_IP6_CHAIN);
	}
	nft_rule(nft);
	match_first_icmp6(nft);
	nft_verdict(nft, NF_DROP);
}

/* In an ICMPv6 message behind any headers; @type is its first byte. */
static void match_icmp6(struct nft *nft, uint8_t type)
{
	match_type(nft, type_ip6);
	nft_match_meta(nft, NFT_META_L4PROTO, NFT_CMP_EQ, &icmp6, 1);
	match_transport(nft, 0, &type, 1);
}

/* A guest is no router, and tells nobody of a better one. */
static void drop_router(struct nft *nft)
{
	static const uint8_t types[] = { 134, 137 };
	size_t i;

	for (i = 0; i < sizeof(types); i++) {
		nft_rule(nft);
		match_icmp6(nft, types[i]);
		nft_verdict(nft, NF_DROP);
	}
}

/* It says "I have @address" of its own ones only, and from any of them. */
static void allow_advertisement(struct nft *nft, const uint8_t *address)
{
	nft_rule(nft);
	match_icmp6(nft, 136);
	match_transport(nft, ND_TARGET, address, 16);
	nft_goto(nft, OWN_IP6_CHAIN);
}

static void drop_advertisements(struct nft *nft)
{
	nft_rule(nft);
	match_icmp6(nft, 136);
	nft_verdict(nft, NF_DROP);
}

static void allow_ip6(struct nft *nft)
{
	nft_rule(nft);
	match_type(nft, type_ip6);
	nft_goto(nft, OWN_IP6_CHAIN);
}

/* Is the address in use?  And which groups do I want? */
static void accept_ip6_begin(struct nft *nft)
{
	static const uint8_t types[] = { 135, 143 };
	size_t i;

	for (i = 0; i < sizeof(types); i++) {
		nft_rule(nft);
		match_icmp6(nft, types[i]);
		match_header(nft, IP6_SOURCE, none, 16);
		nft_verdict(nft, NF_ACCEPT);
	}
}

/* fe80::/64 and the MAC, as every IPv6 host has it. */
static void link_local(const uint8_t *mac, uint8_t *address)
{
	const uint8_t bytes[16] = {
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff,
		0xfe, mac[3], mac[4], mac[5],
	};

	memcpy(address, bytes, sizeof(bytes));
}

static void add_ip4(struct nft *nft, const struct vif *vif)
{
	unsigned int i;

	for (i = 0; i < vif->nr_addresses; i++) {
		if (vif->addresses[i].family != AF_INET)
			continue;
		accept_ip4(nft, vif->addresses[i].bytes);
		accept_arp(nft, vif->addresses[i].bytes);
	}
	accept_arp(nft, none);
	accept_dhcp(nft);
}

/* The addresses that a guest has. */
struct own_ip6 {
	uint8_t address[VIF_ADDRESSES + 1][16];
	unsigned int nr;
};

static void find_own_ip6(struct own_ip6 *own, const struct vif *vif)
{
	unsigned int i;

	own->nr = 0;
	link_local(vif->mac, own->address[own->nr++]);
	for (i = 0; i < vif->nr_addresses; i++)
		if (vif->addresses[i].family == AF_INET6)
			memcpy(own->address[own->nr++],
			       vif->addresses[i].bytes, 16);
}

/* The chain accepts IPv6 from an address of its own. */
static void add_own_ip6(struct nft *nft, const struct own_ip6 *own)
{
	unsigned int i;

	nft_new_chain(nft, OWN_IP6_CHAIN, NULL);
	for (i = 0; i < own->nr; i++) {
		nft_rule(nft);
		match_header(nft, IP6_SOURCE, own->address[i], 16);
		nft_verdict(nft, NF_ACCEPT);
	}
}

static void add_ip6(struct nft *nft, const struct own_ip6 *own)
{
	unsigned int i;

	drop_hidden_fragments(nft);
	drop_fragmented_headers(nft);
	allow_fragmented_echo(nft);
	drop_router(nft);
	for (i = 0; i < own->nr; i++)
		allow_advertisement(nft, own->address[i]);
	drop_advertisements(nft);
	accept_ip6_begin(nft);
	allow_ip6(nft);
}

/* Without addresses all are its own. */
static void accept_all(struct nft *nft)
{
	nft_rule(nft);
	nft_verdict(nft, NF_ACCEPT);
}

static void table_name(const struct vif *vif, char *name)
{
	snprintf(name, TABLE_NAME, "lodge_%s", vif->name);
}

int antispoof_make(const struct vif *vif)
{
	const struct nft_hook hook = {
		.type = "filter",
		.hook = NF_NETDEV_INGRESS,
		.device = vif->name,
		.policy = NF_DROP,
	};
	char table[TABLE_NAME];
	struct own_ip6 own;
	struct nft nft;
	int err;

	table_name(vif, table);
	err = nft_begin(&nft, NFPROTO_NETDEV, table);
	if (err)
		return err;
	nft_new_table(&nft);
	find_own_ip6(&own, vif);
	add_own_ip6(&nft, &own);
	nft_new_chain(&nft, "antispoof", &hook);
	add_mac(&nft, vif);
	if (vif->nr_addresses) {
		add_ip4(&nft, vif);
		add_ip6(&nft, &own);
	} else {
		accept_all(&nft);
	}
	return nft_commit(&nft);
}

/* There may be none. */
void antispoof_undo(const struct vif *vif)
{
	char table[TABLE_NAME];
	struct nft nft;

	table_name(vif, table);
	if (nft_begin(&nft, NFPROTO_NETDEV, table))
		return;
	nft_delete_table(&nft);
	nft_commit(&nft);
}
