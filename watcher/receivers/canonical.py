"""Canonical JSON: the same document is the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping


def to_json(document: Mapping[str, object]) -> bytes:
    """Sorted keys, no spaces, UTF-8; no NaN and no infinity, which JSON does not know."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
