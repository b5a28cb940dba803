from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watcher.core.delivery import Outcome, OutcomeClass
from watcher.store.outbox import claim, enqueue, settle

WEBHOOK = "desk/webhook/1"
NOW = datetime(2020, 7, 20, 9, tzinfo=UTC)
DOWN = Outcome(OutcomeClass.RECOVERABLE, "503", "Service Unavailable")
GONE = Outcome(OutcomeClass.PERMANENT, "410", "Gone")


@pytest.fixture
def queue(store, it_is):
    it_is("2020-07-20T09:00")

    def queue(name: str, outcome: Outcome | None = None, *, endpoint: str = WEBHOOK) -> None:
        """A message in the outbox; with an outcome it has been tried once."""
        body = f'{{"name":"{name}"}}'.encode()
        with store.writing() as tx:
            enqueue(
                tx,
                f"msg_{name}",
                endpoint=endpoint,
                group_key=name,
                subject=f"[WARNING] {name}",
                body=body,
                recipients=[""],
                now=NOW,
                due_at=NOW,
                reason="first",
                status="firing",
                content_type="application/json",
                items=[(name, 1)],
            )
        if outcome is not None:
            with store.writing() as tx:
                [outgoing] = claim(tx, NOW, boot="b", endpoint=endpoint, lease=timedelta(minutes=1), limit=1)
            with store.writing() as tx:
                settle(tx, outgoing, outcome, boot="b", started_at=NOW, now=NOW)

    return queue


def rows(good, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(good("outbox", "list", *options, "--format", "json"))
    return found


def test_an_empty_outbox_is_a_sentence(good):
    assert good("outbox", "list") == "there is nothing in the outbox\n"


def test_deliveries_are_listed_the_newest_first(queue, good):
    queue("palma", DOWN)
    queue("mueda", endpoint="duty/webhook/1")
    lines = [" ".join(line.split()) for line in good("outbox", "list").splitlines()]
    assert lines[0] == "ID STATE TRIES QUEUED DUE ENDPOINT RECIPIENT SUBJECT REASON"
    assert " pending 0 2020-07-20 09:00 2020-07-20 09:00 duty/webhook/1 [WARNING] mueda" in lines[1]
    assert " retry 1 2020-07-20 09:00 2020-07-20 09:00 desk/webhook/1 [WARNING] palma 503 Service" in lines[2]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        pytest.param(["--state", "retry"], ["palma"], id="by state"),
        pytest.param(["--state", "retry", "--state", "pending"], ["mueda", "palma"], id="by several states"),
        pytest.param(["--endpoint", "duty"], ["mueda"], id="by receiver"),
        pytest.param(["--endpoint", "duty/webhook/1"], ["mueda"], id="by endpoint"),
        pytest.param(["--since", "1h"], ["mueda", "palma"], id="by age"),
        pytest.param(["--limit", "1"], ["mueda"], id="so many"),
    ],
)
def test_the_list_is_narrowed(queue, good, options, found):
    queue("palma", DOWN)
    queue("mueda", endpoint="duty/webhook/1")
    assert [row["message"] for row in rows(good, *options)] == [f"msg_{name}" for name in found]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "--endpoint", "desks"], "nothing was ever sent to 'desks'"),
        (["list", "--since", "yesterday"], "--since: "),
        (["show", "dlv_nothing"], "there is no delivery 'dlv_nothing'"),
        (["replay"], "say which deliveries"),
        (["cancel", "dlv_", "--state", "dead"], "say which deliveries"),
        (["enable", "desk/webhook/2"], "did you mean 'desk/webhook/1'?"),
        (["replay", "msg_palma"], "is retry (only what is dead or cancelled can be sent again)"),
        (["cancel", "msg_gone"], "is dead (only what waits can be cancelled)"),
        (["show", "dlv_"], "is the beginning of several"),
    ],
)
def test_what_cannot_be_done_says_what_can(queue, run, arguments, said):
    queue("gone", Outcome(OutcomeClass.PERMANENT, "550", "unknown"))
    queue("palma", DOWN)
    answer = run("outbox", *arguments)
    assert answer.code == 2
    assert said in answer.err


def test_one_is_shown_with_every_try_and_what_it_says(queue, good):
    queue("palma", DOWN)
    said = good("outbox", "show", "msg_palma")
    assert "state      retry" in said
    assert "try 1      2020-07-20 09:00:00 UTC  recoverable 503 Service Unavailable" in said
    assert '  {"name":"palma"}' in said
    assert json.loads(good("outbox", "show", "msg_palma", "--format", "json"))["body"] == {"name": "palma"}


def test_the_dead_are_replayed_after_their_endpoint_is_opened(queue, good):
    queue("palma", GONE)
    said = good("outbox", "replay", "--state", "dead")
    assert said.startswith("0 messages will be sent once more\ndesk/webhook/1 is closed (410 Gone); open it with: ")
    assert good("outbox", "enable", WEBHOOK) == (
        "desk/webhook/1 is open\n"
        "1 dead message can be sent once more: watcher outbox replay --state dead --endpoint desk/webhook/1\n"
    )
    assert good("outbox", "replay", "--state", "dead", "--endpoint", WEBHOOK) == "1 message will be sent once more\n"
    [row] = rows(good)
    assert (row["state"], row["replays"], row["message"]) == ("pending", 1, "msg_palma")


def test_what_waits_is_cancelled_with_who_and_why(queue, good):
    queue("palma", DOWN)
    [row] = rows(good)
    assert good("outbox", "cancel", row["id"][:12], "--reason", "told by phone") == "cancelled 1 message\n"
    [row] = rows(good)
    assert row["state"] == "cancelled"
    assert row["reason"].endswith("at 2020-07-20 09:00 UTC: told by phone")
