"""The text of a story: sections at the margin, steps below them, and what belongs to a step below that."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_INDENT = "  "
_AT = re.compile(r"at (\S+ \S+)")
_EVERY = re.compile(r"every (\d+) days from (\S+ \S+) to (\S+ \S+)")


class Section(NamedTuple):
    """A heading and everything below it, without the margin."""

    heading: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """What stands below the heading."""
        return "\n".join(self.lines) + "\n"

    @property
    def moments(self) -> list[datetime]:
        """When it happens: once, or every so many days; never, when it is no moment."""
        if match := _AT.fullmatch(self.heading):
            return [moment(match[1])]
        if match := _EVERY.fullmatch(self.heading):
            first, last, days = moment(match[2]), moment(match[3]), timedelta(days=int(match[1]))
            return [first + n * days for n in range((last - first) // days + 1)]
        return []


class Step(NamedTuple):
    """One line of what happens, and the lines that belong to it. A comment or an empty line is a step as well."""

    text: str
    lines: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether it is more than a comment."""
        return bool(self.text) and not self.text.startswith("#")


def moment(text: str) -> datetime:
    """``2020-07-07 13:00``, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def sections(text: str) -> Iterator[Section]:
    """Cut a story into its sections; an empty line between two belongs to the first."""
    heading: str | None = None
    lines: list[str] = []
    for line in text.splitlines():
        if heading is not None and (not line or line.startswith(_INDENT)):
            lines.append(line.removeprefix(_INDENT))
            continue
        if heading is not None:
            yield Section(heading, tuple(lines))
        heading, lines = line, []
    if heading is not None:
        yield Section(heading, tuple(lines))


def steps(section: Section) -> Iterator[Step]:
    """Cut a section into its steps."""
    text: str | None = None
    lines: list[str] = []
    for line in section.lines:
        if text and line.startswith(_INDENT):
            lines.append(line.removeprefix(_INDENT))
            continue
        if text is not None:
            yield Step(text, tuple(lines))
        text, lines = line, []
    if text is not None:
        yield Step(text, tuple(lines))


def lines_of(done: Iterable[Step]) -> tuple[str, ...]:
    """Steps as the lines of a section."""
    return tuple(line for step in done for line in (step.text, *(f"{_INDENT}{each}" for each in step.lines)))


def written(story: Iterable[Section]) -> str:
    """Sections as the text of a story."""
    lines = [line for each in story for line in (each.heading, *(f"{_INDENT}{line}".rstrip() for line in each.lines))]
    return "\n".join(lines) + "\n"


def as_written(expected: Sequence[str], real: Sequence[str]) -> tuple[str, ...]:
    """What is real, with the spaces of what was expected where they are the only difference."""
    spaced = {" ".join(line.split()): line for line in expected}
    return tuple(spaced.get(" ".join(line.split()), line) for line in real)
