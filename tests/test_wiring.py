from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.installation import ROUTES, SETTINGS, install
from watcher.config.settings import load_settings
from watcher.core.errors import ConfigError, StoreError, UsageError
from watcher.feeds import feed_of, query_offsets
from watcher.lint.installation import lint_installation
from watcher.log import redacted
from watcher.receivers.cloudevents import CloudEvents
from watcher.switchboard import Terms
from watcher.wiring import desk, load_rule_set, open_app, switchboard

MAIL = """\
mail: {host: mail.example.org, username: desk, password: {file: password}, sender: watcher@example.org}
"""
SIGNED = """\
receivers:
  desk: {signing_secrets: [{file: new}, {env: WATCHER_TESTED_SECRET}], allow_networks: [127.0.0.0/8]}
"""
MAILED = """\
route: {receiver: desk}
receivers:
  - name: desk
    email_configs:
      - {to: [desk@example.org, duty@example.org]}
    webhook_configs:
      - {url: https://example.org/a}
      - {url: https://example.org/b, send_resolved: false}
"""


def write_secret(folder: Path, name: str, text: str) -> None:
    (folder / name).touch(mode=0o600)
    (folder / name).write_text(text)


def problems(error: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return [f"{Path(each.path).name}:{each.line}:{each.column}: {each.summary}" for each in error.value.problems]


def test_every_channel_of_every_receiver_is_an_endpoint_with_a_name(tmp_path):
    write_secret(tmp_path, "password", "a password")
    settings = install(tmp_path, routes=MAILED, settings=SETTINGS + MAIL)
    endpoints = switchboard(settings).endpoints
    assert {name: (each.recipients, each.tells_ends) for name, each in endpoints.items()} == {
        "desk/email/1": (("desk@example.org", "duty@example.org"), True),
        "desk/webhook/1": (("",), True),
        "desk/webhook/2": (("",), False),
    }
    access = endpoints["desk/email/1"].access
    assert (access.mail and access.mail.host) == "mail.example.org"
    assert access.mail_password is not None
    assert access.mail_password.get_secret_value() == "a password"


def test_secrets_come_from_files_and_from_the_environment_and_are_kept_out_of_the_log(tmp_path, monkeypatch):
    write_secret(tmp_path, "new", "whsec_the_new_one")
    monkeypatch.setitem(os.environ, "WATCHER_TESTED_SECRET", "whsec_the_old_one")
    settings = install(tmp_path, settings=SETTINGS + SIGNED)
    secrets = switchboard(settings).endpoints["desk/file/1"].access.signing_secrets
    assert [each.get_secret_value() for each in secrets] == ["whsec_the_new_one", "whsec_the_old_one"]
    assert redacted("whsec_the_new_one whsec_the_old_one") == "*** ***"


def test_a_secret_that_is_not_there_is_named_and_nothing_is_opened(tmp_path):
    settings = install(tmp_path, settings=SETTINGS + SIGNED)
    with pytest.raises(ConfigError, match="new"):
        open_app(settings)


@pytest.mark.parametrize(
    ("settings", "routes", "problem"),
    [
        pytest.param(
            SETTINGS.replace("kind: acled", "kind: aclde"),
            ROUTES,
            "watcher.yaml:3:17: there is no kind 'aclde'",
            id="a source of a kind that does not exist",
        ),
        pytest.param(
            SETTINGS.replace("query_offset: 0d", "options: {erliest: 2010-01-01}"),
            ROUTES,
            "watcher.yaml:3:50: unknown key 'erliest'",
            id="an option that its kind does not understand",
        ),
        pytest.param(
            SETTINGS,
            ROUTES.replace("{path: test.jsonl}", "{pth: test.jsonl}"),
            "notify.yaml:6:21: unknown key 'pth'",
            id="an option that its channel does not understand",
        ),
        pytest.param(
            SETTINGS + "mail: {host: mail.example.org, sendr: a@example.org}\n",
            ROUTES,
            "watcher.yaml:4:32: unknown key 'sendr'",
            id="a mistake in the mail server",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(settings, routes, problem, tmp_path):
    written = install(tmp_path, routes=routes, settings=settings)
    with pytest.raises(ConfigError) as error:
        open_app(written)
    assert problem in problems(error)


def test_broken_rules_are_refused(tmp_path):
    settings = install(tmp_path)
    (tmp_path / "rules" / "more.yaml").write_text("rules: [{alert: A}]\n")
    with pytest.raises(ConfigError):
        load_rule_set(settings)


def test_a_store_that_was_never_made_is_not_made_by_the_way(tmp_path):
    settings = install(tmp_path)
    store = tmp_path / "state" / "watcher.db"
    store.unlink()
    with pytest.raises(StoreError, match="watcher init"):
        open_app(settings)
    assert not store.exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param("", (timedelta(days=14), None, True, 0.05), id="ACLED's own"),
        pytest.param(
            ", query_offset: 3d, lag: 7d, trust_stamp: false, bad_rows: 0.2",
            (timedelta(days=3), timedelta(days=7), False, 0.2),
            id="those of the settings",
        ),
        pytest.param(", query_offset: 0d", (timedelta(), None, True, 0.05), id="none is not the same as not said"),
    ],
)
def test_a_source_has_the_defaults(options, expected, tmp_path):
    settings = install(tmp_path, settings=SETTINGS.replace(", query_offset: 0d", options))
    feed = feed_of(settings, "acled")
    assert (feed.query_offset, feed.lag, feed.trust_stamp, feed.bad_rows) == expected


def test_the_name_of_a_kind_stands_for_a_source_with_its_defaults(tmp_path):
    feed = feed_of(install(tmp_path), "ucdp")
    assert (feed.name, feed.source.KIND, feed.paths) == ("ucdp", "ucdp", ())


def test_a_source_that_nobody_knows_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(UsageError, match=r"there is no source 'aclde' \(one of: acled, ucdp, hapi, gdelt, reliefweb\)"):
        feed_of(install(tmp_path), "aclde")


def test_the_newest_days_of_records_that_are_fed_by_hand_are_no_more_complete_than_others(tmp_path):
    settings = install(tmp_path, settings="instance: tested\n")
    assert query_offsets(settings)["acled"] == timedelta(days=14)
    assert query_offsets(load_settings(_with(tmp_path, SETTINGS)))["acled"] == timedelta()


def _with(folder: Path, settings: str) -> Path:
    (folder / "watcher.yaml").write_text(settings)
    return folder / "watcher.yaml"


def test_messages_say_what_the_settings_say_of_this_installation(tmp_path):
    words = "timezone: Africa/Maputo\nbase_url: https://watcher.example.org/\ncontact: the desk\nrunbook: page 3\n"
    said = desk(install(tmp_path, settings=SETTINGS + words))
    assert (said.instance, said.timezone, said.base_url, said.contact, said.runbook) == (
        "tested",
        "Africa/Maputo",
        "https://watcher.example.org",
        "the desk",
        "page 3",
    )


FALLBACKS = {
    "nobody": ("{desk: {fallback: dutty}}", "there is no receiver 'dutty' in notify.yaml"),
    "a receiver without a channel": ("{desk: {fallback: nobody}}", "the receiver 'nobody' has no channel"),
    "itself": ("{desk: {fallback: desk}}", "'desk' falls back on itself in the end"),
    "itself in the end": ("{desk: {fallback: test}, test: {fallback: desk}}", "'desk' falls back on itself in the end"),
    "nothing after some time": ("{desk: {fallback_after: 1h}}", "there is no 'fallback' to tell"),
}


@pytest.mark.parametrize(("receivers", "why"), FALLBACKS.values(), ids=FALLBACKS.keys())
def test_a_receiver_that_falls_back_on_nobody_is_refused(tmp_path, receivers, why):
    settings = install(tmp_path, routes=f"{ROUTES}  - name: nobody\n", settings=f"{SETTINGS}receivers: {receivers}\n")
    with pytest.raises(ConfigError) as error:
        switchboard(settings)
    assert problems(error)[0].endswith(f": {why}")
    assert why in [each.summary for each in lint_installation(settings, today=date(2020, 1, 1)).problems]


def test_what_a_receiver_is_spared_reaches_the_switchboard(tmp_path):
    spared = "{desk: {digest: {at: '07:00'}, max_per_hour: 3, fallback: test, fallback_after: 2h}}"
    board = switchboard(install(tmp_path, settings=f"{SETTINGS}receivers: {spared}\n"))
    assert board.terms_of("desk/file/1").max_per_hour == 3
    assert board.terms_of("desk/file/1").digest is not None
    assert board.terms_of("test/file/1") == board.terms_of("gone/file/1") == Terms()


def test_without_a_base_url_messages_have_no_links_and_no_key_is_made(tmp_path):
    settings = install(tmp_path)
    assert switchboard(settings).desk.links is None
    assert not (tmp_path / "state" / "links.key").exists()


def test_with_a_base_url_links_are_signed_with_a_key_of_our_own_that_stays(tmp_path):
    settings = install(tmp_path, settings=SETTINGS + "base_url: https://watcher.example.org/\n")
    first, second = switchboard(settings).desk.links, switchboard(settings).desk.links
    assert first is not None
    assert first == second
    assert first.base_url == "https://watcher.example.org"


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        pytest.param("a key that is long enough", "", id="a key of the settings"),
        pytest.param("short", "the key that signs links is too short", id="one that could be guessed"),
    ],
)
def test_a_key_can_be_shared_by_several_daemons(tmp_path, key, problem):
    words = "base_url: https://watcher.example.org\nweb: {secret: {file: links.secret}}\n"
    settings = install(tmp_path, settings=SETTINGS + words)
    (tmp_path / "links.secret").write_text(key)
    (tmp_path / "links.secret").chmod(0o600)
    if problem:
        with pytest.raises(ConfigError, match=problem):
            switchboard(settings)
        return
    links = switchboard(settings).desk.links
    assert links is not None
    assert links.key == key.encode()


def test_the_body_of_webhooks_is_chosen_in_the_settings(tmp_path):
    routes = "route: {receiver: desk}\nreceivers: [{name: desk, webhook_configs: [{url: 'https://h.example/'}]}]\n"
    words = "receivers: {desk: {format: cloudevents}}\n"
    board = switchboard(install(tmp_path, routes=routes, settings=SETTINGS + words))
    assert isinstance(board.endpoints["desk/webhook/1"].channel, CloudEvents)
