"""Alertmanager: alerts pushed to its API (``/api/v2/alerts``), for desks that route everything there.

Alertmanager knows an alert by its labels, the severity among them, and forgets it when its ``endsAt`` passes. So what
fires is pushed with an end far away; what gets worse ends under its old severity; and what is over ends under the
severity that was told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, SecretStr, model_validator

from watcher.core.delivery import Outcome, Outgoing
from watcher.core.document import Document
from watcher.core.message import Desk, Item, Notification
from watcher.core.message.payload import annotations_of, well_formed
from watcher.core.message.phrase import clean
from watcher.core.message.wording import subject
from watcher.core.period import Duration
from watcher.core.severity import Severity
from watcher.receivers.access import Access, Rendered, WrittenPath
from watcher.receivers.canonical import to_json_list
from watcher.receivers.posting import DEADLINE, LEASE, Place, UnusableError, exactly_one, place_of, post, web_address

__all__ = ["CHANNEL", "DEADLINE", "LEASE", "Settings", "recipients", "render", "send"]

CHANNEL = "alertmanager"
CONTENT_TYPE = "application/json"
PATH = "/api/v2/alerts"
#: How long a note that is about no alert stands there: a test, a drill, a sign of life.
NOTE = timedelta(minutes=10)
#: Before version 0.27 a label's name consists of these only.
_FOREIGN = re.compile(r"[^A-Za-z0-9_]", re.ASCII)


class Settings(Document):
    """One entry of ``alertmanager_configs``."""

    url: Annotated[SecretStr, AfterValidator(web_address)] | None = None
    """Alertmanager's address without ``/api/...``: ``http://alertmanager.example.org:9093``."""
    url_file: WrittenPath | None = None
    """A file that holds the address, where it has a password in it; only its owner can read it."""
    keep: Duration = timedelta(weeks=52)
    """How long an alert stands there when we never say that it is over."""
    send_resolved: bool = True
    """Whether to tell that an alert is over."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        exactly_one(self.url, self.url_file)
        return self


def recipients(_settings: Settings) -> tuple[str, ...]:
    """The endpoint itself."""
    return ("",)


def render(notification: Notification, *, settings: Settings, desk: Desk) -> Rendered:
    """The alerts as the API takes them."""
    alerts = [alert for item in notification.items for alert in _alerts(item, notification, settings, desk)]
    alerts = alerts or [_note(notification, desk)]
    return Rendered(subject(notification, desk), CONTENT_TYPE, to_json_list(alerts))


def send(outgoing: Outgoing, *, settings: Settings, access: Access) -> Outcome:
    """Post the stored bytes once."""
    try:
        place = place_of(settings.url, settings.url_file, access)
    except UnusableError as unusable:
        return unusable.outcome
    place = Place(f"{place.url.rstrip('/')}{PATH}", alias=place.alias)
    return post(outgoing.body, place=place, headers={"Content-Type": outgoing.content_type}, access=access)


def _alerts(item: Item, notification: Notification, settings: Settings, desk: Desk) -> Iterator[dict[str, Any]]:
    now, told = item.transition.severity, _told(item)
    until = item.ends_at or item.transition.tick if item.is_over else notification.created_at + settings.keep
    worst = max((level for level in (now, told) if level), key=lambda level: level.rank)
    yield _alert(item, desk, severity=worst, ends_at=until)
    if told is not None and told.rank < worst.rank:
        yield _alert(item, desk, severity=told, ends_at=item.transition.tick)


def _told(item: Item) -> Severity | None:
    """The severity under which it was told before."""
    was = str((item.before or {}).get("severity") or "")
    return Severity(was) if was in list(Severity) else None


def _alert(item: Item, desk: Desk, *, severity: Severity, ends_at: datetime) -> dict[str, Any]:
    return {
        "labels": _labels({**item.labels, "severity": severity.value}, alertname=item.alert),
        "annotations": {name: well_formed(line) for name, line in annotations_of(item, desk).items()},
        "startsAt": _moment(item.starts_at),
        "endsAt": _moment(max(ends_at, item.starts_at)),
        **({"generatorURL": desk.base_url} if desk.base_url else {}),
    }


def _note(notification: Notification, desk: Desk) -> dict[str, Any]:
    """What is about no alert, as an alert that ends by itself."""
    name = f"Watcher{notification.reason.value.title().replace('_', '')}"
    labels = {"severity": Severity.INFO.value, "receiver": notification.receiver, "instance": desk.instance}
    return {
        "labels": _labels(labels, alertname=name),
        "annotations": {"summary": well_formed(subject(notification, desk))},
        "startsAt": _moment(notification.created_at),
        "endsAt": _moment(notification.created_at + NOTE),
    }


def _labels(labels: Mapping[str, str], *, alertname: str) -> dict[str, str]:
    """Labels as every version takes them: plain names, and no empty values, which are no labels there."""
    named = {_name(name): clean(value) for name, value in {"alertname": alertname, **labels}.items()}
    said = {name: well_formed(value) for name, value in named.items() if value}
    return {"alertname": "unnamed", **said}


def _name(name: str) -> str:
    plain = _FOREIGN.sub("_", name)
    return plain if plain[:1].isalpha() or plain.startswith("_") else f"_{plain}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
