# The only list of commands: CI, README and CONTRIBUTING call these.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
BIN := .venv/bin
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)') # while one of them waits, another works
PIP := $(BIN)/pip --disable-pip-version-check --quiet install
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-header --no-annotate --no-emit-find-links pyproject.toml

.PHONY: demo test lint fuzz tamper verdicts bench zip wheels schemas docs lock clean

demo: .venv/.runs ## audit a simulated project and write its report to cbr-audit-demo/
	$(BIN)/cbr-audit demo

test: lint build/.wheels ## every check and every test
	$(BIN)/pytest --numprocesses=$(WORKERS) --dist=worksteal --cov --cov-report=term-missing:skip-covered --cov-fail-under=100

lint: .venv/.develops ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fuzz: .venv/.develops ## a million mutated rows through both validators, some ten minutes
	$(BIN)/python -m tests.fuzz

tamper: .venv/.develops ## every bit flipped, every kind of tampering, clean chains and recomputed runs, some five minutes
	$(BIN)/python -m tests.tamper

verdicts: .venv/.develops ## 50 seeds of every scenario against the truth, and what must not change a verdict, some five minutes
	$(BIN)/python -m tests.verdicts

bench: .venv/.develops build/.wheels ## figures, as ratios in one run, compared with the committed ones; QUICK=1 takes a minute
	$(BIN)/python -m bench $(if $(QUICK),--quick)

zip: build/.wheels ## build/cbr-audit.zip, the function; SOURCE_ONLY=1 leaves its bytecode out
	$(BIN)/python -m deploy.build_zip $(if $(SOURCE_ONLY),--source-only)

wheels: ## download the function's dependencies anew
	rm -f build/.wheels
	$(MAKE) build/.wheels

schemas: .venv/.develops ## write the published schemas, the amended ones and presets.json anew
	$(BIN)/python -c 'from pathlib import Path; from audit.generators.published_schemas import write; write(Path("schemas"))'
	$(BIN)/python -m tests.schemas.amended
	$(BIN)/python -c 'from pathlib import Path; from audit.profile.reading import presets_as_json; \
		Path("audit/profile/presets/presets.json").write_bytes(presets_as_json())'

docs: .venv/.develops ## write docs/controls.md anew
	mkdir -p docs
	$(BIN)/python -c 'from pathlib import Path; from audit.generators.handbook import handbook; Path("docs/controls.md").write_bytes(handbook())'

lock: ## choose the newest dependencies again (needs uv)
	$(COMPILE) --upgrade --extra build --extra cli --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --output-file requirements-function.lock
	$(COMPILE) --upgrade --extra dev --output-file requirements-dev.lock

clean: ## remove what these commands made
	rm -rf .venv build *.egg-info cbr-audit-demo .coverage .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "cbr-audit needs Python 3.11 or newer; name it: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.runs: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

.venv/.develops: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@ .venv/.runs

build/.wheels: requirements-function.lock deploy/wheels.py | .venv/bin/python
	$(BIN)/python -m deploy.wheels
	touch $@
