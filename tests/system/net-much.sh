# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2015,SC2034,SC2154,SC1091
#
# See net.sh.

tests=much_tests limit=60
. "$T/net.sh"
