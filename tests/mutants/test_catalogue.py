"""The mistakes can still be made: what they change stands in our files, once, and the tests that catch them are there."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.catalogue import MUTANTS, ROOT
from tests.stories.test_stories import STORIES


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.code)
def test_what_a_mistake_changes_stands_there_once(mutant):
    texts = {edit.file: (ROOT / edit.file).read_text() for edit in mutant.edits}
    assert [texts[edit.file].count(edit.old) for edit in mutant.edits] == [1] * len(mutant.edits)
    for edit in mutant.edits:
        texts[edit.file] = texts[edit.file].replace(edit.old, edit.new)
    for text in texts.values():
        ast.parse(text)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.code)
def test_the_test_of_a_mistake_is_there(mutant):
    file, _, name = mutant.test.partition("::")
    function, _, which = name.partition("[")
    text = (ROOT / file).read_text()
    assert f"def {function}(" in text
    assert not which or which[:-1] in {path.stem for path in STORIES} or f'id="{which[:-1]}"' in text
