"""The webhook's document: Alertmanager's version 4, and one object of our own beside it.

Tools that understand Alertmanager read the first part; ``watcher`` holds what they have no place for: the numbers, the
evidence, and what became of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime

from watcher.core.message import Desk, Item, Notification, dedup_key
from watcher.core.message.passage import actions, headline, lead
from watcher.core.message.phrase import clean, map_link, mappings, web_link
from watcher.core.message.wording import subject, text

#: What Alertmanager writes for an alert that has not ended.
_NEVER = "0001-01-01T00:00:00Z"


def webhook_document(notification: Notification, desk: Desk) -> dict[str, object]:
    """Everything a webhook is told, as plain JSON values: no infinity, no NaN, no lone surrogate."""
    alerts = [_alert(item, desk) for item in notification.items]
    document = {
        "version": "4",
        "groupKey": notification.group_key,
        "truncatedAlerts": 0,
        "status": notification.status,
        "receiver": notification.receiver,
        "groupLabels": notification.group_labels,
        "commonLabels": _common([item.labels for item in notification.items]),
        "commonAnnotations": _common([annotations_of(item, desk) for item in notification.items]),
        "externalURL": desk.base_url,
        "notification_reason": notification.reason.value,
        "alerts": alerts,
        "watcher": _own(notification, desk),
    }
    return {key: to_plain(value) for key, value in document.items()}


def to_plain(value: object) -> object:
    """A value as JSON knows it: days and moments as ISO text, what is no finite number as text."""
    if isinstance(value, Mapping):
        return {well_formed(str(key)): to_plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(each) for each in value]
    if isinstance(value, AbstractSet):
        return sorted(well_formed(str(each)) for each in value)
    return _single(value)


def _single(value: object) -> object:
    match value:
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
        case _:
            return well_formed(str(value))


def well_formed(line: str) -> str:
    """Text that UTF-8 can carry."""
    return line.encode("utf-8", "replace").decode("utf-8")


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _common(mappings_: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The pairs that all share."""
    every = [set(each.items()) for each in mappings_]
    return dict(sorted(set.intersection(*every))) if every else {}


def _alert(item: Item, desk: Desk) -> dict[str, object]:
    ends_at = _moment(item.ends_at or item.transition.tick) if item.is_over else _NEVER
    return {
        "status": "resolved" if item.is_over else "firing",
        "labels": item.labels,
        "annotations": annotations_of(item, desk),
        "startsAt": item.starts_at,
        "endsAt": ends_at,
        "generatorURL": desk.base_url,
        "fingerprint": item.transition.fingerprint,
    }


def annotations_of(item: Item, desk: Desk) -> dict[str, str]:
    """What is said of an alert, by the names that Alertmanager's users know."""
    runbook, contact = item.runbook or desk.runbook, clean(item.contact or desk.contact)
    said = {
        "summary": headline(item),
        "description": " ".join(line for line in lead(item) if line),
        "contact": contact,
        "runbook_url": web_link(runbook),
        "runbook": "" if web_link(runbook) else clean(runbook),
    }
    return {name: line for name, line in said.items() if line}


def _own(notification: Notification, desk: Desk) -> dict[str, object]:
    return {
        "instance": desk.instance,
        "message": notification.id,
        **({"epoch": notification.epoch} if notification.epoch else {}),
        "items": len(notification.items),
        "subject": subject(notification, desk),
        "text": text(notification, desk),
        "alerts": _details(notification, desk),
    }


def _details(notification: Notification, desk: Desk) -> dict[str, object]:
    """By fingerprint; of two transitions of one alert the later stands, and holds the other under ``earlier``."""
    details: dict[str, dict[str, object]] = {}
    for item in sorted(notification.items, key=lambda each: each.transition.seq):
        fingerprint = item.transition.fingerprint
        earlier = details.get(fingerprint)
        details[fingerprint] = _detail(item, notification, desk) | ({"earlier": earlier} if earlier else {})
    return dict(details)


def _detail(item: Item, notification: Notification, desk: Desk) -> dict[str, object]:
    transition = item.transition
    return {
        "alert": item.alert,
        "rule": transition.rule,
        "rule_hash": transition.rule_hash,
        "episode": transition.episode,
        "dedup_key": dedup_key(desk.instance, transition.fingerprint, transition.episode),
        "seq": transition.seq,
        "state": transition.after.value,
        "reason": transition.reason.name.lower(),
        "reason_text": transition.reason.value,
        "severity": transition.severity.value,
        "watermark": transition.watermark,
        "as_known_at": transition.tick,
        "values": transition.values,
        "previous_values": item.previous_values,
        "changed": item.changed,
        "acknowledgement": item.acknowledgement._asdict() if item.acknowledgement else None,
        "diff": transition.evidence.get("difference") or {},
        "sensitivity": transition.evidence.get("sensitivity") or {},
        "links": {link.text: link.url for link in actions(item, notification, desk)},
        "evidence": _evidence(transition.evidence),
    }


def _evidence(evidence: Mapping[str, object]) -> dict[str, object]:
    """The evidence as it was written, each record with a link to a map, the names of the citations under their name."""
    told = {
        name: value
        for name, value in evidence.items()
        if name not in {"difference", "sensitivity", "cites", "records", "picture"}
    }
    records = [
        {**row, "map": map_link(row.get("latitude"), row.get("longitude"))} for row in mappings(evidence.get("records"))
    ]
    return {**told, "citations": evidence.get("cites") or [], "records": records}
