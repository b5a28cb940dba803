"""Mistakes that others have made, as changes of our text, each with the test that is there to notice it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Edit(NamedTuple):
    """A piece of one of our files, which stands there once, and what stands there instead."""

    file: str
    old: str
    new: str


class Mutant(NamedTuple):
    """A mistake."""

    code: str
    title: str
    edits: tuple[Edit, ...]
    #: What pytest is given: the test that must fail.
    test: str


STORY = "tests/stories/test_stories.py::test_the_story_comes_true[a_receiver_is_down_for_two_turns]"
_OUTBOX = "watcher/store/outbox.py"

MUTANTS = (
    Mutant(
        "M1",
        "marked as delivered before it is sent",
        (
            Edit(
                "watcher/deliver.py",
                "limit=1)\n        return",
                "limit=1)\n            for each in claimed:\n                settle(tx, each, Outcome(OutcomeClass.OK), "
                "boot=self._boot, started_at=now, now=now)\n        return",
            ),
        ),
        "tests/chaos/test_rows.py::test_a_slice_of[C28 a simulated history]",
    ),
    Mutant(
        "M2",
        "the message is written in a second transaction",
        (
            Edit(
                "watcher/app.py",
                "        messages = _write_messages(app, bench, evaluated, patient=patient) if notify else 0\n",
                "    with app.store.writing(alone=True) as tx:\n"
                "        bench = Bench(tx, app.rules, app.offsets, now)\n"
                "        messages = _write_messages(app, bench, evaluated, patient=patient) if notify else 0\n",
            ),
        ),
        "tests/chaos/test_rows.py::test_a_slice_of[C3 SIGKILL before a message is queued]",
    ),
    Mutant(
        "M3",
        "no order",
        (Edit("watcher/store/deliveries.py", ", is_due, ~_is_behind())", ", is_due)"),),
        "tests/chaos/test_rows.py::test_a_slice_of[C28 a simulated history]",
    ),
    Mutant(
        "M4",
        "another key at each try",
        (Edit(_OUTBOX, "message=head.key,", 'message=f"{head.key}.{n}",'),),
        STORY,
    ),
    Mutant(
        "M5",
        "`synchronous=NORMAL`",
        (Edit("watcher/store/connection.py", '"synchronous": "FULL"', '"synchronous": "NORMAL"'),),
        "tests/store/test_engine.py::test_every_connection_has_the_settings_of_a_careful_store",
    ),
    Mutant(
        "M6",
        "no clamp of times from a wrong clock",
        (
            Edit(
                "watcher/store/deliveries.py",
                "LATEST = LONGEST_WAIT * (1 + JITTER)",
                "LATEST = timedelta(days=100_000)",
            ),
            Edit("watcher/store/sweep.py", "not_before > now + LONGEST_WAIT", "not_before > now + LATEST"),
            Edit("watcher/store/sweep.py", "lease_until > now + LONGEST_LEASE", "lease_until > now + LATEST"),
        ),
        "tests/chaos/test_rows.py::test_a_slice_of[C10 the clock jumps]",
    ),
    Mutant(
        "M7",
        "written anew at each try",
        (Edit(_OUTBOX, "        body=head.body,", "        body=head.body + str(now).encode(),"),),
        "tests/chaos/test_rows.py::test_a_slice_of[C28 a simulated history]",
    ),
    Mutant(
        "M8",
        "a lease shorter than two deadlines",
        (Edit("watcher/receivers/posting.py", "LEASE = timedelta(seconds=60)", "LEASE = timedelta(seconds=30)"),),
        "tests/receivers/test_registry.py::test_a_lease_outlives_two_attempts_and_the_writing_down",
    ),
    Mutant(
        "M9",
        "headers of mail not cleaned",
        (
            Edit(
                "watcher/receivers/mime.py", "clean_header(subject(notification, desk))", "subject(notification, desk)"
            ),
            Edit("watcher/receivers/mime.py", "    if not _is_ours(raw, threads):\n", "    if not raw:\n"),
        ),
        "tests/receivers/test_mime.py::test_no_known_attack_adds_a_header",
    ),
    Mutant(
        "M10",
        "addresses checked before the connection only",
        (
            Edit(
                "watcher/net/wire.py",
                "    for tries_left, address in zip",
                "    addresses = _resolved(resolver, host, port, patience)\n    for tries_left, address in zip",
            ),
        ),
        "tests/test_net.py::test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked",
    ),
    Mutant(
        "M11",
        "redirects are followed",
        (
            Edit(
                "watcher/net/http.py",
                "            response = self._transport.handle_request(request)\n",
                "            response = self._transport.handle_request(request)\n"
                '            if "location" in response.headers:\n'
                '                response = httpx.get(response.headers["location"])\n',
            ),
        ),
        "tests/test_net.py::test_a_redirect_is_an_answer_and_is_not_followed",
    ),
    Mutant(
        "M12",
        "an address inside an IPv6 one is not looked at",
        (
            Edit(
                "watcher/net/address.py",
                "(address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address",
                "address",
            ),
        ),
        "tests/test_net.py::test_allow_networks_opens_exactly_what_it_names",
    ),
    Mutant(
        "M13",
        "errors of the database show their parameters",
        (
            Edit(
                "watcher/store/connection.py",
                "else 10,\n        hide_parameters=True,\n",
                "else 10,\n",
            ),
        ),
        "tests/store/test_engine.py::test_no_parameter_appears_in_an_error",
    ),
    Mutant(
        "M14",
        "a silence takes back what was tried",
        (
            Edit("watcher/store/withdrawal.py", "state == DeliveryState.PENDING.value", "state.in_(OPEN)"),
            Edit("watcher/store/withdrawal.py", "_delivery.c.attempt == 0", "_delivery.c.attempt >= 0"),
        ),
        "tests/test_withdrawal.py::test_what_was_tried_goes_out_under_its_key",
    ),
    Mutant(
        "M15",
        "a silence leaves what is queued alone",
        (Edit("watcher/notify.py", "    withdrawal.take_back(bench, board)\n", ""),),
        "tests/stories/test_stories.py::test_the_story_comes_true[a_silence_begins_while_a_receiver_is_down]",
    ),
    Mutant(
        "M16",
        "a spreadsheet's formula stays one",
        (Edit("watcher/cli/table.py", "text.startswith(_FORMULA)", "not text"),),
        "tests/test_injection.py::test_what_a_source_writes_stays_text",
    ),
    Mutant(
        "M17",
        "a request in pieces is taken for one of a known length",
        (Edit("watcher/web/listening.py", 'if "Transfer-Encoding" in self.headers:', "if False:"),),
        "tests/web/test_service.py::test_what_a_proxy_may_understand_otherwise_is_refused_whole[in pieces]",
    ),
    Mutant(
        "M18",
        "half of a packed answer is taken for the whole",
        (Edit("watcher/net/http.py", "    if packed.is_cut_off:\n", "    if False:\n"),),
        "tests/test_fetch.py::test_half_an_answer_is_none[packed, and cut off before it was sent]",
    ),
    Mutant(
        "M19",
        "what libraries log is printed as it is",
        (Edit("watcher/log.py", "    logging.lastResort = _Libraries(logging.WARNING)\n", ""),),
        "tests/cli/test_uncaught.py::test_what_a_library_logs_is_logged_as_ours",
    ),
)
