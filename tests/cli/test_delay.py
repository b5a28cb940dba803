"""How late records come in, in words, as a document, and when nobody can say."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

import pytest

from tests.cli.records import raid, write


@pytest.fixture
def recorded(home, it_is, good):
    """A first load, and then every day one record of the same day and three of ten days before."""
    it_is("2020-01-01T09:00")
    write(home / "first.csv", [raid(number, "2019-12-24", 1) for number in range(30)])
    good("ingest", "first.csv", "--source", "acled")
    rows = []
    for number in range(150):
        day = date(2020, 1, 10) + timedelta(days=number)
        for place, late in enumerate((0, 10, 10, 10)):
            stamp = datetime.fromisoformat(f"{day + timedelta(days=late)}T06:00+00:00")
            rows.append(raid(1_000 + 10 * number + place, str(day), 0, timestamp=str(int(stamp.timestamp()))))
    it_is("2020-07-01T09:00")
    write(home / "then.csv", [*rows, raid(9_000, "2020-03-01", 4, timestamp="1592000000")])
    good("ingest", "then.csv", "--source", "acled")


def settings(home, offset: str) -> None:
    path = home / "watcher.yaml"
    path.write_text(path.read_text().replace("query_offset: 0d", f"query_offset: {offset}"))


def test_it_shows_the_curve_and_what_it_rests_on(recorded, good):
    assert good("delay", "acled").splitlines() == [
        "SOURCE    acled, up to 30 Jun 2020",
        "REPORTS   600 records of the last 180 days' events tell when they came",
        "LEFT OUT  - 1 record: came later than the longest delay that is looked at",
        "",
        "age of a day   known of what will be known",
        "      0 days   ██████████                                25 %",
        "       1 day   ██████████                                25 %",
        "      2 days   ██████████                                25 %",
        "      3 days   ██████████                                25 %",
        "      5 days   ██████████                                25 %",
        "      7 days   ██████████                                25 %",
        "     10 days   ████████████████████████████████████████ 100 %",
        "     14 days   ████████████████████████████████████████ 100 %",
        "     21 days   ████████████████████████████████████████ 100 %",
        "     28 days   ████████████████████████████████████████ 100 %",
        "     42 days   ████████████████████████████████████████ 100 %",
        "     56 days   ████████████████████████████████████████ 100 %",
        "",
        "KNOWN     50 % after 10 days, 80 % after 10 days, 90 % after 10 days, 95 % after 10 days",
        "OFFSET    query_offset is 0d: of the newest day that is counted 25 % is known. Rates that end there",
        "          are too low; write query_offset: 10d.",
    ]


@pytest.mark.parametrize(
    ("offset", "said"),
    [
        ("10d", "query_offset is 10d: of the newest day that is counted 100 % is known. It fits."),
        ("14d", "query_offset: 10d would be enough, and alerts come that much sooner."),
        ("9d", "25 % is known. Rates that end there are too low; write query_offset: 10d."),
    ],
    ids=["just right", "longer than needed", "a day too short"],
)
def test_the_configured_offset_is_held_against_it(recorded, home, good, offset, said):
    settings(home, offset)
    assert said in " ".join(good("delay", "acled").split())


def test_as_a_document_it_says_everything(recorded, home, good):
    settings(home, "7d")
    said = json.loads(good("delay", "acled", "--format", "json"))
    curve = said.pop("curve")
    assert (len(curve), curve[0], curve[9], curve[10], curve[56]) == (57, 0.25, 0.25, 1, 1)
    assert said == {
        "source": "acled",
        "as_of": "2020-06-30",
        "reports": 600,
        "excluded": [{"why": "late", "text": "came later than the longest delay that is looked at", "records": 1}],
        "missing": "",
        "ages": {"50%": 10, "80%": 10, "90%": 10, "95%": 10},
        "query_offset": "7d",
        "known_at_query_offset": 0.25,
        "proposed_query_offset": "10d",
    }


def test_the_past_is_asked_by_what_was_known_then(recorded, good):
    said = json.loads(good("delay", "acled", "--as-known", "2020-05-01", "--format", "json"))
    # The 113 days up to 1 May with their own record, and the three of each day up to ten days before.
    assert (said["as_of"], said["reports"]) == ("2020-05-01", 113 + 3 * 103)
    assert "acled, as known on 1 May 2020" in good("delay", "acled", "--as-known", "2020-05-01")


def test_too_little_to_go_by_is_said_with_what_is_missing(recorded, good):
    said = good("delay", "acled", "--as-known", "2020-01-31")
    assert said.splitlines() == [
        "SOURCE    acled, as known on 31 Jan 2020",
        "REPORTS   58 records of the last 180 days' events tell when they came",
        "LEFT OUT  - 30 records: came with the first load of the source",
        "UNKNOWN   The delay of acled cannot be told: only 58 records of the last 180 days tell their delay,",
        "          and 100 are needed.",
        "OFFSET    query_offset is 0d, and nothing here speaks for or against it.",
        "DO        Go on loading every release of the source when it comes. Events from 2 Jan 2020 on tell",
        "          their delay, once there are 100 of them and the oldest is 56 days old: on 27 Feb 2020 at",
        "          the earliest.",
    ]
    document = json.loads(good("delay", "acled", "--as-known", "2020-01-31", "--format", "json"))
    assert (document["curve"], document["ages"], document["proposed_query_offset"]) == ([], {}, None)
    assert document["known_at_query_offset"] is None
    assert document["missing"].startswith("only 58 records")


def test_a_source_that_is_not_there_is_refused(recorded, run):
    said = run("delay", "acle")
    assert (said.code, said.err) == (2, "watcher: there is no source 'acle' (did you mean 'acled'?)\n")


def test_a_source_without_records_is_told_apart(recorded, run):
    said = run("delay", "log")
    assert (said.code, said.err) == (2, "watcher: there are no records of 'log' yet (see: watcher ingest)\n")


def test_a_screen_that_draws_nothing_gets_plain_signs(recorded, good, monkeypatch):
    monkeypatch.setattr("watcher.cli.delay.draws", lambda: False)
    assert "      0 days   ##########      " in good("delay", "acled")


def test_lint_asks_for_the_same_offset(recorded, run, good):
    proposed = json.loads(good("delay", "acled", "--format", "json"))["proposed_query_offset"]
    assert f"write query_offset: {proposed}" in " ".join(run("lint").out.split())


def test_a_store_of_one_load_says_from_when_on_it_can_tell(home, it_is, good):
    it_is("2020-07-01T09:00")
    rows = [raid(n, str(date(2020, 1, 1) + timedelta(days=n)), 0, timestamp="1593000000") for n in range(150)]
    write(home / "first.csv", rows)
    good("ingest", "first.csv", "--source", "acled")
    assert good("delay", "acled").splitlines()[2:] == [
        "LEFT OUT  - 148 records: came with the first load of the source",
        "UNKNOWN   The delay of acled cannot be told: no record of the last 180 days tells its delay, and 100",
        "          are needed.",
        "OFFSET    query_offset is 0d, and nothing here speaks for or against it.",
        "DO        Go on loading every release of the source when it comes. Events from 2 Jul 2020 on tell",
        "          their delay, once there are 100 of them and the oldest is 56 days old: on 27 Aug 2020 at",
        "          the earliest.",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            ("query_offset: 0d", "query_offset: 0d, trust_stamp: false, lag: 36h"),
            "The source's time stamps are not used. With `trust_stamp: true`, where its stamps are the times of publication, "
            "or without `lag`, the store's own time of loading counts.",
            id="an assumed lag",
        ),
    ],
)
def test_what_an_assumption_hides_is_said(home, it_is, good, change, said):
    path = home / "watcher.yaml"
    path.write_text(path.read_text().replace(*change))
    it_is("2020-01-01T09:00")
    write(home / "first.csv", [raid(1, "2019-12-24", 1)])
    good("ingest", "first.csv", "--source", "acled")
    it_is("2020-07-01T09:00")
    write(home / "then.csv", [raid(n, str(date(2020, 1, 10) + timedelta(days=n)), 0) for n in range(2, 152)])
    good("ingest", "then.csv", "--source", "acled")
    assert said in " ".join(good("delay", "acled").split())


def test_records_in_bulk_are_to_be_loaded_release_by_release(home, it_is, good):
    it_is("2020-01-01T09:00")
    write(home / "first.csv", [raid(1, "2019-12-24", 1)])
    good("ingest", "first.csv", "--source", "acled")
    it_is("2020-07-01T09:00")
    write(
        home / "then.csv",
        [raid(n, str(date(2020, 5, 10) + timedelta(days=n // 4)), 0, timestamp="") for n in range(2, 152)],
    )
    good("ingest", "then.csv", "--source", "acled")
    it_is("2020-07-03T09:00")
    assert "Load each release on the day on which it comes" in " ".join(good("delay", "acled").split())
