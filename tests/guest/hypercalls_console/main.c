// SPDX-License-Identifier: GPL-2.0-only
/*
 * console_io, and a lot of text through the console ring: the reader must
 * keep up, whatever we write, and must not lose or repeat a line.
 */
#include "hcheck.h"

#include <xen/io/console.h>

#define NR	__HYPERVISOR_console_io
#define LINES	1000

static s64 console_io(u32 cmd, u64 count, const void *buf)
{
	return hypercall3(NR, cmd, count, (u64)buf);
}

static void test_write(void)
{
	static const char text[] = "console_io: a line\n";
	static const char odd[] = "console_io: \1\2\33[31m\377 odd\n";
	u8 *edge = window_address(HC_PAGE);
	unsigned int i;

	check_hcall("write", console_io(CONSOLEIO_write, sizeof(text) - 1,
					text), 0);
	check_hcall("write nothing", console_io(CONSOLEIO_write, 0, text), 0);
	check_hcall("write nothing from nowhere",
		    console_io(CONSOLEIO_write, 0, NULL), 0);
	check_hcall("write odd bytes",
		    console_io(CONSOLEIO_write, sizeof(odd) - 1, odd), 0);
	memset(edge, '.', 4096);
	edge[4095] = '\n';
	for (i = 63; i < 4096; i += 64)
		edge[i] = '\n';
	check_hcall("write that runs into a hole",
		    console_io(CONSOLEIO_write, 4097, edge), XEN_EFAULT);
	check_hcall("write 2^31 bytes",
		    console_io(CONSOLEIO_write, 1ul << 31, edge + 4000),
		    XEN_EFAULT);
	check_hcall("write 2^32 - 1 bytes",
		    console_io(CONSOLEIO_write, 0xffffffff, edge + 4000),
		    XEN_EFAULT);
	check_eq("32-bit write",
		 hypercall_compat(NR, CONSOLEIO_write, sizeof(text) - 1,
				  (u32)(u64)text, 0, 0), 0);
	check_bad_pointers("write", NR, HARGS(CONSOLEIO_write, 16), 2);
}

static void test_other(void)
{
	u8 buf[16];

	check_either("read", console_io(CONSOLEIO_read, sizeof(buf), buf), 0,
		     XEN_EPERM);
	check_hcall("command 2", console_io(2, 1, buf), XEN_ENOSYS);
	check_hcall("command ~0", console_io(~0u, 1, buf), XEN_ENOSYS);
}

static void test_ring(void)
{
	u64 start = rdtsc();
	unsigned int i;

	if (!check("console ring", console_ring))
		return;
	check_eq("reader is connected", *((u8 *)console_ring + 3088), 0);
	for (i = 0; i < LINES; i++)
		print("line %04u of %u through the ring\n", i, LINES);
	check("the reader takes all", console_drain(5000));
	print("# %u lines in %lu ms\n", LINES, (rdtsc() - start) / tsc_khz);
}

void test_main(void)
{
	if (!need_xen())
		return;
	hcheck_init();
	test_write();
	test_other();
	test_ring();
}
