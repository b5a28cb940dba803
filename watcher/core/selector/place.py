"""Places: named areas, by the names of their administrative units or by a point and a radius.

Sources name the same area differently ("Cabo Delgado", "Cabo Delgado province"): a place lists the spellings once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, Field, model_validator

from watcher.core.country import find_country, several_countries, suggest
from watcher.core.document import Document, UnreadableError, shown

#: Mean radius of the Earth.
EARTH_KM = 6_371.0088

#: Degrees that a box is wider than its circle, so that rounding cannot lose a point on the rim.
_MARGIN = 1e-6


class Box(NamedTuple):
    """Degrees between which a circle lies."""

    south: float
    north: float
    #: None where the circle reaches a pole or the antimeridian, and a range of longitudes says nothing.
    longitudes: tuple[float, float] | None


class Circle(Document):
    """A point and a radius."""

    km: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    """Radius in kilometres."""
    of: tuple[Annotated[float, Field(ge=-90, le=90)], Annotated[float, Field(ge=-180, le=180)]]
    """Latitude and longitude of the centre, in degrees."""

    @model_validator(mode="before")
    @classmethod
    def _in_plain_words(cls, value: object) -> object:
        return value if isinstance(value, Circle) else circle(value)

    def contains(self, latitude: float, longitude: float) -> bool:
        """Whether a point lies inside, on a sphere."""
        here, there = (math.radians(degrees) for degrees in (self.of[0], latitude))
        east = math.radians(longitude - self.of[1])
        chord = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(east / 2) ** 2
        return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(chord))) <= self.km

    @property
    def box(self) -> Box:
        """A box around it, for a first look."""
        latitude, longitude = self.of
        reach = math.degrees(self.km / EARTH_KM) + _MARGIN
        south, north = latitude - reach, latitude + reach
        if south <= -90 or north >= 90:  # noqa: PLR2004 - the poles
            return Box(south, north, None)
        wide = math.degrees(math.asin(math.sin(math.radians(reach)) / math.cos(math.radians(latitude)))) + _MARGIN
        west, east = longitude - wide, longitude + wide
        return Box(south, north, (west, east) if west >= -180 and east <= 180 else None)  # noqa: PLR2004 - the antimeridian


_CIRCLE = "write {km: 50, of: [latitude, longitude]}"
#: What stands under ``of``, by its position, and how many degrees it can have.
_DEGREES = (("latitude", 90), ("longitude", 180))


def circle(value: object) -> Mapping[str, object]:
    """What stands under ``within``, of which a circle can be made.

    :raises UnreadableError: with what is wrong, and where.
    """
    if not isinstance(value, Mapping):
        raise UnreadableError(f"expected a point and a radius, not {shown(value)}", hint=_CIRCLE)
    for key in value:
        if key not in {"km", "of"}:
            raise UnreadableError(f"unknown key {key!r}", path=(key,), hint=_CIRCLE)
    for key in ("km", "of"):
        if key not in value:
            raise UnreadableError(f"the key {key!r} is missing", hint=_CIRCLE)
    if not (_is_number(value["km"]) and value["km"] > 0):
        hint = "write km: 50"
        raise UnreadableError(f"a radius is a number above 0, not {shown(value['km'])}", path=("km",), hint=hint)
    _check_point(value["of"])
    return value


def _check_point(of: object) -> None:
    if not isinstance(of, list | tuple) or len(of) != len(_DEGREES):
        raise UnreadableError(f"expected two numbers, not {shown(of)}", path=("of",), hint="write of: [12.3, -1.5]")
    for index, (name, most) in enumerate(_DEGREES):
        if not _is_number(of[index]):
            summary = f"a {name} is a number of degrees, not {shown(of[index])}"
            raise UnreadableError(summary, path=("of", index), hint="write of: [12.3, -1.5]")
        if abs(of[index]) > most:
            summary = f"a {name} lies between -{most} and {most}, and {of[index]:g} does not"
            raise UnreadableError(summary, path=("of", index), hint="the latitude comes first, then the longitude")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _countries(value: object) -> object:
    names = _one_or_many(value)
    if not isinstance(names, list | tuple):
        return names
    return tuple(_iso3(name) if isinstance(name, str) else name for name in names)


def _iso3(name: str) -> str:
    if country := find_country(name):
        return country.iso3
    near = suggest(name)
    hint = several_countries(name) or (f"did you mean {near!r}?" if near else "")
    raise UnreadableError(f"unknown country {name!r}", hint=hint)


Texts = Annotated[tuple[Annotated[str, Field(pattern=r"\S")], ...], BeforeValidator(_one_or_many)]


class Place(Document):
    """A named area: what is given must all hold; of several names, one."""

    place: str
    """Its short name, used as ``place: $name``."""
    title: str = ""
    """What messages call it."""
    country: Annotated[tuple[str, ...], BeforeValidator(_countries)] = ()
    """Countries, by name or ISO code."""
    admin1: Texts = ()
    """First-level units, in every spelling that sources use."""
    admin2: Texts = ()
    """Second-level units."""
    admin3: Texts = ()
    """Third-level units."""
    location: Texts = ()
    """Towns and villages."""
    within: Circle | None = None
    """Everything within so many kilometres of a point."""

    @model_validator(mode="after")
    def _says_where(self) -> Place:
        if not (self.country or self.admin1 or self.admin2 or self.admin3 or self.location or self.within):
            msg = "a place needs at least one of: country, admin1, admin2, admin3, location, within"
            raise ValueError(msg)
        return self

    @property
    def name(self) -> str:
        """The title, else the short name."""
        return self.title or self.place
