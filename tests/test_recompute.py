"""Recomputation: evidence comes out of the store again to the last digit, whatever was recorded since."""

from __future__ import annotations

import json
import sqlite3

import pytest

from tests.installation import RULES, SETTINGS, Installation, at, install, installed
from watcher.core.fact import Fact
from watcher.store.facts import assert_fact, withdraw_fact

HEADER = "id    date        deaths  place    notes"
PACE = """\
version: 1
citations:
  - {citation: report, title: A report, publisher: A desk, published: 2020-01-03, reliability: B, credibility: 2}
indicators:
  - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}}
  - {indicator: told, title: Told by notes, count: events, where: {notes: {contains: drone}}}
baselines:
  - {baseline: stated, period: {from: 2019-01-01, to: 2019-12-31}, fatalities: 12, indicators: [deaths], cite: report}
states:
  - {state: truce, key: text, values: text}
facts:
  - {truce: Gourma, is: agreed, from: 2020-05-20, cite: report}
rules:
  - {alert: Faster than stated, pace: {indicator: deaths, above: stated}, condition: [ratio > 1]}
  - {alert: Drones, threshold: {indicator: told, window: 60d}, condition: [value >= 1]}
  - {alert: A place that was not seen, first_seen: {field: location, lookback: 10d}}
  - {alert: A truce, transition: {truce: any}}
  - {alert: Silence, absence: {of: records, longer_than: 20d}}
  - {alert: Two at once, combine: {all: [Faster than stated, Drones], within: 90d}}
"""


def agreed(it: Installation) -> int:
    """How many transitions agree; none may differ."""
    found = it.replayed()
    assert [each.differences for each in found if not each.agrees] == []
    assert all(each.compared > 20 for each in found if not each.nothing)
    return len([each for each in found if not each.nothing])


def corrupt(it: Installation, statement: str) -> None:
    """Somebody edits the store with other tools."""
    with sqlite3.connect(str(it.app.store.path)) as store:
        store.execute(statement)


def begin(it: Installation) -> None:
    it.release(
        "2020-06-01 12:00", "MOZ0  2020-01-01  0  Palma  quiet", "MOZ1  2020-05-10  2  Palma  a clash", header=HEADER
    )
    it.turn("2020-06-01 13:00")
    rows = ("MOZ2  2020-05-29  9  Mueda  a drone struck", "MOZ3  2020-05-30  7  Ibo  a clash")
    it.release("2020-06-02 12:00", *rows, header=HEADER)
    it.turn("2020-06-02 13:00")


@pytest.fixture
def it(tmp_path):
    with installed(tmp_path, rules=PACE) as it:
        begin(it)
        yield it


def test_every_detector_that_fired_agrees(it):
    assert {each.rule for each in it.transitions()} >= {
        "faster-than-stated",
        "drones",
        "a-place-that-was-not-seen",
        "a-truce",
        "two-at-once",
    }
    assert agreed(it) == len(it.transitions())


def revised(it: Installation) -> None:
    it.release("2020-06-03 12:00", "MOZ2  2020-05-29  1  Mueda  a drone struck", header=HEADER)
    it.turn("2020-06-03 13:00")


def old_records(it: Installation) -> None:
    """They carry stamps from before the turn, and come in after it."""
    it.release("2020-06-01 18:00", "MOZ9  2020-05-28  40  Ibo  a drone again", name="late.csv", header=HEADER)
    it.turn("2020-06-05 13:00")


def delete(it: Installation, name: str, stamp: str) -> None:
    rows = f"event_id_cnty,deleted_timestamp\n{name},{int(at(stamp).timestamp())}\n"
    (it.folder / "inbox" / f"deleted_{name}.csv").write_text(rows)


def deleted_before(it: Installation) -> None:
    """It was known, says the source, when the alert fired; here it came in days later."""
    delete(it, "MOZ3", "2020-06-02 12:00")
    it.turn("2020-06-06 13:00")


def deleted(it: Installation) -> None:
    delete(it, "MOZ2", "2020-06-07 12:00")
    it.turn("2020-06-07 13:00")


def noted_otherwise(it: Installation) -> None:
    """Notes and publishers make no new version, and are what a selector may ask for."""
    it.release("2020-06-02 14:00", "MOZ2  2020-05-29  9  Mueda  a mortar struck", header=HEADER)
    it.turn("2020-06-02 15:00")
    it.release("2020-06-02 16:00", "MOZ2  2020-05-29  9  Mueda  nobody knows what", header=HEADER)
    it.turn("2020-06-02 17:00")


def other_rules(it: Installation) -> None:
    it.write_rules(PACE.replace("ratio > 1]", "ratio > 9]").replace("Mozambique", "Mali").replace("drone", "rifle"))
    it.turn("2020-06-13 13:00")


def other_statements(it: Installation) -> None:
    it.write_rules(PACE.replace("fatalities: 12", "fatalities: 120").replace("from: 2020-05-20", "from: 2020-05-21"))
    it.turn("2020-06-10 13:00")


def no_rules_of_them(it: Installation) -> None:
    it.write_rules(RULES)
    it.turn("2020-06-14 13:00")


def asserted(it: Installation) -> None:
    fact = Fact.model_validate({"state": "truce", "key": ["Gourma"], "value": "broken", "since": "2020-05-25"})
    with it.app.store.writing() as tx:
        assert_fact(tx, fact.model_copy(update={"known": fact.since}), now=it.now)
    it.turn("2020-06-11 13:00")
    with it.app.store.writing() as tx:
        withdraw_fact(tx, fact.identity, now=it.now)
    it.turn("2020-06-12 13:00")


#: One after the other, in the same store: whatever comes, what was written before stays what it was.
LATER = {
    "a note is written over": noted_otherwise,
    "records are revised": revised,
    "records come in late with an old stamp": old_records,
    "a deletion comes in late with an old stamp": deleted_before,
    "records are deleted": deleted,
    "a fact and a stated number are edited": other_statements,
    "a fact is asserted and withdrawn": asserted,
    "the rules are edited": other_rules,
    "the rules are taken out": no_rules_of_them,
}


def test_whatever_is_recorded_later_changes_nothing(it):
    before = agreed(it)
    for what, happens in LATER.items():
        happens(it)
        found = agreed(it)
        assert found >= before, what
        before = found


def test_another_query_offset_changes_nothing_that_was_judged(tmp_path):
    with installed(tmp_path, rules=PACE) as it:
        begin(it)
        before = agreed(it)
        (it.folder / "watcher.yaml").write_text(SETTINGS.replace("0d", "20d"))
        it.restart()
        it.turn("2020-06-03 13:00")
        assert agreed(it) >= before


@pytest.mark.parametrize(
    ("edit", "where"),
    [
        pytest.param("update event set fatalities = 8 where external_id = 'MOZ2'", "values.observed", id="a record"),
        pytest.param(
            "update transition set body = replace(body, '\"observed\": 18', '\"observed\": 19')",
            "values.observed",
            id="a stored value",
        ),
        pytest.param("update fact set body = replace(body, 'agreed', 'broken')", "values.to", id="a fact"),
        pytest.param("update transition set severity = 'info'", "severity", id="a severity"),
    ],
)
def test_what_other_hands_change_is_found(edit, where, tmp_path):
    it = Installation(tmp_path, install(tmp_path, rules=PACE))
    begin(it)
    corrupt(it, edit)
    found = [difference for each in it.replayed() for difference in each.differences]
    assert where in {each.where for each in found}
    assert json.dumps([each._asdict() for each in found])
    it.app.close()
