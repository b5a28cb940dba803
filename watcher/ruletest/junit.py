"""What came of the tests as JUnit XML, which build servers read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from watcher.ruletest.report import failure_text
from watcher.ruletest.suite import FileResult, Outcome

# What XML 1.0 has no place for, not even as a reference.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(results: Sequence[FileResult]) -> bytes:
    """A suite for each file, a case for each test; a file that is invalid is an error."""
    root = ET.Element("testsuites", _totals(results))
    for result in results:
        suite = ET.SubElement(root, "testsuite", {"name": _clean(str(result.path)), **_totals([result])})
        for test in result.tests:
            _case(suite, result, test)
        if result.problems:
            case = ET.SubElement(suite, "testcase", {"name": "the file loads", "classname": _clean(str(result.path))})
            problems = "\n".join(str(problem) for problem in result.problems)
            _put(case, "error", message=str(result.problems[0]), text=problems)
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _case(suite: ET.Element, result: FileResult, test: Outcome) -> None:
    seconds = f"{test.seconds:.3f}"
    case = ET.SubElement(
        suite, "testcase", {"name": _clean(test.name), "classname": _clean(str(result.path)), "time": seconds}
    )
    if not test.is_good:
        first = test.failures[0]
        _put(case, "failure", message=f"{first.about}: {first.summary}", text=failure_text(result, test))


def _put(case: ET.Element, kind: str, *, message: str, text: str) -> None:
    ET.SubElement(case, kind, {"message": _clean(message)}).text = _clean(text)


def _totals(results: Sequence[FileResult]) -> dict[str, str]:
    tests = [test for result in results for test in result.tests]
    errors = sum(bool(result.problems) for result in results)
    return {
        "tests": str(len(tests) + errors),
        "failures": str(sum(not test.is_good for test in tests)),
        "errors": str(errors),
        "time": f"{sum(test.seconds for test in tests):.3f}",
    }


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
