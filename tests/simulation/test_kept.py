"""A simulation that was stopped goes on where it was, and prints the tables of the page."""

from __future__ import annotations

from tests.simulation.__main__ import main, table_of_chances, table_of_weeks, table_of_years


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path, capsys):
    kept = tmp_path / "kept.json"
    way = "record, 4 weeks in 52"
    asked = ["--parts", "weeks", "--series", "2", "--json", str(kept), "--ways", way, "--cells"]
    main([*asked, "mean 3, scatter 2"])
    first = kept.read_text()
    capsys.readouterr()
    main([*asked, "mean 3, scatter 2", "mean 10, scatter 3"])
    printed = capsys.readouterr().out
    assert len(first) < len(kept.read_text())
    assert printed.count(way) == 2, "once measured, once in the table"


def test_a_figure_of_fewer_series_is_measured_anew(tmp_path, capsys):
    kept = tmp_path / "kept.json"
    asked = ["--parts", "years", "--json", str(kept), "--worlds", "12 attacks", "--years"]
    main([*asked, "1"])
    first = kept.read_text()
    main([*asked, "2"])
    assert kept.read_text() != first
    assert "| 12 attacks | " in capsys.readouterr().out


def test_the_tables_have_what_was_measured_and_nothing_else():
    done = {
        "recent|mean 3, scatter 2": [100, 52, 104, 80, 20],
        "years|50 attacks": [10_000, 500, 100, 10],
        "chances|exact|50 attacks": [1_000, [180, 40, 8, 4, 1]],
    }
    assert table_of_weeks(done).splitlines()[2:] == ["| recent | 1.00 ± 0.17 / 80 / 20 |"]
    assert table_of_years(done).splitlines()[2:] == ["| 50 attacks | 5.00 ± 0.22 | 1.00 ± 0.10 | 0.10 ± 0.03 |"]
    assert table_of_chances(done).splitlines()[2:] == ["| exact | 50 attacks | 18 | 4 | 0.8 | 0.4 | 0.1 |"]
