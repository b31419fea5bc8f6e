#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""opaque.py [--update] VMBUSDUMP SAMPLE...: bytes of the samples that no row gives a meaning.

Counted for each protocol: bytes that no row describes, and those of rows that only say that there is
something, which the list of fields calls opaque. What a protocol may have at most stands in opaque.txt, which only
shrinks: fewer bytes are a fault as well, until --update has lowered the number. It never raises one.
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CEILING = os.path.join(HERE, "opaque.txt")


def opaque_fields(vmbusdump):
    out = subprocess.run([vmbusdump, "--list-fields"], stdout=subprocess.PIPE, check=True, text=True)
    rows = (line.split("\t") for line in out.stdout.splitlines())
    return {row[0] for row in rows if row[1].removesuffix("[]") == "opaque"}


def opaque_bytes(value, path, fields):
    """Bytes of the opaque fields below a value of the JSON form, where bytes are hexadecimal text."""
    if isinstance(value, dict):
        return sum(opaque_bytes(v, f"{path}.{k}", fields) for k, v in value.items())
    if isinstance(value, list):
        return sum(opaque_bytes(v, path, fields) for v in value)
    return len(value) // 2 if path in fields else 0


def count(vmbusdump, samples):
    fields = opaque_fields(vmbusdump)
    opaque = {}
    for sample in samples:
        out = subprocess.run([vmbusdump, "-r", sample, "-T", "json"], stdout=subprocess.PIPE, check=True)
        for line in out.stdout.splitlines():
            record = json.loads(line)
            for name, value in record.items():
                # the external part's bytes are those of the protocols that it holds
                if name in ("hv_record", "hv_ext", "gaps"):
                    continue
                if isinstance(value, (dict, list)):
                    opaque[name] = opaque.get(name, 0) + opaque_bytes(value, name, fields)
            opaque["unexplained"] = opaque.get("unexplained", 0) + record["unexplained"]
    return opaque


def read_ceiling():
    with open(CEILING, encoding="ascii") as f:
        return {w[0]: int(w[1]) for w in (line.split() for line in f) if w and w[0] != "#"}


def main():
    words = [w for w in sys.argv[1:] if w != "--update"]
    measured = count(words[0], words[1:])
    ceiling = read_ceiling()
    faults = 0
    for name in sorted(measured):
        n, limit = measured[name], ceiling.get(name, 0)
        print(f"opaque: {name}: {n} bytes, ceiling {limit}")
        if n > limit:
            print(f"opaque: {name} has {n - limit} bytes more that no row explains")
            faults += 1
        elif n < limit and "--update" not in sys.argv:
            print(f"opaque: {name} has fewer: lower its ceiling with --update")
            faults += 1
    gone = sorted(set(ceiling) - set(measured))
    for name in gone:
        print(f"opaque: {name} is in no sample")
        faults += 1
    if "--update" in sys.argv and not faults:
        with open(CEILING, "w", encoding="ascii") as f:
            f.write("# protocol, bytes of the samples that no row gives a meaning; see opaque.py\n")
            for name in sorted(measured):
                f.write(f"{name} {measured[name]}\n")
    return 1 if faults else 0


sys.exit(main())
