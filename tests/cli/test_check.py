from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.records import raid, write
from watcher.singleton import holding


@pytest.fixture
def july(home, it_is):
    """It is July, and so many deaths in June are new."""

    def july(deaths: int) -> None:
        write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", deaths)])
        it_is("2020-07-20T09:00")

    return july


def told(home) -> list[dict[str, Any]]:
    path = home / "state" / "told.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_turn_reads_judges_and_tells_in_silence(home, it_is, good):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80)])
    it_is("2020-07-20T09:00")
    assert good("check") == ""
    [message] = told(home)
    assert message["alerts"][0]["labels"]["severity"] == "critical"


def test_a_second_turn_with_nothing_new_tells_nothing(home, it_is, good):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80)])
    it_is("2020-07-20T09:00")
    good("check")
    it_is("2020-07-20T09:15")
    assert good("check") == ""
    assert len(told(home)) == 1


def test_without_notify_everything_is_recorded_and_nothing_sent(home, it_is, good):
    it_is("2020-08-02T09:00")
    good("check", "--no-notify")
    assert told(home) == []
    assert "warning   firing" in good("alerts")
    it_is("2020-08-02T09:15")
    good("check")
    assert told(home) == []


def test_json_holds_counts_what_fires_problems_and_the_exit_code(home, it_is, good):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80), raid(2, "2020-06-25", 1)])
    it_is("2020-07-20T09:00")
    said = json.loads(good("check", "--format", "json"))
    wanted = {"exit_code": 0, "files": 1, "added": 2, "delivered": 1, "problems": [], "firing": {"critical": 1}}
    said["firing"] = {level: number for level, number in said["firing"].items() if number}
    assert {name: said[name] for name in wanted} == wanted


def test_text_is_one_sentence_of_counts(it_is, good):
    it_is("2020-08-02T09:00")
    said = good("check", "--format", "text")
    assert said == (
        "0 new, 0 revised, 0 deleted records; 4 judgements, 3 transitions; 1 delivered, 0 waiting; firing: 1 warning\n"
    )


def test_what_fires_is_printed_when_asked(home, it_is, good):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80, admin2="So\x1bum")])
    it_is("2020-07-20T09:00")
    said = good("check", "--print", "firing")
    assert said.startswith("critical  ")
    assert said.endswith("since 2020-07-20 09:00  many-deaths-in-a-province-of-the-sahel-region  admin2=So\\x1bum\n")


@pytest.mark.parametrize(
    ("deaths", "level", "code"),
    [(20, "warning", 1), (20, "critical", 0), (80, "critical", 1), (80, "warning", 1), (1, "warning", 0)],
)
def test_an_alert_is_a_failure_only_where_asked(july, run, deaths, level, code):
    july(deaths)
    assert run("check", "--fail-on", level).code == code


@pytest.mark.parametrize(
    ("deaths", "code", "word"), [(1, 0, "OK"), (20, 1, "WARNING"), (80, 2, "CRITICAL")], ids=["nothing", "20", "80"]
)
def test_nagios_gets_a_line_and_the_worst_as_exit_code(july, run, deaths, code, word):
    july(deaths)
    said = run("check", "--format", "nagios")
    assert (said.code, said.err) == (code, "")
    assert said.out.startswith(f"WATCHER {word} - ")


def test_nagios_gets_three_when_the_turn_cannot_be_taken(home, run):
    (home / "rules" / "sahel.yaml").write_text("rules: [")
    said = run("check", "--format", "nagios")
    assert (said.code, said.err) == (3, "")
    assert said.out.startswith("WATCHER UNKNOWN - ")


# --- what stands in the way -------------------------------------------------------------------------------------------


def test_rows_that_cannot_be_read_are_a_line_and_under_strict_a_failure(home, it_is, run):
    rows = [*(raid(n, "2020-06-25", 0) for n in range(30)), raid(99, "2020-06-25", "many")]
    it_is("2020-07-20T09:00")
    write(home / "inbox" / "one.csv", rows)
    said = run("check")
    assert said.code == 0
    assert "one.csv: 1 of 31 rows could not be read and lie in quarantine" in said.err
    write(home / "inbox" / "two.csv", [*rows[1:], raid(98, "2020-06-25", "few")])
    assert run("check", "--strict").code == 65


def test_a_source_that_cannot_be_read_stops_nothing_else(home, it_is, run):
    (home / "inbox" / "a.csv").write_text("<html>moved</html>")
    write(home / "inbox" / "b.csv", [raid(1, "2020-06-25", 80)])
    it_is("2020-07-20T09:00")
    said = run("check")
    assert said.code == 65
    assert "this is a web page or XML" in said.err
    assert len(told(home)) == 1


def test_broken_rules_are_refused_and_nothing_is_lost(home, it_is, run, good):
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80)])
    rules = home / "rules" / "sahel.yaml"
    sound = rules.read_text()
    rules.write_text("rules: [")
    it_is("2020-07-20T09:00")
    said = run("check")
    assert said.code == 78
    assert "rules/sahel.yaml:1:9: " in said.err
    rules.write_text(sound)
    good("check")
    assert len(told(home)) == 1


def test_a_missing_store_says_what_to_do(home, run):
    (home / "state" / "watcher.db").unlink()
    said = run("check")
    assert said.code == 74
    assert "watcher init" in said.err


def test_missing_settings_say_where_they_were_looked_for(home, run):
    (home / "watcher.yaml").unlink()
    said = run("check")
    assert said.code == 78
    assert "/etc/watcher/watcher.yaml" in said.err
    assert "run: watcher init" in said.err


def test_an_endpoint_that_keeps_failing_is_a_failure_of_the_turn(home, it_is, run, good):
    notify = home / "notify.yaml"
    notify.write_text(notify.read_text().replace("state/told.jsonl", "nowhere/told.jsonl"))
    for minute in ("00", "50"):
        it_is(f"2020-08-02T09:{minute}")
        said = run("check")
        assert (said.code, said.err) == (
            79,
            "watcher: desk/file/1: ENOENT No such file or directory (kept, and tried again; see: watcher status)\n",
        ), "what somebody must change is said at once"
    it_is("2020-08-02T10:15")
    said = run("check")
    assert said.code == 79
    assert said.err == "watcher: desk/file/1: failing since 2020-08-02 09:00 UTC: ENOENT No such file or directory\n"
    notify.write_text(notify.read_text().replace("nowhere/told.jsonl", "state/told.jsonl"))
    it_is("2020-08-02T11:30")
    good("check")
    assert len(told(home)) == 1


def test_an_endpoint_that_is_taken_out_of_the_routes_is_no_longer_a_failure(home, it_is, run):
    notify = home / "notify.yaml"
    notify.write_text(notify.read_text().replace("state/told.jsonl", "nowhere/told.jsonl"))
    it_is("2020-08-02T09:00")
    run("check")
    it_is("2020-08-02T10:15")
    assert run("check").code == 79
    notify.write_text(notify.read_text().replace("desk", "office").replace("nowhere/told.jsonl", "state/told.jsonl"))
    it_is("2020-08-02T11:30")
    said = run("check")
    assert (said.code, said.err) == (79, "watcher: 1 message given up, for good (see: watcher status)\n")
    it_is("2020-08-02T11:45")
    assert run("check") == (0, "", "")


# --- as of another moment ---------------------------------------------------------------------------------------------


def test_as_of_judges_by_what_was_known_then(good, it_is):
    it_is("2020-09-01T09:00")
    good("check", "--as-of", "2020-07-30", "--no-notify")
    assert good("alerts") == "nothing fires (see: --all)\n"
    good("check", "--as-of", "2020-08-02", "--no-notify")
    assert "2020-07-31 00:00" in good("alerts")


def test_an_alerts_life_cannot_run_backwards(good, run, it_is):
    it_is("2020-08-02T09:00")
    good("check")
    said = run("check", "--as-of", "2020-07-01")
    assert said.code == 2
    assert "lies before the last turn" in said.err
    assert "watcher explain RULE --as-known" in said.err


@pytest.mark.parametrize("text", ["yesterday", "2020-07", "2020-02-30", "2020-07-07T25:00"])
def test_a_moment_that_is_none_is_refused(run, text):
    said = run("check", "--as-of", text)
    assert said.code == 2
    assert f"'{text}' is no moment" in said.err


# --- one at a time ----------------------------------------------------------------------------------------------------


def test_an_overlapping_check_is_silent_until_three_turns_were_missed(home, run, good):
    with holding(home / "state" / "check.lock", who="a check"):
        said = [run("check") for _ in range(4)]
    assert [each.code for each in said] == [75] * 4
    assert [bool(each.err) for each in said] == [False, False, True, True]
    assert "3 turns missed in a row" in said[2].err
    good("check")
    with holding(home / "state" / "check.lock", who="a check"):
        assert run("check").err == ""


def test_nagios_hears_of_an_overlap_at_once(home, run):
    with holding(home / "state" / "check.lock", who="a check"):
        said = run("check", "--format", "nagios")
    assert said.code == 3
    assert "a check, process" in said.out
