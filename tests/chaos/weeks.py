"""Six weeks in ten minutes: a daemon whose clock runs fast asks three sources, and what they do to it.

One dies in the third week, one stamps 70 % of its newest rows anew every day, one answers with a web page from the fourth
week on. What must be told is computed from what the servers gave out.
"""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from standardwebhooks.webhooks import Webhook

from tests.chaos.process import end
from tests.chaos.rows import PATIENCE_S, Figures, row, whole
from tests.chaos.scene import SECRET
from tests.chaos.turner import ROOT
from tests.sources.pull.api import HTML, PASSWORD, USER, Acled, event
from tests.zoo import Request, Server, behave, response
from watcher.config.settings import load_settings
from watcher.core.errors import ExitCode
from watcher.store.migrate import create

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
LENGTH = timedelta(weeks=6)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
#: From then on a source is not what it was.
DIES, IS_A_PAGE = START + 3 * 7 * DAY, START + 4 * 7 * DAY
#: Every place is attacked once in two days but for one, which is attacked so often on each of these days.
PLACES = ("Alpha", "Bravo", "Charlie", "Delta")
SURGE = tuple(date(2026, 1, 22) + n * DAY for n in range(4))
SURGE_PLACE, SURGE_ATTACKS = "Charlie", 4
#: Attacks in seven days at which the rule fires: more than the calm ever brings, fewer than the surge.
MANY = 10
#: Of the rows of the last thirty days so many are stamped anew each day, and nothing else about them changes.
RESTAMPED = 0.7
#: Turns in a simulated week; each takes a fraction of a second.
_TURNS = 200
_SAMPLES_S = 0.5
#: By so much the memory of a process may grow behind the first quarter, in which it loads what it needs.
_MEMORY_KB = 8_000

SETTINGS = """\
state_dir: {folder}/state
instance: weeks
sources:
  stamped:
    kind: acled
    every: 6h
    query_offset: 0d
    stale_after: 5d
    allow_networks: [127.0.0.0/8]
    pull: {{url: '{stamped}', user: {{file: '{folder}/user'}}, password: {{file: '{folder}/password'}}, from: 2025-12-01}}
  dying: {table}, pull: {{url: '{dying}'}}}}
  page: {table}, pull: {{url: '{page}'}}}}
rules: ['{folder}/rules']
notify: '{folder}/notify.yaml'
service: {{listen: 'unix:{folder}/service.sock'}}
receivers:
  desk: {{signing_secrets: [{{file: '{folder}/secret'}}], allow_networks: [127.0.0.0/8]}}
"""
TABLE = (
    "{kind: table, every: 6h, query_offset: 0d, stale_after: 5d, allow_networks: [127.0.0.0/8], "
    "options: {columns: {id: ref, date: day, country: land, location: place, fatalities: dead}}"
)
ROUTES = """\
route: {{receiver: desk, group_by: [alertname], group_wait: 30s, repeat_interval: 52w}}
receivers:
  - name: desk
    webhook_configs: [{{url: '{url}'}}]
"""
RULES = f"""\
version: 1
indicators:
  - {{indicator: attacks, count: events, source: stamped, where: {{country: Mali}}, by: [location]}}
  - {{indicator: listed, count: events, source: dying, where: {{country: Mali}}}}
  - {{indicator: paged, count: events, source: page, where: {{country: Mali}}}}
rules:
  - alert: Many attacks in a place
    threshold: {{indicator: attacks, window: 7d}}
    condition: [value >= {MANY}]
  - alert: Many in the list
    threshold: {{indicator: listed, window: 7d}}
    condition: [value >= {MANY}]
  - alert: Many on the page
    threshold: {{indicator: paged, window: 7d}}
    condition: [value >= {MANY}]
"""
#: What must be told, and whether it is over at the end.
WANTED = {
    ("Many attacks in a place", SURGE_PLACE): "resolved",
    ("WatcherSourceFailing", "dying"): "firing",
    ("WatcherSourceStale", "dying"): "firing",
    ("WatcherSourceFailing", "page"): "firing",
    ("WatcherSourceStale", "page"): "firing",
}
_HURRIED = """\
import sys, time
from datetime import datetime, timedelta
from watcher import clock
_, start, zero, speed, every, *command = sys.argv
start, zero, speed = datetime.fromisoformat(start), float(zero), float(speed)
clock.wall = lambda: start + timedelta(seconds=(time.monotonic() - zero) * speed)
from watcher import cli, daemon
from watcher.cli import run
daemon.EVERY = timedelta(seconds=float(every))
daemon.JUMP = timedelta.max
sys.exit(cli.main(command))
"""


@dataclass(frozen=True)
class Fast:
    """A clock that goes through the weeks in a few minutes; all processes of the machine see the same."""

    zero: float
    speed: float

    def now(self) -> datetime:
        return START + timedelta(seconds=(time.monotonic() - self.zero) * self.speed)


def events_until(now: datetime) -> list[dict[str, Any]]:
    """What has happened and been written down by now: two attacks a day, and the surge."""
    days = [START.date() - 30 * DAY + n * DAY for n in range((now.date() - START.date()).days + 30)]
    return [each for number, day in enumerate(days) for each in _of_day(number, day)]


def _of_day(number: int, day: date) -> Iterator[dict[str, Any]]:
    places = [PLACES[number % 2], PLACES[2 + number % 2]]
    places += [SURGE_PLACE] * (SURGE_ATTACKS if day in SURGE else 0)
    for n, place in enumerate(places):
        written = datetime(day.year, day.month, day.day, tzinfo=UTC) + DAY
        yield event(number * 10 + n, day=str(day), stamp=int(written.timestamp()), location=place)


@dataclass
class Restamping(Acled):
    """ACLED's API, whose newest rows are stamped anew every night."""

    clock: Fast | None = None
    given: int = 0
    restamped: int = 0

    def _events(self, asked: Mapping[str, str]) -> list[dict[str, Any]]:
        assert self.clock is not None
        now = self.clock.now()
        tonight = datetime(now.year, now.month, now.day, tzinfo=UTC)
        self.rows = [_stamped(each, tonight) for each in events_until(now)]
        found = super()._events(asked)
        self.given += len(found)
        self.restamped += sum(each["timestamp"] == str(int(tonight.timestamp())) for each in found)
        return found


def _stamped(each: dict[str, Any], tonight: datetime) -> dict[str, Any]:
    is_new = date.fromisoformat(each["event_date"]) >= tonight.date() - 30 * DAY
    chance = random.Random(f"{each['event_id_cnty']} {tonight:%Y-%m-%d}")
    return {**each, "timestamp": str(int(tonight.timestamp()))} if is_new and chance.random() < RESTAMPED else each


def table(now: datetime) -> bytes:
    """One attack in two days, as a list of its own."""
    days = [START.date() - 30 * DAY + n * DAY for n in range((now.date() - START.date()).days + 30)]
    rows = [f"L{n},{day},Mali,Echo,1" for n, day in enumerate(days) if n % 2]
    return "\n".join(["ref,day,land,place,dead", *rows, ""]).encode()


@row(
    "C30", "six weeks in ten minutes: of three sources one dies, one stamps 70 % anew, one becomes a web page", slices=1
)
def weeks(seed: int, folder: Path, seconds: float = 600.0) -> Figures:
    folder.mkdir(parents=True, exist_ok=True)
    # Some seconds of Python come before the first turn: they are before the first week.
    fast = Fast(time.monotonic() + min(10.0, seconds / 2), LENGTH.total_seconds() / seconds)
    api = Restamping(clock=fast)
    desk = Desk()
    with _served(fast, api) as (stamped, dying, page), Server(behave(desk.take)) as receiver:
        _settle(folder, stamped.url(""), dying.url("/log.csv"), page.url("/log.csv"), receiver.url())
        process = _start(folder, fast, every=seconds / (LENGTH / (7 * DAY)) / _TURNS)
        try:
            memory = _watch(process, fast)
            process.send_signal(signal.SIGTERM)
            code = process.wait(PATIENCE_S)
        finally:
            end(process)
        assert code == ExitCode.OK, f"it ended with {code}"
    assert desk.told == WANTED, f"told {desk.told}"
    whole(folder / "watcher.yaml")
    _replay(folder)
    versions, records = _stored(folder)
    assert versions == records, "a row that is only stamped anew has no version"
    # It was last asked up to six hours before the end.
    written = [len(events_until(START + LENGTH - ago)) for ago in (DAY, timedelta(), -DAY)]
    assert records in written, "everything that was written down is in the store, once"
    quarters = [memory[n * (len(memory) - 1) // 4] for n in range(1, 5)]
    assert quarters[-1] - quarters[0] <= _MEMORY_KB, f"memory grows, in kB: {quarters}"
    return {
        "weeks": LENGTH // (7 * DAY),
        "alerts": len(desk.told),
        "messages": desk.messages,
        "false or missing alerts": 0,
        "rows given": api.given,
        "of them only stamped anew": api.restamped,
        "records": records,
        "versions": versions,
        "max MB of memory after the first quarter": quarters[0] / 1000,
        "max MB after half": quarters[1] / 1000,
        "max MB after three quarters": quarters[2] / 1000,
        "max MB at the end": quarters[3] / 1000,
    }


class Desk:
    """A receiver of webhooks, which looks at their signature but not at their time: its own clock is no fast one."""

    def __init__(self) -> None:
        #: Name, and place or source, of every alert that was told → how it stood at last.
        self.told: dict[tuple[str, str], str] = {}
        self.messages = 0

    def take(self, request: Request) -> bytes:
        key, moment, signature = (request.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        signed = Webhook(SECRET).sign(key, datetime.fromtimestamp(int(moment), UTC), request.body.decode())
        assert signature == signed
        self.messages += 1
        for alert in json.loads(request.body)["alerts"]:
            labels = alert["labels"]
            self.told[labels["alertname"], labels.get("location") or labels.get("source", "")] = alert["status"]
        return response(204)


@contextmanager
def _served(fast: Fast, api: Restamping) -> Iterator[tuple[Server, Server, Server]]:
    def dying(_: Request) -> bytes:
        return response(200, body=table(fast.now())) if fast.now() < DIES else b""

    def page(_: Request) -> bytes:
        return response(200, body=table(fast.now()) if fast.now() < IS_A_PAGE else HTML)

    with api.serving() as first, Server(behave(dying)) as second, Server(behave(page)) as third:
        yield first, second, third


def _settle(folder: Path, stamped: str, dying: str, page: str, desk: str) -> None:
    """Write down the installation and make its store."""
    (folder / "rules").mkdir()
    (folder / "state").mkdir(mode=0o700)
    for name, secret in {"user": USER, "password": PASSWORD, "secret": SECRET}.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(secret)
    parts = {"folder": folder, "stamped": stamped, "dying": dying, "page": page, "table": TABLE}
    (folder / "watcher.yaml").write_text(SETTINGS.format(**parts))
    (folder / "notify.yaml").write_text(ROUTES.format(url=desk))
    (folder / "rules" / "rules.yaml").write_text(RULES)
    create(load_settings(folder / "watcher.yaml", environ={}).store.url).close()


def _start(folder: Path, fast: Fast, *, every: float) -> subprocess.Popen[str]:
    clock = [START.isoformat(), str(fast.zero), str(fast.speed), str(every)]
    with (folder / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-c", _HURRIED, *clock, "run", "--config", str(folder / "watcher.yaml")],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            text=True,
        )


def _watch(process: subprocess.Popen[str], fast: Fast) -> list[int]:
    """How much memory it holds, in kB, from the first moment of the weeks to the last."""
    memory = []
    while (now := fast.now()) < START + LENGTH:
        assert process.poll() is None, "it has died"
        if now >= START:
            memory.append(_resident(process.pid))
        time.sleep(min(_SAMPLES_S, LENGTH.total_seconds() / fast.speed / 100))
    return memory


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


def _replay(folder: Path) -> None:
    """Every decision of these weeks is worked out again from the store, and is the same."""
    command = [sys.executable, "-m", "watcher", "replay", "--all", "--config", str(folder / "watcher.yaml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr


def _stored(folder: Path) -> tuple[int, int]:
    """Versions of records, and records."""
    with closing(sqlite3.connect(folder / "state" / "watcher.db")) as db:
        [(versions, records)] = db.execute(
            "select count(*), count(distinct external_id) from event where source = 'stamped'"
        )
    return versions, records
