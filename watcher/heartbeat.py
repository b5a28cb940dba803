"""The heartbeat: a sign of life to a watchdog elsewhere, in the protocol of Healthchecks.

Only a turn that was complete counts as life. A heartbeat that fails stands in nobody's way: its absence is the message.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import SecretStr

from watcher.log import logger
from watcher.net import Egress, EgressFailed, EgressRefused

_DEADLINE = timedelta(seconds=10)
#: Bytes of an explanation that travel with a failure.
_MOST = 10_000
_REPLY = 64 * 1024


class Heartbeat:
    """Pings one address."""

    def __init__(self, url: SecretStr, egress: Egress, *, every: timedelta) -> None:
        self._url = url
        self._egress = egress
        self._every = every
        self._last: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it is time; a clock that was set back makes it time."""
        return self._last is None or not self._last <= now < self._last + self._every

    def start(self) -> None:
        """Say that a turn begins."""
        self._ping("/start", "")

    def success(self, now: datetime) -> None:
        """Say that a turn was complete."""
        self._last = now
        self._ping("", "")

    def fail(self, now: datetime, why: str) -> None:
        """Say that a turn failed, and why."""
        self._last = now
        self._ping("/fail", why)

    def _ping(self, end: str, body: str) -> None:
        url = f"{self._url.get_secret_value().rstrip('/')}{end}"
        said = body.encode()[:_MOST]
        try:
            reply = self._egress.fetch(
                url,
                headers={"User-Agent": "watcher"},
                body=said,
                deadline=_DEADLINE,
                limit=_REPLY,
                alias="the heartbeat",
            )
        except (EgressFailed, EgressRefused) as error:
            logger().warning("the heartbeat was not heard", error=str(error))
            return
        if reply.status >= 300:  # noqa: PLR2004 - what is no success
            logger().warning("the heartbeat was not heard", status=reply.status)
