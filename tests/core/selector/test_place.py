from __future__ import annotations

from math import asin, atan2, cos, degrees, radians, sin

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from watcher.core.selector.place import EARTH_KM, Circle, Place

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


@pytest.mark.parametrize(
    ("place", "says"),
    [
        pytest.param({"place": "x"}, "at least one of", id="nowhere"),
        pytest.param({"place": "x", "country": "Mozambiqe"}, "did you mean 'Mozambique'?", id="an unknown country"),
        pytest.param({"place": "x", "country": "qqqq"}, "unknown country 'qqqq'", id="a country like no other"),
        pytest.param({"place": "x", "country": 5}, "valid tuple", id="a number for a country"),
        pytest.param({"place": "x", "country": [5]}, "valid string", id="a number among countries"),
        pytest.param({"place": "x", "admin1": " "}, "match pattern", id="a blank name"),
        pytest.param(
            {"place": "x", "within": {"km": 0, "of": [0, 0]}}, "a radius is a number above 0", id="a circle of no size"
        ),
        pytest.param({"place": "x", "admin7": "y"}, "Extra inputs", id="a level that does not exist"),
    ],
)
def test_a_place_that_is_nowhere_is_refused(place, says):
    with pytest.raises(ValidationError, match=says.replace("?", "\\?")):
        Place.model_validate(place)


def test_a_place_has_a_name_for_messages():
    assert Place.model_validate({"place": "soum", "admin2": "Soum"}).name == "soum"
    assert Place.model_validate({"place": "soum", "title": "Soum province", "admin2": "Soum"}).name == "Soum province"


def test_countries_of_a_place_are_kept_by_their_code():
    assert Place.model_validate({"place": "x", "country": "Mali"}).country == ("MLI",)
    assert Place.model_validate({"place": "x", "country": ["Niger", "BFA"]}).country == ("NER", "BFA")


@pytest.mark.parametrize(
    ("centre", "km", "point", "inside"),
    [
        pytest.param((0, 0), 111.3, (1, 0), True, id="a degree of latitude is 111.2 km"),
        pytest.param((0, 0), 111.1, (1, 0), False, id="and not less"),
        pytest.param((60, 0), 56, (60, 1), True, id="a degree of longitude is half of it at 60 north"),
        pytest.param((60, 0), 55, (60, 1), False, id="and not less there"),
        pytest.param((0, 179.9), 23, (0, -179.9), True, id="the antimeridian is no border"),
        pytest.param((89.9, 0), 23, (89.9, 180), True, id="nor is the pole"),
        pytest.param((0, 0), 20_016, (0, 180), True, id="the other side of the world"),
    ],
)
def test_a_circle_contains_a_point(centre, km, point, inside):
    assert Circle(km=km, of=centre).contains(*point) is inside


@pytest.mark.parametrize(
    ("centre", "km"),
    [
        pytest.param((89, 0), 200, id="over the north pole"),
        pytest.param((-89, 0), 200, id="over the south pole"),
        pytest.param((0, 179.5), 100, id="over the antimeridian eastwards"),
        pytest.param((0, -179.5), 100, id="over the antimeridian westwards"),
    ],
)
def test_a_box_gives_up_longitudes_where_they_say_nothing(centre, km):
    assert Circle(km=km, of=centre).box.longitudes is None


def test_a_box_is_not_much_wider_than_its_circle():
    box = Circle(km=100, of=(60, 10)).box

    assert (box.south, box.north) == pytest.approx((59.1007, 60.8993), abs=1e-4)
    assert box.longitudes == pytest.approx((8.2013, 11.7987), abs=1e-3)


@settings(deadline=None)
@given(st.tuples(LATITUDES, LONGITUDES), st.floats(0.001, 25_000), LATITUDES, LONGITUDES)
@example((0.0, 0.0), 100.0, 0.8993, 0.0)
@example((60.0, 10.0), 100.0, 60.5, 11.7)
def test_what_a_circle_contains_lies_in_its_box(centre, km, latitude, longitude):
    circle = Circle(km=km, of=centre)
    box = circle.box
    west, east = box.longitudes or (-180, 180)

    assert not circle.contains(latitude, longitude) or (
        box.south <= latitude <= box.north and west <= longitude <= east
    )


@settings(deadline=None)
@given(st.tuples(st.floats(-89, 89), LONGITUDES), st.floats(1, 3_000), st.floats(0, 0.999), st.floats(0, 360))
def test_a_point_of_a_circle_lies_in_it_and_in_its_box(centre, km, share, bearing):
    circle = Circle(km=km, of=centre)
    latitude, longitude = beyond(centre, km * share, bearing)
    box = circle.box
    west, east = box.longitudes or (-180, 180)

    assert circle.contains(latitude, longitude)
    assert box.south <= latitude <= box.north
    assert west <= longitude <= east


@settings(deadline=None)
@given(st.tuples(st.floats(-89, 89), LONGITUDES), st.floats(1, 3_000), st.floats(1.001, 5), st.floats(0, 360))
def test_a_point_beyond_a_circle_does_not_lie_in_it(centre, km, share, bearing):
    assert not Circle(km=km, of=centre).contains(*beyond(centre, km * share, bearing))


def beyond(centre, km, bearing):
    """The point that lies so far in a direction."""
    north, angle, turn = radians(centre[0]), km / EARTH_KM, radians(bearing)
    latitude = asin(max(-1, min(1, sin(north) * cos(angle) + cos(north) * sin(angle) * cos(turn))))
    east = atan2(sin(turn) * sin(angle) * cos(north), cos(angle) - sin(north) * sin(latitude))
    return degrees(latitude), (centre[1] + degrees(east) + 540) % 360 - 180
