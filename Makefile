# Every target sets up what it needs in .venv, once, and needs no root: Python 3.11+ and make are enough.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Start every recipe from a clean table: what the caller exported must not change what the product does
# (but a PostgreSQL named for the tests is one for the tests).
unexport $(filter-out NHACVIEC_TEST_POSTGRES,$(filter NHACVIEC_%,$(.VARIABLES))) PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help demo run test test-postgres soak lint format bench golden schema guesses lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Nhắc Việc needs Python 3.11 or newer; $$($(PYTHON) --version 2>&1) is too old. Try: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Two stamps: running needs few packages, developing needs more. Each is rebuilt only when its lock changes.
$(VENV)/.ready: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# A service's account may not write beside the program, or is told not to: it would compile all of it at each start.
PACKAGES := engine bots schedules data web
$(VENV)/.compiled: $(VENV)/.ready $(shell find $(PACKAGES) -name '*.py')
	@$(BIN)/python -m compileall -q $(PACKAGES)
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The simulation lives beside the tests, which are not installed: a script that knows where.
$(BIN)/nhacviec-sim: $(VENV)/.ready-dev
	@printf '#!/bin/sh\ncd "%s" && exec .venv/bin/python -m tests.sim "$$@"\n' "$(CURDIR)" > $@ && chmod +x $@

demo: $(VENV)/.compiled  ## A quarter of a real commune in a minute: no account, no token
	@$(BIN)/nhacviec demo

run: $(VENV)/.compiled  ## The live engine (the simulator where no token is set); Ctrl+C stops it
	@$(BIN)/nhacviec run

test: $(VENV)/.ready-dev $(VENV)/.compiled $(BIN)/nhacviec-sim  ## All tests
	@$(BIN)/python -m pytest -n auto --dist worksteal

test-postgres: $(VENV)/.ready-dev $(VENV)/.compiled  ## Every story on PostgreSQL too (its binaries come with the packages)
	@NHACVIEC_TEST_DATABASE=postgres $(BIN)/python -m pytest -n auto tests/stories tests/postgres tests/test_migrations.py tests/test_move.py

SEEDS ?= 1000
YEARS ?= 1
soak: $(VENV)/.compiled $(BIN)/nhacviec-sim  ## A year of 1,000 random communes (SEEDS=200 or 1000-1199, YEARS=…); what breaks is made small
	@$(BIN)/nhacviec-sim --seeds $(if $(findstring -,$(SEEDS)),$(SEEDS),0-$$(($(SEEDS) - 1))) --years $(YEARS)

lint: $(VENV)/.ready-dev  ## ruff, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.ready-dev  ## Put the code into its usual form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

ONLY ?=
WRITE ?=
bench: $(VENV)/.ready-dev $(VENV)/.compiled  ## Every figure beside what one would pick instead (ONLY=plan,turn; WRITE=1: the page too)
	@$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(WRITE),--write)

golden: $(VENV)/.ready-dev  ## Write the golden files again; read the difference before you commit it
	@NHACVIEC_WRITE_GOLDEN=1 $(BIN)/python -m pytest -q tests/stories/test_golden_year.py

schema: $(VENV)/.ready  ## Write the JSON Schema of the office files for editors
	@$(BIN)/python -m schedules.office_schema > schedules/office.schema.json

guesses: $(VENV)/.ready  ## Write down again what the package holidays supposes of each year
	@$(BIN)/python -m schedules.guessed_days > data/holidays_guessed.new && mv data/holidays_guessed.new data/holidays_guessed.toml

lock: $(VENV)/.ready-dev  ## Renew both lock files (no index address goes into them)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 --index-strategy unsafe-best-match requirements.in pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 --index-strategy unsafe-best-match requirements.in pyproject.toml --extra dev \
	  -c requirements.lock -o requirements-dev.lock

clean:  ## Remove .venv and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
