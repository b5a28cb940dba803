"""Whether a group is told now, as a table; who waits for what, over every order of things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.core.digest import Digest
from watcher.core.interval import TimeInterval
from watcher.core.message.group import Clockwork, GroupReason, Standing, Timing, decide, next_decision


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-07-07 {text}").replace(tzinfo=UTC)


OFFICE = TimeInterval.model_validate({"times": [{"start_time": "07:00", "end_time": "18:00"}]})
PATIENT = Clockwork({"office": (OFFICE,)}, is_patient=True)
HASTY = PATIENT._replace(is_patient=False)
DAILY = PATIENT._replace(digest=Digest.model_validate({"at": "07:00"}))
TIMES = Timing(wait=timedelta(seconds=30), interval=timedelta(minutes=5))
HOURS = TIMES._replace(active=("office",))
NIGHTS = TIMES._replace(mute=("office",))
IN_DIGEST = TIMES._replace(in_digest=True)
TOLD, WAIT, INTERVAL = GroupReason.TOLD, GroupReason.WAIT, GroupReason.INTERVAL
OUT, DIGEST = GroupReason.OUT_OF_HOURS, GroupReason.DIGEST

DECISIONS = {
    "the first alert waits for others": (TIMES, "12:00:00", None, False, PATIENT, "12:00:29", WAIT),
    "when it has waited it is told": (TIMES, "12:00:00", None, False, PATIENT, "12:00:30", TOLD),
    "check waits for nobody": (TIMES, "12:00:00", None, False, HASTY, "12:00:00", TOLD),
    "what is critical waits for nobody": (TIMES, "12:00:00", None, True, PATIENT, "12:00:00", TOLD),
    "another message so soon": (TIMES, "12:00:00", "11:58:00", False, HASTY, "12:02:59", INTERVAL),
    "another message after the interval": (TIMES, "12:00:00", "11:58:00", False, HASTY, "12:03:00", TOLD),
    "what is critical waits for no interval": (TIMES, "12:00:00", "11:58:00", True, HASTY, "12:00:00", TOLD),
    "a last message in the future holds nothing up": (TIMES, "12:00:00", "13:00:00", False, HASTY, "12:00:00", TOLD),
    "an item from the future does not wait": (TIMES, "13:00:00", None, False, PATIENT, "12:00:00", TOLD),
    "in the hours of the route": (HOURS, "12:00:00", None, False, HASTY, "12:00:00", TOLD),
    "outside of the hours of the route": (HOURS, "06:00:00", None, False, HASTY, "06:59:59", OUT),
    "at the first minute of its hours": (HOURS, "02:00:00", None, False, HASTY, "07:00:00", TOLD),
    "in muted hours": (NIGHTS, "12:00:00", None, False, HASTY, "12:00:00", OUT),
    "hours hold for what is critical too": (NIGHTS, "12:00:00", None, True, HASTY, "12:00:00", OUT),
    "the digest is not due": (IN_DIGEST, "06:00:00", None, False, DAILY, "06:59:00", DIGEST),
    "the digest is due": (IN_DIGEST, "06:00:00", None, False, DAILY, "07:00:00", TOLD),
    "it came after the digest": (IN_DIGEST, "07:01:00", None, False, DAILY, "23:00:00", DIGEST),
    "the digest has gone out": (IN_DIGEST, "06:59:00", "07:00:00", False, DAILY, "07:10:00", DIGEST),
    "what waits for a digest that is no more is told": (IN_DIGEST, "06:00:00", None, False, HASTY, "06:10:00", TOLD),
    "what is critical waits for the digest where it says so": (
        IN_DIGEST,
        "06:00:00",
        None,
        True,
        DAILY,
        "06:10:00",
        DIGEST,
    ),
    "a digest keeps the hours of the route": (
        IN_DIGEST._replace(mute=("office",)),
        "06:00:00",
        None,
        False,
        DAILY,
        "07:00:00",
        OUT,
    ),
}


@pytest.mark.parametrize(
    ("timing", "since", "last", "urgent", "clockwork", "now", "expected"), DECISIONS.values(), ids=DECISIONS.keys()
)
def test_a_group_is_told_or_waits(*, timing, since, last, urgent, clockwork, now, expected):
    standing = Standing(timing, at(since), last and at(last), urgent)
    assert decide(standing, clockwork, at(now)) is expected


SPANS = st.integers(0, 600).map(lambda seconds: timedelta(seconds=seconds))


@given(wait=SPANS, interval=SPANS, ago=st.none() | SPANS, patient=st.booleans(), urgent=st.booleans())
def test_nothing_waits_longer_than_its_times_say(wait, interval, ago, patient, urgent):
    since = at("12:00")
    last = None if ago is None else since - ago
    standing = Standing(Timing(wait, interval), since, last, urgent)
    clockwork = Clockwork({}, is_patient=patient)
    due = since if last is None else max(since, last + interval)
    latest = since if urgent else max(due, since + wait)
    assert decide(standing, clockwork, latest) is TOLD
    if latest > since and not urgent and patient:
        assert decide(standing, clockwork, latest - timedelta(milliseconds=1)) in {WAIT, INTERVAL}


@pytest.mark.parametrize(
    ("timing", "since", "last", "urgent", "clockwork", "now", "expected"), DECISIONS.values(), ids=DECISIONS.keys()
)
def test_the_answer_stays_the_same_until_the_next_look(*, timing, since, last, urgent, clockwork, now, expected):
    standing = Standing(timing, at(since), last and at(last), urgent)
    look = next_decision(standing, clockwork, at(now))
    assert (look is None) is (expected is TOLD)
    if look is not None:
        assert look > at(now)
        assert decide(standing, clockwork, look - timedelta(milliseconds=1)) is expected
        assert decide(standing, clockwork, look) is not expected


def test_hours_that_never_come_are_looked_at_again_and_again():
    never = {"office": (TimeInterval.model_validate({"years": ["1999"]}),)}
    look = next_decision(Standing(HOURS, at("12:00"), None), Clockwork(never), at("12:00"))
    assert look == at("12:00") + timedelta(days=8)
