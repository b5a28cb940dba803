"""`watcher demo`: the article, replayed; a real alert arrives."""

from __future__ import annotations

import shutil
import sys
import tempfile
import textwrap
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import click

from watcher.cli.opening import draws, on_terminal
from watcher.core.errors import UsageError
from watcher.core.message.chart import pace_chart
from watcher.core.picture import Point
from watcher.demo import FIRST_TURN, LAST_TURN, Demo, Week
from watcher.log import configure

_COLOURS = {"critical": "red", "warning": "yellow", "info": "blue"}


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Keep the demo here, not in a temporary folder."
)
def command(folder: Path | None) -> int:
    r"""Replay the article, January to July 2020, and watch the alerts arrive at a webhook receiver on this machine.

    The rows are made up; their totals are the article's: 309 attacks and 660 deaths in Mozambique in 2019, 447 deaths
    in 2020 up to 6 July.

    \b
    watcher demo
    watcher demo --folder my-demo     # to look around in it afterwards
    """
    configure(level="error")
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise UsageError("the folder is not empty", where=str(folder), todo="name a new one")
    home = folder or Path(tempfile.mkdtemp(prefix="watcher-demo-"))
    _introduce()
    started = time.monotonic()
    screen = Screen()
    with closing(Demo(home, screen.arrived)) as demo:
        demo.prepare()
        demo.play(screen.week)
    screen.done()
    _conclude(home, demo.config, screen, time.monotonic() - started)
    return 0


class Screen:
    """What a person sees while the year goes by."""

    def __init__(self) -> None:
        self._in_place = on_terminal()
        self._month = 0
        self.arrivals = 0
        self.chart: list[Point] = []

    def week(self, week: Week) -> None:
        """Show that a turn was taken: in place on a terminal, a line a month elsewhere."""
        share = (week.day - FIRST_TURN).days / (LAST_TURN - FIRST_TURN).days
        line = f"{week.day:%d %b %Y}  [{'#' * round(24 * share):.<24}]  {week.records:3} records"
        if self._in_place:
            print(f"\r\033[K{line}", end="", flush=True)
        elif week.day.month != self._month:
            print(line)
        self._month = week.day.month

    def arrived(self, body: Mapping[str, Any]) -> None:
        """Print a message as a person would want to read it."""
        self.done()
        self.arrivals += 1
        for alert in body["alerts"]:
            self._print_alert(alert, body["watcher"]["alerts"][alert["fingerprint"]])

    def done(self) -> None:
        """Clear the progress line."""
        if self._in_place:
            print("\r\033[K", end="")

    def _print_alert(self, alert: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
        severity = str(alert["labels"]["severity"])
        dot = "●" if draws() else "*"
        over = " (over)" if alert["status"] == "resolved" else ""
        print()
        click.echo(
            click.style(
                f"  {dot} {severity.upper()}{over}  {alert['annotations']['summary']}", fg=_COLOURS[severity], bold=True
            )
        )
        for line in textwrap.wrap(str(alert["annotations"].get("description", "")), 76):
            print(f"    {line}")
        click.echo(click.style(f"    webhook arrived, signature verified; alert {alert['fingerprint']}", dim=True))
        print()
        points = detail.get("evidence", {}).get("chart") or []
        if points:
            self.chart = [(date.fromisoformat(day), observed, expected) for day, observed, expected in points]


def _introduce() -> None:
    print("watcher: the article of July 2020, replayed on made-up rows with the article's totals.")
    print("2019 is loaded as the baseline; then each week of 2020 brings a release, and a turn is taken.")
    print()


def _conclude(home: Path, config: Path, screen: Screen, seconds: float) -> None:
    if screen.chart:
        width = min(100, max(60, shutil.get_terminal_size((80, 24)).columns))
        print(pace_chart(screen.chart, width=width, unit="deaths", colour=on_terminal(), ascii_only=not draws()))
        print()
    messages = len(list((home / "state" / "messages").rglob("*.eml")))
    print(f"{screen.arrivals} messages arrived at the receiver, in {seconds:.0f} s. What is left to look at:")
    print(f"  the store      {home / 'state' / 'watcher.db'}")
    print(f"  the rules      {home / 'rules'}")
    print(f"  the e-mails    {home / 'state' / 'messages'}  ({messages} .eml files)")
    print()
    program = Path(sys.argv[0])
    watcher = program if program.name == "watcher" else "watcher"
    print("Try next:")
    for arguments in (
        "alerts",
        "explain mozambique-fatality-rate-exceeds-2019-pace",
        "facts --as-known 2020-07-31",
        "status",
    ):
        print(f"  {watcher} {arguments} --config {config}")
    print(f"  {watcher} init my-desk      # and begin with your own records")
