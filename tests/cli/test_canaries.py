"""Secrets: one canary for each place where one is kept, in every fault and every command; none ever sings.

The table of what libraries show by themselves stands below, each with what keeps it silent.
"""

from __future__ import annotations

import base64
import io
import logging
import traceback
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import structlog
from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.cli.records import raid, write
from tests.receivers.mailbox import DROP, Mailbox
from tests.zoo import NOBODY, Server, answer, hang_up, reset, say
from watcher import log
from watcher.config.document import load_document
from watcher.config.problem import mistakes
from watcher.core.document import Document
from watcher.core.errors import ConfigError
from watcher.net import Egress, EgressFailed
from watcher.receivers import webhook
from watcher.store.engine import Store

SIGNING = "whsec_" + base64.b64encode(b"CANARY of the signature, long").decode()
TOKEN = "CANARY-token-of-the-address"
PASSWORD = "CANARY of the mailbox/+"

SETTINGS = """\
state_dir: state
sources:
  acled: {{kind: acled, paths: [inbox], query_offset: 0d}}
mail: {{host: 127.0.0.1, port: {port}, security: none, sender: watcher@example.org}}
receivers:
  desk:
    signing_secrets: [{{file: signing}}]
    allow_networks: [127.0.0.0/8]
"""
NOTIFY = """\
route: {receiver: desk}
receivers:
  - name: desk
    webhook_configs: [{url_file: address}]
    email_configs: [{to: duty@example.org}]
"""
COMMANDS = (
    ["check", "--verbose", "--format", "json"],
    ["status"],
    ["status", "--format", "json"],
    ["outbox", "list", "--format", "json"],
    ["outbox", "show", "dlv_", "--format", "json"],
    ["alerts", "--format", "json"],
    ["doctor", "--deep"],
    ["lint"],
    ["notify", "test", "desk"],
    ["backup", "state/copy.db"],
)


def spellings() -> set[bytes]:
    """Each canary as it is, as part of an address, and in base64."""
    plain = (SIGNING, SIGNING.removeprefix("whsec_"), TOKEN, PASSWORD, "CANARY")
    encoded = [base64.b64encode(each.encode()).decode().rstrip("=") for each in plain]
    return {each.encode() for every in plain for each in (every, quote(every, safe=""))} | {e.encode() for e in encoded}


def singing(what: str | bytes) -> set[bytes]:
    data = what.encode() if isinstance(what, str) else what
    return {each for each in spellings() if each in data}


@pytest.fixture
def kept(home, it_is):
    """An installation whose secrets are canaries, and an alert to tell."""
    for name, secret in (("signing", SIGNING), ("address", f"http://127.0.0.1:{NOBODY}/{TOKEN}")):
        (home / name).touch(0o600)
        (home / name).write_text(secret)
    (home / "notify.yaml").write_text(NOTIFY)
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80)])
    it_is("2020-07-20T09:00")
    return home


def echo(connection) -> None:
    """Say everything back that was heard, as some servers do in their errors."""
    request = connection.request()
    said = "\n".join([request.line, *map(str, request.headers.items())]).encode()
    head = f"HTTP/1.1 401 No\r\nContent-Type: text/plain\r\nContent-Length: {len(said)}\r\n\r\n"
    connection.sock.sendall(head.encode() + said)


@pytest.mark.parametrize(
    ("act", "mailbox"),
    [
        pytest.param(echo, {"RCPT": "550 no such user"}, id="it says back what it heard, and every command is run"),
        pytest.param(answer(302, location="http://10.0.0.1/"), {"banner": "554 no"}, id="it redirects"),
        pytest.param(answer(500), {"MAIL": "550 no"}, id="it fails"),
        pytest.param(hang_up, {".": DROP}, id="it hangs up"),
        pytest.param(reset, {"DATA": "554 no"}, id="it cuts the connection"),
        pytest.param(say(b"\x00garbage\r\n"), {"EHLO": "502 no", "HELO": "502 no"}, id="it says garbage"),
        pytest.param(answer(410), {"RCPT": "451 later"}, id="it is gone"),
        pytest.param(answer(200), {}, id="all is well"),
    ],
)
def test_no_canary_is_said_or_stored(kept, run, act, mailbox, monkeypatch):
    with Server(act) as server, Server(Mailbox(says=mailbox).act) as mail:
        (kept / "address").write_text(server.url(f"/{TOKEN}"))
        (kept / "watcher.yaml").write_text(SETTINGS.format(port=mail.port))
        for command in COMMANDS if act is echo else COMMANDS[:1]:
            said = run(*command)
            assert said.code != 70, said.err
            assert singing(said.out + said.err) == set(), command
    written = b"\n".join(path.read_bytes() for path in (kept / "state").rglob("*") if path.is_file())
    assert singing(written) == set(), "neither in the store nor in its log nor in a backup"
    sent = b"\n".join(request.body for request in server.requests)
    assert server.requests
    assert singing(sent) == set(), "nor in what is sent, but for the address it is sent to"


def test_a_password_that_a_mail_server_says_back_is_not_kept(kept, run, monkeypatch):
    """It would be sent over TLS only, so the settings refuse it here, and do not say what it was."""
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    login = "security: none, username: duty, password: {env: MAIL_PASSWORD}"
    (kept / "watcher.yaml").write_text(SETTINGS.format(port=25).replace("security: none", login))
    said = run("check")
    assert (said.code, singing(said.out + said.err)) == (78, set())


@pytest.mark.parametrize(
    "line", [f"store: {{url: 'postgresql+psycopg://u:{TOKEN}@127.0.0.1:1/x'}}\n", f"mail: {{password: {TOKEN}}}\n"]
)
def test_a_literal_secret_in_the_settings_is_not_repeated(kept, run, line):
    (kept / "watcher.yaml").write_text("state_dir: state\n" + line)
    for command in (["check"], ["status"], ["doctor"], ["migrate"]):
        said = run(*command)
        assert said.code
        assert singing(said.out + said.err) == set(), command


# --- what libraries show by themselves ---------------------------------------------------------------------------------


ALLOWED = Egress(allow_networks=["127.0.0.0/8"])


class Loud(BaseModel):
    port: int


class Silent(Document):
    port: int


def of_httpx(_: Path) -> str:
    log.configure()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
            client.get(f"https://hooks.example.org/{TOKEN}")
    finally:
        logging.getLogger().removeHandler(handler)
    return stream.getvalue()


def of_sqlalchemy(folder: Path) -> str:
    url = f"sqlite:///{folder / 'state' / 'watcher.db'}"
    with Store.open(url) as store, pytest.raises(DBAPIError) as caught, store.writing() as tx:
        tx.execute(text("insert into nothing values (:secret)"), {"secret": TOKEN})
    return f"{caught.value} {caught.value!r}"


def of_pydantic(folder: Path) -> str:
    (folder / "some.yaml").write_text(f"port: {TOKEN}\n")
    document = load_document(folder / "some.yaml")
    with pytest.raises(ValidationError) as caught:
        Silent.model_validate(document.value)
    # What is wrong with a value that is no secret is told with the value: whoever has secrets reads them as such.
    assert [each.placed(document).line for each in mistakes(caught.value, document, Silent, ())] == [1]
    return f"{caught.value} {caught.value!r}"


def of_a_field_for_secrets(_: Path) -> str:
    with pytest.raises(ValidationError) as caught:
        webhook.Settings.model_validate({"url": f"{TOKEN} is no address"})
    return f"{caught.value} {caught.value!r}"


def of_a_bad_status(_: Path) -> str:
    with Server(answer(500)) as server:
        reply = ALLOWED.post(server.url(f"/{TOKEN}"), b"{}", headers={}, deadline=timedelta(seconds=5))
    return f"{reply!r}"


def of_no_connection(_: Path) -> str:
    url = f"http://user:{TOKEN}@127.0.0.1:{NOBODY}/{TOKEN}"
    with pytest.raises(EgressFailed) as caught:
        ALLOWED.post(url, b"{}", headers={}, deadline=timedelta(seconds=5))
    return "".join(traceback.format_exception(caught.value))


def of_a_console(_: Path) -> str:
    out = io.StringIO()
    log.configure(style="console", stream=out)
    try:
        secret = f"{TOKEN}"
        1 / len(secret[:0])
    except ZeroDivisionError:
        log.logger().exception("it failed")
    return out.getvalue()


def of_structlog(_: Path) -> str:
    out = io.StringIO()
    log.configure(style="json", stream=out)
    try:
        secret = f"{TOKEN}"
        1 / len(secret[:0])
    except ZeroDivisionError:
        log.logger().exception("it failed")
    return out.getvalue()


def of_yaml(folder: Path) -> str:
    (folder / "some.yaml").write_text(f"token: '{TOKEN}\nnext: [\n")
    with pytest.raises(ConfigError) as caught:
        load_document(folder / "some.yaml")
    return "\n".join(str(each) for each in caught.value.problems)


def of_secrets(_: Path) -> str:
    secret = SecretStr(TOKEN)
    return f"{secret} {secret!r} {[secret]}"


@pytest.mark.parametrize(
    "path",
    [
        of_httpx,
        of_a_bad_status,
        of_no_connection,
        of_sqlalchemy,
        of_pydantic,
        of_a_field_for_secrets,
        of_structlog,
        of_a_console,
        of_yaml,
        of_secrets,
    ],
)
def test_what_a_library_would_show_is_not_shown(path, home):
    try:
        assert singing(path(home)) == set()
    finally:
        structlog.reset_defaults()


def test_what_pydantic_would_show_of_a_value_is_shown_by_nobody_where_it_may_be_a_secret():
    with pytest.raises(ValidationError) as loud:
        Loud.model_validate({"port": TOKEN})
    assert singing(str(loud.value)), "by itself it does"


def test_every_spelling_of_a_secret_is_kept_out_of_the_log():
    log.hide([SecretStr(PASSWORD)])
    said = f"{PASSWORD} {quote(PASSWORD, safe='')} {base64.b64encode(PASSWORD.encode()).decode()}"
    assert log.redacted(said) == "*** *** ***"
    assert "CANARY" not in log.redacted("".join(traceback.format_exception(ValueError(PASSWORD))))
