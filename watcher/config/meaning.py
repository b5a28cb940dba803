"""What the keys of a model mean: the docstring under each, read from the source when somebody asks.

Pydantic can read them too (``use_attribute_docstrings``), but it does so as the model is made, and every short command would
wait for it.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


@cache
def meanings(model: type[BaseModel]) -> Mapping[str, str]:
    """Field → what it means; a field without a docstring, or of a package without its source, is left out."""
    told: dict[str, str] = {}
    for each in reversed(model.__mro__):
        told |= _docstrings(each.__module__).get(each.__qualname__, {})
    return {name: told[name] for name in model.model_fields if name in told}


def meaning(model: type[BaseModel], name: str) -> str:
    """What one field means; "" where nobody wrote it down."""
    return meanings(model).get(name, "")


@cache
def _docstrings(module: str) -> Mapping[str, Mapping[str, str]]:
    """Class of a module → field → docstring."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError):
        return {}
    return {node.name: dict(_fields(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(node.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
