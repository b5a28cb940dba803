"""An installation to test with: settings, routes, rules and an empty store in a folder, and a clock that the test sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.stories.records import acled_file
from watcher.app import App, Turn, turn
from watcher.config.settings import Settings, load_settings
from watcher.core.alert import Alert, Transition
from watcher.recompute import Recomputed, Recomputer
from watcher.store.alerts import find_alerts, find_transitions
from watcher.store.migrate import create
from watcher.wiring import load_rule_set, open_app

SETTINGS = """\
instance: tested
sources:
  acled: {kind: acled, paths: [inbox], query_offset: 0d}
"""
#: What is told becomes lines of a file.
ROUTES = """\
route: {receiver: desk, group_by: [alertname], repeat_interval: 52w}
receivers:
  - name: desk
    file_configs: [{path: desk.jsonl}]
  - name: test
    file_configs: [{path: test.jsonl}]
"""
#: Fires in every place with at least ten deaths in thirty days.
RULES = """\
version: 1
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}, by: [location]}
rules:
  - alert: Many deaths in a place
    threshold: {indicator: deaths, window: 30d}
    condition: [value >= 10]
"""
_HEADER = "id    date        deaths  place"


def at(text: str) -> datetime:
    """A moment: ``2020-06-08``, or with a time."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Installation:
    """An opened installation."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.now = at("2020-01-01")
        self.app: App = open_app(settings, time=lambda: self.now)
        self._looked_at = 0

    def release(self, moment: str, *rows: str, name: str = "", header: str = _HEADER) -> Path:
        """A file falls into the drop folder; its records became known at that moment."""
        self.now = at(moment)
        path = self.folder / "inbox" / (name or f"{self.now:%Y-%m-%dT%H%M}.csv")
        path.write_text(acled_file([header, *rows], self.now))
        return path

    def turn(self, moment: str, **how: Any) -> Turn:
        """Take a turn."""
        self.now = at(moment)
        return turn(self.app, self.now, **how)

    def write_rules(self, text: str) -> None:
        """Put other rules in force at the next turn, as a daemon that reloads them."""
        write_rules(self.folder, text)
        self.restart()

    def restart(self) -> None:
        """Begin as a new process does."""
        self.app.close()
        self.app = open_app(self.settings, time=lambda: self.now)

    def told(self, receiver: str = "desk") -> list[dict[str, Any]]:
        """The messages that a receiver was sent since the last look."""
        path = self.folder / f"{receiver}.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        new, self._looked_at = lines[self._looked_at :], len(lines)
        return [json.loads(line) for line in new]

    def subjects(self, receiver: str = "desk") -> list[str]:
        """What the messages since the last look were about."""
        return [each["watcher"]["subject"] for each in self.told(receiver)]

    def alerts(self) -> dict[str, Alert]:
        """Every alert, by the values of its group."""
        with self.app.store.reading() as tx:
            return {" ".join(value for _, value in each.group): each for each in find_alerts(tx)}

    def replayed(self) -> list[Recomputed]:
        """Every transition, worked out again from the store."""
        with self.app.store.reading() as tx:
            again = Recomputer(tx)
            return [again.recompute(each) for each in reversed(find_transitions(tx))]

    def transitions(self) -> list[Transition]:
        """Every transition, the oldest first."""
        with self.app.store.reading() as tx:
            return [each.transition for each in reversed(find_transitions(tx))]


def write_rules(folder: Path, text: str) -> None:
    """Write the one rule file of a folder."""
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "rules.yaml").write_text(text)


def install(folder: Path, *, rules: str = RULES, routes: str = ROUTES, settings: str = SETTINGS) -> Settings:
    """Write everything that an installation needs, and make its store."""
    (folder / "inbox").mkdir()
    (folder / "state").mkdir(mode=0o700)
    (folder / "watcher.yaml").write_text(settings)
    (folder / "notify.yaml").write_text(routes)
    write_rules(folder, rules)
    loaded = load_settings(folder / "watcher.yaml")
    if loaded.store.url.startswith("sqlite"):
        write_empty_store(folder / "state" / "watcher.db")
    else:
        create(loaded.store.url).close()
    load_rule_set(loaded)
    return loaded


def write_empty_store(path: Path) -> None:
    """Put the file of a store in which nothing has happened into its place."""
    path.touch(mode=0o600)
    path.write_bytes(empty_store())


@cache
def empty_store() -> bytes:
    """The file of a store in which nothing has happened: making one takes longer than most tests."""
    with TemporaryDirectory() as folder:
        create(f"sqlite:///{folder}/watcher.db").close()
        return Path(folder, "watcher.db").read_bytes()


@contextmanager
def installed(folder: Path, **parts: str) -> Iterator[Installation]:
    """An installation that is closed at the end."""
    made = Installation(folder, install(folder, **parts))
    try:
        yield made
        assert [each for each in made.replayed() if not each.agrees] == [], "everything can be recomputed"
    finally:
        made.app.close()
