from __future__ import annotations

import errno
import json
import os
import resource
import signal
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.core.notices import DESK, HEADLINE, notice
from tests.receivers.outgoings import access, outgoing
from watcher.core.delivery import Outcome, OutcomeClass
from watcher.core.message.payload import webhook_document
from watcher.core.message.wording import subject
from watcher.receivers import file
from watcher.receivers.file import Settings, append_line, recipients, render, write_whole
from watcher.receivers.mime import to_mime

OK = Outcome(OutcomeClass.OK)


def send(body: bytes = b'{"a":1}', *, directory: Path = Path(), message: str = "msg_1", **written: object) -> Outcome:
    settings = Settings.model_validate(written)
    return file.send(outgoing(body, message=message), settings=settings, access=access(directory=directory))


# --- settings and rendering --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        pytest.param({"path": "a", "folder": "b"}, "'path' or 'folder'", id="two places"),
        pytest.param({"path": "a", "format": "eml"}, "a file of its own", id="e-mails in one file"),
        pytest.param({"format": "txt"}, "eml", id="a format nobody knows"),
        pytest.param({"file": "a"}, "file", id="a key nobody knows"),
    ],
)
def test_settings_that_cannot_work_are_refused(written, problem):
    with pytest.raises(ValidationError, match=problem):
        Settings.model_validate(written)


def test_places_are_looked_for_beside_the_settings(tmp_path):
    context = {"folder": tmp_path}
    assert Settings.model_validate({"path": "a.jsonl"}, context=context).path == tmp_path / "a.jsonl"
    assert Settings.model_validate({"folder": "/var/mail"}, context=context).folder == Path("/var/mail")


def test_the_endpoint_is_its_own_recipient():
    assert recipients(Settings()) == ("",)


def test_json_is_the_webhooks_document():
    told = notice(HEADLINE)
    rendered = render(told, settings=Settings(), desk=DESK)
    assert (rendered.subject, rendered.content_type) == (subject(told, DESK), "application/json")
    assert json.loads(rendered.body) == webhook_document(told, DESK)


def test_eml_is_the_mail():
    told = notice(HEADLINE)
    rendered = render(told, settings=Settings.model_validate({"format": "eml"}), desk=DESK)
    assert (rendered.content_type, rendered.body) == ("message/rfc822", to_mime(told, DESK))


# --- a line per message ------------------------------------------------------------------------------------------------


def test_each_message_is_a_line(tmp_path):
    path = tmp_path / "alerts.jsonl"
    assert [send(body, path=path) for body in (b'{"a":1}', b'{"a":2}')] == [OK, OK]
    assert path.read_bytes() == b'{"a":1}\n{"a":2}\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_that_a_crash_tore_spoils_no_other(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"a":1}\n{"a"')
    append_line(path, b'{"a":2}')
    assert path.read_bytes() == b'{"a":1}\n{"a"\n{"a":2}\n'


def test_lines_of_several_writers_do_not_mix(tmp_path):
    path = tmp_path / "alerts.jsonl"
    line = b"x" * 100_000
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(lambda _number: append_line(path, line), range(40)))
    assert path.read_bytes() == (line + b"\n") * 40


@contextmanager
def room_for(octets: int):
    """A disk that is full after so many octets of one file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_line_for_which_there_is_no_room_leaves_nothing_behind(tmp_path):
    path = tmp_path / "alerts.jsonl"
    append_line(path, b'{"a":1}')
    with room_for(50):
        outcome = send(b"x" * 100, path=path)
    assert (outcome.kind, outcome.code) == (OutcomeClass.CONFIG, "EFBIG")
    assert path.read_bytes() == b'{"a":1}\n'


# --- a file per message ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("configured", [True, False], ids=["a folder of its own", "the state directory"])
def test_each_message_is_a_file(tmp_path, configured):
    folder = tmp_path / "out"
    written = {"folder": folder} if configured else {}
    assert send(message="msg_a", directory=folder, **written) == OK
    assert send(message="msg_b", directory=folder, **written) == OK
    assert sorted(path.name for path in folder.iterdir()) == ["msg_a.json", "msg_b.json"]
    assert (folder / "msg_a.json").read_bytes() == b'{"a":1}\n'
    assert stat.S_IMODE((folder / "msg_a.json").stat().st_mode) == 0o600


def test_a_mail_can_be_opened_in_a_mail_program(tmp_path):
    told = notice(HEADLINE)
    assert send(to_mime(told, DESK), folder=tmp_path, format="eml") == OK
    message = message_from_bytes((tmp_path / "msg_1.eml").read_bytes(), policy=default)
    assert (message["From"], message["To"]) == ("watcher@desk-1", "undisclosed-recipients:;")
    assert (message["Subject"], message["Message-ID"]) == (subject(told, DESK), "<msg_1.dlv_1@desk-1>")


def test_the_same_message_again_is_the_same_file(tmp_path):
    for _ in range(2):
        assert send(folder=tmp_path) == OK
    [path] = tmp_path.iterdir()
    assert path.read_bytes() == b'{"a":1}\n'


def test_what_a_crash_left_half_written_is_replaced(tmp_path):
    (tmp_path / ".msg_1.json.part").write_bytes(b"half" * 100)
    assert send(folder=tmp_path) == OK
    assert [path.name for path in tmp_path.iterdir()] == ["msg_1.json"]


def test_a_file_that_does_not_fit_is_not_there(tmp_path):
    with room_for(50), pytest.raises(OSError, match="File too large"):
        write_whole(tmp_path / "msg_1.json", b"x" * 100)
    assert not (tmp_path / "msg_1.json").exists()


# --- outcomes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "code"),
    [
        pytest.param({"path": "missing/alerts.jsonl"}, "ENOENT", id="a folder that is not there"),
        pytest.param({"folder": "missing/deeper"}, "ENOENT", id="a folder two levels down"),
        pytest.param({"path": "."}, "EISDIR", id="a folder where a file should be"),
        pytest.param({"folder": "taken"}, "EEXIST", id="a file where a folder should be"),
    ],
)
def test_a_place_that_cannot_be_written_is_a_matter_of_configuration(tmp_path, where, code):
    (tmp_path / "taken").write_text("")
    written = {key: tmp_path / value for key, value in where.items()}
    outcome = send(**written)
    assert (outcome.kind, outcome.code, outcome.detail) == (
        OutcomeClass.CONFIG,
        code,
        os.strerror(getattr(errno, code)),
    )


def test_a_disk_that_is_full_may_have_room_again():
    outcome = send(path="/dev/full")
    assert (outcome.kind, outcome.code) == (OutcomeClass.RECOVERABLE, "ENOSPC")
