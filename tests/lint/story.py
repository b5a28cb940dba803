"""Stories of lint: files, records, and what is said about them, one page for each check.

::

    # A sentence

    == rules/a.yaml
    (a file of an installation; one that is not written is as in tests/installation.py)
    == records 2020-06-01 12:00
    (rows that were released then; with them there is a store; another source is named behind: of mirror)
    == silences
    (matchers, end or never, and a time interval if it has one; two spaces between them)
    == said
    (what lint prints of the check that the page is about)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from tests.installation import ROUTES, SETTINGS, Installation, at, install
from watcher.cli.lint import _print
from watcher.core.errors import Problem
from watcher.core.matcher import matchers
from watcher.lint.check import Fetch
from watcher.lint.installation import lint_installation
from watcher.lint.run import Linted, lint_rules
from watcher.store.schema import Tx
from watcher.store.silences import add_silence

HERE = Path(__file__).parent
TODAY = "2020-07-01"
_EVERY = re.compile(r"every (\d+)d from (\S+) to (\S+): (\d+) (\w+), known (\d+)d later")


class Scene(NamedTuple):
    """One heading of a page with its sections."""

    title: str
    #: Text by the section's heading, ``rules/a.yaml``.
    sections: Mapping[str, str]

    @property
    def said(self) -> str:
        return self.sections["said"]

    @property
    def files(self) -> dict[str, str]:
        return {name: text for name, text in self.sections.items() if name.endswith(".yaml")}

    @property
    def releases(self) -> list[tuple[str, list[str]]]:
        """(moment, rows) of each release."""
        return [
            (name.removeprefix("records "), list(_rows(text, number)))
            for number, (name, text) in enumerate(self.sections.items())
            if name.startswith("records ")
        ]


def scenes(page: Path) -> list[Scene]:
    """The scenes of a page."""
    found = []
    for part in re.split(r"^# ", page.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        title, _, rest = part.partition("\n")
        pieces = re.split(r"^== (.*)\n", rest, flags=re.MULTILINE)[1:]
        sections = {name.strip(): text for name, text in zip(pieces[::2], pieces[1::2], strict=True)}
        found.append(
            Scene(title, {name: f"{text.strip()}\n" if text.strip() else "" for name, text in sections.items()})
        )
    return found


def _rows(text: str, number: int) -> Iterator[str]:
    """The rows of a release; a line that says "every" stands for many."""
    for line in text.splitlines():
        match = _EVERY.fullmatch(line.strip())
        if match is None:
            yield line
            continue
        day, last = date.fromisoformat(match[2]), date.fromisoformat(match[3])
        while day <= last:
            known = day + timedelta(days=int(match[6]))
            yield f"{match[5][:3].upper()}{number}{day:%j%y}  {day}  {match[4]}  {match[5]}  {known} 12:00"
            day += timedelta(days=int(match[1]))


def play(scene: Scene, folder: Path, *, only: str, fetch: Fetch | None = None) -> str:
    """What lint says of one check, as it is printed."""
    found = _lint(scene, folder, fetch)
    mine = tuple(each for each in found.problems if each.check in {only, only.replace("rule/", "settings/")})
    said = StringIO()
    with redirect_stdout(said):
        _print(Linted(mine, found.rules), mine, whole=False)
    blocks = said.getvalue().replace(f"{folder}/", "").rpartition("\n\n")[0]
    return f"{blocks}\n" if blocks else ""


def _silence(tx: Tx, line: str, now: datetime) -> None:
    """``location="Palma"  2020-08-01  weekend``: its matchers, its end or ``never``, and its time interval."""
    tests, end, *during = re.split(r"\s{2,}", line.strip())
    add_silence(
        tx,
        matchers(tests),
        starts_at=now,
        ends_at=None if end == "never" else at(end),
        during="".join(during),
        author="amina",
        comment="known",
        now=now,
    )


def _lint(scene: Scene, folder: Path, fetch: Fetch | None) -> Linted:
    today = date.fromisoformat(scene.sections.get("today", TODAY).strip())
    if not (scene.releases or "notify.yaml" in scene.files or "watcher.yaml" in scene.files):
        _write(scene.files, folder)
        return lint_rules([folder / "rules"], today=today, fetch=fetch)
    settings = install(
        folder,
        routes=scene.files.get("notify.yaml", ROUTES),
        settings=scene.files.get("watcher.yaml", SETTINGS),
    )
    (folder / "rules" / "rules.yaml").unlink()
    _write(scene.files, folder)
    if scene.releases:
        it = Installation(folder, settings)
        for when, rows in scene.releases:
            moment, _, source = when.partition(" of ")
            (folder / source).mkdir(exist_ok=True)
            header = "id  date  deaths  place  known" if _has_known(rows) else HEADER
            it.release(moment, *rows, name=f"../{source}/a.csv" if source else "", header=header)
            it.turn(moment)
        with it.app.store.writing() as tx:
            for line in scene.sections.get("silences", "").splitlines():
                _silence(tx, line, it.now)
        it.app.close()
    return lint_installation(settings, today=today, fetch=fetch)


HEADER = "id  date  deaths  place"


def _has_known(rows: list[str]) -> bool:
    return len(re.split(r" {2,}", rows[0].strip())) > len(HEADER.split())


def _write(files: Mapping[str, str], folder: Path) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def problems(scene: Scene, folder: Path) -> tuple[Problem, ...]:
    """Everything that lint finds in a scene."""
    return _lint(scene, folder, None).problems
