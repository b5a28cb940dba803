# Every command the project knows. `make demo` and `make test` need Python 3.11 or newer with venv and pip, and nothing else.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes
UV     ?= uv

.DEFAULT_GOAL := help
.PHONY: help demo test check format chaos mutants fuzz simulate bench cover lock wheel clean

help:  ## what can be made
	@sed -n 's/^\([a-z]*\):.*##/\1 -/p' Makefile

$(VENV)/run: requirements/build.txt requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "watcher needs Python 3.11 or newer; name one: make PYTHON=python3.12 demo")'
	@echo "installing watcher into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --requirement requirements/build.txt --requirement requirements/run.txt
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/dev: $(VENV)/run requirements/dev.txt
	@echo "installing the test tools into $(VENV) ..."
	@$(PIP) --requirement requirements/dev.txt
	@touch $@

demo: $(VENV)/run  ## install, then replay the article: a real alert arrives at a local receiver
	@$(BIN)/watcher demo

test: $(VENV)/dev  ## install, then run every fast test
	@$(BIN)/python -m pytest --numprocesses auto

check: $(VENV)/dev  ## what a change must pass: format, lint, types, import contracts, tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest --numprocesses auto

format: $(VENV)/dev  ## put the code into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

chaos: $(VENV)/dev  ## the long tier: kills, full disks, damage, wrong clocks; goes on where it was (SECONDS=600, ROWS="C1 C3")
	@$(BIN)/python -m tests.chaos $(ROWS) --seconds $(or $(SECONDS),inf)

mutants: $(VENV)/dev  ## the long tier: known mistakes, each made in a copy of the tree and caught by its test (CODES="M3 M10")
	@$(BIN)/python -m tests.mutants $(CODES) $(if $(CODES),,--page)

fuzz: $(VENV)/dev  ## the long tier: made-up input at every target, counted (CASES=200000); every property; every reference row
	@$(BIN)/python -m tests.fuzz --cases $(or $(CASES),2000) --seconds $(or $(SECONDS),inf) --page
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -m hypothesis --numprocesses auto
	@$(BIN)/python -m pytest tests/core/statistics --reference-step=1 --numprocesses auto

simulate: $(VENV)/dev  ## the long tier: false alarms on made-up series; goes on where it was stopped
	@$(BIN)/python -m tests.simulation

bench: $(VENV)/dev  ## times beside their floors, as a table
	@$(BIN)/python -m tests.bench

cover: $(VENV)/dev  ## branch coverage
	@$(BIN)/python -m pytest --numprocesses auto --cov=watcher --cov-branch --cov-report=term-missing:skip-covered

lock:  ## write the locked requirements anew (needs uv)
	@for set in build run dev; do \
	  case $$set in build) with="--group build";; run) with="--extra postgres --extra rss --extra xlsx pyproject.toml";; dev) with="--group dev --constraint requirements/run.txt";; esac; \
	  $(UV) pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	    --no-annotate --no-header --python-version 3.11 --upgrade $$with --output-file requirements/$$set.txt; \
	done

wheel: $(VENV)/dev  ## build the wheel into dist/
	@$(BIN)/python -m pip --disable-pip-version-check --quiet wheel --no-build-isolation --no-deps --wheel-dir dist .

clean:  ## remove what was built and installed
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage
