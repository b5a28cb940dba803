"""The records behind an alert, as a message lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from watcher.core.message import Item
from watcher.core.message.entry import Entry, Link
from watcher.core.message.phrase import any_day_text, clean, counted, map_link, mappings, number, texts, web_link
from watcher.core.reading import quoted

#: How many records a message shows.
LATEST = 5


def records(item: Item) -> Iterator[Entry]:
    """The latest records behind an alert, each with where to see it."""
    evidence = item.transition.evidence
    known = mappings(evidence.get("records"))
    in_all = max(len(known), int(number(evidence.get("records_in_all")) or 0))
    latest = sorted(known, key=lambda row: (str(row.get("date")), str(row.get("id"))), reverse=True)[:LATEST]
    if latest:
        more = f"The {len(latest)} latest of {in_all}:" if in_all > len(latest) else "The latest:"
        yield Entry(more if in_all > 1 else "The only one shown:")
    for row in latest:
        yield Entry(_record(row), tuple(_record_links(row)), is_quote=bool(row.get("title")))


def _record(row: Mapping[str, object]) -> str:
    place = clean(row.get("place") or "") or "place not stated"
    actors = "; ".join(texts(row.get("actors")))
    about = f" {actors}." if actors else ""
    title = clean(row.get("title") or "")
    what = quoted(title) if title else f"{_deaths(row)}."
    return f"{clean(row.get('id'))}, {any_day_text(row.get('date'))}, {place}: {what}{about} [{_publishers(row)}]"


def _publishers(row: Mapping[str, object]) -> str:
    return "; ".join(texts(row.get("publishers"))) or "publisher not stated"


def _deaths(row: Mapping[str, object]) -> str:
    deaths = number(row.get("fatalities"))
    if deaths is None:
        return "deaths not stated"
    return "no deaths reported" if not deaths else counted(int(deaths), "death")


def _record_links(row: Mapping[str, object]) -> Iterator[Link]:
    if url := map_link(row.get("latitude"), row.get("longitude")):
        yield Link("Map", url)
    if url := web_link(row.get("url") or ""):
        yield Link(_publishers(row) if row.get("title") else "Record", url)
