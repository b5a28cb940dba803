"""The command line: one command, one file. The only place where errors become text and exit codes.

A command is imported when it is called, so that ``watcher --help`` stays fast.
"""

from __future__ import annotations

import difflib
import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from keyword import iskeyword
from pathlib import Path

import click

from watcher.cli import streams
from watcher.core.errors import ConfigError, ExitCode, WatcherError

#: Section → command → what it does, in one line.
SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Begin": {
        "demo": "Replay the article: watch a real alert arrive.",
        "init": "Write the settings, the routes and the rules, and make the store.",
    },
    "Every day": {
        "check": "One turn, for cron: read, judge, tell.",
        "run": "The daemon: turns on a timetable.",
        "status": "How things stand: alerts, sources, outbox.",
        "alerts": "The alerts, and the history of each.",
        "history": "What happened to alerts, in one line of time.",
        "ack": "Say that you have seen an alert: it sends no reminders.",
        "verdict": "Say whether an alert was a true alarm, and what that says of each rule.",
        "outbox": "Messages on their way: list, show, replay, cancel.",
        "explain": "Why an alert fired, or a rule did not, step by step.",
        "replay": "Work the evidence of an alert out again from the store, to the last digit.",
        "silence": "Keep alerts from being told for a while, and say why.",
    },
    "Records and facts": {
        "source": "Where records come from, and whether they do: list, test, pull, add.",
        "ingest": "Read files of records into the store.",
        "events": "List or export the records behind any selector.",
        "vocabulary": "The actors, countries, areas and types that the records really hold.",
        "delay": "How late the records of a source come in, and the query_offset that follows.",
        "quarantine": "Rows that could not be read: list, show, retry.",
        "release": "Let a bulk change in that is held, or throw it away.",
        "facts": "What is known of rivalry, leadership, control, ..., as of any date.",
        "baseline": "The stated numbers that rates are compared with.",
        "assert": "State a fact in the desk's name.",
        "confirm": "Confirm a fact: the desk has checked it.",
        "withdraw": "Take back what the desk asserted.",
    },
    "Rules": {
        "lint": "Check rules, settings and routes.",
        "test": "Run rule tests: made-up records in, expected alerts out.",
        "simulate": "Try a rule on made-up years: its false alarms, and how soon it finds a rise.",
        "backtest": "Go through past days as the desk would have lived them: alerts, messages, hits and misses.",
        "rules": "List the rules, or show one with every default.",
        "rate": "Compare two totals through every test: 447/188d 660/365d.",
        "route": "Where an alert goes, when, and what mutes it.",
        "drill": "Send a message marked as a drill to a receiver.",
    },
    "House": {
        "migrate": "Bring the store to this version; a backup is taken first.",
        "migrate-store": "Move the store into another database: SQLite to PostgreSQL, or back.",
        "backup": "Copy the store while it is in use, and verify the copy.",
        "prune": "Let go of old messages and runs; of what judgements rest on, never.",
        "restore": "Put a backup in the place of the store.",
        "support-bundle": "What whoever helps needs to know, without secrets and without records.",
        "doctor": "What is wrong with the house, and what to do about it.",
    },
}


class Doors(click.Group):
    """The commands, each in a module of its own that is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the base class's signature
        """Every command, in the order of the help."""
        return [name for section in SECTIONS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None when there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command: click.Command = import_module(f"watcher.cli.{module}").command
        _keep_examples(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; a misspelt one is answered with the nearest."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f"did you mean '{near[0]}'?" if near else "see: watcher --help"
            raise click.UsageError(f"there is no command '{args[0]}'; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the base class's signature
        """The commands by section, without importing any of them."""
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl(list(commands.items()))


def _keep_examples(command: click.Command) -> None:
    r"""Keep the lines of examples as they stand: click looks for the character that ``\b`` means, not for ``\b``."""
    command.help = (command.help or "").replace("\\b\n", "\b\n")
    for each in command.commands.values() if isinstance(command, click.Group) else ():
        _keep_examples(each)


@click.group(cls=Doors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="watcher", message="%(version)s")
def doors() -> None:
    """Watch political-violence indicators and tell people when one leaves its baseline.

    New here? `watcher demo` shows a real alert; `watcher init` begins in this folder.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; every error becomes a line that says what to do."""
    streams.prepare()
    try:
        return streams.finish(_run(arguments))
    except streams.UnwrittenError as error:
        return streams.give_up(error)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        return int(doors.main(args=arguments, prog_name="watcher", standalone_mode=False) or 0)
    except (click.Abort, KeyboardInterrupt):
        return 130
    except SystemExit as ended:
        return int(ended.code or 0)
    except streams.UnwrittenError:
        raise
    except Exception as error:  # noqa: BLE001 - the last line before the shell
        return _tell(error)


def _tell(error: Exception) -> int:
    """Say what went wrong and what to do about it."""
    from watcher.cli.fault import told
    from watcher.cli.table import safe

    if isinstance(error, OSError) and (refused := told(error)) is not None:
        _trace(error)
        error = refused
    if isinstance(error, click.ClickException):
        error.show(sys.stderr)
        return ExitCode.USAGE
    if isinstance(error, ConfigError):
        for problem in error.problems:
            print(safe(str(problem)), file=sys.stderr)
        return error.exit_code
    if isinstance(error, WatcherError):
        print(f"watcher: {safe(str(error))}", file=sys.stderr)
        return error.exit_code
    return _bug(error)


def _bug(error: Exception) -> int:
    from watcher.log import redacted

    _trace(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    told = redacted(f"{type(error).__name__}: {error}")[:300]
    print(f"watcher: a bug, at {Path(place.filename).name}:{place.lineno}: {told}", file=sys.stderr)
    print("watcher: please report it with the output of: WATCHER_TRACEBACK=1 watcher ...", file=sys.stderr)
    return ExitCode.BUG


def _trace(error: Exception) -> None:
    """Print where an error comes from, for whoever asks to see it."""
    if os.environ.get("WATCHER_TRACEBACK"):
        from watcher.log import redacted

        print(redacted("".join(traceback.format_exception(error))), file=sys.stderr)
