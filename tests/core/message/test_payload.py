from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given, settings

from tests.core.notices import (
    CLAIM,
    DESK,
    DIFFERENCE,
    ENDED,
    EVIDENCE,
    HEADLINE,
    RECORDS,
    STATED,
    WITH_RECORDS,
    WITHDRAWN,
    any_notice,
    item,
    notice,
    transition,
)
from watcher.core.message import Desk, Notification, NotifyReason, dedup_key
from watcher.core.message.payload import to_plain, webhook_document
from watcher.core.message.wording import subject, text

PAGES = replace(DESK, base_url="https://watcher.example.org")


def document(told: Notification, desk: Desk = PAGES) -> dict[str, Any]:
    return webhook_document(told, desk)


def test_the_body_is_alertmanagers_version_4_with_one_object_more():
    told = notice(HEADLINE, CLAIM)
    body = document(told)
    own = body.pop("watcher")
    alerts = body.pop("alerts")
    assert body == {
        "version": "4",
        "groupKey": 'desk:{country="MOZ"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "desk",
        "groupLabels": {"country": "MOZ"},
        "commonLabels": {},
        "commonAnnotations": {"contact": "duty@example.org", "runbook_url": "https://example.org/runbook"},
        "externalURL": "https://watcher.example.org",
        "notification_reason": "first",
    }
    assert [alert["fingerprint"] for alert in alerts] == ["0123456789abcdef", "fedcba9876543210"]
    assert own["message"] == told.id
    assert own["items"] == 2
    assert own["instance"] == "desk-1"


def test_an_alert_has_exactly_the_members_of_alertmanager():
    (alert,) = document(notice(HEADLINE))["alerts"]
    assert alert == {
        "status": "firing",
        "labels": HEADLINE.labels,
        "annotations": {
            "summary": "Mozambique deaths 31 % above 2019 pace: 447 to 6 Jul (weak evidence)",
            "description": "447 deaths in 188 days; the 2019 pace gives 340 (ratio 1.315). "
            "Not urgent: a six-month trend, not a new attack.",
            "contact": "duty@example.org",
            "runbook_url": "https://example.org/runbook",
        },
        "startsAt": "2020-07-07T06:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://watcher.example.org",
        "fingerprint": "0123456789abcdef",
    }


@pytest.mark.parametrize(
    ("told", "status", "reason", "ends_at"),
    [
        pytest.param(notice(HEADLINE), "firing", "first", "0001-01-01T00:00:00Z", id="firing has no end"),
        pytest.param(
            notice(ENDED, reason=NotifyReason.ALL_RESOLVED),
            "resolved",
            "all_resolved",
            "2020-07-20T06:00:00Z",
            id="ended",
        ),
        pytest.param(
            notice(WITHDRAWN, reason=NotifyReason.RETRACTED),
            "resolved",
            "retracted",
            "2020-07-20T06:00:00Z",
            id="a retraction is resolved, with its reason",
        ),
        pytest.param(
            notice(replace(ENDED, ends_at=datetime(2020, 7, 19, tzinfo=UTC))),
            "resolved",
            "first",
            "2020-07-19T00:00:00Z",
            id="the end of the episode, not of the message",
        ),
    ],
)
def test_status_reason_and_end(told: Notification, status: str, reason: str, ends_at: str):
    body = document(told)
    assert (body["status"], body["alerts"][0]["status"]) == (status, status)
    assert body["notification_reason"] == reason
    assert body["alerts"][0]["endsAt"] == ends_at


def test_what_all_alerts_share_is_common():
    body = document(notice(HEADLINE, WITHDRAWN))
    assert body["commonLabels"] == HEADLINE.labels
    assert "summary" not in body["commonAnnotations"]


def test_a_test_message_may_carry_no_alert():
    body = document(notice(reason=NotifyReason.DRILL))
    assert body["status"] == "firing"
    assert body["alerts"] == []
    assert body["commonLabels"] == body["commonAnnotations"] == body["watcher"]["alerts"] == {}


def test_a_runbook_on_paper_is_no_address():
    annotations = document(notice(replace(HEADLINE, runbook="page 3")))["alerts"][0]["annotations"]
    assert annotations["runbook"] == "page 3"
    assert "runbook_url" not in annotations


def test_the_watcher_object_holds_the_same_sentences():
    told = notice(WITH_RECORDS)
    own = document(told)["watcher"]
    assert (own["subject"], own["text"]) == (subject(told, PAGES), text(told, PAGES))


def test_the_watcher_object_holds_numbers_and_evidence():
    detail = document(notice(WITH_RECORDS))["watcher"]["alerts"]["0123456789abcdef"]
    evidence = detail.pop("evidence")
    assert detail == {
        "sensitivity": {},
        "alert": "Mozambique fatality rate exceeds 2019 pace",
        "rule": "mozambique-fatality-rate-exceeds-2019-pace",
        "rule_hash": "aa11",
        "episode": 1,
        "dedup_key": dedup_key("desk-1", "0123456789abcdef", 1),
        "seq": 1,
        "state": "firing",
        "reason": "holds",
        "reason_text": "the condition holds",
        "severity": "warning",
        "watermark": "2020-07-06",
        "as_known_at": "2020-07-07T06:00:00Z",
        "values": {**STATED, "largest_event_share": 0.12},
        "previous_values": {},
        "diff": {},
        "changed": {},
        "acknowledgement": None,
        "links": {},
    }
    assert evidence["citations"] == ["baloi_2020"]
    assert evidence["because"] == ["ratio > 1 and days >= 28 and observed >= 25"]
    assert len(evidence["unknown"]) == len(evidence["arithmetic"]) == 2
    assert len(evidence["chart"]) == 188
    assert [record["id"] for record in evidence["records"]] == [record["id"] for record in RECORDS]
    assert evidence["records"][0]["map"].startswith("https://www.openstreetmap.org/?mlat=-12.25")
    assert evidence["records"][0]["publishers"] == "Radio Example; Example Times"


def test_how_a_picture_is_drawn_is_no_news():
    told = item(transition(evidence={**EVIDENCE, "picture": {"kind": "pace", "unit": "deaths"}}))
    detail = document(notice(told))["watcher"]["alerts"]["0123456789abcdef"]
    assert "picture" not in detail["evidence"]


def test_a_retraction_carries_its_difference():
    detail = document(notice(WITHDRAWN))["watcher"]["alerts"]["0123456789abcdef"]
    assert detail["state"] == "retracted"
    assert detail["diff"] == DIFFERENCE
    assert detail["previous_values"] == STATED
    assert "difference" not in detail["evidence"]


def test_two_transitions_of_one_alert_are_both_kept():
    detail = document(notice(ENDED, HEADLINE))["watcher"]["alerts"]["0123456789abcdef"]
    assert detail["state"] == "resolved"
    assert detail["earlier"]["state"] == "firing"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (inf, "inf"),
        (-inf, "-inf"),
        (nan, "nan"),
        (1.5, 1.5),
        (10**400, 10**400),
        (True, True),
        (None, None),
        (date(2020, 7, 6), "2020-07-06"),
        (datetime(2020, 7, 6, 12, 30, tzinfo=UTC), "2020-07-06T12:30:00Z"),
        ({1: (2, [3])}, {"1": [2, [3]]}),
        ({"b", "a"}, ["a", "b"]),
        ("a\ud800", "a?"),
        ({"\udfff": NotifyReason.FIRST}, {"?": "first"}),
    ],
)
def test_values_become_what_json_knows(value: object, plain: object):
    assert to_plain(value) == plain


@settings(max_examples=40, deadline=None)
@given(any_notice())
def test_any_input_becomes_the_same_strict_json(told: tuple[Notification, Desk]):
    body = json.dumps(webhook_document(*told), allow_nan=False, ensure_ascii=False, sort_keys=True).encode()
    assert body == json.dumps(webhook_document(*told), allow_nan=False, ensure_ascii=False, sort_keys=True).encode()
    assert json.loads(body)["version"] == "4"
