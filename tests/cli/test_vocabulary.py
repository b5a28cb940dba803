from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.records import raid, write


@pytest.fixture
def recorded(home, it_is, good):
    """Six events of two sources in three countries; one was revised, which leaves it one event."""
    it_is("2020-07-20T09:00")
    rows = [
        raid(1, "2020-05-30", 4, actor1="ISGS", actor2="JNIM"),
        raid(2, "2020-06-01", 10, actor1="Islamic State (Greater Sahara)", admin2="Oudalan"),
        raid(3, "2020-06-02", 0, event_type="Protests", sub_event_type="Peaceful protest", actor2=""),
        raid(4, "2020-06-03", 7, country="Niger", iso="562", admin1="Tillabéri", actor1="ISGS"),
        raid(5, "2020-06-20", 1, country="Mali", iso="466", admin1="Ménaka"),
    ]
    write(home / "june.csv", rows)
    good("ingest", "june.csv", "--source", "acled")
    write(home / "later.csv", [raid(2, "2020-06-01", 3, actor1="ISGS", admin2="Oudalan", timestamp="1594771200")])
    good("ingest", "later.csv", "--source", "acled")
    (home / "log.csv").write_text("ref,day,land,type,dead\nd1,2020-06-05,Burkina Faso,Battles,\n")
    good("ingest", "log.csv", "--source", "log")


def rows(text: str) -> list[list[str]]:
    """The cells of a table, its titles left out."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()[1:]]


def names(text: str, kind: str) -> list[str]:
    return [entry[kind] for entry in json.loads(text)]


def test_countries_are_counted_with_their_first_and_last_event(recorded, good):
    assert rows(good("vocabulary", "countries")) == [
        ["Burkina Faso", "BFA", "4", "2020-05-30", "2020-06-05"],
        ["Mali", "MLI", "1", "2020-06-20", "2020-06-20"],
        ["Niger", "NER", "1", "2020-06-03", "2020-06-03"],
    ]


def test_actors_stand_as_the_source_writes_them_with_the_actor_that_the_rules_know(recorded, good):
    good("check")
    assert rows(good("vocabulary", "actors")) == [
        ["Hill Front", "3", "2020-06-01", "2020-06-20"],
        ["ISGS", "isgs", "3", "2020-05-30", "2020-06-03"],
        ["River Front", "2", "2020-06-02", "2020-06-20"],
        ["JNIM", "jnim", "1", "2020-05-30", "2020-05-30"],
    ]


def test_types_stand_below_the_type_that_they_are_of(recorded, good):
    assert rows(good("vocabulary", "types")) == [
        ["Armed clash", "Battles", "4", "2020-05-30", "2020-06-20"],
        ["Battles", "1", "2020-06-05", "2020-06-05"],
        ["Peaceful protest", "Protests", "1", "2020-06-02", "2020-06-02"],
    ]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        pytest.param(["menaka"], ["Ménaka"], id="accents aside"),
        pytest.param(["TILLABERI"], ["Tillabéri"], id="case aside"),
        pytest.param(["aka"], ["Ménaka"], id="a part of the name"),
        pytest.param(["niger"], ["Tillabéri"], id="by the country"),
        pytest.param(["burkina", "sahel"], ["Sahel"], id="several words, in any order"),
        pytest.param(["mali", "sahel"], [], id="every word must stand in it"),
    ],
)
def test_a_search_finds(recorded, good, search, found):
    assert names(good("vocabulary", "admin1", *search, "--format", "json"), "admin1") == found


def test_what_is_not_there_is_answered_with_what_is_near(recorded, good):
    assert good("vocabulary", "admin1", "tilaberi") == (
        "there are no first-level units like 'tilaberi'; did you mean: Tillabéri?\n"
    )
    assert good("vocabulary", "actors", "rivver") == "there are no actors like 'rivver'; did you mean: River Front?\n"
    assert good("vocabulary", "types", "xyzzy") == "there are no types like 'xyzzy'; without SEARCH, all are listed\n"


def test_it_is_narrowed_by_source_and_number(recorded, good):
    def found(*options: str) -> list[str]:
        return names(good("vocabulary", "countries", "--format", "json", *options), "country")

    assert found("--source", "log") == ["Burkina Faso"]
    assert found("--source", "log", "--source", "acled") == ["Burkina Faso", "Mali", "Niger"]
    assert found("--limit", "2") == ["Burkina Faso", "Mali"]
    assert found("niger", "--limit", "1") == ["Niger"]


def test_a_source_without_records_is_answered_with_those_that_have_some(recorded, good):
    assert good("vocabulary", "types", "--source", "acle") == "there are no records of acle; sources: acled, log\n"


def test_csv_has_a_column_for_everything(recorded, good):
    found = list(csv.DictReader(io.StringIO(good("vocabulary", "admin1", "sahel", "--format", "csv"))))
    assert found == [
        {"admin1": "Sahel", "country": "Burkina Faso", "events": "3", "first": "2020-05-30", "last": "2020-06-02"}
    ]


def test_json_of_nothing_is_an_empty_list(recorded, good):
    assert good("vocabulary", "admin1", "xyzzy", "--format", "json") == "[]\n"


def test_an_empty_store_has_no_words(good):
    assert good("vocabulary", "actors") == "there are no records (see: watcher ingest)\n"
    assert good("vocabulary", "actors", "--source", "acled") == "there are no records (see: watcher ingest)\n"


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do(run):
    said = run("vocabulary", "provinces")
    assert said.code == 2
    assert "'provinces' is not one of 'countries', 'admin1', 'types', 'actors'" in said.err


def test_without_a_store_it_says_how_to_make_one(home, run):
    (home / "state" / "watcher.db").unlink()
    said = run("vocabulary", "actors")
    assert said.code == 74
    assert "watcher init" in said.err


def test_a_name_from_a_record_does_nothing_to_the_terminal(home, it_is, good):
    it_is("2020-07-20T09:00")
    write(home / "june.csv", [raid(1, "2020-06-01", 1, admin1="Sa\x1b[31mhel")])
    good("ingest", "june.csv", "--source", "acled")
    assert r"Sa\x1b[31mhel" in good("vocabulary", "admin1")


def test_it_works_without_rules_that_load(recorded, home, good):
    (home / "rules" / "sahel.yaml").write_text("rules: [")
    assert names(good("vocabulary", "admin1", "menaka", "--format", "json"), "admin1") == ["Ménaka"]
