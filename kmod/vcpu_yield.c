// SPDX-License-Identifier: GPL-2.0-only
/*
 * A vCPU that spins lets another one of its domain run.  What it spins for is
 * mostly a lock, and the holder may have lost its host CPU before it let go:
 * then it goes on only when the spinning one's time slice is over, while a
 * guest on hardware of its own would have waited for nanoseconds.  The host
 * does not know who holds what, so those that are ready and have no CPU get
 * one in turn.
 */
#include "vcpu.h"

#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "domain.h"

/* The task of @vcpu if it is ready to run and has no CPU.  Under RCU. */
static struct task_struct *waiting_task(const struct vcpu *vcpu)
{
	struct task_struct *task = rcu_dereference(vcpu->task);

	if (!task || READ_ONCE(vcpu->cpu) >= 0 || !task_is_running(task))
		return NULL;
	return task;
}

bool vcpu_yield_helps(const struct vcpu *vcpu)
{
	const struct domain *d = vcpu->domain;
	bool helps = false;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < d->nr_vcpus && !helps; i++)
		helps = d->vcpus[i] != vcpu && waiting_task(d->vcpus[i]);
	rcu_read_unlock();
	return helps;
}

/* The next one after that of the last time, with a reference; or NULL. */
static struct task_struct *choose_task(struct vcpu *vcpu)
{
	const struct domain *d = vcpu->domain;
	struct task_struct *task = NULL;
	unsigned int i, id = vcpu->yielded_to;

	rcu_read_lock();
	for (i = 0; i < d->nr_vcpus && !task; i++) {
		id = id + 1 < d->nr_vcpus ? id + 1 : 0;
		if (d->vcpus[id] != vcpu)
			task = waiting_task(d->vcpus[id]);
	}
	if (task) {
		get_task_struct(task);
		vcpu->yielded_to = id;
	}
	rcu_read_unlock();
	return task;
}

void vcpu_yield(struct vcpu *vcpu)
{
	struct task_struct *task = choose_task(vcpu);

	if (!task || yield_to(task, true) <= 0)
		schedule();
	if (task)
		put_task_struct(task);
}
