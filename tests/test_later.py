from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from watcher.later import Later

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "watcher").rglob("*.py"))


def test_a_module_is_imported_when_something_of_it_is_asked_for():
    script = (
        "import sys; from watcher.later import Later; colours = Later('colorsys'); print('colorsys' in sys.modules); "
        "print(colours.rgb_to_hsv(0, 0, 0)); print('colorsys' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False", "(0.0, 0.0, 0)", "True"]


def test_what_it_lacks_is_told_as_of_the_module_itself():
    with pytest.raises(AttributeError, match="module 'json' has no attribute 'nonsense'"):
        _ = Later("json").nonsense
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = Later("no_such_module").anything


def put_off() -> Iterator[tuple[str, str]]:
    """Every (module, what it puts off) of the package."""
    for path in MODULES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        text = path.read_text("utf-8")
        # Few put anything off, and every worker collects this.
        for node in ast.walk(ast.parse(text)) if "Later(" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Later":
                [argument] = node.args
                assert isinstance(argument, ast.Constant), f"{name}: only a name that can be read here"
                yield name, str(argument.value)


def room(module: str) -> list[str]:
    return module.split(".")[:2]


#: Libraries that come with an extra.
OPTIONAL = {"apprise"}


@pytest.mark.parametrize(("module", "wanted"), [pytest.param(*each, id=" puts off ".join(each)) for each in put_off()])
def test_what_is_put_off_exists_and_lies_in_the_same_room_or_outside_of_the_house(module, wanted):
    if wanted in OPTIONAL and find_spec(wanted) is None:
        pytest.skip(f"{wanted} comes with an extra and is not installed")
    assert find_spec(wanted) is not None
    assert room(wanted) == room(module) or not wanted.startswith("watcher")


#: Libraries that only one room may know, as the import contracts have it; they do not see what is put off.
ALONE = {"httpx": "watcher.net", "httpcore": "watcher.net", "sqlalchemy": "watcher.store", "alembic": "watcher.store"}


def test_nobody_puts_off_what_only_another_room_may_import():
    found = [(module, wanted) for module, wanted in put_off() if wanted.split(".")[0] in ALONE]
    assert [each for each in found if ".".join(room(each[0])) != ALONE[each[1].split(".")[0]]] == []
    assert found
