// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load and unload.  Loading finds out whether this host can run guests and
 * publishes the device last; unloading is the same backwards.  Virtualization
 * itself is switched on with the first domain.
 */
#include <linux/init.h>
#include <linux/module.h>

#include "cpu.h"
#include "dev.h"
#include "emul/emul.h"
#include "mmu/s2.h"
#include "ring/io.h"
#include "vendor.h"

struct vendor_ops *vendor;

static struct vendor_ops * const vendors[] __initconst = {
	&vmx_vendor_ops,
	&svm_vendor_ops,
};

static int __init choose_vendor(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vendors); i++) {
		if (!vendors[i]->is_present())
			continue;
		vendor = vendors[i];
		return vendor->probe();
	}
	pr_err("lodge: this CPU has no VMX and no SVM\n");
	return -ENODEV;
}

static int __init lodge_init(void)
{
	int err;

	err = choose_vendor();
	if (err)
		return err;
	err = vendor->init();
	if (err)
		return err;
	cpuid_init();
	msr_init();
	err = cpu_virt_init();
	if (err)
		goto exit_vendor;
	err = io_init();
	if (err)
		goto exit_cpu;
	err = dev_init();
	if (err)
		goto exit_io;
	pr_info("lodge: ready, %s with %s\n", vendor->name,
		vendor->s2_format->name);
	return 0;

exit_io:
	io_exit();
exit_cpu:
	cpu_virt_exit();
exit_vendor:
	vendor->exit();
	return err;
}

static void __exit lodge_exit(void)
{
	dev_exit();
	io_exit();
	cpu_virt_exit();
	vendor->exit();
}

module_init(lodge_init);
module_exit(lodge_exit);

MODULE_DESCRIPTION("Hypervisor with Xen's domain model");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
