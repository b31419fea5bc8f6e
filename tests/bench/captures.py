# SPDX-License-Identifier: GPL-2.0-or-later
"""What network and storage have in common: a guest in which the same is done without a capture,
with vmbusdump, and with those of peers; what is more than without is the capture's.
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REPLAY = os.path.join(HERE, "..", "replay")

HEADERS = ("headers", "--payload none")
PAYLOAD = ("payload", "--payload 256")


def boot(build, kernel, device, programs, options):
    """The workload DEVICE.sh's output"""
    options = options + subprocess.run([os.path.join(REPLAY, "programs")] + programs, check=True,
                                       stdout=subprocess.PIPE, text=True).stdout.split()
    added = {os.path.join(REPLAY, "workloads/lib.sh"): "/lib.sh",
             os.path.join(HERE, "captures.sh"): "/captures.sh",
             os.path.join(build, "tests/bench/costs"): "/bin/costs",
             os.path.join(build, "vmbusdump-static"): "/bin/vmbusdump"}
    for file, path in added.items():
        options += ["--add", f"{file}:{path}"]
    command = [os.path.join(build, "vmbusreplay"), "guest", "--accel", "emulated", "--workload",
               os.path.join(HERE, device + ".sh")] + options
    command += ["--kernel", kernel] if kernel else []
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         check=False)
    if run.returncode:
        sys.stderr.write(run.stderr)
        sys.stderr.write(run.stdout)
        sys.exit(f"missing: the guest ended with exit status {run.returncode}")
    return run.stdout


def read_costs(output):
    """(capture, mode) -> packets, ns of all, ns of the capturing process"""
    costs = {}
    for m in re.finditer(r"^cost (\S+) (\S+) (\d+) (\d+) (\d+) (\d+)$", output, re.MULTILINE):
        n, busy, during, after = (int(g) for g in m.groups()[2:])
        costs[m.group(1), m.group(2)] = n, busy + after, during + after
    return costs


def ratio(ours, peer):
    """As text; where a peer's cost is no figure, neither is this."""
    return f"{ours / peer:.2f}" if peer > 0 else "-"


def show(costs, what, ours, peers, modes, host=None):
    """Ratios: of the last capture of ours to each peer. host: mode -> what of it the host takes,
    where that was measured. Returns what is missing.
    """
    missing = []
    host = host or {}
    captures = ours + peers
    print(f"instructions per {what}; in brackets what the capturing process took of them;")
    print("without: the driver, the host and the machine, but no capture; host: its part of these")
    print(f"{'':28}{'without':>8}{'host':>8}", *(f"{t:>18}" for _, t in captures),
          *(f"{'/' + name:>10}" for name, _ in peers), sep="")
    for mode, (title, each) in modes.items():
        figures = [costs.get((c, mode)) for c in ("without", *(name for name, _ in captures))]
        if None in figures:
            missing.append(title)
            continue
        n, without, _ = figures[0]
        n *= each
        more = [(total - without) / n for _, total, _ in figures[1:]]
        own = [process / n for _, _, process in figures[1:]]
        print(f"{title:28}{without / n:8.0f}{f'{host[mode]:.0f}' if mode in host else '-':>8}",
              *(f"{f'+{m:.0f} ({o:.0f})':>18}" for m, o in zip(more, own)),
              *(f"{ratio(more[len(ours) - 1], m):>10}" for m in more[len(ours):]), sep="")
    return missing


def finish(output, missing, n_captures):
    """What the captures said of losses; ends the program."""
    errors = [f"no figure: {m}" for m in missing]
    print()
    losses = re.findall(r"^loss (\S+) (\S+) (.*)$", output, re.MULTILINE)
    for name, lost, said in losses:
        print(f"{name}: {said}")
        if lost != "0":
            errors.append(f"{name}: {lost} lost")
    if len(losses) != n_captures:
        errors.append("not all captures said what they lost")
    for e in errors:
        print("missing or wrong:", e)
    sys.exit(1 if errors else 0)
