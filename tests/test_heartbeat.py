"""The heartbeat: only a complete turn counts as life, and a heartbeat that fails stands in nobody's way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests.installation import at
from tests.zoo import Server, answer, hang_up
from watcher.heartbeat import Heartbeat
from watcher.net import Egress

NOON = at("2026-11-28 12:00")


def heartbeat(url: str) -> Heartbeat:
    return Heartbeat(SecretStr(url), Egress(allow_networks=("127.0.0.0/8",)), every=timedelta(minutes=1))


def test_it_speaks_the_protocol_of_healthchecks():
    with Server(answer(200)) as server:
        pulse = heartbeat(server.url("/ping/uuid"))
        pulse.start()
        pulse.success(NOON)
        pulse.fail(NOON, "the store cannot be written")
    assert [each.line.split()[1] for each in server.requests] == ["/ping/uuid/start", "/ping/uuid", "/ping/uuid/fail"]
    assert server.requests[2].body == b"the store cannot be written"


def test_it_is_given_as_often_as_it_should_be():
    with Server(answer(200)) as server:
        pulse = heartbeat(server.url())
        assert pulse.is_due(NOON)
        pulse.success(NOON)
        assert not pulse.is_due(NOON + timedelta(seconds=59))
        assert pulse.is_due(NOON + timedelta(minutes=1))
        assert pulse.is_due(NOON - timedelta(days=1)), "the clock was set back"


@pytest.mark.parametrize("act", [hang_up, answer(500)], ids=["nobody hears it", "it is refused"])
def test_one_that_is_not_heard_is_only_logged_and_without_its_address(act, capsys):
    with Server(act) as server:
        heartbeat(server.url("/ping/secret-uuid")).success(NOON)
    said = capsys.readouterr()
    assert "secret-uuid" not in said.out + said.err


def test_one_whose_address_is_private_is_not_sent():
    with Server(answer(200)) as server:
        Heartbeat(SecretStr(server.url()), Egress(), every=timedelta(minutes=1)).success(NOON)
    assert server.requests == []
