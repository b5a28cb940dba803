"""`watcher init`, `migrate` and `backup`."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import chdir, closing

import pytest

from watcher import shipped
from watcher.singleton import holding
from watcher.store.schema import SCHEMA_REVISION

# --- init -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path, run):
    """A new folder, begun by `watcher init`."""
    folder = tmp_path / "desk"
    said = run("init", str(folder))
    assert (said.code, said.err) == (0, "")
    return folder


def test_init_writes_settings_routes_rules_and_a_store(fresh):
    found = {path.relative_to(fresh).parts[0] for path in fresh.iterdir()}
    assert found == {"inbox", "watcher.yaml", "notify.yaml", "rules", "state"}
    assert (fresh / "state" / "watcher.db").stat().st_mode & 0o777 == 0o600
    assert (fresh / "state").stat().st_mode & 0o777 == 0o700


def test_what_init_writes_has_nothing_wrong_with_it(fresh, good):
    assert good("lint", "--config", str(fresh / "watcher.yaml")).startswith("nothing is wrong; ")


def test_init_again_keeps_what_is_there_and_repairs_what_is_missing(fresh, good):
    (fresh / "watcher.yaml").write_text("instance: mine\n")
    (fresh / "notify.yaml").unlink()
    said = good("init", str(fresh))
    assert f"    kept  {fresh / 'watcher.yaml'}" in said
    assert f" written  {fresh / 'notify.yaml'}" in said
    assert (fresh / "watcher.yaml").read_text() == "instance: mine\n"


def test_init_says_where_to_go_before_it_says_what_to_type(home, good):
    said = good("init", "a desk", "--empty")
    advice = said.partition("Next: ")[2].splitlines()
    assert advice[1] == "  cd 'a desk'"
    assert (home / "a desk" / "watcher.yaml").exists()


@pytest.mark.parametrize("here", [(), (".",), ("../home",)], ids=["no folder", "a dot", "a way back"])
def test_init_sends_nobody_to_where_one_stands(home, good, here):
    assert "  cd " not in good("init", *here)


def test_the_rules_that_init_copies_may_be_written_by_their_owner_alone(tmp_path, monkeypatch):
    rules = tmp_path / "data" / "rules"
    shutil.copytree(shipped.shipped("rules"), rules)
    for path in (rules, *rules.rglob("*")):
        path.chmod(0o777)
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "data" / "package")
    copied = tmp_path / "copied"
    shipped.copy_rules(copied)
    assert [path for path in (copied, *copied.rglob("*")) if path.stat().st_mode & 0o022] == []


def test_init_can_leave_the_shipped_rules_out(tmp_path, good):
    good("init", str(tmp_path / "desk"), "--empty")
    assert [path.name for path in (tmp_path / "desk" / "rules").iterdir()] == ["rules.schema.json"]


def test_a_first_check_after_init_is_silent(fresh, good):
    assert good("check", "--config", str(fresh / "watcher.yaml")) == ""


# --- backup -----------------------------------------------------------------------------------------------------------


def test_a_backup_is_a_whole_copy_with_its_checksum(home, it_is, good, tmp_path):
    it_is("2020-08-02T09:00")
    good("check")
    target = tmp_path / "copy.db"
    said = good("backup", str(target))
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    assert said == f"{target}: {target.stat().st_size} bytes, sha256 {digest}\n"
    assert digest in (tmp_path / "copy.db.sha256").read_text()
    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("select count(*) from alert").fetchone()[0] > 0


def test_a_backup_that_cannot_be_written_leaves_nothing(run, tmp_path):
    said = run("backup", str(tmp_path / "nowhere" / "copy.db"))
    assert said.code == 74
    assert list(tmp_path.glob("copy*")) == []


def test_backups_in_a_folder_are_kept_up_to_a_number(it_is, good, tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    for day in ("2020-08-02", "2020-08-03", "2020-08-04"):
        it_is(f"{day}T09:00")
        said = good("backup", "--keep", "2", str(folder))
    kept = sorted(path.name for path in folder.glob("*.db"))
    assert [name[-len("20200803T090000Z.db") :] for name in kept] == ["20200803T090000Z.db", "20200804T090000Z.db"]
    assert said.splitlines()[1].startswith("removed 1 older backup: ")
    assert "-20200802T090000Z.db" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["copies", "--keep", "2"], "copies is no folder", id="to keep some in what is no folder"),
        pytest.param(["."], ". is a folder", id="a folder without a number"),
        pytest.param([".", "--keep", "2", "--verify"], "nothing to keep", id="to verify and to keep"),
        pytest.param([".", "--keep", "0"], "--keep", id="to keep none"),
    ],
)
def test_what_backup_cannot_mean_is_refused(run, arguments, said):
    done = run("backup", *arguments)
    assert done.code == 2
    assert said in done.err


# --- migrate ----------------------------------------------------------------------------------------------------------


def test_a_store_of_this_version_needs_no_migration(good):
    assert good("migrate") == f"nothing to do: the store is of this version ({SCHEMA_REVISION})\n"


def make_old(home) -> None:
    """A store from before the first revision: empty but for the table that names it."""
    path = home / "state" / "watcher.db"
    with closing(sqlite3.connect(path)) as store:
        store.executescript("update alembic_version set version_num = '0000'")


def test_check_refuses_a_store_of_an_older_version_and_says_what_to_do(home, run):
    make_old(home)
    said = run("check")
    assert said.code == 78
    assert "the store has the tables of an older version (0000); this one needs 0001 (run: watcher migrate)" in said.err


def test_check_refuses_a_store_of_a_newer_version_and_says_what_to_do(home, run):
    path = home / "state" / "watcher.db"
    with closing(sqlite3.connect(path)) as store:
        store.executescript("update alembic_version set version_num = '9999'")
    said = run("check")
    assert said.code == 78
    assert "install a newer watcher" in said.err


def test_a_migration_takes_a_backup_first_and_a_failing_one_leaves_the_store_as_it_was(home, run):
    make_old(home)
    said = run("migrate")
    assert said.code == 78
    [backup] = (home / "state" / "backups").glob("before-0000-*.db")
    assert said.out == f"backup: {backup}\n"
    assert "the store cannot be migrated" in said.err
    with closing(sqlite3.connect(home / "state" / "watcher.db")) as store:
        assert store.execute("select version_num from alembic_version").fetchone() == ("0000",)


def test_no_migration_while_the_daemon_is_at_work(home, run):
    with holding(home / "state" / "daemon.lock", who="the daemon"):
        said = run("migrate")
    assert said.code == 75
    assert "the daemon is at work on this store (stop it first)" in said.err


def test_the_facts_and_the_stated_numbers_of_the_rules_are_there_from_the_beginning(good):
    good("init", "fresh")
    with chdir("fresh"):
        assert "clashing" in good("facts", "rivalry")
        assert "moz_2019" in good("baseline")
