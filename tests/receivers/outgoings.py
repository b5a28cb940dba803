"""What a channel is handed in a test."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watcher.config.secret import reveal
from watcher.core.delivery import Outgoing
from watcher.core.secret import SecretReference
from watcher.net import Egress
from watcher.receivers import Access

NOW = datetime(2020, 7, 7, 6, 0, 5, tzinfo=UTC)


def outgoing(body: bytes = b'{"a":1}', **changes: Any) -> Outgoing:
    """A claimed delivery, with changes."""
    plain = Outgoing(
        delivery="dlv_1",
        message="msg_1",
        endpoint="desk/webhook/1",
        recipient="",
        content_type="application/json",
        body=body,
        subject="[WARNING] a",
        attempt=1,
        lease_token="boot1.1",
    )
    return replace(plain, **changes)


def access(**changes: Any) -> Access:
    """An access that lets a test reach loopback, with changes."""
    plain = Access(
        egress=Egress(allow_networks=["127.0.0.0/8"]),
        now=lambda: NOW,
        instance="desk-1",
        secret_file=lambda path: reveal(SecretReference(file=str(path)), environ={}, folder=path.parent),
        deadline=timedelta(seconds=5),
    )
    return replace(plain, **changes)
