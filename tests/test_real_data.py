"""Real exports through the front door, and the article's own numbers; rows of the exports are never part of the project."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation, at, install
from tests.warm import warm_watcher
from watcher import cli
from watcher.core.event import EventVersion
from watcher.core.selector import EVERYTHING, selector
from watcher.demo.receiver import Receiver
from watcher.shipped import shipped
from watcher.store.engine import Store
from watcher.store.events import find_events, history
from watcher.store.quarantine import count_quarantined

FIRST, SECOND = (f"burkina_faso_released_2020-{day}.csv" for day in ("11-16", "12-08"))
SECRET = "whsec_" + base64.b64encode(b"a secret of the tests").decode()
SETTINGS = """\
instance: tested
receivers:
  desk:
    signing_secrets: [{file: secret}]
    allow_networks: [127.0.0.0/8]
"""
ROUTES = """\
route: {{receiver: desk, group_by: [alertname]}}
receivers:
  - name: desk
    webhook_configs: [{{url: '{url}'}}]
"""
RULES = """\
version: 1
indicators:
  - indicator: sahel_deaths
    title: Deaths in the Sahel region of Burkina Faso
    sum: fatalities
    where: {country: Burkina Faso, admin1: Sahel}
rules:
  - alert: Many deaths in the Sahel region
    threshold: {indicator: sahel_deaths, window: 30d}
    condition: [value >= 10]
"""


@pytest.fixture(scope="module")
def arrived() -> list[Mapping[str, Any]]:
    """What the receiver was sent, each with a signature that it checked."""
    return []


@pytest.fixture(scope="module")
def home(real_data, arrived, tmp_path_factory) -> Iterator[Path]:
    """An installation with both releases of Burkina Faso, read through `watcher ingest` in the order of their release."""
    folder = tmp_path_factory.mktemp("burkina")
    (folder / "secret").touch(mode=0o600)
    (folder / "secret").write_text(SECRET)
    with closing(Receiver(SECRET, arrived.append)) as receiver:
        install(folder, rules=RULES, routes=ROUTES.format(url=receiver.url), settings=SETTINGS)
        yield folder


@pytest.fixture(scope="module")
def loads(home, real_data) -> list[dict[str, Any]]:
    """What `watcher ingest` says of each release."""
    return [ingest(home, real_data / "acled" / name) for name in (FIRST, SECOND)]


def ingest(home: Path, path: Path, source: str = "acled") -> dict[str, Any]:
    done = watcher(home, "ingest", str(path), "--source", source, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    counts: dict[str, Any] = json.loads(done.stdout)
    return counts


def watcher(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, as cron starts it."""
    command = [*warm_watcher(), *arguments, "--config", str(home / "watcher.yaml")]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(cli.__file__).parents[2])}
    return subprocess.run(command, env=environment, text=True, capture_output=True, check=False, timeout=60)


def stored(home: Path, known: str = "", where: object = None) -> list[EventVersion]:
    url = f"sqlite:///{home}/state/watcher.db"
    picked = EVERYTHING if where is None else selector(where)
    with Store.open(url, read_only=True) as store, store.reading() as tx:
        return list(find_events(tx, picked, as_known=at(known) if known else None))


def deaths(versions: list[EventVersion]) -> int:
    return sum(version.event.fatalities or 0 for version in versions)


def test_two_releases_are_read_in_their_order(loads, home):
    first, second = loads
    assert (first["rows"], first["added"], first["quarantined"]) == (2_980, 2_980, 0)
    assert (second["rows"], second["added"], second["revised"], second["deleted"]) == (3_010, 30, 3, 0)
    assert second["unchanged"] == 3_010 - 33
    assert len(stored(home)) == 3_010


@pytest.mark.parametrize(
    ("event", "told"),
    [
        pytest.param("BFO4158", [5, 2], id="five deaths become two"),
        pytest.param("BFO4157", [5, 0], id="five deaths become none"),
    ],
)
def test_a_revision_keeps_what_was_known_before(event, told, loads, home):
    with Store.open(f"sqlite:///{home}/state/watcher.db", read_only=True) as store, store.reading() as tx:
        versions = history(tx, "acled", event)
    assert [version.event.fatalities for version in versions] == told
    assert versions[0].known_to == versions[1].known_from


def test_a_place_was_corrected(loads, home):
    with Store.open(f"sqlite:///{home}/state/watcher.db", read_only=True) as store, store.reading() as tx:
        before, after = (version.event for version in history(tx, "acled", "BFO3387"))
    assert before.fatalities == after.fatalities
    assert (before.location, before.latitude, before.longitude) != (after.location, after.latitude, after.longitude)


@pytest.mark.parametrize(("known", "events", "total"), [("2020-11-20", 2_980, 5_242), ("2020-12-10", 3_010, 5_258)])
def test_what_was_known_on_a_day_is_what_was_published_by_then(known, events, total, loads, home):
    versions = stored(home, known)
    assert (len(versions), deaths(versions)) == (events, total)


def test_the_same_file_again_says_so_and_changes_nothing(loads, home, real_data):
    done = watcher(home, "ingest", str(real_data / "acled" / FIRST), "--source", "acled", "--format", "json")
    assert json.loads(done.stdout)["seen"] is True
    assert len(stored(home)) == 3_010


def test_check_tells_the_receiver_what_holds_and_a_second_check_says_nothing(loads, home, arrived):
    first = watcher(home, "check")
    assert (first.returncode, first.stdout, first.stderr) == (0, "", "")
    [message] = arrived
    [detail] = message["watcher"]["alerts"].values()
    month = [version for version in stored(home, where={"admin1": "Sahel"}) if _in_window(version, detail["values"])]
    assert detail["values"]["value"] == deaths(month) >= 10
    second = watcher(home, "check")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert len(arrived) == 1


def _in_window(version: EventVersion, values: Mapping[str, Any]) -> bool:
    return str(values["period_start"]) <= version.event.date_end.isoformat() <= str(values["as_of"])


def test_the_sample_of_ged_keeps_days_and_bounds(real_data, tmp_path):
    install(tmp_path)
    done = ingest(tmp_path, real_data / "ucdp" / "ged_v23_1_sample_1000.csv", source="ucdp")
    assert (done["rows"], done["added"], done["quarantined"]) == (1_000, 1_000, 0)
    events = [version.event for version in stored(tmp_path)]
    assert len(events) == 1_000
    assert sum(event.date_end > event.date_start for event in events) == 151
    bounds = [(event.fatalities_low, event.fatalities, event.fatalities_high) for event in events]
    assert all(None not in each for each in bounds)
    assert any(low != high for low, _, high in bounds)


@pytest.mark.parametrize(
    ("name", "rows"),
    [("benin_layout_2023_literal_NA.csv", 811), ("ghana_semicolon.csv", 1_276), ("layout_2016.csv", 500)],
    ids=["Benin", "Ghana", "2016"],
)
def test_every_row_of_an_export_is_stored_or_lies_in_quarantine(name, rows, real_data, tmp_path):
    install(tmp_path)
    done = ingest(tmp_path, real_data / "acled" / name)
    with Store.open(f"sqlite:///{tmp_path}/state/watcher.db", read_only=True) as store, store.reading() as tx:
        quarantined = sum(count_quarantined(tx).values())
    assert done["rows"] == rows == len(stored(tmp_path)) + quarantined


@pytest.fixture
def article(tmp_path) -> Iterator[Installation]:
    """The shipped rules without any records: nothing but the article's stated numbers."""
    settings = install(tmp_path)
    shutil.rmtree(tmp_path / "rules")
    shutil.copytree(shipped("rules"), tmp_path / "rules")
    installation = Installation(tmp_path, settings)
    yield installation
    installation.app.close()


def test_the_headline_rule_fires_as_a_warning_on_the_articles_numbers(article):
    article.turn("2020-04-01")
    assert article.transitions() == []
    article.turn("2020-08-01")
    [headline] = [each for each in article.transitions() if each.rule == "mozambique-fatality-rate-exceeds-2019-pace"]
    values = {name: value for name, value in headline.values.items() if name in EXPECTED}
    assert (headline.after.value, headline.severity.value) == ("firing", "warning")
    assert values == pytest.approx(EXPECTED, abs=0.005)
    assert "assumed dispersion 5" in headline.evidence["sure"]
    assert (headline.values["evidence"], headline.evidence["cites"]) == ("weak", ["baloi_2020"])


EXPECTED = {
    "observed": 447,
    "baseline_total": 660,
    "days": 188,
    "ratio": 1.315,
    "projected": 870.22,
    "ci_low": 1.01,
    "ci_high": 1.72,
    "llr": 9.79,
    "score": 1.96,
    "dispersion": 5,
}


def test_explain_prints_the_arithmetic_the_citation_and_what_is_assumed(article, capsys):
    article.turn("2020-08-01")
    config = str(article.folder / "watcher.yaml")
    assert cli.main(["explain", "mozambique-fatality", "--as-of", "2020-08-01", "--config", config]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for words in ("447", "188", "660", "1.315", "Grey Dynamics, Ana Maria Baloi, 2020-07, B2", "assumed", "6 Jul 2020"):
        assert words in told, words
