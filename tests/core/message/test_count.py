"""How many messages a history of alerts makes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.installation import at
from watcher.core.message.count import Happening, Mailbag
from watcher.core.route import Route

ROUTE = Route.model_validate(
    {
        "receiver": "desk",
        "group_by": ["alertname"],
        "repeat_interval": "7d",
        "routes": [{"receiver": "duty", "matchers": ['severity="critical"'], "group_by": ["place"], "continue": True}],
    }
)


def happening(day: int, alert: str = "a", *, severity: str = "warning", **other: Any) -> Happening:
    labels = {"alertname": "Many deaths", "severity": severity, "place": alert}
    return Happening(at(f"2020-01-{day:02}"), alert, 1, labels, **other)


@pytest.mark.parametrize(
    ("history", "news", "reminders"),
    [
        pytest.param([], {}, {}, id="nothing happens"),
        pytest.param([happening(1), happening(3, is_over=True)], {"desk": 2}, {}, id="a beginning and an end"),
        pytest.param(
            [happening(1), happening(1, "b"), happening(2, "c")], {"desk": 2}, {"desk": 8}, id="one group, one tick"
        ),
        pytest.param([happening(25)], {"desk": 1}, {}, id="the end comes before a reminder"),
        pytest.param([happening(1), happening(20, is_over=True)], {"desk": 2}, {"desk": 2}, id="a reminder each week"),
        pytest.param([happening(1, repeats=False)], {"desk": 1}, {}, id="an occurrence is told once"),
        pytest.param(
            [happening(1), happening(8, severity="critical"), happening(9, is_over=True)],
            {"desk": 2, "duty": 2},
            {},
            id="who was told of the beginning is told of the end, whatever the route says by then",
        ),
        pytest.param(
            [happening(1, at_start=True), happening(1, "b", severity="warning", at_start=True)],
            {"desk": 1},
            {"desk": 4},
            id="what held at the start is one summary",
        ),
    ],
)
def test_messages_by_receiver(history, news, reminders):
    bag = Mailbag(ROUTE)
    bag.fill(history, at("2020-01-31"))
    assert (dict(bag.news), dict(bag.reminders)) == (news, reminders)


def test_a_receiver_that_wants_no_ends_gets_none():
    bag = Mailbag(ROUTE, without_ends=frozenset({"desk"}))
    bag.fill([happening(1), happening(3, is_over=True)], at("2020-01-31"))
    assert dict(bag.news) == {"desk": 1}
