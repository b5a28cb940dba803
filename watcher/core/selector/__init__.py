"""Selectors: which events count. A map is AND, a list is OR; ``any``, ``all`` and ``not`` nest.

::

    where:
      country: Mozambique
      event_type: $organised_violence
      any:
        - actor: $ansar_al_sunna
        - notes: {contains: [drone, UAV]}
      not: {notes: {contains: police drone}}

It is read once, when a rule loads, into a tree of nodes (:mod:`watcher.core.selector.node`); that tree alone decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from watcher.core.event import Event
from watcher.core.selector.key import read_where
from watcher.core.selector.node import All, Node, key_of
from watcher.core.selector.place import Place
from watcher.core.selector.shape import Where
from watcher.core.selector.spot import NO_NAMES, Names, SelectorError, Spelling, Spot

__all__ = ["EVERYTHING", "NO_NAMES", "Names", "Place", "Selector", "SelectorError", "Spelling", "selector"]


@dataclass(frozen=True, slots=True)
class Selector:
    """Which events count; selectors that say the same have the same key, however they were written."""

    node: Node = field(compare=False, repr=False)
    #: Canonical text; empty when every event counts.
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", "" if self.node == All(()) else key_of(self.node))

    def matches(self, event: Event) -> bool:
        """Whether the event counts."""
        return self.node.matches(event)

    @property
    def document(self) -> dict[str, Any]:
        """What a person would write, every ``$name`` replaced by what it stands for."""
        return self.node.document(str)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(
            _validated, serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value.document)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        where = handler(Where.__pydantic_core_schema__)
        return {"anyOf": [where, {"type": "array", "items": where}]}


#: No selection at all.
EVERYTHING = Selector(All(()))


def selector(raw: object, names: Names = NO_NAMES) -> Selector:
    """Read a selector as it stands in YAML.

    :raises SelectorError: with the place, what is wrong, and what to write instead.
    """
    if isinstance(raw, Selector):
        return raw
    if isinstance(raw, Mapping) and not raw:
        return EVERYTHING
    return Selector(read_where(raw, Spot(names)))


def _validated(value: object, info: ValidationInfo) -> Selector:
    return selector(value, (info.context or {}).get("names", NO_NAMES))
