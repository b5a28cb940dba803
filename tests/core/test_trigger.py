from __future__ import annotations

import re
from datetime import timedelta

import pytest
from pydantic import ValidationError

from watcher.core.trigger import Derivation, Trigger, trigger


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("clashes >= 3 in 30d", ("clashes", ">=", 3, 30), id="as the design writes it"),
        pytest.param("  clashes>=3 in 30d ", ("clashes", ">=", 3, 30), id="spaces do not matter"),
        pytest.param("clashes == 0 in 13w", ("clashes", "=", 0, 91), id="two signs for equality, and weeks"),
        pytest.param("deaths_2 < 2.5 in 1d", ("deaths_2", "<", 2.5, 1), id="a fraction, and one day"),
    ],
)
def test_one_line_is_read(written, read):
    found = trigger(written)
    assert (found.indicator, found.op, found.number, found.window.days) == read
    assert trigger(str(found)) == found == trigger(found)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param("clashes >= 3", "'clashes >= 3' is no trigger; write <indicator> <op> <number> in <duration>", id="no window"),
        pytest.param("clashes many in 30d", "is no trigger", id="no comparison"),
        pytest.param("clashes >= three in 30d", "is no trigger", id="a number in words"),
        pytest.param("clashes >= 3 in 30d or x > 1 in 3d", "'30d or x > 1 in 3d' is no duration", id="two at once"),
        pytest.param("clashes >= 3 in 30", "'30' is no duration; write 45m", id="no unit"),
        pytest.param("clashes >= 3 in 12h", "'12h' is no window of whole days; write e.g. 30d", id="hours"),
        pytest.param("clashes >= 3 in 36h", "'36h' is no window of whole days", id="a day and a half"),
        pytest.param(3, "3 is no trigger", id="a number"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_the_form(written, said):
    with pytest.raises(ValueError, match=r"is no") as refused:
        trigger(written)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("op", "holds"),
    [
        (">", [False, False, True]),
        (">=", [False, True, True]),
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
        ("=", [False, True, False]),
        ("!=", [True, False, True]),
    ],
)
def test_it_compares(op, holds):
    assert [Trigger("x", op, 3, timedelta(days=1)).holds(total) for total in (2, 3, 4)] == holds


def test_only_more_needs_no_full_window():
    assert [op for op in (">", ">=", "<", "<=", "=", "!=") if not trigger(f"x {op} 0 in 3d").needs_every_day] == [
        ">",
        ">=",
    ]


@pytest.mark.parametrize(
    ("more", "starts", "key"),
    [
        pytest.param({}, (), (), id="nothing said"),
        pytest.param({"from": "clashing"}, ("clashing",), (), id="one value is a list of one"),
        pytest.param({"from": ["clashing", "truce"]}, ("clashing", "truce"), (), id="several"),
        pytest.param({"of": "Soum"}, (), ("Soum",), id="one name"),
        pytest.param({"of": {"group": "aqim", "role": "head"}}, (), ("aqim", "head"), id="named parts"),
    ],
)
def test_a_derivation_is_read_and_can_be_written_down_again(more, starts, key):
    found = Derivation.model_validate({"becomes": "strained", "when": "clashes = 0 in 90d", **more})
    assert (found.starting_from, found.key) == (starts, key)
    again = found.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    assert again["when"] == "clashes = 0 in 90d"
    assert Derivation.model_validate(again) == found


def test_the_schema_takes_what_is_read():
    schema = Derivation.model_json_schema()["properties"]
    pattern = re.compile(schema["when"]["pattern"], re.ASCII)
    assert pattern.search("clashes >= 3 in 30d")
    assert not pattern.search("clashes >= 3")
    assert {"type": "string"} in schema["from"]["anyOf"]
    assert {"type": "string"} in schema["of"]["anyOf"]


def test_a_key_that_means_nothing_is_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        Derivation.model_validate({"becomes": "a", "when": "x > 1 in 3d", "form": "b"})
