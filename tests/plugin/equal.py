#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare what Wireshark shows of traces with what vmbusdump says of them.

  equal.py [--all-rows] [--show N] FIELDS TRACE JSON PDML [TRACE JSON PDML]...

FIELDS is the output of "vmbusdump --list-fields". For each TRACE (a name, for
messages), JSON is that of "vmbusdump -r TRACE -T json" and PDML that of "tshark
-2 -r TRACE -T pdml". Both become the same list of entries, one for each field
in the order of the tree, and the lists must be equal:

  field         name, value, and the name of the value where it has one
  group         name; a protocol, a message, a struct: it is there
  hv_note.CODE  a note: the field it is about, its place
  hv_note.gap   bytes that no row describes, their place
  hv_note.malformed  the words

A field that the capture cut, so that it has no value, is in neither tree; what
is compared is its note, which names it and its place: hv_note.cut. Of bytes
that were cut, those that are there are compared, besides the note.

Also compared, of PDML alone: the title; that the text of a number says the
same number; that the bytes a field marks are the value it shows; that a field
stands in the group that its name says.

Exit status: 0 equal, 1 different, 2 there was nothing to compare.
"""

import argparse
import calendar
import collections
import itertools
import json
import re
import sys
import time
import traceback
import uuid
import xml.etree.ElementTree

# Rows that no trace can show: decoders read the header's first 96 bytes, and all of the data of
# REQUEST SENSE as sense data.
NEVER = {"hv_record.later", "hv_scsi_data.request_sense.sense"}

# Protocols of messages outside the ring. Where one ends JSON does not say: notes about them are
# compared without their place, as Wireshark shows none behind the captured bytes.
OUTSIDE = {"hv_rndis", "hv_scsi_data"}
# Likewise of what may be in a packet and outside it.
EITHER = "hv_sense"

# Members of a JSON record that are no protocol.
PLAIN = {"schema", "number", "time", "notes", "gaps", "malformed", "unexplained"}

MESSAGE = "message"

INTEGER = re.compile(r"([us])(8|16|24|32|64)(be)?$")
ENCODINGS = {"text": "utf-16-le", "ascii": "ascii"}
NUMBER = re.compile(r"-?(0x[0-9a-f]+|[0-9]+)")

# Later versions of Wireshark write a bit so.
BOOLEAN = {"False": "0", "True": "1"}

Entry = collections.namedtuple("Entry", "path value name")
Record = collections.namedtuple("Record", "number time layers notes gaps malformed")
Note = collections.namedtuple("Note", "code field place")
Gap = collections.namedtuple("Gap", "place bytes")
Place = collections.namedtuple("Place", "part offset")
Row = collections.namedtuple("Row", "type title")


class Unusable(Exception):
    """The input is not what it should be: nothing was compared."""


def read_fields(path):
    rows = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            name, type_, title = line.rstrip("\n").split("\t")[:3]
            rows[name] = Row(type_.removesuffix("[]"), title)
    if not rows:
        raise Unusable(f"{path} lists no fields")
    return rows


def part_of(field):
    """The header, the message, or the external part: offsets count from the start of each."""
    proto = field.split(".")[0]
    return proto if proto in ("hv_record", "hv_ext") or proto in OUTSIDE else MESSAGE


def is_placeless(field):
    return field.split(".")[0] in (*OUTSIDE, EITHER)


def is_number(row):
    return row is not None and (INTEGER.match(row.type) or row.type in ("value", "bit", "bits"))


# ---- JSON ------------------------------------------------------------------


class Json:
    """Records of vmbusdump."""

    def __init__(self, path, rows):
        self.path = path
        self.rows = rows

    def scalar(self, path, value):
        row = self.rows[path]
        if is_number(row):
            return int(value, 16) if isinstance(value, str) else int(value)
        if row.type in ("guid", *ENCODINGS):
            return value
        if row.type not in ("bytes", "opaque"):
            raise Unusable(f"{self.path}: {path} is of an unknown type {row.type}")
        return bytes.fromhex(value)

    def field(self, path, value):
        """A value; {"value", "name"}; or that with the bits of the integer as further members."""
        name, members = None, {}
        if isinstance(value, dict):
            members = {k: v for k, v in value.items() if k not in ("value", "name")}
            name, value = value.get("name"), value["value"]
        yield Entry(path, self.scalar(path, value), name)
        for key, member in members.items():
            yield from self.any(f"{path}.{key}", member)

    def any(self, path, value):
        row = self.rows.get(path)
        if isinstance(value, list):
            for element in value:
                yield from self.any(path, element)
        elif row and row.type != "struct":
            yield from self.field(path, value)
        elif isinstance(value, dict) and (row or path.count(".") <= 1):
            yield Entry(path, None, None)
            for key, member in value.items():
                yield from self.any(f"{path}.{key}", member)
        else:
            raise Unusable(f"{self.path}: {path} is not in the list of fields")

    def lengths(self, data):
        """How many bytes of each part of the record were captured; None: not known."""
        header = data.get("hv_record", {})
        return {MESSAGE: header.get("cap_len"), "hv_ext": header.get("ext_len")}

    def record(self, data):
        layers = {k: list(self.any(k, v)) for k, v in data.items() if k not in PLAIN}
        lengths = self.lengths(data)

        def place(field, offset):
            if field == "hv_link":
                return None  # what is noted of a conversation has no place
            if is_placeless(field):
                return Place(field.split(".")[0], None)
            part = part_of(field)
            end = lengths.get(part)
            return Place(part, offset if end is None else min(offset, end))

        notes = [Note(n["code"], n["field"], place(n["field"], n["offset"])) for n in data.get("notes", [])]
        gaps = [
            Gap(Place(proto, gap["offset"]) if proto in OUTSIDE else place(proto, gap["offset"]), bytes.fromhex(gap["bytes"]))
            for proto, list_ in data.get("gaps", {}).items()
            for gap in list_
        ]
        words = [data["malformed"]] if "malformed" in data else []
        return Record(data["number"], data["time"], layers, sorted(notes), sorted(gaps), words)

    def __iter__(self):
        with open(self.path, encoding="utf-8") as f:
            for line in f:
                yield self.record(json.loads(line))


# ---- PDML ------------------------------------------------------------------


class Pdml:
    """Packets of tshark."""

    def __init__(self, path, rows):
        self.path = path
        self.rows = rows
        self.protos = {name.split(".")[0] for name in rows}
        self.dropped = []  # what is ours, but was not understood
        self.faults = []  # what contradicts itself

    def number(self, path, show):
        show = BOOLEAN.get(show, show)
        if not NUMBER.fullmatch(show):
            self.faults.append(f"{path}: '{show}' is no number")
            return None
        return int(show, 0)

    def text_of(self, path, element, bit):
        """What stands behind the title, which is marked when only the begin of a value is shown."""
        title = self.rows[path].title
        showname = element.get("showname", "")
        for mark in ("[…]", "[truncated]"):  # of 4.4, and before it
            showname = showname.replace(f"{title} {mark}: ", f"{title}: ", 1)
        before, found, text = showname.partition(f"{title}: ")
        if not found or (before and not (bit and before.endswith(" = "))):
            self.faults.append(f"{path}: '{element.get('showname')}' lacks the title '{title}'")
        return text

    def name_of(self, path, text, value):
        """The name in "name (5)"; the number must be the value's."""
        if text in ("", "(null)"):
            self.faults.append(f"{path}: the value {value} is shown as '{text}'")
        name, number = None, text
        if text.endswith(")"):
            name, _, number = text[:-1].rpartition(" (")
        number = number.removesuffix(" ns").rstrip()
        if self.rows[path].type != "bit" and (not NUMBER.fullmatch(number) or int(number, 0) != value):
            self.faults.append(f"{path}: the value {value} is shown as '{text}'")
        return None if name == "Unknown" else name

    def check_bytes(self, path, element, value, around):
        """The bytes that are marked are the value; of bits, the integer's."""
        type_ = self.rows[path].type
        marked = element.get("value", "")
        good = True
        if integer := INTEGER.match(type_):
            order = "big" if integer[3] else "little"
            read = int.from_bytes(bytes.fromhex(marked), order, signed=integer[1] == "s")
            good = len(marked) * 4 == int(integer[2]) and read == value
        elif type_ in ("bit", "bits"):
            good = int(marked, 16) == value and element.get("unmaskedvalue") == around.get("value")
        elif type_ == "guid":
            good = bytes.fromhex(marked) == uuid.UUID(value).bytes_le
        if not good:
            self.faults.append(f"{path}: the value {value} marks bytes {marked}")

    def check_text(self, path, element, value):
        """Wireshark escapes what it does not print, in one way or another."""
        plain = value.isascii() and value.isprintable() and not set(value) & set('\\"')
        if plain and element.get("show") != value:
            self.faults.append(f"{path}: the text '{value}' is shown as '{element.get('show')}'")

    def entry(self, path, element, around):
        row = self.rows.get(path)
        if row is None or row.type == "struct":
            return Entry(path, None, None)
        if is_number(row):
            value = self.number(path, element.get("show"))
            text = self.text_of(path, element, row.type in ("bit", "bits"))
            self.check_bytes(path, element, value, around)
            return Entry(path, value, self.name_of(path, text, value))
        if row.type == "guid":
            text = self.text_of(path, element, False)
            value = element.get("show")
            found = re.fullmatch(r"(?:(.*) \()?([0-9a-f-]{36})\)?|([0-9a-f-]{36}) \((.*)\)", text)
            if not found or value not in (found[2], found[3]):
                self.faults.append(f"{path}: the value {value} is shown as '{text}'")
            self.check_bytes(path, element, value, around)
            return Entry(path, value, found and (found[1] or found[4]))
        self.text_of(path, element, False)
        value = bytes.fromhex(element.get("value", ""))
        if row.type in ENCODINGS:
            value = value.decode(ENCODINGS[row.type])
            self.check_text(path, element, value)
        return Entry(path, value, None)

    def is_ours(self, name):
        return name.split(".")[0] in self.protos

    def parent_of(self, path):
        """A field's group; protocols stand beside each other."""
        return path.rpartition(".")[0] or None

    def walk(self, element, group, out, around=None):
        """around: the protocol around it, if there may be several of it."""
        for child in element:
            name = child.get("name", "")
            inner = group
            if name in OUTSIDE:
                around = child
            if name.startswith("hv_note."):
                self.note(child, name.removeprefix("hv_note."), out, around)
            elif self.is_ours(name):
                if self.parent_of(name) != group:
                    self.faults.append(f"{name} stands in {group}")
                out.layers[name.split(".")[0]].append(self.entry(name, child, element))
                inner = name
            elif name == "_ws.expert":
                self.expert(child, element, out, around)
                continue
            elif name == "" and group and child.find("field[@name='_ws.expert']") is None:
                self.dropped.append(child.get("show"))
            self.walk(child, inner, out, around)

    def position(self, element, proto):
        """The position, or the place in the protocol of which there may be several."""
        pos = int(element.get("pos"))
        return pos if proto is None else Place(proto.get("name"), pos - int(proto.get("pos")))

    def expert(self, element, around, out, proto):
        """A note; its place is that of the item around it."""
        for child in element:
            name = child.get("name", "")
            if not name.startswith("hv_note."):
                continue
            message = element.find("field[@name='_ws.expert.message']").get("show")
            code = name.removeprefix("hv_note.")
            if code == "malformed":
                out.malformed.append(message)
            else:
                field, _, words = message.partition(": ")
                if words != code:
                    self.faults.append(f"{name} says '{message}'")
                out.notes.append(Note(code, field, self.position(around, proto)))

    def note(self, element, code, out, proto):
        if code == "gap":
            value = bytes.fromhex(element.get("value", ""))
            out.gaps.append(Gap(self.position(element, proto), value))
        else:
            self.dropped.append(f"hv_note.{code}")

    def record(self, packet):
        general = packet.find("proto[@name='geninfo']")
        number = int(general.find("field[@name='num']").get("show"))
        when = general.find("field[@name='timestamp']").get("value")
        out = Record(number, when, collections.defaultdict(list), [], [], [])
        self.walk(packet, None, out)
        for proto in packet.findall("proto"):
            if proto.get("name").startswith("_ws."):
                self.faults.append(f"Wireshark says: {proto.get('showname')}")
        return self.placed(packet, out)

    def placed(self, packet, out):
        """Places from the start of each part, which is where its first protocol is."""
        starts = {}
        for proto in packet.findall("proto"):
            name = proto.get("name")
            if self.is_ours(name) and name != "hv_link":
                starts.setdefault(part_of(name), int(proto.get("pos")))

        def place(part, pos):
            if isinstance(pos, Place):
                return pos
            if part is None:
                part = max((start, part) for part, start in starts.items() if start <= pos)[1]
            return Place(part, pos - starts[part])

        def noted(n):
            if n.field == "hv_link":
                return None
            if is_placeless(n.field):
                return Place(n.field.split(".")[0], None)
            return place(part_of(n.field), n.place)

        notes = sorted(Note(n.code, n.field, noted(n)) for n in out.notes)
        gaps = sorted(Gap(place(None, g.place), g.bytes) for g in out.gaps)
        return out._replace(notes=notes, gaps=gaps)

    def __iter__(self):
        try:
            for _, element in xml.etree.ElementTree.iterparse(self.path):
                if element.tag == "packet":
                    yield self.record(element)
                    element.clear()
        except xml.etree.ElementTree.ParseError as e:
            raise Unusable(f"{self.path}: {e}") from e


# ---- comparing -------------------------------------------------------------


class Comparison:
    def __init__(self, rows):
        self.rows = rows
        self.compared = collections.Counter()  # fields of a protocol
        self.occurred = set()
        self.different = []
        self.dropped = collections.Counter()
        self.n_records = self.n_files = 0

    def differ(self, where, kind, text):
        self.different.append((kind, f"{where}: {text}"))

    def lists(self, where, what, ours, theirs):
        """Entries in order; the first difference of the two lists is told."""
        self.compared[what] += min(len(ours), len(theirs))
        for i, (a, b) in enumerate(itertools.zip_longest(ours, theirs)):
            if a != b:
                kind = (what, getattr(a, "path", None), getattr(b, "path", None))
                text = f"{what}, entry {i + 1}: JSON has {show(a)}, Wireshark {show(b)}"
                self.differ(where, kind, text)
                return

    def records(self, where, ours, theirs):
        if ours.number != theirs.number:
            raise Unusable(f"{where} is number {theirs.number} in Wireshark")
        if seconds(ours.time) != theirs.time:
            self.differ(where, "time", f"the time is {ours.time} in JSON, {theirs.time} in Wireshark")
        for proto in sorted(set(ours.layers) | set(theirs.layers)):
            entries = ours.layers.get(proto, [])
            self.occurred.update(e.path for e in entries)
            self.lists(where, proto, entries, theirs.layers.get(proto, []))
        self.lists(where, "notes", ours.notes, theirs.notes)
        self.lists(where, "gaps", ours.gaps, theirs.gaps)
        self.lists(where, "malformed", ours.malformed, theirs.malformed)

    def files(self, name, ours, theirs):
        n = shown = 0
        for a, b in itertools.zip_longest(ours, theirs):
            if a is None or b is None:
                raise Unusable(f"{name}: {'more' if a is None else 'fewer'} than {n} frames in Wireshark")
            n += 1
            where = f"{name}, record {a.number}"
            self.records(where, a, b)
            shown += len(b.layers)
            for fault in theirs.faults:
                self.differ(where, fault.split(" ")[0], fault)
            for text in theirs.dropped:
                self.dropped[text.split(".")[0]] += 1
                self.differ(where, "dropped", f"'{text}' in Wireshark was not understood")
            theirs.faults.clear()
            theirs.dropped.clear()
        if n == 0:
            raise Unusable(f"{name}: no records")
        if shown == 0:
            raise Unusable(f"{name}: Wireshark shows no protocol of ours; is the plugin there?")
        self.n_records += n
        self.n_files += 1

    def show(self, n):
        """The first n differences of each kind."""
        shown = collections.Counter()
        for kind, text in self.different:
            shown[kind] += 1
            if shown[kind] <= n:
                print(f"equal: DIFFERENT: {text}")
        if self.different:
            print(f"equal: {len(self.different)} differences of {len(shown)} kinds")

    def rows_missing(self):
        return [path for path in self.rows if path not in self.occurred]


def seconds(iso):
    """ "2026-01-01T20:48:24.123456789Z" as seconds and nanoseconds, without rounding."""
    whole, _, fraction = iso.removesuffix("Z").partition(".")
    return f"{calendar.timegm(time.strptime(whole, '%Y-%m-%dT%H:%M:%S'))}.{fraction}"


def show(entry):
    if entry is None:
        return "nothing"
    if not isinstance(entry, tuple):
        return f"'{entry}'"
    words = []
    for x in entry:
        if isinstance(x, Place):
            x = f"at {x.offset} of {x.part}"
        elif isinstance(x, bytes):
            x = x.hex() or "no bytes"
        if x is not None:
            x = str(x)
            words.append(x if len(x) <= 80 else f"{x[:80]}... ({len(x)} characters)")
    return " ".join(words)


def compare(args):
    rows = read_fields(args.fields)
    c = Comparison(rows)
    for name, ours, theirs in zip(args.trace[::3], args.trace[1::3], args.trace[2::3]):
        c.files(name, Json(ours, rows), Pdml(theirs, rows))
    total = sum(c.compared.values())
    if total == 0:
        raise Unusable("nothing was compared")
    for what, n in sorted(c.compared.items()):
        print(f"equal: {what}: {n} fields compared, {c.dropped[what]} dropped")
    missing = c.rows_missing()
    print(f"equal: {len(rows) - len(missing)} of {len(rows)} rows occurred")
    if args.all_rows:
        for path in missing:
            if path not in NEVER:
                c.differ(path, path, "occurred in no trace")
    c.show(args.show)
    print(
        f"equal: {total} fields of {c.n_records} records in {c.n_files} files compared,"
        f" {sum(c.dropped.values())} dropped"
    )
    return 1 if c.different else 0


def main():
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--all-rows", action="store_true", help="every row must occur")
    parser.add_argument("--show", type=int, default=2, help="how many differences of a kind to show")
    parser.add_argument("fields")
    parser.add_argument("trace", nargs="+")
    args = parser.parse_args()
    if len(args.trace) % 3:
        parser.error("a trace without its JSON and PDML")
    try:
        return compare(args)
    except Unusable as e:
        print(f"equal: NOT COMPARED: {e}")
    except Exception:  # 1 is for differences
        traceback.print_exc()
        print("equal: NOT COMPARED: the input is not what this program expects")
    return 2


if __name__ == "__main__":
    sys.exit(main())
