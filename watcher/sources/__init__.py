"""Sources: records in. One module per kind, one line in this table."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.sources import acled, table, ucdp
from watcher.sources.source import Source, SourceDefaults

#: By the word that stands under ``kind`` in the settings.
SOURCES: Mapping[str, Source] = {acled.KIND: acled, ucdp.KIND: ucdp, table.KIND: table}

__all__ = ["SOURCES", "Source", "SourceDefaults"]
