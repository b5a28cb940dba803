"""`watcher rules preview`: past episodes, a chart, and the message as it would read."""

from __future__ import annotations

import csv
import io
import json
import sqlite3

import pytest

from tests.cli.records import raid, write

RULE = "Many deaths in a province of the Sahel region"


@pytest.fixture
def lived(home, it_is, run):
    """Half a year of raids in two provinces, loaded at its end."""
    days = ["2020-01-05", "2020-01-20", "2020-03-10", "2020-05-05", "2020-05-08"]
    rows = [raid(number, day, 8) for number, day in enumerate(days, start=1)]
    rows.append(raid(20, "2020-05-20", 60, admin2="Oudalan"))
    rows.append(raid(21, "2020-06-25", 0, admin2="Oudalan"))
    write(home / "inbox" / "half.csv", rows)
    it_is("2020-07-20T09:00")
    run("check")
    return home


def test_it_shows_when_the_rule_would_have_fired_and_how_bad_it_was(lived, good):
    lines = good("rules", "preview", "Many deaths").splitlines()
    assert lines[:2] == [RULE, "rules/sahel.yaml:33"]
    assert lines[3].endswith(", by what was known on each day: 3 episodes in 2 of 2 groups.")
    table = [" ".join(line.split()) for line in lines[5:9]]
    assert table == [
        "FIRED ENDED DAYS SEVERITY GROUP VALUES",
        "2020-01-27 2020-03-17 resolved 50 warning Soum value 16, days 16 days, events 2",
        "2020-05-15 2020-07-02 resolved 48 warning Soum value 16, days 30 days, events 2",
        "2020-05-27 2020-07-02 resolved 36 critical Oudalan value 60, days 30 days, events 1",
    ]


def test_it_draws_the_course_of_the_group_that_fired_last(lived, good):
    lines = good("rules", "preview", "Many deaths").splitlines()
    place = lines.index("Oudalan value, day by day, at most 60:")
    bars, marks = lines[place + 1], lines[place + 2]
    assert max(bars) == "█"
    assert all(mark == "▀" for bar, mark in zip(bars, marks, strict=True) if bar == "█")
    assert "▀ firing" in lines[place + 3]


def test_it_shows_the_message_as_it_would_read(lived, good):
    said = good("rules", "preview", "Many deaths")
    message = said.split("The last of them would have been told like this:\n\n", 1)[1]
    assert message.startswith("  Subject: [CRITICAL] ")
    assert "Contact: sahel@example.org" in message
    assert "Judged by what was known on 27 May 2020" in message


NEWCOMER = "rules:\n  - {alert: A new place, first_seen: {field: admin2, lookback: 60d}}\n"


def test_of_newcomers_it_says_what_the_replay_of_a_bulk_load_is_worth(lived, good):
    (lived / "rules" / "new.yaml").write_text(NEWCOMER)
    with sqlite3.connect(lived / "state" / "watcher.db") as store:
        store.execute("update event set basis = 'load' where external_id <> (select min(external_id) from event)")
    said = good("rules", "preview", "A new place")
    assert "\n6 of 7 records are known only since they were loaded. Before that day nothing is known of them" in said
    assert "were loaded" not in good("rules", "preview", "Many deaths")
    with sqlite3.connect(lived / "state" / "watcher.db") as store:
        store.execute("update event set basis = 'stamp'")
    assert "were loaded" not in good("rules", "preview", "A new place")


def test_of_what_happened_it_promises_no_end(lived, good):
    (lived / "rules" / "large.yaml").write_text(
        "version: 1\nrules:\n  - {alert: Large attack, match: {where: {country: Burkina Faso, fatalities: {above: 50}}}}\n"
    )
    said = " ".join(good("rules", "preview", "Large attack").split())
    assert "Nobody is told of its end." in said
    assert "gets worse" not in said


def test_the_days_may_be_chosen(lived, good):
    found = json.loads(good("rules", "preview", RULE, "--from", "2020-05-01", "--to", "2020-05-31", "--format", "json"))
    assert (found["from"], found["to"]) == ("2020-05-01", "2020-05-31")
    assert [(each["fired"], each["ended"]) for each in found["episodes"]] == [
        ("2020-05-15", None),
        ("2020-05-27", None),
    ]
    assert {each["group"]["admin2"]: each["days"] for each in found["judged"]} == {"Oudalan": 5, "Soum": 31}


def test_a_spreadsheet_gets_a_line_for_each_episode(lived, good):
    [*rows] = csv.DictReader(io.StringIO(good("rules", "preview", RULE, "--format", "csv")))
    assert [(row["fired"], row["how"], row["severity"]) for row in rows] == [
        ("2020-01-27", "resolved", "warning"),
        ("2020-05-15", "resolved", "warning"),
        ("2020-05-27", "resolved", "critical"),
    ]


def test_a_rule_that_never_fired_says_so(lived, good):
    path = lived / "rules" / "sahel.yaml"
    path.write_text(path.read_text().replace("condition: [value >= 10]", "condition: [value >= 1000]"))
    said = good("rules", "preview", RULE)
    assert "by what was known on each day: no episode." in said
    assert "The rules changed since the last turn" in said
    assert "Subject:" not in said


def test_a_rule_that_cannot_be_judged_says_why(lived, good):
    said = good("rules", "preview", "mozambique", "--from", "2020-01-01", "--to", "2020-01-31")
    assert "From 1 Jan 2020 to 31 Jan 2020 it could be judged on no day: " in said


def test_a_pace_that_rests_on_stated_numbers_is_drawn_as_its_ratio(lived, good):
    said = good("rules", "preview", "mozambique")
    assert "ratio, day by day, at most 1.315:" in said
    assert "31 % above the 2019 pace" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nonsense"], "there is no rule 'nonsense'"),
        (["mozambique", "--from", "2020-07-01", "--to", "2020-01-01"], "2020-01-01 lies before 2020-07-01"),
        (["mozambique", "--from", "soon"], "'soon' is no moment"),
    ],
)
def test_what_cannot_be_done_is_said(lived, run, arguments, told):
    said = run("rules", "preview", *arguments)
    assert said.code == 2
    assert told in said.err


def test_an_empty_store_has_nothing_to_go_through(run):
    said = run("rules", "preview", "mozambique")
    assert (said.code, said.out) == (2, "")
    assert "there is nothing in the store to go through" in said.err


def test_nothing_is_written(lived, good):
    store = lived / "state" / "watcher.db"
    before = store.read_bytes()
    good("rules", "preview", "Many deaths")
    assert store.read_bytes() == before
