from __future__ import annotations

import json
import math
import os
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watcher.core.picture import Bar, Caption, Lane, Lead, PacePicture, Picture, SeriesPicture, Span, StatePicture
from watcher.core.picture.axis import dates, plot, round_levels
from watcher.core.picture.drawing import alt, from_evidence, svg, to_evidence
from watcher.core.picture.ink import EDGE, SMALL, WIDTH, fitted, width_of

GOLDEN = Path(__file__).parent / "golden"
NAMESPACE = "{http://www.w3.org/2000/svg}"
DAY = date(2020, 1, 1)
HOSTILE = "</text><script>alert(1)</script> & \"quoted\" 'x' \x00\u202e\uffff \ud800 " + "W" * 90


def later(days: int) -> date:
    return DAY + timedelta(days=days)


PACE = PacePicture(
    "deaths",
    "2019 pace",
    points=tuple((later(i), float(i), i * 0.8) for i in range(0, 181, 20)),
    interval=(120.0, 175.5),
    lead=Lead(date(2020, 12, 31), 366, 330, 402),
    complete_to=later(160),
)
SERIES = SeriesPicture(
    "attacks",
    "week",
    tuple(
        Bar(later(7 * i), later(7 * i + 6), total, 4.5, 9.0, alarm=total > 9)
        for i, total in enumerate((3, 0, 5, 4, 12))
    ),
)
STATES = StatePicture(
    "rivalry",
    (
        Lane(
            "JNIM and ISGS",
            (
                Span("cordial", None, later(40)),
                Span("strained", later(41), later(60)),
                Span("clashing", later(61), None),
            ),
        ),
        Lane("AQIM and ISGS", (Span("truce", later(10), None, is_derived=True),)),
    ),
    DAY,
    later(90),
)
CAPTION = Caption("Mozambique deaths 31 % above 2019 pace", "records of acled", later(61))
PICTURES: dict[str, Picture] = {"pace": PACE, "series": SERIES, "states": STATES}


@pytest.mark.parametrize("name", list(PICTURES))
def test_a_picture_is_drawn_to_the_byte(name):
    drawn, golden = svg(PICTURES[name], CAPTION), GOLDEN / f"{name}.svg"
    if "UPDATE_GOLDEN" in os.environ:
        golden.write_text(drawn, encoding="utf-8")
    assert drawn == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param(
            "pace",
            "Running total: 180 deaths from 1 Jan 2020 to 29 Jun 2020, where 2019 pace gives 144 "
            "(95 % interval 120 to 176). If the rate holds, 366 by 31 Dec 2020, 95 % interval 330 to 402. "
            "The days after 9 Jun 2020 are still being reported. The alert began on 2 Mar 2020.",
            id="a running total",
        ),
        pytest.param(
            "series",
            "Attacks by week, 1 Jan 2020 to 4 Feb 2020: at most 12, the last 12, expected 4.5, bound 9. Alarms: 1. "
            "The alert began on 2 Mar 2020.",
            id="a series",
        ),
        pytest.param(
            "states",
            "Rivalry from 1 Jan 2020 to 31 Mar 2020. JNIM and ISGS: clashing since 2 Mar 2020. "
            "AQIM and ISGS: truce since 11 Jan 2020. The alert began on 2 Mar 2020.",
            id="states",
        ),
    ],
)
def test_who_does_not_see_it_is_told_the_numbers(name, said):
    assert alt(PICTURES[name], CAPTION) == said


# --- what must hold of any picture ---------------------------------------------------------------------------------------

NUMBERS = st.floats(0, 1e7) | st.sampled_from([0.0, math.inf, math.nan, 1e-9])
DAYS = st.integers(0, 4000).map(later)
TEXTS = st.text(max_size=30) | st.just(HOSTILE)


@st.composite
def paces(draw) -> PacePicture:
    first, number = draw(DAYS), draw(st.integers(0, 12))
    step = draw(st.sampled_from([1, 30, 400]))
    points = tuple((first + timedelta(days=i * step), draw(NUMBERS), draw(NUMBERS)) for i in range(number))
    end = points[-1][0] if points else first
    lead = st.builds(Lead, st.integers(-5, 400).map(lambda i: end + timedelta(days=i)), *[st.floats(0, 1e7)] * 3)
    return PacePicture(
        draw(TEXTS),
        draw(TEXTS),
        points,
        draw(st.none() | st.tuples(NUMBERS, NUMBERS)),
        draw(st.none() | lead),
        draw(st.none() | DAYS),
    )


@st.composite
def serieses(draw) -> SeriesPicture:
    first, width = draw(DAYS), draw(st.sampled_from([1, 7, 90]))
    levels = st.none() | NUMBERS
    bars = tuple(
        Bar(
            first + timedelta(days=i * width),
            first + timedelta(days=i * width + width - 1),
            draw(NUMBERS),
            draw(levels),
            draw(levels),
            draw(st.booleans()),
        )
        for i in range(draw(st.integers(0, 12)))
    )
    return SeriesPicture(draw(TEXTS), draw(TEXTS), bars, draw(TEXTS), draw(TEXTS), draw(st.none() | DAYS))


@st.composite
def timelines(draw) -> StatePicture:
    span = st.builds(Span, TEXTS, st.none() | DAYS, st.none() | DAYS, st.booleans())
    lanes = draw(st.lists(st.builds(Lane, TEXTS, st.lists(span, max_size=4).map(tuple)), max_size=14))
    first = draw(DAYS)
    return StatePicture(draw(TEXTS), tuple(lanes), first, first + timedelta(days=draw(st.integers(0, 4000))))


ANY_PICTURE = paces() | serieses() | timelines()
ANY_CAPTION = st.builds(Caption, TEXTS, TEXTS, st.none() | DAYS)


def coordinates(element: ET.Element) -> list[tuple[float, float]]:
    """Every place that an element reaches."""
    get = element.get
    if element.tag == f"{NAMESPACE}path":
        numbers = [float(each) for each in (get("d") or "").replace("M", " ").replace("L", " ").strip("Z ").split()]
        return list(zip(numbers[::2], numbers[1::2], strict=True))
    if element.tag == f"{NAMESPACE}line":
        return [(float(get("x1", "")), float(get("y1", ""))), (float(get("x2", "")), float(get("y2", "")))]
    if element.tag == f"{NAMESPACE}text":
        start, width = float(get("x", "")), width_of(element.text or "", float(get("font-size", "")))
        left = start - {"end": width, "middle": width / 2}.get(get("text-anchor", ""), 0)
        return [(left, float(get("y", ""))), (left + width, float(get("y", "")))]
    x, y = float(get("x", "")), float(get("y", ""))
    return [(x, y), (x + float(get("width", "")), y + float(get("height", "")))]


NEXT_TO_NOTHING = PacePicture("deaths", points=((DAY, 0.0, 0.0), (later(1), 0.0, 5e-324)), interval=(0.0, 1.0))


@settings(deadline=None)
@given(ANY_PICTURE, ANY_CAPTION)
@example(NEXT_TO_NOTHING, Caption("next to nothing is expected", "", None))
def test_whatever_is_drawn_is_well_formed_and_lies_on_the_paper(picture, caption):
    drawn = svg(picture, caption)
    root = ET.fromstring(drawn)
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    tags = {each.tag.removeprefix(NAMESPACE) for each in root.iter()}
    assert tags <= {"svg", "style", "rect", "text", "line", "path"}, "nothing that a name brought along"
    for element in root.iter():
        if element.tag.removeprefix(NAMESPACE) in {"svg", "style"}:
            continue
        for x, y in coordinates(element):
            assert math.isfinite(x)
            assert math.isfinite(y)
            assert -0.1 <= x <= width + 0.1
            assert -0.1 <= y <= height + 0.1


@settings(deadline=None)
@given(ANY_PICTURE, ANY_CAPTION)
def test_the_same_data_give_the_same_bytes_and_a_sentence(picture, caption):
    assert svg(picture, caption) == svg(replace(picture), caption)
    assert alt(picture, caption).endswith((".", "…")), "a sentence, or the beginning of a very long one"


@given(st.dates(date(1990, 1, 1), date(2030, 1, 1)), st.integers(1, 15_000))
def test_no_date_of_the_axis_touches_another(first, days):
    frame = plot(first, first + timedelta(days=days), 447, top=0, bottom=100)
    named = dates(frame)
    assert named
    ends = 0.0
    for day, label in named:
        half = width_of(label, SMALL) / 2
        middle = min(max(frame.x(day), EDGE + half), WIDTH - EDGE - half)
        assert middle - half >= ends
        ends = middle + half


@given(st.floats(0, 1e12))
def test_the_axis_holds_what_is_drawn_with_a_few_round_numbers(highest):
    levels = round_levels(highest)
    assert levels[0] == 0
    assert levels[-1] >= highest * 0.999
    assert 2 <= len(levels) <= 7


@given(TEXTS, st.floats(20, 500))
def test_a_text_that_is_cut_fits(text, width):
    assert width_of(fitted(text, width, SMALL), SMALL) <= width


# --- what a name may do ----------------------------------------------------------------------------------------------------


def test_a_hostile_name_is_only_text():
    hostile = replace(STATES, lanes=(Lane(HOSTILE, (Span(HOSTILE, None, None),)),))
    drawn = svg(hostile, Caption(HOSTILE, HOSTILE))
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn
    assert drawn.encode()


# --- as evidence -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_a_picture_comes_back_from_the_evidence_as_it_was(picture):
    assert from_evidence({"picture": json.loads(json.dumps(to_evidence(picture)))}) == picture


def test_the_points_of_a_pace_are_the_chart_which_is_stored_once():
    told = replace(PACE, points=())
    chart = [[day.isoformat(), observed, expected] for day, observed, expected in PACE.points]
    assert from_evidence({"picture": to_evidence(told), "chart": chart}) == PACE


@pytest.mark.parametrize(
    "evidence",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"chart": []}, id="an empty chart"),
        pytest.param({"chart": "lines"}, id="a chart that is none"),
        pytest.param({"chart": [["2020-01-01", "many", 1], ["someday", 1, 1], [1], None]}, id="points that are none"),
        pytest.param({"picture": {"kind": "pie"}}, id="a kind that nobody draws"),
        pytest.param({"picture": to_evidence(replace(PACE, points=()))}, id="a pace without points"),
    ],
)
def test_where_there_is_nothing_to_draw_there_is_no_picture(evidence):
    assert from_evidence(evidence) is None


def test_evidence_from_before_pictures_is_drawn_from_its_chart():
    drawn = from_evidence({"chart": [["2020-01-01", 1, 2], ["2020-01-02", 3, 4]]})
    assert isinstance(drawn, PacePicture)
    assert drawn.points == ((DAY, 1, 2), (later(1), 3, 4))


def test_a_stated_total_says_that_nobody_knows_how_it_grew():
    stated = PacePicture("deaths", points=((DAY, 2.4, 1.8), (later(187), 447.0, 340.0)), is_stated=True)
    assert "stated total, drawn straight" in svg(stated, CAPTION)
    assert "how it grew is not known" in alt(stated, CAPTION)


def test_states_have_the_same_colour_wherever_they_stand_and_no_two_the_same():
    drawn: Picture = replace(
        STATES,
        lanes=(
            Lane("x", tuple(Span(value, None, None) for value in ("a", "b", "clashing", "c", "d", "e", "truce", "f"))),
        ),
    )
    fills = [each.get("class") for each in ET.fromstring(svg(drawn, Caption())) if each.get("width") == "26"]
    assert fills[2] == "w-worst"
    assert len(set(fills)) == 8


def test_an_interval_that_knows_no_end_stays_below_the_key():
    drawn = replace(PACE, interval=(0.0, 1e9), lead=Lead(date(2020, 12, 31), 366, 0, 1e9))
    root = ET.fromstring(svg(drawn, CAPTION))
    areas = [each for each in root.iter(f"{NAMESPACE}path") if each.get("class") in {"w-band", "w-cone"}]
    top = min(float(each.get("y1", "")) for each in root if each.get("class") == "w-grid")
    assert len(areas) == 2
    assert all(y >= top for area in areas for _, y in coordinates(area))
