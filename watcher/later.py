"""Modules that are imported when something of them is first needed.

A turn that finds nothing to send needs no HTTP, no mail and no template engine, and cron starts one every few minutes.
Imports stand at the top of a module, inside functions only in :mod:`watcher.cli`; whatever else is put off is put off by
this class, so that ``Later(`` finds every place. ``tests/test_later.py`` says what a turn must not import.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module, and imports it when something of it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)

    def __repr__(self) -> str:
        return f"Later({self._name!r})"
