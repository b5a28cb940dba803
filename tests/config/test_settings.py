from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from watcher.config.settings import WebSettings, find_settings, load_settings
from watcher.core.errors import ConfigError
from watcher.core.secret import SecretReference

FULL = """
store: {url: "sqlite:///data/desk.db"}
state_dir: /var/lib/watcher
rules: [rules, /srv/shared/rules]
notify: routes.yaml
instance: desk-1
timezone: Africa/Maputo
base_url: https://watcher.example.org/
contact: the duty officer
runbook: https://example.org/runbook
sources:
  acled: {kind: acled, paths: [incoming/*.csv], query_offset: 7d, every: 1h, bad_rows: 0.1}
  desk_sheet: {kind: table, paths: sheet.csv, lag: 2d, trust_stamp: false, options: {columns: {date: Day}}}
mail: {host: mail.example.org, port: 587, password: {file: smtp.secret}}
receivers:
  duty-officer:
    signing_secrets: [{env: NEW}, {credential: old}]
    allow_networks: [10.1.0.0/16, "fd00::/8", 192.168.1.7]
    proxy: http://proxy.example.org:3128
log: {level: warning, format: json}
"""


@pytest.fixture
def load(tmp_path):
    def loaded(text: str = "", **environ: str):
        path = tmp_path / "watcher.yaml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, environ=environ)

    return loaded


def test_an_empty_file_is_all_defaults(load, tmp_path):
    settings = load()
    assert settings.path == tmp_path / "watcher.yaml"
    assert settings.store.url == f"sqlite:///{tmp_path}/state/watcher.db"
    assert (settings.state_dir, settings.rules, settings.notify) == (
        tmp_path / "state",
        (tmp_path / "rules",),
        tmp_path / "notify.yaml",
    )
    assert (settings.instance, settings.timezone, settings.mail, settings.sources) == ("watcher", "UTC", None, {})


def test_every_setting_is_read(load, tmp_path):
    settings = load(FULL)
    assert settings.store.url == f"sqlite:///{tmp_path}/data/desk.db"
    assert settings.rules == (tmp_path / "rules", Path("/srv/shared/rules"))
    assert (settings.state_dir, settings.base_url) == (Path("/var/lib/watcher"), "https://watcher.example.org")
    acled, sheet = settings.sources["acled"], settings.sources["desk_sheet"]
    assert (acled.paths, acled.query_offset, acled.every, acled.bad_rows) == (
        (tmp_path / "incoming/*.csv",),
        timedelta(days=7),
        timedelta(hours=1),
        0.1,
    )
    assert (sheet.lag, sheet.trust_stamp, sheet.options) == (timedelta(days=2), False, {"columns": {"date": "Day"}})
    duty = settings.receivers["duty-officer"]
    assert duty.signing_secrets == (SecretReference(env="NEW"), SecretReference(credential="old"))
    assert duty.allow_networks == tuple(map(ip_network, ("10.1.0.0/16", "fd00::/8", "192.168.1.7/32")))
    assert (settings.log.level, settings.log.format) == ("warning", "json")
    assert settings.mail is not None
    assert settings.mail["password"] == {"file": "smtp.secret"}
    assert settings.document.mark(("mail", "port")) == (14, 38)


def test_the_store_follows_the_state_folder(load):
    assert load("state_dir: /var/lib/watcher\n").store.url == "sqlite:////var/lib/watcher/watcher.db"


def test_a_server_is_taken_as_it_is(load):
    assert load('store: {url: "postgresql+psycopg://db/watcher"}\n').store.url == "postgresql+psycopg://db/watcher"


class TestEnvironment:
    def test_it_wins_over_the_file(self, load):
        settings = load(FULL, WATCHER_STORE__URL="postgresql+psycopg://u:p@db/watcher", WATCHER_TIMEZONE="UTC")
        assert (settings.store.url, settings.timezone) == ("postgresql+psycopg://u:p@db/watcher", "UTC")

    def test_a_password_in_the_address_does_not_show(self, load):
        assert "hunter2" not in repr(load(WATCHER_STORE__URL="postgresql+psycopg://u:hunter2@db/watcher"))

    def test_a_relative_path_starts_at_the_file(self, load, tmp_path):
        assert load(WATCHER_STATE_DIR="elsewhere").state_dir == tmp_path / "elsewhere"

    def test_it_goes_down_to_a_name_with_a_hyphen(self, load):
        settings = load(
            FULL, WATCHER_RECEIVERS__DUTY_OFFICER__PROXY="http://other:3128", WATCHER_SOURCES__ACLED__EVERY="2h"
        )
        assert settings.receivers["duty-officer"].proxy == "http://other:3128"
        assert settings.receivers["duty-officer"].signing_secrets
        assert settings.sources["acled"].every == timedelta(hours=2)

    def test_a_value_in_brackets_is_a_list_or_a_map(self, load, tmp_path):
        settings = load(WATCHER_RULES="[a, b]", WATCHER_MAIL="{host: mail.example.org}", WATCHER_LOG__FORMAT="json")
        assert settings.rules == (tmp_path / "a", tmp_path / "b")
        assert (settings.mail, settings.log.format) == ({"host": "mail.example.org"}, "json")

    def test_any_other_value_is_text(self, load):
        assert load(WATCHER_CONTACT="Call: +258 1").contact == "Call: +258 1"

    def test_variables_that_name_no_setting_are_left_alone(self, load):
        assert load(WATCHER_PORT="tcp://10.0.0.1:80", WATCHER_CONFIG="x", PATH="/bin").instance == "watcher"

    def test_the_file_itself_is_not_changed(self, load):
        settings = load("log: {level: debug}\n", WATCHER_LOG__LEVEL="error")
        assert settings.log.level == "error"

    @pytest.mark.parametrize(
        ("environ", "said"),
        [
            pytest.param(
                {"WATCHER_LOG__LEVEL": "inof"}, "$WATCHER_LOG__LEVEL: log.level: expected one of debug", id="a value"
            ),
            pytest.param({"WATCHER_LOG": "x"}, "$WATCHER_LOG: log: expected a map", id="a text for a map"),
            pytest.param(
                {"WATCHER_RULES": "[a"}, "$WATCHER_RULES: the '[' opened here is not closed", id="broken YAML"
            ),
            pytest.param(
                {"WATCHER_SOURCES__NEW__PATHS": "a"},
                "$WATCHER_SOURCES__NEW__PATHS: sources.new: the key 'kind' is missing",
                id="a source without a kind",
            ),
        ],
    )
    def test_a_mistake_in_it_names_the_variable(self, load, refusal, environ, said):
        assert refusal(lambda: load("log: {level: info}\n", **environ))[0].startswith(said)


REFUSED = {
    "a misspelt key": ("timezon: UTC\n", "1:1: timezon: unknown key 'timezon'; did you mean 'timezone'?"),
    "a misspelt key of a source": (
        "sources: {a: {kind: acled, path: x}}\n",
        "1:28: sources.a.path: unknown key 'path'; did you mean 'paths'?",
    ),
    "a source without a kind": ("sources: {a: {paths: x}}\n", "1:14: sources.a: the key 'kind' is missing"),
    "a source called like the desk": (
        "sources: {desk: {kind: acled}}\n",
        "1:10: sources: 'desk' is no name for a source",
    ),
    "a source with a colon in its name": (
        "sources: {'file:a': {kind: acled}}\n",
        "1:10: sources: 'file:a' is no name for a source",
    ),
    "a share above one": ("sources: {a: {kind: acled, bad_rows: 5}}\n", "1:38: sources.a.bad_rows: must be at most 1"),
    "no duration": ("sources: {a: {kind: acled, every: soon}}\n", "1:35: sources.a.every: the value is no duration"),
    "no time zone": (
        "timezone: Africa/Maputto\n",
        "1:11: timezone: there is no such time zone; did you mean 'Africa/Maputo'?",
    ),
    "a time zone that is a folder": ("timezone: Africa\n", "1:11: timezone: there is no such time zone"),
    "a time zone outside of the table": ("timezone: ../../etc/passwd\n", "1:11: timezone: there is no such time zone"),
    "a network with bits behind the mask": (
        "receivers: {a: {allow_networks: [10.0.0.1/8]}}\n",
        "1:34: receivers.a.allow_networks[0]: the value is no network; write 10.1.0.0/16",
    ),
    "a network that is a number": (
        "receivers: {a: {allow_networks: [5]}}\n",
        "1:34: receivers.a.allow_networks[0]: 5 is no network",
    ),
    "a store of another kind": (
        "store: {url: 'mysql://db/x'}\n",
        "1:14: store.url: no store of this kind; write sqlite:///",
    ),
    "a store in memory": ("store: {url: 'sqlite://'}\n", "1:14: store.url: no store of this kind"),
    "a store with options": ("store: {url: 'sqlite:///x?mode=ro'}\n", "1:14: store.url: no store of this kind"),
    "a store without its scheme": ("store: {url: /var/lib/x.db}\n", "1:14: store.url: no store of this kind"),
    "no web address": ("base_url: example.org\n", "1:11: base_url: expected a web address; write https://..."),
    "an instance with a space": ("instance: my desk\n", "1:11: instance: does not have the form"),
    "a number for text": ("contact: 112\n", "1:10: contact: expected text, found a number; put it in quotes"),
    "a format that is none": (
        "log: {format: xml}\n",
        "1:15: log.format: expected one of auto, json, console, found other text",
    ),
    "a list": ("- a\n", "1:1: expected keys and values"),
    "broken YAML": ("store: {url: 'x\n", "1:14: the quote opened here is never closed"),
    "a home folder nobody has": (
        "state_dir: ~nobody-of-that-name/x\n",
        "1:12: state_dir: there is no such home folder",
    ),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_is_refused_at_its_place(load, refusal, text, said):
    assert refusal(lambda: load(text))[0].startswith(f"watcher.yaml:{said}")


SECRETS = {
    "a password": "mail: {password: hunter2}\n",
    "a numeric password": "mail: {password: 4711471147}\n",
    "a signing secret": "receivers: {a: {signing_secrets: [hunter2]}}\n",
    "a password in the address of the store": "store: {url: 'postgresql+psycopg://u:hunter2@db/x'}\n",
    "a password in the address of a proxy": "receivers: {a: {proxy: 'http://u:hunter2@proxy:3128'}}\n",
    "a token of a source": "sources: {a: {kind: acled, options: {token: hunter2}}}\n",
    "a password beside a reference": "mail: {password: {file: x, value: hunter2}}\nreceivers: {a: {signing_secrets: [{value: hunter2}]}}\n",
    "a password in a place for something else": "timezone: hunter2\nlog: {level: hunter2}\nbase_url: hunter2\ninstance: hunter2 x\n",
}


@pytest.mark.parametrize("text", SECRETS.values(), ids=SECRETS.keys())
def test_a_secret_in_the_file_is_refused_and_not_repeated(load, refusal, text):
    lines = refusal(lambda: load(text))
    assert lines
    assert not any("hunter2" in line or "4711" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "mail: {password: hunter2}\n",
            "1:18: mail.password: a secret stands in the file; write {file: path}, {env: NAME} or {credential: name} instead",
            id="for a password",
        ),
        pytest.param(
            "store: {url: 'postgresql+psycopg://u:p@db/x'}\n",
            "1:14: store.url: a password stands in the address; leave it out and set the whole address in the environment",
            id="for an address",
        ),
    ],
)
def test_the_advice_says_where_a_secret_belongs(load, refusal, text, said):
    (line,) = refusal(lambda: load(text))
    assert line.startswith(f"watcher.yaml:{said}")


class TestFindingTheFile:
    def test_the_option_comes_first(self, tmp_path):
        assert find_settings(Path("x.yaml"), {"WATCHER_CONFIG": "y.yaml"}, tmp_path) == Path("x.yaml")

    def test_then_the_variable(self, tmp_path):
        (tmp_path / "watcher.yaml").write_text("", encoding="utf-8")
        assert find_settings(None, {"WATCHER_CONFIG": "y.yaml"}, tmp_path) == Path("y.yaml")

    def test_then_the_folder_we_are_in(self, tmp_path):
        (tmp_path / "watcher.yaml").write_text("", encoding="utf-8")
        assert find_settings(None, {"WATCHER_CONFIG": ""}, tmp_path) == tmp_path / "watcher.yaml"

    @pytest.mark.skipif(Path("/etc/watcher/watcher.yaml").exists(), reason="this machine has settings in /etc/watcher")
    def test_without_any_the_way_to_make_one_is_told(self, tmp_path):
        with pytest.raises(
            ConfigError, match=r"no settings file; looked for .*/watcher\.yaml and /etc/.*; run: watcher init"
        ):
            find_settings(None, {}, tmp_path)

    def test_a_file_that_is_named_and_missing_is_a_problem(self, tmp_path):
        with pytest.raises(ConfigError, match="there is no such file"):
            load_settings(tmp_path / "none.yaml", environ={})


@pytest.mark.parametrize(
    ("listen", "place"),
    [
        ("127.0.0.1:8480", ("127.0.0.1", 8480)),
        ("[::1]:80", ("::1", 80)),
        ("watcher.local:65535", ("watcher.local", 65535)),
    ],
)
def test_the_daemon_listens_where_it_is_told(listen, place):
    assert WebSettings(listen=listen).place == place


@pytest.mark.parametrize(
    "listen", ["8480", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "::1:80", "a b:80", "http://x:80"]
)
def test_what_is_no_place_to_listen_is_refused(listen):
    with pytest.raises(ValidationError):
        WebSettings(listen=listen)
