#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare a capture with what the host saw, by means that share no code with it.

  witness.py control TRACE JSONL [--lossy]   channel messages: QEMU's trace log
  witness.py ring DUMP JSONL out|in [--late] ring packets: the ring's own memory
  witness.py expect TRACE TYPE...            these message types are in the trace

JSONL is the output of "vmbusdump -r FILE -T json -x". TRACE may hold "mark
capture-begin" and "mark capture-end" lines; then only what is between counts.
Exit status 1 on any difference, the first one is shown.
"""

import argparse
import collections
import json
import re
import struct
import sys

CONTROL, PACKET = 1, 2
TO_HOST, TO_GUEST = 1, 2
FAILED, SYNTHESIZED = 0x08, 0x10
PAGE = 4096
NAMES = {TO_HOST: "guest->host", TO_GUEST: "host->guest"}

Message = collections.namedtuple("Message", "direction type size")
Packet = collections.namedtuple("Packet", "position bytes")


def fail(text):
    print("witness: DIFFERENT: " + text)
    sys.exit(1)


# ---- the capture -----------------------------------------------------------


def value(record, key):
    """record["a.b.value"], whether the JSON is flat or nested."""
    if key in record:
        return record[key]
    for part in key.split("."):
        if not isinstance(record, dict) or part not in record:
            return None
        record = record[part]
    return record


def number(record, key):
    got = value(record, key)
    return int(got, 0) if isinstance(got, str) else got


def records(path, kind):
    """The captured records of a kind that crossed: not made up at the start, nor refused."""
    with open(path, encoding="utf-8") as f:
        for line in f:
            if not line.strip():
                continue
            record = json.loads(line)
            if number(record, "hv_record.kind.value") != kind:
                continue
            if (number(record, "hv_record.flags.value") or 0) & (SYNTHESIZED | FAILED):
                continue
            yield record


# ---- channel messages ------------------------------------------------------

LINE = re.compile(
    r"(?:^|[ :])(?:vmbus_(?P<event>recv_message|post_msg) type (?P<type>\d+) size (?P<size>\d+)"
    r"|vmbus_msg_cb message status (?P<status>-?\d+)"
    r"|vmbus_(?P<process>process_incoming_message) type \d+"
    r"|(?P<mark>mark) (?P<name>\S+))"
)

# QEMU queues that many messages of the guest. One more is refused with
# "insufficient buffers", the guest posts it again, and both are in the trace.
QUEUE = 4


def parse_trace(path):
    """The messages that were really transferred, in order, of the marked part."""
    messages, queued, begun, marked = [], 0, True, False
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            m = LINE.search(line)
            if not m:
                continue
            if m["mark"]:
                if m["name"] == "capture-begin":
                    if not marked:
                        messages.clear()
                    begun = marked = True
                elif m["name"] == "capture-end":
                    begun = False
            elif m["process"]:
                queued = max(queued - 1, 0)
            elif m["status"]:
                # -EAGAIN: the guest's slot was full, QEMU will post it again
                if int(m["status"]) != 0 and begun:
                    last = max(i for i, x in enumerate(messages) if x.direction == TO_GUEST)
                    del messages[last]
            elif m["event"] == "recv_message":
                if queued == QUEUE:
                    continue
                queued += 1
                if int(m["type"]) == 16:
                    queued = 0  # unload empties the queue
                if begun:
                    messages.append(Message(TO_HOST, int(m["type"]), int(m["size"])))
            elif begun:
                messages.append(Message(TO_GUEST, int(m["type"]), int(m["size"])))
    return messages


def captured_messages(path):
    for r in records(path, CONTROL):
        yield Message(
            number(r, "hv_record.direction.value"),
            number(r, "vmbus.type.value"),
            number(r, "hv_record.wire_len"),
        )


def same(seen, got):
    """QEMU logs a structure's size, but posts it rounded up to 8 bytes."""
    if seen.type != got.type:
        return False
    if seen.size == got.size:
        return True
    return seen.direction == TO_GUEST and got.size == (seen.size + 7) // 8 * 8


def describe(m):
    return "nothing" if m is None else f"type {m.type}, {m.size} bytes"


def compare_control(args):
    trace = parse_trace(args.trace)
    capture = list(captured_messages(args.jsonl))
    if not trace or not capture:
        fail(f"nothing to compare: {len(trace)} messages in the trace, {len(capture)} captured")
    missing = 0
    # Order across directions is not comparable: a reply may reach the guest
    # before the hypercall that asked for it has returned.
    for direction, name in NAMES.items():
        want = [m for m in trace if m.direction == direction]
        have = [m for m in capture if m.direction == direction]
        i = j = 0
        while i < len(want) or j < len(have):
            seen = want[i] if i < len(want) else None
            got = have[j] if j < len(have) else None
            if seen and got and same(seen, got):
                j += 1
            elif seen and args.lossy:
                missing += 1
            else:
                fail(f"{name} message {i}: host saw {describe(seen)}, captured {describe(got)}")
            i += 1
    counts = [sum(m.direction == d for m in capture) for d in NAMES]
    print(
        f"witness: control: {len(capture)} messages equal ({counts[0]} to the host, {counts[1]} to the guest)"
        + (f", {missing} not captured" if args.lossy else "")
    )


def expect(args):
    seen = {m.type for m in parse_trace(args.trace)}
    missing = [t for t in args.type if t not in seen]
    if missing:
        fail(f"message types {missing} are not in the trace, only {sorted(seen)}")
    print(f"witness: types {args.type} are in the trace")


# ---- ring packets ----------------------------------------------------------


class Ring:
    """One direction: a control page, then the data area."""

    def __init__(self, memory):
        self.write_index, self.read_index = struct.unpack_from("<II", memory, 0)
        self.data = memory[PAGE:]
        if self.write_index % 8 or self.write_index >= len(self.data):
            fail(f"write index {self.write_index} of a ring of {len(self.data)} bytes: wrong pages dumped?")

    def bytes_at(self, position, length):
        position %= len(self.data)
        end = position + length
        return self.data[position:end] + self.data[: max(end - len(self.data), 0)]

    def length_at(self, position):
        """What the descriptor says, without the trailer."""
        return struct.unpack("<H", self.bytes_at(position + 4, 2))[0] * 8

    def walk_back(self):
        """From write_index by the trailers, as far as they hold: any ring whose producer writes them."""
        packets, end, total = [], self.write_index, 0
        while True:
            low, start = struct.unpack("<II", self.bytes_at((end - 8) % len(self.data), 8))
            length = (end - start) % len(self.data) - 8
            total += length + 8
            if low or start % 8 or start >= len(self.data) or length < 16 or total >= len(self.data):
                break
            if self.length_at(start) != length:
                break
            packets.append(Packet(start, self.bytes_at(start, length)))
            end = start
        packets.reverse()
        return packets

    def walk_forward(self):
        """From position 0 by the descriptors: a ring that has not wrapped yet."""
        packets, start = [], 0
        while start < self.write_index:
            length = self.length_at(start)
            if length < 16:
                return []
            packets.append(Packet(start, self.bytes_at(start, length)))
            start += length + 8
        return packets if start == self.write_index else []

    def walk(self):
        """Packets oldest first. QEMU leaves its trailers zero: what it wrote is only found forward."""
        return self.walk_back() or self.walk_forward()


def captured_packets(path, direction):
    for r in records(path, PACKET):
        if number(r, "hv_record.direction.value") != direction:
            continue
        raw = value(r, "raw")
        if raw is None:
            fail("the JSON has no raw bytes: was -x given?")
        yield Packet(number(r, "hv_record.ring_pos"), bytes.fromhex(raw))


def first_difference(a, b):
    for i, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return i
    return min(len(a), len(b))


def compare_ring(args):
    direction = TO_HOST if args.ring == "out" else TO_GUEST
    with open(args.dump, "rb") as f:
        memory = f.read()
    down = args.downstream * PAGE if args.downstream else len(memory) // 2
    ring = Ring(memory[:down] if direction == TO_HOST else memory[down:])
    dumped = ring.walk()
    captured = list(captured_packets(args.jsonl, direction))
    if not dumped or not captured:
        fail(f"nothing to compare: {len(dumped)} packets in the ring, {len(captured)} captured")
    older = 0
    if args.late:
        # packets sent before the capture are in the ring only
        while older < len(dumped) and dumped[older] != captured[0]:
            older += 1
    for i, (want, got) in enumerate(zip(dumped[older:], captured)):
        if want.position != got.position:
            fail(f"packet {i}: at {want.position} in the ring, captured as at {got.position}")
        if want.bytes != got.bytes:
            at = first_difference(want.bytes, got.bytes)
            fail(
                f"packet {i} at {want.position}, byte {at}: ring has {len(want.bytes)} bytes"
                f" ..{want.bytes[at:at + 16].hex()}, captured {len(got.bytes)} ..{got.bytes[at:at + 16].hex()}"
            )
    compared = min(len(dumped) - older, len(captured))
    if compared == 0 or compared < len(dumped) - older:
        fail(f"{len(dumped) - older} packets in the ring, only {len(captured)} captured")
    after = len(captured) - compared
    if after and captured[compared].position != ring.write_index:
        fail(
            f"the packet captured after the dump is at {captured[compared].position},"
            f" but the ring was written up to {ring.write_index}"
        )
    size = sum(len(p.bytes) for p in dumped[older:])
    print(
        f"witness: ring {args.ring}: {compared} packets, {size} bytes equal"
        + (f", {older} older than the capture" if older else "")
        + (f", {after} captured after the dump" if after else "")
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = parser.add_subparsers(dest="command", required=True)
    p = sub.add_parser("control")
    p.add_argument("trace")
    p.add_argument("jsonl")
    p.add_argument("--lossy", action="store_true", help="the capture may lack messages; count them")
    p.set_defaults(run=compare_control)
    p = sub.add_parser("ring")
    p.add_argument("dump", help="all pages of the GPADL, in order")
    p.add_argument("jsonl")
    p.add_argument("ring", choices=("out", "in"), help="as the guest sees it")
    p.add_argument("--late", action="store_true", help="the capture began when the channel was in use")
    p.add_argument("--downstream", type=int, help="page at which the second ring begins (default: half)")
    p.set_defaults(run=compare_ring)
    p = sub.add_parser("expect")
    p.add_argument("trace")
    p.add_argument("type", type=int, nargs="+")
    p.set_defaults(run=expect)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
