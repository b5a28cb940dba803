"""Options that a kind of source or a channel understands: what it does not is a problem at its place in the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from watcher.config.document import KeyPath, MarkedDocument
from watcher.config.problem import mistakes
from watcher.core.errors import ConfigError


def validated(model: Any, raw: Mapping[str, Any], *, document: MarkedDocument, place: KeyPath) -> Any:
    """The options as the model of whoever takes them.

    :raises ConfigError: with what it does not understand.
    """
    try:
        return model.model_validate(raw, context={"folder": Path(document.path).parent})
    except ValidationError as error:
        raise ConfigError([each.placed(document) for each in mistakes(error, document, model, place)]) from None
