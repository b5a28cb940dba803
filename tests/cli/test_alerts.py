from __future__ import annotations

import csv
import io
import json
import sqlite3

import pytest

from tests.cli.records import raid, write


@pytest.fixture
def july(home, it_is, good, brought):
    """Two provinces fire; then a revision takes one of them back."""

    def two_turns():
        rows = [raid(1, "2020-06-25", 80), raid(2, "2020-06-26", 12, admin2="Oudalan"), raid(3, "2020-06-27", 2)]
        write(home / "inbox" / "june.csv", rows)
        it_is("2020-07-20T09:00")
        good("check")
        later = raid(2, "2020-06-26", 3, admin2="Oudalan", timestamp="1595462400")
        write(home / "inbox" / "later.csv", [later])
        it_is("2020-07-23T09:00")
        good("check")

    brought(two_turns)
    it_is("2020-07-23T09:00")


def fingerprint(good, **wanted) -> str:
    found = json.loads(good("alerts", "--all", "--format", "json"))
    [alert] = [each for each in found if all(each[name] == value for name, value in wanted.items())]
    return str(alert["fingerprint"])


def test_it_lists_what_fires(july, good):
    lines = good("alerts").splitlines()
    assert len(lines) == 2
    assert lines[0].split()[:3] == ["SEVERITY", "STATE", "SINCE"]
    assert lines[1].startswith("critical  firing")
    assert "admin2=Soum" in lines[1]


def test_with_all_it_lists_what_is_over_too(july, good):
    said = good("alerts", "--all")
    assert "retracted" in said
    assert "ENDED" in said


def test_nothing_fires_is_a_sentence(good):
    assert good("alerts") == "nothing fires (see: --all)\n"
    assert good("alerts", "--format", "json") == "[]\n"


@pytest.mark.parametrize("name", ["Many deaths in a province of the Sahel region", "many-deaths", "MANY DEATHS"])
def test_a_rule_is_found_by_its_name_or_the_beginning_of_it(july, good, name):
    assert len(good("alerts", "--rule", name).splitlines()) == 2


def test_a_misspelt_rule_is_answered_with_the_nearest(run):
    said = run("alerts", "--rule", "Many death in a provinc of Sahel region")
    assert said.code == 2
    assert "did you mean 'Many deaths in a province of the Sahel region'?" in said.err


def test_the_beginning_of_several_rules_is_not_enough(home, run):
    with (home / "rules" / "mozambique.yaml").open("a") as rules:
        rules.write("  - {alert: Many more, pace: {indicator: moz_fatalities, above: 2019}}\n")
    said = run("alerts", "--rule", "many")
    assert said.code == 2
    assert "is the beginning of 2 rules" in said.err


def test_the_history_says_what_changed_why_by_which_values_and_who_was_told(july, good):
    said = good("alerts", fingerprint(good, state="retracted")[:5])
    assert "Many deaths in a province of the Sahel region (admin2=Oudalan)" in said
    assert "inactive → firing, warning" in said
    assert "value 12" in said
    assert "data to 2020-06-27" in said
    assert "told desk/file/1 on 2020-07-20 09:00" in said
    assert "firing → retracted, warning: the records or facts behind it were revised or withdrawn" in said
    assert "taken back: the source revised 1 record: 12 → 3 deaths" in said


def test_the_history_as_json_holds_values_evidence_and_tellings(july, good):
    said = json.loads(good("alerts", fingerprint(good, state="firing"), "--format", "json"))
    [step] = said["history"]
    assert step["values"]["value"] == 82
    assert step["told"][0]["endpoint"] == "desk/file/1"
    assert step["told"][0]["state"] == "delivered"


def test_the_history_as_csv_has_a_line_for_each_step(july, good):
    text = good("alerts", fingerprint(good, state="retracted"), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["after"] for row in rows] == ["firing", "retracted"]
    assert rows[0]["told"] == "told desk/file/1 on 2020-07-20 09:00"


def test_what_nobody_was_told_says_so(home, it_is, good):
    it_is("2020-08-02T09:00")
    good("check")
    said = good("alerts", fingerprint(good, rule="isgs-jnim-relation-changed"))
    assert "it was known before the rule came into force" in said
    assert "nobody was told" in said


def test_reminders_are_counted(it_is, good):
    it_is("2020-08-02T09:00")
    good("check")
    for day in ("03", "04"):
        it_is(f"2020-08-{day}T09:00")
        good("check")
    said = good("alerts", fingerprint(good, severity="warning", state="firing"))
    assert "2 reminders, the last on 2020-08-04 09:00 to desk/file/1" in said


@pytest.mark.parametrize("text", ["ffffffffffffffff", "no such", "ZZ"])
def test_an_alert_that_is_not_there_is_refused(run, text):
    said = run("alerts", text)
    assert said.code == 2
    assert f"there is no alert '{text}'" in said.err


def test_the_beginning_of_several_alerts_is_not_enough(home, it_is, good, run):
    provinces = [raid(n, "2020-06-25", 20, admin2=f"Province {n}") for n in range(1, 30)]
    write(home / "inbox" / "june.csv", provinces)
    it_is("2020-07-20T09:00")
    good("check")
    prints = [alert["fingerprint"] for alert in json.loads(good("alerts", "--format", "json"))]
    first = next(letter for letter in "0123456789abcdef" if sum(each[0] == letter for each in prints) > 1)
    said = run("alerts", first)
    assert said.code == 2
    assert f"'{first}' is the beginning of" in said.err


def test_it_works_while_the_rules_are_broken(july, home, good):
    (home / "rules" / "sahel.yaml").write_text("rules: [")
    said = good("alerts", "--rule", "many-deaths-in-a-province-of-the-sahel-region")
    assert "critical" in said


def test_a_name_from_a_record_cannot_move_the_cursor(home, it_is, good):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80, admin2="So\x1b[2Jum")])
    it_is("2020-07-20T09:00")
    good("check")
    said = good("alerts") + good("alerts", fingerprint(good, state="firing"))
    assert "\x1b" not in said


# --- as known ---------------------------------------------------------------------------------------------------------


def states(good, *arguments: str) -> dict[str, str]:
    rows = json.loads(good("alerts", "--all", "--format", "json", *arguments))
    return {each["group"]["admin2"]: each["state"] for each in rows if "admin2" in each["group"]}


@pytest.mark.parametrize(
    ("moment", "stood"),
    [
        pytest.param("2020-07-19", {}, id="before the first turn"),
        pytest.param("2020-07-21", {"Soum": "firing", "Oudalan": "firing"}, id="while both fired"),
        pytest.param("2020-07-23", {"Soum": "firing", "Oudalan": "retracted"}, id="when one had been taken back"),
    ],
)
def test_alerts_are_listed_as_they_stood(july, good, moment, stood):
    assert states(good, "--as-known", moment) == stood


def test_as_known_now_is_what_is_stored(july, good):
    asked = ["alerts", "--all", "--format", "json"]
    rows, then = (json.loads(good(*asked, *how)) for how in ([], ["--as-known", "2020-07-23"]))
    assert len(rows) > 1
    assert {each["fingerprint"]: each for each in then} == {each["fingerprint"]: each for each in rows}


def test_a_history_ends_at_the_moment_that_is_asked_for(july, good):
    taken_back = fingerprint(good, state="retracted")
    assert "taken back" in good("alerts", taken_back)
    then = good("alerts", taken_back, "--as-known", "2020-07-21")
    assert "taken back" not in then
    assert "firing since 2020-07-20" in then


def test_of_what_was_not_known_yet_it_says_so(july, run, good):
    said = run("alerts", fingerprint(good, state="retracted"), "--as-known", "2020-07-01")
    assert said.code == 2
    assert "on 2020-07-01" in said.err
    assert good("alerts", "--as-known", "2020-07-01") == "nothing fires then (see: --all)\n"


def test_status_shows_the_alerts_as_they_stood_and_nothing_else(july, good):
    said = good("status", "--as-known", "2020-07-21")
    assert "as known on 2020-07-21 23:59 UTC" in said
    assert "ALERTS  1 critical, 1 warning" in said
    assert "OUTBOX" not in said
    found = json.loads(good("status", "--as-known", "2020-07-23", "--format", "json"))
    assert (found["counts"]["critical"], found["counts"]["warning"]) == (1, 0)


def test_a_dry_judgement_says_what_held_and_changes_nothing(july, home, good):
    store = home / "state" / "watcher.db"
    before = store.read_bytes()
    then = json.loads(good("check", "--as-known", "2020-07-21", "--format", "json"))
    now = json.loads(good("check", "--as-known", "2020-07-23", "--format", "json"))
    held = [[each["group"].get("admin2") for each in found["holds"] if each["group"]] for found in (then, now)]
    assert held == [["Soum", "Oudalan"], ["Soum"]]
    said = good("check", "--as-known", "2020-07-21")
    assert "Nothing was read, stored or told." in said
    assert "HOLDS  1 critical, 1 warning" in said
    assert store.read_bytes() == before


def test_a_dry_judgement_can_fail_a_script(july, run):
    assert run("check", "--as-known", "2020-07-21", "--fail-on", "critical").code == 1
    assert run("check", "--as-known", "2020-06-21", "--fail-on", "critical").code == 0


@pytest.mark.parametrize("other", [["--as-of", "2020-07-21"], ["--no-notify"], ["--print", "firing"], ["--strict"]])
def test_a_dry_judgement_is_no_turn(july, run, other):
    said = run("check", "--as-known", "2020-07-21", *other)
    assert said.code == 2
    assert f"{other[0]} means nothing beside it" in said.err


def test_what_rests_on_assumed_times_says_so(july, home, good):
    assert "is assumed" not in good("alerts", "--as-known", "2020-07-21")
    with sqlite3.connect(home / "state" / "watcher.db") as store:
        store.execute("update event set basis = 'load' where external_id = 'BFO1'")
        store.execute("update event set basis = 'lag' where external_id = 'BFO3'")
    told = "When the 4 records of acled were known is assumed: of 1 by event date plus a lag, of 1 by time of loading."
    for command in ("alerts", "status", "check"):
        assert told in good(command, "--as-known", "2020-07-21")
    note = (
        "not all records have a stamp that says when they were known (acled: the event date plus a lag; acled: the time"
    )
    for words in (["explain", "many-deaths"], ["rules", "preview", "many-deaths"]):
        assert note in " ".join(good(*words, "--as-known", "2020-07-21").split())


def test_a_preview_goes_no_further_than_what_was_known(july, good):
    found = json.loads(good("rules", "preview", "many-deaths", "--as-known", "2020-07-10", "--format", "json"))
    assert found["to"] <= "2020-07-10"
