from __future__ import annotations

import hashlib
import json

import pytest

from tests.cli.records import raid, write


@pytest.fixture
def august(it_is, good):
    """The article is known, and one turn was taken."""
    it_is("2020-08-02T09:00")
    good("check")


def files(home):
    """Every file with a hash; readers of SQLite leave an empty log and its index behind."""
    found = {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and path.suffix != ".db-shm"}
    return {path: hashlib.sha256(content).hexdigest() for path, content in found.items() if content}


def test_it_says_how_things_stand(august, good):
    said = good("status")
    assert "watcher 0." in said
    assert "test-desk, 2020-08-02 09:00 UTC" in said
    assert "tables 0001" in said
    assert "turn    last 2020-08-02 09:00 UTC" in said
    assert "ALERTS  1 warning" in said
    assert "Many deaths in a province of the Sahel region  no records for Deaths in the Sahel" in said
    assert "OUTBOX  1 delivered" in said
    assert "SOURCES none has brought anything yet" in said
    assert "LOOK" not in said


def test_a_store_that_no_turn_has_seen_is_something_to_look_at(good):
    said = good("status")
    assert "turn    none yet" in said
    assert "LOOK    no turn was ever taken" in said
    assert "ALERTS  nothing fires" in said
    assert "OUTBOX  nothing was ever sent" in said


def test_json_holds_every_part(august, good):
    said = json.loads(good("status", "--format", "json"))
    assert said["counts"] == {"critical": 0, "warning": 1, "info": 0, "pending": 0}
    assert [alert["alert"] for alert in said["alerts"]] == ["Mozambique fatality rate exceeds 2019 pace"]
    assert said["rules"]["in_force"] == said["rules"]["on_disk"]
    assert said["outbox"]["counts"]["delivered"] == 1
    assert said["daemon"] == {"running": False, "problem": ""}
    assert said["runs"][0]["exit_code"] == 0


def test_sources_show_what_they_brought_and_what_lies_in_quarantine(home, good):
    rows = [raid(1, "2020-07-01", 3), raid(2, "2020-07-02", "many"), *(raid(n, "2020-07-03", 0) for n in range(3, 40))]
    write(home / "inbox" / "july.csv", rows)
    good("ingest", "inbox/july.csv", "--source", "acled")
    [source] = json.loads(good("status", "--format", "json"))["sources"]
    assert (source["newest_event"], source["loads"], source["quarantined"]) == ("2020-07-03", 1, 1)
    assert "acled  acled  2020-07-03" in good("status")


def test_a_source_that_cannot_be_read_is_something_to_look_at(home, run, good):
    (home / "inbox" / "page.csv").write_text("<html>not found</html>")
    assert run("check").code == 65
    assert "LOOK    source acled: this is a web page or XML" in good("status")


def test_it_changes_nothing(august, home, good):
    before = files(home)
    for style in ("text", "json"):
        good("status", "--format", style)
    assert files(home) == before


def test_it_works_while_the_rules_are_broken_and_says_where(august, home, good):
    (home / "rules" / "sahel.yaml").write_text("rules: [")
    said = good("status")
    assert "RULES   they do not load" in said
    assert "rules/sahel.yaml:1:" in said
    assert "mozambique-fatality-rate-exceeds-2019-pace" in said


def test_rules_that_changed_since_the_last_turn_are_marked(august, home, good):
    with (home / "rules" / "mozambique.yaml").open("a") as rules:
        rules.write("  - {alert: Another, pace: {indicator: moz_fatalities, above: 2019}}\n")
    said = good("status")
    assert "they changed since the last turn" in said
    assert "no turn has seen it yet" in said


# --- as a plugin of a monitor -----------------------------------------------------------------------------------------


def test_nagios_gets_a_line_and_the_worst_severity_as_exit_code(august, run):
    said = run("status", "--format", "nagios")
    assert said.code == 1
    assert said.out == (
        "WATCHER WARNING - 1 warning | critical=0;;1 warning=1;1; info=0 not_judged=1 waiting=0 dead=0 quarantined=0\n"
    )


def test_nagios_gets_two_when_something_is_critical(home, it_is, good, run):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80)])
    it_is("2020-07-20T09:00")
    good("check")
    assert run("status", "--format", "nagios").code == 2


def test_nagios_gets_zero_when_nothing_fires(home, it_is, good, run):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 1)])
    it_is("2020-07-20T09:00")
    good("check")
    said = run("status", "--format", "nagios")
    assert (said.code, said.out.split(" | ")[0]) == (0, "WATCHER OK - nothing fires")


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda home: None, "no turn was ever taken"),
        (lambda home: (home / "state" / "watcher.db").unlink(), "watcher.db"),
        (lambda home: (home / "watcher.yaml").write_text("stat_dir: x"), "unknown key 'stat_dir'"),
        (lambda home: (home / "rules" / "sahel.yaml").write_text("rules: ["), "the rules on disk do not load"),
    ],
    ids=["no turn yet", "no store", "broken settings", "broken rules"],
)
def test_nagios_gets_three_and_one_line_when_it_cannot_be_known(home, run, prepare, sentence):
    prepare(home)
    said = run("status", "--format", "nagios")
    assert (said.code, said.err) == (3, "")
    assert said.out.startswith("WATCHER UNKNOWN - ")
    assert sentence in said.out
    assert said.out.count("\n") == 1


def test_a_turn_that_is_too_old_is_a_problem_only_when_asked(august, it_is, run):
    it_is("2020-08-04T09:00")
    assert run("status", "--format", "nagios").code == 1
    said = run("status", "--format", "nagios", "--max-age", "26h")
    assert said.code == 3
    assert "the last turn was 2d ago, and no daemon is running" in said.out


def test_an_age_that_is_none_is_refused(run):
    assert run("status", "--max-age", "soon").code == 2
