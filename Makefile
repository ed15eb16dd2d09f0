# Everything needs only Python 3.11 or newer and a package index; each target makes what it needs in .venv.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
BIN := .venv/bin
SOURCES := pyproject.toml hatch_build.py $(wildcard ocianalyze/layers/*/*.c)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: help demo test pythons truth check lint types fix docs docs-check bench wheelhouse zipapp image lock clean

help: ## List the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: .venv/installed ## Scan a real image that does not work
	@$(BIN)/ocianalyze scan testdata/demo.tar.gz; code=$$?; \
	if [ $$code -ne 1 ]; then echo "demo: expected exit code 1 (findings), got $$code" >&2; exit 1; fi; \
	echo; echo "Exit code 1: this image is made to fail. Now scan yours: $(BIN)/ocianalyze scan IMAGE"

test: .venv/installed-dev ## Run the tests (ARGS="-k name" selects some)
	$(BIN)/python -m pytest $(ARGS)

pythons: .venv/installed-dev ## Run a smoke test with every supported Python that is found
	$(BIN)/nox --session smoke $(ARGS)

truth: .venv/installed-dev ## Start several hundred images, and compare what happens with our verdicts (needs root)
	$(BIN)/python -m tests.real.truth $(ARGS)

check: lint types docs-check test ## Check format, lint, types, imports, docs, and run the tests

lint: .venv/installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports

types: .venv/installed-dev
	$(BIN)/mypy

docs-check: .venv/installed-dev
	$(BIN)/python docs/generate.py --check

fix: .venv/installed-dev ## Format, and fix what ruff can fix
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: .venv/installed-dev ## Write the generated pages in docs/ and the demo in README.md
	$(BIN)/python docs/generate.py

bench: .venv/installed-dev ## Run the benchmarks (benchmarks/README.md)
	$(BIN)/python -m benchmarks.run

wheelhouse: .venv/installed-delivery ## Put all that an installation without a package index needs into dist/wheelhouse
	$(BIN)/python -m delivery.wheelhouse

zipapp: wheelhouse ## Make one file for each Python, which it runs, in dist
	$(BIN)/python -m delivery.zipapp

image: wheelhouse ## Make our container image, dist/ocianalyze-image.tar (needs root and mmdebstrap)
	$(BIN)/python -m delivery.image

LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header

lock: .venv/installed-delivery ## Lock the versions that the wheelhouse has to the newest ones
	$(LOCK) pyproject.toml --extra ecr --output-file delivery/requirements-ecr.lock
	$(LOCK) pyproject.toml --constraint delivery/requirements-ecr.lock --output-file delivery/requirements.lock
	printf 'hatchling\nsetuptools\n' | $(LOCK) - --output-file delivery/requirements-build.lock

clean: ## Remove .venv, caches and built images
	rm -f ocianalyze/layers/*/*.so
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# --- the virtual environment: made once, again when pyproject.toml changes ---------------------------------------------

.venv/bin/python:
ifeq ($(PYTHON),)
	@echo "ocianalyze needs Python 3.11 or newer, but none was found. Install it, or run: make PYTHON=/path/to/python3.11" >&2
	@exit 1
endif
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) install --upgrade 'pip>=25.1'

.venv/installed: $(SOURCES) | .venv/bin/python
	@$(PIP) install --editable .
	@touch $@

.venv/installed-dev: $(SOURCES) | .venv/bin/python
	@$(PIP) install --editable . --group dev
	@touch .venv/installed $@

.venv/installed-delivery: $(SOURCES) | .venv/bin/python
	@$(PIP) install --group delivery
	@touch $@
