"""A rule file that is being read: its sections, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import ValidationError

from watcher.config.document import KeyPath, MarkedDocument
from watcher.config.problem import Mistake, mistakes
from watcher.core.document import Document
from watcher.core.errors import Problem

Model = TypeVar("Model", bound=Document)

#: Where each kind of name stands.
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "citation": ("citations",),
    "actor": ("actors",),
    "actor or place": ("actors", "places"),
    "name": ("actors", "vocabulary"),
    "place": ("places",),
    "indicator": ("indicators",),
    "state": ("states",),
}
#: How a name that is nowhere is told.
_NOT_THERE = re.compile(rf"(?:no|unknown) ({'|'.join(_SECTIONS)}) '")


@dataclass(frozen=True, slots=True)
class Page:
    """One file of the set; all pages of a set write into one list of problems."""

    #: What its facts and baselines are filed under.
    name: str
    document: MarkedDocument
    problems: list[Problem]
    #: Sections of the set of which an entry, or all, cannot be read: what refers to it is not reported as well.
    unread: set[str] = field(default_factory=set)

    @property
    def sections(self) -> Mapping[str, Any]:
        """The document's keys and values; none when the file is empty."""
        return self.document.value or {}

    def report(self, found: Iterable[Mistake]) -> None:
        """Note what is wrong, but for names that stand in what cannot be read."""
        self.problems.extend(mistake.placed(self.document) for mistake in found if not self._follows(mistake))

    def _follows(self, mistake: Mistake) -> bool:
        named = _NOT_THERE.match(mistake.summary)
        return named is not None and not self.unread.isdisjoint(_SECTIONS[named[1]])

    def items(self, section: str) -> Iterator[tuple[KeyPath, Any]]:
        """The raw items of a section, with their paths."""
        raw = self.sections.get(section)
        if isinstance(raw, list):
            for index, item in enumerate(raw):
                yield (section, index), item
        elif raw is not None:
            self.unread.add(section)
            self.report([Mistake((section,), f"{section!r} is a list", "begin each entry with '- '")])

    def models(
        self,
        section: str,
        model: type[Model],
        *,
        context: Mapping[str, Any] | None = None,
        stub: Callable[[str], Model] | None = None,
    ) -> Iterator[tuple[KeyPath, Model]]:
        """The items of a section that can be used; what is wrong with the others is noted.

        :param stub: makes an item of its name alone, to stand in for one that cannot be used, so that what refers
            to it is not reported as well.
        """
        for path, raw in self.items(section):
            read = self.model(path, raw, model, context)
            if read is None and stub is not None and isinstance(raw, dict):
                name = raw.get(next(iter(model.model_fields)))
                read = stub(name) if isinstance(name, str) else None
            if read is not None:
                yield path, read
            else:
                self.unread.add(section)

    def model(
        self, path: KeyPath, raw: Any, model: type[Model], context: Mapping[str, Any] | None = None
    ) -> Model | None:
        """One item, or None after noting what is wrong with it."""
        try:
            return model.model_validate(raw, context=context)
        except ValidationError as error:
            self.report(mistakes(error, self.document, model, path))
            return None
