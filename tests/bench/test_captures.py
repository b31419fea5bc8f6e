#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What captures.py makes of lines that a guest printed."""

import contextlib
import io
import unittest

import captures

OURS = [captures.HEADERS, captures.PAYLOAD]
PEERS = [("tcpdump", "tcpdump -s 256")]


def lines(*costs):
    """(capture, busy, after): 10 times, mode send-60"""
    return "".join(f"cost {capture} send-60 10 {busy} {after // 2} {after}\n"
                   for capture, busy, after in costs)


def table(output, peers=None, host=None):
    """The row of that mode as words, and what is missing"""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        missing = captures.show(captures.read_costs(output), "frame", OURS, peers or PEERS,
                                {"send-60": ("sent", 1)}, host)
    rows = [line.split() for line in said.getvalue().splitlines() if line.startswith("sent")]
    return (rows[0] if rows else None), missing


class Show(unittest.TestCase):
    def test_ratio(self):
        row, missing = table(lines(("without", 1000, 0), ("headers", 2000, 100),
                                   ("payload", 3000, 200), ("tcpdump", 1400, 600)))
        self.assertEqual(row,
                         ["sent", "100", "-", "+110", "(15)", "+220", "(30)", "+100", "(90)",
                          "2.20"])
        self.assertEqual(missing, [])

    def test_peer_that_cost_nothing_is_no_figure(self):
        for busy in (1000, 900):
            row, _ = table(lines(("without", 1000, 0), ("headers", 2000, 0), ("payload", 3000, 0),
                                 ("tcpdump", busy, 0)))
            self.assertEqual(row[-1], "-")

    def test_a_ratio_to_each_peer(self):
        row, _ = table(lines(("without", 1000, 0), ("headers", 2000, 0), ("payload", 3000, 0),
                             ("bpftrace", 2000, 0), ("tcpdump", 5000, 0)),
                       [("bpftrace", "bpftrace")] + PEERS)
        self.assertEqual(row[-2:], ["2.00", "0.50"])

    def test_the_host(self):
        row, _ = table(lines(("without", 1000, 0), ("headers", 2000, 0), ("payload", 3000, 0),
                             ("tcpdump", 5000, 0)), host={"send-60": 61.4})
        self.assertEqual(row[:3], ["sent", "100", "61"])

    def test_what_was_not_measured_is_missing(self):
        row, missing = table(lines(("without", 1000, 0), ("headers", 2000, 0),
                                   ("payload", 3000, 0)))
        self.assertEqual((row, missing), (None, ["sent"]))


class Finish(unittest.TestCase):
    @staticmethod
    def status(output, n):
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                captures.finish(output, [], n)
            except SystemExit as e:
                return e.code
        return None

    def test_losses(self):
        self.assertEqual(self.status("loss headers 0 0 lost\n", 1), 0)
        self.assertEqual(self.status("loss headers 3 3 lost\n", 1), 1)
        self.assertEqual(self.status("loss headers unknown ?\n", 1), 1)
        self.assertEqual(self.status("", 1), 1)


if __name__ == "__main__":
    unittest.main()
