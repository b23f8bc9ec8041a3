// SPDX-License-Identifier: GPL-2.0-only
/*
 * Domains without anything in them: which arguments are refused, which ids and
 * names are given, what a creation that fails half-way leaves (nothing), and
 * the states that a domain passes.  The parts of a domain are counted fakes.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../kmod/domain.c"

static struct vendor_ops fake_vendor;
struct vendor_ops *vendor = &fake_vendor;

/* Creation step to fail at, from 1; parts that exist; what the last one was. */
static unsigned int fail_at, step;
static int nr_parts;
static unsigned int nr_kicks, nr_hangups;

static int make_part(void)
{
	if (++step == fail_at)
		return -ENOMEM;
	nr_parts++;
	return 0;
}

static void end_part(void)
{
	nr_parts--;
}

int cpu_virt_get(void)
{
	return make_part();
}

void cpu_virt_put(void)
{
	end_part();
}

struct domain_log *domain_log_alloc(void)
{
	return make_part() ? NULL : (struct domain_log *)&nr_parts;
}

void domain_log_free(struct domain_log *log)
{
	end_part();
}

void domain_log(struct domain *d, const char *fmt, ...)
{
}

u64 domain_log_end(struct domain *d)
{
	return 99;
}

int guest_ram_create(struct guest_ram *ram, const struct s2_format *fmt,
		     enum s2_level max_level, u64 bytes, kuid_t uid,
		     void (*flush)(void *), void *flush_arg)
{
	return make_part();
}

void guest_ram_destroy(struct guest_ram *ram)
{
	end_part();
}

/* What another process does meanwhile. */
static void (*meanwhile)(struct domain *d);

int xen_domain_create(struct domain *d)
{
	void (*call)(struct domain *d) = meanwhile;

	meanwhile = NULL;
	if (call)
		call(d);
	return make_part();
}

void xen_domain_destroy(struct domain *d)
{
	end_part();
}

void xen_timers_exit(struct vcpu *vcpu)
{
}

int evtchn_init(struct domain *d)
{
	return make_part();
}

void evtchn_destroy(struct domain *d)
{
	end_part();
}

int grant_init(struct domain *d)
{
	return make_part();
}

void grant_destroy(struct domain *d)
{
	end_part();
}

int attach_init(struct domain *d)
{
	return make_part();
}

void attach_exit(struct domain *d)
{
	end_part();
}

void attach_hangup(struct domain *d)
{
	nr_hangups++;
}

int vcpu_create(struct domain *d, unsigned int id)
{
	struct vcpu *vcpu;
	int err = make_part();

	if (err)
		return err;
	vcpu = kzalloc(sizeof(*vcpu), GFP_KERNEL);
	if (!vcpu) {
		end_part();
		return -ENOMEM;
	}
	vcpu->domain = d;
	vcpu->id = id;
	d->vcpus[id] = vcpu;
	return 0;
}

void vcpu_destroy(struct vcpu *vcpu)
{
	kfree(vcpu);
	end_part();
}

void vcpu_kick(struct vcpu *vcpu)
{
	nr_kicks++;
}

#ifdef CONFIG_PROVE_LOCKING
void lockorder_teach(struct domain *d, struct vcpu *vcpu)
{
}
#endif

static struct lodge_domain_create good_args(const char *name)
{
	struct lodge_domain_create arg = {
		.size = sizeof(arg),
		.domid = LODGE_DOMID_ANY,
		.nr_vcpus = 2,
		.memory = 64ull << 20,
	};

	strscpy(arg.name, name, sizeof(arg.name));
	return arg;
}

static int domain_test_init(struct kunit *test)
{
	fail_at = 0;
	step = 0;
	nr_parts = 0;
	nr_kicks = 0;
	nr_hangups = 0;
	return 0;
}

static struct domain *create(struct kunit *test, const char *name, u32 domid)
{
	struct lodge_domain_create arg = good_args(name);
	struct domain *d = NULL;

	arg.domid = domid;
	KUNIT_ASSERT_EQ(test, 0, domain_create(&arg, &d));
	KUNIT_ASSERT_NOT_NULL(test, d);
	KUNIT_EXPECT_EQ(test, d->id, arg.domid);
	return d;
}

static void end(struct domain *d)
{
	domain_destroy(d);
	domain_put(d);
}

static void name_is_valid_takes_its_characters_only(struct kunit *test)
{
	static const struct {
		const char *name;
		bool ok;
	} cases[] = {
		{ "a", true },
		{ "web1", true },
		{ "Web_1.example+x-y", true },
		{ "0", true },
		{ "a.", true },
		{ ".", false },
		{ "..", false },
		{ ".a", false },
		{ "", false },
		{ "a b", false },
		{ "a/b", false },
		{ "..\\", false },
		{ "a\n", false },
		{ "a:b", false },
		{ "a%s", false },
		{ "\x01", false },
		{ "caf\xc3\xa9", false },
		{ "caf\xe9", false },		/* a letter, in Latin-1 */
		{ "a\x7f", false },
	};
	char name[LODGE_NAME_LEN];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(name, 0, sizeof(name));
		strscpy(name, cases[i].name, sizeof(name));
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ok, name_is_valid(name),
				    "case %u", i);
	}
}

static void name_is_valid_needs_an_end(struct kunit *test)
{
	/* Of its own: a read past the end meets the checker's red zone. */
	char *name = kunit_kzalloc(test, LODGE_NAME_LEN, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, name);
	memset(name, 'x', LODGE_NAME_LEN);
	KUNIT_EXPECT_FALSE(test, name_is_valid(name));
	name[LODGE_NAME_LEN - 1] = 0;
	KUNIT_EXPECT_TRUE(test, name_is_valid(name));
}

static void check_args_refuses_every_bad_field(struct kunit *test)
{
#define FIELD(f)	offsetof(struct lodge_domain_create, f), \
			sizeof_field(struct lodge_domain_create, f)
	static const struct {
		size_t offset, size;
		u64 value;
		int result;
	} cases[] = {
		{ FIELD(flags), LODGE_DOMAIN_XAPIC, 0 },
		{ FIELD(flags), 1u << 1, -EINVAL },
		{ FIELD(flags), 1u << 31, -EINVAL },
		{ FIELD(reserved0), 1, -EINVAL },
		{ FIELD(reserved[0]), 1, -EINVAL },
		{ FIELD(reserved[1]), 1ull << 32, -EINVAL },
		{ FIELD(reserved[2]), 1ull << 63, -EINVAL },
		{ FIELD(reserved[3]), 1ull << 56, -EINVAL },
		{ FIELD(domid), LODGE_DOMID_ANY, 0 },
		{ FIELD(domid), 0, -EINVAL },
		{ FIELD(domid), 1, 0 },
		{ FIELD(domid), LODGE_DOMID_MAX, 0 },
		{ FIELD(domid), LODGE_DOMID_MAX + 1, -EINVAL },
		{ FIELD(domid), LODGE_DOMID_ANY - 1, -EINVAL },
		{ FIELD(nr_vcpus), 0, -EINVAL },
		{ FIELD(nr_vcpus), 1, 0 },
		{ FIELD(nr_vcpus), LODGE_MAX_VCPUS, 0 },
		{ FIELD(nr_vcpus), LODGE_MAX_VCPUS + 1, -EINVAL },
		{ FIELD(nr_vcpus), 0xffffffff, -EINVAL },
		{ FIELD(memory), 0, -EINVAL },
		{ FIELD(memory), LODGE_MEMORY_MIN - PAGE_SIZE, -EINVAL },
		{ FIELD(memory), LODGE_MEMORY_MIN, 0 },
		{ FIELD(memory), LODGE_MEMORY_MIN + 1, -EINVAL },
		{ FIELD(memory), LODGE_MEMORY_MIN + PAGE_SIZE, 0 },
		{ FIELD(memory), LODGE_MEMORY_MAX, 0 },
		{ FIELD(memory), LODGE_MEMORY_MAX + PAGE_SIZE, -EINVAL },
		{ FIELD(memory), U64_MAX & PAGE_MASK, -EINVAL },
		/* Not arguments: what the call fills in. */
		{ FIELD(fd), 7, 0 },
		{ FIELD(uuid[5]), 0xff, 0 },
		{ FIELD(name[0]), 0, -EINVAL },
		{ FIELD(name[1]), '/', -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct lodge_domain_create arg = good_args("good");

		memcpy((u8 *)&arg + cases[i].offset, &cases[i].value,
		       cases[i].size);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].result, check_args(&arg),
				    "case %u", i);
	}
#undef FIELD
}

static struct domain *other;

static void take_id_of(struct domain *d)
{
	struct lodge_domain_create arg = good_args("other");

	arg.domid = d->id;
	if (domain_create(&arg, &other))
		other = NULL;
}

static void take_name_of(struct domain *d)
{
	struct lodge_domain_create arg = good_args(d->name);

	if (domain_create(&arg, &other))
		other = NULL;
}

static void domain_create_finds_another_id_if_taken(struct kunit *test)
{
	struct domain *d;

	other = NULL;
	meanwhile = take_id_of;
	d = create(test, "good", LODGE_DOMID_ANY);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_EXPECT_NE(test, d->id, other->id);
	KUNIT_EXPECT_EQ(test, 2u, domain_count());
	end(d);
	end(other);
	KUNIT_EXPECT_EQ(test, 0, nr_parts);
}

static void domain_create_refuses_what_was_taken_meanwhile(struct kunit *test)
{
	struct lodge_domain_create arg = good_args("good");
	struct domain *d = NULL;

	other = NULL;
	meanwhile = take_name_of;
	KUNIT_EXPECT_EQ(test, -EEXIST, domain_create(&arg, &d));
	KUNIT_EXPECT_NULL(test, d);
	KUNIT_ASSERT_NOT_NULL(test, other);
	end(other);

	arg.domid = 5;
	meanwhile = take_id_of;
	KUNIT_EXPECT_EQ(test, -EEXIST, domain_create(&arg, &d));
	KUNIT_ASSERT_NOT_NULL(test, other);
	end(other);
	KUNIT_EXPECT_EQ(test, 0, nr_parts);
}

static void domain_create_refuses_before_it_makes_anything(struct kunit *test)
{
	struct lodge_domain_create arg = good_args("good");
	struct domain *d = NULL;

	arg.flags = 2;
	KUNIT_EXPECT_EQ(test, -EINVAL, domain_create(&arg, &d));
	KUNIT_EXPECT_NULL(test, d);
	KUNIT_EXPECT_EQ(test, 0u, step);
	KUNIT_EXPECT_EQ(test, 0u, domain_count());
}

/* Whatever step fails, all that was made is gone and the name is free. */
static void domain_create_leaves_nothing_when_a_step_fails(struct kunit *test)
{
	struct lodge_domain_create arg = good_args("good");
	unsigned int nr_steps;
	struct domain *d;

	d = create(test, "good", LODGE_DOMID_ANY);
	nr_steps = step;
	end(d);
	KUNIT_EXPECT_EQ(test, 0, nr_parts);
	KUNIT_EXPECT_GE(test, nr_steps, 9u);

	for (fail_at = 1; fail_at <= nr_steps; fail_at++) {
		step = 0;
		d = NULL;
		KUNIT_EXPECT_EQ_MSG(test, -ENOMEM, domain_create(&arg, &d),
				    "step %u", fail_at);
		KUNIT_EXPECT_EQ_MSG(test, 0, nr_parts, "step %u", fail_at);
		KUNIT_EXPECT_NULL(test, d);
		KUNIT_EXPECT_NULL(test, domain_lookup(LODGE_DOMID_ANY, "good"));
		KUNIT_EXPECT_EQ(test, 0u, domain_count());
	}
}

static void domain_create_refuses_a_name_or_id_that_is_taken(struct kunit *test)
{
	struct lodge_domain_create arg;
	struct domain *d = create(test, "one", 5), *other = NULL;

	arg = good_args("one");
	KUNIT_EXPECT_EQ(test, -EEXIST, domain_create(&arg, &other));
	arg = good_args("two");
	arg.domid = 5;
	KUNIT_EXPECT_EQ(test, -EEXIST, domain_create(&arg, &other));
	KUNIT_EXPECT_NULL(test, other);
	KUNIT_EXPECT_EQ(test, 1u, domain_count());
	end(d);

	/* Both are free again. */
	end(create(test, "one", 5));
	KUNIT_EXPECT_EQ(test, 0, nr_parts);
}

static void pick_id_does_not_give_the_last_one_again(struct kunit *test)
{
	struct domain *a = create(test, "a", LODGE_DOMID_ANY), *b;
	u32 first = a->id;

	end(a);
	b = create(test, "b", LODGE_DOMID_ANY);
	KUNIT_EXPECT_EQ(test, first % LODGE_DOMID_MAX + 1, b->id);
	end(b);
}

static void pick_id_wraps_and_passes_those_in_use(struct kunit *test)
{
	struct domain *one = create(test, "one", 1), *d;

	last_id = LODGE_DOMID_MAX - 1;
	d = create(test, "last", LODGE_DOMID_ANY);
	KUNIT_EXPECT_EQ(test, (u32)LODGE_DOMID_MAX, d->id);
	end(d);
	d = create(test, "wrapped", LODGE_DOMID_ANY);
	KUNIT_EXPECT_EQ(test, 2u, d->id);
	end(d);
	end(one);
}

static void domain_lookup_takes_a_reference(struct kunit *test)
{
	struct domain *d = create(test, "web", LODGE_DOMID_ANY);

	KUNIT_EXPECT_PTR_EQ(test, d, domain_lookup(LODGE_DOMID_ANY, "web"));
	KUNIT_EXPECT_PTR_EQ(test, d, domain_lookup(d->id, "other"));
	KUNIT_EXPECT_EQ(test, 4u, refcount_read(&d->refs));
	KUNIT_EXPECT_NULL(test, domain_lookup(LODGE_DOMID_ANY, "we"));
	KUNIT_EXPECT_NULL(test, domain_lookup(d->id + 1, "web"));
	domain_put(d);
	domain_put(d);
	end(d);
	KUNIT_EXPECT_EQ(test, 0, nr_parts);
}

static void domain_next_goes_by_id(struct kunit *test)
{
	static const u32 ids[] = { 30, 10, 20 };
	static const struct {
		u32 first, id;
	} cases[] = {
		{ 0, 10 }, { 10, 10 }, { 11, 20 }, { 21, 30 }, { 31, 0 },
	};
	struct domain *made[ARRAY_SIZE(ids)], *d;
	char name[] = "a";
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++, name[0]++)
		made[i] = create(test, name, ids[i]);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		d = domain_next(cases[i].first);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].id, d ? d->id : 0,
				    "case %u", i);
		if (d)
			domain_put(d);
	}
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		end(made[i]);
}

static void domain_destroy_twice_is_once(struct kunit *test)
{
	struct domain *d = create(test, "web", LODGE_DOMID_ANY);

	domain_destroy(d);
	domain_destroy(d);
	KUNIT_EXPECT_EQ(test, 1u, nr_hangups);
	KUNIT_EXPECT_EQ(test, 0u, domain_count());
	KUNIT_EXPECT_NULL(test, domain_lookup(LODGE_DOMID_ANY, "web"));
	/* What is open keeps it. */
	KUNIT_EXPECT_GT(test, nr_parts, 0);
	KUNIT_EXPECT_EQ(test, (u32)LODGE_STATE_DYING, state_of(d));
	domain_put(d);
	KUNIT_EXPECT_EQ(test, 0, nr_parts);
}

static void state_of_ranks_the_states(struct kunit *test)
{
	struct domain *d = create(test, "web", LODGE_DOMID_ANY);

	KUNIT_EXPECT_EQ(test, (u32)LODGE_STATE_PAUSED, state_of(d));
	KUNIT_EXPECT_FALSE(test, domain_is_runnable(d));
	domain_unpause(d);
	KUNIT_EXPECT_EQ(test, (u32)LODGE_STATE_RUNNING, state_of(d));
	KUNIT_EXPECT_TRUE(test, domain_is_runnable(d));
	domain_pause(d);
	KUNIT_EXPECT_EQ(test, (u32)LODGE_STATE_PAUSED, state_of(d));
	KUNIT_EXPECT_EQ(test, 2u, nr_kicks);
	domain_shutdown(d, LODGE_SHUTDOWN_REBOOT, "because");
	KUNIT_EXPECT_EQ(test, (u32)LODGE_STATE_SHUTDOWN, state_of(d));
	KUNIT_EXPECT_EQ(test, 4u, nr_kicks);
	domain_unpause(d);
	KUNIT_EXPECT_FALSE(test, domain_is_runnable(d));
	end(d);
}

static void domain_shutdown_keeps_the_first_reason(struct kunit *test)
{
	struct domain *d = create(test, "web", LODGE_DOMID_ANY);
	struct lodge_domain_info info;

	KUNIT_EXPECT_EQ(test, VMEXIT_STOPPED,
			domain_shutdown(d, LODGE_SHUTDOWN_POWEROFF,
					"reason %u", 1u));
	KUNIT_EXPECT_EQ(test, VMEXIT_STOPPED,
			domain_shutdown(d, LODGE_SHUTDOWN_REBOOT, "second"));
	domain_info(d, &info);
	KUNIT_EXPECT_EQ(test, (u32)LODGE_SHUTDOWN_POWEROFF,
			info.shutdown_reason);
	KUNIT_EXPECT_STREQ(test, "reason 1", info.reason);
	end(d);
}

static void domain_info_tells_what_is(struct kunit *test)
{
	struct domain *d = create(test, "web", 77);
	struct lodge_domain_info info;

	d->vcpus[1]->runner = 1;
	d->vcpus[1]->mode = VCPU_BLOCKED;
	d->vcpus[0]->cpu_ns = 3;
	d->vcpus[1]->cpu_ns = 4;
	memset(&info, 0xff, sizeof(info));
	domain_info(d, &info);
	KUNIT_EXPECT_EQ(test, (u32)sizeof(info), info.size);
	KUNIT_EXPECT_EQ(test, 77u, info.domid);
	KUNIT_EXPECT_EQ(test, 2u, info.nr_vcpus);
	KUNIT_EXPECT_EQ(test, 1u, info.nr_running);
	KUNIT_EXPECT_EQ(test, 1u, info.nr_blocked);
	KUNIT_EXPECT_EQ(test, 1u, info.paused);
	KUNIT_EXPECT_EQ(test, 7ull, info.cpu_ns);
	KUNIT_EXPECT_EQ(test, 64ull << 20, info.memory);
	KUNIT_EXPECT_EQ(test, 99ull, info.log_end);
	KUNIT_EXPECT_STREQ(test, "web", info.name);
	KUNIT_EXPECT_STREQ(test, "", info.reason);
	KUNIT_EXPECT_EQ(test, 0u, info.reserved0);
	KUNIT_EXPECT_NULL(test, memchr_inv(info.reserved, 0,
					   sizeof(info.reserved)));
	end(d);
}

static struct kunit_case domain_cases[] = {
	KUNIT_CASE(name_is_valid_takes_its_characters_only),
	KUNIT_CASE(name_is_valid_needs_an_end),
	KUNIT_CASE(check_args_refuses_every_bad_field),
	KUNIT_CASE(domain_create_finds_another_id_if_taken),
	KUNIT_CASE(domain_create_refuses_what_was_taken_meanwhile),
	KUNIT_CASE(domain_create_refuses_before_it_makes_anything),
	KUNIT_CASE(domain_create_leaves_nothing_when_a_step_fails),
	KUNIT_CASE(domain_create_refuses_a_name_or_id_that_is_taken),
	KUNIT_CASE(pick_id_does_not_give_the_last_one_again),
	KUNIT_CASE(pick_id_wraps_and_passes_those_in_use),
	KUNIT_CASE(domain_lookup_takes_a_reference),
	KUNIT_CASE(domain_next_goes_by_id),
	KUNIT_CASE(domain_destroy_twice_is_once),
	KUNIT_CASE(state_of_ranks_the_states),
	KUNIT_CASE(domain_shutdown_keeps_the_first_reason),
	KUNIT_CASE(domain_info_tells_what_is),
	{}
};

static struct kunit_suite domain_suite = {
	.name = "lodge_domain",
	.init = domain_test_init,
	.test_cases = domain_cases,
};

kunit_test_suite(domain_suite);

MODULE_LICENSE("GPL");
