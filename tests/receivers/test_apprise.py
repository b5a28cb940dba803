from __future__ import annotations

import json
import sys
import types
from importlib.util import find_spec

import pytest
from pydantic import ValidationError

from tests.core.notices import CLAIM, DESK, ENDED, HEADLINE, notice
from tests.receivers.outgoings import access, outgoing
from tests.zoo import Server, answer
from watcher.core.delivery import OutcomeClass
from watcher.receivers import apprise

OPTIONS = {"url": "json://hooks.example.org/CANARY", "unguarded": True}
MESSAGE = b'{"body":"b","title":"t","type":"warning"}'
installed = pytest.mark.skipif(find_spec("apprise") is None, reason="the extra 'apprise' is not installed")


def options(**changes):
    return apprise.Settings.model_validate({**OPTIONS, **changes})


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        pytest.param({"url": "json://CANARY"}, "unguarded", id="it must be said that nothing guards"),
        pytest.param({"url": "json://CANARY", "unguarded": False}, "unguarded", id="and it cannot be denied"),
        pytest.param({"unguarded": True}, "exactly one of 'url' and 'url_file'", id="no address"),
    ],
)
def test_settings_that_cannot_work_are_refused(written, problem):
    with pytest.raises(ValidationError, match=problem) as refused:
        apprise.Settings.model_validate(written)
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        pytest.param(notice(HEADLINE), "warning", id="a warning"),
        pytest.param(notice(CLAIM), "failure", id="what is critical"),
        pytest.param(notice(ENDED), "success", id="an end"),
        pytest.param(notice(), "info", id="nothing"),
    ],
)
def test_a_message_has_a_title_a_text_and_a_kind(told, kind):
    message = json.loads(apprise.render(told, settings=options(), desk=DESK).body)
    assert message["type"] == kind
    assert message["title"] == apprise.render(told, settings=options(), desk=DESK).subject
    assert 0 < len(message["body"]) <= apprise.LIMIT


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    outcome = apprise.send(outgoing(MESSAGE), settings=options(), access=access())
    assert (outcome.kind, outcome.code) == (OutcomeClass.CONFIG, "apprise")
    assert "watcher[apprise]" in outcome.detail


class Fake:
    """The part of the library that is used."""

    def __init__(self, *, known: bool = True, taken: object = True) -> None:
        self.known, self.taken = known, taken
        self.sent: dict[str, str] = {}

    def add(self, url: str) -> bool:
        self.url = url
        return self.known

    def notify(self, **message: str) -> object:
        self.sent = message
        if isinstance(self.taken, Exception):
            raise self.taken
        return self.taken


@pytest.mark.parametrize(
    ("fake", "kind"),
    [
        pytest.param(Fake(), OutcomeClass.OK, id="taken"),
        pytest.param(Fake(known=False), OutcomeClass.CONFIG, id="no service of this address"),
        pytest.param(Fake(taken=False), OutcomeClass.RECOVERABLE, id="not taken"),
        pytest.param(Fake(taken=RuntimeError("CANARY")), OutcomeClass.RECOVERABLE, id="a fault of a plug-in"),
    ],
)
def test_what_the_library_says_is_an_outcome_without_the_address(monkeypatch, fake, kind):
    library = types.ModuleType("apprise")
    library.Apprise = lambda: fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "apprise", library)
    outcome = apprise.send(outgoing(MESSAGE), settings=options(), access=access())
    assert outcome.kind is kind
    assert "CANARY" not in outcome.detail
    if kind is OutcomeClass.OK:
        assert fake.sent == {"body": "b", "title": "t", "notify_type": "warning"}


def test_an_address_in_a_file_that_others_can_read_is_not_used(tmp_path):
    file = tmp_path / "apprise.url"
    file.write_text("json://CANARY")
    file.chmod(0o644)
    settings = apprise.Settings.model_validate({"url_file": str(file), "unguarded": True})
    outcome = apprise.send(outgoing(MESSAGE), settings=settings, access=access())
    assert (outcome.kind, outcome.code) == (OutcomeClass.CONFIG, "url_file")
    assert "chmod 600" in outcome.detail


@installed
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries behind it
def test_the_library_itself_delivers_to_a_server():
    with Server(answer(200)) as server:
        settings = options(url=f"json://127.0.0.1:{server.port}/CANARY")
        outcome = apprise.send(outgoing(MESSAGE), settings=settings, access=access())
    assert outcome.kind is OutcomeClass.OK
    sent = json.loads(server.requests[0].body)
    assert (sent["title"], sent["message"], sent["type"]) == ("t", "b", "warning")


@installed
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries behind it
def test_the_library_itself_is_refused():
    with Server(answer(500)) as server:
        settings = options(url=f"json://127.0.0.1:{server.port}/CANARY")
        outcome = apprise.send(outgoing(MESSAGE), settings=settings, access=access())
    assert outcome.kind is OutcomeClass.RECOVERABLE
