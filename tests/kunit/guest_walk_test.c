// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks of guest page tables in every paging mode, over a small fake memory.
 * The tables of cases hold one entry for each rule of the manual's "Paging"
 * chapter that decides about a translation: rights, sizes, reserved bits,
 * canonical addresses; and tables that lie outside memory.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "../../kmod/mmu/guest_walk.c"

#define MEM_PAGES	16

/* RAM is [0, MEM_PAGES * 4K), with a hole at HOLE; ROM may only be read. */
#define HOLE	0xe000
#define ROM	0xd000

static u8 *mem;

static bool mem_has(gpa_t gpa, size_t len)
{
	return gpa < MEM_PAGES * PAGE_SIZE &&
	       len <= MEM_PAGES * PAGE_SIZE - gpa &&
	       (gpa & PAGE_MASK) != HOLE;
}

int guest_mem_fetch(struct guest_ram *ram, gpa_t gpa, unsigned int size,
		    u64 *value)
{
	lockdep_assert_held(&ram->s2.lock);
	if (!mem_has(gpa, size) || gpa & (size - 1))
		return -EFAULT;
	*value = size == 8 ? *(u64 *)(mem + gpa) : *(u32 *)(mem + gpa);
	return 0;
}

int guest_mem_read(struct guest_ram *ram, gpa_t gpa, void *dst, size_t len)
{
	if (!mem_has(gpa, len))
		return -EFAULT;
	memcpy(dst, mem + gpa, len);
	return 0;
}

int guest_mem_check_write(struct guest_ram *ram, gpa_t gpa, size_t len,
			  bool atomic)
{
	return mem_has(gpa, len) && (gpa & PAGE_MASK) != ROM ? 0 : -EFAULT;
}

int guest_mem_write(struct guest_ram *ram, gpa_t gpa, const void *src,
		    size_t len, bool atomic)
{
	if (guest_mem_check_write(ram, gpa, len, atomic))
		return -EFAULT;
	memcpy(mem + gpa, src, len);
	return 0;
}

#define P	PTE_PRESENT
#define W	PTE_WRITE
#define U	PTE_USER
#define PS	PTE_LARGE
#define NX	PTE_NX

/* Tables of a walk, by level; the root is the highest. */
#define PT_BASE(level)	((level) * 0x1000ull)

#define CR0_PG_WP	(X86_CR0_PG | X86_CR0_PE | X86_CR0_WP)
#define LONG_EFER	(EFER_LMA | EFER_LME | EFER_NX)

static const struct guest_paging long_mode = {
	.cr0 = CR0_PG_WP, .cr3 = PT_BASE(4), .cr4 = X86_CR4_PAE,
	.efer = LONG_EFER,
};

static const struct guest_paging pae_mode = {
	.cr0 = CR0_PG_WP, .cr3 = PT_BASE(3) + 0x20, .cr4 = X86_CR4_PAE,
	.efer = EFER_NX,
};

static const struct guest_paging two_level = {
	.cr0 = CR0_PG_WP, .cr3 = PT_BASE(2), .cr4 = X86_CR4_PSE,
};

/* What a case changes in the mode and asks for. */
#define AS_USER		BIT(0)
#define AS_WRITE	BIT(1)
#define NO_WP		BIT(2)
#define NO_NX		BIT(3)
#define NO_PSE		BIT(4)
#define WITH_LA57	BIT(5)

/*
 * Entries by level, at the places that gva selects; an entry above the lowest
 * level that has no address gets that of the next table.
 */
struct walk_case {
	const char *name;
	gva_t gva;
	u64 entry[5];
	unsigned int how;
	gpa_t gpa;	/* or FAULTS: -EFAULT */
};

#define FAULTS	(~0ull)

static const struct walk_case long_cases[] = {
	{ "4k", 0x123, { 0, 0x5000 | P, P, P, P }, 0, 0x5123 },
	{ "4k top half", 0xffffffff80000123ull,
	  { 0, 0x5000 | P | W | NX, P | W, P | W, P | W }, AS_WRITE, 0x5123 },
	{ "last byte", ~0ull, { 0, 0x5000 | P, P, P, P }, 0, 0x5fff },
	{ "2m", 0x12345, { 0, 0, 0x600000 | P | PS, P, P }, 0, 0x612345 },
	{ "1g", 0x12345678, { 0, 0, 0, 0x80000000 | P | PS, P }, 0,
	  0x92345678 },
	{ "2m with PAT", 0, { 0, 0, 0x601000 | P | PS, P, P }, 0, 0x600000 },
	{ "ignored bits", 0, { 0, 0x5000 | P | GENMASK_ULL(62, 52) |
	  GENMASK_ULL(11, 9), P, P, P }, 0, 0x5000 },
	{ "not canonical", 0x800000000000ull, { 0, 0x5000 | P, P, P, P }, 0,
	  FAULTS },
	{ "not canonical high", 0xffff7fffffffffffull,
	  { 0, 0x5000 | P, P, P, P }, 0, FAULTS },
	{ "5 levels", 0, { 0, 0x5000 | P, P, P, P }, WITH_LA57, FAULTS },
	{ "absent 1", 0, { 0, 0x5000, P, P, P }, 0, FAULTS },
	{ "absent 2", 0, { 0, 0x5000 | P, 0, P, P }, 0, FAULTS },
	{ "absent 3", 0, { 0, 0x5000 | P, P, 0, P }, 0, FAULTS },
	{ "absent 4", 0, { 0, 0x5000 | P, P, P, 0 }, 0, FAULTS },
	{ "user ok", 0, { 0, 0x5000 | P | U, P | U, P | U, P | U }, AS_USER,
	  0x5000 },
	{ "user 1", 0, { 0, 0x5000 | P, P | U, P | U, P | U }, AS_USER,
	  FAULTS },
	{ "user 2", 0, { 0, 0x5000 | P | U, P, P | U, P | U }, AS_USER,
	  FAULTS },
	{ "user 3", 0, { 0, 0x5000 | P | U, P | U, P, P | U }, AS_USER,
	  FAULTS },
	{ "user 4", 0, { 0, 0x5000 | P | U, P | U, P | U, P }, AS_USER,
	  FAULTS },
	{ "write ok", 0, { 0, 0x5000 | P | W, P | W, P | W, P | W },
	  AS_WRITE, 0x5000 },
	{ "write 1", 0, { 0, 0x5000 | P, P | W, P | W, P | W }, AS_WRITE,
	  FAULTS },
	{ "write 2", 0, { 0, 0x5000 | P | W, P, P | W, P | W }, AS_WRITE,
	  FAULTS },
	{ "write 4", 0, { 0, 0x5000 | P | W, P | W, P | W, P }, AS_WRITE,
	  FAULTS },
	{ "write 2m", 0, { 0, 0, 0x600000 | P | PS, P | W, P | W }, AS_WRITE,
	  FAULTS },
	{ "write without WP", 0, { 0, 0x5000 | P, P, P, P },
	  AS_WRITE | NO_WP, 0x5000 },
	{ "user write without WP", 0,
	  { 0, 0x5000 | P | U, P | U, P | U, P | U },
	  AS_USER | AS_WRITE | NO_WP, FAULTS },
	{ "NX without NXE", 0, { 0, 0x5000 | P | NX, P, P, P }, NO_NX,
	  FAULTS },
	{ "NX without NXE above", 0, { 0, 0x5000 | P, P, P | NX, P }, NO_NX,
	  FAULTS },
	{ "large at level 4", 0, { 0, 0x5000 | P, P, P, P | PS }, 0, FAULTS },
	{ "2m reserved", 0, { 0, 0, 0x602000 | P | PS, P, P }, 0, FAULTS },
	{ "1g reserved", 0, { 0, 0, 0, 0x80200000 | P | PS, P }, 0, FAULTS },
	{ "too wide", 0, { 0, BIT_ULL(48) | P, P, P, P }, 0, FAULTS },
	{ "too wide table", 0, { 0, 0x5000 | P, BIT_ULL(51) | P, P, P }, 0,
	  FAULTS },
	{ "widest", 0, { 0, BIT_ULL(47) | P, P, P, P }, 0, BIT_ULL(47) },
};

static const struct walk_case pae_cases[] = {
	{ "4k", 0xc0000123, { 0, 0x5000 | P, P, P }, 0, 0x5123 },
	{ "upper half of the address is nothing", 0x1c0000123ull,
	  { 0, 0x5000 | P, P, P }, 0, 0x5123 },
	{ "beyond 4G", 0x123, { 0, 0x123456000ull | P, P, P }, 0,
	  0x123456123ull },
	{ "2m", 0x12345, { 0, 0, 0x600000 | P | PS, P }, 0, 0x612345 },
	{ "top entry has no rights", 0,
	  { 0, 0x5000 | P | W | U, P | W | U, P }, AS_USER | AS_WRITE, 0x5000 },
	{ "user 2", 0, { 0, 0x5000 | P | U, P, P }, AS_USER, FAULTS },
	{ "write 1", 0, { 0, 0x5000 | P, P | W, P }, AS_WRITE, FAULTS },
	{ "top entry writable", 0, { 0, 0x5000 | P, P, P | W }, 0, FAULTS },
	{ "top entry large", 0, { 0, 0x5000 | P, P, P | PS }, 0, FAULTS },
	{ "top entry absent", 0, { 0, 0x5000 | P, P, 0 }, 0, FAULTS },
	{ "bit 52", 0, { 0, 0x5000 | P | BIT_ULL(52), P, P }, 0, FAULTS },
	{ "NX ok", 0, { 0, 0x5000 | P | NX, P, P }, 0, 0x5000 },
	{ "NX without NXE", 0, { 0, 0x5000 | P | NX, P, P }, NO_NX, FAULTS },
};

static const struct walk_case two_level_cases[] = {
	{ "4k", 0x123, { 0, 0x5000 | P, P }, 0, 0x5123 },
	{ "4k last", 0xffffffff, { 0, 0x5000 | P, P }, 0, 0x5fff },
	{ "4m", 0x212345, { 0, 0, 0x800000 | P | PS }, 0, 0xa12345 },
	{ "4m beyond 4G", 0x12345, { 0, 0, 0x800000 | (0x12 << 13) | P | PS },
	  0, 0x1200812345ull },
	{ "4m reserved", 0, { 0, 0, 0x800000 | BIT(21) | P | PS }, 0, FAULTS },
	{ "PS is ignored without PSE", 0x123, { 0, 0x5000 | P, P | PS },
	  NO_PSE, 0x5123 },
	{ "PAT is no size", 0x123, { 0, 0x5000 | P | PS, P }, 0, 0x5123 },
	{ "absent 1", 0, { 0, 0x5000, P }, 0, FAULTS },
	{ "absent 2", 0, { 0, 0x5000 | P, 0 }, 0, FAULTS },
	{ "user", 0, { 0, 0x5000 | P | U, P }, AS_USER, FAULTS },
	{ "write", 0, { 0, 0x5000 | P, P | W }, AS_WRITE, FAULTS },
	{ "write without WP", 0, { 0, 0x5000 | P, P | W }, AS_WRITE | NO_WP,
	  0x5000 },
};

static void apply_how(struct guest_paging *pg, unsigned int how)
{
	if (how & AS_USER)
		pg->cpl = 3;
	if (how & NO_WP)
		pg->cr0 &= ~X86_CR0_WP;
	if (how & NO_NX)
		pg->efer &= ~EFER_NX;
	if (how & NO_PSE)
		pg->cr4 &= ~X86_CR4_PSE;
	if (how & WITH_LA57)
		pg->cr4 |= X86_CR4_LA57;
}

static void put_entry(const struct guest_paging *pg, unsigned int top,
		      unsigned int level, gva_t gva, u64 entry)
{
	unsigned int bits = top == 2 ? 10 : 9;
	u64 index = gva >> (12 + bits * (level - 1)) & (BIT(bits) - 1);
	gpa_t table = PT_BASE(level);

	if (top == 3 && level == 3) {
		table += 0x20;
		index &= 3;
	}
	/* A leaf brings its address; a table's place follows from the level. */
	if (level > 1 && !(entry & PTE_ADDRESS))
		entry |= PT_BASE(level - 1);
	if (top == 2)
		*(u32 *)(mem + table + index * 4) = entry;
	else
		*(u64 *)(mem + table + index * 8) = entry;
}

static void run_walks(struct kunit *test, const struct guest_paging *mode,
		      unsigned int top, const struct walk_case *cases,
		      unsigned int nr)
{
	struct guest_ram *ram = test->priv;
	unsigned int i, level;

	for (i = 0; i < nr; i++) {
		const struct walk_case *k = &cases[i];
		struct guest_paging pg = *mode;
		gpa_t gpa = 0xbad;
		int err;

		memset(mem, 0, MEM_PAGES * PAGE_SIZE);
		for (level = 1; level <= top; level++)
			put_entry(&pg, top, level, k->gva, k->entry[level]);
		apply_how(&pg, k->how);
		err = guest_virt_to_phys(ram, &pg, k->gva, k->how & AS_WRITE,
					 &gpa);
		KUNIT_EXPECT_EQ_MSG(test, err, k->gpa == FAULTS ? -EFAULT : 0,
				    "%s", k->name);
		if (!err)
			KUNIT_EXPECT_EQ_MSG(test, gpa, k->gpa, "%s", k->name);
	}
}

static void guest_virt_to_phys_long_mode(struct kunit *test)
{
	run_walks(test, &long_mode, 4, long_cases, ARRAY_SIZE(long_cases));
}

static void guest_virt_to_phys_pae(struct kunit *test)
{
	run_walks(test, &pae_mode, 3, pae_cases, ARRAY_SIZE(pae_cases));
}

static void guest_virt_to_phys_2level(struct kunit *test)
{
	run_walks(test, &two_level, 2, two_level_cases,
		  ARRAY_SIZE(two_level_cases));
}

static void guest_virt_to_phys_without_paging(struct kunit *test)
{
	struct guest_paging pg = { .cr0 = X86_CR0_PE, .cr3 = ~0ull };
	gpa_t gpa;

	KUNIT_EXPECT_EQ(test, 0, guest_virt_to_phys(test->priv, &pg,
						    0x100005678ull, true,
						    &gpa));
	KUNIT_EXPECT_EQ(test, gpa, 0x5678ull);
}

static void guest_virt_to_phys_tables_beyond_memory(struct kunit *test)
{
	struct guest_paging pg = long_mode;
	gpa_t gpa;

	pg.cr3 = HOLE;
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_virt_to_phys(test->priv, &pg, 0,
							  false, &gpa));
	pg.cr3 = GENMASK_ULL(63, 0);
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_virt_to_phys(test->priv, &pg, 0,
							  false, &gpa));
	pg = long_mode;
	*(u64 *)(mem + PT_BASE(4)) = HOLE | P;
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_virt_to_phys(test->priv, &pg, 0,
							  false, &gpa));
	/* A table that points to itself ends after four levels. */
	*(u64 *)(mem + PT_BASE(4)) = PT_BASE(4) | P;
	KUNIT_EXPECT_EQ(test, 0, guest_virt_to_phys(test->priv, &pg, 0x10,
						    false, &gpa));
	KUNIT_EXPECT_EQ(test, gpa, PT_BASE(4) + 0x10);
}

/* Random tables: no walk may leave memory, whatever they hold. */
static void guest_virt_to_phys_random_tables(struct kunit *test)
{
	const struct guest_paging *modes[] = {
		&long_mode, &pae_mode, &two_level,
	};
	struct rnd_state rnd;
	unsigned int i, found = 0;
	gpa_t gpa;

	prandom_seed_state(&rnd, 0x3a1c);
	for (i = 0; i < 30000; i++) {
		struct guest_paging pg = *modes[i % 3];
		u32 at = prandom_u32_state(&rnd) % (MEM_PAGES * 4096) & ~7;
		gva_t gva = prandom_u32_state(&rnd);

		prandom_bytes_state(&rnd, mem + at, 8);
		/* Most tables are found, or nothing is walked. */
		*(u64 *)(mem + at) &= 0xf867;
		*(u64 *)(mem + (at & PAGE_MASK)) |= P;
		pg.cr3 &= 0xf000;
		pg.cpl = i & 3;
		found += !guest_virt_to_phys(test->priv, &pg, gva, i & 4,
					     &gpa);
	}
	KUNIT_EXPECT_GT(test, found, 100u);
}

/* Two pages that are neighbours by gva only: 0x3000 -> 0x9000, 0x4000 -> 2. */
static void map_two(gpa_t second)
{
	gva_t gva;

	for (gva = 0x3000; gva <= 0x4000; gva += 0x1000) {
		put_entry(&long_mode, 4, 4, gva, P | W);
		put_entry(&long_mode, 4, 3, gva, P | W);
		put_entry(&long_mode, 4, 2, gva, P | W);
		put_entry(&long_mode, 4, 1, gva,
			  (gva == 0x3000 ? 0x9000 : second) | P | W);
	}
}

static void guest_virt_read_straddles_pages(struct kunit *test)
{
	char buf[8];

	map_two(0x7000);
	memcpy(mem + 0x9ffc, "abcd", 4);
	memcpy(mem + 0x7000, "efgh", 4);
	KUNIT_EXPECT_EQ(test, 0, guest_virt_read(test->priv, &long_mode,
						 0x3ffc, buf, 8));
	KUNIT_EXPECT_EQ(test, 0, memcmp(buf, "abcdefgh", 8));
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_virt_read(test->priv, &long_mode,
						       0x4ffc, buf, 8));
	map_two(HOLE);
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_virt_read(test->priv, &long_mode,
						       0x3ffc, buf, 8));
}

static void guest_virt_read_wraps_at_top(struct kunit *test)
{
	char buf[8];

	put_entry(&long_mode, 4, 4, ~0ull, P);
	put_entry(&long_mode, 4, 3, ~0ull, P);
	put_entry(&long_mode, 4, 2, ~0ull, P);
	put_entry(&long_mode, 4, 1, ~0ull, 0x9000 | P);
	KUNIT_EXPECT_EQ(test, 0, guest_virt_read(test->priv, &long_mode, -8ull,
						 buf, 8));
	/* What follows is address 0: not mapped here, and no lapse of ours. */
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_virt_read(test->priv, &long_mode,
						       -4ull, buf, 8));
}

static void guest_virt_write_checks_all_first(struct kunit *test)
{
	map_two(ROM);
	KUNIT_EXPECT_EQ(test, -EFAULT, guest_virt_write(test->priv, &long_mode,
							0x3ffc, "abcdefgh", 8,
							true));
	KUNIT_EXPECT_EQ(test, 0, mem[0x9ffc]);
	map_two(0x7000);
	KUNIT_EXPECT_EQ(test, 0, guest_virt_write(test->priv, &long_mode,
						  0x3ffc, "abcdefgh", 8,
						  true));
	KUNIT_EXPECT_EQ(test, 0, memcmp(mem + 0x9ffc, "abcd", 4));
	KUNIT_EXPECT_EQ(test, 0, memcmp(mem + 0x7000, "efgh", 4));
}

static int guest_walk_test_init(struct kunit *test)
{
	struct guest_ram *ram;

	ram = kunit_kzalloc(test, sizeof(*ram), GFP_KERNEL);
	mem = kunit_kzalloc(test, MEM_PAGES * PAGE_SIZE, GFP_KERNEL);
	if (!ram || !mem)
		return -ENOMEM;
	spin_lock_init(&ram->s2.lock);
	test->priv = ram;
	return 0;
}

static struct kunit_case guest_walk_test_cases[] = {
	KUNIT_CASE(guest_virt_to_phys_long_mode),
	KUNIT_CASE(guest_virt_to_phys_pae),
	KUNIT_CASE(guest_virt_to_phys_2level),
	KUNIT_CASE(guest_virt_to_phys_without_paging),
	KUNIT_CASE(guest_virt_to_phys_tables_beyond_memory),
	KUNIT_CASE(guest_virt_to_phys_random_tables),
	KUNIT_CASE(guest_virt_read_straddles_pages),
	KUNIT_CASE(guest_virt_read_wraps_at_top),
	KUNIT_CASE(guest_virt_write_checks_all_first),
	{}
};

static struct kunit_suite guest_walk_test_suite = {
	.name = "lodge_guest_walk",
	.init = guest_walk_test_init,
	.test_cases = guest_walk_test_cases,
};

kunit_test_suite(guest_walk_test_suite);

MODULE_LICENSE("GPL");
