"""The manners of everything a person writes: strict keys, frozen values, and no secret in an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict

#: Longer values are cut in messages.
_SHOWN = 60
_YAML: Mapping[object, str] = {None: "nothing", True: "true", False: "false"}


class UnreadableError(ValueError):
    """Part of a value means nothing: where in it, what is wrong, and what to write instead."""

    def __init__(self, summary: str, *, path: tuple[str | int, ...] = (), hint: str = "") -> None:
        super().__init__(f"{summary}; {hint}" if hint else summary)
        #: Keys and positions from the top of the value to the mistake.
        self.path = path
        self.summary = summary
        self.hint = hint

    @classmethod
    def of(cls, sentence: str) -> Self:
        """From one sentence, ``what is wrong; what to do``."""
        summary, _, hint = sentence.partition("; ")
        return cls(summary, hint=hint)

    def below(self, *steps: str | int) -> Self:
        """The same, seen from further up in the value."""
        return type(self)(self.summary, path=(*steps, *self.path), hint=self.hint)


def shown(raw: object) -> str:
    """A value in a message, as YAML writes it."""
    if isinstance(raw, Mapping):
        return "a map"
    if isinstance(raw, list | tuple):
        return "a list"
    text = _YAML[raw] if raw is None or isinstance(raw, bool) else repr(raw)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


class Document(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        arbitrary_types_allowed=True,
    )
