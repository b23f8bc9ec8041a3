// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ticks of TCP between a guest and its host: what a KiB of a stream costs in
 * each direction, and 64 bytes there and back.  In the host it is a command,
 * which measures; in a guest it is the only program: as process 1 it gives its
 * interface an address, connects to the host, does its part, and powers off.
 *
 * usage: net		(the host has HOST_ADDRESS already)
 */
#include "bench.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST_ADDRESS	"10.66.0.1"
#define GUEST_ADDRESS	"10.66.0.2"
#define NETMASK		"255.255.255.0"
#define PORT		5001
#define PATIENCE	50	/* seconds until the guest must be there */

#define CHUNK		(64u << 10)
#define ROUND_BYTES	(1u << 20)
#define ROUNDS		8	/* counted; one more goes before */
#define PINGS		64	/* of a round */
#define PING_BYTES	64

static unsigned char buffer[CHUNK];

static void read_all(int fd, size_t bytes)
{
	size_t most;
	ssize_t n;

	for (; bytes; bytes -= n) {
		most = bytes < sizeof(buffer) ? bytes : sizeof(buffer);
		n = read(fd, buffer, most);
		if (n <= 0)
			die("read");
	}
}

static void write_all(int fd, size_t bytes)
{
	size_t most;
	ssize_t n;

	for (; bytes; bytes -= n) {
		most = bytes < sizeof(buffer) ? bytes : sizeof(buffer);
		n = write(fd, buffer, most);
		if (n <= 0)
			die("write");
	}
}

/* --- one round of each kind, at both ends --------------------------------- */

static void host_send(int fd)
{
	write_all(fd, ROUND_BYTES);
	/* The guest says that it has all of it. */
	read_all(fd, 1);
}

static void host_receive(int fd)
{
	read_all(fd, ROUND_BYTES);
}

static void host_ping(int fd)
{
	int i;

	for (i = 0; i < PINGS; i++) {
		write_all(fd, PING_BYTES);
		read_all(fd, PING_BYTES);
	}
}

static void guest_send(int fd)
{
	write_all(fd, ROUND_BYTES);
}

static void guest_receive(int fd)
{
	read_all(fd, ROUND_BYTES);
	write_all(fd, 1);
}

static void guest_ping(int fd)
{
	int i;

	for (i = 0; i < PINGS; i++) {
		read_all(fd, PING_BYTES);
		write_all(fd, PING_BYTES);
	}
}

/* In this order, each on a connection of its own. */
static const struct kind {
	const char *name;
	void (*host)(int fd);
	void (*guest)(int fd);
	unsigned int parts;	/* of a round, that the figure is for */
} kinds[] = {
	{ "net_send_kib", host_receive, guest_send, ROUND_BYTES >> 10 },
	{ "net_receive_kib", host_send, guest_receive, ROUND_BYTES >> 10 },
	{ "net_pingpong_64", host_ping, guest_ping, PINGS },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static void set_nodelay(int fd)
{
	int on = 1;

	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		die("TCP_NODELAY");
}

static struct sockaddr_in host_address(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
	};

	inet_pton(AF_INET, HOST_ADDRESS, &address.sin_addr);
	return address;
}

/* --- the host ------------------------------------------------------------- */

static void measure(const struct kind *kind, int fd)
{
	uint64_t total = 0, least = ~0ull, t;
	int i;

	/* The first round brings in what is needed once. */
	kind->host(fd);
	for (i = 0; i < ROUNDS; i++) {
		t = ticks();
		kind->host(fd);
		t = (ticks() - t) / kind->parts;
		total += t;
		least = t < least ? t : least;
	}
	result(kind->name, total / ROUNDS, least);
}

static int serve(void)
{
	struct sockaddr_in address = host_address();
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, fd;
	unsigned int i;

	if (listener < 0 ||
	    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(listener, (void *)&address, sizeof(address)) ||
	    listen(listener, NR_KINDS))
		die(HOST_ADDRESS);
	alarm(PATIENCE);
	for (i = 0; i < NR_KINDS; i++) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			die("accept");
		alarm(0);
		set_nodelay(fd);
		measure(&kinds[i], fd);
		close(fd);
	}
	return 0;
}

/* --- the guest ------------------------------------------------------------ */

static void set_address(int fd, struct ifreq *request, unsigned long what,
			const char *text)
{
	struct sockaddr_in *address = (void *)&request->ifr_addr;

	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	inet_pton(AF_INET, text, &address->sin_addr);
	if (ioctl(fd, what, request))
		die("%s", text);
}

/* The interface may come a little later than its driver. */
static void wait_for_interface(int fd, struct ifreq *request)
{
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		if (!ioctl(fd, SIOCGIFFLAGS, request))
			return;
		usleep(10000);
	}
	die("no interface");
}

static void bring_up(void)
{
	struct ifreq request = { .ifr_name = "eth0" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	wait_for_interface(fd, &request);
	set_address(fd, &request, SIOCSIFADDR, GUEST_ADDRESS);
	set_address(fd, &request, SIOCSIFNETMASK, NETMASK);
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		die("flags");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		die("up");
	close(fd);
}

static int reach_host(void)
{
	struct sockaddr_in address = host_address();
	int fd, tries;

	/* Until the other end's queue is in use, packets are lost. */
	for (tries = 0; tries < 1000; tries++) {
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (!connect(fd, (void *)&address, sizeof(address)))
			return fd;
		close(fd);
		usleep(10000);
	}
	die("no host");
}

static void do_kind(const struct kind *kind)
{
	int fd = reach_host(), i;

	set_nodelay(fd);
	for (i = 0; i < ROUNDS + 1; i++)
		kind->guest(fd);
	/* Until the host has all of it. */
	shutdown(fd, SHUT_WR);
	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
	close(fd);
}

static int be_guest(void)
{
	unsigned int i;

	mkdir("/dev", 0755);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	bring_up();
	for (i = 0; i < NR_KINDS; i++)
		do_kind(&kinds[i]);
	return reboot(RB_POWER_OFF);
}

int main(void)
{
	memset(buffer, 0x5a, sizeof(buffer));
	return getpid() == 1 ? be_guest() : serve();
}
