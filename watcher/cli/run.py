"""`watcher run`: the daemon."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from watcher import clock
from watcher.cli.opening import config_option, open_settings
from watcher.core.errors import StoreError
from watcher.daemon import Daemon
from watcher.emergency import raise_alarm
from watcher.log import configure
from watcher.web.opening import open_service
from watcher.wiring import heartbeat, load_rule_set, open_app

#: An answer is kept in memory while the store cannot be written, until then or until we are stopped.
PATIENCE = timedelta(days=3)


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
    try:
        app = open_app(settings, patience=PATIENCE)
        app.store.quick_check()
    except StoreError as error:
        raise_alarm(settings, error, now=clock.wall())
        raise
    daemon = Daemon(
        app,
        state_dir=settings.state_dir,
        rules=settings.rules,
        load_rules=lambda: load_rule_set(settings),
        web=settings.web.place,
        raise_alarm=lambda error: raise_alarm(settings, error, now=clock.wall()),
        open_service=lambda app, pulse: open_service(settings, app, pulse),
        heartbeat=heartbeat(settings),
    )
    return daemon.run()
