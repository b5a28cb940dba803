"""Stated baselines in the store: numbers with a citation, and what of them was known when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row

from watcher.core.baseline import Baseline, BaselineVersion
from watcher.core.event import Basis
from watcher.core.fact import Citation
from watcher.store import schema, versions
from watcher.store.order import Bound
from watcher.store.versions import Book, Changes, Draft

# A baseline's name is what rules write after `above`, so it is one entry whichever file it stands in.
_BOOK = Book(schema.baseline, Baseline, ("name",), per_source=False)


def sync_baselines(
    tx: Connection, source: str, baselines: Sequence[Baseline], citations: Mapping[str, Citation], *, now: datetime
) -> Changes:
    """Make a file's baselines equal to what it says now; what it no longer says is closed at ``now``."""
    drafts = [_draft(baseline, citations) for baseline in baselines]
    return versions.sync(tx, _BOOK, source=source, drafts=drafts, now=now)


def sync_baseline_files(
    tx: Connection, files: Mapping[str, Sequence[Baseline]], citations: Mapping[str, Citation], *, now: datetime
) -> Changes:
    """Make the baselines of all files equal to what they say now; a file that is gone says nothing.

    The names are sources: ``file:`` and the file's name.
    """
    changes = Changes()
    for source in sorted(versions.live_sources(tx, _BOOK) | set(files)):
        changes = changes.and_also(sync_baselines(tx, source, files.get(source, ()), citations, now=now))
    return changes


def find_baselines(
    tx: Connection, *, as_known: datetime | None = None, indicator: str | None = None, bound: Bound | None = None
) -> list[BaselineVersion]:
    """The baselines known at a moment, or the current ones, by first day; those of one indicator where it is given.

    :param bound: what was recorded later is not seen; only with a moment.
    """
    found = map(_version, versions.find(tx, _BOOK, as_known=as_known, bound=bound))
    return sorted((each for each in found if indicator is None or indicator in each.baseline.indicators), key=_order)


def moments_of_baselines(tx: Connection) -> list[datetime]:
    """The moments at which what is known of stated numbers changes, ascending."""
    return versions.moments_of(tx, _BOOK)


def _order(version: BaselineVersion) -> tuple[date, date, str]:
    period = version.baseline.period
    return (period.first, period.last, version.baseline.baseline)


def _draft(baseline: Baseline, citations: Mapping[str, Citation]) -> Draft:
    citation = citations.get(baseline.cite)
    stated = baseline.known or (citation.published if citation is not None else None)
    return Draft((baseline.baseline,), baseline, stated)


def _version(row: Row[Any]) -> BaselineVersion:
    baseline = Baseline.model_validate_json(row.body)
    return BaselineVersion(
        row.version, row.source, baseline, row.known_from, row.known_to, Basis(row.basis), row.recorded_at
    )
