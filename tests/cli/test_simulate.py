"""`watcher simulate`: what it prints, and what it refuses."""

from __future__ import annotations

import json

import pytest

from tests.cli.records import raid, write

RULES = """
indicators:
  - {indicator: raids, count: events}
  - {indicator: dead, sum: fatalities}
rules:
  - alert: Raids in a week
    threshold: {indicator: raids, window: 7d}
    condition: [value >= 8]
  - alert: Dead in a week
    threshold: {indicator: dead, window: 7d}
    condition: [value >= 8]
  - alert: Any raid
    match: {where: {country: Mali}}
"""


@pytest.fixture
def made(home, it_is):
    (home / "rules" / "simulated.yaml").write_text(RULES, encoding="utf-8")
    it_is("2020-07-20T09:00")
    return home


def test_it_says_what_the_years_are_like_how_often_the_rule_errs_and_how_soon_it_finds(made, good):
    asked = ["--runs", "10", "--ratio", "6", "--for", "4w", "--events-per-week", "1"]
    lines = good("simulate", "Raids", *asked).splitlines()
    assert lines[0] == "Raids in a week"
    assert lines[2].startswith(
        "10 made-up years like what was given: 1 event a week; variance over mean of a week 1.0."
    )
    assert lines[4] == "Nothing changes: 0 ± 0 false alarms a year; 0 % of the years have at least one."
    assert lines[6] == "The rate rises on one day for 28 days; a new alert comes:"
    assert lines[7].split("  ")[0] == "RATE"
    assert lines[8].split()[:2] == ["x", "6"]


def test_the_records_say_what_the_years_are_like(made, good, run):
    days = [f"2020-{month:02}-{day:02}" for month in range(1, 8) for day in (3, 10, 17)]
    write(made / "inbox" / "half.csv", [raid(number, day, 4) for number, day in enumerate(days, start=1)])
    run("check")
    said = json.loads(good("simulate", "Dead", "--runs", "10", "--ratio", "2", "--format", "json"))
    assert said["world"]["source"].startswith("the records of 2020-01-")
    [group] = said["world"]["groups"]
    assert group["events_per_week"] == pytest.approx(21 / 28, rel=0.1)
    assert (said["runs"], said["seed"], len(said["rises"])) == (10, 1, 1)
    assert json.loads(good("simulate", "Dead", "--runs", "10", "--ratio", "2", "--format", "json")) == said


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        pytest.param(["Raids"], 2, "there are no records, 182 are needed", id="nothing is known of the indicator"),
        pytest.param(["Any raid"], 2, "a rule with 'match' cannot be simulated", id="a rule over records"),
        pytest.param(["Raids", "--dispersion", "2"], 2, "go with --events-per-week", id="half a description"),
        pytest.param(["Dead", "--events-per-week", "6"], 2, "its events need values", id="a sum without values"),
        pytest.param(["Raids", "--events-per-week", "nan"], 2, "--events-per-week", id="no number of events"),
        pytest.param(["Raids", "--ratio", "nan"], 2, "--ratio", id="no ratio"),
        pytest.param(["Raids", "--for", "0d"], 2, "a rise lasts a day at least", id="no time at all"),
        pytest.param(["Raids", "--for", "soon"], 2, "'soon' is no duration", id="no duration"),
        pytest.param(["Nosuch"], 2, "there is no rule 'Nosuch'", id="no rule"),
    ],
)
def test_what_it_refuses(made, run, asked, code, words):
    said = run("simulate", *asked)
    assert (said.code, said.out) == (code, "")
    assert words in said.err
