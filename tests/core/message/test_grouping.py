from __future__ import annotations

import pytest

from tests.core.notices import transition
from watcher.core.alert import Reason, State
from watcher.core.message import Item, NotifyReason
from watcher.core.message.grouping import decide, group_key, group_labels

LABELS = {"alertname": "Attacks in a place", "location": "Palma", "severity": "warning"}


def item(**changes) -> Item:
    told = transition(**changes)
    return Item(transition=told, alert="An alert", labels={}, starts_at=told.tick)


BEGUN = item()
AT_START = item(reason=Reason.STATE_AT_START)
WORSE = item(reason=Reason.WORSE)
ENDED = item(after=State.RESOLVED, reason=Reason.CEASED)
WITHDRAWN = item(after=State.RETRACTED, reason=Reason.RETRACTED)


@pytest.mark.parametrize(
    ("group_by", "labels"),
    [
        pytest.param((), {}, id="no label makes one group of everything"),
        pytest.param(("location",), {"location": "Palma"}, id="a label that the alert has"),
        pytest.param(("theatre", "location"), {"location": "Palma"}, id="a label that it lacks is left out"),
        pytest.param(("...",), LABELS, id="every label"),
    ],
)
def test_a_route_groups_by(group_by, labels):
    assert group_labels(LABELS, group_by) == labels


@pytest.mark.parametrize(
    ("labels", "key"),
    [
        pytest.param({}, "desk:{}", id="without labels"),
        pytest.param({"b": "2", "a": "1"}, 'desk:{a="1", b="2"}', id="labels in their order, however they were given"),
    ],
)
def test_a_group_is_called(labels, key):
    assert group_key("desk", labels) == key


@pytest.mark.parametrize(
    ("items", "others_open", "reason"),
    [
        pytest.param([BEGUN], False, NotifyReason.FIRST, id="an alert fires and no other does"),
        pytest.param([BEGUN], True, NotifyReason.NEW_ALERTS, id="one more fires"),
        pytest.param([AT_START, AT_START], False, NotifyReason.STATE_AT_START, id="all of them held already"),
        pytest.param([AT_START, BEGUN], False, NotifyReason.FIRST, id="some of them held already"),
        pytest.param([BEGUN, WORSE], False, NotifyReason.WORSE, id="one got worse and another fires"),
        pytest.param([ENDED, WITHDRAWN], False, NotifyReason.RETRACTED, id="one is withdrawn and another has ended"),
        pytest.param([WORSE, WITHDRAWN], False, NotifyReason.RETRACTED, id="one is withdrawn and another got worse"),
        pytest.param([ENDED, BEGUN], False, NotifyReason.FIRST, id="one ends as another fires"),
        pytest.param([ENDED], True, NotifyReason.SOME_RESOLVED, id="one ends and others go on"),
        pytest.param([ENDED], False, NotifyReason.ALL_RESOLVED, id="the last one ends"),
    ],
)
def test_we_speak_because(items, others_open, reason):
    assert decide(items, others_open=others_open) is reason
