"""The house is in order: what exists is documented, what is promised holds, and nothing lies about that belongs elsewhere."""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from watcher.app import turn
from watcher.cli import SECTIONS
from watcher.config.files import find_rule_files
from watcher.config.problem import keys_of
from watcher.config.rules import load_rules
from watcher.config.settings import Settings, load_settings
from watcher.core.detectors import DETECTORS
from watcher.core.rule import Rule
from watcher.receivers import RECEIVERS
from watcher.sources import SOURCES
from watcher.store.migrate import create
from watcher.wiring import open_app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MODULES = sorted((ROOT / "watcher").rglob("*.py"))


# --- what exists is documented ----------------------------------------------------------------------------------------


def named_in(page: str) -> set[str]:
    """What a page has a heading or a table entry for: whole headings, and the words in backticks there."""
    text = (DOCS / page).read_text("utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    entries = re.findall(r"^\| *([^|]*)\|", text, re.MULTILINE)
    words = {word for line in (*headings, *entries) for word in re.findall(r"`([^`]+)`", line)} | set(headings)
    return words | {word.removeprefix("watcher ") for word in words} | {word.removesuffix("_configs") for word in words}


DOCUMENTED = [
    pytest.param("reference/cli.md", [name for section in SECTIONS.values() for name in section], id="commands"),
    pytest.param("reference/rules.md", keys_of(Rule), id="keys of a rule"),
    pytest.param("reference/settings.md", keys_of(Settings), id="settings"),
    pytest.param("reference/sources.md", list(SOURCES), id="kinds of sources"),
    *(
        pytest.param("reference/sources.md", keys_of(source.Settings), id=f"options of the source {kind}")
        for kind, source in SOURCES.items()
    ),
    pytest.param("reference/receivers.md", list(RECEIVERS), id="channels"),
    pytest.param("reference/notify.md", list(RECEIVERS), id="channels, among the routes"),
    *(
        pytest.param("reference/receivers.md", keys_of(receiver.Settings), id=f"settings of the channel {channel}")
        for channel, receiver in RECEIVERS.items()
    ),
    pytest.param("detectors/index.md", list(DETECTORS), id="detectors"),
    *(
        pytest.param(f"detectors/{name}.md", keys_of(detector.Parameters), id=f"parameters of {name}")
        for name, detector in DETECTORS.items()
    ),
    *(
        pytest.param(f"detectors/{name}.md", list(detector.OUTPUTS), id=f"outputs of {name}")
        for name, detector in DETECTORS.items()
    ),
]


@pytest.mark.parametrize(("page", "names"), DOCUMENTED)
def test_everything_has_a_heading_or_an_entry_in_its_page(page, names):
    assert names, "nothing to look for"
    assert [name for name in names if name not in named_in(page)] == []


# --- the README -------------------------------------------------------------------------------------------------------

_SETTINGS = """\
instance: desk-1
timezone: Africa/Maputo
contact: the duty officer, +258 00 000 000
runbook: https://wiki.example.org/mozambique
state_dir: state
"""
_ROUTES = "{route: {receiver: desk, repeat_interval: 7d}, receivers: [{name: desk, file_configs: [{format: eml}]}]}"
#: Made up, and known before the article: by it the rule could be judged, and did not hold.
_EARLIER = """\
citations:
  - {citation: earlier, title: An earlier count, publisher: The desk, published: 2020-03-01}
baselines:
  - {baseline: earlier_2019, period: 2019, indicators: [moz_fatalities], fatalities: 660, cite: earlier}
  - {baseline: earlier_2020, period: {from: 2020-01-01, to: 2020-02-29}, indicators: [moz_fatalities], fatalities: 100,
     cite: earlier}
"""


def block(language: str) -> str:
    """The first block of the README in a language."""
    return README.split(f"```{language}\n", 1)[1].split("```", 1)[0]


@pytest.fixture
def headline(tmp_path):
    """What the README's two lines send on the article's totals, by a real turn of a small installation."""
    rules = tmp_path / "rules"
    rules.mkdir()
    shutil.copy(ROOT / "rules" / "shared.yaml", rules)
    before, after = (ROOT / "rules" / "mozambique.yaml").read_text("utf-8").split("\nrules:\n", 1)
    _, what_is_counted = after.split("\nindicators:\n", 1)
    (rules / "mozambique.yaml").write_text(f"{before}\nindicators:\n{what_is_counted}", encoding="utf-8")
    (rules / "earlier.yaml").write_text(_EARLIER, encoding="utf-8")
    (rules / "two-lines.yaml").write_text(f"rules:\n{block('yaml')}", encoding="utf-8")
    (tmp_path / "notify.yaml").write_text(_ROUTES, encoding="utf-8")
    (tmp_path / "watcher.yaml").write_text(_SETTINGS, encoding="utf-8")
    settings = load_settings(tmp_path / "watcher.yaml", environ={})
    create(settings.store.url).close()
    with closing(open_app(settings)) as app:
        turn(app, datetime(2020, 3, 2, tzinfo=UTC))
        turn(app, datetime(2020, 8, 1, 6, tzinfo=UTC))
    [mail] = (tmp_path / "state" / "messages").glob("*.eml")
    message = message_from_bytes(mail.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_the_readme_shows_the_message_that_its_two_lines_send(headline):
    text = headline.get_body(("plain",))
    assert text is not None
    lines = text.get_content().replace("\N{NO-BREAK SPACE}", " ").splitlines()
    told = lines[: lines.index("--")]
    assert block("text").splitlines() == [f"Subject: {headline['subject']}", "", *told[:-1]]


def test_the_two_lines_of_the_readme_are_those_of_the_shipped_rule():
    lines = "".join(f"  {line}\n" for line in block("yaml").splitlines())
    assert f"\nrules:\n{lines}" in (ROOT / "rules" / "mozambique.yaml").read_text("utf-8")


def test_the_commands_of_the_readme_are_targets_and_the_gate_runs_the_one_for_tests():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"^make (\w+)", block("sh"), re.MULTILINE)) == {"demo", "test"}
    assert {"demo", "test"} <= set(targets)
    assert "\nmake test\n" in (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.mark.parametrize(
    ("said", "stands_in"),
    [
        pytest.param("under 1.38", "| 660 | 1.38 |", id="what 660 deaths a year show after 28 days"),
        pytest.param("under 2.76", "| 52 | 2.76 |", id="what 52 attacks a year show after 28 days"),
        pytest.param("about 85 %", "about 85 %", id="how often a bare comparison fires"),
    ],
)
def test_the_readme_repeats_the_figures_of_the_page_about_pace(said, stands_in):
    assert said in " ".join(README.split())
    assert stands_in in (DOCS / "detectors" / "pace.md").read_text("utf-8")


def test_the_changelog_has_this_version():
    assert f"\n## {PROJECT['project']['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


# --- the architecture -------------------------------------------------------------------------------------------------

ARCHITECTURE = (DOCS / "architecture.md").read_text("utf-8")
CONTRACTS = PROJECT["tool"]["importlinter"]["contracts"]


def test_the_import_contracts_hold():
    program = Path(sys.executable).with_name("lint-imports")
    if not program.exists():
        pytest.skip("import-linter is not installed")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_page_lists_the_layers_of_the_contract():
    layers = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
    assert "```text\n" + "\n".join(layers) + "\n```" in ARCHITECTURE


@pytest.mark.parametrize("contract", CONTRACTS, ids=[contract["name"] for contract in CONTRACTS])
def test_the_page_has_an_entry_for_every_contract(contract):
    [entry] = [line for line in ARCHITECTURE.splitlines() if line.startswith(f"| {contract['name']} |")]
    named = [*contract.get("forbidden_modules", []), *contract.get("modules", [])]
    assert [name for name in named if f"`{name}`" not in entry] == []


def test_the_page_has_an_entry_for_every_room_and_no_other():
    package = ROOT / "watcher"
    rooms = {f"watcher/{path.name}/" for path in package.iterdir() if (path / "__init__.py").is_file()}
    files = {f"watcher/{path.name}" for path in package.glob("*.py") if path.name != "__init__.py"}
    listed = set(re.findall(r"^\| `(watcher/[^`]+)` \|", ARCHITECTURE, re.MULTILINE))
    assert listed - {"watcher/core/detectors/"} == rooms | files


_NOT_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "base", "misc", "types"}


def test_modules_are_named_for_what_they_hold():
    assert [path for path in MODULES if {*path.stem.split("_"), *path.parent.name.split("_")} & _NOT_NAMES] == []


def test_modules_are_short_but_for_the_tables_which_are_read_as_one_page():
    long = {str(path.relative_to(ROOT)) for path in MODULES if len(code_lines(path)) > 300}
    assert long == {"watcher/store/schema.py"}


def code_lines(path: Path) -> set[int]:
    """The lines that hold code: no blanks, comments or docstrings."""
    source = path.read_text("utf-8")
    silent = {
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
        *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
    }
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type not in silent]
    return {line for token in tokens for line in range(token.start[0], token.end[0] + 1)} - set(_docstrings(source))


def _docstrings(source: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


# --- the files --------------------------------------------------------------------------------------------------------


def project_files() -> list[Path]:
    """Every file of the project: what git tracks or would track."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no checkout of git")
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"git does not answer: {done.stderr.strip()}")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


# Put together here, so that this file does not hold what it looks for.
FOREIGN = {
    "a path of somebody's machine": re.compile(
        "|".join(f"(?<![\\w.])/{folder}/" for folder in ("work", "root", "Users"))
    ),
    "a program folder that is not ours": re.compile("/o" + r"pt/(?!watcher\b)"),
    "somebody's home": re.compile("/ho" + r"me/(?!you\b)"),
    "the address of a package registry": re.compile(
        r"https?://[^\s\"'<>)]*(?:pypi|python" + r"hosted|/simple\b|artifact)"
    ),
    "a private key": re.compile("-----BEGIN " + "[A-Z ]*PRIVATE KEY"),
}


@pytest.mark.parametrize("pattern", FOREIGN.values(), ids=FOREIGN.keys())
def test_no_file_holds(pattern):
    found = []
    for path in project_files():
        text = path.read_text("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in pattern.finditer(text)]
    assert found == []


def pins(name: str) -> Iterator[tuple[str, str]]:
    """The (package, everything that follows) of a locked requirements file."""
    text = (ROOT / "requirements" / name).read_text("utf-8")
    for entry in re.split(r"\n(?=\S)", text.strip()):
        package, _, rest = entry.partition("==")
        yield package.strip().lower().replace("_", "-"), rest


@pytest.mark.parametrize("name", ["build.txt", "run.txt", "dev.txt"])
def test_every_requirement_is_pinned_to_hashes_and_to_no_address(name):
    entries = list(pins(name))
    assert entries
    assert [package for package, rest in entries if "--hash=sha256:" not in rest] == []
    assert "://" not in (ROOT / "requirements" / name).read_text("utf-8")


def packages(requirements: Collection[str]) -> set[str]:
    """The names that requirements begin with."""
    return {re.split(r"[\[<>=!~; ]", each, maxsplit=1)[0].lower().replace("_", "-") for each in requirements}


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        pytest.param("run.txt", PROJECT["project"]["dependencies"], id="to run"),
        pytest.param("run.txt", PROJECT["project"]["optional-dependencies"]["postgres"], id="for PostgreSQL"),
        pytest.param("dev.txt", PROJECT["dependency-groups"]["dev"], id="to test"),
        pytest.param("build.txt", PROJECT["dependency-groups"]["build"], id="to build"),
    ],
)
def test_what_the_project_needs_is_locked(name, asked):
    assert packages(asked) - {package for package, _ in pins(name)} == set()


@pytest.mark.parametrize("module", sorted(packages(PROJECT["project"]["dependencies"]) - {"tzdata"}))
def test_what_the_project_needs_is_used(module):
    imported = {"google-re2": "re2", "pyyaml": "yaml"}.get(module, module.replace("-", "_"))
    uses = re.compile(rf"^\s*(?:import|from) {imported}\b|= Later\(\"{imported}\"\)", re.MULTILINE)
    files = [*MODULES, *(ROOT / "migrations").rglob("*.py")]
    assert any(uses.search(path.read_text("utf-8")) for path in files)


def test_every_shipped_rule_file_loads():
    files = find_rule_files([ROOT / "rules"])
    assert {path.name for path in files} == {path.name for path in (ROOT / "rules").glob("*.yaml")}
    assert load_rules([file.path for file in files]).rules
