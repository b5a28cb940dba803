"""Pulls: how sources are asked over the network. One module per kind, one line in this table."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.sources.pull import acled, feed, gdelt, hapi, reliefweb, table, ucdp
from watcher.sources.pull.pull import Access, Page, Pull, PullDefaults, Request

#: By the word that stands under ``kind`` in the settings.
PULLS: Mapping[str, Pull] = {
    "acled": acled,
    "ucdp": ucdp,
    "hapi": hapi,
    "gdelt": gdelt,
    "reliefweb": reliefweb,
    "feed": feed,
    "table": table,
}

__all__ = ["PULLS", "Access", "Page", "Pull", "PullDefaults", "Request"]
