"""Alertmanager: alerts as its API takes them, by its public schema, and by the program itself where it is installed."""

# ruff: noqa: N815 - the names are Alertmanager's

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from tests.core.notices import CLAIM, DESK, ENDED, HEADLINE, LATER, WITHDRAWN, WORSE, any_notice, item, notice
from tests.receivers.outgoings import access, outgoing
from tests.zoo import Server, answer
from watcher.core.delivery import OutcomeClass
from watcher.core.message import NotifyReason
from watcher.receivers import alertmanager

OPTIONS = alertmanager.Settings.model_validate({"url": "http://alerts.example.org:9093/"})


class PostableAlert(BaseModel):
    """``postableAlert`` of Alertmanager's API, version 2, and what its code asks beyond the schema."""

    model_config = ConfigDict(extra="forbid", strict=True)

    labels: Annotated[dict[Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")], str], Field(min_length=1)]
    annotations: dict[Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")], str]
    startsAt: Annotated[AwareDatetime, Field(strict=False)]
    endsAt: Annotated[AwareDatetime, Field(strict=False)]
    generatorURL: Annotated[str, Field(pattern=r"^https?://")] | None = None


API = TypeAdapter(list[PostableAlert])


def pushed(*items, desk=DESK, **changes) -> list[PostableAlert]:
    raw = alertmanager.render(notice(*items, **changes), settings=OPTIONS, desk=desk).body
    alerts = API.validate_python(json.loads(raw))
    assert all(alert.labels["alertname"] and alert.startsAt <= alert.endsAt for alert in alerts)
    assert all(value for alert in alerts for value in alert.labels.values())
    return alerts


def test_what_fires_stands_there_with_an_end_far_away():
    [alert] = pushed(HEADLINE, desk=replace(DESK, base_url="https://watcher.example.org"))
    assert alert.labels == {
        "alertname": "Mozambique fatality rate exceeds 2019 pace",
        "country": "MOZ",
        "severity": "warning",
    }
    assert alert.endsAt - HEADLINE.starts_at > timedelta(days=360)
    assert alert.annotations["summary"].startswith("Mozambique deaths 31 % above 2019 pace")
    assert alert.generatorURL == "https://watcher.example.org"


def test_what_gets_worse_ends_under_its_old_severity():
    worse, old = pushed(WORSE, reason=NotifyReason.WORSE)
    assert (worse.labels["severity"], old.labels["severity"]) == ("critical", "warning")
    assert old.endsAt == WORSE.transition.tick < worse.endsAt
    assert {**worse.labels, "severity": "warning"} == old.labels


@pytest.mark.parametrize("over", [ENDED, WITHDRAWN], ids=["ended", "withdrawn"])
def test_what_is_over_ends_under_the_severity_that_was_told(over):
    milder = replace(over, before={"severity": "critical", "tick": "2020-07-07T06:00:00+00:00"})
    alerts = {alert.labels["severity"]: alert for alert in pushed(milder)}
    assert alerts["critical"].endsAt == LATER
    assert all(alert.endsAt <= LATER for alert in alerts.values())


def test_a_reminder_of_what_got_milder_keeps_the_severity_that_was_told():
    told = item(HEADLINE.transition, before={"severity": "critical", "tick": "2020-07-01T06:00:00+00:00"})
    assert [alert.labels["severity"] for alert in pushed(told, reason=NotifyReason.REPEAT)] == ["critical"]


def test_a_drill_is_an_alert_that_ends_by_itself():
    [alert] = pushed(reason=NotifyReason.DRILL)
    assert (alert.labels["alertname"], alert.labels["severity"]) == ("WatcherDrill", "info")
    assert alert.endsAt - alert.startsAt == alertmanager.NOTE


def test_names_of_labels_are_plain_and_empty_values_are_left_out():
    odd = replace(HEADLINE, labels={"event type": "Battles", "2nd": "x", "Région": "Soum", "empty": ""})
    [alert] = pushed(odd)
    assert alert.labels.keys() == {"alertname", "severity", "event_type", "_2nd", "R_gion"}


@given(told=any_notice())
@settings(max_examples=12, deadline=None)
def test_whatever_a_source_writes_is_taken(told):
    notification, desk = told
    raw = alertmanager.render(notification, settings=OPTIONS, desk=desk).body
    assert API.validate_python(json.loads(raw))


def test_it_is_posted_to_the_api():
    with Server(answer(200)) as server:
        options = alertmanager.Settings.model_validate({"url": server.url("/am/")})
        outcome = alertmanager.send(outgoing(b"[]"), settings=options, access=access())
    [request] = server.requests
    assert (outcome.kind, request.line) == (OutcomeClass.OK, "POST /am/api/v2/alerts HTTP/1.1")


# --- the program itself -----------------------------------------------------------------------------------------------

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


@pytest.fixture
def alertmanager_url(tmp_path) -> Iterator[str]:
    if PROGRAM is None:
        pytest.skip("no Alertmanager is installed (Debian: apt install prometheus-alertmanager)")
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = [f"--config.file={config}", f"--storage.path={tmp_path / 'data'}", "--cluster.listen-address="]
    process = subprocess.Popen(
        [PROGRAM, *where, f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        # The last that it says before it answers.
        for line in process.stderr:
            if "TLS is disabled" in line:
                break
        else:
            pytest.skip("the Alertmanager that is installed does not start: its installation is not whole")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        if process.stderr:
            process.stderr.close()


def asked(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=5) as reply:
        return list(json.load(reply))


def test_alertmanager_takes_what_fires_and_lets_go_of_what_is_over(alertmanager_url):
    now = datetime.now(UTC)  # noqa: TID251 - Alertmanager asks the clock itself
    options = alertmanager.Settings.model_validate({"url": alertmanager_url})
    fires = [replace(each, starts_at=now - timedelta(hours=1)) for each in (HEADLINE, CLAIM)]
    told = notice(*fires, created_at=now)
    push = alertmanager.render(told, settings=options, desk=DESK).body
    assert alertmanager.send(outgoing(push), settings=options, access=access()).kind is OutcomeClass.OK
    assert {each["labels"]["alertname"] for each in asked(alertmanager_url)} == {each.alert for each in fires}
    over = replace(ENDED, starts_at=now - timedelta(hours=1), ends_at=now - timedelta(seconds=1))
    push = alertmanager.render(notice(over, created_at=now), settings=options, desk=DESK).body
    assert alertmanager.send(outgoing(push), settings=options, access=access()).kind is OutcomeClass.OK
    assert {each["labels"]["alertname"] for each in asked(alertmanager_url)} == {CLAIM.alert}
