"""Opening the service door as the settings have it."""

from __future__ import annotations

from collections.abc import Callable

from watcher.app import App
from watcher.config.settings import Settings
from watcher.hidden import revealed
from watcher.push import Inlet, Inlets
from watcher.spool import Spool
from watcher.web.service import Pulse, Service, ServiceDoor


def open_service(settings: Settings, app: App, pulse: Callable[[], Pulse]) -> ServiceDoor | None:
    """The door for machines; None where the settings want none.

    :raises ConfigError: when a token cannot be had, or nobody can be served at its address.
    """
    if not settings.service.listen:
        return None
    token = settings.service.token
    service = Service(
        app.store,
        app.feeds,
        inlets(settings, app),
        pulse,
        app.clock,
        token=None if token is None else revealed(settings, token),
    )
    return ServiceDoor(settings.service.place, service)


def inlets(settings: Settings, app: App) -> Inlets:
    """The sources that may be pushed to."""
    found = {
        name: Inlet(app.feeds[name], revealed(settings, own.push.token), own.push.max_bytes, own.push.per_minute)
        for name, own in settings.sources.items()
        if own.push is not None
    }
    spool = Spool(settings.state_dir / "pulls") if app.pullers is None else app.pullers.spool
    return Inlets(found, spool, app.store, app.clock)
