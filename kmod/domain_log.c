// SPDX-License-Identifier: GPL-2.0-only
/*
 * A domain's hypervisor log: a ring of text that tells what happened to the
 * domain and why it stopped.  Lines of the module begin with "lodge: "; text
 * that the guest wrote (console_io, port 0xe9) begins with "guest: ".
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "domain.h"

#define LOG_SIZE	16384u		/* a power of two */
#define LINE_MAX	256u

/*
 * lock: everything below.  Offsets count all bytes ever
 * written; the last LOG_SIZE of them are in buf.  It is an allocation of its
 * own: with the rest in front it would take twice the room.
 */
struct domain_log {
	spinlock_t lock;		/* irq-safe leaf */
	u64 end;
	unsigned int guest_len;
	char guest_line[LINE_MAX];
	char *buf;			/* constant */
};

struct domain_log *domain_log_alloc(void)
{
	struct domain_log *log = kzalloc(sizeof(*log), GFP_KERNEL_ACCOUNT);

	if (!log)
		return NULL;
	log->buf = kvzalloc(LOG_SIZE, GFP_KERNEL_ACCOUNT);
	if (!log->buf) {
		kfree(log);
		return NULL;
	}
	spin_lock_init(&log->lock);
	return log;
}

void domain_log_free(struct domain_log *log)
{
	if (!log)
		return;
	kvfree(log->buf);
	kfree(log);
}

static void append(struct domain_log *log, const char *text, size_t len)
{
	lockdep_assert_held(&log->lock);
	while (len--)
		log->buf[log->end++ % LOG_SIZE] = *text++;
}

void domain_log(struct domain *d, const char *fmt, ...)
{
	struct domain_log *log = d->log;
	char line[LINE_MAX];
	unsigned long flags;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(line, sizeof(line), fmt, args);
	va_end(args);

	spin_lock_irqsave(&log->lock, flags);
	append(log, "lodge: ", 7);
	append(log, line, len);
	append(log, "\n", 1);
	spin_unlock_irqrestore(&log->lock, flags);
}

static void flush_guest_line(struct domain_log *log)
{
	append(log, "guest: ", 7);
	append(log, log->guest_line, log->guest_len);
	append(log, "\n", 1);
	log->guest_len = 0;
}

void domain_log_guest(struct domain *d, const char *text, size_t len)
{
	struct domain_log *log = d->log;
	unsigned long flags;

	spin_lock_irqsave(&log->lock, flags);
	while (len--) {
		char c = *text++;

		if (c == '\n' || log->guest_len == LINE_MAX)
			flush_guest_line(log);
		if (c >= ' ' && c < 0x7f)
			log->guest_line[log->guest_len++] = c;
	}
	spin_unlock_irqrestore(&log->lock, flags);
}

u64 domain_log_end(struct domain *d)
{
	unsigned long flags;
	u64 end;

	spin_lock_irqsave(&d->log->lock, flags);
	end = d->log->end;
	spin_unlock_irqrestore(&d->log->lock, flags);
	return end;
}

size_t domain_log_read(struct domain *d, u64 *offset, char *buf, size_t len)
{
	struct domain_log *log = d->log;
	unsigned long flags;
	size_t i;

	spin_lock_irqsave(&log->lock, flags);
	if (*offset > log->end)
		*offset = log->end;
	if (log->end - *offset > LOG_SIZE)
		*offset = log->end - LOG_SIZE;
	len = min_t(u64, len, log->end - *offset);
	for (i = 0; i < len; i++)
		buf[i] = log->buf[(*offset)++ % LOG_SIZE];
	spin_unlock_irqrestore(&log->lock, flags);
	return len;
}
