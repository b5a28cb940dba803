"""Countries: ISO3 is the key inside; every spelling and code that sources use leads to it.

The table in ``country.csv`` joins the public-domain list of country codes with the spellings of ACLED and UCDP and the
Gleditsch-Ward numbers. Two entries are no ISO countries and carry user-assigned codes: XKX (Kosovo) and XAD
(Akrotiri and Dhekelia). A two-letter code is ISO unless it is said to be FIPS: NG is Nigeria in ISO and Niger in FIPS.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

from watcher.core.label import fold

_APOSTROPHES = re.compile("['\u2018\u2019\u02bc]")
_NOT_A_WORD = re.compile(r"[^\w]+")
_WORD = re.compile(r"[\w']+")
_OTHER_WORDS = {"st": "saint"}
#: Words of the longest name, and letters of the shortest that is looked for in a text.
_LONGEST_NAME = 9
_SHORTEST_NAME = 4


class Country(NamedTuple):
    """A country or territory, with every code and name it goes by."""

    #: ISO 3166 alpha-3, or user-assigned: XKX, XAD.
    iso3: str
    #: What messages call it.
    name: str
    #: ISO 3166 alpha-2; empty where there is none.
    iso2: str
    #: ISO 3166 numeric; None where there is none.
    numeric: int | None
    #: FIPS 10-4 codes; Palestine has two, Gaza and the West Bank.
    fips: tuple[str, ...]
    #: Gleditsch-Ward numbers, today's first: Serbia was 345 within Yugoslavia and is 340.
    gw: tuple[int, ...]
    #: Other names and spellings.
    aliases: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it is found by."""
        return (self.name, *self.aliases)


@cache
def all_countries() -> tuple[Country, ...]:
    """Every country, by ISO3."""
    text = (resources.files(__package__) / "country.csv").read_text("utf-8")
    return tuple(_country(row) for row in csv.DictReader(text.splitlines()))


def by_iso3(code: str) -> Country | None:
    """The country of an ISO alpha-3 code, in either case."""
    return _index("iso3").get(code.strip().upper())


def by_iso2(code: str) -> Country | None:
    """The country of an ISO alpha-2 code, in either case; never a FIPS code."""
    return _index("iso2").get(code.strip().upper())


def by_fips(code: str) -> Country | None:
    """The country of a FIPS 10-4 code, in either case."""
    return _index("fips").get(code.strip().upper())


def by_numeric(number: int) -> Country | None:
    """The country of an ISO numeric code; ACLED's 0 (Kosovo and others) is none."""
    return _index("numeric").get(str(number))


def by_gw(number: int) -> Country | None:
    """The country of a Gleditsch-Ward number, today's or a former one."""
    return _index("gw").get(str(number))


def by_name(name: str) -> Country | None:
    """The country of a name in any spelling we know; case, accents and punctuation do not matter."""
    return _by_key().get(_key(name))


def find_country(text: str) -> Country | None:
    """The country that a person means by a name, an ISO alpha-3 or an ISO alpha-2 code."""
    return by_name(text) or by_iso3(text) or by_iso2(text)


def find_countries(names: Iterable[str]) -> list[Country]:
    """The countries that a person names, in the order of the names.

    :raises ValueError: with the first name that is none.
    """
    found = []
    for name in names:
        meant = find_country(name)
        if meant is None:
            near = suggest(name)
            hint = f"; did you mean {near!r}?" if near else ""
            msg = f"{name!r} is no country on the list{hint}"
            raise ValueError(msg)
        found.append(meant)
    return found


def several_countries(text: str) -> str:
    """What to write for several countries in one text, ``Burkina Faso, Mali``; empty where it is something else."""
    names = [name.strip() for name in text.split(",")]
    return f"write a list: [{', '.join(names)}]" if len(names) > 1 and all(map(find_country, names)) else ""


def named_in(text: str) -> Iterator[Country]:
    """The countries that a text names, in its order; of names that begin at one word, the longest.

    Names of fewer than four letters are none here: "us" is mostly no country. Neither are adjectives.
    """
    said = (word.removesuffix("'s") for word in _WORD.findall(fold(text).replace("&", " and ")))
    words = [_OTHER_WORDS.get(word, word) for word in said if word != "the"]
    at = 0
    while at < len(words):
        found, length = _longest(words[at : at + _LONGEST_NAME])
        if found is not None:
            yield found
        at += length


def _longest(words: Sequence[str]) -> tuple[Country | None, int]:
    """The country whose name the words begin with, and how many of them it takes."""
    behind = words[0].partition("'")[2]  # l'Ouganda
    for length in range(len(words), 0, -1):
        for first in filter(None, (words[0], behind)):
            key = " ".join([first, *words[1:length]]).replace("'", "")
            if len(key) >= _SHORTEST_NAME and (found := _by_key().get(key)) is not None:
                return found, length
    return None, 1


def suggest(text: str) -> str | None:
    """The name of the country whose name or spelling looks most like the text; None when none does."""
    near = difflib.get_close_matches(_key(text), _by_key(), n=1, cutoff=0.7)
    return _by_key()[near[0]].name if near else None


def _country(row: Mapping[str, str]) -> Country:
    return Country(
        iso3=row["iso3"],
        name=row["name"],
        iso2=row["iso2"],
        numeric=int(row["numeric"]) if row["numeric"] else None,
        fips=tuple(row["fips"].split()),
        gw=tuple(int(number) for number in row["gw"].split()),
        aliases=tuple(row["aliases"].split("|")) if row["aliases"] else (),
    )


@cache
def _index(column: str) -> Mapping[str, Country]:
    return {code: country for country in all_countries() for code in _codes(getattr(country, column))}


def _codes(value: object) -> Iterable[str]:
    parts = value if isinstance(value, tuple) else (value,)
    return [str(part) for part in parts if part not in (None, "")]


@cache
def _by_key() -> Mapping[str, Country]:
    return {_key(name): country for country in all_countries() for name in country.names}


def _key(name: str) -> str:
    words = _NOT_A_WORD.sub(" ", _APOSTROPHES.sub("", fold(name)).replace("&", " and ")).split()
    return " ".join(_OTHER_WORDS.get(word, word) for word in words if word != "the")
