# Everything a developer does, each from nothing: `make demo` and `make test` need Python 3.11 to 3.13 and make alone.
# All paths are relative, so that a checkout may lie under a path with spaces.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo run test check bench docs lock docker-steps clean
SHELL := /bin/sh

# The first interpreter that fits; `make test PYTHON=/path/to/python` chooses another one.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	if "$$name" -c '$(FITS)' 2>/dev/null; then echo "$$name"; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ARGS ?=
CONFIG ?= crisiswatch.yaml

help:  ## Say what can be made here
	@awk 'BEGIN {FS = ":.*## "; print "make <target> [ARGS=\"...\"]\n"} \
		/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.dev  ## Make the development environment in .venv

demo: $(VENV)/.main  ## Watch an invented brand through two weeks and one crisis, in under a minute
	@$(BIN)/python -m crisiswatch demo $(ARGS)

run: $(VENV)/.main  ## Run the daemon with crisiswatch.yaml (or CONFIG=...)
	@$(BIN)/python -m crisiswatch run --config "$(CONFIG)" $(ARGS)

test: $(VENV)/.dev  ## Run the tests
	@$(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/.dev  ## Format, lint, types and layers: what a change must pass besides the tests
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >"$(VENV)/.layers.log" || { cat "$(VENV)/.layers.log"; exit 1; }
	@echo "format, lint, types and layers: good"

bench: $(VENV)/.dev  ## Run every benchmark (each prints a table; results go to bench/results)
	@for each in bench/*/__main__.py; do \
		[ -e "$$each" ] || { echo "there is no benchmark in bench/"; exit 1; }; \
		name=$$(basename "$$(dirname "$$each")"); echo "== $$name"; \
		$(BIN)/python -m "bench.$$name" $(ARGS) || exit 1; done

docs: $(VENV)/.dev  ## Make the reference pages anew from the program (docs/reference)
	@$(BIN)/python docs/reference/make.py

COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11
lock: $(VENV)/.dev  ## Pin the newest allowed versions anew in requirements/ (ARGS=--upgrade for all)
	@$(COMPILE) $(ARGS) pyproject.toml --extra postgres --group dev --output-file requirements/dev.txt >/dev/null
	@$(COMPILE) pyproject.toml --extra postgres --constraint requirements/dev.txt --no-annotate \
		--output-file requirements/main.txt >/dev/null
	@$(COMPILE) --group build --constraint requirements/dev.txt --no-annotate \
		--output-file requirements/build.txt >/dev/null

docker-steps: $(VENV)/.dev  ## Run the Dockerfile's own steps in a clean directory, without a container engine
	@$(BIN)/python deploy/docker_steps.py $(ARGS)

clean:  ## Remove the environment, caches and build results
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment: a stamp for each of its two sizes, so that a second call costs nothing

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c '$(FITS)' 2>/dev/null; then \
		echo "crisiswatch needs Python 3.11, 3.12 or 3.13; found: $$("$(or $(PYTHON),python3)" --version 2>&1 | head -n 1)." >&2; \
		echo "Install one, or say where it is: make ... PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@echo "making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/.main: requirements/main.txt | $(VENV)/bin/python
	@echo "installing what crisiswatch needs"
	@$(PIP) install --require-hashes -r requirements/main.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing what crisiswatch and its tests need"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.main $@
