from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.core.notices import (
    CLAIM,
    DESK,
    ENDED,
    HEADLINE,
    WITH_RECORDS,
    WITHDRAWN,
    WORSE,
    any_notice,
    item,
    notice,
    transition,
)
from watcher.core.message import Desk, Notification, NotifyReason
from watcher.core.message.wording import DETAILED, LISTED, SUBJECT_LENGTH, WIDTH, letter, subject, text

GOLDEN = Path(__file__).parent / "golden"
START = NotifyReason.STATE_AT_START


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("headline", notice(HEADLINE), id="the article's headline alert"),
        pytest.param("records", notice(WITH_RECORDS), id="the same with the records behind it"),
        pytest.param("worse", notice(WORSE, reason=NotifyReason.WORSE), id="it gets worse"),
        pytest.param("ended", notice(ENDED, reason=NotifyReason.ALL_RESOLVED), id="it ends"),
        pytest.param("withdrawn", notice(WITHDRAWN, reason=NotifyReason.RETRACTED), id="its records are taken back"),
        pytest.param("claim", notice(CLAIM), id="a change that somebody claims"),
        pytest.param("several", notice(ENDED, HEADLINE, CLAIM, reason=NotifyReason.NEW_ALERTS), id="several at once"),
        pytest.param("start", notice(HEADLINE, CLAIM, reason=START), id="what already held when watching began"),
        pytest.param("drill", notice(reason=NotifyReason.DRILL), id="a test message"),
    ],
)
def test_the_message_reads_as_its_golden_copy(name: str, told: Notification):
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert f"Subject: {subject(told, DESK)}\n\n{text(told, DESK)}" == golden


@pytest.mark.parametrize(
    ("told", "line"),
    [
        pytest.param(
            notice(HEADLINE, reason=NotifyReason.REPEAT),
            "[WARNING] (reminder) Mozambique deaths 31 % above 2019 pace: 447 to 6 Jul (weak evidence)",
            id="a reminder says so",
        ),
        pytest.param(
            notice(ENDED, WITHDRAWN),
            "[ENDED] 2 alerts: Mozambique fatality rate exceeds 2019 pace: observed 447 → 320, ratio 1.315 → 0.941, and 1 more",
            id="several that are over",
        ),
        pytest.param(
            notice(HEADLINE, reason=NotifyReason.DRILL),
            "[DRILL] WARNING Mozambique deaths 31 % above 2019 pace: 447 to 6 Jul (weak evidence)",
            id="a test with an example",
        ),
        pytest.param(
            notice(HEADLINE, reason=START), "[STATE AT START] 1 alert already holds (1 warning)", id="one held"
        ),
        pytest.param(notice(), "[INFO] nothing to tell from desk-1", id="nothing at all"),
        pytest.param(
            notice(replace(HEADLINE, summary="447 deaths, evidence weak")),
            "[WARNING] 447 deaths, evidence weak",
            id="the rule's own summary, with the evidence named once",
        ),
        pytest.param(
            notice(replace(HEADLINE, before={"severity": "critical"})),
            "[WARNING] Mozambique deaths 31 % above 2019 pace: 447 to 6 Jul (weak evidence)",
            id="a milder severity is not announced",
        ),
    ],
)
def test_the_subject_says_how_bad_what_and_how_sure(told: Notification, line: str):
    assert subject(told, DESK) == line


def test_the_page_for_duty_officers_shows_the_message_as_it_is():
    page = (Path(__file__).parents[3] / "docs/explanation/reading-an-alert.md").read_text(encoding="utf-8")
    assert (GOLDEN / "headline.txt").read_text(encoding="utf-8").rstrip() in page
    said = letter(notice(WITH_RECORDS), DESK)
    labels = {section.label for each in said.passages for section in each.sections}
    assert [label for label in sorted(labels) if f"**{label}**" not in page] == []


def test_a_long_subject_keeps_the_count_of_the_rest():
    told = notice(replace(HEADLINE, summary="word " * 99), CLAIM, ENDED, reason=NotifyReason.NEW_ALERTS)
    told = replace(told, items=tuple(replace(each, summary="word " * 99) for each in told.items))
    line = subject(told, DESK)
    assert len(line) <= SUBJECT_LENGTH
    assert line.endswith("…, and 2 more")


def _many(total: int, reason: NotifyReason = NotifyReason.FIRST) -> Notification:
    return notice(*(item(transition(fingerprint=f"{i:016x}")) for i in range(total)), reason=reason)


@pytest.mark.parametrize(
    ("told", "listed", "in_full", "more"),
    [
        pytest.param(_many(DETAILED), DETAILED, DETAILED, "", id="few enough to be told in full"),
        pytest.param(
            _many(DETAILED + 3),
            DETAILED + 3,
            DETAILED,
            "In full: the first 20 of 23. The others: watcher explain and the fingerprint, which watcher alerts lists.",
            id="too many to be told in full",
        ),
        pytest.param(
            _many(LISTED + 7),
            LISTED,
            DETAILED,
            "Listed: the first 100 of 107. In full: the first 20. The others: watcher explain and the fingerprint, which "
            "watcher alerts lists.",
            id="too many to be listed",
        ),
        pytest.param(
            _many(LISTED + 1, START),
            LISTED,
            0,
            "Listed: the first 100 of 101. The others: watcher explain and the fingerprint, which watcher alerts lists.",
            id="too many at the start",
        ),
        pytest.param(_many(LISTED, START), LISTED, 0, "", id="at the start all are only listed"),
    ],
)
def test_what_is_left_out_is_counted(told: Notification, listed: int, in_full: int, more: str):
    said = letter(told, DESK)
    assert (len(said.overview), len(said.passages), said.more) == (listed, in_full, more)
    assert not more or more.split(maxsplit=1)[0] in text(told, DESK)


def test_a_message_is_worst_first_and_what_is_over_comes_last():
    said = letter(notice(ENDED, HEADLINE, CLAIM), DESK)
    assert [each.mark for each in said.passages] == ["CRITICAL", "WARNING", "ENDED"]


def test_a_message_without_an_id_names_none():
    assert letter(replace(notice(HEADLINE), id=""), DESK).closing == ("desk-1, 7 Jul 2020, 08:00 Africa/Maputo",)


def test_a_number_and_its_percent_sign_stay_on_one_line():
    told = notice(replace(HEADLINE, description=f"{'x' * (WIDTH - 4)} 31 % of it"))
    assert "\n31 % of it.\n" in text(told, DESK)


def test_a_long_word_is_not_cut():
    word = "https://example.org/" + "a" * 200
    assert f"         {word}\n" in text(notice(replace(HEADLINE, contact=word)), DESK)


def test_the_words_do_not_depend_on_the_moment_of_rendering():
    told = notice(WITH_RECORDS, CLAIM, repeats=timedelta(days=1))
    assert text(told, DESK) == text(told, DESK)


@settings(max_examples=60, deadline=None)
@given(any_notice())
def test_no_input_breaks_the_layout(told: tuple[Notification, Desk]):
    line, body = subject(*told), text(*told)
    assert line
    assert len(line) <= SUBJECT_LENGTH
    assert not any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in line)
    assert not any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in body.replace("\n", ""))
    long = [each for each in body.split("\n") if len(each) > WIDTH]
    assert not [each for each in long if max(map(len, each.strip().split(" "))) < WIDTH - 30]
    assert body.endswith("\n")
    assert "\n\n\n" not in body
