# Every target works on a fresh clone: it makes .venv and installs what it needs, once.
# Another interpreter:   make test PYTHON=python3.12
# Other arguments:       make run RUN="bench --case b1"      make test TESTS="tests/envs -x"

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: run test check bench clean help

RUN ?= bench --quick --json report.json --html report.html
TESTS ?=
# Tests run in two processes side by side, each file in one of them; SPREAD= runs them in one.
SPREAD ?= -n 2 --dist loadfile
# PyPI's torch for Linux brings 3 GB of CUDA; only `make bench` needs torch. The CPU build is taken where pip finds one
# (`pip config`, PIP_FIND_LINKS); TORCH may also be the path of a wheel.
TORCH ?= torch==2.13.0

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
LOCK := pyproject.toml constraints.txt

run: $(VENV)/.has-core  ## install and run the main job: one agent, its worlds, masked and unmasked, report.html
	$(BIN)/sixkeys $(RUN)

test: $(VENV)/.has-test  ## install and run all tests
	$(BIN)/pytest $(SPREAD) $(TESTS)

check: $(VENV)/.has-test $(VENV)/.has-check  ## lint, format, types and all tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/pytest $(SPREAD) $(TESTS)

bench: $(VENV)/.has-peers  ## our speed as ratios to others', every script of benchmarks/ in turn
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script"; done

clean:  ## remove .venv, caches and build output; runs/ and reports stay
	rm -rf $(VENV) build dist src/*.egg-info .pytest_cache .ruff_cache .hypothesis
	find $(wildcard src tests examples benchmarks) -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## this list
	@grep -hE '^[a-z]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*  ## (.*)/  make \1\t\2/' | expand -t 16

# An interpreter that is old, or a pyenv shim without a version behind it, is passed over.
OLD := import sys; sys.exit(sys.version_info < (3, 11))
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3.11 python3.12 python3.13 python3 python)

$(VENV)/.made:
	@if ! $(BIN)/python -c '$(OLD)' 2>/dev/null; then \
	  for candidate in $(CANDIDATES); do \
	    if "$$candidate" -c '$(OLD)' 2>/dev/null; then found=$$candidate; break; fi; \
	  done; \
	  if [ -z "$${found:-}" ]; then \
	    echo "No Python 3.11 or newer among: $(CANDIDATES). Install one, or name it: make test PYTHON=/path/to/python" >&2; \
	    exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$found"; \
	  "$$found" -m venv --clear $(VENV) || \
	    { echo "$$found cannot make environments; on Debian: apt-get install python3-venv" >&2; exit 1; }; \
	fi
	@$(PIP) install --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.has-core: $(LOCK) | $(VENV)/.made
	@echo "Installing sixkeys into $(VENV)"
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.has-test $(VENV)/.has-check: $(VENV)/.has-%: $(LOCK) | $(VENV)/.made
	@echo "Installing sixkeys and its group $* into $(VENV)"
	@$(PIP) install -c constraints.txt -e . --group $*
	@touch $@

$(VENV)/.has-peers: $(LOCK) | $(VENV)/.made
	@echo "Installing the libraries we compare with into $(VENV)"
	@$(PIP) install -c constraints.txt '$(TORCH)'
	@$(PIP) install -c constraints.txt -e . --group peers
	@touch $@
