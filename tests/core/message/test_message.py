from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.core.notices import CLAIM, ENDED, HEADLINE, MORNING, WITHDRAWN, WORSE, item, notice, transition
from watcher.core.alert import State
from watcher.core.message import Notification, NotifyReason, dedup_key, notification_id
from watcher.core.severity import Severity


def test_a_message_id_is_short_and_plain():
    assert re.fullmatch(r"msg_[a-z2-7]{26}", notice(HEADLINE).id)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(notice(HEADLINE, CLAIM, created_at=MORNING + timedelta(days=3)), id="written at another time"),
        pytest.param(notice(CLAIM, HEADLINE), id="with its alerts in another order"),
        pytest.param(notice(HEADLINE, replace(CLAIM, summary="other words")), id="in other words"),
    ],
)
def test_the_same_message_has_the_same_id(other: Notification):
    assert other.id == notice(HEADLINE, CLAIM).id


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(notice(HEADLINE, endpoint="desk/webhook/1"), id="to another endpoint"),
        pytest.param(notice(HEADLINE, group_key="desk:{}"), id="about another group"),
        pytest.param(notice(WORSE), id="about a later transition"),
        pytest.param(notice(CLAIM), id="about another alert"),
        pytest.param(notice(HEADLINE, CLAIM), id="about more alerts"),
        pytest.param(notice(HEADLINE, reason=NotifyReason.REPEAT), id="a reminder"),
        pytest.param(notice(HEADLINE, endpoint="desk/email/1,", group_key=""), id="whose parts only join to the same"),
    ],
)
def test_another_message_has_another_id(other: Notification):
    assert other.id != notice(HEADLINE).id


@pytest.mark.parametrize("reason", [NotifyReason.REPEAT, NotifyReason.DRILL])
def test_reminders_and_tests_differ_by_their_moment(reason: NotifyReason):
    first = notice(HEADLINE, reason=reason)
    again = replace(first, created_at=first.created_at + timedelta(days=7))
    assert notification_id(first) != notification_id(again)
    assert notification_id(first) == first.id


def test_the_dedup_key_is_one_of_the_episode():
    key = dedup_key("desk-1", "0123456789abcdef", 1)
    assert re.fullmatch(r"[a-z2-7]{40}", key)
    assert key == dedup_key("desk-1", "0123456789abcdef", 1)
    others = {dedup_key("desk-2", "0123456789abcdef", 1), dedup_key("desk-1", "0123456789abcdef", 2), key}
    assert len(others) == 3


@pytest.mark.parametrize(
    ("told", "status"),
    [
        pytest.param(notice(HEADLINE), "firing", id="one fires"),
        pytest.param(notice(HEADLINE, ENDED), "firing", id="one fires and one has ended"),
        pytest.param(notice(ENDED, WITHDRAWN), "resolved", id="all are over"),
        pytest.param(notice(reason=NotifyReason.DRILL), "firing", id="a test without alerts ends nothing"),
    ],
)
def test_a_message_fires_while_one_of_its_alerts_does(told: Notification, status: str):
    assert told.status == status


def test_the_severity_is_the_worst_among_the_alerts():
    assert notice(HEADLINE, CLAIM).severity is Severity.CRITICAL
    assert notice().severity is Severity.INFO


@pytest.mark.parametrize("state", State)
def test_an_episode_is_over_when_resolved_retracted_or_expired(state: State):
    told = item(transition(after=state))
    assert told.is_over == (state in {State.RESOLVED, State.RETRACTED, State.EXPIRED})
    assert told.is_withdrawn == (state is State.RETRACTED)
