"""The catalogue: everything that rules speak about and that people write beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from watcher.core.baseline import Baseline
from watcher.core.document import Document
from watcher.core.fact import Citation, Fact, StateDefinition
from watcher.core.indicator import Indicator
from watcher.core.selector import Names, Place, Spelling


class ActorEntry(Document):
    """An actor and every name it goes by."""

    actor: str
    """Its short name, used as ``$name``."""
    title: str = ""
    """What messages call it."""
    aliases: tuple[str, ...] = ()
    """Names that sources use for it."""
    valid_from: date | None = None
    """The aliases hold for events from this day."""
    valid_until: date | None = None
    """The aliases hold for events up to this day."""

    @property
    def name(self) -> str:
        """The title, else the short name."""
        return self.title or self.actor

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every name it is matched by."""
        return tuple(
            dict.fromkeys((self.actor, self.title, *self.aliases) if self.title else (self.actor, *self.aliases))
        )


class PersonEntry(Document):
    """A person and the spellings of the name."""

    person: str
    """The name that messages use."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""
    note: str = ""
    """Who that is."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that rules speak about, by name."""

    citations: Mapping[str, Citation] = field(default_factory=dict)
    actors: Mapping[str, ActorEntry] = field(default_factory=dict)
    people: Mapping[str, PersonEntry] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    indicators: Mapping[str, Indicator] = field(default_factory=dict)
    states: Mapping[str, StateDefinition] = field(default_factory=dict)
    #: By name of the file they stand in: each file is a snapshot.
    baselines: Mapping[str, tuple[Baseline, ...]] = field(default_factory=dict)
    #: By name of the file they stand in: each file is a snapshot.
    facts: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    #: The identity of every rule by its name and its id; empty for one that is only shown, whose alerts never count.
    alerts: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        """What ``$name`` refers to in selectors."""
        spellings = {
            name: tuple(Spelling(text, entry.valid_from, entry.valid_until) for text in entry.spellings)
            for name, entry in self.actors.items()
        }
        return Names(vocabulary=self.vocabulary, actors=spellings, places=self.places)

    def actor_name(self, actor: str) -> str:
        """What messages call an actor."""
        entry = self.actors.get(actor)
        return entry.name if entry else actor
