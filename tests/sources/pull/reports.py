"""A server on loopback that behaves like ReliefWeb's API, with faults that a test adds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.sources.pull.api import Api, Asked, Said, said

APPNAME = "example.org-watcher"


def report(
    number: int, *, changed: str = "2026-11-01T10:00:00+00:00", iso3: str = "mli", **changes: Any
) -> dict[str, Any]:
    """A report that was never written, as the API gives it."""
    names = {"mli": "Mali", "ner": "Niger", "wld": "World"}
    created = "2026-10-30T08:00:00+00:00"
    fields: dict[str, Any] = {
        "id": number,
        "title": f"Report {number}: fighting near Anywhere",
        "date": {"original": "2026-10-29T00:00:00+00:00", "created": created, "changed": changed},
        "primary_country": {"id": 149, "name": names[iso3], "shortname": names[iso3], "iso3": iso3},
        "country": [{"id": 149, "name": names[iso3], "iso3": iso3}],
        "source": [{"id": 1, "name": "An Office of Coordination", "shortname": "AOC"}],
        "format": [{"id": 10, "name": "Situation Report"}],
        "theme": [{"id": 2, "name": "Protection and Human Rights"}],
        "language": [{"id": 267, "name": "English", "code": "en"}],
        "url": f"https://reliefweb.example/node/{number}",
        "url_alias": f"https://reliefweb.example/report/{number}",
    }
    dates = fields["date"] | changes.pop("date", {})
    return {
        "id": str(number),
        "score": 1,
        "href": f"/v2/reports/{number}",
        "fields": fields | changes | {"date": dates},
    }


def disaster(number: int, *, changed: str = "2026-11-01T10:00:00+00:00", **changes: Any) -> dict[str, Any]:
    """A disaster that never happened."""
    dates = {"event": "2026-10-28T00:00:00+00:00", "created": "2026-10-30T08:00:00+00:00", "changed": changed}
    fields = {
        "id": number,
        "name": "Mali: Floods - Oct 2026",
        "status": "ongoing",
        "glide": "FL-2026-000001-MLI",
        "date": dates,
        "primary_country": {"name": "Mali", "iso3": "mli"},
        "country": [{"name": "Mali", "iso3": "mli"}],
        "primary_type": {"name": "Flood", "code": "FL"},
        "type": [{"name": "Flood", "code": "FL", "primary": True}],
        "url_alias": "https://reliefweb.example/disaster/fl-2026-000001-mli",
    }
    return {"id": str(number), "fields": fields | changes}


def refused(status: int, message: str, *, kind: str = "BadRequestHttpException", http: int = 0) -> Said:
    """A fault in the envelope."""
    return said({"status": status, "time": 3, "error": {"type": kind, "message": message}}, http or status)


UNAPPROVED = refused(403, "You are not using an approved appname.", kind="AccessDeniedHttpException")


@dataclass
class ReliefWeb(Api):
    """ReliefWeb's API: POST a question in JSON, get a page."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    approved: set[str] = field(default_factory=lambda: {APPNAME})
    #: What was asked, the bodies.
    questions: list[dict[str, Any]] = field(default_factory=list)
    #: Something that happens behind each answer.
    meanwhile: Callable[[int], object] = lambda _: None

    def answer(self, asked: Asked, body: bytes) -> Said:
        self.asked.append(asked)
        if (fault := self.fault(asked)) is not None:
            return fault
        version, _, content = asked.path.removeprefix("/").partition("/")
        if version != "v2":
            return refused(410, "This version is gone.", kind="GoneHttpException")
        if asked.asked.get("appname") not in self.approved:
            return UNAPPROVED
        question = json.loads(body)
        self.questions.append(question)
        shown = self._found(content, question)
        start, limit = question["offset"], question["limit"]
        assert limit <= 1_000
        page = [_included(row, question["fields"]["include"]) for row in shown[start : start + limit]]
        self.meanwhile(len(self.questions))
        return said({"href": "...", "time": 1, "totalCount": len(shown), "count": len(page), "data": page})

    def _found(self, content: str, question: Mapping[str, Any]) -> list[dict[str, Any]]:
        assert question["sort"] == ["date.changed:asc", "id:asc"]
        assert question["filter"]["operator"] == "AND"
        named = {"reports": "title", "disasters": "name"}[content]
        rows = [row for row in self.rows if named in row["fields"]]
        for condition in question["filter"]["conditions"]:
            rows = [row for row in rows if _holds(condition, row["fields"])]
        if "query" in question:
            rows = [row for row in rows if question["query"]["value"] in row["fields"][named]]
        return sorted(rows, key=lambda row: (row["fields"]["date"]["changed"], row["id"]))


def _included(row: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    known = {"id", "new_key", *names}
    return {**row, "fields": {name: value for name, value in row["fields"].items() if name in known}}


def _holds(condition: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    outer, _, inner = condition["field"].partition(".")
    found = fields.get(outer) or {}
    values = {each.get(inner) for each in (found if isinstance(found, list) else [found])}
    wanted = condition["value"]
    if isinstance(wanted, dict):
        first = datetime.fromisoformat(wanted["from"])
        return all(value is not None and datetime.fromisoformat(value) >= first for value in values)
    holds = not values.isdisjoint(wanted if isinstance(wanted, list) else [wanted])
    return holds is not condition.get("negate", False)
