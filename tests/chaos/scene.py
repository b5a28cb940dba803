"""An installation that is maltreated, and an oracle that knows what must have been told from what was put into it."""

from __future__ import annotations

import base64
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from tests.chaos.receiver import Receiver, Request
from watcher.config.settings import load_settings
from watcher.core.label import fingerprint
from watcher.core.label import labels as labels_of
from watcher.store.migrate import create

SECRET = "whsec_" + base64.b64encode(b"a secret of the chaos tests").decode()
#: New places in each file that falls into the drop folder.
PLACES = 5
#: From so many attacks on the alert is critical.
CRITICAL = 3
FIRST_DAY = date(2020, 1, 7)

SETTINGS = """\
state_dir: {state}
{store}
sources:
  acled: {{kind: acled, paths: [{inbox}], query_offset: 0d, every: 1s}}
rules: [{rules}]
notify: {notify}
receivers:
  desk:
    signing_secrets: [{{file: {secret}}}]
    allow_networks: [127.0.0.0/8]
"""
ROUTES = """\
route: {{receiver: desk, group_by: [location], group_wait: 1s, group_interval: 1s, repeat_interval: 52w}}
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
    severity: {critical: value >= 3, otherwise: warning}
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


class Hearing(Protocol):
    """A receiver: where it is, and what it heard."""

    url: str

    def requests(self) -> list[Request]:
        """Everything so far, in the order in which it came."""
        ...

    def taken(self) -> list[Request]:
        """What was taken and said so."""
        ...


class Scene:
    """One installation, its drop folder, and everything that was ever put into it."""

    def __init__(self, folder: Path, receiver: Hearing, *, seed: int, store: str = "", state: str = "state") -> None:
        self.folder = folder
        self.receiver = receiver
        self.chance = random.Random(seed)
        self.rows: list[str] = []
        self.releases = 0
        self.settings = self.configure("watcher.yaml", state=state, store=store)

    def configure(self, name: str, *, state: str, store: str = "") -> Path:
        """Write settings; several of them may share rules, drop folder and store."""
        folder = self.folder
        for each in ("rules", "inbox"):
            (folder / each).mkdir(exist_ok=True)
        (folder / state).mkdir(mode=0o700, exist_ok=True)
        (folder / "secret").touch(mode=0o600)
        (folder / "secret").write_text(SECRET)
        (folder / "notify.yaml").write_text(ROUTES.format(url=self.receiver.url))
        (folder / "rules" / "rules.yaml").write_text(RULES)
        parts = {each: folder / each for each in ("inbox", "rules", "secret")} | {"notify": folder / "notify.yaml"}
        address = f"store: {{url: '{store}'}}" if store else ""
        (folder / name).write_text(SETTINGS.format(state=folder / state, store=address, **parts))
        return folder / name

    def create(self) -> None:
        """Make the store."""
        create(load_settings(self.settings, environ={}).store.url).close()

    def start(self) -> None:
        """Put in what holds at the first turn, which is told as one summary."""
        self._write([row(0, "Anywhere", FIRST_DAY)])

    def release(self) -> None:
        """Put one more file into the drop folder: new places, one that is attacked again, and rows seen before."""
        self.releases += 1
        day = FIRST_DAY + timedelta(days=self.releases)
        number = self.releases * 10
        rows = [row(number + n, f"Place {self.releases}-{n}", day) for n in range(PLACES)]
        again = f"Place {self.chance.randint(1, self.releases)}-0"
        rows += [row(number + PLACES + n, again, day) for n in range(CRITICAL - 1)]
        self._write([*rows, *self.chance.sample(self.rows, min(1, len(self.rows)))])

    def release_again(self) -> None:
        """Put in a file of rows that were there before."""
        self.releases += 1
        self._write(self.chance.sample(self.rows, min(3, len(self.rows))))

    def _write(self, rows: Sequence[str]) -> None:
        name = f"release_{self.releases:04}.csv"
        part = self.folder / "inbox" / f"{name}.part"
        part.write_text(HEADER + "".join(rows))
        part.rename(self.folder / "inbox" / name)
        self.rows += rows

    def wanted(self) -> dict[str, str]:
        """Fingerprint → severity of every alert, computed from the rows and nothing else."""
        events = {line.split(",")[0]: line.split(",")[21] for line in self.rows}
        counts = Counter(place for place in events.values() if place != "Anywhere")
        return {
            fingerprint("attacks-in-a-place", labels_of({"location": place})): (
                "critical" if number >= CRITICAL else "warning"
            )
            for place, number in counts.items()
        }

    def missing(self) -> set[str]:
        """The alerts of which nobody was told how bad it is."""
        worst: dict[str, str] = {}
        for each in self.receiver.taken():
            for alert in each.alerts:
                if worst.get(alert["fingerprint"]) != "critical":
                    worst[alert["fingerprint"]] = alert["labels"]["severity"]
        return {name for name, severity in self.wanted().items() if worst.get(name) != severity}


def judge(scene: Scene) -> dict[str, int]:
    """Compare what was told with what had to be; figures, or an assertion that fails.

    :raises AssertionError: naming the invariant.
    """
    requests, taken = scene.receiver.requests(), scene.receiver.taken()
    lost = scene.missing()
    assert not lost, f"I1 no loss: {len(lost)} alerts were not told"
    bodies, keys = defaultdict(set), defaultdict(set)
    for each in requests:
        bodies[each.key].add(each.body)
        for transition in each.told.items():
            keys[transition].add(each.key)
    assert all(len(each) == 1 for each in bodies.values()), "I2 one key has one body"
    assert all(len(each) == 1 for each in keys.values()), "I4 no transition under a second key"
    _in_order(taken)
    wanted = scene.wanted().keys() | {fingerprint("attacks-in-a-place", labels_of({"location": "Anywhere"}))}
    assert {name for name, _ in keys} <= wanted, "I3 nothing that is not in the input"
    return {
        "alerts": len(wanted),
        "messages": len(bodies),
        "requests": len(requests),
        "lost": len(lost),
        "repeated": len(taken) - len({each.key for each in taken}),
    }


def _in_order(taken: Sequence[Request]) -> None:
    newest: dict[str, int] = {}
    seen: set[str] = set()
    for each in taken:
        if each.key in seen:
            continue
        seen.add(each.key)
        for name, seq in each.told.items():
            assert newest.get(name, 0) < seq, f"I6 order: {name} told {seq} after {newest.get(name)}"
            newest[name] = seq


@contextmanager
def staged(folder: Path, *, seed: int, share: float = 0.3, store: str = "") -> Iterator[Scene]:
    """A fresh installation and its receiver."""
    folder.mkdir(parents=True, exist_ok=True)
    with Receiver(folder / "received.jsonl", SECRET, share=share, seed=seed) as receiver:
        scene = Scene(folder, receiver, seed=seed, store=store)
        scene.create()
        scene.start()
        yield scene
