// SPDX-License-Identifier: GPL-2.0-only
/*
 * The FIFO ABI of event channels.  Each port has a word in an array of guest
 * pages.  Each vCPU has a queue for each priority: a chain of ports through
 * the links in their words, which starts in the vCPU's control block.  We
 * append, the guest takes away.
 *
 * The guest may write anything into words and control blocks at any time.  So
 * nothing of them steers us: what we follow (the last port of a queue, the
 * queue that a port was on) is in our own memory, a link is only ever written,
 * and each change of a word is one locked instruction.  There is no loop that
 * a guest could keep going by writing to the word: so there is none over
 * cmpxchg, and none in atomic_fetch_or() and the like, which have one inside.
 *
 * The rule of the bits: whoever sets LINKED must append the port, and nobody
 * else may.  Who has set PENDING and then finds LINKED or MASKED is done, for
 * the guest looks at PENDING after it took the port off its queue, and when it
 * unmasks.  BUSY asks the guest to wait; we never need it to.
 */
#include "ring/evtchn_abi.h"

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include <xen/interface/xen.h>
#include <xen/interface/event_channel.h>

#include "domain.h"
#include "mmu/guest_ram.h"
#include "ring/evtchn.h"
#include "vcpu.h"

#define WORD_PENDING	BIT(EVTCHN_FIFO_PENDING)
#define WORD_MASKED	BIT(EVTCHN_FIFO_MASKED)
#define WORD_LINKED	BIT(EVTCHN_FIFO_LINKED)
#define WORD_LINK	EVTCHN_FIFO_LINK_MASK

#define PAGE_WORDS	(PAGE_SIZE / sizeof(event_word_t))
#define MAX_PAGES	(EVTCHN_MAX_PORTS / PAGE_WORDS)
#define NR_PRIORITIES	EVTCHN_FIFO_MAX_QUEUES

/* One queue of a vCPU. */
struct fifo_queue {
	/*
	 * irq-safe leaf: tail, and last[] of each port that says this queue.
	 * Held from setting LINKED to knowing that no queue ends in the port,
	 * and over an append.  One is held at a time.
	 */
	spinlock_t lock;
	u32 tail;		/* lock: port that was appended last, 0 none */
};

struct fifo_vcpu {
	struct evtchn_fifo_control_block *control;	/* a: NULL, then constant; g */
	struct fifo_queue queue[NR_PRIORITIES];
};

/*
 * Field keys:  a  atomic, see the field
 *              b  evtchn_table.lock
 *              g  guest-writable memory: never trust
 * Lifetime: from the first init_control to a reset or the domain's end; who
 * uses it without evtchn_table.lock is in an RCU read section.  The guest's
 * pages are pinned as long.
 */
struct evtchn_fifo {
	u32 *words[MAX_PAGES];		/* a: NULL, then constant; g */
	u16 *last[MAX_PAGES];		/* set before words; see fifo_queue */
	unsigned int nr_pages;		/* b */
	unsigned int nr_vcpus;		/* c */
	/* a: pending ports that have no word yet */
	DECLARE_BITMAP(early, EVTCHN_MAX_PORTS);
	struct fifo_vcpu vcpu[];
};

/* A queue as last[] names it. */
static u16 queue_id(unsigned int vcpu, unsigned int priority)
{
	return vcpu * NR_PRIORITIES + priority;
}

static struct fifo_queue *queue_of(struct evtchn_fifo *f, u16 id)
{
	return &f->vcpu[id / NR_PRIORITIES].queue[id % NR_PRIORITIES];
}

/* The word of a port, NULL if the array does not reach so far. */
static atomic_t *word_of(struct evtchn_fifo *f, u32 port)
{
	u32 *words;

	port = array_index_nospec(port, EVTCHN_MAX_PORTS);
	/* Pairs with publish_page(): last[], then the words. */
	words = smp_load_acquire(&f->words[port / PAGE_WORDS]);
	return words ? (atomic_t *)&words[port % PAGE_WORDS] : NULL;
}

/* The port has a word. */
static u16 *last_of(struct evtchn_fifo *f, u32 port)
{
	port = array_index_nospec(port, EVTCHN_MAX_PORTS);
	return &f->last[port / PAGE_WORDS][port % PAGE_WORDS];
}

static u32 word_read(const atomic_t *word)
{
	return atomic_read(word);
}

/*
 * Make @port the successor of @word's port, if that is still on its queue.
 * One operation both sets the link, which was 0, and tells whether the guest
 * will follow it.  If it took the port away before, the link goes again: no
 * one can link that port anew meanwhile, since it ends the queue whose lock we
 * hold.
 */
static bool link_behind(atomic_t *word, u32 port)
{
	if (atomic_fetch_add(port, word) & WORD_LINKED)
		return true;
	atomic_and(~WORD_LINK, word);
	return false;
}

/* Return: the queue was empty, and @port is its new head. */
static bool append(struct evtchn_fifo *f, struct fifo_queue *q, u32 *head,
		   u32 port)
{
	bool first;

	lockdep_assert_held(&q->lock);
	first = !q->tail || !link_behind(word_of(f, q->tail), port);
	if (first)
		WRITE_ONCE(*head, port);
	q->tail = port;
	return first;
}

/*
 * Take the right to append @port, which @q was the last queue to have.  Held:
 * q->lock.  A port that ends its queue and is not linked is one that the guest
 * took: that queue is empty, and nothing may be linked behind the port there.
 */
static bool claim(struct fifo_queue *q, atomic_t *word, u32 port)
{
	lockdep_assert_held(&q->lock);
	if ((word_read(word) & WORD_MASKED) ||
	    word_test_and_set(word, EVTCHN_FIFO_LINKED))
		return false;
	/* A guest that is not tidy left a link. */
	if (unlikely(word_read(word) & WORD_LINK))
		atomic_and(~WORD_LINK, word);
	if (q->tail == port)
		q->tail = 0;
	return true;
}

/*
 * VCPUOP_register_vcpu_info may move the info while we write to it; see
 * mark_pending() in evtchn_2l.c.
 */
static void mark_upcall(struct vcpu *vcpu)
{
	struct vcpu_info *info;
	bool fresh;

	do {
		info = READ_ONCE(vcpu->xen.info);
		fresh = !xchg(&info->evtchn_upcall_pending, 1);
	} while (unlikely(info != READ_ONCE(vcpu->xen.info)));

	if (fresh)
		vcpu_request(vcpu, VCPU_REQ_EVENT);
}

/*
 * Put a pending port on its queue, if it is neither masked nor on one.
 *
 * It may have been on another queue before, so first comes the lock of the
 * one that last[] names.  If last[] changes before we have the lock, another
 * CPU linked the port after it had become pending: the guest will come to it,
 * and there is nothing to do.
 */
static void link_port(struct domain *d, struct evtchn_fifo *f, atomic_t *word,
		      u32 port, unsigned int vcpu, unsigned int priority)
{
	const u16 id = queue_id(vcpu, priority);
	struct evtchn_fifo_control_block *control;
	u16 *last = last_of(f, port);
	u16 old = READ_ONCE(*last);
	struct fifo_queue *q = queue_of(f, old);
	unsigned long flags;
	bool first = false;

	/*
	 * Without a control block it waits; see evtchn_init_control().  Pairs
	 * with publish_control().
	 */
	control = smp_load_acquire(&f->vcpu[vcpu].control);
	if (!control)
		return;

	spin_lock_irqsave(&q->lock, flags);
	if (READ_ONCE(*last) != old || !claim(q, word, port))
		goto unlock;
	if (old != id) {
		WRITE_ONCE(*last, id);
		spin_unlock(&q->lock);
		q = queue_of(f, id);
		spin_lock(&q->lock);
	}
	first = append(f, q, &control->head[priority], port);
unlock:
	spin_unlock_irqrestore(&q->lock, flags);

	/* The head, then the bit: a full barrier. */
	if (first && !word_test_and_set((atomic_t *)&control->ready, priority))
		mark_upcall(d->vcpus[vcpu]);
}

/*
 * Remember a port that is pending without a word.  Return: its word, if it
 * came just now.  A full barrier on each side: we set the bit, then look for
 * the word; evtchn_expand_array() makes words known, then looks at the bits.
 */
static atomic_t *set_early(struct evtchn_fifo *f, u32 port, bool *fresh)
{
	atomic_t *word;

	port = array_index_nospec(port, EVTCHN_MAX_PORTS);
	*fresh = !test_and_set_bit(port, f->early);
	word = word_of(f, port);
	if (unlikely(word))
		clear_bit(port, f->early);
	return word;
}

static bool raise(struct domain *d, struct evtchn_fifo *f, u32 port,
		  unsigned int vcpu, unsigned int priority)
{
	atomic_t *word = word_of(f, port);
	bool fresh;

	if (unlikely(!word)) {
		word = set_early(f, port, &fresh);
		if (!word)
			return fresh;
	}
	fresh = !word_test_and_set(word, EVTCHN_FIFO_PENDING);
	if (!(word_read(word) & (WORD_MASKED | WORD_LINKED)))
		link_port(d, f, word, port, vcpu, priority);
	return fresh;
}

bool evtchn_fifo_raise(struct domain *d, u32 port, unsigned int vcpu,
		       unsigned int priority)
{
	struct evtchn_fifo *f;
	bool fresh = false;

	rcu_read_lock();
	f = rcu_dereference(d->evtchn.fifo);
	if (f)
		fresh = raise(d, f, port, vcpu, priority);
	rcu_read_unlock();
	return fresh;
}

static void relink(struct domain *d, u32 port, unsigned int vcpu,
		   unsigned int priority, bool unmask)
{
	const u32 bits = WORD_PENDING | WORD_MASKED | WORD_LINKED;
	struct evtchn_fifo *f;
	atomic_t *word;

	rcu_read_lock();
	f = rcu_dereference(d->evtchn.fifo);
	word = f ? word_of(f, port) : NULL;
	if (word) {
		if (unmask)
			word_clear(word, EVTCHN_FIFO_MASKED);
		smp_mb();	/* the mask or a control block, then the word */
		if ((word_read(word) & bits) == WORD_PENDING)
			link_port(d, f, word, port, vcpu, priority);
	}
	rcu_read_unlock();
}

void evtchn_fifo_unmask(struct domain *d, u32 port, unsigned int vcpu,
			unsigned int priority)
{
	relink(d, port, vcpu, priority, true);
}

void evtchn_fifo_relink(struct domain *d, u32 port, unsigned int vcpu,
			unsigned int priority)
{
	relink(d, port, vcpu, priority, false);
}

bool evtchn_fifo_is_pending(struct domain *d, u32 port)
{
	bool pending = false;
	struct evtchn_fifo *f;
	atomic_t *word;

	port = array_index_nospec(port, EVTCHN_MAX_PORTS);
	rcu_read_lock();
	f = rcu_dereference(d->evtchn.fifo);
	if (f) {
		word = word_of(f, port);
		pending = word ? word_read(word) & WORD_PENDING :
				 test_bit(port, f->early);
	}
	rcu_read_unlock();
	return pending;
}

bool evtchn_fifo_take_early(struct domain *d, u32 port)
{
	struct evtchn_fifo *f;
	bool early;

	port = array_index_nospec(port, EVTCHN_MAX_PORTS);
	rcu_read_lock();
	f = rcu_dereference(d->evtchn.fifo);
	early = f && test_and_clear_bit(port, f->early);
	rcu_read_unlock();
	return early;
}

static struct evtchn_fifo *fifo_of(struct domain *d)
{
	return rcu_dereference_protected(d->evtchn.fifo,
					 lockdep_is_held(&d->evtchn.lock));
}

/* The guest takes it off its queue some time, and finds it not pending. */
void evtchn_fifo_clear(struct domain *d, u32 port)
{
	struct evtchn_fifo *f = fifo_of(d);
	atomic_t *word;

	lockdep_assert_held(&d->evtchn.lock);
	if (!f)
		return;
	clear_bit(port, f->early);
	word = word_of(f, port);
	if (word)
		word_clear(word, EVTCHN_FIFO_PENDING);
}

bool evtchn_fifo_is_linked(struct domain *d, u32 port)
{
	struct evtchn_fifo *f = fifo_of(d);
	atomic_t *word;

	lockdep_assert_held(&d->evtchn.lock);
	word = f ? word_of(f, port) : NULL;
	return word && (word_read(word) & WORD_LINKED);
}

static struct evtchn_fifo *fifo_alloc(struct domain *d)
{
	struct evtchn_fifo *f;
	unsigned int i, p;

	f = kvzalloc(struct_size(f, vcpu, d->nr_vcpus), GFP_GUEST);
	if (!f)
		return NULL;
	f->nr_vcpus = d->nr_vcpus;
	for (i = 0; i < f->nr_vcpus; i++)
		for (p = 0; p < NR_PRIORITIES; p++)
			spin_lock_init(&f->vcpu[i].queue[p].lock);
	return f;
}

/* Nobody uses it any more. */
static void fifo_free(struct evtchn_fifo *f)
{
	unsigned int i;

	if (!f)
		return;
	for (i = 0; i < f->nr_vcpus; i++)
		if (f->vcpu[i].control)
			guest_ram_unpin(virt_to_page(f->vcpu[i].control));
	for (i = 0; i < f->nr_pages; i++) {
		guest_ram_unpin(virt_to_page(f->words[i]));
		kfree(f->last[i]);
	}
	kvfree(f);
}

static int pin_page(struct domain *d, u64 gfn, struct page **page)
{
	int ret = guest_ram_pin(&d->ram, GFN(gfn), true, false, page);

	return !ret || ret == -ENOMEM ? ret : -EINVAL;
}

/*
 * Give a vCPU its control block; the first makes FIFO the domain's ABI, if
 * @new is not in vain.  Both are taken over, and then NULL for the caller.
 */
static int publish_control(struct domain *d, unsigned int vcpu,
			   struct page **page, u32 offset,
			   struct evtchn_fifo **new)
{
	struct evtchn_fifo *f = fifo_of(d);
	bool first = !f;

	lockdep_assert_held(&d->evtchn.lock);
	if (first)
		f = *new;
	if (f->vcpu[vcpu].control)
		return -EINVAL;
	/* Pairs with link_port(). */
	smp_store_release(&f->vcpu[vcpu].control, page_address(*page) + offset);
	*page = NULL;
	if (first) {
		rcu_assign_pointer(d->evtchn.fifo, f);
		*new = NULL;
	}
	return 0;
}

int evtchn_fifo_init_control(struct domain *d, unsigned int vcpu, u64 gfn,
			     u32 offset)
{
	struct evtchn_fifo *new;
	unsigned long flags;
	struct page *page;
	int ret;

	if (offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) ||
	    offset % 8)
		return -EINVAL;
	ret = pin_page(d, gfn, &page);
	if (ret)
		return ret;
	new = fifo_alloc(d);
	if (!new) {
		ret = -ENOMEM;
		goto unpin;
	}
	spin_lock_irqsave(&d->evtchn.lock, flags);
	ret = publish_control(d, vcpu, &page, offset, &new);
	spin_unlock_irqrestore(&d->evtchn.lock, flags);
	fifo_free(new);
unpin:
	if (page)
		guest_ram_unpin(page);
	return ret;
}

static int check_room(struct domain *d)
{
	struct evtchn_fifo *f = fifo_of(d);

	lockdep_assert_held(&d->evtchn.lock);
	if (!f)
		return -EOPNOTSUPP;
	return f->nr_pages < MAX_PAGES ? 0 : -ENOSPC;
}

/* One more page of words; the number of the first goes to *@first. */
static int publish_page(struct domain *d, struct page *page, u16 *last,
			u32 *first)
{
	struct evtchn_fifo *f = fifo_of(d);
	int ret = check_room(d);

	if (ret)
		return ret;
	*first = f->nr_pages * PAGE_WORDS;
	f->last[f->nr_pages] = last;
	/* Pairs with word_of(). */
	smp_store_release(&f->words[f->nr_pages], page_address(page));
	f->nr_pages++;
	return 0;
}

int evtchn_fifo_expand(struct domain *d, u64 gfn, u32 *first, u32 *nr)
{
	struct evtchn_table *t = &d->evtchn;
	unsigned long flags;
	struct page *page;
	u16 *last;
	int ret;

	/* Before the guest's page is looked at; the same again below. */
	spin_lock_irqsave(&t->lock, flags);
	ret = check_room(d);
	spin_unlock_irqrestore(&t->lock, flags);
	if (!ret)
		ret = pin_page(d, gfn, &page);
	if (ret)
		return ret;
	last = kcalloc(PAGE_WORDS, sizeof(*last), GFP_GUEST);
	if (!last) {
		ret = -ENOMEM;
		goto unpin;
	}
	spin_lock_irqsave(&t->lock, flags);
	ret = publish_page(d, page, last, first);
	spin_unlock_irqrestore(&t->lock, flags);
	if (ret)
		goto free_last;
	*nr = PAGE_WORDS;
	return 0;

free_last:
	kfree(last);
unpin:
	guest_ram_unpin(page);
	return ret;
}

void evtchn_fifo_stop(struct domain *d)
{
	struct evtchn_table *t = &d->evtchn;
	struct evtchn_fifo *f;
	unsigned long flags;

	spin_lock_irqsave(&t->lock, flags);
	f = fifo_of(d);
	RCU_INIT_POINTER(t->fifo, NULL);
	spin_unlock_irqrestore(&t->lock, flags);
	if (!f)
		return;
	synchronize_rcu();
	fifo_free(f);
}

void evtchn_fifo_destroy(struct domain *d)
{
	fifo_free(rcu_dereference_protected(d->evtchn.fifo, true));
	RCU_INIT_POINTER(d->evtchn.fifo, NULL);
}
