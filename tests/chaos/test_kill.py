"""kill -9 at any moment of a turn loses no alert, and sends no alert under a second key.

What must have been told is computed from the files that were put into the drop folder, never from our database.
"""

from __future__ import annotations

import base64
import os
import random
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.chaos.receiver import Log
from watcher.clock import monotonic
from watcher.config.settings import load_settings
from watcher.core.label import fingerprint
from watcher.core.label import labels as labels_of
from watcher.store.migrate import create

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_" + base64.b64encode(b"a secret of the chaos tests").decode()
#: New places in each file that falls into the drop folder.
PLACES = 5
FIRST_DAY = date(2020, 1, 7)
#: A turn is killed at a random moment of this time; most would be over before.
LONGEST_LIFE_S = 0.4
PATIENCE_S = 60

SETTINGS = """\
state_dir: state
sources:
  acled: {kind: acled, paths: [inbox], query_offset: 0d}
receivers:
  desk:
    signing_secrets: [{file: secret}]
    allow_networks: [127.0.0.0/8]
"""
ROUTES = """\
route: {{receiver: desk, group_by: [location]}}
receivers:
  - name: desk
    webhook_configs: [{{url: '{url}'}}]
"""
RULES = """\
version: 1
indicators:
  - {indicator: attacks, count: events, where: {country: Mozambique}, by: [location]}
rules:
  - alert: Attacks in a place
    threshold: {indicator: attacks, window: 365d}
    condition: [value >= 1]
"""
HEADER = (
    "event_id_cnty,event_date,year,time_precision,disorder_type,event_type,sub_event_type,actor1,assoc_actor_1,inter1,"
    "actor2,assoc_actor_2,inter2,interaction,civilian_targeting,iso,region,country,admin1,admin2,admin3,location,"
    "latitude,longitude,geo_precision,source,source_scale,notes,fatalities,tags,timestamp\n"
)


def row(number: int, place: str, day: date) -> str:
    released = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
    return (
        f"MOZ{number},{day},{day.year},1,Political violence,Battles,Armed clash,Group A,,3,Group B,,2,23,,508,"
        f"Southern Africa,Mozambique,Cabo Delgado,Macomia,,{place},-12.0,40.0,1,Made up,National,Made up.,1,,{released}\n"
    )


def write(folder: Path, name: str, rows: list[str]) -> None:
    part = folder / f"{name}.part"
    part.write_text(HEADER + "".join(rows))
    part.rename(folder / name)


class Turner:
    """Takes turns one after the other, and kills some of them."""

    def __init__(self, settings: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.turner", str(settings)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def turn(self, *, kill_after_s: float | None = None) -> int:
        """The exit code of one turn; -9 when it was killed."""
        assert self._process.stdin is not None
        print(file=self._process.stdin, flush=True)
        child = int(self._line())
        if kill_after_s is not None:
            timer = threading.Timer(kill_after_s, _kill, [child])
            timer.start()
        code = self._next_number()
        if kill_after_s is not None:
            timer.cancel()
        return code

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _next_number(self) -> int:
        """What the child itself prints is JSON; the exit code is the line that is a number."""
        while True:
            line = self._line().strip()
            if line.lstrip("-").isdigit():
                return int(line)


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log(SECRET)
    yield log
    log.close()


@pytest.fixture
def home(tmp_path: Path, log: Log) -> Path:
    for folder in ("rules", "inbox"):
        (tmp_path / folder).mkdir()
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "watcher.yaml").write_text(SETTINGS)
    (tmp_path / "notify.yaml").write_text(ROUTES.format(url=log.url))
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    create(load_settings(tmp_path / "watcher.yaml").store.url).close()
    return tmp_path


def test_kill_9_at_any_moment_loses_no_alert_and_sends_none_under_a_second_key(home, log, request):
    chance = random.Random(20200706)
    write(home / "inbox", "release_000.csv", [row(0, "Anywhere", FIRST_DAY)])
    turner = Turner(home / "watcher.yaml")
    assert turner.turn() == 0, "the first turn, which tells the state at start, is not killed"

    expected: set[str] = set()
    killed = release = 0
    while killed < request.config.getoption("--chaos-kills"):
        if chance.random() < 0.5:
            release += 1
            expected.update(fill(home / "inbox", release))
        killed += turner.turn(kill_after_s=chance.uniform(0.0, LONGEST_LIFE_S)) == -signal.SIGKILL
    finish(turner, log, expected)
    turner.close()

    keys, bodies = defaultdict(set), defaultdict(set)
    for each in log.answered:
        bodies[each.key].add(each.body)
        for transition in each.told:
            keys[transition].add(each.key)
    told = {name for name, _ in keys}
    wanted = {fingerprint("attacks-in-a-place", labels_of({"location": place})) for place in expected}
    assert wanted - told == set(), "no alert is lost"
    assert all(len(each) == 1 for each in bodies.values()), "one key has one body, however often it is sent"
    assert all(len(each) == 1 for each in keys.values()), "no transition is told under a second key"
    again = len(log.answered) - len(bodies)
    print(
        f"{killed} kills, {len(expected)} alerts, {len(bodies)} messages, {again} of them repeated under the same key"
    )


def fill(inbox: Path, release: int) -> list[str]:
    """Put one more release into the drop folder; the places it is the first to name."""
    places = [f"Place {release}-{n}" for n in range(PLACES)]
    day = FIRST_DAY + timedelta(days=release)
    rows = [row(release * PLACES + n, place, day) for n, place in enumerate(places)]
    write(inbox, f"release_{release:04}.csv", rows)
    return places


def finish(turner: Turner, log: Log, expected: set[str]) -> None:
    """Take turns until everything has been told."""
    deadline = monotonic() + PATIENCE_S
    while monotonic() < deadline:
        turner.turn()
        if expected <= {location for each in log.answered for location in each.locations}:
            return
