"""Countries as an API asks for them: by numbers of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from watcher.core import country


def numbers_of(
    names: Iterable[str], numbers: Callable[[country.Country], Sequence[int | None]], *, whose: str
) -> list[int]:
    """The numbers of countries that a person names, in the order of the names.

    :param numbers: those that a country has with the API.
    :raises ValueError: with the first name that has none.
    """
    found: list[int] = []
    for name in names:
        meant = country.find_country(name)
        known = [number for number in numbers(meant) if number is not None] if meant is not None else []
        if not known:
            near = country.suggest(name) if meant is None else None
            hint = f"; did you mean {near!r}?" if near else ""
            msg = f"{name!r} is no country that {whose} has a number for{hint}"
            raise ValueError(msg)
        found += known
    return found


def stray_value(rows: Iterable[Any], column: str, asked: Collection[int]) -> str:
    """The number of a country that was not asked for and came all the same; empty where there is none, or all were."""
    known = {str(number) for number in asked}
    said = (str(row[column]).strip() for row in rows if isinstance(row, dict) and row.get(column)) if known else ()
    return next((number for number in said if number.isdigit() and number.lstrip("0") not in known), "")
