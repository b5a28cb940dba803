from __future__ import annotations

import base64
import json
import logging
import re
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from tests.core.notices import CLAIM, DESK, ENDED, HEADLINE, any_notice, notice
from tests.receivers.outgoings import NOW, access, outgoing
from tests.zoo import NOBODY, Connection, Server, answer, hang, hang_up, reset, say
from watcher.core.delivery import Outcome, OutcomeClass
from watcher.core.message.payload import webhook_document
from watcher.core.message.phrase import clean
from watcher.core.message.wording import subject
from watcher.net import Egress, Reply
from watcher.receivers import webhook
from watcher.receivers.posting import Place, outcome_of, retry_after
from watcher.receivers.webhook import Settings, recipients, render

SHORT, LONG = timedelta(seconds=0.2), timedelta(seconds=5)
NEW = "whsec_" + base64.b64encode(b"the new secret, 24 bytes").decode()
OLD = "whsec_" + base64.b64encode(b"the old secret, 24 bytes").decode()
URL = "https://hooks.example.org/services/T0CANARY/B0CANARY?key=CANARYquery"


def at(server: Server, path: str = "/hook") -> Settings:
    return Settings(url=SecretStr(server.url(path)))


def send(server: Server, *, body: bytes = b'{"a":1}', **changes) -> Outcome:
    return webhook.send(outgoing(body), settings=at(server), access=access(**changes))


def replied(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Outcome:
    return outcome_of(Reply(status, {"content-type": "text/plain", **(headers or {})}, body), place=Place(URL), now=NOW)


# --- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        pytest.param({}, "expected exactly one of 'url' and 'url_file'", id="no address at all"),
        pytest.param(
            {"url": "https://a.example", "url_file": "b"}, "expected exactly one of 'url' and 'url_file'", id="two"
        ),
        pytest.param(
            {"url": "hooks.example.org/CANARY"}, "begins with https:// or http:// and names a host", id="no scheme"
        ),
        pytest.param(
            {"url": "ftp://hooks.example.org/CANARY"},
            "begins with https:// or http:// and names a host",
            id="another scheme",
        ),
        pytest.param({"url": "https:///CANARY"}, "and names a host", id="no host"),
        pytest.param({"url": "https://[CANARY/"}, "and names a host", id="half a host"),
        pytest.param({"url": "https://a.example", "max_alerts": -1}, "max_alerts", id="fewer than no alerts"),
        pytest.param({"url": "https://a.example", "http_config": {}}, "http_config", id="a key nobody knows"),
    ],
)
def test_settings_that_cannot_work_are_refused_without_the_url(written, problem):
    with pytest.raises(ValidationError, match=problem) as caught:
        Settings.model_validate(written)
    assert "CANARY" not in str(caught.value)


def test_a_file_is_looked_for_beside_the_settings(tmp_path):
    settings = Settings.model_validate({"url_file": "hook.url"}, context={"folder": tmp_path})
    assert settings.url_file == tmp_path / "hook.url"


def test_settings_do_not_show_the_url():
    assert "CANARY" not in repr(Settings(url=SecretStr(URL)))


def test_the_endpoint_is_its_own_recipient():
    assert recipients(Settings(url=SecretStr(URL))) == ("",)


# --- rendering ---------------------------------------------------------------------------------------------------------


def test_the_body_is_the_document_as_canonical_json():
    told = notice(HEADLINE, CLAIM)
    rendered = render(told, settings=Settings(url=SecretStr(URL)), desk=DESK)
    assert json.loads(rendered.body) == webhook_document(told, DESK)
    assert (rendered.subject, rendered.content_type) == (subject(told, DESK), "application/json")
    assert rendered.body.startswith(b'{"alerts":[{"annotations":{')
    assert rendered.body == render(told, settings=Settings(url=SecretStr(URL)), desk=DESK).body


def test_alerts_beyond_the_limit_are_counted():
    told = notice(HEADLINE, CLAIM, ENDED)
    body = json.loads(render(told, settings=Settings(url=SecretStr(URL), max_alerts=1), desk=DESK).body)
    [alert] = body["alerts"]
    assert alert["fingerprint"] == HEADLINE.transition.fingerprint
    assert list(body["watcher"]["alerts"]) == [HEADLINE.transition.fingerprint]
    assert (body["truncatedAlerts"], body["watcher"]["items"]) == (2, 3)


@pytest.mark.parametrize("most", [0, 2])
def test_alerts_within_the_limit_are_all_there(most):
    told = notice(HEADLINE, CLAIM)
    rendered = render(told, settings=Settings(url=SecretStr(URL), max_alerts=most), desk=DESK)
    assert json.loads(rendered.body) == webhook_document(told, DESK)


@given(told=any_notice(), most=st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_whatever_a_source_writes_can_be_rendered_and_signed(told, most):
    notification, desk = told
    rendered = render(notification, settings=Settings(url=SecretStr(URL), max_alerts=most), desk=desk)
    assert json.loads(rendered.body)
    assert Webhook(NEW).sign("msg_1", NOW, rendered.body.decode())


# --- what is sent ------------------------------------------------------------------------------------------------------


def test_the_stored_bytes_arrive_with_the_headers_of_standard_webhooks():
    with Server(answer(204)) as server:
        assert send(server, body='{"a":"Ménaka"}'.encode()) == Outcome(OutcomeClass.OK, "204")
    [request] = server.requests
    assert request.body == '{"a":"Ménaka"}'.encode()
    headers = {name: request.headers[name] for name in ("content-type", "webhook-id", "idempotency-key")}
    assert headers == {"content-type": "application/json", "webhook-id": "msg_1", "idempotency-key": "msg_1"}
    assert request.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert request.headers["user-agent"].startswith("watcher/")


def test_without_a_secret_nothing_is_signed():
    with Server(answer(204)) as server:
        send(server)
    assert "webhook-signature" not in server.requests[0].headers


def test_the_signature_verifies_with_each_secret():
    moment = datetime.now(UTC)  # noqa: TID251 - the library asks the clock itself
    with Server(answer(204)) as server:
        send(server, signing_secrets=(SecretStr(NEW), SecretStr(OLD)), now=lambda: moment)
    [request] = server.requests
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(request.body, dict(request.headers)) == {"a": 1}
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(request.body + b" ", dict(request.headers))


def test_a_clock_of_another_zone_signs_the_same():
    with Server(answer(204)) as server:
        for zone in (UTC, ZoneInfo("Africa/Maputo")):
            send(server, signing_secrets=(SecretStr(NEW),), now=lambda zone=zone: NOW.astimezone(zone))
    first, second = server.requests
    assert first.headers == second.headers


def test_the_documentation_verifies_it_too():
    page = (Path(__file__).parents[2] / "docs/reference/receivers.md").read_text(encoding="utf-8")
    [code] = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "def is_genuine" in block]
    recipe: dict[str, Any] = {}
    exec(code, recipe)
    with Server(answer(204)) as server:
        send(server, signing_secrets=(SecretStr(NEW), SecretStr(OLD)))
    [request] = server.requests
    assert recipe["is_genuine"](request.body, request.headers, OLD)
    assert not recipe["is_genuine"](request.body + b" ", request.headers, OLD)


def test_the_signature_is_the_one_the_specification_shows():
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body, moment = b'{"test": 2432232314}', datetime.fromtimestamp(1614265330, UTC)
    with Server(answer(204)) as server:
        webhook.send(
            outgoing(body, message="msg_p5jXN8AQM9LWM0D4loKWxJek"),
            settings=at(server),
            access=access(signing_secrets=(secret,), now=lambda: moment),
        )
    signature = server.requests[0].headers["webhook-signature"]
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_attempt_has_its_own_moment_and_the_same_key():
    moments = iter([NOW, NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=1)])
    with Server(answer(503), answer(200)) as server:
        for _ in range(2):
            send(server, now=lambda: next(moments))
    first, second = server.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 3600


def test_the_url_is_read_from_its_file_at_every_attempt(tmp_path):
    file = tmp_path / "hook.url"
    file.touch(0o600)
    configured = Settings(url_file=file)
    with Server(answer(204)) as server:
        file.write_text(f"  {server.url('/one')}\n")
        webhook.send(outgoing(), settings=configured, access=access())
        file.write_text(server.url("/two"))
        webhook.send(outgoing(), settings=configured, access=access())
    assert [request.line.split()[1] for request in server.requests] == ["/one", "/two"]


# --- outcomes ----------------------------------------------------------------------------------------------------------

STATUSES = {
    OutcomeClass.OK: (200, 201, 202, 204, 299),
    OutcomeClass.RECOVERABLE: (408, 425, 429, 500, 501, 502, 503, 504, 507, 599),
    OutcomeClass.PERMANENT: (410,),
    OutcomeClass.CONFIG: (300, 301, 302, 307, 308, 400, 401, 403, 404, 405, 411, 413, 415, 418, 422, 451, 499),
}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(status, kind, id=f"{status} is {kind}")
        for kind, statuses in STATUSES.items()
        for status in statuses
    ],
)
def test_a_status_has_a_meaning(status, kind):
    outcome = replied(status)
    assert (outcome.kind, outcome.code) == (kind, str(status))


@pytest.mark.parametrize(
    ("act", "kind", "code"),
    [
        pytest.param(answer(302, Location="http://127.0.0.1/"), OutcomeClass.CONFIG, "302", id="a redirect"),
        pytest.param(hang_up, OutcomeClass.AMBIGUOUS, "reset", id="written, and the server hangs up"),
        pytest.param(reset, OutcomeClass.AMBIGUOUS, "reset", id="written, and the connection is cut"),
        pytest.param(hang, OutcomeClass.AMBIGUOUS, "timeout", id="written, and no answer"),
        pytest.param(say(b"garbage\r\n"), OutcomeClass.RECOVERABLE, "protocol", id="an answer that is none"),
    ],
)
def test_what_comes_back_has_a_meaning(act, kind, code):
    with Server(act) as server:
        outcome = send(server, deadline=SHORT if code == "timeout" else LONG)
    assert (outcome.kind, outcome.code) == (kind, code)


def refuse_to_resolve(_host: str, _port: int) -> list[str]:
    raise UnicodeError


@pytest.mark.parametrize(
    ("url", "egress", "outcome"),
    [
        pytest.param(
            f"http://127.0.0.1:{NOBODY}/",
            Egress(allow_networks=["127.0.0.1"]),
            Outcome(OutcomeClass.RECOVERABLE, "connect", "127.0.0.1: nobody takes the connection"),
            id="nobody listens",
        ),
        pytest.param(
            "http://127.0.0.1/CANARY",
            Egress(),
            Outcome(
                OutcomeClass.CONFIG,
                "refused",
                "127.0.0.1: its address is not on the public internet (name its network in allow_networks)",
            ),
            id="the guard does not let it out",
        ),
        pytest.param(
            "http://hooks.example.org/CANARY",
            Egress(resolver=refuse_to_resolve),
            Outcome(OutcomeClass.CONFIG, "nxdomain", "hooks.example.org: there is no such host"),
            id="there is no such host",
        ),
        pytest.param(
            "https://CANARY:99999/",
            Egress(),
            Outcome(
                OutcomeClass.CONFIG,
                "refused",
                "the URL cannot be used (it must begin with https:// and a host name)",
            ),
            id="the URL is none",
        ),
    ],
)
def test_what_never_left_has_a_meaning(url, egress, outcome):
    settings = Settings(url=SecretStr(url))
    assert webhook.send(outgoing(), settings=settings, access=access(egress=egress)) == outcome


def test_bad_tls_is_a_matter_of_configuration():
    with Server(lambda connection: connection.sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        settings = Settings(url=SecretStr(server.url().replace("http:", "https:")))
        outcome = webhook.send(outgoing(), settings=settings, access=access())
    assert (outcome.kind, outcome.code) == (OutcomeClass.CONFIG, "tls")


def test_what_never_left_is_not_ambiguous():
    with Server(Connection.until_hung_up) as server:
        settings = Settings(url=SecretStr(server.url().replace("http:", "https:")))
        outcome = webhook.send(outgoing(), settings=settings, access=access(deadline=SHORT))
    assert (outcome.kind, outcome.code) == (OutcomeClass.RECOVERABLE, "timeout")


UNUSABLE = {
    "a file that is not there": (
        Path.unlink,
        "the file cannot be read: No such file or directory; check path and owner",
    ),
    "a file that holds no text": (lambda file: file.write_bytes(b"\xff\xfe"), "the file is not UTF-8 text"),
    "a file that others can read": (lambda file: file.chmod(0o644), "others can read the file; chmod 600 {}"),
    "a file that the group can write": (lambda file: file.chmod(0o620), "others can read the file; chmod 600 {}"),
    "an empty file": (lambda file: file.write_text(""), "the file is empty or larger than 64 KiB"),
}


@pytest.mark.parametrize(("spoil", "why"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_file_that_cannot_be_used_is_a_matter_of_configuration(spoil, why, tmp_path):
    file = tmp_path / "u"
    settings = secret_url(file, "https://hooks.example.org/CANARY")
    spoil(file)
    outcome = webhook.send(outgoing(), settings=settings, access=access())
    said = clean(f"u: {why.format(file)}", limit=160)
    assert outcome == Outcome(OutcomeClass.CONFIG, "url_file", said)


def secret_url(file: Path, url: str) -> Settings:
    """A webhook whose URL stands in a file that only its owner can read."""
    file.touch(0o600)
    file.write_text(url)
    return Settings(url_file=file)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "whsec_CANARYCANARYx", "CANARY é"])
def test_a_secret_that_is_none_is_a_matter_of_configuration(secret):
    with Server(answer(204)) as server:
        outcome = send(server, signing_secrets=(SecretStr(secret),))
        assert server.connections == 0
    assert outcome == Outcome(OutcomeClass.CONFIG, "signing", "a signing secret is not 'whsec_' followed by base64")


def test_a_body_that_is_no_text_cannot_ever_be_sent():
    with Server(answer(204)) as server:
        assert send(server, body=b"\xff").kind is OutcomeClass.PERMANENT
        assert server.connections == 0


# --- Retry-After -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "wait"),
    [
        pytest.param("120", timedelta(seconds=120), id="seconds"),
        pytest.param(" 0 ", timedelta(), id="no seconds"),
        pytest.param("9" * 5_000, timedelta(seconds=999_999_999), id="more seconds than there are"),
        pytest.param("Tue, 07 Jul 2020 06:01:05 GMT", timedelta(minutes=1), id="a date"),
        pytest.param("Tue, 07 Jul 2020 06:01:05 -0000", timedelta(minutes=1), id="a date without a zone"),
        pytest.param("Tue, 07 Jul 2020 05:00:00 GMT", timedelta(), id="a date that has passed"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - NOW, id="never"),
        pytest.param("-5", None, id="seconds that have passed"),
        pytest.param("soon", None, id="garbage"),
        pytest.param("٣", None, id="digits of another script"),
        pytest.param("1.5", None, id="half a second"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_retry_after_is_read(written, wait):
    assert retry_after({"retry-after": written}, NOW) == wait


@given(st.text() | st.from_regex(r"\w{3}, \d+ Jul \d+ \d+:\d+:\d+ [-+]\d+", fullmatch=True))
@settings(deadline=None)
def test_whatever_retry_after_says_is_no_fault_of_ours(written):
    wait = retry_after({"retry-after": written}, NOW)
    assert wait is None or wait >= timedelta()


@pytest.mark.parametrize(("status", "obeyed"), [(429, True), (503, True), (500, False), (401, False)])
def test_only_a_busy_server_may_say_when(status, obeyed):
    assert replied(status, headers={"retry-after": "60"}).retry_after == (timedelta(seconds=60) if obeyed else None)


# --- what is kept ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "detail"),
    [
        pytest.param(400, b'{"error":\n"no_text"}', 'Bad Request: {"error": "no_text"}', id="what the server says"),
        pytest.param(404, b"", "Not Found", id="what the status says"),
        pytest.param(302, b"", "Found; redirects are not followed", id="why a redirect is no success"),
        pytest.param(499, b"", "unknown status", id="a status of their own"),
        pytest.param(400, b"bad token T0CANARY", "Bad Request", id="not what it says of our URL"),
        pytest.param(
            400, b"\x1b[2J\xff" + b"x" * 900, "Bad Request: [2J\ufffd" + "x" * 142 + "…", id="nothing but text"
        ),
    ],
)
def test_some_of_what_a_server_says_is_kept(status, body, detail):
    assert replied(status, body).detail == detail


def test_a_page_for_people_is_not_kept():
    reply = Reply(404, {"content-type": "text/html"}, b"<html>")
    assert outcome_of(reply, place=Place(URL), now=NOW).detail == "Not Found"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/services/CANARY12",
        "https://hooks.example.org/services/CAN%41RY12",
        "https://hooks.example.org/?token=CANARY12",
        "https://hooks.example.org/?token=CAN%41RY12",
        "https://user:CANARY12@hooks.example.org/",
        "https://hooks.example.org/#CANARY12",
    ],
)
def test_no_part_of_the_url_is_repeated(url):
    reply = Reply(403, {"content-type": "text/plain"}, b"CANARY12 is not known here")
    assert outcome_of(reply, place=Place(url), now=NOW).detail == "Forbidden"


#: Nobody asks a name server for this: the tests give its addresses.
HOST = "canary-tenant.hooks-canary.example.org"
CANARIES = ("canary", "example", "t0path")


def loopback(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def nobody(_host: str, _port: int) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "canary: no such name")


def shows_nothing(outcome: Outcome, log: str) -> bool:
    return not any(canary in f"{outcome!r} {log}".lower() for canary in CANARIES)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        pytest.param(hang_up, "the address in u: the connection was cut", id="the server hangs up"),
        pytest.param(hang, "the address in u: the deadline passed", id="the server says nothing"),
        pytest.param(say(b"x\r\n"), "the address in u: its answer cannot be understood", id="nonsense"),
        pytest.param(
            answer(302, Location=f"https://{HOST}/t0path"), "Found; redirects are not followed", id="a redirect"
        ),
        pytest.param(
            answer(404, body=f"no app at {HOST}".encode(), Content_Type="text/plain"), "Not Found", id="says the host"
        ),
        pytest.param(
            answer(403, body=b"CANARY-TENANT is suspended", Content_Type="text/plain"), "Forbidden", id="says a part"
        ),
        pytest.param(
            answer(403, body=b"invalid_token", Content_Type="text/plain"), "Forbidden: invalid_token", id="says why"
        ),
    ],
)
def test_nothing_of_an_address_in_a_file_is_shown_whatever_the_server_does(act, said, tmp_path, caplog):
    with caplog.at_level(logging.DEBUG), Server(act) as server:
        settings = secret_url(tmp_path / "u", server.url("/t0path", host=HOST))
        egress = Egress(allow_networks=["127.0.0.0/8"], resolver=loopback)
        outcome = webhook.send(outgoing(), settings=settings, access=access(egress=egress, deadline=SHORT))
        assert server.requests
    assert outcome.detail == said
    assert shows_nothing(outcome, caplog.text)


@pytest.mark.parametrize(
    ("url", "options", "said"),
    [
        pytest.param(
            f"http://{HOST}/t0path",
            {"resolver": loopback},
            "the address in u: its address is not on the public internet (name its network in allow_networks)",
            id="the guard does not let it out",
        ),
        pytest.param(
            f"http://{HOST}/t0path", {"resolver": nobody}, "the address in u: there is no such host", id="no such host"
        ),
        pytest.param(
            f"http://{HOST}:{NOBODY}/t0path",
            {"resolver": loopback, "allow_networks": ["127.0.0.0/8"]},
            "the address in u: nobody takes the connection",
            id="nobody listens",
        ),
        pytest.param(
            f"http://{HOST}/t0path",
            {"proxy": f"http://127.0.0.1:{NOBODY}"},
            "the address in u: nobody takes the connection",
            id="the proxy is not there",
        ),
        pytest.param(
            f"https://{HOST}:99999/t0path",
            {},
            "the address in u: the URL cannot be used (it must begin with https:// and a host name)",
            id="no such port",
        ),
        pytest.param(
            f"ftp://{HOST}/t0path",
            {},
            "u: expected a URL that begins with https:// or http:// and names a host",
            id="another scheme",
        ),
        pytest.param(
            f"https://[{HOST}/",
            {},
            "u: expected a URL that begins with https:// or http:// and names a host",
            id="half a host",
        ),
    ],
)
def test_nothing_of_an_address_in_a_file_is_shown_when_nothing_left(url, options, said, tmp_path, caplog):
    with caplog.at_level(logging.DEBUG):
        settings = secret_url(tmp_path / "u", url)
        outcome = webhook.send(outgoing(), settings=settings, access=access(egress=Egress(**options)))
    assert outcome.detail == said
    assert shows_nothing(outcome, caplog.text)


def test_nothing_of_an_address_in_a_file_is_shown_when_the_certificate_is_of_another_host(tmp_path, caplog):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("another.test").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with caplog.at_level(logging.DEBUG), Server(answer(204), tls=context) as server:
        settings = secret_url(tmp_path / "u", server.url("/t0path", host=HOST))
        egress = Egress(allow_networks=["127.0.0.0/8"], resolver=loopback, ca_file=tmp_path / "ca.pem")
        outcome = webhook.send(outgoing(), settings=settings, access=access(egress=egress))
    said = "the address in u: its certificate is not valid: it is made out to another name"
    assert outcome == Outcome(OutcomeClass.CONFIG, "tls", said)
    assert shows_nothing(outcome, caplog.text)


@pytest.mark.parametrize("said", ["bücher-canary.example", "xn--bcher-canary-dlb.example"])
def test_a_host_in_other_letters_is_the_same_host(said):
    place = Place("https://bücher-canary.example/", alias="the address in u")
    reply = Reply(404, {"content-type": "text/plain"}, f"no app at {said}".encode())
    assert outcome_of(reply, place=place, now=NOW).detail == "Not Found"


def test_the_host_of_a_url_that_is_no_secret_is_named():
    outcome = webhook.send(
        outgoing(), settings=Settings(url=SecretStr(f"http://{HOST}/")), access=access(egress=Egress(resolver=nobody))
    )
    assert outcome.detail == f"{HOST}: there is no such host"


@pytest.mark.parametrize(
    "act", [answer(500, body=b"CANARYurl", Content_Type="text/plain"), hang_up, hang, say(b"x\r\n")]
)
def test_secrets_appear_in_no_outcome_and_no_log(act, caplog):
    secret = SecretStr("whsec_" + base64.b64encode(b"CANARY" * 4).decode())
    with caplog.at_level(logging.DEBUG), Server(act) as server:
        outcome = webhook.send(
            outgoing(), settings=at(server, "/CANARYurl"), access=access(signing_secrets=(secret,), deadline=SHORT)
        )
    said = repr(outcome) + caplog.text + repr(access(signing_secrets=(secret,)))
    assert "CANARY" not in said
    assert secret.get_secret_value() not in said
