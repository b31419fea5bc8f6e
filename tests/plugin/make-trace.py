#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Write a trace of packets of the test's own: make-trace.py FILE [CORPUS...].

CORPUS: inputs of tests/fuzz/fuzz_dissect.c; the trace holds their frames instead.

By the description in samples/README.md, without the code that is tested: three channels are offered,
and each gets one packet. Channel 5 is a keyboard, 6 of a class whose payload is an Ethernet frame
behind its length, 7 a service of which nothing is known.
"""

import struct
import sys
import uuid

KEYBOARD = uuid.UUID("f912ad6d-2b17-48ea-bd65-f927a61c7684")
PCI = uuid.UUID("44c4f61d-4444-4400-9d52-802e27ede19f")
SERVICE = uuid.UUID("00001f90-facb-11e6-bd58-64006a7986d3")
CONTROL, PACKET = 1, 2
TO_HOST, TO_GUEST = 1, 2

KEYSTROKE = bytes.fromhex("03000000 1e000000 02000000")
ETHERNET = bytes.fromhex("020000000002 020000000001 0806 0001080006040001 020000000001 0a000001 000000000000 0a000002")
REQUEST = b"GET /vmbus HTTP/1.0\r\n\r\n"


def padded(data, to=4):
    return data + bytes(-len(data) % to)


def block(kind, body):
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def record(number, kind, direction, code, relid, data, cut=0):
    header = struct.pack(
        "<4sBBBBIHHIiQIIIIIIII16sQQ",
        b"VMB1", 96, kind, direction, code, relid, 0, 1 if cut else 0, 0, 0, number,
        len(data) + cut, len(data), 0, 0, 0, 0xFFFFFFFF, 0, 0, bytes(16), 1, number,
    )  # fmt: skip
    tags = struct.pack(">HH8sHHIHH", 12, 8, b"vmbus", 35, 4, direction != TO_HOST, 0, 0)
    return padded(tags + header + data)


def offer(relid, interface):
    body = interface.bytes_le + uuid.UUID(int=relid).bytes_le + bytes(16) + bytes(124)
    tail = struct.pack("<HHIBBHI", 0, 0, relid, 0, 0, 0, 0)
    return struct.pack("<II", 1, 0) + body + tail


def inband(payload):
    payload = padded(payload, 8)
    return struct.pack("<HHHHQ", 6, 2, 2 + len(payload) // 8, 0, 1) + payload


def fuzzed(paths):
    """The frames of these inputs, each behind its struct input; a frame of one protocol is a packet."""
    for path in paths:
        with open(path, "rb") as f:
            data = f.read()
        while len(data) >= 16:
            kind, _, direction, code, _, relid, _, _, length, cut = struct.unpack_from("<8BHH", data)
            frame, data = data[16 : 16 + length], data[16 + length :]
            yield PACKET if kind & 0x80 else kind & 7, direction % 3, code, relid, frame, cut


def records():
    for relid, interface in (5, KEYBOARD), (6, PCI), (7, SERVICE):
        yield CONTROL, TO_GUEST, 0, 0, offer(relid, interface), 0
    yield PACKET, TO_GUEST, 13, 5, inband(KEYSTROKE), 0
    yield PACKET, TO_GUEST, 15, 6, inband(struct.pack("<H", len(ETHERNET)) + ETHERNET), 0
    yield PACKET, TO_GUEST, 255, 7, inband(REQUEST), 0


def main():
    with open(sys.argv[1], "wb") as f:
        f.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        f.write(block(1, struct.pack("<HHI", 252, 0, 262144)))
        for number, given in enumerate(fuzzed(sys.argv[2:]) if sys.argv[2:] else records()):
            data = record(number, *given)
            f.write(block(6, struct.pack("<IIIII", 0, 0, number, len(data), len(data)) + data))


if __name__ == "__main__":
    main()
