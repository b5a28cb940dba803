"""The demo: the year of the article, played forward turn by turn, with a real webhook receiver at the end.

Everything is real except the records: the settings, routes, rules, store, turns, signatures and e-mails are those
of an installation. The rows are made up so that their totals are the article's; every one of them says so.
"""

from __future__ import annotations

import base64
import csv
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from watcher.app import App, turn
from watcher.config.settings import load_settings
from watcher.demo.receiver import Receiver
from watcher.shipped import copy_rules
from watcher.store.migrate import create
from watcher.wiring import open_app

RECORDS = Path(__file__).with_name("records.csv")
FIRST_TURN = date(2020, 1, 7)
LAST_TURN = date(2020, 8, 4)
#: Of 2020; a turn is taken on the day after each release.
_WEEK = timedelta(days=7)
#: Past this time of the day a weekly release is complete.
_NOON = timedelta(hours=13)


class Week(NamedTuple):
    """One turn of the replay."""

    day: date
    #: Records that the week's release brought.
    records: int
    transitions: int
    messages: int


#: Called after each turn.
Show = Callable[[Week], None]


class Demo:
    """An installation in a folder of its own, with a receiver on loopback."""

    def __init__(self, folder: Path, arrived: Callable[[Mapping[str, Any]], None]) -> None:
        self.folder = folder
        self._secret = "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
        self.receiver = Receiver(self._secret, arrived)

    @property
    def config(self) -> Path:
        """The settings, for whoever wants to go on with the installation."""
        return self.folder / "watcher.yaml"

    def prepare(self) -> None:
        """Write settings, routes and rules, and make the store, as `watcher init` does."""
        (self.folder / "inbox").mkdir(parents=True)
        (self.folder / "webhook-secret").touch(mode=0o600)
        (self.folder / "webhook-secret").write_text(self._secret)
        self.config.write_text(_SETTINGS)
        (self.folder / "notify.yaml").write_text(_ROUTES.format(url=self.receiver.url))
        copy_rules(self.folder / "rules")
        settings = load_settings(self.config)
        settings.state_dir.mkdir(mode=0o700)
        create(settings.store.url).close()

    def play(self, show: Show) -> None:
        """Take the turns of 2020: each week a release falls into the drop folder, and a turn is taken."""
        waiting = sorted(_releases().items())
        with closing(open_app(load_settings(self.config))) as app:
            for day in _tuesdays():
                records = 0
                while waiting and waiting[0][0] <= day:
                    released, rows = waiting.pop(0)
                    records += self._release(released, rows)
                show(_take_a_turn(app, day, records))

    def close(self) -> None:
        """Stop the receiver; the folder stays."""
        self.receiver.close()

    def _release(self, day: date, rows: Sequence[Sequence[str]]) -> int:
        with (self.folder / "inbox" / f"released_{day}.csv").open("w", newline="") as out:
            csv.writer(out).writerows([_header(), *rows])
        return len(rows)


def _take_a_turn(app: App, day: date, records: int) -> Week:
    done = turn(app, datetime(day.year, day.month, day.day, tzinfo=UTC) + _NOON)
    return Week(day, records, done.evaluated.transitions, done.messages)


def _tuesdays() -> Iterator[date]:
    day = FIRST_TURN
    while day <= LAST_TURN:
        yield day
        day += _WEEK


def _header() -> list[str]:
    with RECORDS.open(newline="") as stream:
        return next(csv.reader(stream))


def _releases() -> dict[date, list[list[str]]]:
    """The rows by the day on which they were released; all of 2019 comes as one export."""
    releases: dict[date, list[list[str]]] = defaultdict(list)
    stamp = _header().index("timestamp")
    with RECORDS.open(newline="") as stream:
        for row in list(csv.reader(stream))[1:]:
            released = datetime.fromtimestamp(int(row[stamp]), UTC).date()
            releases[max(released, FIRST_TURN)].append(row)
    return releases


_SETTINGS = """\
# Settings of the demo. `watcher init` writes an annotated one for you.
instance: demo
timezone: Africa/Maputo
state_dir: state
contact: the duty officer, +258 00 000 000
rules: [rules]
notify: notify.yaml
sources:
  acled: {kind: acled, paths: [inbox], query_offset: 0d}
receivers:
  desk:
    signing_secrets: [{file: webhook-secret}]
    allow_networks: [127.0.0.0/8]       # the receiver of the demo listens on this machine
"""

_ROUTES = """\
# Routes of the demo: everything goes to the desk, as a webhook and as a mail in state/messages.
route:
  receiver: desk
  group_by: [alertname]
  repeat_interval: 10w
receivers:
  - name: desk
    webhook_configs:
      - {{url: '{url}'}}
    file_configs:
      - {{format: eml}}
  - name: test
    file_configs:
      - {{format: json}}
"""
