"""Notification: who is told of what, in which message, and why."""

from __future__ import annotations

import pytest

from tests.core.notices import transition
from tests.installation import RULES, at, installed
from watcher.core.delivery import DeliveryState
from watcher.core.message import Item
from watcher.messages import MOST_ITEMS, Line, batches
from watcher.store.deliveries import find_deliveries
from watcher.store.told import tellings

TWO_RECEIVERS = """\
route:
  receiver: desk
  group_by: [location]
  repeat_interval: 52w
  routes:
    - {receiver: duty, matchers: [location = "Palma"]}
receivers:
  - name: desk
    file_configs: [{path: desk.jsonl}]
  - name: duty
    file_configs: [{path: duty.jsonl}]
  - name: test
    file_configs: [{path: test.jsonl}]
"""
EVERYTHING_TO_THE_DESK = TWO_RECEIVERS.replace(
    '    - {receiver: duty, matchers: [location = "Palma"]}\n', "    - {receiver: desk}\n"
)
HEARS_NO_END = TWO_RECEIVERS.replace("{path: duty.jsonl}", "{path: duty.jsonl, send_resolved: false}")


def begin(it) -> None:
    """A first load in which nothing holds."""
    it.release("2020-06-01 12:00", "MOZ1  2020-05-28  1  Nampula")
    it.turn("2020-06-01 13:00")


def fire(it, *places: str, deaths: int = 10) -> None:
    it.release(
        "2020-06-02 12:00", *(f"MOZ{n}  2020-06-01  {deaths}  {place}" for n, place in enumerate(places, start=10))
    )
    it.turn("2020-06-02 13:00")


def calm(it, *places: str) -> None:
    it.release("2020-07-05 12:00", *(f"MOZ{n}  2020-07-04  0  {place}" for n, place in enumerate(places, start=50)))
    it.turn("2020-07-05 13:00")


def reasons(messages) -> list[tuple[str, str, int]]:
    return [(each["status"], each["notification_reason"], len(each["alerts"])) for each in messages]


@pytest.fixture
def it(tmp_path):
    with installed(tmp_path, routes=TWO_RECEIVERS) as it:
        begin(it)
        yield it


def test_alerts_of_one_group_share_a_message(tmp_path):
    with installed(tmp_path) as it:
        begin(it)
        fire(it, "Palma", "Mueda", "Macomia")
        assert reasons(it.told()) == [("firing", "first", 3)]


def test_each_group_has_a_message_of_its_own_at_the_receiver_of_its_route(it):
    fire(it, "Palma", "Mueda", "Macomia")
    assert [each["groupLabels"] for each in it.told()] == [{"location": "Macomia"}, {"location": "Mueda"}]
    assert it.folder.joinpath("duty.jsonl").read_text().count('"location":"Palma"') > 0


def test_a_message_names_the_labels_that_it_was_routed_by(tmp_path):
    with installed(tmp_path, rules=RULES + "    labels: {theatre: north}\n") as it:
        begin(it)
        fire(it, "Palma")
        [message] = it.told()
        assert message["commonLabels"] == {
            "alertname": "Many deaths in a place",
            "location": "Palma",
            "severity": "warning",
            "theatre": "north",
        }


def test_an_alert_that_joins_others_is_new_and_one_that_leaves_them_is_some(tmp_path):
    with installed(tmp_path) as it:
        begin(it)
        fire(it, "Palma")
        it.release("2020-06-12 12:00", "MOZ20  2020-06-11  10  Mueda")
        it.turn("2020-06-12 13:00")
        it.release("2020-07-05 12:00", "MOZ30  2020-07-04  0  Palma")
        it.turn("2020-07-05 13:00")
        calm(it, "Mueda")
        it.release("2020-07-15 12:00", "MOZ40  2020-07-14  0  Palma")
        it.turn("2020-07-15 13:00")
        assert reasons(it.told()) == [
            ("firing", "first", 1),
            ("firing", "new_alerts", 1),
            ("resolved", "some_resolved", 1),
            ("resolved", "all_resolved", 1),
        ]


def test_whoever_was_told_is_told_the_end_whatever_the_routes_say_by_then(it):
    fire(it, "Palma")
    it.folder.joinpath("notify.yaml").write_text(EVERYTHING_TO_THE_DESK)
    it.restart()
    calm(it, "Palma")
    assert it.told("desk") == []
    assert reasons(it.told("duty")) == [("firing", "first", 1), ("resolved", "all_resolved", 1)]


def test_an_endpoint_that_is_not_to_hear_of_ends_does_not(tmp_path):
    with installed(tmp_path, routes=HEARS_NO_END) as it:
        begin(it)
        fire(it, "Palma")
        calm(it, "Palma")
        assert reasons(it.told("duty")) == [("firing", "first", 1)]


def test_an_episode_that_began_and_ended_while_nobody_looked_is_told_from_beginning_to_end(it):
    it.release("2020-06-02 12:00", "MOZ10  2020-06-01  10  Mueda")
    it.release("2020-06-03 12:00", "MOZ10  2020-06-01  3  Mueda")
    it.turn("2020-06-03 13:00")
    assert reasons(it.told()) == [("firing", "first", 1), ("resolved", "retracted", 1)]


def test_a_rule_under_test_speaks_to_the_receiver_of_tests_only(tmp_path):
    with installed(tmp_path, rules=RULES + "    status: test\n") as it:
        begin(it)
        fire(it, "Palma")
        assert (len(it.told("desk")), len(it.told("test"))) == (0, 1)


def test_an_experimental_rule_speaks_to_nobody(tmp_path):
    with installed(tmp_path, rules=RULES + "    status: experimental\n") as it:
        begin(it)
        fire(it, "Palma")
        calm(it, "Palma")
        assert [each.after.value for each in it.transitions()] == ["firing", "resolved"]
        assert (it.told("desk"), it.told("test")) == ([], [])


def test_templates_of_the_rule_are_its_words(tmp_path):
    words = "    summary: '{value} deaths, it is said'\n    description: 'In {days}, {events} events.'\n"
    with installed(tmp_path, rules=RULES + words) as it:
        begin(it)
        fire(it, "Palma")
        [message] = it.told()
        annotations = message["alerts"][0]["annotations"]
        assert annotations["summary"] == "10 deaths, it is said"
        assert annotations["description"].startswith("In 5 days, 1 events.")


def test_a_message_remembers_what_was_said_before(it):
    fire(it, "Mueda", deaths=12)
    calm(it, "Mueda")
    details = [next(iter(each["watcher"]["alerts"].values())) for each in it.told()]
    assert [(each["values"]["value"], each["previous_values"].get("value")) for each in details] == [
        (12, None),
        (0, 12),
    ]


def test_without_notification_everything_is_recorded_and_nobody_hears_of_it_later(it):
    it.release("2020-06-02 12:00", "MOZ10  2020-06-01  10  Mueda")
    it.turn("2020-06-02 13:00", notify=False)
    calm(it, "Mueda")
    assert [each.after.value for each in it.transitions()] == ["firing", "resolved"]
    assert it.told() == []


def test_nobody_is_reminded_of_what_nobody_was_told(tmp_path):
    with installed(tmp_path, routes=TWO_RECEIVERS.replace("52w", "1d")) as it:
        begin(it)
        fire(it, "Mueda")
        calm(it, "Mueda")
        it.told()
        it.release("2020-07-06 12:00", "MOZ60  2020-07-05  10  Mueda")
        it.turn("2020-07-06 13:00", notify=False)
        it.turn("2020-07-08 13:00")
        assert it.told() == []


def test_reminders_of_a_group_share_a_message_and_count_as_being_told(tmp_path):
    with installed(tmp_path, routes=TWO_RECEIVERS.replace("[location]", "[alertname]").replace("52w", "7d")) as it:
        begin(it)
        fire(it, "Mueda", "Macomia")
        for day in ("2020-06-09 12:59", "2020-06-09 13:00", "2020-06-12 13:00"):
            it.turn(day)
        assert reasons(it.told()) == [("firing", "first", 2), ("firing", "repeat", 2)]


def test_occurrences_are_told_once_and_never_brought_up_again(tmp_path):
    rules = """\
version: 1
states:
  - {state: truce, key: text, values: text}
rules:
  - alert: A truce
    transition: {truce: any}
facts:
  - {truce: Gourma, is: agreed, from: 2020-06-02, known: 2020-06-03, cite: report}
citations:
  - {citation: report, title: A report, published: 2020-06-03}
"""
    with installed(tmp_path, rules=rules, routes=TWO_RECEIVERS.replace("52w", "1d")) as it:
        for day in ("2020-06-01 13:00", "2020-06-04 13:00", "2020-06-10 13:00"):
            it.turn(day)
        assert reasons(it.told()) == [("firing", "first", 1)]


@pytest.mark.parametrize(
    ("fingerprints", "sizes"),
    [
        pytest.param(range(MOST_ITEMS), [MOST_ITEMS], id="as many as fit"),
        pytest.param(range(MOST_ITEMS + 1), [MOST_ITEMS, 1], id="one more than fits"),
        pytest.param([1, 2, 1], [2, 1], id="an alert that changed twice"),
        pytest.param([], [], id="none"),
    ],
)
def test_a_message_names_each_alert_once_and_only_so_many(fingerprints, sizes):
    told = [transition(fingerprint=str(each), seq=n) for n, each in enumerate(fingerprints, start=1)]
    items = [Item(transition=each, alert="An alert", labels={}, starts_at=each.tick) for each in told]
    lines = [Line(item, ()) for item in items]
    found = list(batches(lines))
    assert [len(batch) for batch in found] == sizes
    assert [line for batch in found for line in batch] == lines, "in the order in which things happened"


def test_the_key_of_a_message_is_the_same_wherever_the_same_happened(tmp_path):
    keys = []
    for each in ("here", "there"):
        (tmp_path / each).mkdir()
        with installed(tmp_path / each) as it:
            begin(it)
            fire(it, "Palma")
            calm(it, "Palma")
            keys.append([message["watcher"]["message"] for message in it.told()])
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 2


def test_who_was_told_can_be_asked(it):
    fire(it, "Mueda")
    calm(it, "Mueda")
    with it.app.store.reading() as tx:
        told = tellings(tx, it.alerts()["Mueda"].fingerprint)
    assert [(each.seq, each.reason, each.written_at, each.endpoint, each.state) for each in told] == [
        (1, "first", at("2020-06-02 13:00"), "desk/file/1", DeliveryState.DELIVERED),
        (2, "all_resolved", at("2020-07-05 13:00"), "desk/file/1", DeliveryState.DELIVERED),
    ]


def test_messages_are_numbered_in_the_order_in_which_things_happened(it):
    fire(it, "Mueda", "Palma")
    calm(it, "Mueda", "Palma")
    with it.app.store.reading() as tx:
        found = [(each.endpoint, each.subject) for each in reversed(find_deliveries(tx))]
    assert found == [
        ("desk/file/1", "[WARNING] Deaths, Mueda: 10 deaths in 30 days to 1 Jun 2020"),
        ("duty/file/1", "[WARNING] Deaths, Palma: 10 deaths in 30 days to 1 Jun 2020"),
        ("desk/file/1", "[ENDED] Many deaths in a place (Mueda): value 10 → 0"),
        ("duty/file/1", "[ENDED] Many deaths in a place (Palma): value 10 → 0"),
    ]
