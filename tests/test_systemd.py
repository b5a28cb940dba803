from __future__ import annotations

import socket

import pytest

from watcher.systemd import tell


@pytest.mark.parametrize("name", ["notify", "@watcher-test-{}"], ids=["a file", "an abstract socket"])
def test_systemd_hears_what_we_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    address = name.format(tmp_path.name) if name.startswith("@") else str(tmp_path / name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        systemd.settimeout(5)
        assert tell("READY=1", {"NOTIFY_SOCKET": address})
        assert systemd.recv(100) == b"READY=1"


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="systemd did not start us"),
        pytest.param({"NOTIFY_SOCKET": ""}, id="the address is empty"),
        pytest.param({"NOTIFY_SOCKET": "vsock:2:1234"}, id="the address is of a kind we do not know"),
        pytest.param({"NOTIFY_SOCKET": "/nobody/listens/here"}, id="nobody is there any more"),
    ],
)
def test_nothing_is_said_when(environ):
    assert tell("READY=1", environ) is False
