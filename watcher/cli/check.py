"""`watcher check`: one turn, for cron."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import click

from watcher import clock
from watcher.app import App, recover_pulls, turn
from watcher.cli import nagios
from watcher.cli.judgement import judge_dry
from watcher.cli.number import Whole
from watcher.cli.opening import (
    alone,
    as_known_option,
    config_option,
    end_of,
    moment,
    on_terminal,
    open_settings,
    open_store,
    quiet_log,
)
from watcher.cli.table import safe
from watcher.config.settings import Settings
from watcher.control import ask
from watcher.core.alert import Alert, State
from watcher.core.errors import ExitCode, Locked, StoreError, UsageError, WatcherError
from watcher.core.severity import Severity
from watcher.metrics import write_textfile
from watcher.report import Conclusion, conclude
from watcher.singleton import holding, is_held
from watcher.store.alerts import find_alerts, rule_states
from watcher.store.runs import finish_run, start_run
from watcher.wiring import heartbeat, open_app

#: An overlapping cron job says so only after this many turns were missed in a row.
MISSED_TURNS = 3


@click.command()
@config_option
@click.option("--no-notify", is_flag=True, help="Record everything, send nothing.")
@click.option("--as-of", metavar="MOMENT", help="Judge as if it were this moment: 2020-07-07, or with a time.")
@as_known_option("Only say which rules hold by what was known then: nothing is read, stored or told.")
@click.option("--fail-on", type=click.Choice(["warning", "critical"]), help="Exit 1 when such an alert fires.")
@click.option("--strict", is_flag=True, help="Exit 65 when rows were quarantined.")
@click.option("--format", "style", type=click.Choice(["text", "json", "nagios"]), help="Print the result this way.")
@click.option("--print", "show", type=click.Choice(["firing"]), help="Print the alerts that fire.")
@click.option(
    "--timeout",
    type=Whole(),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="A wall for everything.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log to standard error.")
def command(config: Path | None, *, timeout: int, verbose: bool, **options: Any) -> int:
    r"""One turn: read what is new, judge what is due, tell who is to be told; then exit.

    Silent when all is well and nobody is watching: cron sends mail only when somebody should look. While the daemon
    runs, it is asked for the turn.

    \b
    watcher check                                    # from cron, every quarter of an hour
    watcher check --no-notify                        # the first time: record everything, send nothing
    watcher check --format nagios
    watcher check --as-known 2020-07-07              # a dry judgement: what held then

    \b
    Exit codes: 0 done   1 an alert fires (--fail-on)   65 rows quarantined (--strict)
      69 a source cannot be read   74 the store cannot be read or written   75 locked, try later
      78 rules or settings invalid   79 a message cannot be told   124 the timeout
    """
    with _wall(timeout):
        if options["style"] == "nagios":
            return nagios.guarded(lambda: _check(config, timeout, options, verbose=verbose))
        return _check(config, timeout, options, verbose=verbose)


def _check(config: Path | None, timeout: int, options: dict[str, Any], *, verbose: bool) -> int:
    settings = open_settings(config)
    quiet_log(settings, verbose=verbose)
    if options["as_known"]:
        return _judge_dry(settings, options)
    if is_held(settings.state_dir / "daemon.lock"):
        return _ask_the_daemon(settings, timeout, options)
    try:
        return _own_turn(settings, options)
    except StoreError as error:
        from watcher.emergency import raise_alarm

        raise_alarm(settings, error, now=clock.wall())
        raise


def _judge_dry(settings: Settings, options: dict[str, Any]) -> int:
    """Say what held then; a turn that stored it would make an alert's life run backwards."""
    for name in ("as_of", "strict", "show", "no_notify"):
        if options[name]:
            flag = "print" if name == "show" else name.replace("_", "-")
            raise UsageError(f"--as-known takes no turn, so --{flag} means nothing beside it", todo="leave one out")
    if options["style"] == "nagios":
        raise UsageError("--as-known is about the past, and --format nagios about now", todo="leave one out")
    known = end_of(options["as_known"])
    return judge_dry(settings, known, fail_on=options["fail_on"], style=options["style"] or "text")


def _own_turn(settings: Settings, options: dict[str, Any]) -> int:
    now = moment(options["as_of"]) if options["as_of"] else clock.wall()
    try:
        with holding(settings.state_dir / "check.lock", who="a check"):
            _missed(settings).unlink(missing_ok=True)
            return _take_a_turn(settings, now, options)
    except Locked as busy:
        if options["style"] == "nagios":
            raise
        return _overlapping(settings, busy)


def _take_a_turn(settings: Settings, now: datetime, options: dict[str, Any]) -> int:
    pulse = heartbeat(settings)
    if pulse is not None:
        pulse.start()
    try:
        result = _judged(settings, now, options)
    except Locked:
        # Somebody else is at work: neither life nor its end.
        raise
    except WatcherError as error:
        if pulse is not None:
            pulse.fail(clock.wall(), str(error))
        raise
    if pulse is not None:
        is_well = result.exit_code in {ExitCode.OK, ExitCode.FIRING}
        if is_well:
            pulse.success(clock.wall())
        else:
            pulse.fail(clock.wall(), "\n".join(result.problems))
    return _print(result, options)


def _judged(settings: Settings, now: datetime, options: dict[str, Any]) -> Conclusion:
    with closing(open_app(settings)) as app:
        if options["as_of"]:
            _refuse_the_future(now)
            _refuse_to_go_back(app, now)
        with app.store.writing() as tx:
            run = start_run(tx, "check", now=clock.wall())
        with alone(settings, who="a check"):
            app.couriers.recover(clock.wall())
            recover_pulls(app)
            done = turn(app, now, notify=not options["no_notify"])
        with app.store.writing() as tx:
            result = conclude(tx, done, strict=options["strict"], now=clock.wall())
            finish_run(tx, run, exit_code=int(result.exit_code), summary=result.summary, now=clock.wall())
            firing = find_alerts(tx, states=(State.FIRING, State.RECOVERING)) if options["show"] else []
        if settings.textfile is not None:
            _write_metrics(settings.textfile, app)
    _print_firing(firing)
    return result


def _write_metrics(path: Path, app: App) -> None:
    """Leave the metrics to node_exporter; what cannot be written there stops no turn."""
    try:
        write_textfile(path, app.store, app.feeds, clock.wall())
    except OSError as error:
        print(f"watcher: {safe(str(path))}: the metrics cannot be written: {error.strerror}", file=sys.stderr)


def _print(result: Conclusion, options: dict[str, Any]) -> int:
    for problem in result.problems:
        print(f"watcher: {safe(problem)}", file=sys.stderr)
    code = _exit_code(result, options)
    style = options["style"] or ("text" if on_terminal() else "")
    if style == "json":
        print(json.dumps({"exit_code": code, **result.summary, "problems": result.problems}, sort_keys=True))
    elif style == "nagios":
        line, code = nagios.of_check(result.summary.get("firing", {}), result.problems)
        print(line)
    elif style == "text" and result.summary:
        print(_sentence(result.summary))
    return code


def _exit_code(result: Conclusion, options: dict[str, Any]) -> int:
    worst, limit = result.worst, options["fail_on"]
    fires = limit is not None and worst is not None and worst.rank >= Severity(limit).rank
    return int(ExitCode.FIRING if result.exit_code is ExitCode.OK and fires else result.exit_code)


def _print_firing(alerts: Sequence[Alert]) -> None:
    for alert in alerts:
        group = " ".join(f"{name}={value}" for name, value in alert.group)
        since = f"{alert.fired_at:%Y-%m-%d %H:%M}" if alert.fired_at else ""
        print(safe(f"{alert.severity:8}  {alert.fingerprint}  since {since}  {alert.rule}  {group}".rstrip()))


def _sentence(summary: dict[str, Any]) -> str:
    firing = ", ".join(f"{number} {level}" for level, number in reversed(summary["firing"].items()) if number)
    return (
        f"{summary['added']} new, {summary['revised']} revised, {summary['deleted']} deleted records; "
        f"{summary['judged']} judgements, {summary['transitions']} transitions; "
        f"{summary['delivered']} delivered, {summary['waiting']} waiting; firing: {firing or 'nothing'}"
    )


def _refuse_the_future(now: datetime) -> None:
    if now > clock.wall() + timedelta(days=1):
        raise UsageError(f"--as-of {now:%Y-%m-%d %H:%M} lies in the future", todo="nothing is known of it yet")


def _refuse_to_go_back(app: App, now: datetime) -> None:
    with app.store.reading() as tx:
        newest = max((state.last_tick for state in rule_states(tx).values()), default=None)
    if newest is not None and now < newest:
        raise UsageError(
            f"--as-of {now:%Y-%m-%d %H:%M} lies before the last turn, {newest:%Y-%m-%d %H:%M} UTC: "
            "an alert's life cannot run backwards",
            todo="use a store of its own for the past, or: watcher check --as-known, watcher explain RULE --as-known",
        )


def _ask_the_daemon(settings: Settings, timeout: int, options: dict[str, Any]) -> int:
    """Have the running daemon take the turn, and report what it says."""
    if options["as_of"]:
        raise UsageError("--as-of needs a turn of its own, and the daemon is at work", todo="stop it first")
    question = {"ask": "turn", "notify": not options["no_notify"], "strict": options["strict"]}
    answer = ask(settings.state_dir / "daemon.sock", question, timeout_s=timeout)
    if options["show"]:
        with open_store(settings, read_only=True) as store, store.reading() as tx:
            _print_firing(find_alerts(tx, states=(State.FIRING, State.RECOVERING)))
    return _print(Conclusion(ExitCode(answer["exit_code"]), answer["summary"], answer["problems"]), options)


def _missed(settings: Settings) -> Path:
    return settings.state_dir / "check.missed"


def _overlapping(settings: Settings, busy: Locked) -> int:
    """Exit 75, in silence at first: a slow turn and an eager cron must not send mail every minute."""
    missed = _missed(settings)
    times = int(missed.read_text() or 0) + 1 if missed.exists() else 1
    missed.write_text(str(times))
    if times >= MISSED_TURNS:
        print(f"watcher: {busy}; {times} turns missed in a row", file=sys.stderr)
    return ExitCode.LOCKED


@contextmanager
def _wall(seconds: int) -> Iterator[None]:
    """Nothing in here takes longer than this."""

    def on_alarm(*_: object) -> NoReturn:
        print(f"watcher: not done after {seconds} s; what is stored stays, the next turn goes on", file=sys.stderr)
        raise SystemExit(ExitCode.TIMEOUT)

    before = signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
