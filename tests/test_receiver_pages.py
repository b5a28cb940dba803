"""The pages about receivers are true: their settings load, and their recipes verify what is really sent."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook

from tests.installation import SETTINGS, installed
from tests.receivers.outgoings import access, outgoing
from tests.receivers.outgoings import access as loose
from tests.receivers.test_consumer import consumed
from tests.test_docs import blocks
from tests.zoo import Request, Server, answer
from watcher.config.notify import load_notify
from watcher.config.settings import load_settings
from watcher.receivers import RECEIVERS, webhook
from watcher.wiring import endpoint_of, slots_of

PAGES = Path(__file__).parents[1] / "docs/receivers"
SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes, so").decode()
BODY = '{"place":"Ménaka","a":1}'.encode()

Verify = Callable[[bytes, Mapping[str, str], str], bool]


def recipe(language: str) -> str:
    """The block of the webhook's page that verifies in a language."""
    wanted = {"python": "def is_genuine", "js": "function isGenuine", "sh": "is_genuine()"}[language]
    [code] = [body for _, name, body in blocks(PAGES / "webhook.md") if name == language and wanted in body]
    return code


def by_python(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    names: dict[str, Any] = {}
    exec(recipe("python"), names)
    return bool(names["is_genuine"](body, dict(headers), secret))


def by_node(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    ask = """
      const asked = JSON.parse(require("node:fs").readFileSync(0));
      process.exit(isGenuine(Buffer.from(asked.body, "base64"), asked.headers, asked.secret) ? 0 : 1);
    """
    asked = {"body": base64.b64encode(body).decode(), "headers": dict(headers), "secret": secret}
    done = subprocess.run(
        ["node", "-e", recipe("js") + ask], input=json.dumps(asked).encode(), capture_output=True, check=False
    )
    assert done.stderr == b""
    return done.returncode == 0


def by_shell(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    environ = {name.replace("-", "_").upper(): value for name, value in headers.items() if name.startswith("webhook-")}
    script = f'{recipe("sh")}\ncat > "$BODY"; is_genuine "$BODY"'
    with tempfile.NamedTemporaryFile() as file:
        with_file = {**environ, "SECRET": secret, "PATH": os.environ["PATH"], "BODY": file.name}
        done = subprocess.run(["/bin/sh", "-c", script], input=body, env=with_file, capture_output=True, check=False)
    assert done.stderr == b""
    return done.returncode == 0


def sent(moment: datetime) -> Request:
    """A real request, signed at a moment."""
    with Server(answer(204)) as server:
        settings = webhook.Settings(url=SecretStr(server.url()))
        signed = access(signing_secrets=(SecretStr(SECRET),), now=lambda: moment)
        webhook.send(outgoing(BODY), settings=settings, access=signed)
    [request] = server.requests
    return request


@pytest.mark.parametrize("verify", [by_python, by_node, by_shell], ids=["Python", "Node", "shell"])
def test_the_recipes_know_a_message_of_ours_from_any_other(verify: Verify):
    now = datetime.now(UTC)  # noqa: TID251 - the recipes ask the clock themselves
    request, old = sent(now), sent(now - timedelta(minutes=6))
    other = "whsec_" + base64.b64encode(b"another secret, 24 bytes").decode()
    assert request.body == BODY
    assert verify(request.body, request.headers, SECRET)
    assert not verify(request.body + b" ", request.headers, SECRET)
    assert not verify(request.body, request.headers, other)
    assert not verify(request.body, {**request.headers, "webhook-id": "msg_2"}, SECRET)
    assert not verify(old.body, old.headers, SECRET)


SNIPPETS = [
    pytest.param(page.stem, file, body, id=f"{page.stem}, {number}")
    for page in sorted(PAGES.glob("*.md"))
    for number, (before, language, body) in enumerate(blocks(page))
    if language == "yaml"
    for file in re.findall(r"`(\w+\.yaml)`:$", before.strip())
]


@pytest.mark.parametrize(("channel", "file", "body"), SNIPPETS)
def test_what_a_page_says_to_write_loads(tmp_path, channel, file, body):
    (tmp_path / file).write_text(body, encoding="utf-8")
    if file == "watcher.yaml":
        assert load_settings(tmp_path / file, environ={}).receivers or "mail" in body
        return
    routing = load_notify(tmp_path / file)
    endpoints = [endpoint_of(routing, slot, loose()) for name in routing.receivers for slot in slots_of(routing, name)]
    assert {endpoint.channel.CHANNEL for endpoint in endpoints} == {channel}


def test_every_channel_has_its_page_and_every_page_says_how_to_try_it():
    assert {page.stem for page in PAGES.glob("*.md")} == set(RECEIVERS)
    assert {param.values[0] for param in SNIPPETS if param.values[1] == "notify.yaml"} == set(RECEIVERS)
    for page in PAGES.glob("*.md"):
        assert "`watcher drill " in page.read_text("utf-8")


# --- whole turns ------------------------------------------------------------------------------------------------------

ROUTES = """\
route: {{receiver: desk, group_by: [alertname], repeat_interval: 1d}}
receivers:
  - name: desk
    webhook_configs: [{{url: '{url}'}}]
"""
SIGNED = """\
base_url: https://watcher.example.org
receivers:
  desk:
    signing_secrets: [{{file: desk.secret}}]
    allow_networks: [127.0.0.0/8]
    alive: weekly
    format: {format}
"""


@pytest.mark.parametrize("style", ["alertmanager", "cloudevents"])
def test_every_delivered_webhook_verifies_and_is_taken_by_a_consumer(tmp_path, style, monkeypatch):
    secret = tmp_path / "desk.secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    with Server(answer(200)) as server:
        settings = SETTINGS + SIGNED.format(format=style)
        with installed(tmp_path, settings=settings, routes=ROUTES.format(url=server.url())) as it:
            it.release("2020-06-01 07:00", "MOZ1  2020-05-28  1  Nampula")
            it.turn("2020-06-01 09:00")
            it.release("2020-06-02 12:00", "MOZ2  2020-06-01  20  Palma", "MOZ3  2020-06-01  30  Mueda")
            it.turn("2020-06-02 13:00")
            it.turn("2020-06-03 14:00")
            it.release("2020-06-04 12:00", "MOZ2  2020-06-01  2  Palma")
            it.turn("2020-06-04 13:00")
            it.turn("2020-08-04 13:00")
    bodies = []
    for request in server.requests:
        event = Webhook(SECRET).verify(request.body, dict(request.headers))
        is_event = request.headers["content-type"] == "application/cloudevents+json"
        assert is_event is (style == "cloudevents")
        bodies.append(consumed(json.dumps(event["data"] if is_event else event).encode()))
    reasons = [
        json.loads(request.body).get("data", json.loads(request.body))["notification_reason"]
        for request in server.requests
    ]
    assert {"alive", "first", "repeat", "retracted"} <= set(reasons)
    assert any(body.status == "resolved" for body in bodies)
