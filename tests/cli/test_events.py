from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.records import raid, write


@pytest.fixture
def recorded(home, it_is, good):
    """Six events; one without a number of deaths, one revised, one that is missing from the later file."""
    it_is("2020-07-20T09:00")
    rows = [
        raid(1, "2020-05-30", 4, actor1="JNIM"),
        raid(2, "2020-06-01", 10, admin2="Oudalan", assoc_actor_1="ISGS"),
        raid(3, "2020-06-02", 0, event_type="Protests", sub_event_type="Peaceful protest"),
        raid(4, "2020-06-03", 7, country="Mali", iso="466", admin1="Mopti", admin2="Mopti"),
        raid(5, "2020-06-20", 1, location="=HYPERLINK(evil)"),
    ]
    write(home / "june.csv", rows)
    good("ingest", "june.csv", "--source", "acled")
    write(home / "later.csv", [raid(2, "2020-06-01", 3, admin2="Oudalan", timestamp="1594771200")])
    good("ingest", "later.csv", "--source", "acled")
    (home / "log.csv").write_text("ref,day,land,type,dead\nd1,2020-06-05,Burkina Faso,Battles,\n")
    good("ingest", "log.csv", "--source", "log")


def ids(text: str) -> list[str]:
    return [json.loads(line)["id"] for line in text.splitlines()]


def test_it_lists_the_newest_first_and_adds_everything_up(recorded, good):
    lines = good("events").splitlines()
    assert lines[0].split()[:3] == ["DATE", "ID", "DEATHS"]
    assert [line.split()[1] for line in lines[1:-1]] == ["BFO5", "d1", "BFO4", "BFO3", "BFO2", "BFO1"]
    assert lines[-1] == (
        "6 events, 1 of them without a number of deaths; 15 deaths; 2020-05-30 to 2020-06-20; acled, log"
    )


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("{country: Burkina Faso}", ["BFO1", "BFO2", "BFO3", "d1", "BFO5"]),
        ("country: Burkina Faso\nfatalities: {above: 2}", ["BFO1", "BFO2"]),
        ("{actor: $jnim}", ["BFO1"]),
        ("{actor: [$jnim, $isgs]}", ["BFO1"]),
        ("[{country: Mali}, {event_type: Protests}]", ["BFO3", "BFO4"]),
        ("{event_type: $organised_violence, not: {country: Mali}}", ["BFO1", "BFO2", "d1", "BFO5"]),
        ("{}", ["BFO1", "BFO2", "BFO3", "BFO4", "d1", "BFO5"]),
    ],
    ids=["a map", "several lines", "an actor by its name", "either of two", "a list is or", "a list of words", "all"],
)
def test_a_selector_reads_as_in_a_rule_file(recorded, good, where, found):
    assert ids(good("events", "--where", where, "--format", "jsonl")) == found


@pytest.mark.parametrize(
    ("where", "told"),
    [
        (
            "{country: Burkina Fasso}",
            "--where, column 11: unknown country 'Burkina Fasso' (did you mean 'Burkina Faso'?)",
        ),
        ("{countr: Mali}", "column 2: unknown field 'countr'"),
        ("{actor: $jnin}", "did you mean '$jnim'?"),
        ("{country: Mali", "is not closed"),
        ("Mali", "--where, column 1:"),
    ],
    ids=["unknown country", "unknown field", "unknown name", "no YAML", "no map"],
)
def test_a_selector_that_means_nothing_is_refused_at_its_place(run, where, told):
    said = run("events", "--where", where)
    assert said.code == 2
    assert told in said.err


def test_a_selector_without_names_works_while_the_rules_are_broken(recorded, home, good, run):
    (home / "rules" / "sahel.yaml").write_text("rules: [")
    assert ids(good("events", "--where", "{country: Mali}", "--format", "jsonl")) == ["BFO4"]
    assert run("events", "--where", "{actor: $jnim}").code == 78


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--from", "2020-06"], ["BFO2", "BFO3", "BFO4", "d1", "BFO5"]),
        (["--to", "2020-05"], ["BFO1"]),
        (["--from", "2020-06-01", "--to", "2020-06-03"], ["BFO2", "BFO3", "BFO4"]),
        (["--source", "log"], ["d1"]),
        (["--source", "log", "--source", "acled", "--from", "2020-06-05"], ["d1", "BFO5"]),
        (["--limit", "2"], ["BFO5", "d1"]),
        (["--indicator", "sahel_deaths"], ["BFO1", "BFO2", "BFO3", "BFO5"]),
        (["--from", "2021"], []),
    ],
    ids=lambda value: " ".join(value) if value and value[0].startswith("--") else "",
)
def test_it_is_narrowed_by_days_sources_and_number(recorded, good, options, found):
    assert ids(good("events", "--format", "jsonl", *options)) == found


def test_as_known_gives_what_was_known_at_the_end_of_a_day(recorded, good):
    deaths = {
        day: json.loads(good("events", "--where", "{admin2: Oudalan}", "--format", "jsonl", "--as-known", day))[
            "fatalities"
        ]
        for day in ("2020-06-08", "2020-07-14", "2020-07-15")
    }
    assert deaths == {"2020-06-08": 10, "2020-07-14": 10, "2020-07-15": 3}
    assert good("events", "--as-known", "2020-05-01") == "no event\n"


def test_the_records_behind_an_alert_are_those_of_its_group_and_period(home, it_is, good):
    rows = [raid(1, "2020-06-01", 60), raid(2, "2020-04-01", 5), raid(3, "2020-06-02", 20, admin2="Oudalan")]
    write(home / "inbox" / "june.csv", rows)
    it_is("2020-07-20T09:00")
    good("check")
    alerts = json.loads(good("alerts", "--format", "json"))
    soum = next(alert for alert in alerts if alert["group"] == {"admin2": "Soum"})
    assert ids(good("events", "--alert", soum["fingerprint"][:8], "--format", "jsonl")) == ["BFO1"]
    assert good("events", "--alert", soum["fingerprint"], "--from", "2020-06-02") == "no event\n"


def test_an_alert_that_rests_on_facts_has_no_records(it_is, good, run):
    it_is("2020-08-02T09:00")
    good("check")
    alerts = json.loads(good("alerts", "--all", "--format", "json"))
    rivalry = next(alert for alert in alerts if alert["rule"] == "isgs-jnim-relation-changed")
    said = run("events", "--alert", rivalry["fingerprint"])
    assert said.code == 2
    assert "rests on facts, not on records (watcher facts)" in said.err


def test_the_records_behind_an_alert_as_known_before_there_were_any_are_none(home, it_is, good):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-01", 60)])
    it_is("2020-07-01T09:00")
    good("check")
    [alert] = json.loads(good("alerts", "--format", "json"))
    assert ids(good("events", "--alert", alert["fingerprint"], "--format", "jsonl")) == ["BFO1"]
    assert good("events", "--alert", alert["fingerprint"], "--as-known", "2020-06-01") == "no event\n"


def test_an_export_has_a_column_for_everything_and_no_formula(recorded, good):
    rows = list(csv.DictReader(io.StringIO(good("events", "--source", "acled", "--format", "csv"))))
    assert [row["id"] for row in rows] == ["BFO1", "BFO2", "BFO3", "BFO4", "BFO5"]
    assert rows[4]["location"] == "'=HYPERLINK(evil)"
    assert rows[0]["longitude"] == "-1.6"
    assert (rows[1]["fatalities"], rows[1]["revision"], rows[1]["basis"]) == ("3", "2", "stamp")
    assert rows[1]["known_from"] == "2020-07-15T00:00:00+00:00"


def test_an_export_can_be_read_back_as_a_table(recorded, home, good, tmp_path):
    text = good("events", "--source", "acled", "--format", "csv")
    (home / "again.csv").write_text(text)
    columns = ", ".join(f"{name}: {name}" for name in text.splitlines()[0].split(",")[:-6])
    with (home / "watcher.yaml").open("a") as settings:
        settings.write(f"  again: {{kind: table, options: {{columns: {{{columns}}}}}}}\n")
    assert "5 rows: 5 new" in good("ingest", "again.csv", "--source", "again")
    events = [json.loads(line) for line in good("events", "--format", "jsonl", "--limit", "0").splitlines()]
    first, again = ([event for event in events if event["source"] == name] for name in ("acled", "again"))
    told = ("id", "date", "country", "admin2", "fatalities", "actor1", "actor2", "event_type", "latitude")
    assert [[event[name] for name in told] for event in again] == [[event[name] for name in told] for event in first]


def test_a_source_that_has_brought_nothing_yet_has_no_events_and_is_no_mistake(good):
    assert good("events", "--source", "log") == "no event\n"


def test_missing_deaths_stay_missing_in_every_format(recorded, good):
    assert json.loads(good("events", "--source", "log", "--format", "jsonl"))["fatalities"] is None
    assert json.loads(good("events", "--source", "log", "--format", "json"))[0]["fatalities"] is None
    [row] = csv.DictReader(io.StringIO(good("events", "--source", "log", "--format", "csv")))
    assert row["fatalities"] == ""


def test_a_record_cannot_move_the_cursor(home, it_is, good):
    it_is("2020-07-20T09:00")
    write(home / "june.csv", [raid(1, "2020-06-01", 1, location="\x1b]0;owned\x07", actor1="a\u202eb")])
    good("ingest", "june.csv", "--source", "acled")
    said = good("events")
    assert r"\x1b]0;owned\x07" in said
    assert r"a\u202eb" in said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--where", "{}", "--indicator", "sahel_deaths"], "exclude each other"),
        (["--indicator", "sahel_death"], "did you mean 'sahel_deaths'?"),
        (["--alert", "abcd"], "there is no alert 'abcd'"),
        (["--from", "yesterday"], "--from: 'yesterday' is no date"),
        (["--to", "unknown"], "--to: an unknown date bounds nothing"),
        (["--as-known", "2020-13-01"], "is no moment"),
        (["--limit", "-1"], "--limit"),
        (["--source", "acledd"], "there is no source 'acledd' (did you mean 'acled'?)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_means_nothing_is_refused(run, options, told):
    said = run("events", *options)
    assert said.code == 2
    assert told in said.err
