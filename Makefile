SHELL := /bin/sh
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed-requirements

.PHONY: help run stop start status reset test check bench lock env

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(INSTALLED) ## Start everything with demo data; Ctrl-C ends it (GATEWAY_PORT=8080, TRIDAYA_DEMO=0 for none)
	@exec $(PYTHON) -m deploy.local run

stop: $(INSTALLED) ## Stop the running house, or one service of it with SERVICE=registry
	@exec $(PYTHON) -m deploy.local stop $(SERVICE)

start: $(INSTALLED) ## Start a stopped service again: SERVICE=registry
	@test -n "$(SERVICE)" || { echo "Which one? make start SERVICE=registry, planning or monitoring." >&2; exit 1; }
	@exec $(PYTHON) -m deploy.local start $(SERVICE)

status: $(INSTALLED) ## Tell what runs
	@exec $(PYTHON) -m deploy.local status

reset: $(INSTALLED) ## Remove data, keys and secrets; the next start begins anew
	@exec $(PYTHON) -m deploy.local reset

test: $(INSTALLED) ## Run every test
	@exec $(PYTHON) -m pytest -q -n 2 --dist loadgroup tests

check: $(INSTALLED) ## Style, types, layers, dependencies and the committed API documents
	@echo "ruff check" && $(PYTHON) -m ruff check .
	@echo "ruff format" && $(PYTHON) -m ruff format --check .
	@echo "mypy" && $(PYTHON) -m mypy
	@echo "import-linter" && $(VENV)/bin/lint-imports
	@echo "deptry" && $(VENV)/bin/deptry .
	@echo "openapi" && $(PYTHON) -m deploy.openapi --check

bench: $(INSTALLED) ## Measure, and write the report
	@exec $(PYTHON) -m tests.benchmarks

lock: ## Pin all dependencies anew, with hashes for every platform (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group local -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group local --group dev -c requirements.txt -o requirements-dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header tests/bucket/requirements.in -o tests/bucket/requirements.txt

env: $(INSTALLED) ## Make the Python environment in .venv

# One environment for running and testing, made again only when the pins change. A copied or half-made one is replaced.
$(INSTALLED): requirements-dev.txt
	@set -e; \
	if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  found=; \
	  for name in python3.13 python3.12 python3.11 python3 python; do \
	    if command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$name; break; fi; \
	  done; \
	  if test -z "$$found"; then echo "Python 3.11 or newer is needed; none was found on the PATH." >&2; exit 1; fi; \
	  echo "Making $(VENV) with $$found"; \
	  rm -rf $(VENV); \
	  $$found -m venv $(VENV) || { echo "$$found cannot make environments: install its venv module (Debian: apt install python3-venv)." >&2; exit 1; }; \
	fi; \
	echo "Installing the pinned dependencies"; \
	if command -v uv >/dev/null 2>&1 && \
	  uv pip sync --quiet --compile-bytecode --python $(PYTHON) --require-hashes requirements-dev.txt; then \
	  :; \
	else \
	  $(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip >/dev/null; \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt; \
	fi; \
	touch $@
