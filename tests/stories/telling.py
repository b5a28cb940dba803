"""What arrived at a receiver, in the words of a story."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.stories.receiver import Arrival

_NUMBER = re.compile(r"-?\d+(?:\.(\d+))?")


class Teller:
    """Remembers every key and every transition, so that it notices when something comes twice."""

    def __init__(self) -> None:
        self._bodies: dict[tuple[str, str], bytes] = {}
        self._keys: dict[tuple[str, str, int], str] = {}

    def messages(self, lines: Sequence[str]) -> list[Sequence[str]]:
        """The lines of a step, message by message."""
        found: list[list[str]] = []
        for line in lines:
            if line.startswith(" ") and found:
                found[-1].append(line)
            elif line != "nothing":
                found.append([line])
        return list(found)

    def told(self, arrival: Arrival, expected: Sequence[str]) -> list[str]:
        """A message as it was: its first line, and whatever else the story wants to know of it."""
        document, own = arrival.document, arrival.document["watcher"]
        words = ", ".join((document["status"], document["notification_reason"], *self._again(arrival)))
        return [f"{words}: {own['subject']}", *(f"  {_detail(line.strip(), document)}" for line in expected[1:])]

    def _again(self, arrival: Arrival) -> Iterator[str]:
        """How it differs from what came before; a message that comes again has the same key and the same bytes."""
        before = self._bodies.setdefault((arrival.receiver, arrival.key), b"")
        if before:
            yield "again" if before == arrival.body else "AGAIN WITH OTHER BYTES"
        self._bodies[arrival.receiver, arrival.key] = arrival.body
        for fingerprint, seq in arrival.told:
            if self._keys.setdefault((arrival.receiver, fingerprint, seq), arrival.key) != arrival.key:
                yield "UNDER A SECOND KEY"


def _detail(line: str, document: Mapping[str, Any]) -> str:
    alerts, details = document["alerts"], document["watcher"]["alerts"]
    if line.startswith("says "):
        return _said(line.removeprefix("says "), document["watcher"]["text"])
    if line.startswith("about "):
        return f"about {'; '.join(_group(each['labels']) for each in alerts)}"
    return reading_line(line, details[alerts[0]["fingerprint"]]["values"])


def _group(labels: Mapping[str, str]) -> str:
    return ", ".join(value for name, value in labels.items() if name not in {"alertname", "severity"})


def _said(words: str, text: str) -> str:
    """Words that a message says, wherever its lines break; the whole message when it does not say them."""
    return f"says {words}" if words in " ".join(text.split()) else f"does not say {words}, but:\n{text}"


def reading_line(line: str, values: Mapping[str, object]) -> str:
    """``observed 447, ratio 1.315`` with the real values, to as many digits as were written."""
    return ", ".join(_value(part, values) for part in line.split(", "))


def _value(part: str, values: Mapping[str, object]) -> str:
    name, _, expected = part.partition(" ")
    real, number = values.get(name, "(no such value)"), _NUMBER.fullmatch(expected)
    if number and isinstance(real, int | float):
        return f"{name} {real:.{len(number[1] or '')}f}"
    return f"{name} {real}"
