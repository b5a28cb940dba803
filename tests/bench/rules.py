"""As many pace rules as asked for, each about one event type in one made-up province."""

from __future__ import annotations

from pathlib import Path

from tests.bench.records import COUNTRIES, EVENT_TYPES, PROVINCES, province

#: Of the rule that is backtested: days of its window, and the deaths in it at which it fires.
WINDOW, BOUND = 30, 8
#: The year whose pace the headline rule is held against.
BASELINE = 2015
MOST = len(COUNTRIES) * PROVINCES * len(EVENT_TYPES)


def scopes(rules: int) -> list[tuple[str, str, str]]:
    """The country, province and event type of each rule."""
    every = [
        (country, province(country, number), event_type)
        for event_type in EVENT_TYPES
        for number in range(PROVINCES)
        for country in COUNTRIES
    ]
    return every[:rules]


def write(path: Path, rules: int) -> Path:
    """Write a rule file."""
    chosen = list(enumerate(scopes(rules)))
    lines = ["version: 1", "indicators:"]
    for number, (country, area, event_type) in chosen:
        where = f"{{country: {country}, admin1: {area}, event_type: {event_type}}}"
        lines.append(f"  - {{indicator: i{number}, sum: fatalities, where: {where}}}")
    lines.append("rules:")
    lines += [f"  - {{alert: Rule {number}, pace: {{indicator: i{number}, above: 2024}}}}" for number, _ in chosen]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_threshold(path: Path, country: str) -> Path:
    """Write the rule that is backtested: deaths in each province of a country over some days."""
    lines = [
        "version: 1",
        "indicators:",
        f"  - {{indicator: deaths, sum: fatalities, where: {{country: {country}}}, by: [admin1]}}",
        "rules:",
        f"  - {{alert: Many deaths, threshold: {{indicator: deaths, window: {WINDOW}d}}, condition: [value >= {BOUND}]}}",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_pace(path: Path, country: str) -> Path:
    """Write the headline rule as it is backtested: the deaths of a country against the pace of a year."""
    lines = [
        "version: 1",
        "indicators:",
        f"  - {{indicator: deaths, sum: fatalities, where: {{country: {country}}}}}",
        "rules:",
        f"  - {{alert: Fatality rate exceeds pace, pace: {{indicator: deaths, above: {BASELINE}}}}}",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
