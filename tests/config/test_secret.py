from __future__ import annotations

import os

import pytest
from pydantic import ValidationError

from watcher.config.secret import MAX_BYTES, reveal
from watcher.core.errors import ConfigError
from watcher.core.secret import SecretReference

CANARY = "canary-7f3a"


def secret_file(folder, content=f"{CANARY}\n", mode=0o600, name="secret"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def test_a_secret_in_a_file_is_its_text_without_the_last_line_end(tmp_path):
    secret_file(tmp_path, "two\nlines\r\n")
    revealed = reveal(SecretReference(file="secret"), environ={}, folder=tmp_path)
    assert revealed.get_secret_value() == "two\nlines"


def test_an_absolute_path_needs_no_folder(tmp_path):
    path = secret_file(tmp_path)
    revealed = reveal(SecretReference(file=str(path)), environ={}, folder=tmp_path / "elsewhere")
    assert revealed.get_secret_value() == CANARY


def test_a_secret_in_the_environment(tmp_path):
    revealed = reveal(SecretReference(env="SMTP_PASSWORD"), environ={"SMTP_PASSWORD": CANARY}, folder=tmp_path)
    assert revealed.get_secret_value() == CANARY


def test_a_credential_of_systemd_may_be_readable_by_others(tmp_path):
    secret_file(tmp_path, mode=0o444, name="smtp")
    revealed = reveal(
        SecretReference(credential="smtp"), environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}, folder=tmp_path
    )
    assert revealed.get_secret_value() == CANARY


def test_the_file_of_a_credential_may_be_named_as_a_file_too(tmp_path):
    path = secret_file(tmp_path, mode=0o440, name="hook")
    inside = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert reveal(SecretReference(file=str(path)), environ=inside, folder=tmp_path).get_secret_value() == CANARY
    elsewhere = {"CREDENTIALS_DIRECTORY": str(tmp_path / "elsewhere")}
    with pytest.raises(ConfigError, match="others can read the file"):
        reveal(SecretReference(file=str(path)), environ=elsewhere, folder=tmp_path)


def test_a_secret_does_not_show(tmp_path):
    revealed = reveal(SecretReference(env="X"), environ={"X": CANARY}, folder=tmp_path)
    assert CANARY not in f"{revealed} {revealed!r}"


REFUSED = {
    "a file that is not there": (
        {"file": "none"},
        "secret file none: the file cannot be read: No such file or directory",
    ),
    "a file that others can read": ({"file": "open"}, "secret file open: others can read the file; chmod 600"),
    "a file that the group can write": ({"file": "group"}, "secret file group: others can read the file"),
    "an empty file": ({"file": "empty"}, "secret file empty: the file is empty"),
    "a file too large": ({"file": "large"}, "secret file large: the file is empty or larger than 64 KiB"),
    "a file that is no text": ({"file": "binary"}, "secret file binary: the file is not UTF-8 text"),
    "a folder": ({"file": "folder"}, "secret file folder: the file cannot be read: Is a directory"),
    "a pipe": ({"file": "pipe"}, "secret file pipe: it is no regular file"),
    "a path that is none": ({"file": "a\0b"}, "secret file a\0b: the file cannot be read: not a usable path"),
    "a variable that is not set": ({"env": "NONE"}, "secret $NONE: the environment variable is not set"),
    "a variable that is empty": ({"env": "EMPTY"}, "secret $EMPTY: the environment variable is not set"),
    "a credential outside of systemd": (
        {"credential": "smtp"},
        "secret credential smtp: $CREDENTIALS_DIRECTORY is not set",
    ),
}


@pytest.mark.parametrize(("reference", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_secret_that_cannot_be_had_is_named_and_never_shown(tmp_path, reference, message):
    secret_file(tmp_path, mode=0o644, name="open")
    secret_file(tmp_path, mode=0o620, name="group")
    secret_file(tmp_path, "", name="empty")
    secret_file(tmp_path, "x" * (MAX_BYTES + 1), name="large")
    secret_file(tmp_path, b"\xff\xfe", name="binary")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ConfigError) as refused:
        reveal(SecretReference(**reference), environ={"EMPTY": ""}, folder=tmp_path)
    assert str(refused.value).startswith(message)
    assert CANARY not in str(refused.value)


def test_a_credential_has_no_folder(tmp_path):
    with pytest.raises(ConfigError, match="a credential is the name of a file, without a folder"):
        reveal(
            SecretReference(credential="../secret"), environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}, folder=tmp_path
        )


@pytest.mark.parametrize(
    "reference",
    [{}, {"file": "a", "env": "B"}, {"file": ""}, {"value": CANARY}],
    ids=["none", "two", "empty", "a value"],
)
def test_a_reference_names_exactly_one_place(reference):
    with pytest.raises(ValidationError) as refused:
        SecretReference.model_validate(reference)
    assert CANARY not in str(refused.value)


def test_a_reference_can_be_named():
    assert [str(SecretReference(**{kind: "x"})) for kind in ("file", "env", "credential")] == [
        "file x",
        "$x",
        "credential x",
    ]
