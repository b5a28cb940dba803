from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.store.records import A_CLASH
from watcher.core.event import Actor, Role


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"fatalities": 2}, id="deaths"),
        pytest.param({"fatalities": None}, id="deaths that nobody knows any more"),
        pytest.param({"fatalities_low": 1}, id="the low count of deaths"),
        pytest.param({"date_start": date(2020, 9, 30)}, id="the first day"),
        pytest.param({"date_end": date(2020, 10, 2)}, id="the last day"),
        pytest.param({"time_precision": 2}, id="how exactly the day is known"),
        pytest.param({"location": "Arbinda"}, id="the place"),
        pytest.param({"latitude": 14.2}, id="the coordinates"),
        pytest.param({"geo_precision": 2}, id="how exactly the place is known"),
        pytest.param({"iso3": "MLI"}, id="the country"),
        pytest.param({"event_type": "Explosions/Remote violence"}, id="the type"),
        pytest.param({"actors": (Actor(Role.A, "ISGS"), A_CLASH.actors[1])}, id="an actor"),
        pytest.param(
            {"actors": (A_CLASH.actors[0]._replace(ambiguous=True), A_CLASH.actors[1])}, id="a doubt about an actor"
        ),
    ],
)
def test_it_is_a_revision_when_a_source_changes(change):
    assert A_CLASH._replace(**change).content_hash != A_CLASH.content_hash


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"publishers": "Le Pays; RFI"}, id="a publisher more"),
        pytest.param({"notes": "A clash in the morning."}, id="the note"),
        pytest.param({"url": "https://example.org"}, id="the link"),
        pytest.param({"tags": "tagged"}, id="the tags"),
        pytest.param({"stamp": datetime.fromisoformat("2020-12-01T00:00:00Z")}, id="the stamp alone"),
        pytest.param({"country": "Burkina"}, id="how it writes the country"),
        pytest.param({"civilian_targeting": True}, id="whether civilians were the target"),
        pytest.param({"actors": A_CLASH.actors[::-1]}, id="the order of the actors"),
    ],
)
def test_it_is_no_revision_when_a_source_changes(change):
    assert A_CLASH._replace(**change).content_hash == A_CLASH.content_hash
