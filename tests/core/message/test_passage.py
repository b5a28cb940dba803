from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.core.notices import (
    CHART,
    CLAIM,
    DESK,
    DIFFERENCE,
    ENDED,
    EVIDENCE,
    HEADLINE,
    LATER,
    MORNING,
    RECORDS,
    STATED,
    WITHDRAWN,
    WORSE,
    item,
    later,
    notice,
    transition,
)
from watcher.core.alert import Reason, State
from watcher.core.message import Desk, Item, NotifyReason
from watcher.core.message.entry import Link
from watcher.core.message.passage import headline, lead, mark, passage
from watcher.core.reading import Kind, Output
from watcher.core.severity import Severity

NO_DATA = item(transition(values={}, evidence={"because": ["no record covers the days"]}))
OVER = ENDED.transition


def said(told: Item, label: str, *, desk: Desk = DESK, **changes) -> list[str]:
    """The lines of one section."""
    sections = passage(told, notice(told, **changes), desk).sections
    return [entry.text for section in sections if section.label == label for entry in section.entries]


@pytest.mark.parametrize(
    ("told", "word"),
    [(HEADLINE, "WARNING"), (WORSE, "CRITICAL"), (ENDED, "ENDED"), (WITHDRAWN, "WITHDRAWN")],
)
def test_one_word_marks_how_it_stands(told: Item, word: str):
    assert mark(told) == word


@pytest.mark.parametrize(
    ("told", "line"),
    [
        pytest.param(
            item(transition(group=(("admin2", "Macomia"),), evidence={}, values={"value": 3})),
            "Mozambique fatality rate exceeds 2019 pace (Macomia)",
            id="without a headline the rule's name and the group",
        ),
        pytest.param(NO_DATA, "Mozambique fatality rate exceeds 2019 pace (no data)", id="missing data is named"),
        pytest.param(
            replace(CLAIM, transition=replace(CLAIM.transition, evidence={"headline": "Clashing, al-Naba claims"})),
            "Clashing, al-Naba claims",
            id="a claim that the headline tells is not told twice",
        ),
        pytest.param(
            replace(CLAIM, transition=replace(CLAIM.transition, values={"claimed_by": "ISGS", "verified": "partly"})),
            "ISGS-JNIM rivalry: strained → clashing from 17 Apr 2020 (claimed by ISGS, partly verified)",
            id="a partly verified claim",
        ),
        pytest.param(
            replace(CLAIM, transition=replace(CLAIM.transition, values={"claimed_by": "ISGS", "verified": "true"})),
            "ISGS-JNIM rivalry: strained → clashing from 17 Apr 2020 (claimed by ISGS, confirmed by others)",
            id="a confirmed claim is still one",
        ),
        pytest.param(
            later(replace(OVER, reason=Reason.PERIOD_ENDED)),
            "Mozambique fatality rate exceeds 2019 pace: period ended",
            id="the period ended",
        ),
        pytest.param(
            later(replace(OVER, reason=Reason.RULE_REMOVED, values={})),
            "Mozambique fatality rate exceeds 2019 pace: the rule is no longer in force",
            id="the rule was removed",
        ),
        pytest.param(
            later(replace(OVER, values={})),
            "Mozambique fatality rate exceeds 2019 pace: no data, which is no all-clear",
            id="the data ceased",
        ),
        pytest.param(
            item(OVER),
            "Mozambique fatality rate exceeds 2019 pace: the condition ceased",
            id="no numbers to compare with",
        ),
    ],
)
def test_the_headline_says_what_and_how_sure(told: Item, line: str):
    assert headline(told) == line


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        pytest.param(
            item(transition(severity=Severity.INFO, values={"value": 3})),
            (EVIDENCE["sentence"], "For information: nothing has to be done now."),
            id="information",
        ),
        pytest.param(
            item(transition(values={**STATED, "days": 20})),
            (EVIDENCE["sentence"], "Not urgent: look at it in working hours."),
            id="three weeks are no trend",
        ),
        pytest.param(
            item(transition(values={**STATED, "largest_event_share": 0.27})),
            (EVIDENCE["sentence"], "Not urgent: a six-month trend, but one event is 27 % of it."),
            id="a large event is not hidden behind a trend",
        ),
        pytest.param(
            item(transition(after=State.RECOVERING)),
            (
                EVIDENCE["sentence"],
                "Easing: the condition has ceased, and the alert is kept open in case it holds again.",
            ),
            id="easing",
        ),
        pytest.param(
            NO_DATA, ("No data: no record covers the days.", "Not urgent: look at it in working hours."), id="no data"
        ),
        pytest.param(
            replace(NO_DATA, transition=replace(NO_DATA.transition, evidence={})),
            ("No data: there is nothing to judge this rule by.", "Not urgent: look at it in working hours."),
            id="no data and no reason",
        ),
        pytest.param(
            replace(HEADLINE, description="the rule's own words"),
            ("The rule's own words.", "Not urgent: a six-month trend, not a new attack."),
            id="the rule's own description",
        ),
        pytest.param(
            replace(CLAIM, description="ISGS claims a victory"),
            ("ISGS claims a victory.", "Urgent: look at it now."),
            id="a claim that is told as one already",
        ),
        pytest.param(
            item(transition(reason=Reason.OCCURRED, values={}, evidence={"headline": "AQIM: head killed"})),
            ("AQIM: head killed.", "Not urgent: look at it in working hours."),
            id="an occurrence without a sentence",
        ),
        pytest.param(
            later(replace(OVER, reason=Reason.PERIOD_ENDED)),
            (
                "Ended: Mozambique fatality rate exceeds 2019 pace.",
                "The period ended and the count starts again: this is no all-clear.",
            ),
            id="the period ended",
        ),
        pytest.param(
            later(replace(OVER, reason=Reason.RULE_REMOVED)),
            (
                "Ended: Mozambique fatality rate exceeds 2019 pace.",
                "The rule is no longer in force: this is no all-clear.",
            ),
            id="the rule was removed",
        ),
        pytest.param(
            later(replace(OVER, values={})),
            (
                "Ended: Mozambique fatality rate exceeds 2019 pace.",
                "There is no data to judge it by any more: this is no all-clear.",
            ),
            id="the data ceased",
        ),
        pytest.param(
            item(OVER),
            ("Ended: Mozambique fatality rate exceeds 2019 pace.", "The condition no longer holds."),
            id="no numbers to compare with",
        ),
        pytest.param(
            item(replace(OVER, after=State.EXPIRED, reason=Reason.RAN_OUT)),
            ("Ended: Mozambique fatality rate exceeds 2019 pace.", "Its time ran out."),
            id="its time ran out",
        ),
        pytest.param(
            item(replace(WITHDRAWN.transition, evidence={}, values={})),
            (
                "Withdrawn: as known now, this alert would not have fired.",
                "The records or facts behind it were revised or withdrawn.",
            ),
            id="taken back without a difference",
        ),
    ],
)
def test_the_first_lines_do_for_a_tired_person(told: Item, lines: tuple[str, ...]):
    assert lead(told) == lines


@pytest.mark.parametrize(
    ("told", "changes", "line"),
    [
        pytest.param(
            HEADLINE,
            {"reason": NotifyReason.STATE_AT_START},
            "It already held when watching began; nobody was told before. Firing since 7 Jul 2020, 08:00 Africa/Maputo.",
            id="at the start",
        ),
        pytest.param(
            HEADLINE,
            {"reason": NotifyReason.REPEAT},
            "A reminder: it was told before, and goes on. Firing since 7 Jul 2020, 08:00 Africa/Maputo.",
            id="a reminder",
        ),
        pytest.param(
            replace(later(HEADLINE.transition), before={}),
            {},
            "Told before. The numbers are the same. Firing since 7 Jul 2020, 08:00 Africa/Maputo.",
            id="told at an unknown moment, nothing changed",
        ),
        pytest.param(
            item(OVER, ends_at=MORNING + timedelta(hours=30)),
            {},
            "It lasted 30 hours, from 7 Jul 2020, 08:00 Africa/Maputo to 8 Jul 2020, 14:00 Africa/Maputo.",
            id="ended before anybody was told",
        ),
    ],
)
def test_changed_says_what_is_new_since_the_last_message(told: Item, changes: dict[str, Any], line: str):
    assert said(told, "CHANGED", **changes) == [line]


@pytest.mark.parametrize(
    ("difference", "line"),
    [
        pytest.param(DIFFERENCE, "Records: 1 deleted (MOZ5), 0 revised, 0 new.", id="by id"),
        pytest.param(
            {"deleted": [{"id": "A"}], "revised": [str(i) for i in range(7)], "new": 2},
            "Records: 1 deleted (A), 7 revised (0, 1, 2, 3, 4, ...), 2 new.",
            id="as records, as many, as a number",
        ),
    ],
)
def test_a_withdrawal_names_the_records(difference: dict[str, object], line: str):
    told = item(replace(WITHDRAWN.transition, evidence={"difference": difference}))
    assert said(told, "CHANGED")[1:] == [line]


def test_a_ratio_that_the_difference_names_is_not_named_twice():
    told = item(replace(WITHDRAWN.transition, evidence={"difference": {"text": "deaths 447 → 320, ratio 0.94"}}))
    assert lead(told)[1] == "Deaths 447 → 320, ratio 0.94."


@pytest.mark.parametrize(
    ("told", "changes", "line"),
    [
        pytest.param(
            HEADLINE,
            {"repeats": None},
            "You hear again only if it gets worse, is withdrawn, or ends (ratio under 0.95).",
            id="no reminders",
        ),
        pytest.param(
            replace(WORSE, ends_when=""),
            {"repeats": timedelta(hours=4)},
            "You hear again only if it is withdrawn, or ends; reminder every 4 hours.",
            id="the worst already",
        ),
        pytest.param(
            CLAIM,
            {"repeats": timedelta(seconds=5)},
            "You hear again only if it changes again or is withdrawn. Nobody is told of its end.",
            id="an occurrence",
        ),
        pytest.param(
            NO_DATA,
            {},
            "You hear again only if it gets worse, is withdrawn, or data arrive again; reminder weekly.",
            id="missing data",
        ),
        pytest.param(ENDED, {}, "You hear again only if it fires again.", id="ended"),
    ],
)
def test_next_says_when_the_reader_hears_again(told: Item, changes: dict[str, Any], line: str):
    assert said(told, "NEXT", **changes) == [line]


_OURS = ("Acknowledge: watcher ack 0123456789abcdef", "Why: watcher explain 0123456789abcdef")


@pytest.mark.parametrize(
    ("own", "desk", "lines"),
    [
        pytest.param({}, Desk(), [*_OURS], id="nobody to call"),
        pytest.param(
            {"contact": "Ana", "runbook": "page 3 of the binder"},
            DESK,
            ["Contact: Ana", "Runbook: page 3 of the binder", *_OURS],
            id="the rule's own before the desk's",
        ),
    ],
)
def test_do_names_only_what_there_is(own: dict[str, Any], desk: Desk, lines: list[str]):
    assert said(item(**own), "DO", desk=desk) == lines


def test_a_runbook_on_the_web_is_a_link():
    sections = passage(HEADLINE, notice(HEADLINE), DESK).sections
    todo = next(section for section in sections if section.label == "DO")
    assert Link("Runbook", "https://example.org/runbook") in todo.entries[1].links


@pytest.mark.parametrize(
    ("records", "first"),
    [
        pytest.param(RECORDS[:1], "The only one shown:", id="one"),
        pytest.param(RECORDS[:3], "The latest:", id="a few"),
        pytest.param(RECORDS, "The 5 latest of 6:", id="more than are shown"),
    ],
)
def test_records_say_how_many_are_shown(records: list[dict[str, object]], first: str):
    told = item(transition(evidence={"records": records}))
    assert said(told, "RECORDS")[0] == first
    assert len(said(told, "RECORDS")) == 1 + min(5, len(records))


def test_a_bare_record_says_what_is_not_stated():
    told = item(transition(evidence={"records": [{"id": "MOZ1", "date": "2020-07-01", "url": "javascript:alert(1)"}]}))
    sections = passage(told, notice(told), DESK).sections
    record = next(section for section in sections if section.label == "RECORDS").entries[1]
    assert record.text == "MOZ1, 1 Jul 2020, place not stated: deaths not stated. [publisher not stated]"
    assert record.links == ()


def test_of_a_report_the_title_is_quoted_where_deaths_would_stand():
    row = {"id": "r1", "date": "2020-07-01", "place": "Mali", "title": "Clashes\nnear *Gao*", "publishers": "OCHA"}
    told = item(transition(evidence={"records": [row]}))
    assert said(told, "RECORDS")[1] == "r1, 1 Jul 2020, Mali: “Clashes near *Gao*” [OCHA]"


@pytest.mark.parametrize(
    ("chart", "lines"),
    [
        pytest.param(CHART[:27], [], id="under four weeks"),
        pytest.param(None, [], id="none"),
        pytest.param(
            [["2020-01-01"], "x", *CHART], ["By week, to the last day: "], id="with what is no point left out"
        ),
    ],
)
def test_the_weekly_line_needs_four_weeks(chart: object, lines: list[str]):
    told = item(transition(evidence={"chart": chart}))
    assert [line[:26] for line in said(told, "WHAT")] == lines


@pytest.mark.parametrize(
    ("output", "before", "after", "line"),
    [
        pytest.param(None, 1200, 1300, "1\N{NO-BREAK SPACE}200 → 1\N{NO-BREAK SPACE}300", id="counts"),
        pytest.param(None, 0.5, 0.75, "0.5 → 0.75", id="other numbers"),
        pytest.param(None, "weak", "strong", "weak → strong", id="words"),
        pytest.param(Output("value", Kind.SHARE, ""), 0.314, 0.5, "31 % → 50 %", id="in the output's unit"),
        pytest.param(Output("value", Kind.DATE, ""), "2020-07-06", "2020-07-07", "6 Jul 2020 → 7 Jul 2020", id="days"),
        pytest.param(Output("value", Kind.TEXT, ""), ["a"], "b", "['a'] → b", id="what is no value"),
    ],
)
def test_changes_are_told_in_their_unit(output: Output | None, before: object, after: object, line: str):
    told = item(
        transition(values={"value": after}),
        before={"tick": LATER.isoformat()},
        previous_values={"value": before},
        outputs={"value": output} if output else {},
    )
    assert f"Since then: value {line}." in said(told, "CHANGED")[0]
