from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from watcher.core.across import Weighed
from watcher.core.alert import Alert, Life, Reason, State, Step, due_at, may_be_taken_back, remove, retract, step
from watcher.core.reading import Reading, Status
from watcher.core.rule import Finding
from watcher.core.severity import Severity

T0 = datetime(2020, 7, 7, tzinfo=UTC)
DAY = timedelta(days=1)
LONG_AGO = T0 - 100 * DAY

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL


def finding(*, holds: bool, recovers: bool | None = None, severity: Severity = WARNING, **reading: object) -> Finding:
    return Finding(
        rule="r",
        reading=Reading(**{"watermark": date(2020, 7, 6), **reading}),  # type: ignore[arg-type]
        holds=holds,
        recovers=not holds if recovers is None else recovers,
        severity=severity,
        because=(),
    )


HOLDS = finding(holds=True)
HELD_BACK = replace(HOLDS, weighed=Weighed(begins=False, text="not among the first 10"))
CHOSEN = replace(HOLDS, weighed=Weighed(begins=True, text="number 1"))
CEASED = finding(holds=False)
BETWEEN = finding(holds=False, recovers=False)


def alert(state: State = State.INACTIVE, **fields: object) -> Alert:
    is_open = state in {State.FIRING, State.RECOVERING}
    usual = {"severity": WARNING, "worst": WARNING, "told": True, "fired_at": T0, "episode": 1} if is_open else {}
    return Alert("f", "r", (), state, **{**usual, **fields})  # type: ignore[arg-type]


def take(
    standing: Alert, found: Finding, *, life: Life | None = None, tick: datetime = T0, since: datetime | None = LONG_AGO
) -> tuple[State, Reason, bool] | None:
    done = step(standing, found, life=life or Life(), tick=tick, activated_at=since)
    return (done.alert.state, done.reason, done.notify) if done else None


@pytest.mark.parametrize(
    ("standing", "found", "life", "tick", "expected"),
    [
        pytest.param(alert(), CEASED, Life(), T0, None, id="nothing holds and nothing happens"),
        pytest.param(alert(), HOLDS, Life(), T0, (State.FIRING, Reason.HOLDS, True), id="without for it fires at once"),
        pytest.param(alert(), HELD_BACK, Life(), T0, None, id="one of many that is held back does not begin"),
        pytest.param(alert(), CHOSEN, Life(), T0, (State.FIRING, Reason.HOLDS, True), id="one that is chosen begins"),
        pytest.param(alert(State.FIRING), HELD_BACK, Life(), T0, None, id="what fires is not asked again"),
        pytest.param(
            alert(State.RECOVERING),
            HELD_BACK,
            Life(),
            T0,
            (State.FIRING, Reason.HOLDS_AGAIN, False),
            id="what recovers may hold again, held back or not",
        ),
        pytest.param(
            alert(State.PENDING, active_at=T0 - DAY),
            HELD_BACK,
            Life(hold=DAY),
            T0,
            (State.INACTIVE, Reason.GONE, False),
            id="what waits and is held back waits no longer",
        ),
        pytest.param(
            alert(),
            HOLDS,
            Life(hold=DAY),
            T0,
            (State.PENDING, Reason.WAITING, False),
            id="with for it waits in silence",
        ),
        pytest.param(
            alert(State.PENDING, active_at=T0), HOLDS, Life(hold=DAY), T0 + DAY / 2, None, id="it still waits"
        ),
        pytest.param(
            alert(State.PENDING, active_at=T0),
            HOLDS,
            Life(hold=DAY),
            T0 + DAY,
            (State.FIRING, Reason.HELD, True),
            id="it fires when for has run out",
        ),
        pytest.param(
            alert(State.PENDING, active_at=T0),
            CEASED,
            Life(hold=DAY),
            T0 + DAY,
            (State.INACTIVE, Reason.GONE, False),
            id="what ceases while it waits was never an alert",
        ),
        pytest.param(alert(State.FIRING), HOLDS, Life(), T0, None, id="a firing alert goes on in silence"),
        pytest.param(
            alert(State.FIRING),
            finding(holds=True, severity=CRITICAL),
            Life(),
            T0,
            (State.FIRING, Reason.WORSE, True),
            id="a worse severity is told within the episode",
        ),
        pytest.param(
            alert(State.FIRING, severity=CRITICAL, worst=CRITICAL),
            HOLDS,
            Life(),
            T0,
            (State.FIRING, Reason.MILDER, False),
            id="a milder severity is recorded and not told",
        ),
        pytest.param(
            alert(State.FIRING, severity=WARNING, worst=CRITICAL),
            finding(holds=True, severity=CRITICAL),
            Life(),
            T0,
            (State.FIRING, Reason.WORSE, False),
            id="a severity that was told before in the episode is not told again",
        ),
        pytest.param(
            alert(State.FIRING), CEASED, Life(), T0, (State.RESOLVED, Reason.CEASED, True), id="it ends when it ceases"
        ),
        pytest.param(
            alert(State.FIRING, told=False),
            CEASED,
            Life(),
            T0,
            (State.RESOLVED, Reason.CEASED, False),
            id="the end of what nobody was told of is not told",
        ),
        pytest.param(
            alert(State.FIRING),
            CEASED,
            Life(keep_firing_for=DAY),
            T0,
            (State.RECOVERING, Reason.CEASED, False),
            id="keep_firing_for holds it",
        ),
        pytest.param(
            alert(State.FIRING),
            BETWEEN,
            Life(),
            T0,
            (State.RECOVERING, Reason.CEASED, False),
            id="a recovery that does not hold yet holds it",
        ),
        pytest.param(
            alert(State.RECOVERING, ceased_at=T0), BETWEEN, Life(), T0 + 90 * DAY, None, id="recovery holds it for ever"
        ),
        pytest.param(
            alert(State.RECOVERING, ceased_at=T0),
            CEASED,
            Life(keep_firing_for=DAY),
            T0 + DAY,
            (State.RESOLVED, Reason.CEASED, True),
            id="it ends when keep_firing_for has run out and recovery holds",
        ),
        pytest.param(
            alert(State.RECOVERING, ceased_at=T0),
            HOLDS,
            Life(),
            T0 + DAY,
            (State.FIRING, Reason.HOLDS_AGAIN, False),
            id="it comes back within the episode in silence",
        ),
        pytest.param(
            alert(State.RECOVERING, ceased_at=T0),
            finding(holds=True, severity=CRITICAL),
            Life(),
            T0 + DAY,
            (State.FIRING, Reason.WORSE, True),
            id="it comes back worse, which is told",
        ),
        pytest.param(
            alert(State.RESOLVED, episode=1),
            HOLDS,
            Life(),
            T0 + 9 * DAY,
            (State.FIRING, Reason.HOLDS, True),
            id="after its end it fires anew",
        ),
        pytest.param(
            alert(State.FIRING, period=date(2020, 1, 1)),
            finding(holds=True, period=date(2021, 1, 1)),
            Life(),
            T0,
            (State.RESOLVED, Reason.PERIOD_ENDED, True),
            id="a year-to-date alert ends with its year, whatever holds",
        ),
        pytest.param(
            alert(State.FIRING),
            finding(holds=False, status=Status.NO_DATA),
            Life(),
            T0,
            None,
            id="without data it stays as it is",
        ),
        pytest.param(
            alert(State.FIRING, period=date(2020, 1, 1)),
            finding(holds=False, status=Status.NO_DATA, period=date(2021, 1, 1)),
            Life(),
            T0,
            (State.RESOLVED, Reason.PERIOD_ENDED, True),
            id="its year ends even when the new one has no data yet",
        ),
        pytest.param(
            alert(State.FIRING),
            finding(holds=False, recovers=False, status=Status.NO_DATA),
            Life(no_data="resolve"),
            T0,
            (State.RESOLVED, Reason.CEASED, True),
            id="without data it ends when the rule says so",
        ),
        pytest.param(
            alert(),
            finding(holds=False, status=Status.NO_DATA),
            Life(no_data="alert"),
            T0,
            (State.FIRING, Reason.HOLDS, True),
            id="without data it fires when the rule says so",
        ),
        pytest.param(
            alert(),
            finding(holds=False, status=Status.LEARNING),
            Life(no_data="alert"),
            T0,
            None,
            id="a detector that is still learning is no alarm",
        ),
    ],
)
def test_a_finding_moves_an_alert(standing, found, life, tick, expected):
    assert take(standing, found, life=life, tick=tick) == expected


def test_what_holds_when_the_rule_comes_into_force_is_a_state_at_start():
    assert take(alert(), HOLDS, since=None) == (State.FIRING, Reason.STATE_AT_START, True)


def test_every_episode_has_its_number_and_every_change_its_own():
    first = step(alert(), HOLDS, life=Life(), tick=T0, activated_at=LONG_AGO)
    assert first is not None
    ended = step(first.alert, CEASED, life=Life(), tick=T0 + DAY, activated_at=LONG_AGO)
    assert ended is not None
    second = step(ended.alert, HOLDS, life=Life(), tick=T0 + 2 * DAY, activated_at=LONG_AGO)
    assert second is not None
    assert [(each.alert.episode, each.alert.seq) for each in (first, ended, second)] == [(1, 1), (1, 2), (2, 3)]
    assert second.alert.ended_at is None


KEPT = Life(event_like=True, keep_firing_for=14 * DAY)
KILLED = finding(holds=True, occurrence="leader|aqim||2020-06-03|killed", known_at=T0)
REPLACED = finding(holds=True, occurrence="leader|aqim|successor|2020-11-21|", known_at=T0 + 5 * DAY)
KNOWN = {"occurrence": KILLED.reading.occurrence, "known_at": T0}


@pytest.mark.parametrize(
    ("standing", "found", "tick", "since", "expected"),
    [
        pytest.param(alert(), KILLED, T0, LONG_AGO, (State.FIRING, Reason.OCCURRED, True), id="an occurrence fires"),
        pytest.param(alert(State.FIRING, **KNOWN), KILLED, T0 + DAY, LONG_AGO, None, id="the same one is no news"),
        pytest.param(
            alert(State.FIRING, **KNOWN),
            KILLED,
            T0 + 14 * DAY,
            LONG_AGO,
            (State.EXPIRED, Reason.RAN_OUT, False),
            id="it ends without a word when its time has run out",
        ),
        pytest.param(alert(State.EXPIRED, **KNOWN), KILLED, T0 + 20 * DAY, LONG_AGO, None, id="and stays ended"),
        pytest.param(
            alert(State.FIRING, **KNOWN),
            REPLACED,
            T0 + 5 * DAY,
            LONG_AGO,
            (State.FIRING, Reason.OCCURRED, True),
            id="another occurrence is a new episode",
        ),
        pytest.param(
            alert(),
            KILLED,
            T0 + DAY,
            T0 + DAY,
            (State.EXPIRED, Reason.BEFORE_ACTIVATION, False),
            id="what was known before the rule came into force is recorded and not told",
        ),
        pytest.param(
            alert(),
            KILLED,
            T0,
            None,
            (State.EXPIRED, Reason.BEFORE_ACTIVATION, False),
            id="what is known when the rule comes into force is recorded and not told",
        ),
        pytest.param(
            alert(State.FIRING, occurrence="b", known_at=T0 + DAY),
            finding(holds=True, occurrence="a", known_at=T0),
            T0 + 2 * DAY,
            LONG_AGO,
            (State.RETRACTED, Reason.RETRACTED, True),
            id="an older occurrence that comes to light again takes the newer one back",
        ),
        pytest.param(
            alert(State.FIRING, **KNOWN),
            finding(holds=False, present=False),
            T0 + DAY,
            LONG_AGO,
            (State.RETRACTED, Reason.RETRACTED, True),
            id="an occurrence that is known no more is taken back",
        ),
    ],
)
def test_an_occurrence_moves_an_event_like_alert(standing, found, tick, since, expected):
    assert take(standing, found, life=KEPT, tick=tick, since=since) == expected


@pytest.mark.parametrize(
    ("standing", "life", "expected"),
    [
        pytest.param(alert(State.PENDING, active_at=T0), Life(hold=DAY), T0 + DAY, id="for runs out"),
        pytest.param(
            alert(State.RECOVERING, ceased_at=T0), Life(keep_firing_for=DAY), T0 + DAY, id="keep_firing_for runs out"
        ),
        pytest.param(alert(State.FIRING), KEPT, T0 + 14 * DAY, id="an occurrence runs out"),
        pytest.param(alert(State.FIRING), Life(), None, id="a firing alert waits for records, not for time"),
        pytest.param(alert(), Life(hold=DAY), None, id="nothing waits"),
    ],
)
def test_time_alone_changes_an_alert_at(standing, life, expected):
    assert due_at(standing, life) == expected


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        pytest.param(alert(State.FIRING), (State.RESOLVED, True), id="an open episode is ended and told"),
        pytest.param(alert(State.PENDING), (State.INACTIVE, False), id="what waited waits no more"),
        pytest.param(alert(State.RESOLVED), None, id="what is over stays over"),
    ],
)
def test_when_the_rule_is_gone(standing, expected):
    done: Step | None = remove(standing, T0)
    assert (done and (done.alert.state, done.notify)) == expected


def test_a_retraction_ends_the_episode_and_is_told():
    done = retract(alert(State.RECOVERING, ceased_at=T0), T0 + DAY)
    assert (done.alert.state, done.alert.ceased_at, done.alert.ended_at, done.notify) == (
        State.RETRACTED,
        T0,
        T0 + DAY,
        True,
    )


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        pytest.param(alert(State.RESOLVED, ended_at=T0 - 180 * DAY), True, id="for half a year"),
        pytest.param(alert(State.RESOLVED, ended_at=T0 - 181 * DAY), False, id="no longer than that"),
        pytest.param(alert(State.RETRACTED, ended_at=T0), False, id="not twice"),
        pytest.param(alert(State.EXPIRED, ended_at=T0), False, id="not what merely happened"),
        pytest.param(alert(State.FIRING), False, id="not before it ends"),
    ],
)
def test_what_has_ended_may_be_taken_back(standing, expected):
    assert may_be_taken_back(standing, T0) is expected


@pytest.mark.parametrize("state", list(State), ids=lambda state: f"from {state}")
@pytest.mark.parametrize("found", [HOLDS, CEASED, BETWEEN], ids=["holds", "ceased", "between"])
def test_every_step_goes_on_by_one_and_remembers_where_it_came_from(state, found):
    standing = alert(state, seq=7, active_at=T0 if state is State.PENDING else None)
    done = step(standing, found, life=Life(), tick=T0, activated_at=LONG_AGO)
    if done is not None:
        assert (done.before, done.alert.seq) == (state, 8)
