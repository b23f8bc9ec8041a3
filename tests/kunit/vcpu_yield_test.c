// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which vCPU gets the CPU of one that spins: another one of the domain that is
 * ready and has none, each in turn.
 */
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task.h>

#include "fake_vcpu.h"

#include "../../kmod/vcpu_yield.c"

#define NR_VCPUS	4

/* A task that sleeps until the case has ended. */
static struct task_struct *sleeper;

static int sleep_until_stop(void *unused)
{
	set_current_state(TASK_INTERRUPTIBLE);
	while (!kthread_should_stop()) {
		schedule();
		set_current_state(TASK_INTERRUPTIBLE);
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static struct vcpu *vcpu_nr(struct kunit *test, unsigned int id)
{
	struct vcpu *first = test->priv;

	return first->domain->vcpus[id];
}

/* As if @task ran it: on @cpu, or waiting for one (-1). */
static void set_runner(struct vcpu *vcpu, struct task_struct *task, int cpu)
{
	rcu_assign_pointer(vcpu->task, task);
	vcpu->cpu = cpu;
}

static int vcpu_yield_init(struct kunit *test)
{
	unsigned int i;

	fake_domain(test, NR_VCPUS);
	for (i = 0; i < NR_VCPUS; i++)
		set_runner(vcpu_nr(test, i), NULL, -1);
	/* It has not run yet, and is not ready to. */
	sleeper = kthread_create(sleep_until_stop, NULL, "vcpu_yield_test");
	return PTR_ERR_OR_ZERO(sleeper);
}

static void vcpu_yield_exit(struct kunit *test)
{
	kthread_stop(sleeper);
}

static void vcpu_yield_helps_those_without_a_cpu(struct kunit *test)
{
	struct vcpu *vcpu = test->priv, *other = vcpu_nr(test, 2);

	set_runner(vcpu, current, 0);
	KUNIT_EXPECT_FALSE(test, vcpu_yield_helps(vcpu));
	/* The test's own task is ready to run. */
	set_runner(other, current, 1);
	KUNIT_EXPECT_FALSE(test, vcpu_yield_helps(vcpu));
	set_runner(other, current, -1);
	KUNIT_EXPECT_TRUE(test, vcpu_yield_helps(vcpu));
	set_runner(other, sleeper, -1);
	KUNIT_EXPECT_FALSE(test, vcpu_yield_helps(vcpu));
}

static void vcpu_yield_helps_no_vcpu_that_asks(struct kunit *test)
{
	struct vcpu *vcpu = test->priv;

	set_runner(vcpu, current, -1);
	KUNIT_EXPECT_FALSE(test, vcpu_yield_helps(vcpu));
	vcpu->domain->nr_vcpus = 1;
	KUNIT_EXPECT_FALSE(test, vcpu_yield_helps(vcpu));
	KUNIT_EXPECT_NULL(test, choose_task(vcpu));
}

static void choose_task_takes_turns(struct kunit *test)
{
	static const unsigned int order[] = { 1, 3, 1, 3 };
	const unsigned int before = refcount_read(&current->usage);
	struct vcpu *vcpu = test->priv;
	struct task_struct *task;
	unsigned int i;

	set_runner(vcpu, current, 0);
	set_runner(vcpu_nr(test, 1), current, -1);
	set_runner(vcpu_nr(test, 2), sleeper, -1);
	set_runner(vcpu_nr(test, 3), current, -1);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		task = choose_task(vcpu);
		KUNIT_EXPECT_PTR_EQ(test, task, current);
		KUNIT_EXPECT_EQ(test, order[i], vcpu->yielded_to);
		KUNIT_EXPECT_EQ(test, before + 1, refcount_read(&current->usage));
		put_task_struct(task);
	}
}

/* Also with a task that is not ready any more, or with none. */
static void vcpu_yield_keeps_no_reference(struct kunit *test)
{
	const unsigned int before = refcount_read(&current->usage);
	struct vcpu *vcpu = test->priv;

	vcpu_yield(vcpu);
	set_runner(vcpu_nr(test, 1), current, -1);
	vcpu_yield(vcpu);
	KUNIT_EXPECT_EQ(test, 1u, vcpu->yielded_to);
	KUNIT_EXPECT_EQ(test, before, refcount_read(&current->usage));
}

static struct kunit_case vcpu_yield_cases[] = {
	KUNIT_CASE(vcpu_yield_helps_those_without_a_cpu),
	KUNIT_CASE(vcpu_yield_helps_no_vcpu_that_asks),
	KUNIT_CASE(choose_task_takes_turns),
	KUNIT_CASE(vcpu_yield_keeps_no_reference),
	{}
};

static struct kunit_suite vcpu_yield_suite = {
	.name = "lodge_vcpu_yield",
	.init = vcpu_yield_init,
	.exit = vcpu_yield_exit,
	.test_cases = vcpu_yield_cases,
};

kunit_test_suite(vcpu_yield_suite);

MODULE_LICENSE("GPL");
