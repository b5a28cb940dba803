"""How many messages a backtest finds: those that turns would have written, through the routes and terms as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.installation import SETTINGS, Installation, at, installed
from tests.test_replay import DAYS, FIRST, RELEASES, RULES, lived
from watcher.app import evaluate, ingest
from watcher.backtest.post import Mail, bring, deliver, wordless_board
from watcher.core.alert import Alert, Reason, State, Step
from watcher.core.period import DAY, day_start
from watcher.core.severity import Severity
from watcher.feeds import query_offsets
from watcher.replay import Player
from watcher.replayed import PastStep
from watcher.store.told import written

__all__ = ["lived"]

RECEIVERS = """
receivers:
  - name: desk
    file_configs: [{path: desk.jsonl}, {path: more.jsonl, send_resolved: false}]
  - name: duty
    file_configs: [{path: duty.jsonl}]
  - name: nobody
time_intervals:
  - name: mornings
    time_intervals: [{times: [{start_time: '07:00', end_time: '12:00'}]}]
"""
RULE = "many-deaths-in-a-place"
WEEKLY = "route: {receiver: desk, group_by: [alertname], repeat_interval: 7d}"
EACH_ALONE = "route: {receiver: desk, group_by: ['...'], repeat_interval: 52w}"
BY_SEVERITY = """\
route:
  receiver: desk
  repeat_interval: 7d
  routes: [{receiver: duty, matchers: ['severity="critical"'], continue: true}, {receiver: desk}]
"""
MORNINGS = """\
route:
  receiver: desk
  repeat_interval: 52w
  routes: [{receiver: desk, active_time_intervals: [mornings]}]
"""
TWO_SPANS = """\
route:
  receiver: desk
  group_by: ['...']
  repeat_interval: {}
  routes:
    - {{receiver: duty, matchers: ['location="a"'], repeat_interval: {}, continue: true}}
    - {{receiver: desk}}
"""
INHIBITED = """\
route: {receiver: desk, group_by: ['...'], repeat_interval: 52w}
inhibit_rules:
  - {source_matchers: ['location="a"'], target_matchers: ['location="b"']}
"""
DIGEST = "receivers: {desk: {digest: {at: '07:00'}}}"


def step(moment: str, place: str = "a", *, ends: bool = False, severity: str = "warning", seq: int = 1) -> PastStep:
    """An alert of a place begins, gets worse or ends."""
    tick = at(f"2020-01-{moment}")
    alert = Alert(
        f"f-{place}",
        RULE,
        (("location", place),),
        state=State.RESOLVED if ends else State.FIRING,
        severity=Severity(severity),
        episode=1,
        seq=3 if ends else seq,
        fired_at=tick,
        ended_at=tick if ends else None,
        told=True,
    )
    before = State.FIRING if ends or seq > 1 else State.INACTIVE
    reason = Reason.CEASED if ends else Reason.WORSE if seq > 1 else Reason.HOLDS
    return PastStep(tick, Step(alert, before, reason, notify=True))


def told(folder: Path, routes: str, *steps: PastStep, terms: str = "", end: str = "2020-01-31") -> dict[str, Mail]:
    with installed(folder, routes=f"{routes}{RECEIVERS}", settings=SETTINGS + terms) as it:
        found = deliver(it.app.rules, {RULE: steps}, wordless_board(it.settings), at(end))
    return {each.receiver: each for each in found}


@pytest.mark.parametrize(
    ("routes", "terms", "steps", "expected"),
    [
        pytest.param(WEEKLY, "", [], {}, id="nothing happens"),
        pytest.param(WEEKLY, "", [step("01"), step("03", ends=True)], {"desk": (2, 0, 1)}, id="a beginning and an end"),
        pytest.param(
            WEEKLY, "", [step("01"), step("01", "b")], {"desk": (5, 4, 1)}, id="one group, and a reminder each week"
        ),
        pytest.param(EACH_ALONE, "", [step("01"), step("01", "b")], {"desk": (2, 0, 2)}, id="a message for each alert"),
        pytest.param(
            BY_SEVERITY,
            "",
            [step("01"), step("08", severity="critical", seq=2), step("09", ends=True)],
            {"desk": (3, 0, 1), "duty": (2, 0, 1)},
            id="who was told of the beginning is told of the end",
        ),
        pytest.param(
            WEEKLY,
            DIGEST,
            [step("01 01:00"), step("01 05:00", "b"), step("02 09:00", "c")],
            {"desk": (9, 7, 1)},
            id="what comes within a day is one digest",
        ),
        pytest.param(
            MORNINGS,
            "",
            [step("01 01:00"), step("01 05:00", "b"), step("01 13:00", "c")],
            {"desk": (2, 0, 1)},
            id="what comes at night waits for the morning, together",
        ),
        pytest.param(
            EACH_ALONE,
            "receivers: {desk: {max_per_hour: 2}}",
            [step("01", place) for place in "abcd"],
            {"desk": (2, 0, 2)},
            id="no more than so many in an hour: the rest is one message",
        ),
        pytest.param(
            INHIBITED,
            "",
            [step("01"), step("02", "b"), step("05", ends=True)],
            {"desk": (3, 0, 2)},
            id="what is inhibited is told when that ends",
        ),
        pytest.param(
            INHIBITED,
            "",
            [step("01"), step("02", "b"), step("03", "b", ends=True), step("05", ends=True)],
            {"desk": (2, 0, 1)},
            id="what is over before that is never told",
        ),
        pytest.param("route: {receiver: nobody}", "", [step("01")], {}, id="a receiver without channels hears nothing"),
    ],
)
def test_each_receiver_gets_its_messages(routes, terms, steps, expected, tmp_path):
    found = told(tmp_path, routes, *steps, terms=terms)
    assert {name: (each.messages, each.reminders, each.most_a_day) for name, each in found.items()} == expected


def test_digests_and_what_is_never_told_are_counted(tmp_path_factory):
    daily = told(tmp_path_factory.mktemp("a"), WEEKLY, step("01 01:00"), step("02 09:00", ends=True), terms=DIGEST)
    assert daily["desk"].digests == 2
    hushed = told(tmp_path_factory.mktemp("b"), INHIBITED, step("01"), step("02", "b"), step("03", "b", ends=True))
    assert hushed["desk"].never_told == 2


# --- the same as turns ------------------------------------------------------------------------------------------------

IN_USE = """\
route:
  receiver: desk
  group_by: [alertname]
  group_wait: 2m
  group_interval: 3d
  repeat_interval: 50h
  routes:
    - {receiver: nobody, matchers: ['alertname="WatcherRuleLimit"']}
    - {receiver: duty, matchers: ['alertname="For a while"'], active_time_intervals: [mornings], continue: true}
    - {receiver: desk}
"""


@pytest.mark.parametrize(
    "terms", [pytest.param("", id="at once"), pytest.param("receivers: {duty: {digest: {at: '08:30'}}}", id="a digest")]
)
def test_it_finds_the_messages_that_turns_write(lived, terms, tmp_path):
    with lived.app.store.reading() as tx:
        player = Player(tx, lived.app.rules, offsets=query_offsets(lived.settings), days=DAYS)
        played = {rule.identity: player.play(rule).steps for rule in lived.app.rules.rules}
    with installed(tmp_path, rules=RULES, routes=f"{IN_USE}{RECEIVERS}", settings=SETTINGS + terms) as it:
        found, _ = bring(it.app.rules, played, wordless_board(it.settings), day_start(DAYS.end))
        assert {each.endpoint for each in found} == {"desk/file/1", "desk/file/2", "duty/file/1"}
        looks = {each.at for each in found} | {each.at - timedelta(minutes=1) for each in found}
        live_through(it, [*looks, *(day_start(FIRST + n * DAY) for n in range(DAYS.days))])
        with it.app.store.reading() as tx:
            assert sorted(written(tx, since=day_start(FIRST))) == sorted(found)


def live_through(it: Installation, moments: Iterable[datetime]) -> None:
    """Turns of a daemon at these moments."""
    waiting = sorted((at(moment), rows) for moment, rows in RELEASES.items())
    for now in sorted(set(moments)):
        while waiting and waiting[0][0] <= now:
            moment, rows = waiting.pop(0)
            it.release(f"{moment:%Y-%m-%d %H:%M}", *rows)
        it.now = now
        ingest(it.app, now)
        evaluate(it.app, now, patient=True)


# --- reminders by the period ------------------------------------------------------------------------------------------

Spans = st.sampled_from(["4h", "8h", "1d", "36h"])
#: When alerts begin, and how many hours they go on.
Lives = st.dictionaries(st.sampled_from("abc"), st.tuples(st.integers(0, 40), st.integers(1, 300)), max_size=3)


@settings(deadline=None, max_examples=min(6, settings().max_examples))
@given(spans=st.tuples(Spans, Spans), lives=Lives)
def test_reminders_that_are_counted_by_the_period_are_those_that_come(spans, lives, tmp_path_factory):
    two = TWO_SPANS.format(*spans)
    with installed(tmp_path_factory.mktemp("period"), routes=two + RECEIVERS.partition("time_intervals")[0]) as it:
        found = [
            bring(it.app.rules, {RULE: [*_lives(lives)]}, wordless_board(it.settings), at("2020-01-20"), by_period=each)
            for each in (True, False)
        ]
    assert sorted(found[0][0]) == sorted(found[1][0])


def _lives(lives: Mapping[str, tuple[int, int]]) -> Iterator[PastStep]:
    for place, (hours, length) in lives.items():
        since = at("2020-01-01") + timedelta(hours=hours)
        yield step(f"{since:%d %H:%M}", place)
        yield step(f"{since + timedelta(hours=length):%d %H:%M}", place, ends=True)


def test_a_year_of_reminders_is_counted_and_not_walked_through(tmp_path):
    four_hours = WEEKLY.replace("7d", "4h") + RECEIVERS.partition("time_intervals")[0]
    with installed(tmp_path, routes=four_hours) as it:
        found = deliver(it.app.rules, {RULE: [step("01")]}, wordless_board(it.settings), at("2021-01-01"))
    assert [(each.messages, each.reminders) for each in found] == [(366 * 6, 366 * 6 - 1)]
