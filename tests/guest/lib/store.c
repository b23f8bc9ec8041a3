// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's end of the store ring.
 */
#include "store.h"

#include "guest.h"

#include <xen/hvm/params.h>
#include <xen/io/xs_wire.h>

#define MASK_RING	(XENSTORE_RING_SIZE - 1)

static struct xenstore_domain_interface *page;
static u32 port;

bool store_init(void)
{
	u64 gfn, channel;

	if (hvm_get_param(HVM_PARAM_STORE_PFN, &gfn) ||
	    hvm_get_param(HVM_PARAM_STORE_EVTCHN, &channel))
		return false;
	page = (void *)(gfn << 12);
	port = (u32)channel;
	evtchn_set_mask(port, false);
	return true;
}

/* Sleep until *@index is no longer @value. */
static void wait_index(const u32 *index, u32 value)
{
	for (;;) {
		irq_disable();
		if (READ_ONCE(*index) != value)
			break;
		irq_enable_and_halt();
	}
	irq_enable();
}

/* Messages are shorter than the ring, and it is empty. */
static void send(const void *data, size_t n)
{
	const u8 *bytes = data;
	u32 prod = page->req_prod;
	size_t i;

	for (i = 0; i < n; i++)
		page->req[prod++ & MASK_RING] = bytes[i];
	__sync_synchronize();	/* bytes, then the index */
	WRITE_ONCE(page->req_prod, prod);
	evtchn_send(port);
}

/* As many of @n bytes as there are, at least one; @data may be NULL. */
static size_t receive_some(u8 *data, size_t n)
{
	u32 cons = page->rsp_cons;
	size_t there, i;

	wait_index(&page->rsp_prod, cons);
	there = READ_ONCE(page->rsp_prod) - cons;
	n = n < there ? n : there;
	__sync_synchronize();	/* the index, then the bytes */
	for (i = 0; data && i < n; i++)
		data[i] = page->rsp[(cons + i) & MASK_RING];
	__sync_synchronize();	/* the bytes, then the index */
	WRITE_ONCE(page->rsp_cons, cons + n);
	/* Only who had no room can wait for some. */
	if (there >= XENSTORE_RING_SIZE)
		evtchn_send(port);
	return n;
}

static void receive_bytes(u8 *data, size_t n)
{
	size_t done;

	for (done = 0; done < n;)
		done += receive_some(data ? data + done : NULL, n - done);
}

/* What @value has no room for is taken all the same. */
static int receive(u32 type, char *value, size_t size)
{
	struct xsd_sockmsg head;
	size_t kept;

	receive_bytes((u8 *)&head, sizeof(head));
	kept = head.len < size ? head.len : size ? size - 1 : 0;
	receive_bytes((u8 *)value, kept);
	receive_bytes(NULL, head.len - kept);
	if (size)
		value[kept] = '\0';
	return head.type != type;
}

static size_t append(char *to, const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		to[n] = text[n];
	return n;
}

static void ask(u32 type, const char *path, const char *value)
{
	struct xsd_sockmsg head = { .type = type };
	char message[512];
	size_t n = sizeof(head);

	n += append(message + n, path);
	message[n++] = '\0';
	if (value)
		n += append(message + n, value);
	head.len = (u32)(n - sizeof(head));
	memcpy(message, &head, sizeof(head));
	send(message, n);
}

int store_read(const char *path, char *value, size_t size)
{
	ask(XS_READ, path, NULL);
	return receive(XS_READ, value, size);
}

int store_write(const char *path, const char *value)
{
	ask(XS_WRITE, path, value);
	return receive(XS_WRITE, NULL, 0);
}

void store_ask(const char *path)
{
	ask(XS_READ, path, NULL);
}

bool store_has_answer(void)
{
	return READ_ONCE(page->rsp_prod) != page->rsp_cons;
}

int store_answer(char *value, size_t size)
{
	return receive(XS_READ, value, size);
}
