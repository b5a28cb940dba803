"""`watcher release`: a bulk change waits until somebody lets it in, or throws it away."""

from __future__ import annotations

import json

import pytest

from tests.cli.records import raid, write


@pytest.fixture
def held(home, it_is, good, run):
    """A file that halves the deaths of every record."""
    it_is("2020-07-20T09:00")
    write(home / "june.csv", [raid(n, "2020-06-01", 4) for n in range(50)])
    good("ingest", "june.csv", "--source", "acled")
    it_is("2020-07-21T09:00")
    path = home / "halved.csv"
    write(path, [raid(n, "2020-06-01", 2, timestamp="1595300000") for n in range(50)])
    said = run("ingest", "halved.csv", "--source", "acled")
    assert said.code == 69
    assert "halved.csv is held: it would revise 50 of 50 stored records (100%), more than the 10% allowed" in said.err
    return path


def deaths(good) -> set[int]:
    return {row["fatalities"] for row in json.loads(good("events", "--format", "json"))}


def number(good) -> str:
    [row] = json.loads(good("release", "--format", "json"))
    return str(row["id"])


def test_what_is_held_is_listed_with_the_reason(held, good):
    said = good("release")
    assert "halved.csv" in said
    assert "it would revise 50 of 50 stored records" in said
    assert deaths(good) == {4}


def test_released_it_is_stored(held, good):
    assert "halved.csv: 50 rows: 0 new, 50 revised, 0 deleted" in good("release", number(good))
    assert deaths(good) == {2}
    assert good("release") == "nothing is held\n"


def test_thrown_away_it_is_not_asked_about_again(held, good, run):
    assert "thrown away" in good("release", number(good), "--discard")
    said = run("ingest", "halved.csv", "--source", "acled")
    assert (said.code, said.err) == (0, "")
    assert deaths(good) == {4}


def test_read_again_it_is_still_held(held, good, run):
    assert run("ingest", "halved.csv", "--source", "acled").code == 69
    assert len(json.loads(good("release", "--format", "json"))) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("77",), "nothing that is held has the number 77", id="a number that nothing has"),
        pytest.param(("--discard",), "say what to throw away", id="nothing named"),
    ],
)
def test_what_cannot_be_meant_is_refused(held, run, arguments, words):
    said = run("release", *arguments)
    assert said.code == 2
    assert words in said.err


def test_a_decision_is_made_once(held, good, run):
    chosen = number(good)
    good("release", chosen)
    said = run("release", chosen, "--discard")
    assert said.code == 2
    assert "was released on 2020-07-21" in said.err


def test_a_file_that_is_gone_cannot_be_released_and_can_be_given_up(held, good, run):
    chosen = number(good)
    held.unlink()
    assert run("release", chosen).code == 2
    assert "thrown away" in good("release", chosen, "--discard")
