#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Turns lines "bench SYSTEM NAME AVERAGE MINIMUM" into a table and JSON.

usage: table.py LINES HOST JSON

Every row compares one figure of lodge with its peer's and, but on the host
svm-no-nrips, says what ratio (or what figure) is asked for.  The minimum is
compared: what is above it is the host's timer tick and other chance.
"""
import json
import sys

# what, lodge's figure, peer, the peer's figure, most that is asked for, of
ROWS = [
    ("CPUID exit", "cpuid", "kvm", "cpuid", 0.5),
    ("null hypercall", "hypercall", "kvm", "hypercall", 0.5),
    ("emulated MSR read", "rdmsr_apic_base", "kvm", "rdmsr_apic_base", 0.5),
    ("port read", "in_port_80", "kvm", "in_port_80", None),
    ("IPI to itself, sent to taken", "self_ipi", "kvm", "self_ipi", None),
    ("event, sent to taken", "evtchn_send_to_upcall", None, None, None),
    ("first touch of 4 KiB", "first_touch_page", "kvm", "first_touch_page",
     None),
    ("the same, huge pages", "first_touch_page", "kvm-huge",
     "first_touch_page", 1.0),
    ("second touch", "second_touch_page", "kvm-huge", "second_touch_page",
     None),
    ("compute loop", "compute_100k", "host", "compute_100k", 1.0),
    ("pointer chase", "pointer_chase_100k", "host", "pointer_chase_100k", 1.0),
    ("create to first instruction", "create_to_first_instruction", "host",
     "fork_exec_wait", 0.5),
    ("the same against KVM", "create_to_first_instruction", "kvm",
     "create_to_first_instruction", None),
    ("command to output, 4 MiB", "command_to_output_4m", "host",
     "fork_exec_wait", 3.0),
    ("command to output, 1 GiB", "command_to_output_1g", "host",
     "fork_exec_wait", 3.0),
    ("4 MiB, on a host as it starts", "command_to_output_bare", "host",
     "fork_exec_wait_bare", None),
    ("4 MiB against KVM", "command_to_output_4m", "kvm",
     "command_to_output_4m", None),
    ("Linux guest to init", "linux_to_init", "qemu", "linux_to_init", 0.8),
    ("4 KiB disk read, one at a time", "disk_read_1", "qemu", "disk_read_1",
     0.7),
    ("the same, figure of another run", "disk_read_1", "kvmtool",
     "disk_read_1", 0.7),
    ("4 KiB disk write, one at a time", "disk_write_1", "qemu",
     "disk_write_1", 0.7),
    ("the same, figure of another run", "disk_write_1", "kvmtool",
     "disk_write_1", 0.7),
    ("4 KiB disk read, 32 in flight", "disk_read_32", "qemu", "disk_read_32",
     0.7),
    ("the same, figure of another run", "disk_read_32", "kvmtool",
     "disk_read_32", 0.7),
    ("4 KiB disk write, 32 in flight", "disk_write_32", "qemu",
     "disk_write_32", 0.7),
    ("disk read against the loop device", "disk_read_1", "loop",
     "disk_read_1", None),
    ("store read, against an event's echo", "store_read", "lodge",
     "event_echo", 3.0),
    ("TCP from the guest, a KiB", "net_send_kib", "qemu", "net_send_kib", 0.8),
    ("TCP to the guest, a KiB", "net_receive_kib", "qemu", "net_receive_kib",
     None),
    ("64 bytes there and back", "net_pingpong_64", "qemu", "net_pingpong_64",
     0.8),
    ("idle guest's memory, KiB", "idle_memory_kib", "kvm", "idle_memory_kib",
     None),
    ("private memory of a domain's processes, KiB", "private_kib", None, None,
     None),
]

# A peer that is not run here: measured once, on the host svm, with another
# program.
ELSEWHERE = {
    ("kvmtool", "disk_read_1"): 45600,
    ("kvmtool", "disk_write_1"): 48100,
    ("kvmtool", "disk_read_32"): 6800,
}

# Figures of which the figure itself has a limit.
LIMITS = {
    "evtchn_send_to_upcall": 2500,
    "idle_memory_kib": 640,
    "private_kib": 2048,
}

# Noise of one timer tick in a measurement that has no shorter minimum.
TOLERANCE = 0.005


def read(path, host):
    figures = {key: {"average": n, "minimum": n}
               for key, n in ELSEWHERE.items() if host == "svm"}
    with open(path, encoding="ascii", errors="replace") as lines:
        for line in lines:
            words = line.split()
            if len(words) == 5 and words[0] == "bench":
                figures[words[1], words[2]] = {
                    "average": int(words[3]), "minimum": int(words[4])}
    return figures


def compare(figures, row, judged):
    what, name, peer, peer_name, most = row
    own = figures.get(("lodge", name))
    other = figures.get((peer, peer_name))
    if not own or (not other and (peer, peer_name) in ELSEWHERE):
        return None
    out = {"what": what, "lodge": own["minimum"]}
    if other:
        ratio = own["minimum"] / max(1, other["minimum"])
        out.update(peer=peer, peer_figure=other["minimum"],
                   ratio=round(ratio, 3))
        if most and judged:
            out.update(target=most, met=ratio <= most + TOLERANCE)
    if name in LIMITS and judged:
        out.update(target=LIMITS[name], met=own["minimum"] <= LIMITS[name])
    return out


def number(value):
    return f"{value:,}" if value is not None else ""


def print_table(rows):
    print("| what | lodge | peer | ratio | target | |")
    print("| --- | ---: | ---: | ---: | ---: | --- |")
    for r in rows:
        peer = number(r.get("peer_figure"))
        if peer:
            peer = f"{r['peer']} {peer}"
        ratio = f"{r['ratio']:.3f}" if "ratio" in r else ""
        target = f"≤ {r['target']:,}" if "target" in r else ""
        met = {True: "met", False: "missed"}.get(r.get("met"), "")
        print(f"| {r['what']} | {number(r['lodge'])} | {peer} | {ratio} "
              f"| {target} | {met} |")


def main():
    path, host, json_path = sys.argv[1:]
    figures = read(path, host)
    judged = host != "svm-no-nrips"
    rows = [r for r in (compare(figures, row, judged) for row in ROWS) if r]
    print_table(rows)
    raw = {f"{system} {name}": f for (system, name), f in figures.items()}
    with open(json_path, "w", encoding="ascii") as out:
        json.dump({"rows": rows, "figures": raw}, out, indent=1)
        out.write("\n")


main()
