# Everything here starts from a bare machine: Python 3.11 or newer and make are enough.
PYTHON ?= python3
VENV := .venv/bin
# Further arguments: make run ARGS="--no-robots"; make test-e2e ARGS="-k answer";
# make test-unit ARGS=--hypothesis-profile=thorough looks for counter-examples forty times as long.
ARGS ?=
# Fault runs: the first seed, how many, and which rows of the fault table.
SEED ?= 15
SEEDS ?= 1
ROWS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run turn check format test test-unit test-asterisk test-e2e chaos bench lock clean

help:  ## This list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## Prepare everything needed to run and to test (done by the others as needed)
	@$(PYTHON) -m setup test

run:  ## Start a demonstration centre; Ctrl-C stops it
	@$(PYTHON) -m setup run
	@exec $(VENV)/bandeau15 run $(ARGS)

turn:  ## Prepare the TURN server as well, for strips outside the centre
	@$(PYTHON) -m setup turn

check:  ## Style, types, import directions, the pages' own checks
	@$(PYTHON) -m setup check
	@$(VENV)/python -m tests.run check

format:  ## Put the code in the project's style
	@$(PYTHON) -m setup check
	@$(VENV)/ruff check --fix-only --exit-zero --quiet .
	@$(VENV)/ruff format .

test:  ## check, then unit and component tests beside asterisk, then a few fault runs, then e2e
	@$(PYTHON) -m setup test
	@$(VENV)/python -m tests.run check unit+asterisk chaos e2e

test-unit:  ## Unit and component tests (no Asterisk)
	@$(PYTHON) -m setup test
	@$(VENV)/python -m tests.run unit -- $(ARGS)

test-asterisk:  ## Tests against a real Asterisk, in networks of their own
	@$(PYTHON) -m setup test
	@$(VENV)/python -m tests.run asterisk -- $(ARGS)

test-e2e:  ## Tests with a real Asterisk and a real browser, in networks of their own
	@$(PYTHON) -m setup test
	@$(VENV)/python -m tests.run e2e -- $(ARGS)

chaos:  ## Fault runs of a whole centre: make chaos SEED=15 SEEDS=3 ROWS=F2,F7 (all rows by default)
	@$(PYTHON) -m setup chaos
	@$(VENV)/python -m tests.chaos --seed $(SEED) --seeds $(SEEDS) --rows "$(ROWS)" $(ARGS)

bench:  ## Measure against peers; one JSON line a figure, kept under bench/results
	@$(PYTHON) -m setup test
	@$(VENV)/python -m tests.support.netns -- $(VENV)/python -m bench $(ARGS)

lock:  ## Renew the exact versions of the Python packages (needs uv)
	@$(PYTHON) -m setup lock

clean:  ## Remove what was made in this checkout (kept: recordings and journal in var, the shared cache)
	@rm -rf .venv node_modules ui/dist var/setup var/log/setup
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/.artifacts
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
