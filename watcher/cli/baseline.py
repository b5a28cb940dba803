"""`watcher baseline`: the stated numbers that rates are compared with, as of any date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from watcher import clock
from watcher.cli.argument import part
from watcher.cli.opening import as_known_option, config_option, end_of, open_settings, open_store
from watcher.cli.rulebook import did_you_mean
from watcher.cli.table import LIST_FORMATS, Column, format_option, print_rows
from watcher.core.baseline import BaselineVersion
from watcher.core.errors import UsageError
from watcher.core.fact import Citation
from watcher.store.baselines import find_baselines
from watcher.store.citations import find_citations

_COLUMNS = (
    Column("baseline"),
    Column("from"),
    Column("to"),
    Column("days", right=True),
    Column("deaths", right=True),
    Column("attacks", right=True),
    Column("deaths_a_day", right=True),
    Column("cutoff"),
    Column("grade"),
    Column("cite"),
    Column("known"),
    Column("speaks_for", gives=True),
)


@click.command()
@config_option
@click.argument("name", required=False)
@as_known_option("As it was known at the end of this day, or at this moment.", "--as-of")
@format_option(*LIST_FORMATS)
def command(config: Path | None, *, name: str | None, as_known: str | None, style: str) -> int:
    r"""The stated numbers that rates are compared with; with a NAME, everything that is said about one.

    A number that is a lower bound begins with `>=`. CUTOFF `assumed` means that the publication does not name the last
    day, and the desk chose it.

    \b
    watcher baseline
    watcher baseline moz_2019
    watcher baseline --as-known 2020-06-30 --format json
    """
    settings = open_settings(config)
    moment = end_of(as_known) if as_known else clock.wall()
    with open_store(settings, read_only=True) as store, store.reading() as tx:
        versions = find_baselines(tx, as_known=moment)
        citations = find_citations(tx)
    if name is not None:
        versions = _named(name, versions)
    rows = [_row(version, citations.get(version.baseline.cite)) for version in versions]
    if name is not None and style == "text":
        _print(rows[0])
    else:
        print_rows(rows, _COLUMNS, style, empty=f"no stated number {'was known then' if as_known else 'is known'}")
    return 0


def _named(name: str, versions: list[BaselineVersion]) -> list[BaselineVersion]:
    found = [version for version in versions if version.baseline.baseline == name]
    if not found:
        known = [version.baseline.baseline for version in versions]
        raise UsageError(f"there is no baseline {name!r}", todo=did_you_mean(name, known))
    return found


def _row(version: BaselineVersion, cite: Citation | None) -> dict[str, Any]:
    said = version.baseline
    least = ">= " if said.at_least else ""
    return {
        "baseline": said.baseline,
        "title": said.title,
        "from": said.period.first,
        "to": said.period.last,
        "days": said.days.days,
        "deaths": f"{least}{said.fatalities}" if said.at_least and said.fatalities is not None else said.fatalities,
        "attacks": f"{least}{said.attacks}" if said.at_least and said.attacks is not None else said.attacks,
        "deaths_a_day": round(said.fatalities / said.days.days, 3) if said.fatalities is not None else None,
        "fatalities": said.fatalities,
        "at_least": said.at_least,
        "cutoff": said.period.cutoff,
        "dispersion": said.dispersion,
        "definition": said.definition,
        "grade": cite.grade if cite else "",
        "cite": said.cite,
        "reference": cite.reference if cite else "",
        "url": cite.url if cite else "",
        "known": version.known_from.date(),
        "basis": version.basis.value,
        "speaks_for": list(said.indicators),
        "note": said.note,
        "source": version.source,
        "recorded_at": version.recorded_at,
    }


def _print(row: dict[str, Any]) -> None:
    numbers = [f"{row[name]} {name}" for name in ("deaths", "attacks") if row[name] is not None]
    rate = f" ({row['deaths_a_day']} deaths a day)" if row["deaths_a_day"] is not None else ""
    cutoff = "; the last day is assumed by the desk" if row["cutoff"] == "assumed" else ""
    definition = f"{row['definition']}; not the filter of the indicator" if row["definition"] else ""
    blocks = {
        "STATED": f"{' and '.join(numbers)} in {row['days']} days{rate}",
        "PERIOD": f"{row['from']} to {row['to']}{cutoff}",
        "COUNTED": definition,
        "FOR": ", ".join(row["speaks_for"]),
        "SOURCE": f"{row['cite']}: {row['reference']} {row['url']}".strip(),
        "KNOWN": f"from {row['known']}, in {row['source']}",
        "NOTE": row["note"],
    }
    for line in part("NUMBER", [f"{row['baseline']}{': ' + row['title'] if row['title'] else ''}"]):
        print(line)
    for label, text in blocks.items():
        for line in part(label, [text]):
            print(line)
