"""Lint: everything that is wrong with rules, settings and routes, found at once and nothing opened for writing.

One check is one module with the names of :class:`~watcher.lint.check.Check`, and a page under ``docs/checks/``.
"""

from __future__ import annotations

from collections.abc import Mapping

from watcher.lint import (
    across,
    added_up,
    aggregate,
    alias,
    always,
    baseline,
    bound,
    contradiction,
    deaths,
    effect,
    endless,
    flaps,
    literal,
    member,
    never,
    offset,
    owner,
    twice,
    unreachable,
    untested,
    url,
    vocabulary,
    wait,
    window,
)
from watcher.lint.check import Check

_CHECKS: tuple[Check, ...] = (
    contradiction,
    bound,
    effect,
    member,
    literal,
    vocabulary,
    never,
    always,
    flaps,
    window,
    offset,
    wait,
    baseline,
    twice,
    added_up,
    aggregate,
    deaths,
    across,
    untested,
    owner,
    alias,
    url,
    unreachable,
    endless,
)
#: Every lint check by its name.
CHECKS: Mapping[str, Check] = {check.NAME: check for check in _CHECKS}
