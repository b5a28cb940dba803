"""A selector without what it says of event types."""

from __future__ import annotations

import pytest

from watcher.core.selector import selector
from watcher.core.selector.coding import coded_fields, without_coding


@pytest.mark.parametrize(
    ("where", "fields", "wider"),
    [
        pytest.param({"country": "Mali"}, (), {"country": "Mali"}, id="none"),
        pytest.param({"event_type": "Battles"}, ("event_type",), {}, id="nothing else"),
        pytest.param(
            {"country": "Mali", "event_type": ["Battles", "Riots"], "disorder_type": "Political violence"},
            ("event_type", "disorder_type"),
            {"country": "Mali"},
            id="two of them",
        ),
        pytest.param(
            {"country": "Mali", "any": [{"sub_event_type": "Attack"}, {"admin1": "Mopti"}]},
            ("sub_event_type",),
            {"country": "Mali"},
            id="as one alternative, which then takes everything",
        ),
        pytest.param(
            {"any": [{"event_type": "Battles", "admin1": "Gao"}, {"admin1": "Mopti"}]},
            ("event_type",),
            {"any": [{"admin1": "Gao"}, {"admin1": "Mopti"}]},
            id="beside something else in an alternative",
        ),
        pytest.param(
            {"country": "Mali", "not": {"event_type": "Protests", "admin1": "Gao"}},
            ("event_type",),
            {"country": "Mali"},
            id="denied, where to leave it out of the denial would take less",
        ),
        pytest.param(
            {"not": {"admin1": "Gao"}, "event_type": "Riots"},
            ("event_type",),
            {"not": {"admin1": "Gao"}},
            id="beside a denial",
        ),
        pytest.param(
            {"country": "Mali", "all": [{"event_type": {"startswith": "B"}}, {"admin1": "Gao"}]},
            ("event_type",),
            {"country": "Mali", "admin1": "Gao"},
            id="as one of several conditions",
        ),
    ],
)
def test_event_types_are_left_out(where, fields, wider):
    assert coded_fields(selector(where)) == fields
    assert without_coding(selector(where)) == selector(wider)
