// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network interfaces on this very host, in a network namespace of their own:
 * taps on a bridge, what protects against false addresses, NAT and routes.  The
 * test is the guests: it writes and reads the packets at the taps.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "net/link.h"
#include "net/nat.h"
#include "net/tap.h"
#include "net/vif.h"
#include "verdict.h"

#define HEADER		10	/* before each packet at a tap */
#define QUIET_MS	30	/* what was let through is there long before */
#define ARP_MS		3000	/* answers for others come late */
#define QUESTIONS	5
#define DHCP_MS		3000
#define HOLD_MS		2000
#define SIGNAL_MS	300
#define HELD_MS		60000

/* Also what vif.c logs, here. */
void log_event(const char *format, ...)
{
	(void)format;
}

/* In the folder that is given. */
static char base[96];

const char *run_base(void)
{
	return base;
}

/* --- packets --- */

static const uint8_t mac_a[6] = { 0x00, 0x16, 0x3e, 0x11, 0x22, 0x33 };
static const uint8_t mac_b[6] = { 0x00, 0x16, 0x3e, 0x44, 0x55, 0x66 };
static const uint8_t broadcast[6] = { 255, 255, 255, 255, 255, 255 };

static uint8_t frame[HEADER + 512];
static size_t frame_bytes;

static uint8_t *begin(const uint8_t *to, const uint8_t *from, uint16_t type)
{
	uint8_t *p = frame + HEADER;

	memset(frame, 0, sizeof(frame));
	memcpy(p, to, 6);
	memcpy(p + 6, from, 6);
	p[12] = type >> 8;
	p[13] = type & 255;
	frame_bytes = HEADER + 14 + 60;
	return p + 14;
}

static uint16_t sum(const uint8_t *bytes, unsigned int n)
{
	uint32_t total = 0;

	for (; n; n -= 2, bytes += 2)
		total += bytes[0] << 8 | bytes[1];
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return ~total;
}

static uint8_t *fill_ip4(uint8_t *ip, const char *from, const char *to)
{
	uint16_t checksum;

	ip[0] = 0x45;
	ip[3] = 60;
	ip[8] = 64;
	ip[9] = 17;
	inet_pton(AF_INET, from, ip + 12);
	inet_pton(AF_INET, to, ip + 16);
	checksum = sum(ip, 20);
	ip[10] = checksum >> 8;
	ip[11] = checksum & 255;
	ip[25] = 40;
	return ip + 20;
}

static void ip4(const uint8_t *mac, const char *from)
{
	fill_ip4(begin(broadcast, mac, 0x0800), from, "10.9.0.3");
}

static void arp(const uint8_t *mac, const uint8_t *said, const char *from,
		const char *target)
{
	static const uint8_t kind[] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	uint8_t *p = begin(broadcast, mac, 0x0806);

	memcpy(p, kind, sizeof(kind));
	memcpy(p + 8, said, 6);
	inet_pton(AF_INET, from, p + 14);
	inet_pton(AF_INET, target, p + 24);
}

/* ICMPv6 of @type about @target, behind a header of options if @hidden. */
static void ip6(const char *from, uint8_t type, const char *target,
		bool hidden)
{
	uint8_t *p = begin(broadcast, mac_a, 0x86dd);

	p[0] = 0x60;
	p[5] = 60;
	p[6] = hidden ? 0 : 58;
	p[7] = 255;
	inet_pton(AF_INET6, from, p + 8);
	inet_pton(AF_INET6, "ff02::1", p + 24);
	p += 40;
	if (hidden) {
		p[0] = 58;
		p[2] = 1;
		p[3] = 4;
		p += 8;
	}
	p[0] = type;
	inet_pton(AF_INET6, target, p + 8);
	frame_bytes = HEADER + 14 + 100;
}

/*
 * A fragment at @offset, whose rest starts with @kind; with @before, behind
 * options.  It has ICMPv6 of @type behind as many headers as @kind asks for.
 */
static void fragment6(bool before, uint8_t kind, uint16_t offset, uint8_t type)
{
	uint8_t *p = begin(broadcast, mac_a, 0x86dd), *start = p + 40;

	p[0] = 0x60;
	p[6] = before ? 60 : 44;
	p[7] = 255;
	inet_pton(AF_INET6, "2001:db8::2", p + 8);
	inet_pton(AF_INET6, "ff02::1", p + 24);
	p = start;
	if (before) {
		p[0] = 44;
		p[2] = 1;
		p[3] = 4;
		p += 8;
	}
	p[0] = kind;
	p[2] = offset >> 8;
	p[3] = (offset & 255) | !offset;
	p[7] = 77;
	p += 8;
	if (kind == 60 && !offset) {
		p[0] = 58;
		p[2] = 1;
		p[3] = 4;
		p += 8;
	}
	p[0] = type;
	p += 24;
	start[-35] = p - start;
	frame_bytes = p - frame;
}

/* --- taps --- */

/* Until one comes whose bytes at @at are these; what the host says is skipped. */
static bool await(int fd, int ms, size_t at, const void *bytes, size_t n,
		  uint8_t *out)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t got[2048];
	ssize_t size;

	while (poll(&p, 1, ms) > 0) {
		size = read(fd, got, sizeof(got));
		if (size < (ssize_t)(HEADER + at + n) ||
		    memcmp(got + HEADER + at, bytes, n))
			continue;
		if (out)
			memcpy(out, got + HEADER, 256);
		return true;
	}
	return false;
}

static bool passes(int from, int to)
{
	must(write(from, frame, frame_bytes) == (ssize_t)frame_bytes,
	     "the tap takes no packet");
	return await(to, QUIET_MS, 0, frame + HEADER, frame_bytes - HEADER,
		     NULL);
}

static void make(struct vif *vif, int *fds)
{
	struct failure failure = { .text = "" };

	if (vif_make(vif, fds, 1, &failure)) {
		printf("# %s\n", failure.text);
		must(false, "no interface");
		fds[0] = -1;
	}
}

static void expect_failure(const struct vif *vif, const char *text,
			   const char *hint)
{
	struct failure failure = { .text = "" };
	int fd = -1;

	must(vif_make(vif, &fd, 1, &failure), "made");
	if (!strstr(failure.text, text) || !strstr(failure.hint, hint)) {
		printf("# %s / %s\n", failure.text, failure.hint);
		must(false, text);
	}
}

static struct vif interface(const char *name, enum vif_mode mode,
			    const uint8_t *mac)
{
	struct vif vif = { .mode = mode, .owned_name = true };

	strcpy(vif.name, name);
	strcpy(vif.bridge, mode == VIF_BRIDGE ? "br0" : "");
	snprintf(vif.alias, sizeof(vif.alias), "lodge: test %s", name);
	memcpy(vif.mac, mac, 6);
	return vif;
}

static void add_address(struct vif *vif, int family, const char *text)
{
	struct ip_address *address = &vif->addresses[vif->nr_addresses++];

	address->family = family;
	inet_pton(family, text, address->bytes);
}

static bool is_there(const char *name)
{
	struct net_link link;

	return !link_get(name, &link);
}

/* Whether nft lists a table of that name. */
static bool has_table(const char *name)
{
	char line[128];
	bool found = false;
	FILE *tables = popen("nft list tables", "r");

	while (tables && fgets(line, sizeof(line), tables))
		found |= !!strstr(line, name);
	return tables && !pclose(tables) && found;
}

/* --- tests --- */

static void refusals(void)
{
	struct vif vif = interface("vif1.0", VIF_BRIDGE, mac_a);

	expect_failure(&vif, "there is no bridge br0", "ip link add br0");
	vif.bridge[0] = '\0';
	expect_failure(&vif, "no bridge xenbr0 or lodgebr0", "mode=nat");
	strcpy(vif.bridge, "lo");
	expect_failure(&vif, "lo is no bridge", "");
	link_make_bridge("br0", "test");
	vif = interface("lo", VIF_BRIDGE, mac_a);
	vif.owned_name = false;
	expect_failure(&vif, "there is a network device lo already", "vifname");
	must(is_there("lo"), "removed what is not ours");
	/* Somebody's, with a name as ours. */
	vif = interface("vif1.0", VIF_BRIDGE, mac_a);
	link_make_bridge("vif1.0", "VPN");
	expect_failure(&vif, "there is a network device vif1.0 already",
		       "ip link delete vif1.0");
	vif_undo(&vif);
	must(is_there("vif1.0"), "removed a device of that name");
	link_delete("vif1.0");
	must(!is_there("vif1.0"), "left a tap behind");
	check("host_refusals");
}

/* --- who holds locks --- */

static const char *lock_file(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s-nat.lock", base);
	return path;
}

/* As any member of the group can: for a while. */
static void hold_folder(int ready)
{
	int fd = open(base, O_RDONLY | O_DIRECTORY);

	if (fd < 0 || flock(fd, LOCK_EX) || write(ready, "", 1) != 1)
		_exit(1);
	poll(NULL, 0, HOLD_MS);
	_exit(0);
}

/* As a stopped process of lodge; who waits is told that its time is up. */
static void hold_lock(int ready)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(lock_file(), O_RDWR);

	if (fd < 0 || fcntl(fd, F_SETLK, &lock) || write(ready, "", 1) != 1)
		_exit(1);
	poll(NULL, 0, SIGNAL_MS);
	kill(getppid(), SIGALRM);
	poll(NULL, 0, HELD_MS);
	_exit(0);
}

static pid_t start_holder(void (*hold)(int ready))
{
	int ready[2];
	pid_t pid;
	char byte;

	must(!pipe2(ready, O_CLOEXEC), "no pipe");
	pid = fork();
	if (!pid)
		hold(ready[1]);
	close(ready[1]);
	must(pid > 0 && read(ready[0], &byte, 1) == 1, "nobody holds it");
	close(ready[0]);
	return pid;
}

static bool has_ended(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid;
}

static void end_holder(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void locks(void)
{
	struct vif a = interface("vif1.0", VIF_BRIDGE, mac_a);
	pid_t pid = start_holder(hold_folder);
	char text[32];
	int fd;

	make(&a, &fd);
	must(!has_ended(pid), "who holds the folder stops us");
	end_holder(pid);
	close(fd);

	signal(SIGALRM, SIG_IGN);
	pid = start_holder(hold_lock);
	snprintf(text, sizeof(text), "process %d has been", (int)pid);
	expect_failure(&a, text, "");
	end_holder(pid);
	signal(SIGALRM, SIG_DFL);

	must(!chown(lock_file(), 65534, 65534), "another's lock");
	expect_failure(&a, "can be opened by others", lock_file());
	must(!chown(lock_file(), 0, 0) && !chmod(lock_file(), 0640),
	     "a lock for a group");
	expect_failure(&a, "can be opened by others", lock_file());
	unlink(lock_file());
	vif_undo(&a);
	must(!is_there("vif1.0"), "it is left");
	check("locks");
}

static void bridged(int a, int b)
{
	ip4(mac_a, "10.9.0.2");
	must(passes(a, b), "its own IPv4");
	arp(mac_a, mac_a, "10.9.0.2", "10.9.0.3");
	must(passes(a, b), "its own ARP");
	arp(mac_a, mac_a, "0.0.0.0", "10.9.0.2");
	must(passes(a, b), "an ARP probe");
	ip4(mac_a, "0.0.0.0");
	frame[HEADER + 35] = 68;
	frame[HEADER + 37] = 67;
	must(passes(a, b), "DHCP");
	ip6("fe80::216:3eff:fe11:2233", 136, "fe80::216:3eff:fe11:2233", false);
	must(passes(a, b), "an advertisement of its own");
	ip6("2001:db8::2", 136, "fe80::216:3eff:fe11:2233", true);
	must(passes(a, b), "the same from another address of its own");
	ip6("2001:db8::2", 128, "::", false);
	must(passes(a, b), "its own IPv6");
	ip6("::", 135, "2001:db8::2", false);
	must(passes(a, b), "is the address in use");
	check("antispoof_lets_through");
}

static void spoofed(int a, int b)
{
	uint8_t *p;

	ip4(mac_b, "10.9.0.2");
	must(!passes(a, b), "another MAC");
	ip4(mac_a, "10.9.0.4");
	must(!passes(a, b), "another IPv4 address");
	ip4(mac_a, "0.0.0.0");
	must(!passes(a, b), "no address");
	arp(mac_a, mac_b, "10.9.0.2", "10.9.0.3");
	must(!passes(a, b), "ARP with another MAC");
	arp(mac_a, mac_a, "10.9.0.1", "10.9.0.3");
	must(!passes(a, b), "ARP with another address");
	arp(mac_a, mac_a, "10.9.0.2", "10.9.0.3");
	frame[HEADER + 14 + 4] = 8;
	must(!passes(a, b), "ARP of another kind");
	ip6("2001:db8::3", 128, "::", false);
	must(!passes(a, b), "another IPv6 address");
	ip6("fe80::216:3eff:fe44:5566", 128, "::", false);
	must(!passes(a, b), "another's link-local address");
	ip6("2001:db8::2", 136, "2001:db8::3", false);
	must(!passes(a, b), "an advertisement of another's address");
	ip6("2001:db8::2", 136, "2001:db8::3", true);
	must(!passes(a, b), "the same behind options");
	ip6("fe80::216:3eff:fe11:2233", 134, "::", false);
	must(!passes(a, b), "it says that it is a router");
	ip6("fe80::216:3eff:fe11:2233", 134, "::", true);
	must(!passes(a, b), "the same behind options");
	ip6("::", 128, "::", false);
	must(!passes(a, b), "IPv6 without an address");
	check("antispoof_holds_back");

	fragment6(false, 58, 0, 134);
	must(!passes(a, b), "a router's first fragment");
	fragment6(false, 58, 0, 135);
	must(!passes(a, b), "a neighbour's first fragment");
	fragment6(false, 60, 0, 134);
	must(!passes(a, b), "a first fragment with options");
	frame_bytes -= 24;
	frame[HEADER + 14 + 5] -= 24;
	must(!passes(a, b), "a first fragment with options only");
	fragment6(false, 60, 8, 134);
	must(!passes(a, b), "a second fragment of options");
	fragment6(false, 44, 0, 134);
	must(!passes(a, b), "a fragment of a fragment");
	fragment6(true, 58, 0, 128);
	must(!passes(a, b), "options before a fragment");
	fragment6(true, 60, 8, 134);
	must(!passes(a, b), "options before a second fragment");
	fragment6(false, 58, 0, 128);
	frame_bytes -= 24;
	frame[HEADER + 14 + 5] -= 24;
	must(!passes(a, b), "a first fragment with nothing");
	fragment6(false, 58, 0, 128);
	inet_pton(AF_INET6, "2001:db8::3", frame + HEADER + 14 + 8);
	must(!passes(a, b), "a fragment from another address");
	fragment6(false, 58, 0, 128);
	must(passes(a, b), "a first fragment of an echo");
	fragment6(false, 58, 24, 134);
	must(passes(a, b), "its second fragment");
	fragment6(false, 17, 0, 134);
	must(passes(a, b), "a first fragment of UDP");
	fragment6(false, 17, 24, 134);
	must(passes(a, b), "its second fragment");
	check("antispoof_fragments");

	p = begin(broadcast, mac_a, 0x8100);
	p[2] = 8;
	fill_ip4(p + 4, "10.9.0.4", "10.9.0.3");
	must(!passes(a, b), "another address in a VLAN");
	p = begin(broadcast, mac_a, 0x8100);
	p[2] = 8;
	fill_ip4(p + 4, "10.9.0.2", "10.9.0.3");
	must(!passes(a, b), "its own address in a VLAN");
	begin(broadcast, mac_a, 0x88cc);
	must(!passes(a, b), "another kind of packet");
	check("antispoof_other_kinds");
}

static void bridge_mode(void)
{
	struct vif a = interface("vif1.0", VIF_BRIDGE, mac_a);
	struct vif b = interface("vif2.0", VIF_BRIDGE, mac_b);
	struct net_link bridge, link;
	unsigned int index;
	int fd_a, fd_b;

	link_get("br0", &bridge);
	link_set(bridge.index, &(struct link_settings){
			.up = true, .no_ip6_address = true });
	a.antispoof = true;
	add_address(&a, AF_INET, "10.9.0.2");
	add_address(&a, AF_INET6, "2001:db8::2");
	b.mtu = 1400;
	make(&a, &fd_a);
	make(&b, &fd_b);
	link_get("vif2.0", &link);
	must(link.mtu == 1400 && link.master == bridge.index, "a tap beside it");
	must(has_table("lodge_vif1.0"), "no table");
	check("bridge_mode");
	bridged(fd_a, fd_b);
	spoofed(fd_a, fd_b);

	ip4(mac_b, "10.9.0.7");
	must(passes(fd_b, fd_a), "without protection it sends what it likes");
	close(fd_b);
	b.antispoof = true;
	vif_undo(&b);
	must(!is_there("vif2.0"), "it is still there");
	make(&b, &fd_b);
	ip4(mac_b, "10.9.0.7");
	must(passes(fd_b, fd_a), "any address, when none are given");
	ip4(mac_a, "10.9.0.7");
	must(!passes(fd_b, fd_a), "another MAC");
	arp(mac_b, mac_a, "10.9.0.7", "10.9.0.3");
	must(!passes(fd_b, fd_a), "ARP with another MAC");
	check("antispoof_mac_only");

	link_get("vif1.0", &link);
	index = link.index;
	close(fd_a);
	must(is_there("vif1.0"), "it goes with its files");
	make(&a, &fd_a);
	link_get("vif1.0", &link);
	must(link.index == index, "it was made anew");
	ip4(mac_a, "10.9.0.4");
	must(!passes(fd_a, fd_b), "it has lost its protection");
	close(fd_a);
	strcpy(a.alias, "lodge: another domain");
	make(&a, &fd_a);
	link_get("vif1.0", &link);
	must(link.index != index, "another domain's was taken");
	close(fd_a);
	close(fd_b);
	vif_undo(&a);
	vif_undo(&b);
	must(!is_there("vif1.0") && !is_there("vif2.0"), "taps are left");
	must(!has_table("lodge_vif"), "tables are left");
	check("death_and_undo");
}

/* All that an interface may have, of one kind. */
static void many(int family, const char *format)
{
	struct vif a = interface("vif1.0", VIF_BRIDGE, mac_a);
	struct vif b = interface("vif2.0", VIF_BRIDGE, mac_b);
	char first[32], last[32], beyond[32], text[32];
	int fd_a, fd_b, i;

	snprintf(first, sizeof(first), format, 1);
	snprintf(last, sizeof(last), format, VIF_ADDRESSES);
	snprintf(beyond, sizeof(beyond), format, VIF_ADDRESSES + 1);
	a.antispoof = true;
	for (i = 1; i <= VIF_ADDRESSES; i++) {
		snprintf(text, sizeof(text), format, i);
		add_address(&a, family, text);
	}
	make(&a, &fd_a);
	make(&b, &fd_b);
	if (family == AF_INET) {
		ip4(mac_a, last);
		must(passes(fd_a, fd_b), "the last address");
		arp(mac_a, mac_a, last, "10.9.0.3");
		must(passes(fd_a, fd_b), "ARP of the last address");
		ip4(mac_a, beyond);
		must(!passes(fd_a, fd_b), "another IPv4 address");
	} else {
		ip6(last, 136, first, false);
		must(passes(fd_a, fd_b), "the first one, from the last one");
		ip6(first, 136, last, false);
		must(passes(fd_a, fd_b), "the last one, from the first one");
		ip6(last, 128, "::", false);
		must(passes(fd_a, fd_b), "the last address");
		ip6(beyond, 136, last, false);
		must(!passes(fd_a, fd_b), "from another address");
		ip6(last, 136, beyond, false);
		must(!passes(fd_a, fd_b), "another address");
		ip6(beyond, 128, "::", false);
		must(!passes(fd_a, fd_b), "another IPv6 address");
	}
	close(fd_a);
	close(fd_b);
	vif_undo(&a);
	vif_undo(&b);
}

static void many_addresses(void)
{
	many(AF_INET, "10.9.1.%d");
	many(AF_INET6, "2001:db8::1:%d");
	check("antispoof_many_addresses");
}

static void queues(void)
{
	struct vif a = interface("vif1.0", VIF_BRIDGE, mac_a);
	struct vif b = interface("vif2.0", VIF_BRIDGE, mac_b);
	struct failure failure;
	int fds[VIF_QUEUES], fd_b, i, got = 0;

	must(!vif_make(&a, fds, VIF_QUEUES, &failure), "four queues");
	make(&b, &fd_b);
	for (i = 1; i < VIF_QUEUES; i++)
		must(!tap_use_queue(fds[i], false), "leave a queue");
	must(!tap_use_queue(fds[1], false), "leave it again");
	must(!tap_set_offloads(fds[0], 7), "offloads");
	for (i = 0; i < 16; i++) {
		ip4(mac_b, "10.9.0.3");
		frame[HEADER + 35] = i;
		got += passes(fd_b, fds[0]);
	}
	must(got == 16, "packets went to a queue that is not used");
	must(!tap_use_queue(fds[1], true) && !tap_use_queue(fds[1], true),
	     "use it again");
	for (i = 0; i < VIF_QUEUES; i++)
		close(fds[i]);
	close(fd_b);
	vif_undo(&a);
	vif_undo(&b);
	check("queues");
}

/* What was the interface's besides the tap is still there, and no hindrance. */
static void removed(void)
{
	struct vif a = interface("vif1.0", VIF_BRIDGE, mac_a);
	struct vif b = interface("vif2.0", VIF_BRIDGE, mac_b);
	struct pollfd p = { .events = 0 };
	struct failure failure;
	int old[VIF_QUEUES], fds[VIF_QUEUES], fd_b, i;

	a.antispoof = true;
	must(!vif_make(&a, old, VIF_QUEUES, &failure), "an interface");
	make(&b, &fd_b);
	for (i = 1; i < VIF_QUEUES; i++)
		must(!tap_use_queue(old[i], false), "leave a queue");
	must(!tap_is_gone(old[0]), "the tap is gone");
	must(!link_delete("vif1.0"), "remove the tap");
	must(tap_is_gone(old[0]) && !tap_is_gone(fd_b), "the wrong tap");
	p.fd = old[0];
	must(poll(&p, 1, 0) == 1 && p.revents == POLLERR, "no error told");
	must(!vif_make(&a, fds, VIF_QUEUES, &failure), "make it anew");
	for (i = 1; i < VIF_QUEUES; i++)
		must(!tap_use_queue(fds[i], false), "leave a queue");
	ip4(mac_b, "10.9.0.3");
	must(passes(fd_b, fds[0]), "no packet through the new tap");
	for (i = 0; i < VIF_QUEUES; i++) {
		close(old[i]);
		close(fds[i]);
	}
	close(fd_b);
	vif_undo(&a);
	vif_undo(&b);
	check("removed");
}

/*
 * ARP's question, until it is answered to @address.  A host that answers for
 * others does so after a while, and Linux forgets what it has not answered yet
 * when a network namespace ends somewhere: so it is asked again, as guests do.
 */
static bool ask(int fd, const void *address, uint8_t *answer)
{
	int i;

	for (i = 0; i < QUESTIONS; i++) {
		must(write(fd, frame, frame_bytes) > 0, "no question");
		if (await(fd, ARP_MS, 14 + 24, address, 4, answer))
			return true;
	}
	return false;
}

/* Answer the host's question for the MAC of @address. */
static void answer_arp(int fd, const uint8_t *mac, const char *address,
		       int ms)
{
	static const uint8_t arp_type[] = { 8, 6 };
	uint8_t question[256];

	if (!await(fd, ms, 12, arp_type, 2, question))
		return must(false, "the host asks for nobody");
	arp(mac, mac, address, "0.0.0.0");
	frame[HEADER + 14 + 7] = 2;
	memcpy(frame + HEADER, question + 6, 6);
	memcpy(frame + HEADER + 14 + 18, question + 14 + 8, 10);
	must(write(fd, frame, frame_bytes) > 0, "no answer");
}

/* A router's advertisement: the default route, and a network of one's own. */
static void send_router(int fd)
{
	static const uint8_t multicast[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const uint8_t prefix[] = {
		3, 4, 64, 0xc0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
		0x20, 0x01, 0x0d, 0xb8, 0x0b, 0xad,
	};
	uint8_t *ip = begin(multicast, mac_a, 0x86dd), *p = ip + 40;
	uint8_t pseudo[40 + 48] = { 0 };
	uint16_t checksum;

	ip[0] = 0x60;
	ip[5] = 48;
	ip[6] = 58;
	ip[7] = 255;
	inet_pton(AF_INET6, "fe80::216:3eff:fe11:2233", ip + 8);
	inet_pton(AF_INET6, "ff02::1", ip + 24);
	p[0] = 134;
	p[4] = 64;
	p[6] = 7;
	memcpy(p + 16, prefix, sizeof(prefix));
	memcpy(pseudo, ip + 8, 32);
	pseudo[35] = 48;
	pseudo[39] = 58;
	memcpy(pseudo + 40, p, 48);
	checksum = sum(pseudo, sizeof(pseudo));
	p[2] = checksum >> 8;
	p[3] = checksum & 255;
	frame_bytes = HEADER + 14 + 40 + 48;
	must(write(fd, frame, frame_bytes) == (ssize_t)frame_bytes,
	     "no advertisement");
}

/* Whether the host has a route or an address that send_router() spoke of. */
static bool has_router(void)
{
	FILE *routes = fopen("/proc/net/ipv6_route", "re");
	char line[256];
	bool found = false;

	while (routes && fgets(line, sizeof(line), routes))
		found |= !!strstr(line, "20010db80bad") ||
			 !!strstr(line, "fe8000000000000002163efffe112233");
	if (routes)
		fclose(routes);
	return found;
}

/* The host believes nothing that a guest says about routes. */
static void check_router(int fd, const char *name)
{
	int i;

	/* A device that has just come up does not listen yet. */
	for (i = 0; i < QUESTIONS && !has_router(); i++) {
		send_router(fd);
		await(fd, QUIET_MS * 10, 0, "none", 4, NULL);
	}
	must(!has_router(), "a guest has changed the host's routes");
	must(link_read_setting("ipv6", name, "accept_redirects") == 0 &&
	     link_read_setting("ipv4", name, "accept_redirects") == 0,
	     "it may redirect the host");
}

/* To 192.0.2.2 over the host @mac; @sent: with this last byte. */
static void send_world(int fd, const uint8_t *mac, const char *from,
		       uint8_t sent)
{
	fill_ip4(begin(mac, mac_a, 0x0800), from, "192.0.2.2");
	frame[HEADER + 35] = 7;
	frame[HEADER + 37] = 7;
	frame[HEADER + 14 + 59] = sent;
	must(write(fd, frame, frame_bytes) > 0, "no packet");
}

/* Each with an address that is not of the NAT's network. */
static void check_sources(int fd, int fd_out, const uint8_t *gateway_mac)
{
	static const char * const false_ones[] = {
		"10.78.0.5", "198.51.100.7", "192.0.2.2",
	};
	static const uint8_t ip4_type[] = { 8, 0 };
	size_t i;

	/* What the host does by itself may be turned off. */
	link_write_setting("ipv4", "all", "rp_filter", "0");
	link_write_setting("ipv4", NAT_BRIDGE, "rp_filter", "0");
	for (i = 0; i < sizeof(false_ones) / sizeof(*false_ones); i++) {
		send_world(fd, gateway_mac, false_ones[i], i);
		if (await(fd_out, QUIET_MS, 12, ip4_type, 2, NULL))
			must(false, false_ones[i]);
	}
}

static void nat_mode(void)
{
	struct vif a = interface("vif1.0", VIF_NAT, mac_a);
	struct vif b = interface("vif2.0", VIF_NAT, mac_b);
	struct vif out = interface("vif3.0", VIF_ROUTED, mac_b);
	static const uint8_t ip4_type[] = { 8, 0 };
	uint8_t got[256], host[4], gateway_mac[6];
	int fd_a, fd_b, fd_out;
	struct net_link link;

	link_get("lo", &link);
	link_set(link.index, &(struct link_settings){ .up = true });
	/* Somebody has 10.76.0.0/24: the next one is taken. */
	add_address(&out, AF_INET, "10.76.0.9");
	add_address(&out, AF_INET, "192.0.2.2");
	make(&out, &fd_out);
	link_get("vif3.0", &link);
	add_address(&b, AF_INET, "192.0.2.1");
	must(!link_add_address(link.index, &b.addresses[0], 32), "address");
	b.nr_addresses = 0;

	make(&a, &fd_a);
	make(&b, &fd_b);
	must(is_there(NAT_BRIDGE), "no bridge");
	add_address(&a, AF_INET, "10.76.0.5");
	close(fd_a);
	vif_undo(&a);
	expect_failure(&a, "10.76.0.5 is no address", "10.77.0.2 to");
	must(!is_there("vif1.0"), "a tap is left");
	inet_pton(AF_INET, "10.77.0.5", a.addresses[0].bytes);
	make(&a, &fd_a);
	check("nat_made");

	/* Its gateway's MAC, then a packet to the world. */
	arp(mac_a, mac_a, "10.77.0.5", "10.77.0.1");
	must(write(fd_a, frame, frame_bytes) > 0, "no question");
	must(await(fd_a, ARP_MS, 14 + 24, "\x0a\x4d\x00\x05", 4, got),
	     "the gateway does not answer");
	memcpy(gateway_mac, got + 6, 6);
	send_world(fd_a, gateway_mac, "10.77.0.5", 0);
	answer_arp(fd_out, mac_b, "192.0.2.2", ARP_MS);
	inet_pton(AF_INET, "192.0.2.1", host);
	must(await(fd_out, ARP_MS, 12, ip4_type, 2, got), "nothing comes out");
	must(!memcmp(got + 26, host, 4), "it comes out with its own address");
	check("nat_works");
	check_sources(fd_a, fd_out, gateway_mac);
	check("nat_false_addresses");
	check_router(fd_a, NAT_BRIDGE);
	must(link_read_setting("ipv6", NAT_BRIDGE, "disable_ipv6") == 1,
	     "the host has IPv6 there");
	check("nat_routes_of_guests");

	close(fd_a);
	vif_undo(&a);
	must(is_there(NAT_BRIDGE) && has_table("lodge_nat"),
	     "it is gone, and has a user");
	close(fd_b);
	vif_undo(&b);
	must(!is_there(NAT_BRIDGE), "the bridge is left");
	must(!has_table("lodge_nat"), "the table is left");
	close(fd_out);
	vif_undo(&out);
	check("nat_undone");
}

/* What a guest says first; it takes an answer that all hear, also later. */
static void dhcp_discover(const uint8_t *mac, uint8_t number)
{
	static const uint8_t options[] = {
		0x63, 0x82, 0x53, 0x63, 53, 1, 1, 55, 2, 3, 6, 255,
	};
	uint8_t *ip = begin(broadcast, mac, 0x0800), *udp, *dhcp;
	uint16_t checksum;

	udp = fill_ip4(ip, "0.0.0.0", "255.255.255.255");
	dhcp = udp + 8;
	udp[1] = 68;
	udp[3] = 67;
	udp[4] = 308 >> 8;
	udp[5] = 308 & 255;
	ip[2] = 328 >> 8;
	ip[3] = 328 & 255;
	ip[10] = 0;
	ip[11] = 0;
	checksum = sum(ip, 20);
	ip[10] = checksum >> 8;
	ip[11] = checksum & 255;
	dhcp[0] = 1;
	dhcp[1] = 1;
	dhcp[2] = 6;
	dhcp[7] = number;
	dhcp[10] = 0x80;
	memcpy(dhcp + 28, mac, 6);
	memcpy(dhcp + 236, options, sizeof(options));
	frame_bytes = HEADER + 14 + 328;
}

/* The last byte of the address that @mac at the tap @fd is offered, or 0. */
static unsigned int offered(int fd, const uint8_t *mac)
{
	static const uint8_t ports[] = { 0, 67, 0, 68 };
	static uint8_t number;
	uint8_t got[256];
	int i;

	/* What has failed already need not wait. */
	if (wrong)
		return 0;
	dhcp_discover(mac, ++number);
	for (i = 0; i < QUESTIONS; i++) {
		must(write(fd, frame, frame_bytes) > 0, "no question");
		while (await(fd, DHCP_MS, 14 + 20, ports, sizeof(ports), got))
			if (got[14 + 28 + 7] == number)
				return got[14 + 28 + 19];
	}
	return 0;
}

static int start_dhcp(void)
{
	struct failure failure = { .text = "" };
	int pidfd = nat_start_dhcp(&failure);

	if (pidfd < 0) {
		printf("# %s (%d)\n", failure.text, pidfd);
		must(false, "no DHCP server");
	}
	return pidfd;
}

static bool lives(int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return !poll(&p, 1, ms);
}

static void kill_dhcp(int pidfd)
{
	pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	must(!lives(pidfd, HELD_MS), "it does not die");
	close(pidfd);
}

static bool has_folder(void)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s-nat", base);
	return !stat(path, &st);
}

/* Somebody serves names to all already. */
static int take_dns(void)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_port = htons(53),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(!bind(fd, (struct sockaddr *)&any, sizeof(any)), "no port 53");
	return fd;
}

static void addresses(void)
{
	struct vif a = interface("vif1.0", VIF_NAT, mac_a);
	struct vif b = interface("vif2.0", VIF_NAT, mac_b);
	struct failure failure;
	int fd_a, fd_b, first, second, dns, i;
	unsigned int got;

	must(nat_start_dhcp(&failure) == -ENODEV, "without a bridge");
	add_address(&a, AF_INET, "10.76.0.5");
	make(&a, &fd_a);
	make(&b, &fd_b);
	first = start_dhcp();
	second = start_dhcp();
	must(offered(fd_a, mac_a) == 5, "the address of ip= is not offered");
	got = offered(fd_b, mac_b);
	must(got >= 128 && got <= 254, "no address is offered");
	must(lives(first, 0), "there are two");
	close(second);
	check("dhcp_offers");

	kill_dhcp(first);
	first = start_dhcp();
	must(offered(fd_b, mac_b) == got, "another address after its death");
	must(offered(fd_a, mac_a) == 5, "no reservation after its death");
	close(fd_a);
	vif_undo(&a);
	memcpy(b.mac, mac_a, 6);
	/* It is told by a signal, which it may take after a question. */
	for (i = 0; i < QUESTIONS && offered(fd_b, mac_a) == 5; i++)
		;
	must(i < QUESTIONS, "the reservation stays");
	check("dhcp_restarted");

	kill_dhcp(first);
	dns = take_dns();
	first = start_dhcp();
	must(offered(fd_b, mac_b) == got, "nothing, where somebody has DNS");
	close(dns);
	must(lives(first, 0) && has_folder(), "it has ended early");
	close(fd_b);
	vif_undo(&b);
	must(!lives(first, 0), "it outlives the bridge");
	must(!has_folder(), "files are left");
	close(first);
	check("dhcp_undone");
}

/* Files of somebody else are not believed. */
static void foreign_folder(void)
{
	struct vif a = interface("vif1.0", VIF_NAT, mac_a);
	struct failure failure = { .text = "" };
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s-nat", base);
	must(!mkdir(path, 0755) && !chown(path, 65534, 65534), "no folder");
	make(&a, &fd);
	must(nat_start_dhcp(&failure) == -EACCES, "started in another's folder");
	must(strstr(failure.text, path), "which folder");
	close(fd);
	vif_undo(&a);
	must(has_folder(), "removed what is not ours");
	rmdir(path);
	check("dhcp_foreign_folder");
}

static void routed_mode(void)
{
	struct vif a = interface("vif1.0", VIF_ROUTED, mac_a);
	struct vif b = interface("vif2.0", VIF_ROUTED, mac_b);
	static const uint8_t ip4_type[] = { 8, 0 };
	uint8_t got[256], host_mac[6];
	struct failure failure;
	int fd_a, fd_b, fd;

	add_address(&a, AF_INET, "192.0.2.2");
	add_address(&a, AF_INET6, "2001:db8::2");
	add_address(&b, AF_INET, "192.0.2.3");
	a.antispoof = true;
	make(&a, &fd_a);
	make(&b, &fd_b);
	arp(mac_a, mac_a, "192.0.2.2", "192.0.2.3");
	must(ask(fd_a, "\xc0\x00\x02\x02", got),
	     "the host does not answer for others");
	memcpy(host_mac, got + 6, 6);
	must(!memcmp(host_mac, "\xfe\xff\xff\xff\xff\xff", 6), "its MAC");
	fill_ip4(begin(host_mac, mac_a, 0x0800), "192.0.2.2", "192.0.2.3");
	must(write(fd_a, frame, frame_bytes) > 0, "no packet");
	answer_arp(fd_b, mac_b, "192.0.2.3", ARP_MS);
	must(await(fd_b, ARP_MS, 12, ip4_type, 2, got), "nothing arrives");
	must(got[29] == 2, "it arrives from elsewhere");

	/* A third interface with an address of the first one. */
	strcpy(b.name, "vif4.0");
	inet_pton(AF_INET, "192.0.2.2", b.addresses[0].bytes);
	must(vif_make(&b, &fd, 1, &failure), "an address that is another's");
	must(!is_there("vif4.0"), "a tap is left");
	strcpy(b.name, "vif2.0");
	check("routed_mode");
	check_router(fd_b, "vif2.0");
	close(fd_a);
	close(fd_b);
	vif_undo(&a);
	vif_undo(&b);
	must(!is_there("vif1.0"), "it is left");
	check("routed_routes_of_guests");
}

int main(int argc, char **argv)
{
	struct stat tun;

	setvbuf(stdout, NULL, _IOLBF, 0);
	snprintf(base, sizeof(base), "%s/net-XXXXXX",
		 argc > 1 ? argv[1] : "/tmp");
	if (!mkdtemp(base))
		return 1;
	if (stat("/dev/net/tun", &tun) || unshare(CLONE_NEWNET)) {
		printf("skip host_networks: no taps, or not root\n");
		return 0;
	}
	refusals();
	locks();
	bridge_mode();
	many_addresses();
	queues();
	removed();
	nat_mode();
	addresses();
	foreign_folder();
	routed_mode();
	unlink(lock_file());
	rmdir(base);
	return failed;
}
