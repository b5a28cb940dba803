from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.records import raid, write
from watcher.config.rules import load_rules
from watcher.store.alerts import dirty_marks
from watcher.store.series import verify

GOOD = [raid(n, "2020-06-01", 0) for n in range(10, 60)]


@pytest.fixture
def bad_rows(home, it_is, good):
    """Three rows that cannot be read: two of a file, one of a table."""
    it_is("2020-07-20T09:00")
    rows = [*GOOD, raid(1, "2020-06-25", "many"), raid(2, "2020-06-26", 3, latitude="91")]
    write(home / "june.csv", rows)
    good("ingest", "june.csv", "--source", "acled")
    (home / "log.csv").write_text("ref,day,land,type,dead\nd1,yesterday,Burkina Faso,Battles,1\n")
    good("ingest", "log.csv", "--source", "log", "--bad-rows", "1")


def waiting(good, *options: str) -> list[int]:
    return [row["id"] for row in json.loads(good("quarantine", "list", *options, "--format", "json"))]


def test_rows_are_listed_with_what_is_wrong_with_them(bad_rows, good):
    said = good("quarantine", "list")
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert lines[0] == "ID SOURCE ROW LINE COLUMN REASON RAW"
    assert lines[1].startswith("1 acled 51 52 fatalities 'many' ")
    assert lines[2].startswith("2 acled 52 53 latitude ")
    assert lines[3].startswith("3 log 1 2 date 'yesterday' ")


def test_they_can_be_picked_by_source_and_number(bad_rows, good, run):
    assert waiting(good, "--source", "log") == [3]
    assert waiting(good, "--limit", "1") == [1]
    assert "(the first 1 rows; see --limit)" in good("quarantine", "list", "--limit", "1")
    said = run("quarantine", "list", "--source", "acle")
    assert said.code == 2
    assert "did you mean 'acled'?" in said.err


def test_an_empty_quarantine_is_a_sentence(good):
    assert good("quarantine", "list") == "quarantine is empty\n"
    assert good("quarantine", "retry", "--all") == "quarantine is empty\n"


def test_a_row_is_shown_as_it_stood_under_its_header(bad_rows, good):
    said = good("quarantine", "show", "1")
    assert "reason      'many'" in said
    assert "header:\n  event_id_cnty,event_date" in said
    assert "raw:\n  BFO1,25 June 2020" in said
    assert json.loads(good("quarantine", "show", "1", "--format", "json"))["raw"].startswith("BFO1,")


def test_a_row_that_is_not_there_is_refused(run):
    assert "nothing in quarantine has the number 7" in run("quarantine", "show", "7").err


def test_a_row_cannot_move_the_cursor(home, it_is, good):
    it_is("2020-07-20T09:00")
    write(home / "june.csv", [*GOOD, raid(1, "2020-06-25", "\x1b[2J")])
    good("ingest", "june.csv", "--source", "acled")
    assert "\x1b" not in good("quarantine", "list") + good("quarantine", "show", "1")


# --- retry ------------------------------------------------------------------------------------------------------------


def test_a_row_that_is_still_bad_stays_with_the_reason_of_now(bad_rows, home, run, good):
    settings = home / "watcher.yaml"
    settings.write_text(settings.read_text().replace("dead}", "dead}\n      country_as: iso3"))
    assert "'yesterday'" in good("quarantine", "show", "3")
    (home / "log.csv").write_text("")
    said = run("quarantine", "retry", "3")
    assert (said.code, said.err) == (65, "")
    assert said.out.startswith("3: still not readable: ")
    assert said.out.endswith("0 rows read, 1 stay in quarantine\n")
    assert waiting(good) == [1, 2, 3]


@pytest.fixture
def day_first(home, it_is, good):
    """Two rows with dates that the settings did not know, and now do; one of them has another fault."""
    it_is("2020-07-20T09:00")
    good("check")
    (home / "log.csv").write_text(
        "ref,day,land,type,dead\nd1,25/06/2020,Mozambique,Battles,40\nd2,26/06/2020,Mozambique,Battles,some\n"
    )
    good("ingest", "log.csv", "--source", "log", "--bad-rows", "1")
    settings = home / "watcher.yaml"
    settings.write_text(
        settings.read_text().replace("    options:\n", "    options:\n      date_formats: ['%d/%m/%Y']\n")
    )


def test_a_row_that_can_be_read_now_is_stored_counted_and_to_be_judged(day_first, good, run, store):
    said = run("quarantine", "retry", "--all")
    assert said.code == 65
    assert said.out.startswith("2: still not readable: 'some' ")
    assert said.out.endswith("1 row read, 1 stay in quarantine\n")
    assert [row["column"] for row in json.loads(good("quarantine", "list", "--format", "json"))] == ["fatalities"]
    assert "retried" in good("quarantine", "list", "--all")
    assert json.loads(good("events", "--format", "jsonl"))["id"] == "d1"
    with store.reading() as tx:
        assert list(dirty_marks(tx)) == ["records:log"]
        assert verify(tx, load_rules([Path("rules")]).indicators) == []


def test_a_row_leaves_quarantine_once(day_first, good, run):
    good("quarantine", "retry", "1")
    for how in ("retry", "dismiss"):
        said = run("quarantine", how, "1")
        assert said.code == 2
        assert "row 1 has left quarantine: retried 2020-07-20 09:00 UTC" in said.err


def test_a_row_whose_bytes_were_damaged_is_not_believed_the_second_time(home, it_is, good, run):
    it_is("2020-07-20T09:00")
    path = write(home / "june.csv", [*GOOD, raid(1, "2020-06-25", 1, location="Ménaka"), raid(2, "2020-06-25", 1)])
    path.write_bytes(path.read_bytes().replace(b"Made Up Daily,National,made up,1", b"Made \xe9p,National,x,1", 2))
    path.write_bytes(path.read_bytes().replace(b"Made \xe9p", b"Made Up", 1))
    good("ingest", "june.csv", "--source", "acled")
    assert "not UTF-8" in good("quarantine", "list")
    said = run("quarantine", "retry", "--all")
    assert said.code == 65
    assert "still not readable: has bytes that are not UTF-8" in said.out


@pytest.mark.parametrize("arguments", [[], ["--all", "1"]], ids=["nothing", "both"])
def test_it_must_be_said_which_rows_to_read_again(run, arguments):
    said = run("quarantine", "retry", *arguments)
    assert (said.code, said.err) == (2, "watcher: say which rows to read again (numbers, or --all)\n")


def test_a_source_that_the_settings_no_longer_have_is_named(bad_rows, home, run):
    settings = home / "watcher.yaml"
    settings.write_text(settings.read_text().split("  log:")[0])
    said = run("quarantine", "retry", "3")
    assert said.code == 2
    assert "there is no source 'log'" in said.err


def test_a_dismissed_row_does_not_come_back_with_the_next_file(bad_rows, home, good):
    assert good("quarantine", "dismiss", "1", "2") == "dismissed 2 rows\n"
    assert waiting(good) == [3]
    write(home / "again.csv", [*GOOD, raid(1, "2020-06-25", "many"), raid(9, "2020-06-27", 1)])
    good("ingest", "again.csv", "--source", "acled")
    assert waiting(good) == [3]
