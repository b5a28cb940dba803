"""The bench: what watcher takes, beside its floor and what a person would write instead, in one run.

``python -m tests.bench`` prints a table and writes the same as JSON. Absolute times drift with the machine; the ratios
are what counts. It is no part of the test suite.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench import loading, records, rules

ROOT = Path(__file__).parents[2]
#: With so many rules each record is held against every one of them as well.
EVERY = 100
#: Rule files that are loaded.
FILES = 1_000
PARTS = ("cold", "ingest", "rules", "match", "load", "pace", "series", "backtest", "outbox")
#: Tests of two rates, how often each is made, and how often scipy's.
TESTS, PACES, BY_SCIPY = ("exact", "midp", "compound", "inflated", "quasi"), 1_000, 50
#: Messages that wait in an outbox; in lines of their own, and in one.
WAITING = (1_000, 10_000)
#: Weekly series whose newest week is judged.
SERIES = 1_000
#: The days of a backtest.
TEN_YEARS = ("2016-01-01", "2025-12-31")


class Line(NamedTuple):
    """One measurement beside another."""

    work: str
    seconds: float
    #: What it is held against, and how long that took.
    beside: str
    floor: float
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times as long it took."""
        return self.seconds / self.floor


def main() -> None:
    """Measure what is asked for."""
    options = _options()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="watcher-bench-") as folder:
        home = Path(folder)
        parts: Mapping[str, Callable[[], Iterator[Line]]] = {
            "cold": lambda: cold(home / "cold", options.repeat),
            "ingest": lambda: ingest(home / "ingest", options.rows),
            "rules": lambda: judge(home / "rules", options.rows, options.rules),
            "match": lambda: match(home / "match", options.rows),
            "backtest": lambda: backtest(home / "backtest", options.rows),
            "load": lambda: load(home / "load"),
            "pace": pace,
            "series": series,
            "outbox": lambda: outbox(home / "outbox"),
        }
        for part in options.only:
            (home / part).mkdir()
            for line in parts[part]():
                _print(line)
                lines.append(line)
    _write(options.json, lines, rows=options.rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="records in the made-up file (default: 100000)")
    parser.add_argument("--rules", type=int, nargs="+", default=[100, 1_000], help=f"how many, up to {rules.MOST}")
    parser.add_argument("--repeat", type=int, default=9, help="cold starts of each kind (default: 9)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="which parts to run")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where the figures go")
    return parser.parse_args()


# --- a cold `watcher check` -------------------------------------------------------------------------------------------


def cold(home: Path, repeat: int) -> Iterator[Line]:
    """A check that finds nothing new, beside bare Python and beside the imports alone."""
    config = _installation(home)
    records.write(home / "inbox" / "records.csv", 500)
    check = [sys.executable, "-m", "watcher", "check", "--config", str(config)]
    _run(check)
    names = _imports_of(config)
    outside = home / "imports.py"
    outside.write_text(f"import importlib\nfor name in {names}:\n    importlib.import_module(name)\n")
    kinds = {
        "check": check,
        "python -c pass": [sys.executable, "-c", "pass"],
        "the same imports": [sys.executable, str(outside)],
        "watcher --help": [sys.executable, "-m", "watcher", "--help"],
    }
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(repeat):
        for kind, command in kinds.items():
            took[kind].append(_wall(command))
    middle = {kind: statistics.median(each) for kind, each in took.items()}
    for kind in ("python -c pass", "the same imports"):
        yield Line("check, nothing new", middle["check"], kind, middle[kind], f"{len(names)} modules")
    yield Line("watcher --help", middle["watcher --help"], "python -c pass", middle["python -c pass"])


def _imports_of(config: Path) -> list[str]:
    """Every module outside watcher that such a check has loaded at its end."""
    script = (
        "import sys\nfrom watcher import cli\n"
        f"cli.main(['check', '--config', {str(config)!r}])\n"
        "print(*[name for name in sys.modules if name.partition('.')[0] not in {'watcher', '__main__'}])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return [name for name in done.stdout.split() if _can_be_imported(name)]


def _can_be_imported(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _wall(command: Sequence[str]) -> float:
    started = time.perf_counter()
    _run(command)
    return time.perf_counter() - started


def _run(command: Sequence[str]) -> None:
    environ = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environ)


# --- a file of records ------------------------------------------------------------------------------------------------


def ingest(home: Path, rows: int) -> Iterator[Line]:
    """A file for the first time and for the second."""
    config = _installation(home)
    file = records.write(home / "records.csv", rows)
    floor = _floor("read_only", file)
    plain = _floor("plain_sqlite", file, home / "plain.db")
    first = _work("ingest", config, file)
    digest = _floor("hash_only", file)
    again = _work("ingest", config, file)
    _agree(floor, plain, first, again)
    rate = f"{rows / first['seconds']:,.0f} rows/s, peak {first['peak_mb']} MB"
    yield Line(f"ingest of {rows:,} records", first["seconds"], "csv.reader", floor["seconds"], rate)
    yield Line(f"ingest of {rows:,} records", first["seconds"], "csv + sqlite3, WAL", plain["seconds"], rate)
    yield Line("the same file again", again["seconds"], "sha256 of the file", digest["seconds"])


# --- rules ------------------------------------------------------------------------------------------------------------


def judge(home: Path, rows: int, numbers: Sequence[int]) -> Iterator[Line]:
    """Pace rules over a store of records."""
    config = _installation(home)
    file = records.write(home / "records.csv", rows)
    more = records.write(home / "more.csv", 1_000, seed=2021, first_id=rows + 1)
    _work("ingest", config, file)
    for number in numbers:
        copy = home / f"with-{number}"
        shutil.copytree(home, copy, ignore=shutil.ignore_patterns("with-*", "*.csv"))
        shutil.rmtree(copy / "rules")
        (copy / "rules").mkdir()
        rules.write(copy / "rules" / "rules.yaml", number)
        yield from _judged(copy, file, more, number)


def _judged(home: Path, file: Path, more: Path, number: int) -> Iterator[Line]:
    dicts = _floor("dicts", file, number)
    buckets = _floor("buckets_in_sqlite", file, number, home / "buckets.db")
    done = _work("judge", home / "watcher.yaml", more)
    _agree(dicts, buckets, done)
    name = f"{number:,} pace rules"
    rate = f"{done['seconds'] / number * 1e6:,.0f} us a rule"
    yield Line(f"{name} read", done["seconds"], "daily buckets in dicts", dicts["seconds"], rate)
    yield Line(f"{name} read", done["seconds"], "daily buckets in SQLite", buckets["seconds"], rate)
    told = f"{done['judged'][0]} judged, {done['messages']} messages"
    yield Line(f"{name}, first evaluation", done["first"], "daily buckets in SQLite", buckets["seconds"], told)
    told = f"{done['judged'][1]} judged"
    yield Line(f"{name} after 1,000 new records", done["after"], "daily buckets in SQLite", buckets["seconds"], told)
    yield Line(f"{name}, nothing new", done["idle"], "daily buckets in SQLite", buckets["seconds"])
    yield Line(f"{name} loaded from YAML", done["load"], "daily buckets in SQLite", buckets["seconds"])
    yield Line(f"{name}: series built", done["build"], "daily buckets in SQLite", buckets["seconds"])


def backtest(home: Path, rows: int) -> Iterator[Line]:
    """A rule over ten years, day by day, beside sums in dicts: the headline, and one with a group for each province."""
    config = _installation(home)
    file = records.write(home / "records.csv", rows)
    shutil.rmtree(home / "rules")
    (home / "rules").mkdir()
    country = records.COUNTRIES[0]
    rules.write_pace(home / "rules" / "rules.yaml", country)
    _work("ingest", config, file)
    yield from _backtested(config, file, "fatality-rate", floor="paces", beside="running totals in dicts")
    rules.write_threshold(home / "rules" / "rules.yaml", country)
    yield from _backtested(config, file, "many-deaths", floor="windows", beside="moving sums in dicts")


def _backtested(config: Path, file: Path, rule: str, *, floor: str, beside: str) -> Iterator[Line]:
    least = _floor(floor, file, records.COUNTRIES[0], *TEN_YEARS)
    done = _work("backtest", config, rule, *TEN_YEARS)
    _agree(least, done)
    for knowledge in ("as_known", "hindsight"):
        each = done[knowledge] / done["group_days"] * 1e6
        rate = f"{each:,.0f} us a group and day, {done['messages']} messages, peak {done['peak_mb']} MB"
        yield Line(f"ten years of {rule}, {knowledge}", done[knowledge], beside, least["seconds"], rate)


def match(home: Path, rows: int) -> Iterator[Line]:
    """Match rules over the records of a file, beside dicts that are made for just these rules."""
    file = records.write(home / "records.csv", rows)
    for number in (10, 100, 1_000):
        done, floor, bare = (_matched(way, file, number) for way in ("dispatched", "dicts", "csv_and_dicts"))
        _agree(done, floor, bare)
        name = f"{number:,} match rules, {rows:,} records"
        rate = f"{done['seconds'] / rows * 1e6:.1f} us a record, {done['answer'][0]:,} found"
        yield Line(name, done["seconds"], "dicts, same records", floor["seconds"], rate)
        whole = done["reading"] + done["seconds"]
        yield Line(f"{name}, read", whole, "csv.reader + dicts", bare["seconds"], "read, validated, matched")
        if number == EVERY:
            every = _matched("every_rule", file, number)
            _agree(done, every)
            yield Line(name, done["seconds"], "every rule, every record", every["seconds"])


def load(home: Path) -> Iterator[Line]:
    """Rule files, read and checked, beside libyaml's bare events and its loader."""
    paths = loading.write(home, FILES)
    events, plain, ours = loading.times(home, paths)
    yield Line(f"load {FILES} rule files, checked", ours, "libyaml's bare events", events)
    yield Line(f"load {FILES} rule files, checked", ours, "CSafeLoader", plain)


def pace() -> Iterator[Line]:
    """A pace rule whose sums are known, and each test of two rates, beside scipy's exact test."""
    by_scipy = _figures("tests.bench.by_scipy", "exact", str(BY_SCIPY))
    for work, name in (("attacks", "a pace rule of attacks"), ("deaths", "a pace rule of deaths")):
        done = _figures("tests.bench.pace", work, str(PACES))
        rate = f"{done['seconds'] * 1e6:,.0f} us"
        yield Line(f"{name}, read and judged", done["seconds"], "scipy's exact test", by_scipy["seconds"], rate)
    for test in TESTS:
        done = _figures("tests.bench.pace", test, str(PACES))
        if test == "exact":
            _agree(done, by_scipy)
        rate = f"{done['seconds'] * 1e6:,.0f} us"
        yield Line(f"interval and p, {test}", done["seconds"], "scipy's exact test", by_scipy["seconds"], rate)


def series() -> Iterator[Line]:
    """The newest week of many weekly series of seven years, beside the same fit by numpy's matrices."""
    matrices, closed = (_judged_series(way) for way in ("matrices", "closed_form"))
    _agree(matrices, closed)
    name = f"newest week of {SERIES:,} series"
    yield Line(f"{name}, fit alone", closed["seconds"], "numpy, by matrices", matrices["seconds"])
    for method in ("seasonal", "recent", "predictive", "shift", "zscore"):
        done = _judged_series(method)
        rate = f"{SERIES / done['seconds']:,.0f} judged a second"
        yield Line(f"{name}, {method}", done["seconds"], "numpy, by matrices", matrices["seconds"], rate)
    ears, sums = _judged_series("ears"), _judged_series("sums")
    yield Line(
        f"52 weeks of {SERIES:,} series, ears_c1",
        ears["seconds"],
        "numpy, all at once",
        sums["seconds"],
        f"{52 * SERIES / ears['seconds']:,.0f} points/s",
    )


def outbox(home: Path) -> Iterator[Line]:
    """A claim with its outcome, and a look for what is due, where much waits, beside the same where little does."""
    few = _claims(10, 10, home)
    for messages in WAITING:
        for groups, how in ((messages, "a line each"), (1, "one line")):
            done = _claims(messages, groups, home)
            name, rate = f"{messages:,} waiting, {how}", f"{1 / done['seconds']:,.0f} claims a second"
            yield Line(f"{name}: claimed, told", done["seconds"], "10 waiting", few["seconds"], rate)
            yield Line(f"{name}: what is due", done["look"], "10 waiting", few["look"])


def _claims(messages: int, groups: int, home: Path) -> dict[str, Any]:
    return _figures("tests.bench.outbox", "claims", str(messages), str(groups), str(home))


def _judged_series(work: str) -> dict[str, Any]:
    return _figures("tests.bench.series", work, str(SERIES))


def _matched(way: str, file: Path, rules: int) -> dict[str, Any]:
    return _figures("tests.bench.matching", way, str(file), str(rules))


# --- what the parts share ---------------------------------------------------------------------------------------------


def _installation(home: Path) -> Path:
    """An installation with the shipped rules, as `watcher init` makes it, and messages as files."""
    _run([sys.executable, "-m", "watcher", "init", str(home)])
    (home / "inbox").mkdir(exist_ok=True)
    config = home / "watcher.yaml"
    config.write_text("sources:\n  acled: {kind: acled, paths: [inbox], query_offset: 0d}\n", encoding="utf-8")
    return config


def _work(work: str, *arguments: object) -> dict[str, Any]:
    return _figures("tests.bench.works", work, *map(str, arguments))


def _floor(floor: str, *arguments: object) -> dict[str, Any]:
    return _figures("tests.bench.floors", floor, *map(str, arguments))


def _figures(module: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"{module} {arguments[0]} failed:\n{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _agree(*done: Mapping[str, Any]) -> None:
    answers = [each["answer"] for each in done]
    if any(answer != answers[0] for answer in answers):
        sys.exit(f"the answers differ, so the times mean nothing: {answers}")


def _print(line: Line) -> None:
    figures = f"{line.seconds * 1e3:12,.2f} ms {line.floor * 1e3:12,.2f} ms {line.ratio:8.2f} x"
    print(f"{line.work:38} {figures}  {line.beside:24} {line.note}", flush=True)


def _write(path: Path, lines: Sequence[Line], *, rows: int) -> None:
    machine = {"python": platform.python_version(), "machine": platform.machine(), "processors": os.cpu_count()}
    figures = [{**line._asdict(), "ratio": round(line.ratio, 3)} for line in lines]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**machine, "rows": rows, "figures": figures}, indent=2) + "\n", encoding="utf-8")
    print(f"\nfigures: {path}")


if __name__ == "__main__":
    main()
