from __future__ import annotations

import pytest

from tests.installation import at, installed
from watcher.app import Turn
from watcher.core.errors import DataError, ExitCode, SourceUnavailable, WatcherError
from watcher.core.severity import Severity
from watcher.deliver import Delivered
from watcher.evaluate import Evaluated
from watcher.ingest import Ingested
from watcher.report import conclude, exit_code_of, outbox_problems, problems_of, summary_of
from watcher.store.deliveries import Failing, OutboxSummary

NOW = at("2020-07-07 13:00")
QUIET = OutboxSummary(counts={}, oldest=None, failing=())
FAILING = OutboxSummary(
    counts={}, oldest=None, failing=(Failing("desk/webhook/1", at("2020-07-07 11:00"), "503 busy"),)
)
GOOD = Ingested("a.csv", "acled", rows=10, added=6, revised=2, deleted=1, unchanged=1)
WITH_BAD_ROWS = Ingested("b.csv", "acled", rows=100, added=98, quarantined=2)
A_PAGE = Ingested("p.csv", "acled", rows=4_999, added=4_999, is_page=True)
PAGE = (
    "p.csv: exactly 4999 rows, which is a page and may not be the whole (compare with the number that the site shows)"
)
SEEN = Ingested("c.csv", "acled", rows=50, seen=True)
REFUSED = DataError("too many bad rows", where="d.csv")
UNREADABLE = SourceUnavailable("cannot be read", where="e.csv")


def done(
    *ingested: Ingested, failures: tuple[WatcherError, ...] = (), refused: tuple[str, ...] = (), **counts: int
) -> Turn:
    return Turn(NOW, ingested, Evaluated(3, 2, ()), 2, Delivered(**counts, refused=refused), failures)


def test_a_turn_is_summed_up_in_counts():
    assert summary_of(done(GOOD, WITH_BAD_ROWS, SEEN, delivered=1, waiting=1)) == {
        "now": "2020-07-07T13:00:00+00:00",
        "files": 2,
        "added": 104,
        "revised": 2,
        "deleted": 1,
        "quarantined": 2,
        "held": 0,
        "judged": 3,
        "transitions": 2,
        "messages": 2,
        "delivered": 1,
        "waiting": 1,
        "dead": 0,
    }


def test_each_problem_is_a_line_that_says_what_where_and_what_to_do():
    lines = problems_of(done(GOOD, WITH_BAD_ROWS, A_PAGE, failures=(REFUSED,)))
    assert lines == [
        "d.csv: too many bad rows",
        "b.csv: 2 of 100 rows could not be read and lie in quarantine (see: watcher quarantine list --source acled)",
        PAGE,
    ]


def test_a_refusal_that_somebody_must_cure_is_told_and_that_nothing_is_lost():
    turn = done(waiting=1, refused=("desk/webhook/1: 401 Unauthorized",))
    assert outbox_problems(turn, QUIET) == [
        "desk/webhook/1: 401 Unauthorized (kept, and tried again; see: watcher status)"
    ]
    assert exit_code_of(turn, QUIET, strict=False) is ExitCode.DELIVERY


@pytest.mark.parametrize(
    ("dead", "outbox", "lines"),
    [
        pytest.param(0, QUIET, [], id="all is well"),
        pytest.param(1, QUIET, ["1 message given up, for good (see: watcher status)"], id="one is given up"),
        pytest.param(
            0, FAILING, ["desk/webhook/1: failing since 2020-07-07 11:00 UTC: 503 busy"], id="an endpoint takes nothing"
        ),
    ],
)
def test_what_stands_in_the_way_of_messages_is_told(dead, outbox, lines):
    assert outbox_problems(done(dead=dead), outbox) == lines


@pytest.mark.parametrize(
    ("turn", "outbox", "strict", "code"),
    [
        pytest.param(done(GOOD), QUIET, True, ExitCode.OK, id="all is well"),
        pytest.param(done(waiting=3), QUIET, True, ExitCode.OK, id="what is queued is no problem yet"),
        pytest.param(done(WITH_BAD_ROWS), QUIET, False, ExitCode.OK, id="bad rows are none"),
        pytest.param(done(WITH_BAD_ROWS), QUIET, True, ExitCode.DATA, id="bad rows are one for the strict"),
        pytest.param(done(failures=(REFUSED,)), QUIET, False, ExitCode.DATA, id="a file was refused"),
        pytest.param(done(failures=(UNREADABLE, REFUSED)), QUIET, False, ExitCode.SOURCE, id="a source cannot be read"),
        pytest.param(done(dead=1), QUIET, False, ExitCode.DELIVERY, id="a message is given up"),
        pytest.param(
            done(failures=(UNREADABLE,)), FAILING, False, ExitCode.DELIVERY, id="what cannot be told outweighs the rest"
        ),
    ],
)
def test_the_exit_code_says_most(turn, outbox, strict, code):
    assert exit_code_of(turn, outbox, strict=strict) is code


def test_a_conclusion_counts_what_fires(tmp_path):
    with installed(tmp_path) as it:
        it.release("2020-06-01 12:00", "MOZ1  2020-05-28  10  Palma", "MOZ2  2020-05-28  20  Mueda")
        turn = it.turn("2020-06-01 13:00")
        with it.app.store.reading() as tx:
            result = conclude(tx, turn, strict=False, now=it.now)
    assert (result.exit_code, result.problems, result.worst) == (ExitCode.OK, [], Severity.WARNING)
    assert result.summary["firing"] == {"info": 0, "warning": 2, "critical": 0}


def test_where_nothing_fires_nothing_is_the_worst(tmp_path):
    with installed(tmp_path) as it:
        turn = it.turn("2020-06-01 13:00")
        with it.app.store.reading() as tx:
            assert conclude(tx, turn, strict=False, now=it.now).worst is None
