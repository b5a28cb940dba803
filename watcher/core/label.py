"""Labels identify an alert; a fingerprint is their short hash."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

#: Names and values, sorted by name: hashable, and equal when they mean the same.
Labels = tuple[tuple[str, str], ...]

NO_LABELS: Labels = ()

#: Publishers and keyboards write one name with any of these.
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02bb\u02bc", "'"))


def labels(pairs: Mapping[str, str]) -> Labels:
    """A mapping as labels; empty values are left out, as in Prometheus."""
    return tuple(sorted((name, value) for name, value in pairs.items() if value))


@lru_cache(maxsize=65_536)
def fingerprint(rule_id: str, group: Labels) -> str:
    """An alert's identity: 16 hexadecimal digits over the rule's identity and the group's labels.

    Severity is no label here, so an alert that gets worse stays the same alert.
    """
    text = "\x1f".join([rule_id, *(f"{name}\x1e{value}" for name, value in group)])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def fold(text: str) -> str:
    """A name for matching only: no accents, no case, single spaces, one kind of apostrophe.

    >>> fold("Ménaka  Région")
    'menaka region'
    """
    if text.isascii():
        return " ".join(text.lower().split())
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().translate(_APOSTROPHES).split())


def slug(sentence: str) -> str:
    """A sentence as an identity: ``mozambique-fatality-rate-exceeds-2019-pace``."""
    return re.sub(r"[^a-z0-9]+", "-", fold(sentence)).strip("-")
