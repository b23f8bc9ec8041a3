# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154,SC1091
#
# See no-vmx.sh.

. "$T/no-vmx.sh"
