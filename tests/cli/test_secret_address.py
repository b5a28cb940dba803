"""An address that stands in a file is a secret, its host included: it appears in nothing that is written or said."""

from __future__ import annotations

import pytest

from tests.cli.records import raid, write
from tests.zoo import NOBODY

#: A loopback of its own, so that no name server is asked.
HOST = "127.77.66.55"
URL = f"http://{HOST}:{NOBODY}/services/T0CANARY"
NOTIFY = """\
route: {receiver: desk}
receivers:
  - name: desk
    webhook_configs: [{url_file: desk.url}]
"""
ALLOWED = "receivers: {desk: {allow_networks: [127.0.0.0/8]}}\n"


@pytest.fixture
def secret(home, it_is):
    """An alert for a webhook whose address stands in a file, and nobody who takes it."""
    (home / "desk.url").touch(0o600)
    (home / "desk.url").write_text(f"{URL}\n")
    (home / "notify.yaml").write_text(NOTIFY)
    write(home / "inbox" / "june.csv", [raid(1, "2020-06-25", 80)])
    it_is("2020-07-20T09:00")
    return home / "desk.url"


def written(home) -> str:
    """All that lies in the state directory."""
    return b"\n".join(path.read_bytes() for path in (home / "state").rglob("*") if path.is_file()).decode("latin-1")


@pytest.mark.parametrize(
    ("settings", "why"),
    [(ALLOWED, "nobody takes the connection"), ("", "its address is not on the public internet")],
    ids=["nobody takes it", "the guard refuses"],
)
def test_it_is_neither_printed_nor_logged_nor_stored(home, secret, run, settings, why):
    with (home / "watcher.yaml").open("a") as file:
        file.write(settings)
    said = [run("check", "--verbose"), run("drill", "desk"), run("status"), run("status", "--format", "json")]
    said += [run("alerts", "--format", "json"), run("lint")]
    told = "\n".join(f"{each.out}\n{each.err}" for each in said)
    assert f"the address in desk.url: {why}" in told
    assert "the address in desk.url" in written(home)
    for secret_part in (HOST, "T0CANARY"):
        assert secret_part not in told
        assert secret_part not in written(home)


def test_a_file_that_others_can_read_is_refused_with_what_to_do(secret, run):
    secret.chmod(0o644)
    said = run("drill", "desk")
    assert said.code == 79
    assert "desk/webhook/1: not told: url_file desk.url: others can read the file; chmod 600 " in said.out
    assert HOST not in said.out + said.err
