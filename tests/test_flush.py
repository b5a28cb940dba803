"""What waits to be told, through whole turns: groups, hours, silences, inhibitions, digests and limits."""

from __future__ import annotations

from datetime import timedelta
from zlib import crc32

import pytest
from sqlalchemy import select

from tests.installation import RULES, SETTINGS, at, installed
from watcher import messages
from watcher.core.matcher import matchers
from watcher.store.schema import message
from watcher.store.silences import add_silence, expire_silence
from watcher.store.waiting import find_held

TIERS = RULES + "    severity: {critical: value >= 50, otherwise: warning}\n"
ROUTES = """\
route:
  receiver: desk
  group_by: [alertname]
  repeat_interval: 52w
  routes:
    - {matchers: [alertname!=""]}
receivers:
  - name: desk
    file_configs: [{path: desk.jsonl}]
  - name: test
time_intervals:
  - name: office
    time_intervals: [{times: [{start_time: '07:00', end_time: '18:00'}]}]
"""
CHILD = '{matchers: [alertname!=""]}'


def routes(says: str = "", **root: str) -> str:
    """The routes, with more to say for the root, and for the one route below it."""
    own = "".join(f"  {key}: {value}\n" for key, value in root.items())
    return ROUTES.replace(
        "  repeat_interval: 52w\n", ("" if "repeat_interval" in root else "  repeat_interval: 52w\n") + own
    ).replace(CHILD, f'{{matchers: [alertname!=""], {says}}}' if says else CHILD)


def spared(text: str) -> str:
    return f"{SETTINGS}receivers: {{desk: {text}}}\n"


def number(place: str, deaths: int) -> int:
    """The same record has the same id, so that its deaths can be revised."""
    return 1_000 + crc32(f"{place} {deaths}".encode()) % 1_000_000


def begin(it) -> None:
    it.release("2020-06-01 11:00", "MOZ1  2020-05-28  1  Nampula")
    it.turn("2020-06-01 11:30")


def fire(it, moment: str, place: str, deaths: int = 10, **how) -> None:
    day = f"{at(moment) - timedelta(days=1):%Y-%m-%d}"
    it.release(moment, f"MOZ{number(place, deaths)}  {day}  {deaths}  {place}", name=f"{place}{deaths}.csv")
    it.turn(moment, **how)


def calm(it, moment: str, place: str, deaths: int = 10) -> None:
    it.release(
        moment,
        f"MOZ{number(place, deaths)}  {at(moment) - timedelta(days=1):%Y-%m-%d}  0  {place}",
        name=f"{place}-calm.csv",
    )
    it.turn(moment)


def told(it) -> list[tuple[str, list[str]]]:
    """Why each new message was written, and the places it is about."""
    return [
        (each["notification_reason"], [alert["labels"]["location"] for alert in each["alerts"]]) for each in it.told()
    ]


def held(it, *, dropped: bool = False) -> list[str]:
    with it.app.store.reading() as tx:
        return [each.why for each in find_held(tx, dropped=dropped) if not dropped or each.dropped_at]


def silence(it, line: str, *, start: str, end: str | None) -> int:
    with it.app.store.writing() as tx:
        return add_silence(
            tx,
            matchers(line),
            starts_at=at(start),
            ends_at=at(end) if end else None,
            author="amina",
            comment="known",
            now=at(start),
        )


@pytest.fixture
def opened(tmp_path):
    """Open an installation in which nothing has happened yet."""
    made = []

    def open_(**parts: str):
        parts = {"rules": TIERS, "routes": ROUTES, **parts}
        manager = installed(tmp_path, **parts)
        made.append(manager)
        it = manager.__enter__()
        begin(it)
        return it

    yield open_
    for manager in made:
        manager.__exit__(None, None, None)


# --- groups -------------------------------------------------------------------------------------------------------------


def test_a_daemon_lets_the_first_alert_of_a_group_wait_for_others(opened):
    it = opened(routes=routes(group_wait="2h"))
    fire(it, "2020-06-02 12:00", "Palma", patient=True)
    assert (told(it), held(it)) == ([], ["it waits for other alerts (group_wait)"])
    fire(it, "2020-06-02 13:00", "Mueda", patient=True)
    it.turn("2020-06-02 13:59:59", patient=True)
    assert told(it) == []
    it.turn("2020-06-02 14:00", patient=True)
    assert told(it) == [("first", ["Palma", "Mueda"])]
    assert held(it) == []


def test_a_check_waits_for_nobody(opened):
    it = opened(routes=routes(group_wait="2h"))
    fire(it, "2020-06-02 12:00", "Palma")
    assert told(it) == [("first", ["Palma"])]


def test_what_waits_is_told_by_the_next_check_when_the_daemon_is_gone(opened):
    it = opened(routes=routes(group_wait="2h"))
    fire(it, "2020-06-02 12:00", "Palma", patient=True)
    it.restart()
    it.turn("2020-06-02 12:05")
    assert told(it) == [("first", ["Palma"])]


def test_what_is_critical_waits_for_nobody_and_takes_its_group_along(opened):
    it = opened(routes=routes(group_wait="2h"))
    fire(it, "2020-06-02 12:00", "Palma", patient=True)
    fire(it, "2020-06-02 13:00", "Mueda", deaths=60, patient=True)
    assert told(it) == [("first", ["Palma", "Mueda"])]


def test_between_two_messages_about_a_group_lies_its_interval(opened):
    it = opened(routes=routes(group_interval="6h"))
    fire(it, "2020-06-02 12:00", "Palma")
    fire(it, "2020-06-02 14:00", "Mueda")
    assert told(it) == [("first", ["Palma"])]
    assert held(it) == ["the last message about the group is too young (group_interval)"]
    fire(it, "2020-06-02 16:00", "Macomia")
    it.turn("2020-06-02 18:00")
    assert told(it) == [("new_alerts", ["Mueda", "Macomia"])]


def test_a_new_process_finds_what_waits(opened):
    it = opened(routes=routes(group_interval="6h"))
    fire(it, "2020-06-02 12:00", "Palma")
    fire(it, "2020-06-02 14:00", "Mueda")
    it.restart()
    it.turn("2020-06-02 18:00")
    assert told(it) == [("first", ["Palma"]), ("new_alerts", ["Mueda"])]


def test_what_begins_and_ends_while_it_waits_is_told_from_beginning_to_end(opened):
    it = opened(routes=routes(group_interval="30d", repeat_interval="52w"))
    fire(it, "2020-06-02 12:00", "Palma")
    fire(it, "2020-06-02 14:00", "Mueda")
    calm(it, "2020-06-20 12:00", "Mueda")
    it.turn("2020-07-02 12:00")
    assert told(it) == [("first", ["Palma"]), ("new_alerts", ["Mueda"]), ("retracted", ["Mueda"])]


def test_what_waits_for_an_endpoint_that_is_gone_is_dropped_with_the_reason(opened):
    it = opened(routes=routes(group_interval="6h"))
    fire(it, "2020-06-02 12:00", "Palma")
    fire(it, "2020-06-02 14:00", "Mueda")
    it.folder.joinpath("notify.yaml").write_text(
        ROUTES.replace("name: desk\n", "name: other\n").replace("receiver: desk", "receiver: other")
    )
    it.restart()
    it.turn("2020-06-02 14:10")
    assert held(it) == []
    assert held(it, dropped=True) == ["its endpoint is no longer in notify.yaml"]


# --- hours --------------------------------------------------------------------------------------------------------------

HOURS = {
    "outside of the active hours": ("active_time_intervals: [office]", "2020-06-02 22:00", "2020-06-03 07:00"),
    "in muted hours": ("mute_time_intervals: [office]", "2020-06-02 12:00", "2020-06-02 18:00"),
}


@pytest.mark.parametrize(("says", "moment", "end"), HOURS.values(), ids=HOURS.keys())
def test_what_comes_out_of_hours_is_told_at_their_end(opened, says, moment, end):
    it = opened(routes=routes(says))
    fire(it, moment, "Palma", deaths=60)
    it.turn((at(end) - timedelta(seconds=1)).isoformat(sep=" ")[:19])
    assert told(it) == []
    assert held(it)[0].startswith("nothing is sent ")
    it.turn(end)
    assert told(it) == [("first", ["Palma"])]


def test_reminders_keep_the_hours(opened):
    it = opened(routes=routes("active_time_intervals: [office]", repeat_interval="12h"))
    fire(it, "2020-06-02 12:00", "Palma")
    it.turn("2020-06-03 00:00")
    assert told(it) == [("first", ["Palma"])]
    it.turn("2020-06-03 07:00")
    assert told(it) == [("repeat", ["Palma"])]


# --- silences -----------------------------------------------------------------------------------------------------------


def test_a_silence_holds_and_its_end_tells(opened):
    it = opened()
    silence(it, 'location="Palma"', start="2020-06-02", end="2020-06-04")
    fire(it, "2020-06-02 12:00", "Palma")
    fire(it, "2020-06-02 13:00", "Mueda")
    it.turn("2020-06-03 23:59")
    assert told(it) == [("first", ["Mueda"])]
    assert held(it) == ["silence 1 of amina, until 2020-06-04 00:00 UTC: known"]
    it.turn("2020-06-04 00:04")
    assert told(it) == [("new_alerts", ["Palma"])]


def test_what_is_over_before_the_silence_ends_is_dropped_with_the_reason(opened):
    it = opened()
    silence(it, 'location="Palma"', start="2020-06-02", end="2020-08-01")
    fire(it, "2020-06-02 12:00", "Palma")
    calm(it, "2020-06-20 12:00", "Palma")
    it.turn("2020-08-02 12:00")
    assert (told(it), held(it)) == ([], [])
    why = "silence 1 of amina, until 2020-08-01 00:00 UTC: known; it was over before that ended"
    assert held(it, dropped=True) == [why, why]


def test_the_end_of_what_was_told_before_the_silence_is_told_after_it(opened):
    it = opened()
    fire(it, "2020-06-02 12:00", "Palma")
    silence(it, 'location="Palma"', start="2020-06-03", end="2020-08-01")
    calm(it, "2020-06-20 12:00", "Palma")
    assert told(it) == [("first", ["Palma"])]
    it.turn("2020-08-02 12:00")
    assert told(it) == [("retracted", ["Palma"])]


def test_what_gets_worse_while_it_is_silenced_is_told_in_order(opened):
    it = opened()
    silence(it, 'location="Palma"', start="2020-06-02", end="2020-06-04")
    fire(it, "2020-06-02 12:00", "Palma")
    fire(it, "2020-06-03 12:00", "Palma", deaths=60)
    it.turn("2020-06-04 12:00")
    assert told(it) == [("first", ["Palma"]), ("worse", ["Palma"])]


def test_a_silence_of_the_mild_does_not_hold_what_gets_worse(opened):
    it = opened()
    silence(it, 'severity="warning"', start="2020-06-02", end=None)
    fire(it, "2020-06-02 12:00", "Palma")
    assert told(it) == []
    fire(it, "2020-06-03 12:00", "Palma", deaths=60)
    assert told(it) == [("first", ["Palma"]), ("worse", ["Palma"])]


def test_a_silence_that_is_ended_lets_go(opened):
    it = opened()
    number = silence(it, 'location="Palma"', start="2020-06-02", end=None)
    fire(it, "2020-06-02 12:00", "Palma")
    with it.app.store.writing() as tx:
        assert expire_silence(tx, number, by="juma", now=at("2020-06-02 13:00"))
    it.turn("2020-06-02 13:01")
    assert told(it) == [("first", ["Palma"])]


def test_nobody_is_reminded_of_what_is_silenced(opened):
    it = opened(routes=routes(repeat_interval="1d"))
    fire(it, "2020-06-02 12:00", "Palma")
    silence(it, 'location="Palma"', start="2020-06-02 13:00", end="2020-06-05")
    it.turn("2020-06-04 12:00")
    assert told(it) == [("first", ["Palma"])]
    it.turn("2020-06-05 12:00")
    assert told(it) == [("repeat", ["Palma"])]


# --- inhibitions --------------------------------------------------------------------------------------------------------

INHIBITED = (
    ROUTES
    + """\
inhibit_rules:
  - {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [alertname]}
"""
)


def test_while_one_fires_another_is_not_told(opened):
    it = opened(routes=INHIBITED)
    fire(it, "2020-06-02 12:00", "Palma", deaths=60)
    fire(it, "2020-06-02 13:00", "Mueda")
    it.turn("2020-06-02 14:00")
    assert told(it) == [("first", ["Palma"])]
    assert held(it) == ["inhibited by 'Many deaths in a place' (Palma)"]
    calm(it, "2020-06-03 12:00", "Palma", deaths=60)
    assert told(it) == [("retracted", ["Mueda", "Palma"])], "both are news: one is withdrawn, and lets the other go"
    assert held(it) == []


def test_what_fires_together_is_inhibited_in_whatever_order(opened):
    it = opened(routes=INHIBITED)
    it.release("2020-06-02 12:00", "MOZ1  2020-06-01  10  Mueda", "MOZ2  2020-06-01  60  Palma")
    it.turn("2020-06-02 12:00")
    assert told(it) == [("first", ["Palma"])]


def test_a_rule_on_test_inhibits_nobody(opened):
    rules = (
        TIERS + "  - alert: On test\n    threshold: {indicator: deaths, window: 30d}\n    condition: [value >= 10]\n"
    )
    rules += "    status: test\n"
    inhibit = INHIBITED.replace('[severity="critical"]', '[alertname="On test"]').replace(", equal: [alertname]", "")
    it = opened(
        rules=rules,
        routes=inhibit.replace("  - name: test\n", "  - name: test\n    file_configs: [{path: test.jsonl}]\n"),
    )
    fire(it, "2020-06-02 12:00", "Palma")
    assert told(it) == [("first", ["Palma"])]


# --- digests ------------------------------------------------------------------------------------------------------------

DAILY = spared("{digest: {at: '07:00', timezone: Africa/Maputo}}")


def test_a_digest_tells_a_day_in_one_message(opened):
    it = opened(settings=DAILY, routes=ROUTES.replace("[alertname]", "[location]"))
    fire(it, "2020-06-02 12:00", "Palma")
    fire(it, "2020-06-02 14:00", "Mueda")
    it.turn("2020-06-03 04:59")
    assert (told(it), set(held(it))) == ([], {"it waits for the digest"})
    it.turn("2020-06-03 05:00")
    [message] = it.told()
    assert message["notification_reason"] == "digest"
    assert message["watcher"]["subject"].startswith("[WARNING] digest of 2 alerts: ")
    it.turn("2020-06-03 06:00")
    assert told(it) == []


def test_of_each_alert_a_digest_shows_the_newest_and_tells_all(opened):
    it = opened(settings=spared("{digest: {at: '07:00', critical: true}}"))
    fire(it, "2020-06-02 12:00", "Palma")
    fire(it, "2020-06-02 14:00", "Palma", deaths=60)
    it.turn("2020-06-03 07:00")
    [message] = it.told()
    assert [alert["labels"]["severity"] for alert in message["alerts"]] == ["critical"]
    assert held(it) == []


def test_missed_dates_are_folded_into_one_digest(opened):
    it = opened(settings=DAILY)
    fire(it, "2020-06-02 12:00", "Palma")
    fire(it, "2020-06-02 14:00", "Mueda")
    it.turn("2020-06-06 12:00")
    assert told(it) == [("digest", ["Palma", "Mueda"])]
    it.turn("2020-06-06 13:00")
    assert told(it) == []


def test_what_is_critical_does_not_wait_for_the_digest_and_comes_after_what_was_before_it(opened):
    it = opened(settings=DAILY)
    fire(it, "2020-06-02 12:00", "Palma")
    fire(it, "2020-06-02 13:00", "Mueda")
    fire(it, "2020-06-02 14:00", "Palma", deaths=60)
    assert told(it) == [("first", ["Palma"]), ("worse", ["Palma"])]
    it.turn("2020-06-03 05:00")
    assert told(it) == [("digest", ["Mueda"])]


def test_a_digest_repeats_what_still_fires(opened):
    it = opened(settings=DAILY, routes=routes(repeat_interval="2d"))
    fire(it, "2020-06-02 12:00", "Palma")
    it.turn("2020-06-03 05:00")
    fire(it, "2020-06-04 12:00", "Mueda")
    it.turn("2020-06-05 05:00")
    assert told(it) == [("digest", ["Palma"]), ("digest", ["Mueda", "Palma"])]
    it.turn("2020-06-06 05:00")
    assert told(it) == []
    it.turn("2020-06-07 05:00")
    it.turn("2020-06-07 05:30")
    assert [reason for reason, _ in told(it)] == ["repeat"]


# --- how many -----------------------------------------------------------------------------------------------------------

EACH_PLACE = ROUTES.replace("[alertname]", "[location]")


def test_over_the_limit_of_an_hour_the_rest_comes_as_one(opened):
    it = opened(settings=spared("{max_per_hour: 2}"), routes=EACH_PLACE)
    it.release("2020-06-02 12:00", *(f"MOZ{n}  2020-06-01  10  {place}" for n, place in enumerate("ABCD", start=2)))
    it.turn("2020-06-02 12:00")
    assert told(it) == [("first", ["A"]), ("digest", ["B", "C", "D"])]


def test_what_the_limit_holds_comes_as_one_when_it_may(opened):
    it = opened(settings=spared("{max_per_hour: 1}"), routes=EACH_PLACE)
    fire(it, "2020-06-02 12:00", "A")
    fire(it, "2020-06-02 12:20", "B")
    fire(it, "2020-06-02 12:40", "C")
    it.turn("2020-06-02 12:59:59")
    assert told(it) == [("first", ["A"])]
    it.turn("2020-06-02 13:00")
    assert len(held(it)) == 0
    assert [reason for reason, _ in told(it)] == ["digest"]


def test_no_limit_holds_what_is_critical(opened):
    it = opened(settings=spared("{max_per_hour: 1}"), routes=EACH_PLACE)
    fire(it, "2020-06-02 12:00", "A", deaths=60)
    fire(it, "2020-06-02 13:00", "B", deaths=60)
    assert told(it) == [("first", ["A"]), ("first", ["B"])]


def test_a_message_that_would_be_too_large_becomes_several(opened, monkeypatch):
    monkeypatch.setattr(messages, "MOST_BYTES", 20_000)
    it = opened()
    it.release("2020-06-02 12:00", *(f"MOZ{n}  2020-06-01  10  P{n}" for n in range(2, 22)))
    it.turn("2020-06-02 12:00")
    with it.app.store.reading() as tx:
        sizes = [len(body) for body in tx.execute(select(message.c.body)).scalars()]
    assert len(sizes) > 1
    assert max(sizes) <= 20_000
    places = [place for _, each in told(it) for place in each]
    assert sorted(places) == sorted(f"P{n}" for n in range(2, 22))


# --- what else goes on --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "first"),
    [
        pytest.param(spared("{max_per_hour: 1}"), ["first", "digest"], id="in a message of the rest"),
        pytest.param(SETTINGS, ["first", "new_alerts", "new_alerts"], id="in messages of the group"),
    ],
)
def test_an_end_knows_what_goes_on_in_whatever_message_it_was_told(opened, settings, first):
    it = opened(settings=settings)
    for moment, place in (("12:00", "A"), ("12:20", "B"), ("12:40", "C")):
        fire(it, f"2020-06-02 {moment}", place)
    it.turn("2020-06-02 13:00")
    assert [reason for reason, _ in told(it)] == first
    fire(it, "2020-06-25 12:00", "B", deaths=11)
    it.turn("2020-07-10 12:00")
    assert told(it) == []
    fire(it, "2020-07-12 12:00", "Nampula", deaths=1)
    assert told(it) == [("some_resolved", ["A", "C"])]
    fire(it, "2020-08-12 12:00", "Nampula", deaths=2)
    assert told(it) == [("all_resolved", ["B"])]


def test_what_fires_again_and_nobody_was_told_of_is_no_company(opened):
    it = opened()
    fire(it, "2020-06-02 12:00", "A")
    fire(it, "2020-06-02 12:20", "B")
    fire(it, "2020-06-25 12:00", "B", deaths=11)
    fire(it, "2020-07-12 12:00", "Nampula", deaths=1)
    silence(it, 'location="A"', start="2020-07-13", end=None)
    fire(it, "2020-07-20 12:00", "A", deaths=12)
    fire(it, "2020-08-05 12:00", "Nampula", deaths=2)
    assert [reason for reason, _ in told(it)] == ["first", "new_alerts", "some_resolved", "all_resolved"]
