"""Facts: dated, cited, revisable statements with a state machine of their own.

A fact says: the *state* of a *key* is *value*, from a day until a day. "The rivalry of ISGS and JNIM is clashing
from 17 April 2020, as al-Naba claims" is one fact. A claim stays a claim: who says so, and whether it is verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from watcher.core.document import Document
from watcher.core.event import Basis
from watcher.core.period import LooseDate, PartialDate, duration
from watcher.core.trigger import Derivation

#: The name of the source of what people assert by command.
DESK = "desk"
#: The name of the source of what nobody asserts: it follows from what is counted.
DERIVED = "derived"


class Citation(Document):
    """Where a fact or a stated number comes from, and how far the desk trusts it (Admiralty code)."""

    citation: str
    """Its name, used in ``cite``."""
    title: str
    """Title of the publication."""
    author: str = ""
    """Who wrote it."""
    publisher: str = ""
    """Who published it."""
    published: LooseDate
    """When; a part of a date is enough."""
    url: str = ""
    """Where it can be read."""
    licence: str = ""
    """Terms under which it may be passed on."""
    reliability: Literal["A", "B", "C", "D", "E", "F"] = "F"
    """Admiralty code of the source, the desk's own judgement: A completely reliable to F cannot be judged."""
    credibility: Annotated[int, Field(ge=1, le=6)] = 6
    """Admiralty code of the information, the desk's own judgement: 1 confirmed to 6 cannot be judged."""
    note: str = ""
    """Anything a reader of the evidence should know."""

    @property
    def grade(self) -> str:
        """``B2``."""
        return f"{self.reliability}{self.credibility}"

    @property
    def reference(self) -> str:
        """``Grey Dynamics, Ana Maria Baloi, 2020-07, B2``."""
        parts = (self.publisher, self.author, str(self.published), self.grade)
        return ", ".join(part for part in parts if part)


class Verified(StrEnum):
    """Whether somebody other than the claimant has confirmed it."""

    TRUE = "true"
    FALSE = "false"
    PARTLY = "partly"
    #: Nobody says.
    UNSTATED = "unstated"


class KeyKind(StrEnum):
    """What a state is a state of."""

    #: Two actors, in either order.
    DYAD = "dyad"
    #: One actor.
    ACTOR = "actor"
    #: A named area.
    AREA = "area"
    #: A country.
    COUNTRY = "country"
    #: Any short text.
    TEXT = "text"


class StateDefinition(Document):
    """A kind of fact: what it is about, and which values it may take."""

    state: str
    """Its name, the key of facts: ``rivalry``."""
    title: str = ""
    """What a person calls it."""
    key: str | tuple[str, ...] = KeyKind.TEXT.value
    """What it is a state of: dyad, actor, area, country, text, or a list of named parts such as [group, role]."""
    values: Literal["person", "actor", "text"] | tuple[str, ...] = "text"
    """The values it may take, or the kind of value: person, actor, text. In a list, ``actor`` stands for any actor."""
    order: tuple[str, ...] = ()
    """Values from calm to severe, where they have an order."""
    review_after: str = ""
    """After this time (365d) without confirmation a fact is stale, and no longer wins over a derived state."""
    derived: tuple[Derivation, ...] = ()
    """How the state follows from indicators; of several that hold, the first counts."""
    transitions: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    """Which values may follow a value; a value that is not listed may become any other."""

    @property
    def review(self) -> timedelta | None:
        """The time after which a fact is stale; None when none ever is."""
        return duration(self.review_after) if self.review_after else None

    def allows(self, before: str, after: str) -> bool:
        """Whether a value may follow another."""
        return before == after or after in self.transitions.get(before, (after,))

    def refusal(self, before: str, after: str, *, since: str = "", then: str = "") -> str:
        """Why a value may not follow another, and what may.

        :param since: from when the value before holds, as written.
        :param then: from when the value after holds, as written.
        """
        first, second = (f" (from {day})" if day else "" for day in (since, then))
        may = ", ".join(self.transitions.get(before, ())) or "nothing"
        return (
            f"{self.state!r} does not go from {before!r}{first} to {after!r}{second}; after {before!r} may come: {may}"
        )


def _verified(value: object) -> object:
    return {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value


class Fact(Document):
    """One dated statement. Identity is (state, key, from)."""

    state: str
    """Which state: ``rivalry``."""
    key: tuple[str, ...]
    """Of what; a dyad's two actors in alphabetical order."""
    value: str
    """What it is."""
    since: LooseDate
    """First day it held (``from`` in YAML)."""
    until: LooseDate | None = None
    """Last day it held; absent while it holds."""
    known: LooseDate | None = None
    """When it was known; absent means the citation's date."""
    ended: str = ""
    """How it ended: killed, captured, replaced, ..."""
    extent: Literal["all", "most", "some", ""] = ""
    """Over how much of the key it holds."""
    at_least: bool = False
    """The number or extent is a lower bound."""
    claimed_by: str = ""
    """Who claims it; empty when the cited author states it."""
    verified: Annotated[Verified, BeforeValidator(_verified)] = Verified.UNSTATED
    """Whether somebody other than the claimant confirmed it."""
    note: str = ""
    """Context in the desk's own words."""
    cite: str = ""
    """Name of the citation."""

    @property
    def identity(self) -> tuple[str, tuple[str, ...], str]:
        """What makes two revisions the same fact."""
        return (self.state, self.key, str(self.since))

    def holds_on(self, day: date) -> bool | None:
        """Whether it held on a day; None when the dates are too vague to say."""
        if self.until is not None and self.until.last is not None and day > self.until.last:
            return False
        if self.since.first is None:
            return True if self.until is None or (self.until.first is not None and day <= self.until.first) else None
        if day < self.since.first:
            return False
        within = self.since.last is not None and day >= self.since.last
        ended = self.until is not None and (self.until.first is None or day > self.until.first)
        return True if within and not ended else None


class FactVersion(NamedTuple):
    """A fact at one revision, with its knowledge time."""

    version: int
    #: ``desk``, or ``file:`` and the name of the YAML file it stands in.
    source: str
    fact: Fact
    known_from: datetime
    known_to: datetime | None
    basis: Basis
    recorded_at: datetime


def known_on(fact: Fact, citation: Citation | None) -> PartialDate | None:
    """When a fact says it was known: its own ``known``, else the date of its citation."""
    if fact.known is not None:
        return fact.known
    return citation.published if citation is not None else None
