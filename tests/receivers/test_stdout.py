from __future__ import annotations

import io
import sys

import pytest

from tests.core.notices import DESK, HEADLINE, notice
from tests.receivers.outgoings import access, outgoing
from watcher.core.delivery import Outcome, OutcomeClass
from watcher.core.message.wording import subject, text
from watcher.receivers import stdout
from watcher.receivers.stdout import Settings, recipients, render

OK = Outcome(OutcomeClass.OK)


def send(body: bytes = b"two\nlines\n") -> Outcome:
    return stdout.send(outgoing(body), settings=Settings(), access=access())


def test_the_text_is_printed_under_its_subject(capsys):
    assert send() == OK
    assert capsys.readouterr().out == "[WARNING] a\n\ntwo\nlines\n\n"


def test_what_is_printed_is_the_text_of_the_message():
    told = notice(HEADLINE)
    rendered = render(told, settings=Settings(), desk=DESK)
    assert (rendered.subject, rendered.body.decode()) == (subject(told, DESK), text(told, DESK))


def test_the_endpoint_is_its_own_recipient():
    assert recipients(Settings()) == ("",)


def test_a_terminal_without_the_letters_gets_question_marks(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert send("Ménaka".encode()) == OK
    terminal.seek(0)
    assert terminal.read() == "[WARNING] a\n\nM?naka\n\n"


class Closed(io.StringIO):
    """An output that nobody reads any more."""

    def __init__(self, fault: Exception) -> None:
        super().__init__()
        self.fault = fault

    def write(self, _text: str) -> int:
        raise self.fault


@pytest.mark.parametrize("fault", [BrokenPipeError(), ValueError("I/O operation on closed file")])
def test_an_output_that_nobody_reads_may_be_read_again(monkeypatch, fault):
    monkeypatch.setattr(sys, "stdout", Closed(fault))
    assert send() == Outcome(OutcomeClass.RECOVERABLE, "stdout", "standard output cannot be written")
