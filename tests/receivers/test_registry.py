from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.core.notices import DESK, HEADLINE, notice
from tests.receivers.outgoings import access
from watcher.core.delivery import LONGEST_LEASE
from watcher.receivers import RECEIVERS
from watcher.store.connection import BUSY_TIMEOUT_S

SETTINGS: dict[str, dict[str, Any]] = {
    "webhook": {"url": "https://hooks.example.org/"},
    "email": {"to": "one@example.org"},
    "slack": {"api_url": "https://hooks.example.org/"},
    "msteamsv2": {"webhook_url": "https://hooks.example.org/"},
    "alertmanager": {"url": "https://alerts.example.org/"},
    "apprise": {"url": "json://hooks.example.org/", "unguarded": True},
    "file": {},
    "stdout": {},
}


@pytest.mark.parametrize("name", RECEIVERS)
def test_a_channel_is_found_by_its_own_name(name):
    assert name == RECEIVERS[name].CHANNEL


@pytest.mark.parametrize("channel", RECEIVERS.values(), ids=RECEIVERS)
def test_a_lease_outlives_two_attempts_and_the_writing_down(channel):
    slack = timedelta(seconds=BUSY_TIMEOUT_S) + timedelta(seconds=10)
    assert 2 * channel.DEADLINE + slack <= channel.LEASE <= LONGEST_LEASE


@pytest.mark.parametrize("name", RECEIVERS)
def test_every_channel_tells_ends_unless_told_otherwise(name):
    settings = RECEIVERS[name].Settings
    assert settings.model_validate(SETTINGS[name]).model_dump()["send_resolved"] is True
    assert settings.model_validate({**SETTINGS[name], "send_resolved": False}).model_dump()["send_resolved"] is False


@pytest.mark.parametrize("name", RECEIVERS)
def test_every_channel_renders_the_same_bytes_again(name):
    channel = RECEIVERS[name]
    settings = channel.Settings.model_validate(SETTINGS[name])
    first, second = (channel.render(notice(HEADLINE), settings=settings, desk=DESK) for _ in range(2))
    assert first == second
    assert first.body


@pytest.mark.parametrize("name", RECEIVERS)
def test_every_setting_has_its_sentence_in_the_documentation(name):
    page = (Path(__file__).parents[2] / "docs/reference/receivers.md").read_text(encoding="utf-8")
    for setting in RECEIVERS[name].Settings.model_fields:
        assert f"`{setting}`" in page


def test_a_deadline_can_only_be_made_shorter():
    assert access(deadline=timedelta(seconds=1)).within(timedelta(seconds=20)) == timedelta(seconds=1)
    assert access(deadline=timedelta(seconds=99)).within(timedelta(seconds=20)) == timedelta(seconds=20)
    assert access(deadline=None).within(timedelta(seconds=20)) == timedelta(seconds=20)
