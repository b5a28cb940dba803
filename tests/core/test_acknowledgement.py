from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from watcher.core.acknowledgement import Acknowledgement, standing
from watcher.core.alert import Alert, State
from watcher.core.message.phrase import acknowledged_text
from watcher.core.severity import Severity

NOW = datetime(2020, 7, 7, 6, tzinfo=UTC)
FIRING = Alert(
    "0123", "rule", (), state=State.FIRING, severity=Severity.WARNING, worst=Severity.WARNING, episode=2, fired_at=NOW
)
SAID = Acknowledgement("0123", 2, Severity.WARNING, NOW, NOW + timedelta(days=1), "Ana")


@pytest.mark.parametrize(
    ("alert", "later", "expected"),
    [
        pytest.param(FIRING, timedelta(hours=1), True, id="it holds while the alert goes on"),
        pytest.param(replace(FIRING, state=State.RECOVERING), timedelta(hours=1), True, id="and while it recovers"),
        pytest.param(
            replace(FIRING, severity=Severity.INFO), timedelta(hours=1), True, id="what gets milder is no news"
        ),
        pytest.param(replace(FIRING, worst=Severity.CRITICAL), timedelta(hours=1), False, id="what gets worse speaks"),
        pytest.param(FIRING, timedelta(days=1), False, id="its time is over"),
        pytest.param(replace(FIRING, state=State.RESOLVED), timedelta(hours=1), False, id="the episode has ended"),
        pytest.param(replace(FIRING, episode=3), timedelta(hours=1), False, id="another episode is not meant"),
    ],
)
def test_an_acknowledgement_holds_until_it_gets_worse_ends_or_the_time_is_over(alert, later, expected):
    assert SAID.holds(alert, NOW + later) is expected
    assert (standing([SAID], alert, NOW + later) is not None) is expected


def test_without_a_time_it_holds_as_long_as_the_episode():
    assert SAID._replace(until=None).holds(FIRING, NOW + timedelta(days=999))


def test_the_last_one_counts():
    undone = SAID._replace(at=NOW + timedelta(hours=1), until=NOW + timedelta(hours=1))
    assert standing([SAID, undone], FIRING, NOW + timedelta(hours=2)) is None
    assert standing([undone, SAID], FIRING, NOW + timedelta(hours=2)) == SAID
    assert standing([], FIRING, NOW) is None


@pytest.mark.parametrize(
    ("said", "text"),
    [
        pytest.param(
            SAID._replace(note="asked\r\nthem"),
            "acknowledged by Ana on 7 Jul 2020, 06:00 UTC until 8 Jul 2020, 06:00 UTC: asked them",
            id="with a note",
        ),
        pytest.param(
            SAID._replace(until=None, author="\x1b[2JAna"),
            "acknowledged by [2JAna on 7 Jul 2020, 06:00 UTC",
            id="clean",
        ),
    ],
)
def test_it_is_said_in_one_clean_line(said, text):
    assert acknowledged_text(said, "UTC") == text
