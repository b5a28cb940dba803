"""What changed since the last message: every channel says the same, and the webhook has it as data."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from tests.core.notices import DESK, item, notice
from watcher.core.message import NotifyReason
from watcher.core.message.wording import text
from watcher.receivers import RECEIVERS
from watcher.receivers.html import html

CHANGED = {
    "since": "2020-07-01T06:00:00+00:00",
    "new": ["MOZ7", "MOZ8"],
    "deleted": ["MOZ3"],
    "revised": [],
    "left": [],
    "entered": [],
    "counts": {"new": 2, "deleted": 1, "revised": 0, "left": 0, "entered": 0},
    "before": 440,
    "after": 447,
    "what": "the source deleted 1 record and added 2 records",
    "text": "the source deleted 1 record and added 2 records: 440 → 447 deaths",
}
REMINDER = notice(item(previous_values={"observed": 440}, changed=CHANGED), reason=NotifyReason.REPEAT)
SAID = (
    "observed 440 → 447; the source deleted 1 record and added 2 records.",
    "Records: 1 deleted (MOZ3), 0 revised, 2 new (MOZ7, MOZ8).",
)
OPTIONS = {
    "slack": {"api_url": "https://hooks.example.org/x"},
    "msteamsv2": {"webhook_url": "https://hooks.example.org/x"},
}


def sent(channel: str) -> str:
    options = RECEIVERS[channel].Settings.model_validate(OPTIONS[channel])
    return json.dumps(
        json.loads(RECEIVERS[channel].render(REMINDER, settings=options, desk=DESK).body), ensure_ascii=False
    )


@pytest.mark.parametrize(
    "channel",
    [
        pytest.param(lambda: text(REMINDER, DESK), id="the text of a mail"),
        pytest.param(lambda: re.sub("<[^>]*>", " ", html(REMINDER, DESK)), id="the HTML of a mail"),
        pytest.param(lambda: sent("slack"), id="Slack"),
        pytest.param(lambda: sent("msteamsv2"), id="Teams"),
    ],
)
def test_every_channel_says_what_changed(channel):
    said = " ".join(unescape(channel()).replace("\\n", " ").split())
    assert [each for each in SAID if each not in said] == []


def test_the_webhook_has_it_as_data():
    module = RECEIVERS["webhook"]
    options = module.Settings.model_validate({"url": "https://hooks.example.org/x"})
    document = json.loads(module.render(REMINDER, settings=options, desk=DESK).body)
    [detail] = document["watcher"]["alerts"].values()
    assert (detail["changed"], detail["previous_values"]) == (CHANGED, {"observed": 440})
