"""``python -m tests.mutants [CODE ...]``: make each mistake in a copy of the tree and see its test fail.

The copy is made of the files that Git knows, in a temporary folder; the checkout itself is never changed. The tests pass
there first. ``--page`` writes the table of docs/reliability.md anew from this run.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.mutants.catalogue import MUTANTS, ROOT, Mutant

BEGIN, END = "<!-- mutants: written by make mutants -->", "<!-- end of mutants -->"
#: How pytest ends when a test failed, and not when it could not begin.
_FAILED = 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("codes", nargs="*", metavar="CODE", help="all of them unless named")
    parser.add_argument("--page", action="store_true", help="write the table of docs/reliability.md")
    asked = parser.parse_args()
    wanted = [each for each in MUTANTS if each.code in asked.codes or not asked.codes]
    with tempfile.TemporaryDirectory(prefix="watcher-mutants-") as folder:
        tree = Path(folder, "tree")
        _copy(tree)
        if code := _run(tree, sorted({each.test for each in wanted})):
            print(f"the tests do not pass without a mistake either (pytest: {code})")
            return 1
        lines = [*_judged(tree, wanted)]
    if asked.page:
        _write_page(lines)
    return int(any("NOT CAUGHT" in line for line in lines))


def _judged(tree: Path, wanted: Iterable[Mutant]) -> Iterator[str]:
    """A line of the table for each mutant."""
    for each in wanted:
        begun = time.monotonic()
        for edit in each.edits:
            path = tree / edit.file
            path.write_text(path.read_text().replace(edit.old, edit.new))
        code = _run(tree, [each.test])
        for edit in each.edits:
            shutil.copyfile(ROOT / edit.file, tree / edit.file)
        said = f"caught, {time.monotonic() - begun:.0f} s" if code == _FAILED else f"NOT CAUGHT (pytest: {code})"
        line = f"| {each.code}: {each.title} | `{each.test}` | {said} |"
        print(line, flush=True)
        yield line


def _copy(tree: Path) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)


def _run(tree: Path, tests: Iterable[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=tree, check=False, capture_output=True).returncode


def _write_page(lines: Iterable[str]) -> None:
    page = ROOT / "docs" / "reliability.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    table = "\n".join(["| mistake | the test that must fail | result |", "|---|---|---|", *lines])
    page.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
