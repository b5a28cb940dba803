"""What is thrown at whom: each target has a way to make a case and says what must hold whatever the case is.

The outcome is always one of three: what was given is taken and means what it says, it is refused with a reason, or the
part of it that cannot be used is. Anything else is an exception, and fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from tests.config.test_document import NEARLY, test_reading_quickly_and_reading_carefully_come_to_the_same
from tests.core.selections import NAMES, events, picks, wheres
from tests.core.test_condition import CONDITIONS, test_a_condition_comes_back_as_it_was_written
from tests.core.test_template import OUTPUTS, VALUES
from tests.fuzz import apis, archives, commands, doors, mail
from tests.fuzz.target import Target, changed, plain, within_patience
from tests.installation import empty_store
from tests.receivers.outgoings import access, outgoing
from tests.sinks import SINKS
from tests.sources.test_any_bytes import BYTES, GOOD, HEADS, survives
from tests.test_injection import STRINGS
from tests.zoo import Server, say
from watcher.config.document import load_document
from watcher.config.notify import load_notify
from watcher.config.rules import read_rules
from watcher.core.condition import comparison
from watcher.core.delivery import OutcomeClass
from watcher.core.document import UnreadableError
from watcher.core.errors import ConfigError, Problem, StoreError
from watcher.core.matcher import matcher
from watcher.core.selector import SelectorError, selector
from watcher.core.template import TemplateError, check, render
from watcher.receivers import webhook
from watcher.store.engine import Store

ROOT = Path(__file__).resolve().parents[2]


def _inside(test: Any) -> Callable[[Any], object]:
    """What a property of the tests asks of one case."""
    asks: Callable[[Any], object] = test.hypothesis.inner_test
    return asks


# --- files ------------------------------------------------------------------------------------------------------------


def _reader(name: str) -> Target:
    good = [GOOD, *HEADS[name]] if name == "acled" else HEADS[name]
    cases = BYTES | st.builds(bytes.__add__, st.sampled_from(HEADS[name]), BYTES) | changed(good)
    return plain(f"records: {name}", cases, lambda data: within_patience(lambda: survives(name, data)))


@cache
def _pages(pattern: str) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(ROOT.glob(pattern)) if path.stat().st_size < 8_192)


def _reads_yaml(text: str | bytes) -> None:
    with suppress(ConfigError):
        document = load_document(text)
        assert document.marks or document.value is None


def _reads(page: bytes, read: Callable[[Path], object]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "page.yaml")
        path.write_bytes(page)
        within_patience(lambda: _is_read_or_refused(path, read))


def _is_read_or_refused(path: Path, read: Callable[[Path], object]) -> None:
    problems: Iterable[Problem] = ()
    try:
        read(path)
    except ConfigError as refused:
        problems = refused.problems
    assert all(each.summary and each.path for each in problems)


# --- what stands in rules -----------------------------------------------------------------------------------------------


def _selects(case: tuple[Any, list[Any]]) -> None:
    where, drawn = case
    tree = selector(where, NAMES)
    assert [tree.matches(event) for event in drawn] == [picks(where, event) for event in drawn]


def _compares(text: str) -> None:
    with suppress(UnreadableError):
        assert str(comparison(text))


_PATTERNS = st.text("ab(|)*+?{}[]^$.\\dwpLs,0129-:<>=!&i", max_size=60) | st.sampled_from(
    ["(a+)+$", "(a|a)*$", "(?=a)", "(?<!a)", "(a{1000}){1000}", "\\1(a)", "(?P<x>a)", "[[:alpha:]]", "\\p{Greek}"]
)


def _matches(pattern: str) -> None:
    long = "a" * 20_000 + "!"

    def act() -> None:
        with suppress(SelectorError):
            selector({"location": {"matches": pattern}})
        with suppress(ValueError):
            matcher("name", "=~", pattern).matches({"name": long})

    within_patience(act)


_TEMPLATES = st.lists(
    st.sampled_from(
        ["{", "}", "{{", "}}", "{ratio", ":.2f", ":%Y", "{as_of", "{observed", "!r", ".__class__", "[0]", "x"]
    )
    | st.text(max_size=3),
    max_size=12,
).map("".join)


def _fills(template: str) -> None:
    if not check(template, OUTPUTS):
        assert isinstance(render(template, OUTPUTS, VALUES), str)
    else:
        with suppress(TemplateError):
            render(template, OUTPUTS, VALUES)


# --- the other side -----------------------------------------------------------------------------------------------------

_REPLIES = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbad\r\n0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 429 Slow\r\nRetry-After: Tue, 07 Jul 2020 06:00:05 GMT\r\nConnection: close\r\n\r\n",
)


def _is_answered(reply: bytes) -> None:
    with Server(say(reply)) as server:
        options = webhook.Settings(url=server.url())
        outcome = webhook.send(outgoing(), settings=options, access=access(deadline=timedelta(seconds=0.5)))
    assert outcome.kind in OutcomeClass
    assert outcome.code != "bug"
    assert len(outcome.detail) <= 160
    assert outcome.detail.isprintable()


def _opens_a_store(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "watcher.db")
        path.touch(mode=0o600)
        path.write_bytes(content)
        with suppress(StoreError, ConfigError), Store.open(f"sqlite:///{path}") as store:
            store.quick_check()


# --- what leaves --------------------------------------------------------------------------------------------------------

_MIXED = st.lists(st.sampled_from([each for each in STRINGS if len(each) < 1_000]) | st.text(max_size=5), max_size=4)


def _stays_text(case: tuple[str, list[str]]) -> None:
    sink, parts = case
    SINKS[sink]("".join(parts) or "x")


TARGETS = (
    *map(_reader, HEADS),
    plain("YAML: any text", NEARLY | st.text() | st.binary(), _reads_yaml),
    plain(
        "YAML: the quick and the careful reader",
        NEARLY,
        _inside(test_reading_quickly_and_reading_carefully_come_to_the_same),
    ),
    plain(
        "rule files, changed",
        changed(_pages("rules/*.yaml")),
        lambda page: _reads(page, lambda path: read_rules([path])),
    ),
    plain("routes, changed", changed(_pages("tests/**/notify.yaml")), lambda page: _reads(page, load_notify)),
    plain(
        "selectors against a naive reader", st.tuples(wheres(), st.lists(events(), min_size=1, max_size=4)), _selects
    ),
    plain(
        "conditions, there and back",
        CONDITIONS,
        _inside(test_a_condition_comes_back_as_it_was_written),
    ),
    plain("comparisons, nearly", st.text("observed ratio<>=!1.5%in[],'\"-d \t", max_size=30) | st.text(), _compares),
    plain("regular expressions", _PATTERNS, _matches),
    plain("templates", _TEMPLATES, _fills),
    plain("answers of a receiver", changed(_REPLIES), _is_answered),
    plain("files that are no store", changed([empty_store()]), _opens_a_store),
    plain("injection, mixed", st.tuples(st.sampled_from(sorted(SINKS)), _MIXED), _stays_text),
    *doors.TARGETS,
    *mail.TARGETS,
    *apis.TARGETS,
    *archives.TARGETS,
    *commands.TARGETS,
)
BY_NAME = {each.name: each for each in TARGETS}
