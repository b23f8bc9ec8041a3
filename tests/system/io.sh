# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC1091
#
# The checks are in io*.c, which talk to the guest program "grants".

. "$T/lib.sh"
. "$T/domains.sh"
. "$T/io.sh"

check load load_module
io_run
check nothing-left nothing_left
check unload unload_module
splats unload.kernel-log
finish
