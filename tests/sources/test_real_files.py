"""Real files, where they lie beside the checkout: nothing of them is in the project."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from tests.sources.samples import events, rejections
from watcher.core.errors import DataError
from watcher.core.event import Record
from watcher.sources import SOURCES, Source

TODAY = date(2024, 6, 1)


def read(kind: str, path: Path) -> list[Record]:
    source: Source = SOURCES[kind]
    with path.open("rb") as stream:
        return list(source.read(stream, source=kind, today=TODAY, settings=source.Settings()))


@pytest.mark.parametrize(
    ("name", "total", "fatalities", "country"),
    [
        ("burkina_faso_released_2020-11-16.csv", 2_980, 5_242, {"BFA"}),
        ("burkina_faso_released_2020-12-08.csv", 3_010, 5_258, {"BFA"}),
        ("benin_layout_2023_literal_NA.csv", 811, None, {"BEN"}),
        ("ghana_semicolon.csv", 1_276, None, {"GHA"}),
        ("layout_2016.csv", 500, None, None),
    ],
)
def test_an_export_of_acled_is_read_without_a_rejection(real_data, name, total, fatalities, country):
    records = read("acled", real_data / "acled" / name)
    assert rejections(records) == []
    found = events(records)
    assert len({event.external_id for event in found}) == len(found) == total
    assert fatalities in {None, sum(event.fatalities or 0 for event in found)}
    assert country is None or {event.iso3 for event in found} == country


def test_two_releases_differ_as_their_publisher_changed_them(real_data):
    folder = real_data / "acled"
    before, after = (
        {event.external_id: event for event in events(read("acled", folder / f"burkina_faso_released_{day}.csv"))}
        for day in ("2020-11-16", "2020-12-08")
    )
    assert len(after.keys() - before.keys()) == 30
    assert not before.keys() - after.keys()
    revised = {key for key in before if before[key].content_hash != after[key].content_hash}
    assert revised == {"BFO4158", "BFO4157", "BFO3387"}
    assert [(before[key].fatalities, after[key].fatalities) for key in ("BFO4158", "BFO4157")] == [(5, 2), (5, 0)]


def test_composite_actors_of_the_sahel_are_ambiguous(real_data):
    found = events(read("acled", real_data / "acled" / "burkina_faso_released_2020-12-08.csv"))
    ambiguous = Counter(actor.name for event in found for actor in event.actors if actor.ambiguous)
    assert ambiguous["JNIM: Group for Support of Islam and Muslims and/or Islamic State (Greater Sahara)"] == 524


def test_literal_na_of_benin_is_nothing(real_data):
    found = events(read("acled", real_data / "acled" / "benin_layout_2023_literal_NA.csv"))
    assert not [event for event in found if "NA" in {event.admin1, event.admin2, event.admin3, event.tags}]
    assert not [actor for event in found for actor in event.actors if actor.name == "NA"]


def test_the_sample_of_ged_is_read_without_a_rejection(real_data):
    records = read("ucdp", real_data / "ucdp" / "ged_v23_1_sample_1000.csv")
    found = events(records)
    assert len({event.external_id for event in found}) == len(records) == 1_000
    assert sum(event.date_end > event.date_start for event in found) == 151
    assert all(event.fatalities_low is not None and event.fatalities_high is not None for event in found)


FOREIGN = (
    "hapi/hdx_hapi_conflict_event_global_1997.csv",
    "gdelt/20191024143000.export.CSV",
    "api_samples/acled_read_ok.reconstructed.json",
)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in ("acled", "ucdp", "hapi", "gdelt") for name in FOREIGN if not name.startswith(kind)],
)
def test_a_file_of_another_kind_is_refused_whole(real_data, name, kind):
    with pytest.raises(DataError, match="no layout we know"):
        read(kind, real_data / name)
