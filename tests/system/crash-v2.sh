# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC1091,SC2034,SC2154

version=2
words=grant_table.version=2
. "$T/crash.sh"
