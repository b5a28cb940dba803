from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.core.delivery import (
    BREAKER_FAILURES,
    FAST,
    LONGEST_WAIT,
    MAX_AGE,
    DeliveryState,
    Outcome,
    OutcomeClass,
    Step,
    blames_endpoint,
    closes_endpoint,
    jitter,
    leave_alone_until,
    next_step,
)

NOW = datetime(2020, 7, 7, 6, tzinfo=UTC)
DOWN = Outcome(OutcomeClass.RECOVERABLE, "500", "Internal Server Error")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

FAILURES = st.builds(
    Outcome,
    kind=st.sampled_from([kind for kind in OutcomeClass if kind not in {OutcomeClass.OK, OutcomeClass.PERMANENT}]),
    code=st.sampled_from(["", "429", "500", "503", "451", "timeout", "reset"]),
    retry_after=st.none() | st.timedeltas(min_value=timedelta(), max_value=timedelta(days=10_000)),
)


def step(outcome: Outcome, *, attempt: int = 1, delivery: str = "dlv_1", age: timedelta = MINUTE) -> Step:
    return next_step(outcome, delivery=delivery, attempt=attempt, queued_at=NOW - age, now=NOW)


def wait(outcome: Outcome, *, attempt: int = 1, delivery: str = "dlv_1") -> timedelta:
    return step(outcome, attempt=attempt, delivery=delivery).due_at - NOW


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        pytest.param(Outcome(OutcomeClass.OK, "204"), DeliveryState.DELIVERED, "", id="a success is told"),
        pytest.param(DOWN, DeliveryState.RETRY, "500 Internal Server Error", id="a server error is tried again"),
        pytest.param(
            Outcome(OutcomeClass.CONFIG, "401", "Unauthorized"),
            DeliveryState.RETRY,
            "401 Unauthorized",
            id="a rotated token costs no alert",
        ),
        pytest.param(
            Outcome(OutcomeClass.GREYLIST, "451", "RCPT TO: come back"),
            DeliveryState.RETRY,
            "451 RCPT TO: come back",
            id="a greylist sees us again",
        ),
        pytest.param(
            Outcome(OutcomeClass.AMBIGUOUS, "timeout"), DeliveryState.RETRY, "timeout", id="no answer is no success"
        ),
        pytest.param(
            Outcome(OutcomeClass.PERMANENT, "550", "unknown user"),
            DeliveryState.DEAD,
            "550 unknown user",
            id="a recipient that does not exist is dead at once",
        ),
        pytest.param(Outcome(OutcomeClass.PERMANENT), DeliveryState.DEAD, "permanent", id="there is always a reason"),
    ],
)
def test_an_outcome_decides_how_a_delivery_stands(outcome, state, reason):
    after = step(outcome)
    assert (after.state, after.reason) == (state, reason)


FASTEST = (5 * SECOND, 15 * SECOND, 45 * SECOND, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR)


@pytest.mark.parametrize(
    ("outcome", "waits"),
    [
        pytest.param(DOWN, (*FASTEST, HOUR, HOUR), id="what cures itself is tried again within seconds"),
        pytest.param(Outcome(OutcomeClass.AMBIGUOUS, "reset"), FASTEST, id="what may have arrived, the same"),
        pytest.param(
            Outcome(OutcomeClass.CONFIG, "404"),
            (5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, HOUR),
            id="what a person must cure is tried slowly",
        ),
        pytest.param(
            Outcome(OutcomeClass.GREYLIST, "450"),
            (6 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, HOUR, HOUR),
            id="a greylist gets its minutes",
        ),
    ],
)
def test_waits_follow_their_schedule_within_a_fifth(outcome, waits):
    found = [wait(outcome, attempt=number) for number in range(1, len(waits) + 1)]
    assert all(0.8 * due <= each <= 1.2 * due for each, due in zip(found, waits, strict=True)), found


@pytest.mark.parametrize("code", ["429", "502", "503", "504", "timeout"])
def test_a_busy_server_gets_half_a_minute(code):
    assert wait(Outcome(OutcomeClass.RECOVERABLE, code)) == 30 * SECOND


def test_a_greylist_is_never_met_before_five_minutes():
    found = [wait(Outcome(OutcomeClass.GREYLIST), delivery=f"dlv_{number}") for number in range(200)]
    assert min(found) == 5 * MINUTE
    assert max(found) > 6 * MINUTE


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param(7 * MINUTE, 7 * MINUTE, id="the server's wish counts when it is longer than ours"),
        pytest.param(timedelta(), 30 * SECOND, id="it does not count when it is shorter"),
        pytest.param(timedelta(days=365), HOUR, id="nobody mutes us for a year"),
    ],
)
def test_retry_after_lengthens_a_wait_up_to_an_hour(asked, found):
    assert wait(Outcome(OutcomeClass.RECOVERABLE, "503", retry_after=asked)) == found


@pytest.mark.parametrize(
    ("age", "state"),
    [
        pytest.param(MAX_AGE - SECOND, DeliveryState.RETRY, id="just before 72 hours there is another try"),
        pytest.param(MAX_AGE, DeliveryState.DEAD, id="after 72 hours there is none"),
        pytest.param(-HOUR, DeliveryState.RETRY, id="a clock that was set back gives nothing up"),
    ],
)
def test_a_delivery_is_given_up_after_three_days(age, state):
    assert step(DOWN, attempt=60, age=age).state is state


def test_what_is_given_up_keeps_the_last_answer():
    assert step(DOWN, age=MAX_AGE).reason == "given up after 72 hours, last: 500 Internal Server Error"


def test_a_late_success_is_a_success():
    assert step(Outcome(OutcomeClass.OK, "200"), age=10 * MAX_AGE).state is DeliveryState.DELIVERED


def test_three_days_are_some_eighty_attempts():
    now, number = NOW, 0
    while True:
        number += 1
        after = next_step(DOWN, delivery="dlv_1", attempt=number, queued_at=NOW, now=now)
        if after.state is DeliveryState.DEAD:
            break
        now = after.due_at
    assert 70 <= number <= 90


@given(outcome=FAILURES, attempt=st.integers(1, 500), delivery=st.text(max_size=8))
@settings(deadline=None)
def test_no_wait_is_longer_than_an_hour_and_a_fifth_or_shorter_than_four_seconds(outcome, attempt, delivery):
    assert 4 * SECOND <= wait(outcome, attempt=attempt, delivery=delivery) <= 1.2 * LONGEST_WAIT


def test_jitter_is_the_same_every_time_and_spreads_deliveries():
    found = [jitter(f"dlv_{number}", 3) for number in range(1_000)]
    assert found == [jitter(f"dlv_{number}", 3) for number in range(1_000)]
    assert 0.8 <= min(found) < 0.81
    assert 1.19 < max(found) <= 1.2
    assert jitter("dlv_1", 3) != jitter("dlv_1", 4)


@pytest.mark.parametrize(
    ("outcome", "failures", "pause"),
    [
        pytest.param(DOWN, BREAKER_FAILURES - 1, None, id="four failures in a row open no breaker"),
        pytest.param(DOWN, BREAKER_FAILURES, 5 * MINUTE, id="the fifth opens it for the fifth wait"),
        pytest.param(DOWN, BREAKER_FAILURES + 1, 10 * MINUTE, id="a probe that fails opens it for longer"),
        pytest.param(DOWN, 500, HOUR, id="an endpoint that stays down is probed every hour"),
        pytest.param(
            Outcome(OutcomeClass.CONFIG, "400"), 500, None, id="a message it does not like says nothing of the others"
        ),
        pytest.param(Outcome(OutcomeClass.GREYLIST, "450"), 500, None, id="a greylist is no fault of the endpoint"),
        pytest.param(
            Outcome(OutcomeClass.RECOVERABLE, "429", retry_after=2 * MINUTE),
            1,
            2 * MINUTE,
            id="Retry-After holds the whole endpoint",
        ),
        pytest.param(
            Outcome(OutcomeClass.RECOVERABLE, "503", retry_after=timedelta(days=9)),
            1,
            HOUR,
            id="and for an hour at most",
        ),
        pytest.param(
            Outcome(OutcomeClass.RECOVERABLE, "503", retry_after=MINUTE),
            BREAKER_FAILURES,
            5 * MINUTE,
            id="the longer pause counts",
        ),
    ],
)
def test_an_endpoint_is_left_alone(outcome, failures, pause):
    until = leave_alone_until(outcome, failures=failures, now=NOW)
    assert until == (None if pause is None else NOW + pause)


def test_only_what_cures_itself_is_the_endpoints_failure():
    blamed = {kind for kind in OutcomeClass if blames_endpoint(Outcome(kind))}
    assert blamed == {OutcomeClass.RECOVERABLE, OutcomeClass.AMBIGUOUS}


@pytest.mark.parametrize(
    ("outcome", "closes"),
    [
        pytest.param(Outcome(OutcomeClass.PERMANENT, "410"), True, id="a webhook that is gone is closed"),
        pytest.param(Outcome(OutcomeClass.PERMANENT, "550"), False, id="an unknown recipient closes no mail server"),
        pytest.param(Outcome(OutcomeClass.CONFIG, "410"), False, id="only when it is final"),
    ],
)
def test_only_gone_closes_an_endpoint(outcome, closes):
    assert closes_endpoint(outcome) is closes


def test_the_fast_schedule_only_grows():
    assert all(earlier < later for earlier, later in pairwise(FAST))
