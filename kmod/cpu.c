// SPDX-License-Identifier: GPL-2.0-only
/*
 * Switches virtualization on when the first domain comes and off with the
 * last, follows CPUs that come and go, suspend, reboot and kexec, and leaves
 * the CPUs clean for a crash kernel.  It shares the host with KVM by taking
 * turns: whoever finds the other at work steps back.
 */
#include "cpu.h"

#include <linux/cpu.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/preempt.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/syscore_ops.h>

#include <asm/msr.h>

#include "compat.h"
#include "vendor.h"
#include "xen/guest_if.h"

/* virt_users, emergency_set, kvm_present.  Outermost lock of the module, then the CPUs. */
static DEFINE_MUTEX(virt_lock);
static unsigned int virt_users;
static int hotplug_state;
static bool emergency_set;
static bool kvm_present;	/* its module is loaded, or is about to be */
static bool ending;		/* written once at reboot */
static u64 suspend_tsc;		/* only in virt_suspend() and virt_resume() */

static int enable_here(void)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = vendor->cpu_enable();
	local_irq_restore(flags);
	if (err == -EBUSY)
		pr_err_ratelimited("lodge: CPU %u: virtualization is in use by another hypervisor (is a KVM guest running? stop it, or unload %s)\n",
				   raw_smp_processor_id(), vendor->kvm_module);
	else if (err)
		pr_err_ratelimited("lodge: CPU %u: virtualization is refused by the CPU\n",
				   raw_smp_processor_id());
	return err;
}

/*
 * Hotplug callbacks run with the CPUs locked for writing; cpu_virt_get() and
 * cpu_virt_put() change virt_users with them locked for reading, so a CPU
 * that comes sees the count that the others act on.
 */
static int cpu_up_callback(unsigned int cpu)
{
	return virt_users && !ending ? enable_here() : 0;
}

static int cpu_down_callback(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	vendor->cpu_disable();
	local_irq_restore(flags);
	return 0;
}

static void enable_one(void *err)
{
	int ret = enable_here();

	if (ret)
		WRITE_ONCE(*(int *)err, ret);
}

static void disable_one(void *unused)
{
	vendor->cpu_disable();
}

/* Is a module of this name in the kernel?  Its kobject is beside ours. */
static bool module_is_present(const char *name)
{
	struct kobject *k = kset_find_obj(THIS_MODULE->mkobj.kobj.kset, name);

	kobject_put(k);
	return k;
}

/*
 * KVM may take the kernel's only emergency callback when it is loaded, used or
 * not; ours is set only while it is away.  Its callback switches the hardware
 * off on every CPU, whoever switched it on, so nothing is lost meanwhile.
 */
static void emergency_update(bool wanted)
{
	lockdep_assert_held(&virt_lock);
	if (kvm_present)
		wanted = false;
	if (wanted == emergency_set)
		return;
	if (wanted)
		compat_emergency_register(vendor->emergency_disable);
	else
		compat_emergency_unregister(vendor->emergency_disable);
	emergency_set = wanted;
}

static int module_notify(struct notifier_block *nb, unsigned long state,
			 void *data)
{
	const struct module *mod = data;

	if (strcmp(mod->name, vendor->kvm_module))
		return NOTIFY_DONE;
	mutex_lock(&virt_lock);
	if (state == MODULE_STATE_COMING)
		kvm_present = true;
	else if (state == MODULE_STATE_GOING)
		kvm_present = false;
	emergency_update(virt_users > 0);
	mutex_unlock(&virt_lock);
	return NOTIFY_DONE;
}

static struct notifier_block module_nb = { .notifier_call = module_notify };

int cpu_virt_get(void)
{
	int err = 0;

	mutex_lock(&virt_lock);
	if (ending) {
		err = -ESHUTDOWN;
		goto unlock;
	}
	if (virt_users) {
		virt_users++;
		goto unlock;
	}
	/* Before and after: the callback does nothing on a CPU that is off. */
	emergency_update(true);
	cpus_read_lock();
	on_each_cpu(enable_one, &err, 1);
	if (err)
		on_each_cpu(disable_one, NULL, 1);
	else
		virt_users = 1;
	cpus_read_unlock();
	if (err)
		emergency_update(false);
unlock:
	mutex_unlock(&virt_lock);
	return err;
}

void cpu_virt_put(void)
{
	mutex_lock(&virt_lock);
	cpus_read_lock();
	if (!--virt_users)
		on_each_cpu(disable_one, NULL, 1);
	cpus_read_unlock();
	emergency_update(virt_users > 0);
	mutex_unlock(&virt_lock);
}

bool cpu_virt_is_ending(void)
{
	return READ_ONCE(ending);
}

/* Also before kexec: the next kernel must find the CPUs as firmware does. */
static int reboot_notify(struct notifier_block *nb, unsigned long action,
			 void *unused)
{
	/* Not while cpu_virt_get() is at work, which would undo it. */
	mutex_lock(&virt_lock);
	/* Nor while a CPU comes up that did not see it end. */
	cpus_read_lock();
	WRITE_ONCE(ending, true);
	on_each_cpu(disable_one, NULL, 1);
	cpus_read_unlock();
	mutex_unlock(&virt_lock);
	return NOTIFY_DONE;
}

static struct notifier_block reboot_nb = { .notifier_call = reboot_notify };

/*
 * Suspend takes the other CPUs down by hotplug; this is the last one, with
 * interrupts off and nobody else left, so the count is stable.
 */
static int virt_suspend(void)
{
	suspend_tsc = rdtsc_ordered();
	if (virt_users)
		vendor->cpu_disable();
	return 0;
}

static void virt_resume(void)
{
	xen_host_slept(suspend_tsc, rdtsc_ordered());
	if (virt_users && vendor->cpu_enable())
		pr_err("lodge: virtualization could not be resumed\n");
}

static struct syscore_ops virt_syscore = {
	.suspend = virt_suspend,
	.resume = virt_resume,
};

int cpu_virt_init(void)
{
	int err = register_module_notifier(&module_nb);

	if (err)
		return err;
	mutex_lock(&virt_lock);
	kvm_present |= module_is_present(vendor->kvm_module);
	mutex_unlock(&virt_lock);
	err = register_reboot_notifier(&reboot_nb);
	if (err)
		goto unregister_module;
	err = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "lodge:online",
					cpu_up_callback, cpu_down_callback);
	if (err < 0)
		goto unregister_reboot;
	hotplug_state = err;
	register_syscore_ops(&virt_syscore);
	preempt_notifier_inc();
	return 0;

unregister_reboot:
	unregister_reboot_notifier(&reboot_nb);
unregister_module:
	unregister_module_notifier(&module_nb);
	return err;
}

void cpu_virt_exit(void)
{
	preempt_notifier_dec();
	unregister_syscore_ops(&virt_syscore);
	cpuhp_remove_state_nocalls(hotplug_state);
	unregister_reboot_notifier(&reboot_nb);
	unregister_module_notifier(&module_nb);
}
