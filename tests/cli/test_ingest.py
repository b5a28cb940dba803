from __future__ import annotations

import io
import json
import sys

import pytest

from tests.cli.records import raid, write
from watcher.sources import READY


def test_records_are_stored_and_counted(home, good):
    path = write(home / "june.csv", [raid(n, "2020-06-25", 1) for n in range(3)])
    assert good("ingest", str(path), "--source", "acled") == "june.csv: 3 rows: 3 new\n"


def test_the_same_file_again_changes_nothing_and_says_so(home, good):
    path = write(home / "june.csv", [raid(1, "2020-06-25", 1)])
    good("ingest", str(path), "--source", "acled")
    said = good("ingest", str(path), "--source", "acled")
    assert said == "june.csv: the same file was read before; nothing changed\n"


def test_a_later_file_adds_and_revises(home, good):
    good(
        "ingest", str(write(home / "a.csv", [raid(1, "2020-06-25", 5), raid(2, "2020-06-25", 1)])), "--source", "acled"
    )
    later = [raid(1, "2020-06-25", 2, timestamp="1595462400"), raid(2, "2020-06-25", 1), raid(3, "2020-06-26", 1)]
    said = good("ingest", str(write(home / "b.csv", later)), "--source", "acled")
    assert said == "b.csv: 3 rows: 1 new, 1 revised, 1 unchanged\n"


def test_several_files_are_read_in_order_and_one_that_fails_stops_no_other(home, run):
    write(home / "a.csv", [raid(1, "2020-06-25", 5)])
    (home / "b.csv").write_text("PK\x03\x04")
    write(home / "c.csv", [raid(2, "2020-06-25", 5)])
    said = run("ingest", "a.csv", "b.csv", "c.csv", "missing.csv", "--source", "acled")
    assert said.code == 69
    assert said.out == "a.csv: 1 rows: 1 new\nc.csv: 1 rows: 1 new\n"
    assert "b.csv: this is an Excel workbook or a zip archive (export the sheet as CSV" in said.err
    assert "missing.csv: cannot be read: No such file or directory" in said.err


def test_standard_input_is_a_file_too(home, good, monkeypatch):
    path = write(home / "june.csv", [raid(1, "2020-06-25", 5)])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    assert good("ingest", "-", "--source", "acled") == "standard input: 1 rows: 1 new\n"


def test_a_fault_of_standard_input_is_told_as_such(home, shell):
    said = shell("ingest", "-", "--source", "acled")
    assert said.code == 65
    assert said.err.startswith("watcher: standard input: ")


def test_the_example_for_a_table_can_be_followed(home, run, good):
    (home / "mine.csv").write_text("ref,day,land\nd1,2020-06-05,Mali\n")
    settings = home / "watcher.yaml"
    settings.write_text(settings.read_text().split("sources:")[0])
    said = run("ingest", "mine.csv", "--source", "table").err
    example, command = said.partition("write e.g. ")[2].rstrip().split(" and then: ")
    settings.write_text(f"{settings.read_text()}{example}\n")
    assert good("ingest", "mine.csv", *command.split()) == "mine.csv: 1 rows: 1 new\n"


def test_the_help_names_the_kinds_that_the_error_names(run):
    assert f"or a kind: {', '.join(READY)}." in " ".join(run("ingest", "--help").out.split())
    offered = run("ingest", "-", "--source", "nothing").err.partition("one of: ")[2].rstrip(")\n").split(", ")
    assert sorted(offered) == sorted([*READY, "log"])


@pytest.mark.parametrize(("rows", "is_page"), [(4_998, False), (4_999, True), (5_000, True), (5_001, False)])
def test_a_file_of_just_a_page_is_read_with_a_warning(home, run, rows, is_page):
    write(home / "page.csv", [raid(n, "2020-06-25", 0) for n in range(rows)])
    todo = "compare with the number that the site shows"
    told = f"watcher: page.csv: exactly {rows} rows, which is a page and may not be the whole ({todo})\n"
    said = run("ingest", "page.csv", "--source", "acled")
    assert said == (0, f"page.csv: {rows} rows: {rows} new\n", told if is_page else "")
    assert run("ingest", "page.csv", "--source", "acled").err == "", "it was said once"


def test_a_table_of_your_own_has_no_pages(home, good):
    rows = "".join(f"d{n},2020-06-05,Mali,Battles,0\n" for n in range(5_000))
    (home / "log.csv").write_text(f"ref,day,land,type,dead\n{rows}")
    assert good("ingest", "log.csv", "--source", "log") == "log.csv: 5000 rows: 5000 new\n"


def test_rows_that_cannot_be_read_go_to_quarantine_and_under_strict_are_a_failure(home, run):
    rows = [*(raid(n, "2020-06-25", 0) for n in range(30)), raid(99, "2020-06-25", "many")]
    write(home / "june.csv", rows)
    said = run("ingest", "june.csv", "--source", "acled", "--strict")
    assert (said.code, said.err) == (65, "")
    assert said.out == "june.csv: 31 rows: 30 new; 1 in quarantine (see: watcher quarantine list)\n"


def test_strict_is_a_failure_as_long_as_rows_of_the_file_are_in_quarantine(home, run):
    good_rows = [raid(n, "2020-06-25", 0) for n in range(30)]
    write(home / "june.csv", [*good_rows, raid(99, "2020-06-25", "many")])
    write(home / "july.csv", [*good_rows, raid(31, "2020-06-26", 0), raid(99, "2020-06-25", "many")])
    for name in ("june.csv", "july.csv"):
        assert run("ingest", name, "--source", "acled", "--strict").code == 65
    for name in ("june.csv", "july.csv"):
        again = run("ingest", name, "--source", "acled", "--strict")
        told = (
            f"{name}: the same file was read before; nothing changed; 1 in quarantine (see: watcher quarantine list)\n"
        )
        assert (again.code, again.out) == (65, told)
        assert run("ingest", name, "--source", "acled").code == 0
    assert run("quarantine", "dismiss", "1").code == 0
    for name in ("june.csv", "july.csv"):
        assert run("ingest", name, "--source", "acled", "--strict").code == 0


def test_a_file_with_too_many_bad_rows_is_refused_whole_unless_told_otherwise(home, run, good):
    write(home / "june.csv", [raid(1, "2020-06-25", 1), *(raid(n, "2020-06-25", "many") for n in (2, 3))])
    said = run("ingest", "june.csv", "--source", "acled")
    assert said.code == 65
    assert "2 of 3 rows cannot be read, more than the 5% that are allowed; nothing was stored" in said.err
    assert "Most of it, 2 times, is in column 'fatalities'" in said.err
    assert good("events") == "no event\n"
    assert "1 new; 2 in quarantine" in good("ingest", "june.csv", "--source", "acled", "--bad-rows", "0.7")


def test_json_holds_the_counts(home, good):
    write(home / "june.csv", [raid(1, "2020-06-25", 1)])
    said = json.loads(good("ingest", "june.csv", "--source", "acled", "--format", "json"))
    assert (said["added"], said["rows"], said["seen"], said["source"]) == (1, 1, False, "acled")


def test_a_kind_stands_for_a_source_with_its_defaults(home, good):
    settings = home / "watcher.yaml"
    settings.write_text(settings.read_text().split("sources:")[0])
    write(home / "june.csv", [raid(1, "2020-06-25", 1)])
    assert "1 new" in good("ingest", "june.csv", "--source", "acled")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (
            ["june.csv", "--source", "acledd"],
            2,
            "there is no source 'acledd' (one of: acled, log, ucdp, hapi, gdelt, reliefweb)",
        ),
        (
            ["june.csv", "--source", "table"],
            78,
            "watcher.yaml: the kind 'table' needs a source here with the options: columns; write e.g. sources: {log: ",
        ),
        (["june.csv"], 2, "Missing option '--source'"),
        (["--source", "acled"], 2, "Missing argument 'PATHS...'"),
    ],
    ids=["unknown source", "a table without columns", "no source", "no file"],
)
def test_what_means_nothing_is_refused(home, run, arguments, code, told):
    write(home / "june.csv", [raid(1, "2020-06-25", 1)])
    said = run("ingest", *arguments)
    assert said.code == code
    assert told in said.err


def test_nothing_is_judged_before_the_next_check(home, it_is, good):
    it_is("2020-07-20T09:00")
    good("check")
    good("ingest", str(write(home / "june.csv", [raid(1, "2020-06-25", 80)])), "--source", "acled")
    assert good("alerts") == "nothing fires (see: --all)\n"
    it_is("2020-07-20T09:15")
    good("check")
    assert "critical" in good("alerts")
