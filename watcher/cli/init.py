"""`watcher init`: settings, routes, rules and an empty store."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from watcher import clock
from watcher.bench import Bench
from watcher.config.rules import load_rules
from watcher.config.schema import FILE, schema_text
from watcher.config.settings import Settings, load_settings
from watcher.core.errors import ConfigError
from watcher.shipped import copy_rules, shipped
from watcher.store.engine import Store
from watcher.store.migrate import create
from watcher.takeover import take_over


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--empty", is_flag=True, help="Do not copy the shipped rules.")
def command(folder: Path, *, empty: bool) -> int:
    r"""Begin in FOLDER (this one if not given).

    Writes a commented watcher.yaml and notify.yaml, copies the shipped rules, and makes the store. What is already
    there stays as it is: running it again repairs what is missing.

    \b
    watcher init                      # here
    watcher init /etc/watcher         # for a service
    watcher init my-desk --empty      # without the shipped rules
    """
    folder.mkdir(parents=True, exist_ok=True)
    for target, how in _write(folder, empty=empty):
        print(f"{how:>8}  {target}")
    settings = load_settings(folder / "watcher.yaml")
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for drop in _drop_folders(settings):
        drop.mkdir(parents=True, exist_ok=True)
    with create(settings.store.url) as store:
        print(f"{'ready':>8}  {store.shown}")
        _take_over_rules(store, settings)
    print()
    print("Next: say who is told in notify.yaml and the mail server in watcher.yaml, then")
    if folder.resolve() != Path.cwd():
        print(f"  cd {shlex.quote(str(folder))}")
    print("  watcher lint                                  does everything load?")
    print("  watcher ingest your-export.csv --source acled")
    print("  watcher check                                 one turn; put it into cron, or: watcher run")
    return 0


def _take_over_rules(store: Store, settings: Settings) -> None:
    """Load the facts and stated numbers of the rules, so that they can be asked before the first turn."""
    try:
        rules = load_rules(settings.rules)
    except ConfigError as error:
        print(f"{'look':>8}  the rules do not load yet: {error.problems[0]}")
        return
    with store.writing() as tx:
        take_over(Bench(tx, rules, {}, clock.wall()))


def _drop_folders(settings: Settings) -> list[Path]:
    """The folders that sources are to be dropped into and that are not there yet."""
    paths = (path for source in settings.sources.values() for path in source.paths)
    return [path for path in paths if not path.suffix and "*" not in path.name and not path.exists()]


def _write(folder: Path, *, empty: bool) -> Iterator[tuple[Path, str]]:
    templates = shipped("deploy")
    for name in ("watcher.yaml", "notify.yaml"):
        target = folder / name
        if target.exists():
            yield target, "kept"
            continue
        target.write_text((templates / name).read_text(encoding="utf-8"), encoding="utf-8")
        target.chmod(0o640)
        yield target, "written"
    rules = folder / "rules"
    if rules.exists():
        yield rules, "kept"
    elif empty:
        rules.mkdir(mode=0o755)
        yield rules, "made"
    else:
        copy_rules(rules)
        yield rules, "written"
    schema = rules / FILE
    if not schema.exists():
        # What the first line of every rule file names, for editors; a folder that is mounted read-only does without.
        try:
            schema.write_text(schema_text(), encoding="utf-8")
            schema.chmod(0o644)
        except OSError:
            yield schema, "left out"
        else:
            yield schema, "written"
