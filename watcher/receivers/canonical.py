"""Canonical JSON: the same document is the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


def to_json(document: Mapping[str, object]) -> bytes:
    """Sorted keys, no spaces, UTF-8; no NaN and no infinity, which JSON does not know."""
    return _canonical(document)


def to_json_list(documents: Sequence[Mapping[str, object]]) -> bytes:
    """The same for a list of documents."""
    return _canonical(documents)


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
