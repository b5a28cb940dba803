"""What a command does not import when it has nothing to do with it: cron starts one every few minutes."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.cli.conftest import bare_environment
from tests.cli.records import raid, write
from tests.zoo import Server, answer
from watcher import clock

#: For sending, for migrating, for the timetable, for the log, for another database, and for statistics that are ours.
FOR_OTHERS = {
    *("httpx", "httpcore", "h11", "certifi", "jinja2", "smtplib", "standardwebhooks", "watcher.net.http"),
    *("watcher.receivers.smtp", "watcher.receivers.html"),
    *("alembic", "apscheduler", "watcher.daemon", "watcher.demo"),
    *("structlog", "rich", "sqlalchemy.dialects.postgresql", "psycopg"),
    *("numpy", "scipy", "pandas", "statsmodels"),
}
NOTIFY = """\
route: {{receiver: desk}}
receivers:
  - name: desk
    webhook_configs: [{{url: "{url}"}}]
    file_configs: [{{path: state/told.jsonl}}]
  - name: duty
    email_configs: [{{to: duty@example.org}}]
"""
SETTINGS = """
mail: {host: 127.0.0.1, security: none, sender: watcher@example.org}
receivers: {desk: {allow_networks: [127.0.0.0/8]}}
"""
SCRIPT = """\
import json, sys
from watcher import cli
code = cli.main(json.loads(sys.argv[1]))
print(json.dumps([code, sorted(sys.modules)]))
"""


@pytest.fixture
def imported(home):
    """What a command imports, in a process of its own that must end well."""

    def imported(*arguments: str) -> set[str]:
        command = [sys.executable, "-c", SCRIPT, json.dumps(arguments)]
        done = subprocess.run(command, cwd=home, env=bare_environment(), capture_output=True, text=True, check=True)
        assert done.stderr == ""
        code, modules = json.loads(done.stdout.splitlines()[-1])
        assert code == 0
        return set(modules)

    return imported


@pytest.fixture
def desk(home):
    """A desk with a webhook, a file and mail."""
    with Server(answer(204)) as server:
        (home / "notify.yaml").write_text(NOTIFY.format(url=server.url()))
        with (home / "watcher.yaml").open("a") as settings:
            settings.write(SETTINGS)
        day = (clock.wall().date() - timedelta(days=8)).isoformat()
        write(home / "inbox" / "week.csv", [raid(1, day, 80), *(raid(n, day, 0) for n in range(2, 40))])
        yield server


def test_a_check_with_nothing_to_send_imports_nothing_for_sending(desk, imported):
    first = imported("check")
    assert desk.requests, "nothing was sent, so nothing is shown"
    assert {"httpx", "watcher.net.http"} <= first
    sent = len(desk.requests)
    assert imported("check") & FOR_OTHERS == set()
    assert len(desk.requests) == sent


def test_a_file_that_was_read_before_is_told_without_any_of_it(desk, imported):
    command = ("ingest", "inbox/week.csv", "--source", "acled")
    imported(*command)
    assert imported(*command) & FOR_OTHERS == set()


@pytest.mark.parametrize("command", ["status", "alerts", "events"])
def test_a_look_imports_nothing_for_sending(desk, imported, command):
    assert imported(command) & FOR_OTHERS == set()
