from __future__ import annotations

from datetime import timedelta

import pytest

from tests.core.notices import transition
from tests.store.records import moment
from watcher.core.alert import Alert, State
from watcher.core.delivery import DeliveryState
from watcher.store.alerts import add_transition, save_alert
from watcher.store.outbox import enqueue
from watcher.store.told import last_told, tellings, told_endpoints, told_open

NOW = moment("2020-07-07 13:00")
HOUR = timedelta(hours=1)


def write(
    store, message: str, *items: tuple[str, int], endpoint="desk", group="g", reason="first", at=NOW, recipients=("",)
) -> None:
    with store.writing() as tx:
        enqueue(
            tx,
            message,
            endpoint=endpoint,
            group_key=group,
            reason=reason,
            status="firing",
            subject=message,
            content_type="application/json",
            body=b"{}",
            items=items,
            recipients=recipients,
            now=at,
            due_at=at,
        )


@pytest.fixture
def history(store):
    """Alert ``a`` fired and ended, and fires again; alert ``b`` fires; the desk was told of everything."""
    with store.writing() as tx:
        save_alert(tx, Alert("a", "r", (("location", "Palma"),), State.FIRING, episode=2))
        save_alert(tx, Alert("b", "r", (("location", "Mueda"),), State.RECOVERING, episode=1))
        save_alert(tx, Alert("c", "r", (("location", "Ibo"),), State.RESOLVED, episode=1))
        for name, seq, episode in (("a", 1, 1), ("a", 2, 1), ("a", 3, 2), ("b", 1, 1)):
            add_transition(tx, transition(fingerprint=name, seq=seq, episode=episode), now=NOW)
    write(store, "m1", ("a", 1), ("b", 1))
    write(store, "m2", ("a", 2), reason="all_resolved", at=NOW + HOUR)
    write(store, "m3", ("a", 3), endpoint="duty", at=NOW + 2 * HOUR, recipients=("x@example.org", "y@example.org"))
    write(store, "m4", ("a", 0), reason="repeat", at=NOW + 3 * HOUR)
    write(store, "m5", ("c", 0), group="other", at=NOW + 4 * HOUR)
    return store


@pytest.mark.parametrize(
    ("endpoint", "fingerprint", "told"),
    [
        pytest.param("desk", "a", NOW + 3 * HOUR, id="by a reminder"),
        pytest.param("desk", "b", NOW, id="together with another"),
        pytest.param("duty", "a", NOW + 2 * HOUR, id="at another endpoint"),
        pytest.param("duty", "b", None, id="never"),
    ],
)
def test_an_alert_was_last_told(endpoint, fingerprint, told, history):
    with history.reading() as tx:
        assert last_told(tx, endpoint, fingerprint) == told


@pytest.mark.parametrize(
    ("fingerprint", "episode", "endpoints"),
    [
        pytest.param("a", 1, ["desk"], id="the first one"),
        pytest.param("a", 2, ["duty"], id="the second one, which the desk was only reminded of"),
        pytest.param("b", 2, [], id="one that never was"),
    ],
)
def test_an_episode_was_told_to(fingerprint, episode, endpoints, history):
    with history.reading() as tx:
        assert told_endpoints(tx, fingerprint, episode) == endpoints


@pytest.mark.parametrize(
    ("endpoint", "alerts"),
    [
        pytest.param("desk", {"b"}, id="of this episode, and not of an earlier one or by a reminder"),
        pytest.param("duty", {"a"}, id="at that endpoint"),
        pytest.param("nobody", set(), id="none"),
    ],
)
def test_an_endpoint_knows_of_alerts_that_fire(endpoint, alerts, history):
    with history.reading() as tx:
        assert told_open(tx, endpoint) == alerts


def test_everybody_who_was_told_is_listed_in_order(history):
    with history.reading() as tx:
        told = tellings(tx, "a")
    assert [(each.seq, each.reason, each.endpoint, each.recipient) for each in told] == [
        (1, "first", "desk", ""),
        (2, "all_resolved", "desk", ""),
        (3, "first", "duty", "x@example.org"),
        (3, "first", "duty", "y@example.org"),
        (0, "repeat", "desk", ""),
    ]
    assert {(each.state, each.delivered_at, each.why) for each in told} == {(DeliveryState.PENDING, None, "")}
