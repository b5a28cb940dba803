"""What is queued when a silence or an inhibition begins: taken back as long as nobody was sent anything of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.installation import ROUTES, RULES, at, installed
from tests.test_flush import held, number, silence
from watcher.app import evaluate, ingest, resume
from watcher.core.delivery import DeliveryState, Outcome, OutcomeClass
from watcher.store.deliveries import find_deliveries
from watcher.store.outbox import claim, settle
from watcher.store.request import cancel_deliveries, replay
from watcher.store.schema import message, standby
from watcher.store.silences import expire_silence
from watcher.store.standby import fall_back
from watcher.store.told import tellings

TIERS = RULES + "    severity: {critical: value >= 50, otherwise: warning}\n"
DESK, FALLBACK_DESK = "desk/file/1", "test/file/1"
EACH_PLACE = ROUTES.replace("[alertname]", "[location]")
INHIBITED = (
    EACH_PLACE
    + """\
inhibit_rules:
  - {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [alertname]}
"""
)
FALLBACK = "instance: tested\nsources:\n  acled: {kind: acled, paths: [inbox], query_offset: 0d}\n"
FALLBACK += "receivers: {desk: {fallback: test}}\n"
DAY = timedelta(days=1)
#: Whatever takes longer has failed.
PATIENCE_S = 30.0


@pytest.fixture
def opened(tmp_path):
    """Open an installation in which one quiet record is stored and nothing has happened yet."""
    made = []

    def open_(**parts: str):
        manager = installed(tmp_path, **{"rules": TIERS, "routes": ROUTES, **parts})
        made.append(manager)
        it = manager.__enter__()
        it.release("2020-06-01 11:00", "MOZ1  2020-05-28  1  Nampula")
        it.turn("2020-06-01 11:30")
        return it

    yield open_
    for manager in made:
        manager.__exit__(None, None, None)


def write(it, moment: str, *places: str, deaths: int = 10) -> None:
    """Deaths in these places are released and judged, and what is to be told is queued and not sent."""
    rows = (f"MOZ{number(each, deaths)}  {at(moment) - DAY:%Y-%m-%d}  {deaths}  {each}" for each in places)
    if places:
        it.release(moment, *rows)
    it.now = at(moment)
    ingest(it.app, it.now)
    evaluate(it.app, it.now)


def told(it) -> list[tuple[str, list[str]]]:
    return [
        (each["notification_reason"], [alert["labels"]["location"] for alert in each["alerts"]]) for each in it.told()
    ]


def queue(it, endpoint: str = DESK) -> list[tuple[str, str]]:
    """How each delivery stands, the oldest first, and why."""
    with it.app.store.reading() as tx:
        found = find_deliveries(tx, endpoint=endpoint)
    return [(each.state.value, each.reason) for each in reversed(found)]


def attempt(it, outcome: Outcome) -> None:
    with it.app.store.writing() as tx:
        [sent] = claim(tx, it.now, boot="b", endpoint=DESK, lease=timedelta(minutes=1))
        settle(tx, sent, outcome, boot="b", started_at=it.now, now=it.now)


WHY = "silence 1 of amina, until 2020-06-04 00:00 UTC: known"


def test_what_is_queued_when_a_silence_begins_is_cancelled_and_told_at_its_end(opened):
    it = opened()
    write(it, "2020-06-02 12:00", "Palma")
    silence(it, 'location="Palma"', start="2020-06-02 12:01", end="2020-06-04")
    it.turn("2020-06-02 12:01")
    assert (told(it), queue(it), held(it)) == ([], [("cancelled", WHY)], [WHY])
    it.turn("2020-06-04 00:05")
    assert (told(it), held(it)) == ([("first", ["Palma"])], [])


def test_it_is_told_under_another_key_of_which_nobody_has_heard(opened):
    it = opened()
    write(it, "2020-06-02 12:00", "Palma")
    one = silence(it, 'location="Palma"', start="2020-06-02 12:01", end=None)
    it.turn("2020-06-02 12:01")
    with it.app.store.writing() as tx:
        expire_silence(tx, one, by="juma", now=at("2020-06-02 12:02"))
    write(it, "2020-06-02 12:07")
    assert [state for state, _ in queue(it)] == ["cancelled", "pending"]
    silence(it, 'location="Palma"', start="2020-06-02 12:08", end="2020-06-04")
    it.turn("2020-06-02 12:08")
    it.turn("2020-06-04 00:05")
    assert told(it) == [("first", ["Palma"])]
    with it.app.store.reading() as tx:
        ids = list(tx.execute(select(message.c.id).order_by(message.c.number)).scalars())
    assert len(set(ids)) == 3
    assert [state for state, _ in queue(it)] == ["cancelled", "cancelled", "delivered"]


def test_what_is_over_before_the_silence_ends_is_not_told_at_all(opened):
    it = opened()
    write(it, "2020-06-02 12:00", "Palma")
    silence(it, 'location="Palma"', start="2020-06-02 12:01", end="2020-08-01")
    it.turn("2020-06-02 12:01")
    it.release("2020-06-20 12:00", f"MOZ{number('Palma', 10)}  2020-06-01  0  Palma")
    it.turn("2020-06-20 12:00")
    it.turn("2020-08-02 12:00")
    assert (told(it), held(it)) == ([], [])
    why = "silence 1 of amina, until 2020-08-01 00:00 UTC: known; it was over before that ended"
    assert held(it, dropped=True) == [why, why]


def test_whoever_stands_in_the_same_message_is_told_at_once(opened):
    it = opened(routes=ROUTES.replace("{receiver: desk,", "{receiver: desk, group_wait: 30m, group_interval: 6h,"))
    write(it, "2020-06-02 12:00", "Palma", "Mueda")
    silence(it, 'location="Palma"', start="2020-06-02 12:01", end="2020-06-04")
    it.turn("2020-06-02 12:01")
    assert told(it) == [("first", ["Mueda"])], "the message that was taken back begins no interval"
    assert [state for state, _ in queue(it)] == ["cancelled", "delivered"]


def test_what_is_behind_it_about_the_same_alert_follows_in_order(opened):
    it = opened(rules=TIERS, routes=ROUTES)
    write(it, "2020-06-02 12:00", "Palma", "Mueda")
    write(it, "2020-06-02 18:00", "Mueda", deaths=60)
    silence(it, 'location="Palma"', start="2020-06-02 18:01", end="2020-06-04")
    it.turn("2020-06-02 18:01")
    assert told(it) == [("first", ["Mueda"]), ("worse", ["Mueda"])]
    assert [why for _, why in queue(it)][:2] == [
        WHY,
        "told in another message, because what was to go before it was taken back",
    ]


def test_a_silence_of_the_mild_takes_nothing_back_that_got_worse(opened):
    it = opened()
    write(it, "2020-06-02 12:00", "Palma")
    write(it, "2020-06-02 18:00", "Palma", deaths=60)
    silence(it, 'severity="warning"', start="2020-06-02 18:01", end=None)
    write(it, "2020-06-02 18:01")
    assert [state for state, _ in queue(it)] == ["pending", "pending"]


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(Outcome(OutcomeClass.AMBIGUOUS, "timeout"), id="it may have arrived"),
        pytest.param(Outcome(OutcomeClass.CONFIG, "401"), id="it was refused, and is known by its key"),
    ],
)
def test_what_was_tried_goes_out_under_its_key(outcome, opened):
    it = opened()
    write(it, "2020-06-02 12:00", "Palma")
    attempt(it, outcome)
    silence(it, 'location="Palma"', start="2020-06-02 12:01", end="2020-06-04")
    it.turn("2020-06-02 18:00")
    assert told(it) == [("first", ["Palma"])]


def test_what_a_person_sends_once_more_goes_out(opened):
    it = opened()
    write(it, "2020-06-02 12:00", "Palma")
    with it.app.store.writing() as tx:
        ids = [each.id for each in find_deliveries(tx)]
        cancel_deliveries(tx, ids, reason="by mistake")
        replay(tx, ids, now=it.now)
    silence(it, 'location="Palma"', start="2020-06-02 12:01", end="2020-06-04")
    it.turn("2020-06-02 18:00")
    assert told(it) == [("first", ["Palma"])]


def test_what_was_taken_back_is_never_sent_once_more(opened):
    it = opened()
    write(it, "2020-06-02 12:00", "Palma")
    silence(it, 'location="Palma"', start="2020-06-02 12:01", end="2020-06-04")
    it.turn("2020-06-02 12:01")
    with it.app.store.writing() as tx:
        [taken] = find_deliveries(tx, states=[DeliveryState.CANCELLED])
        assert replay(tx, [taken.id], now=it.now) == []


def test_an_inhibition_takes_back_as_a_silence_does(opened):
    it = opened(routes=INHIBITED)
    write(it, "2020-06-02 12:00", "Mueda")
    write(it, "2020-06-02 13:00", "Palma", deaths=60)
    it.turn("2020-06-02 13:01")
    assert told(it) == [("first", ["Palma"])]
    assert held(it) == ["inhibited by 'Many deaths in a place' (Palma)"]


def test_the_receiver_to_fall_back_on_is_not_told_of_it_either(opened):
    it = opened(settings=FALLBACK)
    write(it, "2020-06-02 12:00", "Palma")
    silence(it, 'location="Palma"', start="2020-06-02 12:01", end="2020-06-04")
    it.turn("2020-06-02 18:00")
    with it.app.store.reading() as tx:
        assert tx.execute(select(standby.c.message)).all() == []
    assert it.told("test") == []


def test_what_went_to_the_fallback_stays_what_it_is(opened):
    it = opened(settings=FALLBACK)
    write(it, "2020-06-02 12:00", "Palma")
    attempt(it, Outcome(OutcomeClass.PERMANENT, "410"))
    with it.app.store.writing() as tx:
        fall_back(tx, it.now)
    assert [state for state, _ in queue(it, FALLBACK_DESK)] == ["pending"]
    silence(it, 'location="Palma"', start="2020-06-02 12:01", end="2020-06-04")
    write(it, "2020-06-02 12:02")
    assert next(state for state, _ in queue(it, FALLBACK_DESK)) == "pending"


def test_an_alert_shows_why_it_is_not_told(opened):
    it = opened()
    write(it, "2020-06-02 12:00", "Palma")
    silence(it, 'location="Palma"', start="2020-06-02 12:01", end="2020-06-04")
    it.turn("2020-06-02 12:01")
    [fingerprint] = [each.fingerprint for each in it.alerts().values()]
    with it.app.store.reading() as tx:
        assert tellings(tx, fingerprint) == []


def test_what_is_told_in_the_end_is_what_was_to_be_told(opened):
    it = opened()
    write(it, "2020-06-02 12:00", "Palma")
    with it.app.store.reading() as tx:
        [before] = [json.loads(body) for body in tx.execute(select(message.c.body)).scalars()]
    silence(it, 'location="Palma"', start="2020-06-02 12:01", end="2020-06-04")
    it.turn("2020-06-02 12:01")
    it.turn("2020-06-04 00:05")
    assert [each["alerts"] for each in it.told()] == [before["alerts"]]


@pytest.mark.parametrize(
    ("silenced", "sent"),
    [
        pytest.param("", 1, id="goes out before anything is read"),
        pytest.param("Palma", 0, id="waits for a turn when it was silenced meanwhile"),
    ],
)
def test_what_an_earlier_process_left(opened, silenced, sent):
    it = opened()
    write(it, "2020-06-02 12:00", "Palma")
    it.restart()
    it.release("2020-06-02 12:05", "MOZ9  2020-06-01  10  Ibo")
    if silenced:
        silence(it, f'location="{silenced}"', start="2020-06-02 12:06", end=None)
    it.now = at("2020-06-02 12:10")
    resume(it.app, it.now)
    assert it.app.couriers.join(PATIENCE_S)
    assert len(it.told()) == sent
    it.turn("2020-06-02 12:10")
    assert "Ibo" in str(it.told())
