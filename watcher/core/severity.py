"""Severity: three levels, and tiers that name the condition of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from watcher.core.condition import condition, to_document
from watcher.core.detectors.frame import Tier
from watcher.core.document import UnreadableError, shown


class Severity(StrEnum):
    """How urgent an alert is."""

    #: Worth knowing.
    INFO = "info"
    #: Look at it in office hours.
    WARNING = "warning"
    #: Wake somebody.
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for info to 2 for critical."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class SeverityTiers:
    """Severities from the worst down, each with its condition; the last may be without."""

    tiers: tuple[Tier, ...]

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            severity_tiers, serialization=core_schema.plain_serializer_function_ser_schema(_to_document)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        level = {"type": "string", "enum": [level.value for level in Severity]}
        when = {"anyOf": [{"type": "string"}, {"type": "array"}]}
        names = {level.value: when for level in Severity}
        return {
            "anyOf": [
                level,
                {"type": "object", "properties": {**names, "otherwise": level}, "additionalProperties": False},
            ]
        }


def severity_tiers(value: object) -> SeverityTiers:
    """Read ``warning``, or ``{critical: <comparison or list>, warning: ..., otherwise: info}``.

    :raises UnreadableError: with what was expected, and where.
    """
    if isinstance(value, SeverityTiers):
        return value
    if isinstance(value, str):
        return SeverityTiers((Tier(_level(value)),))
    if not isinstance(value, Mapping) or not value:
        raise UnreadableError("expected critical, warning or info, or {critical: <comparison>, otherwise: warning}")
    tiers = [_tier(name, when) for name, when in value.items() if name != "otherwise"]
    tiers.sort(key=lambda tier: -Severity(tier.severity).rank)
    if "otherwise" in value:
        tiers.append(Tier(_level(value["otherwise"], "otherwise")))
    return SeverityTiers(tuple(tiers))


def _tier(name: object, when: object) -> Tier:
    level = _level(name, str(name))
    try:
        return Tier(level, condition(when))
    except UnreadableError as error:
        raise error.below(level) from None


def _level(name: object, *at: str) -> str:
    if isinstance(name, str) and name in set(Severity):
        return Severity(name).value
    hint = "one of: critical, warning, info (and 'otherwise' for the rest)"
    raise UnreadableError(f"{shown(name)} is no severity", path=at, hint=hint)


def _to_document(value: SeverityTiers) -> object:
    if len(value.tiers) == 1 and value.tiers[0].when is None:
        return value.tiers[0].severity
    return {
        tier.severity if tier.when is not None else "otherwise": to_document(tier.when) if tier.when else tier.severity
        for tier in value.tiers
    }
