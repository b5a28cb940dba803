from __future__ import annotations

import json
import socket

import pytest

from watcher.core.delivery import DeliveryState
from watcher.store.deliveries import find_deliveries


@pytest.fixture
def told(home):
    """What arrived in the desk's file."""
    path = home / "state" / "told.jsonl"
    return lambda: [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def break_desk(home) -> None:
    notify = home / "notify.yaml"
    notify.write_text(notify.read_text().replace("state/told.jsonl", "no-such-folder/told.jsonl"))


def test_a_test_message_arrives_marked_as_one(good, told):
    assert good("drill", "desk") == "desk/file/1: told\n"
    [message] = told()
    assert (message["alerts"], message["notification_reason"]) == ([], "drill")
    assert message["watcher"]["subject"].startswith("[DRILL]")


def test_every_channel_and_every_recipient_is_told(home, good):
    notify = home / "notify.yaml"
    more = "    file_configs:\n      - {path: state/told.jsonl}\n      - {folder: state/mails, format: eml}\n"
    notify.write_text(notify.read_text().replace("    file_configs:\n      - {path: state/told.jsonl}\n", more))
    assert good("drill", "desk") == "desk/file/1: told\ndesk/file/2: told\n"
    assert len(list((home / "state" / "mails").glob("*.eml"))) == 1


def test_each_test_is_a_message_of_its_own(it_is, good, told):
    for minute in ("00", "01"):
        it_is(f"2020-08-02T09:{minute}")
        good("drill", "desk")
    first, second = (message["watcher"]["message"] for message in told())
    assert first != second


def test_what_does_not_arrive_is_said_in_words_and_not_tried_again(home, run, it_is, store):
    break_desk(home)
    it_is("2020-08-02T09:00")
    said = run("drill", "desk")
    assert (said.code, said.err) == (79, "")
    assert said.out == "desk/file/1: not told: ENOENT No such file or directory\n"
    with store.reading() as tx:
        [delivery] = find_deliveries(tx)
    assert (delivery.state, delivery.attempt) == (DeliveryState.CANCELLED, 1)
    assert delivery.reason.startswith("a drill is tried once")


def test_a_test_is_tried_although_the_endpoint_is_left_alone(home, run, it_is):
    notify = home / "notify.yaml"
    webhook = f"    webhook_configs:\n      - {{url: 'http://127.0.0.1:{free_port()}/'}}\n"
    notify.write_text(notify.read_text().replace("  - name: nobody\n", f"  - name: hook\n{webhook}"))
    with (home / "watcher.yaml").open("a") as settings:
        settings.write("receivers: {hook: {allow_networks: [127.0.0.0/8]}}\n")
    for second in range(10, 18):
        it_is(f"2020-08-02T09:00:{second}")
        said = run("drill", "hook")
        assert said.code == 79
        assert "nobody takes the connection" in said.out


def test_what_waits_at_the_endpoint_goes_out_as_well_and_nothing_elsewhere(home, run, good, it_is, told):
    break_desk(home)
    it_is("2020-08-02T09:00")
    run("check")
    notify = home / "notify.yaml"
    notify.write_text(notify.read_text().replace("no-such-folder/told.jsonl", "state/told.jsonl"))
    it_is("2020-08-02T12:00")
    assert good("drill", "test") == "test/file/1: told\n"
    assert told() == []
    good("drill", "desk")
    assert sorted(message["notification_reason"] for message in told()) == ["drill", "state_at_start"]


@pytest.mark.parametrize(
    ("receiver", "sentence"),
    [
        ("dsk", "there is no receiver 'dsk' (did you mean 'desk'?)"),
        ("nobody", "the receiver 'nobody' has no channel, so nobody is told"),
    ],
)
def test_a_receiver_that_cannot_be_told_is_refused(run, receiver, sentence):
    said = run("drill", receiver)
    assert said.code == 2
    assert sentence in said.err


def test_routes_that_are_wrong_are_reported_at_their_place(home, run):
    (home / "notify.yaml").write_text("route: {receiver: desk}\nreceivers: [{name: deks}]\n")
    said = run("drill", "desk")
    assert said.code == 78
    assert "notify.yaml:1:19: route.receiver: no receiver 'desk'; did you mean 'deks'?" in said.err
