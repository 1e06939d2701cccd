# The only list of commands: CI, README and CONTRIBUTING call these.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV := .venv
BIN := $(VENV)/bin
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)') # while one of them waits, another works
PYTEST = $(BIN)/pytest --numprocesses=$(WORKERS) --dist=worksteal --cov-report=term-missing:skip-covered --cov-fail-under=100
PIP := $(BIN)/pip --disable-pip-version-check --quiet install
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-find-links \
	--annotation-style line --custom-compile-command 'make lock' pyproject.toml
UPGRADE := --upgrade

unexport PYTHONDONTWRITEBYTECODE # every program that the tests start would compile all its modules anew

.PHONY: demo test coverage lint fuzz tamper verdicts bench zip dist release wheels schemas docs lock clean

demo: $(VENV)/.runs ## audit a simulated project and write its report to cbr-audit-demo/
	$(BIN)/cbr-audit demo

test: lint build/.wheels ## every check and every test; PYTHON=python3.13 VENV=.venv-3.13 takes another Python
	$(PYTEST) --cov # the core; what else a change touches is for `make coverage`

coverage: $(VENV)/.develops build/.wheels ## every test, with every line and branch traced: takes twice as long
	$(PYTEST) --cov=audit --cov=handler

lint: $(VENV)/.develops ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fuzz: $(VENV)/.develops ## a million mutated rows through both validators, some ten minutes
	$(BIN)/python -m tests.fuzz

tamper: $(VENV)/.develops ## every bit flipped, every kind of tampering, clean chains and recomputed runs, some five minutes
	$(BIN)/python -m tests.tamper

verdicts: $(VENV)/.develops ## 50 seeds of every scenario against the truth, who did it, and what must not change a verdict, some five minutes
	$(BIN)/python -m tests.verdicts

bench: $(VENV)/.develops build/.wheels ## figures, as ratios in one run, compared with the committed ones; QUICK=1 takes a minute
	$(BIN)/python -m bench $(if $(QUICK),--quick)

zip: $(VENV)/.runs build/.wheels ## build/cbr-audit.zip, the function; SOURCE_ONLY=1 leaves its bytecode out
	$(BIN)/python -m deploy.build_zip $(if $(SOURCE_ONLY),--source-only)

dist: $(VENV)/.runs ## dist/, the sdist and the wheel, with the same bytes each time
	$(BIN)/python -m deploy.dist

release: $(VENV)/.runs build/.wheels ## every published file of a version, and how to tag and upload them
	$(BIN)/python -m deploy.release

wheels: ## download the function's dependencies anew
	rm -f build/.wheels
	$(MAKE) build/.wheels

schemas: $(VENV)/.develops ## write the published schemas, the amended ones and presets.json anew
	$(BIN)/python -c 'from pathlib import Path; from audit.generators.published_schemas import write; write(Path("schemas"))'
	$(BIN)/python -m tests.schemas.amended
	$(BIN)/python -c 'from pathlib import Path; from audit.profile.reading import presets_as_json; \
		Path("audit/profile/presets/presets.json").write_bytes(presets_as_json())'

docs: $(VENV)/.develops ## write docs/controls.md anew
	mkdir -p docs
	$(BIN)/python -c 'from pathlib import Path; from audit.generators.handbook import handbook; Path("docs/controls.md").write_bytes(handbook())'

# Three files, because pip installs all that is in one: requirements-dev.lock is for the tests, requirements.lock for the
# command, requirements-function.lock for the zip. The other two take their versions from the first.
lock: ## choose the newest dependencies again (needs uv); UPGRADE= keeps those that still fit
	$(COMPILE) $(UPGRADE) --extra simulator --group dev --output-file requirements-dev.lock
	$(COMPILE) --constraint requirements-dev.lock --group build --output-file requirements.lock
	$(COMPILE) --constraint requirements-dev.lock --excludes deploy/left_out.txt --output-file requirements-function.lock

clean: ## remove what these commands made
	rm -rf .venv .venv-* build dist *.egg-info cbr-audit-demo .coverage .grimp_cache .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "cbr-audit needs Python 3.11 or newer; name it: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runs: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.develops: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@ $(VENV)/.runs

build/.wheels: requirements-function.lock deploy/wheels.py | $(BIN)/python
	$(BIN)/python -m deploy.wheels
	touch $@
