"""Where a story is played: an installation of its own, receivers on loopback, and the moment it is."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.installation import write_empty_store
from tests.stories.page import Step
from tests.stories.receiver import Receivers
from tests.stories.telling import Teller
from watcher.config.settings import load_settings
from watcher.core.rule import Rule
from watcher.recompute import Recomputer
from watcher.store.alerts import find_transitions
from watcher.wiring import open_app

SECRET = "whsec_" + base64.b64encode(b"a secret of the stories").decode()
SETTINGS = """\
instance: story
sources:
  acled: {kind: acled, paths: [inbox], query_offset: 0d}
receivers:
"""
RECEIVER = "  {}: {{signing_secrets: [{{file: secret}}], allow_networks: [127.0.0.0/8]}}\n"
ROUTES = """\
route: {receiver: desk, group_by: [alertname], repeat_interval: 52w}
receivers:
  - name: desk
    webhook_configs: [{url: http://receiver/desk}]
  - name: test
    webhook_configs: [{url: http://receiver/test}]
"""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Stage:
    """An installation, its receivers, and the moment it is."""

    def __init__(self, folder: Path, receivers: Receivers) -> None:
        self.folder = folder
        self.receivers = receivers
        self.teller = Teller()
        self.now = self.released = _LONG_AGO
        #: Whether messages may still be on their way.
        self.is_busy = False
        self._files = 0
        for each in ("rules", "inbox"):
            (folder / each).mkdir()
        (folder / "state").mkdir(mode=0o700)
        (folder / "secret").touch(mode=0o600)
        (folder / "secret").write_text(SECRET)
        (folder / "watcher.yaml").write_text(SETTINGS + "".join(map(RECEIVER.format, ("desk", "duty", "test"))))
        self.write_routes(ROUTES)
        self.settings = load_settings(folder / "watcher.yaml")
        write_empty_store(folder / "state" / "watcher.db")
        self.app: Any = None

    def open(self) -> None:
        """Begin as a new process does."""
        self.close()
        self.app = open_app(self.settings, time=lambda: self.now)
        self.app.couriers.recover(self.now)

    def replay(self) -> None:
        """Work every transition out again, as `watcher replay --all` does: all of it must agree."""
        if self.app is None:
            return
        with self.app.store.reading() as tx:
            again = Recomputer(tx)
            found = [again.recompute(each) for each in find_transitions(tx)]
        assert [each for each in found if not each.agrees] == []

    def close(self) -> None:
        """Close the installation, if it was ever opened."""
        if self.app is not None:
            self.app.couriers.join()
            self.app.close()

    def write_rules(self, text: str) -> None:
        """Write the story's one rule file."""
        (self.folder / "rules" / "story.yaml").write_text(text)

    def write_routes(self, text: str) -> None:
        """Write who is told."""
        (self.folder / "notify.yaml").write_text(text.replace("http://receiver", self.receivers.url))

    def spare(self, text: str) -> None:
        """Write what the receiver `desk` is spared: digests and limits, as in watcher.yaml."""
        path = self.folder / "watcher.yaml"
        own = ", ".join(line.strip() for line in text.splitlines() if line.strip())
        path.write_text(path.read_text().replace("  desk: {", f"  desk: {{{own}, "))
        self.settings = load_settings(path)

    def release(self, text: str) -> None:
        """Let a file fall into the drop folder."""
        self._files += 1
        (self.folder / "inbox" / f"release_{self._files:03}.csv").write_text(text)

    def plain(self, text: str) -> str:
        """A text without the places of this run."""
        return text.replace(f"{self.folder}/", "").replace(self.receivers.url, "http://receiver")

    def rule(self, name: str) -> Rule:
        """A rule by its name."""
        rules: tuple[Rule, ...] = self.app.rules.rules
        return next(rule for rule in rules if rule.alert == name)

    def unexpected(self) -> Iterator[Step]:
        """What arrived and stands nowhere in the story."""
        for arrival in self.receivers.take():
            verb = "receives" if arrival.is_taken else "refuses"
            yield Step(f"{arrival.receiver} {verb}", tuple(self.teller.told(arrival, ())))
