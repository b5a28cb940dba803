"""What a target is, and damage that is done to something good."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.sources.test_any_bytes import BYTES

#: Nothing that is read may keep anybody for longer, seconds of processor time.
_PATIENCE_S = 2

Survive = Callable[[Any], object]


class Target(NamedTuple):
    """Something that takes what others write."""

    name: str
    cases: st.SearchStrategy[Any]
    #: Opens what is needed for many cases, and hands out what is called with each.
    stage: Callable[[], AbstractContextManager[Survive]]


def plain(name: str, cases: st.SearchStrategy[Any], survive: Survive) -> Target:
    """A target that needs nothing around it."""
    return Target(name, cases, lambda: nullcontext(survive))


def changed(good: Iterable[bytes], spare: st.SearchStrategy[bytes] = BYTES) -> st.SearchStrategy[bytes]:
    """Something good of which up to four pieces were cut out, put in, doubled or overwritten."""
    return st.builds(edited, st.sampled_from(sorted(good)), edits(spare))


def edits(spare: st.SearchStrategy[bytes] = BYTES) -> st.SearchStrategy[list[tuple[float, int, str, bytes]]]:
    """What is done to something good."""
    edit = st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(["cut", "put", "double", "over"]), spare)
    return st.lists(edit, min_size=1, max_size=4)


def edited(good: bytes, edits: list[tuple[float, int, str, bytes]]) -> bytes:
    """Something good after that was done to it."""
    for where, length, how, what in edits:
        place = int(where * len(good))
        piece = good[place : place + length]
        put = {"cut": b"", "put": what + piece, "double": piece * 2, "over": what[:length]}[how]
        good = good[:place] + put + good[place + length :]
    return good


def within_patience(act: Callable[[], object]) -> None:
    """Nothing keeps anybody for long.

    :raises AssertionError: when it does.
    """
    begun = time.process_time()
    act()
    assert time.process_time() - begun < _PATIENCE_S
