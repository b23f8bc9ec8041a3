# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC1091,SC2154
#
# See guests.sh.

. "$T/guests.sh"
