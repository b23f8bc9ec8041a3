/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tool's version.
 */
#ifndef LODGE_VERSION_H
#define LODGE_VERSION_H

#define LODGE_TOOL_VERSION	"0.1"

#endif /* LODGE_VERSION_H */
