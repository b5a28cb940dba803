"""A consumer of Alertmanager's webhooks, written from its public documentation, and one of CloudEvents."""

# ruff: noqa: N815 - the names are Alertmanager's

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tests.core.notices import CLAIM, DESK, ENDED, HEADLINE, WITH_RECORDS, WITHDRAWN, WORSE, any_notice, notice
from watcher.core.message import NotifyReason
from watcher.core.message.link import Links
from watcher.receivers import webhook
from watcher.receivers.cloudevents import CloudEvents

OPTIONS = webhook.Settings.model_validate({"url": "https://hooks.example.org/"})
PAGES = replace(DESK, base_url="https://watcher.example.org", links=Links("https://watcher.example.org", b"key"))
Moment = Annotated[AwareDatetime, Field(strict=False)]
Pairs = dict[str, str]


class Alert(BaseModel):
    """One of ``alerts``."""

    model_config = ConfigDict(strict=True)

    status: Literal["firing", "resolved"]
    labels: Pairs
    annotations: Pairs
    startsAt: Moment
    endsAt: Moment
    generatorURL: str
    fingerprint: str


class Version4(BaseModel):
    """The body of a webhook as Alertmanager documents it; what it does not know it leaves alone, as consumers do."""

    model_config = ConfigDict(strict=True)

    version: Literal["4"]
    groupKey: str
    truncatedAlerts: Annotated[int, Field(ge=0)]
    status: Literal["firing", "resolved"]
    receiver: str
    groupLabels: Pairs
    commonLabels: Pairs
    commonAnnotations: Pairs
    externalURL: str
    alerts: list[Alert]


class Event(BaseModel):
    """CloudEvents 1.0, structured mode: names of attributes are lower-case letters and digits."""

    model_config = ConfigDict(strict=True, extra="forbid")

    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1, pattern=r"^[!-~]+$")]
    type: Annotated[str, Field(min_length=1)]
    subject: Annotated[str, Field(min_length=1)]
    time: Moment
    datacontenttype: Literal["application/json"]
    data: dict[str, Any]


def consumed(raw: bytes) -> Version4:
    body = Version4.model_validate(json.loads(raw))
    never = datetime(1, 1, 1, tzinfo=UTC)
    assert all((alert.status == "firing") is (alert.endsAt == never) for alert in body.alerts)
    assert (body.status == "firing") or all(alert.status == "resolved" for alert in body.alerts)
    for alert in body.alerts:
        assert body.commonLabels.items() <= alert.labels.items()
        assert body.commonAnnotations.items() <= alert.annotations.items()
    return body


MESSAGES = [
    pytest.param(notice(HEADLINE), id="the headline"),
    pytest.param(notice(WITH_RECORDS, CLAIM, ENDED, reason=NotifyReason.NEW_ALERTS), id="several"),
    pytest.param(notice(WORSE, reason=NotifyReason.WORSE), id="worse"),
    pytest.param(notice(WITHDRAWN, reason=NotifyReason.RETRACTED), id="withdrawn"),
    pytest.param(notice(reason=NotifyReason.DRILL), id="a drill"),
    pytest.param(notice(reason=NotifyReason.ALIVE), id="a sign of life"),
]


@pytest.mark.parametrize("told", MESSAGES)
def test_a_consumer_of_alertmanagers_webhooks_takes_every_body(told):
    body = consumed(webhook.render(told, settings=OPTIONS, desk=PAGES).body)
    assert len(body.alerts) == len(told.items)


@given(told=any_notice())
@settings(max_examples=12, deadline=None)
def test_it_takes_whatever_a_source_writes(told):
    notification, desk = told
    consumed(webhook.render(notification, settings=OPTIONS, desk=desk).body)


@pytest.mark.parametrize("told", MESSAGES)
def test_as_a_cloudevent_the_same_body_is_the_data(told):
    rendered = CloudEvents().render(told, settings=OPTIONS, desk=PAGES)
    plain = webhook.render(told, settings=OPTIONS, desk=PAGES)
    event = Event.model_validate(json.loads(rendered.body))
    assert rendered.content_type == "application/cloudevents+json"
    assert rendered.subject == plain.subject
    assert event.data == json.loads(plain.body)
    assert (event.id, event.source) == (told.id, "https://watcher.example.org")
    assert event.type in {"watcher.alerts.firing", "watcher.alerts.resolved"}


@given(told=any_notice())
@settings(max_examples=8, deadline=None)
def test_an_envelope_holds_whatever_a_source_writes(told):
    notification, desk = told
    Event.model_validate(json.loads(CloudEvents().render(notification, settings=OPTIONS, desk=desk).body))


def test_links_are_in_the_body_where_somebody_serves_them():
    [detail] = json.loads(webhook.render(notice(HEADLINE), settings=OPTIONS, desk=PAGES).body)["watcher"][
        "alerts"
    ].values()
    assert detail["links"].keys() == {"Acknowledge", "Mute 7 days"}
    [over] = json.loads(webhook.render(notice(ENDED), settings=OPTIONS, desk=PAGES).body)["watcher"]["alerts"].values()
    assert over["links"] == {}
