"""`watcher replay`: what it says of a store that agrees, and of one that other hands have changed."""

from __future__ import annotations

import json
import sqlite3

import pytest


@pytest.fixture
def alert(it_is, good) -> str:
    """The article's alert fires."""
    it_is("2020-08-02T09:00")
    good("check")
    [alert] = json.loads(good("alerts", "--format", "json"))
    return str(alert["fingerprint"])


@pytest.fixture
def changed(alert, home) -> None:
    """Somebody edits the stated number of 2020 in the store."""
    with sqlite3.connect(home / "state" / "watcher.db") as store:
        store.execute("update baseline set body = replace(body, '\"fatalities\":447', '\"fatalities\":448')")


def test_every_value_of_the_article_agrees(alert, good):
    said = good("replay", "--all")
    assert said.count("agrees to the last digit") == 3
    assert said.splitlines()[-1].startswith("3 transitions, ")
    assert said.splitlines()[-1].endswith(" values: all agree to the last digit.")


def test_one_alert_is_named_by_the_beginning_of_its_fingerprint(alert, good):
    document = json.loads(good("replay", alert[:5], "--format", "json"))
    assert document["agrees"]
    assert [(each["seq"], each["agrees"], each["differences"]) for each in document["transitions"]] == [
        (1, True, []),
    ]
    assert all(each["compared"] > 50 for each in document["transitions"])


def test_what_differs_is_shown_beside_what_was_stored(alert, changed, run):
    said = run("replay", alert)
    assert (said.code, said.err) == (1, "")
    assert f"\n{alert}, step 1: stored, and worked out again\n" in said.out
    assert "(--format json has all)" in said.out
    assert "1 of 1 transition differs. " in said.out


def test_json_has_every_difference(alert, changed, run):
    said = run("replay", "--all", "--format", "json")
    document = json.loads(said.out)
    found = {each["where"]: each for each in document["transitions"][0]["differences"]}
    assert (said.code, document["agrees"]) == (1, False)
    assert found["values.observed"] == {"where": "values.observed", "stored": 447, "again": 448}


@pytest.mark.parametrize("arguments", [(), ("4f1c", "--all")], ids=["nothing is named", "both are"])
def test_it_is_told_what_to_replay(arguments, run):
    said = run("replay", *arguments)
    assert said.code == 2
    assert "name an ALERT, or say --all" in said.err


def test_without_any_alert_there_is_nothing_to_replay(good):
    assert good("replay", "--all") == "no alert has changed yet: there is nothing to replay\n"
