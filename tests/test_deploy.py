"""What is deployed: units that systemd accepts, a crontab that cron reads, settings that load, an image that is not root's."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from datetime import date
from pathlib import Path

import click
import pytest

from watcher.cli import doors
from watcher.config.notify import load_notify
from watcher.config.settings import load_settings
from watcher.core.errors import ProblemSeverity
from watcher.lint.installation import lint_installation

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = DEPLOY / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
CRONTAB = DEPLOY / "cron.d" / "watcher"
DOCKERFILE = DEPLOY / "Dockerfile"
#: systemd's own measure times ten, from 0 to 100; a service without any hardening has 96.
EXPOSURE = 15


def analyse(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def unit(path: Path) -> configparser.ConfigParser:
    """A unit file; of a key that stands several times, the last."""
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys are told apart by case
    parsed.read(path, encoding="utf-8")
    return parsed


# --- systemd ----------------------------------------------------------------------------------------------------------


def test_systemd_accepts_the_units(tmp_path):
    """Verified with a program that exists, because /opt/watcher is there on the machine of the desk only."""
    for path in UNITS.iterdir():
        text = path.read_text("utf-8").replace("/opt/watcher/bin/watcher", "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = analyse("verify", *(str(path) for path in sorted(tmp_path.iterdir())))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", SERVICES, ids=[path.name for path in SERVICES])
def test_a_service_is_hardened(path):
    done = analyse("security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(path))
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@pytest.mark.parametrize("path", SERVICES, ids=[path.name for path in SERVICES])
def test_a_service_runs_as_its_own_user_and_types_a_command_that_exists(path):
    service = unit(path)["Service"]
    assert (service["User"], service["Group"]) == ("watcher", "watcher")
    assert complaint(service["ExecStart"]) is None


def test_the_timer_starts_the_service_of_its_name():
    assert (UNITS / "watcher-check.service").exists()
    assert "OnCalendar" in unit(UNITS / "watcher-check.timer")["Timer"]


def test_both_services_are_hardened_alike():
    daemon, check = (dict(unit(UNITS / name)["Service"]) for name in ("watcher.service", "watcher-check.service"))
    own = {"Type", "ExecStart", "SuccessExitStatus", "TimeoutStartSec"}
    assert {key: value for key, value in check.items() if key not in own}.items() <= daemon.items()


def test_the_daemon_may_drain_before_it_is_killed():
    service = unit(UNITS / "watcher.service")["Service"]
    assert service["Type"] == "notify"
    # daemon.DRAIN is 25 s; the rest is for the store.
    assert int(service["TimeoutStopSec"]) >= 30


# --- cron -------------------------------------------------------------------------------------------------------------

_FIELD = r"(?:\*|\d+(?:-\d+)?)(?:/\d+)?(?:,\d+)*"
_ENTRY = re.compile(rf"(?:{_FIELD}\s+){{5}}(?P<user>\S+)\s+(?P<command>\S.*)")
_VARIABLE = re.compile(r"[A-Z]+=\S+")


def entries() -> list[str]:
    return [line for line in CRONTAB.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def test_cron_reads_every_line():
    assert all(_ENTRY.fullmatch(line) or _VARIABLE.fullmatch(line) for line in entries())
    assert CRONTAB.read_text("utf-8").endswith("\n"), "cron passes over a last line without an end"
    assert "." not in CRONTAB.name, "cron.d passes over names with a dot"


def commented() -> list[str]:
    """The lines that a person may take the comment off."""
    return [line[1:] for line in CRONTAB.read_text("utf-8").splitlines() if _ENTRY.fullmatch(line[1:])]


@pytest.mark.parametrize("line", [line for line in [*entries(), *commented()] if _ENTRY.fullmatch(line)])
def test_a_cron_job_runs_as_the_service_and_types_a_command_that_exists(line):
    entry = _ENTRY.fullmatch(line)
    assert entry is not None
    assert entry["user"] == "watcher"
    assert not re.search(r"(?<!\\)%", entry["command"]), "cron takes a bare % for a line's end"
    typed = re.sub(r"\$\([^)]*\)", "1", entry["command"]).partition(">")[0]
    assert complaint(typed) is None


def test_a_cron_job_has_all_it_needs_in_its_line():
    names = {line.partition("=")[0] for line in entries() if _VARIABLE.fullmatch(line)}
    assert {"SHELL", "PATH", "MAILTO"} <= names


def complaint(line: str) -> str | None:
    """What the command line has against a command, which begins with where watcher is installed."""
    program, name, *arguments = shlex.split(line)
    if program != "/opt/watcher/bin/watcher":
        return f"{program} is not where watcher is installed"
    command = doors.get_command(click.Context(doors), name)
    if command is None:
        return f"there is no command {name!r}"
    try:
        command.make_context(name, arguments)
    except click.UsageError as error:
        return error.message
    return None


# --- settings and routes ----------------------------------------------------------------------------------------------


def without_comments_on_keys(text: str) -> str:
    """The file as it is when somebody has taken the comment off every example in it."""
    return re.sub(r"^( *)# (?=( *)(?:- |[a-z_]+:))", r"\1", text, flags=re.MULTILINE)


def test_the_settings_load():
    settings = load_settings(DEPLOY / "watcher.yaml", environ={})
    assert settings.notify == DEPLOY / "notify.yaml"
    assert list(settings.sources) == ["acled"]


def test_the_routes_load_and_tell_the_desk_everything_and_the_duty_officer_what_is_critical():
    routing = load_notify(DEPLOY / "notify.yaml")
    critical, warning = (
        [target.receiver for target in routing.route.targets({"alertname": "Any", "severity": severity})]
        for severity in ("critical", "warning")
    )
    assert (critical, warning) == (["duty-officer", "desk"], ["desk"])
    assert set(routing.receivers) == {"desk", "duty-officer", "test"}


def test_every_example_in_the_comments_can_be_taken_over(tmp_path):
    settings = without_comments_on_keys((DEPLOY / "watcher.yaml").read_text("utf-8"))
    routes = without_comments_on_keys((DEPLOY / "notify.yaml").read_text("utf-8"))
    assert "\nmail:\n" in settings
    assert "    email_configs:\n" in routes
    (tmp_path / "watcher.yaml").write_text(settings, encoding="utf-8")
    (tmp_path / "notify.yaml").write_text(routes, encoding="utf-8")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("smtp-password", "webhook-secret"):
        (secrets / name).write_text("whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", encoding="utf-8")
        (secrets / name).chmod(0o600)
    shutil.copytree(DEPLOY.parent / "rules", tmp_path / "rules")
    loaded = load_settings(tmp_path / "watcher.yaml", environ={})
    assert set(loaded.sources) == {"acled", "ucdp", "desk_log"}
    found = lint_installation(loaded, today=date(2020, 7, 1))
    assert [str(problem) for problem in found.at_least(ProblemSeverity.WARNING)] == []


# --- the image --------------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """The (instruction, arguments) of the Dockerfile."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [(name.upper(), rest) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def test_the_image_begins_with_a_base_of_a_stated_version():
    bases = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    assert instructions()[0][0] == "FROM"
    assert all(re.search(r":[\d.]+\S*$", base) and "latest" not in base for base in bases)


def test_the_image_runs_as_an_ordinary_user_who_exists():
    rest = instructions()
    last_stage = rest[max(number for number, (name, _) in enumerate(rest) if name == "FROM") :]
    users = [argument for name, argument in last_stage if name == "USER"]
    # By number: a host that must not run it as root cannot look a name up.
    [number] = users
    assert re.fullmatch(r"([1-9]\d*):\1", number)
    made = next(argument for name, argument in last_stage if name == "RUN" and "useradd" in argument)
    assert f"--uid {number.partition(':')[0]} " in made
    assert f"--gid {number.partition(':')[2]} " in made


def test_the_image_installs_what_is_locked_and_copies_what_is_there():
    rest = instructions()
    assert any("--require-hashes" in argument for name, argument in rest if name == "RUN")
    copied = [argument.split()[:-1] for name, argument in rest if name == "COPY" and "--from" not in argument]
    assert all((DEPLOY.parent / source).exists() for sources in copied for source in sources)


def test_what_the_image_needs_is_not_kept_out_of_it():
    ignored = (DEPLOY.parent / ".dockerignore").read_text("utf-8").split()
    assert not {"watcher", "rules", "migrations", "deploy", "requirements", "README.md", "LICENSE"} & set(ignored)


def test_hadolint_has_nothing_to_say():
    program = shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run([program, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
