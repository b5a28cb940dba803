"""``python -m tests.chaos [ROW ...]``: the long tier, slice by slice, and the page of its figures.

What is done is noted in ``.chaos/<row>.jsonl``: it can be stopped at any time and goes on where it was. ``--seconds``
bounds one run, ``--page`` only writes docs/reliability.md anew from the notes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import clocks, daemon, fleet, model, move, replies, sim, weeks
from tests.chaos.page import write_page
from tests.chaos.rows import ROWS, Row

ROOT = Path(__file__).resolve().parents[2]
NOTES = ROOT / ".chaos"
#: The modules whose rows are run; each enters its own.
MODULES = (clocks, daemon, fleet, model, move, replies, sim, weeks)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of: {', '.join(ROWS)}; all of them unless named")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no slice after this time")
    parser.add_argument("--page", action="store_true", help="only write the page")
    asked = parser.parse_args()
    until = time.monotonic() + asked.seconds
    failed = 0 if asked.page else sum(_run(ROWS[code], until) for code in asked.rows or ROWS)
    write_page(ROOT / "docs" / "reliability.md", ROWS, NOTES)
    return min(failed, 1)


def _run(row: Row, until: float) -> int:
    """Run the slices of a row that were not run yet; return how many failed."""
    if why := row.lacks():
        print(f"{row.code}: not run: {why}")
        return 0
    failed = 0
    notes = NOTES / f"{row.code}.jsonl"
    NOTES.mkdir(exist_ok=True)
    done = {json.loads(line)["seed"] for line in notes.read_text().splitlines()} if notes.exists() else set()
    for seed in sorted(set(range(row.slices)) - done):
        if time.monotonic() > until:
            break
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="watcher-chaos-") as folder:
            try:
                figures = dict(row.run(seed, Path(folder) / "scene"))
            except (AssertionError, OSError, subprocess.SubprocessError) as broken:
                # What hangs is a failure of this slice, and keeps no other from being run.
                failed += 1
                print(f"{row.code} slice {seed}: FAILED: {type(broken).__name__}: {str(broken)[:500]}", flush=True)
                continue
        note = {"seed": seed, "seconds": round(time.monotonic() - begun, 1), "figures": figures}
        with notes.open("a") as file:
            file.write(f"{json.dumps(note)}\n")
        print(f"{row.code} slice {seed}: {figures}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
