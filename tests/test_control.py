from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from watcher.control import Ear, ask
from watcher.core.errors import Locked, StoreError


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    # The address of a socket has room for about a hundred characters.
    monkeypatch.chdir(tmp_path)
    return Path("daemon.sock")


@pytest.fixture
def ear(path) -> Iterator[Ear]:
    def answer(question):
        if question.get("ask") == "a bug":
            raise KeyError("a bug")
        return {"heard": question}

    with closing(Ear(path, answer)) as ear:
        yield ear


def call(path: Path, *said: bytes) -> socket.socket:
    caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    caller.settimeout(5)
    caller.connect(str(path))
    for each in said:
        caller.sendall(each)
    return caller


def test_a_question_is_answered(ear, path):
    assert ask(path, {"ask": "turn"}, timeout_s=5) == {"heard": {"ask": "turn"}}


def test_one_question_after_the_other_is_answered(ear, path):
    assert [ask(path, {"n": n}, timeout_s=5)["heard"]["n"] for n in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([b"no JSON\n"], id="talks nonsense"),
        pytest.param([b'{"ask": '], id="hangs up in the middle"),
        pytest.param([], id="hangs up at once"),
        pytest.param([b'{"ask": "turn"}\n'], id="does not wait for the answer"),
        pytest.param([b"\xff\xfe\n"], id="sends no text"),
        pytest.param([b"[]\n"], id="sends a list"),
        pytest.param([b"[" * 100_000 + b"\n"], id="sends a list in a list in a list"),
        pytest.param([b'{"ask": "a bug"}\n'], id="asks what we fail over"),
    ],
)
def test_we_hear_the_next_caller_when_one(said, ear, path):
    call(path, *said).close()
    assert ask(path, {"n": 1}, timeout_s=5) == {"heard": {"n": 1}}


def test_only_our_own_user_may_call(ear, path):
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_socket_that_a_killed_daemon_left_behind_is_no_obstacle(path):
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(str(path))
    left.close()
    with closing(Ear(path, lambda _: {})):
        assert ask(path, {}, timeout_s=5) == {}


def test_when_it_is_closed_its_socket_is_gone(path):
    Ear(path, lambda _: {}).close()
    assert not path.exists()


@pytest.mark.parametrize("is_there", [False, True], ids=["nobody is there", "somebody hangs up"])
def test_a_daemon_that_does_not_answer_is_busy(is_there, path):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with closing(server):
        if is_there:
            server.bind(str(path))
        with pytest.raises(Locked, match="the daemon is running and does not answer"):
            ask(path, {}, timeout_s=0.2)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        pytest.param("a" * 120, "set state_dir to a shorter path", id="too long a path"),
        pytest.param("none/daemon.sock", "state_dir must belong to whoever runs watcher", id="no such folder"),
    ],
)
def test_where_there_can_be_no_socket_it_says_what_to_do(path, place, told):
    with pytest.raises(StoreError, match="the daemon's socket cannot be made") as caught:
        Ear(Path(place), dict)
    assert caught.value.todo == told
