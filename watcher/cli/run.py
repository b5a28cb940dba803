"""`watcher run`: the daemon."""

from __future__ import annotations

from pathlib import Path

import click

from watcher.cli.opening import config_option, open_settings
from watcher.daemon import Daemon
from watcher.log import configure
from watcher.wiring import load_rule_set, open_app


@click.command()
@config_option
def command(config: Path | None) -> int:
    r"""Take a turn every few seconds until stopped.

    Rules that were edited are taken over within seconds; while they are broken, the last good ones stay in force and
    an alert says so. SIGTERM lets what is on the wire finish and exits 0; SIGHUP loads the rules at once. Under systemd, readiness and the watchdog are told.

    \b
    watcher run --config /etc/watcher/watcher.yaml
    systemctl reload watcher          # the rules anew, by SIGHUP
    """
    settings = open_settings(config)
    configure(level=settings.log.level, style=settings.log.format)
    app = open_app(settings)
    daemon = Daemon(
        app,
        state_dir=settings.state_dir,
        rules=settings.rules,
        load_rules=lambda: load_rule_set(settings),
        web=settings.web.place,
    )
    return daemon.run()
