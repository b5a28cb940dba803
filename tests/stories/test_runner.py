"""A story that does not come true says what really happened."""

from __future__ import annotations

import pytest

from tests.stories.runner import play

BEGINNING = """\
the rules
  version: 1
  indicators:
    - {indicator: deaths, title: Deaths, sum: fatalities, where: {country: Mozambique}}
  rules:
    - alert: Many deaths in a month
      threshold: {indicator: deaths, window: 30d}
      condition: [value >= 20]

"""
MANY_DEATHS = """\
at 2020-06-01 13:00
  the source releases
    id    date        deaths
    MOZ1  2020-05-31  5
  turn

at 2020-06-08 13:00
  the source releases
    id    date        deaths
    MOZ2  2020-06-07  16
"""
SUBJECT = "firing, first: [WARNING] Deaths: 21 deaths in 30 days to 7 Jun 2020"


@pytest.mark.parametrize(
    ("told", "real"),
    [
        pytest.param(
            "  turn\n  nothing arrives\n",
            f"  turn\n  desk receives\n    {SUBJECT}\n",
            id="a message where nothing was to arrive",
        ),
        pytest.param(
            "  turn\n", f"  turn\n  desk receives\n    {SUBJECT}\n", id="a message of which the story is silent"
        ),
        pytest.param(
            "  turn\n  desk receives\n    firing, first: [CRITICAL] Deaths\n      value 20, days 9\n",
            f"  turn\n  desk receives\n    {SUBJECT}\n      value 21, days 8\n",
            id="another message with other values",
        ),
        pytest.param(
            f"  turn\n  desk receives\n    {SUBJECT}\n  the alerts\n    firing   critical  Many deaths in a month\n",
            f"  turn\n  desk receives\n    {SUBJECT}\n  the alerts\n    firing warning Many deaths in a month\n",
            id="another state of an alert",
        ),
        pytest.param(
            f"  turn exits 79\n  desk receives\n    {SUBJECT}\n",
            f"  turn\n  desk receives\n    {SUBJECT}\n",
            id="another exit code",
        ),
        pytest.param(
            f"  desk answers 503\n  turn\n  desk receives\n    {SUBJECT}\n",
            f"  desk answers 503\n  turn\n  desk receives\n    nothing\n  desk refuses\n    {SUBJECT}\n",
            id="a message that was not taken",
        ),
    ],
)
def test_what_really_happened_stands_where_the_story_was_wrong(told, real, tmp_path):
    beginning = BEGINNING + MANY_DEATHS
    assert play(beginning + told, tmp_path) == beginning + real


def test_spaces_between_columns_are_no_difference(tmp_path):
    end = f"  turn\n  desk receives\n    {SUBJECT}\n  the alerts\n    firing   warning   Many deaths in a month\n"
    story = BEGINNING + MANY_DEATHS + end
    assert play(story, tmp_path) == story


@pytest.mark.parametrize(
    ("story", "word"),
    [
        pytest.param("the rulez\n  version: 1\n", "the rulez", id="a section that nobody knows"),
        pytest.param(f"{BEGINNING}at 2020-06-01 13:00\n  trun\n", "trun", id="a step that nobody knows"),
    ],
)
def test_a_word_that_nobody_knows_is_refused(story, word, tmp_path):
    with pytest.raises(ValueError, match=word):
        play(story, tmp_path)
