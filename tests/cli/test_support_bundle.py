"""`watcher support-bundle`: everything whoever helps asks for, and no secret, address or record."""

from __future__ import annotations

import io
import stat
import tarfile

import pytest

from tests.cli.records import raid, write
from watcher.cli.support_bundle import blotted


@pytest.fixture
def bundle(home, it_is, good):
    it_is("2020-07-20T09:00")
    write(home / "june.csv", [raid(n, "2020-06-01", 4, notes="CANARY of a note") for n in range(3)])
    good("ingest", "june.csv", "--source", "acled")
    (home / "secret").write_text("CANARY-of-a-password")
    (home / "secret").chmod(0o600)
    notify = home / "notify.yaml"
    notify.write_text(
        notify.read_text() + "\n# https://hooks.example.org/services/CANARY/of/an/address duty@example.org\n"
    )
    good("support-bundle", "bundle.tar.gz")
    with tarfile.open(home / "bundle.tar.gz") as archive:
        return {each.name: (archive.extractfile(each) or io.BytesIO()).read().decode() for each in archive.getmembers()}


def test_it_holds_what_is_asked_for(bundle, home):
    names = {name.removeprefix("watcher-support/") for name in bundle}
    assert {
        "machine.txt",
        "watcher.yaml",
        "notify.yaml",
        "doctor.txt",
        "status.json",
        "sources.json",
        "lint.txt",
    } <= names
    assert any(name.startswith("rules/") for name in names)
    assert "sqlalchemy" in bundle["watcher-support/machine.txt"].lower()
    assert stat.S_IMODE((home / "bundle.tar.gz").stat().st_mode) == 0o600


def test_it_holds_no_secret_no_address_and_no_record(bundle):
    whole = "\n".join(bundle.values())
    assert "CANARY" not in whole
    assert "duty@example.org" not in whole
    assert "# <address> <mail>" in bundle["watcher-support/notify.yaml"]


def test_a_file_that_is_there_is_not_written_over(home, run):
    (home / "taken").write_text("mine")
    assert run("support-bundle", "taken").code == 2
    assert (home / "taken").read_text() == "mine"


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("password: hunter2", "password: <hidden>"),
        ("  smtp_auth_password: 'x y'", "  smtp_auth_password: <hidden>"),
        ("- api_key: abc", "- api_key: <hidden>"),
        ("password: {file: secrets/smtp}", "password: {file: secrets/smtp}"),
        ("url: postgresql+psycopg://user:pw@host/name", "url: <address>"),
        ("to: duty@example.org, x", "to: <mail>, x"),
        ("rules: [rules]", "rules: [rules]"),
    ],
)
def test_what_is_blotted_out(line, left):
    assert blotted(line) == left
