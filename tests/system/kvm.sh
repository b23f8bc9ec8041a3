# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2154,SC1091
#
# Each of lodge and KVM takes the hardware while the other has it, and KVM's
# module, which may claim the kernel's emergency callback, is loaded and removed
# under a domain.

. "$T/lib.sh"
. "$T/domains.sh"

kvm=kvm_intel
! grep -q '^flags.* svm' /proc/cpuinfo || kvm=kvm_amd

create_domain()
{
	"$lodge" create -q -n "$1" -m 4 -k "$T/$2.elf"
}

# Runs kvm_hold; its input ends when release_kvm says so.
hold_kvm()
{
	rm -f /run/hold
	mkfifo /run/hold
	"$T/kvm_hold" </run/hold >/run/held 2>&1 &
	exec 3>/run/hold
	until_true "answer of KVM" test -s /run/held
}

release_kvm()
{
	exec 3>&-
	until_true "end of kvm_hold" kvm_is_free
}

kvm_is_free()
{
	[ "$(cat /sys/module/$kvm/refcnt)" = 0 ]
}

# KVM is there, but has no guest: lodge may work.
beside_idle_kvm()
{
	modprobe $kvm && create_domain spin spin && goes_on spin
}

kvm_comes_second()
{
	hold_kvm
	read -r answer </run/held
	release_kvm
	[ "$answer" = "KVM_CREATE_VM: EBUSY" ] || { echo "$answer"; return 1; }
	goes_on spin
}

lodge_comes_second()
{
	"$lodge" destroy spin || return 1
	hold_kvm
	read -r answer </run/held
	[ "$answer" = held ] || { echo "KVM: $answer"; return 1; }
	lib_set_mark
	create_domain spin spin >/run/said 2>&1
	status=$?
	lib_new_lines >/run/dmesg
	nothing_left && release_kvm || return 1
	cat /run/said /run/dmesg
	[ $status = 1 ] && [ "$(grep -c '^lodge: create' /run/said)" = 1 ] &&
		grep -q '^lodge: create spin: .*another hypervisor' /run/said &&
		grep -q '^hint: .*KVM' /run/said &&
		grep -q 'lodge: CPU 0: .*KVM' /run/dmesg
}

after_kvm()
{
	create_domain spin spin && goes_on spin
}

reload_kvm()
{
	n=0
	while [ $n -lt 5 ]; do
		n=$((n + 1))
		modprobe -r $kvm && [ ! -d /sys/module/$kvm ] &&
			goes_on spin && modprobe $kvm && goes_on spin ||
			{ echo "in turn $n"; return 1; }
	done
}

# The domain came without KVM and goes with it, and the other way.
cross_over()
{
	"$lodge" destroy spin && modprobe -r $kvm &&
		create_domain spin spin && modprobe $kvm &&
		"$lodge" destroy spin && create_domain spin spin &&
		modprobe -r $kvm && goes_on spin && "$lodge" destroy spin
}

kvm_works_after()
{
	modprobe $kvm && hold_kvm || return 1
	read -r answer </run/held
	release_kvm
	[ "$answer" = held ]
}

check load load_module
check beside-idle-kvm beside_idle_kvm
check kvm-second kvm_comes_second
splats kvm-second.kernel-log
check lodge-second lodge_comes_second
check after-kvm after_kvm
check reload-kvm reload_kvm
check cross-over cross_over
splats reload-kvm.kernel-log
check unload unload_module
check kvm-after-lodge kvm_works_after
finish
