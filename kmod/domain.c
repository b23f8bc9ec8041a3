// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains: creation and destruction, the list of them, and the states that
 * they pass: paused, running, shut down, dying.
 */
#include "domain.h"

#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "cpu.h"
#include "lockorder.h"
#include "vcpu.h"
#include "vendor.h"
#include "xen/guest_if.h"
#include "xen/time.h"

/* domains: the list and membership in it.  Below virt_lock. */
static DEFINE_MUTEX(domains_lock);
static LIST_HEAD(domains);
static unsigned int nr_domains;
static u32 last_id;

static struct domain *find_id(u32 id)
{
	struct domain *d;

	lockdep_assert_held(&domains_lock);
	list_for_each_entry(d, &domains, link)
		if (d->id == id)
			return d;
	return NULL;
}

static struct domain *find_name(const char *name)
{
	struct domain *d;

	lockdep_assert_held(&domains_lock);
	list_for_each_entry(d, &domains, link)
		if (!strcmp(d->name, name))
			return d;
	return NULL;
}

void domain_get(struct domain *d)
{
	refcount_inc(&d->refs);
}

struct domain *domain_lookup(u32 id, const char *name)
{
	struct domain *d;

	mutex_lock(&domains_lock);
	d = id == LODGE_DOMID_ANY ? find_name(name) : find_id(id);
	if (d)
		domain_get(d);
	mutex_unlock(&domains_lock);
	return d;
}

struct domain *domain_next(u32 first)
{
	struct domain *d, *best = NULL;

	mutex_lock(&domains_lock);
	list_for_each_entry(d, &domains, link)
		if (d->id >= first && (!best || d->id < best->id))
			best = d;
	if (best)
		domain_get(best);
	mutex_unlock(&domains_lock);
	return best;
}

unsigned int domain_count(void)
{
	return READ_ONCE(nr_domains);
}

/* Ids are given in turn, so that a new domain is not mistaken for an old. */
static int pick_id(u32 *id)
{
	u32 i;

	lockdep_assert_held(&domains_lock);
	if (*id != LODGE_DOMID_ANY)
		return find_id(*id) ? -EEXIST : 0;
	for (i = 0; i < LODGE_DOMID_MAX; i++) {
		u32 candidate = (last_id + i) % LODGE_DOMID_MAX + 1;

		if (!find_id(candidate)) {
			*id = candidate;
			last_id = candidate;
			return 0;
		}
	}
	return -ENOSPC;
}

static void kick_all(struct domain *d)
{
	unsigned int i;

	for (i = 0; i < d->nr_vcpus; i++)
		vcpu_request(d->vcpus[i], VCPU_REQ_STOP);
}

static void state_changed(struct domain *d)
{
	/* A full barrier, too: the change, then its number, pairs with poll. */
	atomic_inc_return(&d->state_seq);
	wake_up_all(&d->state_wait);
}

static void empty_ipi(void *unused)
{
}

/*
 * A vCPU in the guest has its CPU in the mask; it leaves for the IPI and
 * flushes before it enters again.  A vCPU that is not in the guest sees the
 * request when it looks, after it has set its mode.
 */
void domain_flush(struct domain *d, enum vcpu_request req)
{
	cpumask_var_t mask;
	unsigned int i;
	bool all;
	int cpu;

	/* Without memory for a mask every CPU is asked. */
	all = !zalloc_cpumask_var(&mask, GFP_GUEST);
	for (i = 0; i < d->nr_vcpus; i++) {
		struct vcpu *vcpu = d->vcpus[i];

		set_bit(req, &vcpu->requests);
		smp_mb__after_atomic();	/* pairs with begin_slice() */
		cpu = READ_ONCE(vcpu->cpu);
		if (!all && READ_ONCE(vcpu->mode) == VCPU_IN_GUEST && cpu >= 0)
			cpumask_set_cpu(cpu, mask);
	}
	if (all) {
		smp_call_function(empty_ipi, NULL, 1);
		return;
	}
	preempt_disable();
	smp_call_function_many(mask, empty_ipi, NULL, 1);
	preempt_enable();
	free_cpumask_var(mask);
}

/* Second-stage permissions were taken away. */
static void flush_s2(void *arg)
{
	domain_flush(arg, VCPU_REQ_FLUSH_S2);
}

/*
 * A timer of one vCPU looks at all that poll, so no timer may be left when
 * the first vCPU goes.
 */
static void free_vcpus(struct domain *d)
{
	unsigned int i;

	for (i = 0; i < d->nr_vcpus; i++)
		xen_timers_exit(d->vcpus[i]);
	while (d->nr_vcpus)
		vcpu_destroy(d->vcpus[--d->nr_vcpus]);
}

static int create_vcpus(struct domain *d, unsigned int nr)
{
	int err;

	while (d->nr_vcpus < nr) {
		err = vcpu_create(d, d->nr_vcpus);
		if (err) {
			free_vcpus(d);
			return err;
		}
		d->nr_vcpus++;
	}
	return 0;
}

/* Everything of a domain but its id and its place in the list. */
static int build(struct domain *d, const struct lodge_domain_create *arg)
{
	int err;

	d->log = domain_log_alloc();
	if (!d->log)
		return -ENOMEM;
	err = guest_ram_create(&d->ram, vendor->s2_format,
			       vendor->s2_max_level, arg->memory, d->owner,
			       flush_s2, d);
	if (err)
		goto free_log;
	err = xen_domain_create(d);
	if (err)
		goto destroy_ram;
	err = evtchn_init(d);
	if (err)
		goto destroy_xen;
	err = grant_init(d);
	if (err)
		goto destroy_evtchn;
	err = attach_init(d);
	if (err)
		goto destroy_grant;
	err = create_vcpus(d, arg->nr_vcpus);
	if (err)
		goto exit_attach;
	return 0;

exit_attach:
	attach_exit(d);
destroy_grant:
	grant_destroy(d);
destroy_evtchn:
	evtchn_destroy(d);
destroy_xen:
	xen_domain_destroy(d);
destroy_ram:
	guest_ram_destroy(&d->ram);
free_log:
	domain_log_free(d->log);
	return err;
}

static void unbuild(struct domain *d)
{
	free_vcpus(d);
	attach_exit(d);
	grant_destroy(d);
	evtchn_destroy(d);
	xen_domain_destroy(d);
	guest_ram_destroy(&d->ram);
	domain_log_free(d->log);
}

static bool name_is_valid(const char *name)
{
	unsigned int i;

	/* It becomes a file's name: neither hidden, nor the folder itself. */
	if (name[0] == '.')
		return false;
	/* The kernel's isalnum() takes Latin-1 letters, too. */
	for (i = 0; i < LODGE_NAME_LEN && name[i]; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr("_.+-", name[i])))
			return false;
	return i > 0 && i < LODGE_NAME_LEN;
}

static int check_args(const struct lodge_domain_create *arg)
{
	if (arg->flags & ~LODGE_DOMAIN_XAPIC || arg->reserved0 ||
	    memchr_inv(arg->reserved, 0, sizeof(arg->reserved)))
		return -EINVAL;
	if (arg->domid != LODGE_DOMID_ANY &&
	    (arg->domid < 1 || arg->domid > LODGE_DOMID_MAX))
		return -EINVAL;
	if (arg->nr_vcpus < 1 || arg->nr_vcpus > LODGE_MAX_VCPUS)
		return -EINVAL;
	if (arg->memory < LODGE_MEMORY_MIN || arg->memory > LODGE_MEMORY_MAX ||
	    !PAGE_ALIGNED(arg->memory))
		return -EINVAL;
	return name_is_valid(arg->name) ? 0 : -EINVAL;
}

static struct domain *alloc_domain(const struct lodge_domain_create *arg)
{
	struct domain *d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);

	if (!d)
		return NULL;
	refcount_set(&d->refs, 1);
	INIT_LIST_HEAD(&d->link);
	spin_lock_init(&d->lock);
	init_waitqueue_head(&d->state_wait);
	d->owner = current_euid();
	d->memory = arg->memory;
	d->created_ns = ktime_get_real_ns();
	d->xapic = arg->flags & LODGE_DOMAIN_XAPIC;
	d->paused = true;
	memcpy(d->uuid, arg->uuid, sizeof(d->uuid));
	strscpy(d->name, arg->name, sizeof(d->name));
	return d;
}

/* Name and id are free; @wanted may be any. */
static int choose_id(struct domain *d, u32 wanted)
{
	int err;

	lockdep_assert_held(&domains_lock);
	if (find_name(d->name))
		return -EEXIST;
	err = pick_id(&wanted);
	if (!err)
		d->id = wanted;
	return err;
}

/* An early look, so that what cannot be is refused before it is built. */
static int preview_id(struct domain *d, u32 wanted)
{
	int err;

	mutex_lock(&domains_lock);
	err = choose_id(d, wanted);
	mutex_unlock(&domains_lock);
	return err;
}

/*
 * Into the list: publish last.  Others may have come meanwhile, so a caller to
 * whom any id is right gets the next free one.
 */
static int publish(struct domain *d, u32 wanted)
{
	int err = 0;

	mutex_lock(&domains_lock);
	if (find_id(d->id) || find_name(d->name))
		err = choose_id(d, wanted);
	if (!err) {
		list_add_tail(&d->link, &domains);
		WRITE_ONCE(nr_domains, nr_domains + 1);
	}
	mutex_unlock(&domains_lock);
	return err;
}

/**
 * domain_create() - make a domain, paused
 * @arg: from the caller, @fd ignored; domid is filled in
 * @out: the domain with a reference for the caller
 *
 * Return: 0 or an error as struct lodge_domain_create lists them.
 */
int domain_create(struct lodge_domain_create *arg, struct domain **out)
{
	struct domain *d;
	int err = check_args(arg);

	if (err)
		return err;
	d = alloc_domain(arg);
	if (!d)
		return -ENOMEM;
	err = preview_id(d, arg->domid);
	if (err)
		goto free_domain;
	err = cpu_virt_get();
	if (err)
		goto free_domain;
	err = build(d, arg);
	if (err)
		goto put_virt;
	lockorder_teach(d, d->vcpus[0]);
	domain_get(d);
	err = publish(d, arg->domid);
	if (err)
		goto unbuild;
	__module_get(THIS_MODULE);
	arg->domid = d->id;
	*out = d;
	return 0;

unbuild:
	unbuild(d);
put_virt:
	cpu_virt_put();
free_domain:
	kfree(d);
	return err;
}

void domain_put(struct domain *d)
{
	if (!refcount_dec_and_test(&d->refs))
		return;
	unbuild(d);
	kfree(d);
	cpu_virt_put();
	module_put(THIS_MODULE);
}

/**
 * domain_destroy() - end a domain, whatever it does
 * @d: the caller keeps its own reference
 *
 * Memory is freed with the last open file.  A second call does nothing.
 */
void domain_destroy(struct domain *d)
{
	mutex_lock(&domains_lock);
	if (d->dying) {
		mutex_unlock(&domains_lock);
		return;
	}
	WRITE_ONCE(d->dying, true);
	list_del_init(&d->link);
	WRITE_ONCE(nr_domains, nr_domains - 1);
	mutex_unlock(&domains_lock);

	kick_all(d);
	attach_hangup(d);
	state_changed(d);
	domain_put(d);
}

void domain_pause(struct domain *d)
{
	WRITE_ONCE(d->paused, true);
	kick_all(d);
	state_changed(d);
}

enum vmexit_action domain_pause_for_memory(struct domain *d, const char *what)
{
	domain_log(d, "paused: the host has no memory for %s", what);
	domain_pause(d);
	return VMEXIT_RESUME;
}

void domain_unpause(struct domain *d)
{
	WRITE_ONCE(d->paused, false);
	state_changed(d);
}

static const char *reason_name(unsigned int reason)
{
	static const char * const names[] = {
		[LODGE_SHUTDOWN_POWEROFF] = "power-off",
		[LODGE_SHUTDOWN_REBOOT] = "reboot",
		[LODGE_SHUTDOWN_SUSPEND] = "suspend",
		[LODGE_SHUTDOWN_CRASH] = "crash",
		[LODGE_SHUTDOWN_WATCHDOG] = "watchdog",
		[LODGE_SHUTDOWN_SOFT_RESET] = "soft reset",
	};

	return reason < ARRAY_SIZE(names) ? names[reason] : "unknown";
}

enum vmexit_action domain_shutdown(struct domain *d, unsigned int reason,
				   const char *fmt, ...)
{
	unsigned long flags;
	bool first;
	va_list args;

	spin_lock_irqsave(&d->lock, flags);
	first = !d->shut_down;
	if (first) {
		va_start(args, fmt);
		vscnprintf(d->reason, sizeof(d->reason), fmt, args);
		va_end(args);
		d->shutdown_reason = reason;
		WRITE_ONCE(d->shut_down, true);
	}
	spin_unlock_irqrestore(&d->lock, flags);

	if (first) {
		domain_log(d, "domain shut down (%s): %s",
			   reason_name(reason), d->reason);
		if (reason == LODGE_SHUTDOWN_CRASH)
			pr_info_ratelimited("lodge: domain %u crashed: %s\n",
					    d->id, d->reason);
	}
	kick_all(d);
	state_changed(d);
	return VMEXIT_STOPPED;
}

static u32 state_of(const struct domain *d)
{
	if (READ_ONCE(d->dying))
		return LODGE_STATE_DYING;
	if (READ_ONCE(d->shut_down))
		return LODGE_STATE_SHUTDOWN;
	return READ_ONCE(d->paused) ? LODGE_STATE_PAUSED : LODGE_STATE_RUNNING;
}

void domain_info(struct domain *d, struct lodge_domain_info *info)
{
	unsigned long flags;
	unsigned int i;

	*info = (struct lodge_domain_info){
		.size = sizeof(*info),
		.domid = d->id,
		.state = state_of(d),
		.owner = from_kuid_munged(current_user_ns(), d->owner),
		.nr_vcpus = d->nr_vcpus,
		.paused = READ_ONCE(d->paused),
		.memory = d->memory,
		.populated = (atomic64_read(&d->ram.nr_pages) +
			      atomic64_read(&d->ram.nr_special)) << PAGE_SHIFT,
		.created_ns = d->created_ns,
		.log_end = domain_log_end(d),
	};
	memcpy(info->uuid, d->uuid, sizeof(info->uuid));
	memcpy(info->name, d->name, sizeof(info->name));
	for (i = 0; i < d->nr_vcpus; i++) {
		struct vcpu *vcpu = d->vcpus[i];

		info->nr_running += vcpu_has_runner(vcpu);
		info->nr_blocked += READ_ONCE(vcpu->mode) == VCPU_BLOCKED;
		info->cpu_ns += READ_ONCE(vcpu->cpu_ns);
	}
	spin_lock_irqsave(&d->lock, flags);
	info->shutdown_reason = d->shutdown_reason;
	memcpy(info->reason, d->reason, sizeof(info->reason));
	spin_unlock_irqrestore(&d->lock, flags);
}
