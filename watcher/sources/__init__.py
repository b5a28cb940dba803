"""Sources: records in. One module per kind, one line in this table."""

from __future__ import annotations

from collections.abc import Mapping

from watcher.sources import acled, feed, gdelt, hapi, reliefweb, table, ucdp
from watcher.sources.source import Part, Source, SourceDefaults


def _needs_options(source: Source) -> bool:
    return any(field.is_required() for field in source.Settings.model_fields.values())


#: By the word that stands under ``kind`` in the settings.
SOURCES: Mapping[str, Source] = {
    acled.KIND: acled,
    ucdp.KIND: ucdp,
    hapi.KIND: hapi,
    gdelt.KIND: gdelt,
    reliefweb.KIND: reliefweb,
    feed.KIND: feed,
    table.KIND: table,
}
#: Kinds that need no options, so that the name of the kind will do for a source.
READY = tuple(kind for kind, source in SOURCES.items() if not _needs_options(source))

__all__ = ["READY", "SOURCES", "Part", "Source", "SourceDefaults"]
