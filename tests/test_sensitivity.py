"""Sensitivity: a told sum of deaths is held against the low and the high count, and against another dataset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.installation import RULES, SETTINGS, Installation, at, installed
from tests.sources.samples import clashes
from watcher.cli.argument import body
from watcher.core.rule import Finding
from watcher.core.sensitivity import Outcome, Rereading
from watcher.feeds import query_offsets
from watcher.inquiry import Inquiry, inquire

TWO_SOURCES = SETTINGS + "  ucdp: {kind: ucdp, paths: [ged], query_offset: 0d, lag: 36h}\n"
PLAIN = RULES.replace(", by: [location]", "")
OF_ACLED = PLAIN.replace("where:", "source: acled, where:")
OF_UCDP = PLAIN.replace("where:", "source: ucdp, where:")
ACLED = ["MOZ1  2020-05-20  9  Palma", "MOZ2  2020-05-31  3  Mueda"]
NAMES = ("low", "best", "high")


def ged(day: str, low: int, best: int, high: int, *, number: int = 1, location: str = "Palma") -> dict[str, str]:
    """One row of a release of UCDP, from Mozambique."""
    place = {"country": "Mozambique", "country_id": "541", "latitude": "-12", "longitude": "40"}
    days = {"id": str(900_000 + number), "date_start": day, "date_end": day, "year": day[:4]}
    return {**place, **days, "where_coordinates": location, "low": str(low), "best": str(best), "high": str(high)}


@contextmanager
def told(
    folder, *rows: dict[str, str], acled: list[str] | None = None, rules: str = OF_ACLED, at_start: bool = False
) -> Iterator[Installation]:
    """What is told after a release of both sources; after a turn at which nothing holds, or at the start."""
    (folder / "ged").mkdir()
    with installed(folder, rules=rules, settings=TWO_SOURCES) as it:
        if not at_start:
            it.release("2020-04-02 12:00", "MOZ90  2020-04-01  0  Palma")
            it.turn("2020-04-02 13:00")
        it.now = at("2020-06-01 12:00")
        (folder / "ged" / "ged.csv").write_bytes(clashes(*rows))
        it.release("2020-06-01 12:00", *(ACLED if acled is None else acled))
        it.turn("2020-06-01 13:00")
        yield it


def sensitivity(it: Installation) -> dict[str, Any]:
    return dict(it.transitions()[-1].evidence).get("sensitivity") or {}  # type: ignore[return-value]


def inquiry(it: Installation) -> Inquiry:
    with it.app.store.reading() as tx:
        [rule] = it.app.rules.rules
        return inquire(tx, it.app.rules, rule, offsets=query_offsets(it.settings), moment=it.now)


@pytest.mark.parametrize(
    ("rules", "rows", "said"),
    [
        pytest.param(
            OF_ACLED,
            [ged("2020-05-31", 9, 12, 15)],
            "Holds with ucdp (12) and the high estimate of ucdp (15), not with the low estimate of ucdp (9).",
            id="the other dataset has three numbers, and its low one is too low",
        ),
        pytest.param(
            OF_ACLED,
            [ged("2020-05-31", 1, 2, 3)],
            "Does not hold with ucdp (2), the low estimate of ucdp (1) and the high estimate of ucdp (3).",
            id="the other dataset knows of far fewer deaths",
        ),
        pytest.param(
            OF_ACLED,
            [ged("2020-05-30", 9, 12, 15)],
            "Not compared with ucdp: its records end before 31 May 2020.",
            id="the other dataset ends before the day that is spoken of",
        ),
        pytest.param(
            OF_UCDP,
            [ged("2020-05-31", 9, 12, 15)],
            "Holds with the high estimate (15) and acled (12), not with the low estimate (9).",
            id="the counted dataset has three numbers itself, and the other has one",
        ),
        pytest.param(
            PLAIN,
            [ged("2020-05-31", 2, 3, 4)],
            "Holds with acled (12), not with ucdp (3), the low estimate of ucdp (2) and the high estimate of ucdp (4).",
            id="both are counted together, and one alone does not carry it",
        ),
        pytest.param(
            OF_ACLED.replace("fatalities", "fatalities_high").replace("acled", "ucdp"),
            [ged("2020-05-31", 9, 10, 15)],
            "Holds with the best estimate (10) and acled (12), not with the low estimate (9).",
            id="the high estimate is what the rule counts",
        ),
    ],
)
def test_the_verdict_is_held_against_other_counts(tmp_path, rules, rows, said):
    with told(tmp_path, *rows, rules=rules) as it:
        assert sensitivity(it)["text"] == said


def test_it_is_told_in_the_message_and_in_the_document(tmp_path):
    with told(tmp_path, ged("2020-05-31", 9, 12, 15)) as it:
        [message] = it.told()
        [details] = message["watcher"]["alerts"].values()
        assert details["sensitivity"] == sensitivity(it)
        assert "sensitivity" not in details["evidence"]
        [low] = [each for each in details["sensitivity"]["variants"] if each["measure"] == "fatalities_low"]
        assert low == {
            "name": "the low estimate of ucdp",
            "measure": "fatalities_low",
            "source": "ucdp",
            "holds": False,
            "value": 9,
            "reason": "",
        }
        sure = " ".join(message["watcher"]["text"].split()).split("SURE? ")[1]
        assert "not with the low estimate of ucdp (9)." in sure.split(" UNKNOWN")[0].split(" CHANGED")[0]


def test_an_explanation_says_it_too_and_also_of_what_does_not_hold(tmp_path):
    with told(tmp_path, ged("2020-05-31", 8, 12, 15), acled=["MOZ1  2020-05-31  9  Palma"]) as it:
        found = inquiry(it)
        [answer] = found.answers
        said = " ".join(" ".join(body(found, answer, it.app.rules.catalogue)).split())
        assert "Would hold with ucdp (12) and the high estimate of ucdp (15), not with the low" in said
        assert it.transitions() == []


def test_a_reminder_says_it_by_what_is_known_then(tmp_path):
    with told(tmp_path, ged("2020-05-31", 10, 12, 15)) as it:
        it.told()
        assert "not with" not in sensitivity(it)["text"]
        (it.folder / "ged" / "ged2.csv").write_bytes(clashes(ged("2020-05-31", 4, 12, 15)))
        it.release("2021-06-01 12:00", "MOZ3  2020-06-01  0  Palma")
        it.turn("2021-06-01 13:00")
        details = [each for message in it.told() for each in message["watcher"]["alerts"].values()]
        assert [each["sensitivity"].get("text", "") for each in details] == [
            "Not compared with ucdp: its records end before 1 Jun 2020."
        ]


@pytest.mark.parametrize(
    ("rules", "rows"),
    [
        pytest.param(
            OF_ACLED.replace("sum: fatalities", "count: events").replace(">= 10", ">= 1"),
            [ged("2020-05-31", 9, 12, 15)],
            id="events are counted, not deaths",
        ),
        pytest.param(
            OF_ACLED, [{**ged("2020-05-31", 9, 12, 15), "country": "Mali", "country_id": "432"}], id="elsewhere"
        ),
    ],
)
def test_where_there_is_nothing_to_compare_nothing_is_said(tmp_path, rules, rows):
    with told(tmp_path, *rows, rules=rules) as it:
        assert it.transitions()
        assert sensitivity(it) == {}


OF_TYPES = OF_ACLED.replace("where: {", "where: {event_type: [Battles, Riots], ")


def test_a_dataset_with_other_event_types_is_said_not_to_be_comparable(tmp_path):
    assert "Battles" in OF_TYPES
    with told(tmp_path, ged("2020-05-31", 9, 12, 15), rules=OF_TYPES) as it:
        assert sensitivity(it)["text"] == (
            "Not compared with ucdp: its records of these places and groups carry other event types (Non-state conflict) "
            "than the selector asks for, so that none of them is counted."
        )
        [message] = it.told()
        assert "carry other event types" in " ".join(message["watcher"]["text"].split())


def test_event_types_are_no_reason_where_the_other_dataset_knows_nothing_of_the_place(tmp_path):
    with told(tmp_path, {**ged("2020-05-31", 9, 12, 15), "country": "Mali", "country_id": "432"}, rules=OF_TYPES) as it:
        assert it.transitions()
        assert sensitivity(it) == {}


def test_a_group_that_the_other_dataset_does_not_know_is_not_compared(tmp_path):
    rules = RULES.replace("where:", "source: acled, where:").replace(">= 10", ">= 9")
    with told(tmp_path, ged("2020-05-31", 9, 12, 15, location="Pemba"), rules=rules) as it:
        assert sensitivity(it)["text"] == (
            "Not compared with ucdp: it has no record of this group, or too few to judge by."
        )


@pytest.mark.parametrize(
    ("detector", "condition"),
    [
        ("pace: {indicator: deaths, above: 2019}", "ratio > 1"),
        ("surge: {indicator: deaths}", "observed >= 10"),
        ("record: {indicator: deaths, window: 7d, lookback: 60d}", "observed >= 10"),
        ("aberration: {indicator: deaths, method: predictive, every: day, min_count: 1}", "observed >= 10"),
    ],
)
def test_every_detector_of_a_sum_is_read_again(tmp_path, detector, condition):
    rules = OF_ACLED.replace("threshold: {indicator: deaths, window: 30d}", detector)
    rules = rules.replace("condition: [value >= 10]", f"condition: [{condition}]")
    acled = ["MOZ1  2018-12-20  1  Palma", "MOZ2  2019-06-01  1  Palma", "MOZ3  2020-05-31  40  Palma"]
    rows = [
        ged("2018-12-20", 1, 1, 1),
        ged("2019-06-01", 1, 1, 1, number=2),
        ged("2020-05-31", 0, 12, 15, number=3),
    ]
    with told(tmp_path, *rows, acled=acled, rules=rules) as it:
        assert sensitivity(it)["text"] == (
            "Holds with ucdp (12) and the high estimate of ucdp (15), not with the low estimate of ucdp (0)."
        )


def test_what_is_not_told_is_not_read_again(tmp_path, monkeypatch):
    read: list[object] = []

    def outcomes(_again: Rereading, finding: Finding) -> list[Outcome]:
        read.append(finding)
        return []

    monkeypatch.setattr(Rereading, "outcomes", outcomes)
    with told(tmp_path, ged("2020-05-31", 9, 12, 15), rules=OF_ACLED + "    for: 2d\n") as it:
        assert [each.after.value for each in it.transitions()] == ["pending"]
        assert read == []
        it.turn("2020-06-04")
        assert len(read) == 1


STATED = """\
citations:
  - {citation: brief, title: A brief, published: 2020-01, reliability: B, credibility: 2}
baselines:
  - {baseline: in_2019, period: 2019, fatalities: 20, indicators: [deaths], cite: brief}
  - {baseline: to_may, period: {from: 2020-01-01, to: 2020-05-31}, fatalities: 41, indicators: [deaths], cite: brief}
"""


@pytest.mark.parametrize(
    ("first", "said"),
    [
        pytest.param(
            "2020-01-02",
            "Holds with ucdp (12), the low estimate of ucdp (10) and the high estimate of ucdp (15).",
            id="the other dataset covers the period, and 2019 is a stated number for both",
        ),
        pytest.param(
            "2020-05-01",
            "Not compared with ucdp: the rule would look at other days, or at a stated number.",
            id="the other dataset begins later, and a stated number would stand in for it",
        ),
    ],
)
def test_a_stated_number_is_not_taken_for_another_dataset(tmp_path, first, said):
    rules = OF_ACLED.replace("threshold: {indicator: deaths, window: 30d}", "pace: {indicator: deaths, above: 2019}")
    rules = rules.replace("condition: [value >= 10]", "condition: [ratio > 1]") + STATED
    rows = [ged(first, 1, 1, 1), ged("2020-05-31", 9, 11, 14, number=2)]
    acled = ["MOZ1  2020-01-02  1  Palma", "MOZ2  2020-05-31  40  Palma"]
    with told(tmp_path, *rows, acled=acled, rules=rules, at_start=True) as it:
        assert sensitivity(it)["text"] == said
