"""``python -m tests.fuzz [TARGET ...]``: slices of cases for each target, and a table of how many there were.

What is done is noted in ``.fuzz/``: it can be stopped at any time and goes on with other cases. ``--page`` writes the
table of docs/reliability.md from the notes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tests.fuzz.hunt import hunt
from tests.fuzz.target import Target
from tests.fuzz.targets import BY_NAME, TARGETS

ROOT = Path(__file__).resolve().parents[2]
NOTES = ROOT / ".fuzz" / "notes.jsonl"
BEGIN, END = "<!-- cases: written by make fuzz -->", "<!-- end of cases -->"
#: Cases between two notes.
SLICE = 200
#: Characters of the smallest case that did not survive.
_SHOWN = 2_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all of them unless named")
    parser.add_argument("--cases", type=int, default=2_000, help="of each target, with what was done before")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="begin no slice of a target after this time"
    )
    parser.add_argument("--page", action="store_true", help="write the table of docs/reliability.md")
    asked = parser.parse_args()
    wanted = [BY_NAME[name] for name in asked.targets] or TARGETS
    failed = sum(_run(each, asked.cases, time.monotonic() + asked.seconds) for each in wanted)
    table = _table(_done())
    print(table)
    if asked.page:
        page = ROOT / "docs" / "reliability.md"
        before, _, rest = page.read_text().partition(BEGIN)
        page.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{rest.partition(END)[2]}")
    return min(failed, 1)


def _run(target: Target, cases: int, until: float) -> int:
    """Throw what is left of the cases; return 1 when one did not survive."""
    slices, done = _done().get(target.name, (0, 0))
    while done < cases and time.monotonic() < until:
        begun = time.monotonic()
        try:
            more = hunt(target, cases=min(SLICE, cases - done), start=slices)
        except Exception as fault:  # noqa: BLE001 - whatever comes out of a target is what we look for
            case = "\n".join(getattr(fault, "__notes__", []))[:_SHOWN]
            print(f"{target.name}, slice {slices}: FAILED: {fault!r}\n{case}", flush=True)
            return 1
        slices, done = slices + 1, done + more
        NOTES.parent.mkdir(exist_ok=True)
        with NOTES.open("a") as file:
            note = {"target": target.name, "cases": more, "seconds": round(time.monotonic() - begun, 1)}
            file.write(f"{json.dumps(note)}\n")
    return 0


def _done() -> dict[str, tuple[int, int]]:
    """Slices and cases of each target."""
    found: dict[str, tuple[int, int]] = {}
    for line in NOTES.read_text().splitlines() if NOTES.exists() else ():
        note = json.loads(line)
        slices, cases = found.get(note["target"], (0, 0))
        found[note["target"]] = (slices + 1, cases + note["cases"])
    return found


def _table(done: dict[str, tuple[int, int]]) -> str:
    rows = [f"| {each.name} | {done.get(each.name, (0, 0))[1]:,} |" for each in TARGETS]
    total = sum(cases for _, cases in done.values())
    return "\n".join(["| target | cases |", "|---|---|", *rows, f"| all | {total:,} |"])


if __name__ == "__main__":
    sys.exit(main())
