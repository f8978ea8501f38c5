# Needs Python 3.11 or newer and make; everything else comes with `make run`.
# PORT, HOST and WEALTHHUB_DATA may be given: make run PORT=8001 WEALTHHUB_DATA=/srv/wealthhub

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
# Runs a command with PostgreSQL and Redis up, and stops what it had to start.
WITH_SERVERS := $(BIN)/python -m wealthhub.embedded exec --
INSTALL = $(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

export PORT HOST WEALTHHUB_DATA
ifeq ($(strip $(PORT)),)
unexport PORT
endif
ifeq ($(strip $(HOST)),)
unexport HOST
endif
ifeq ($(strip $(WEALTHHUB_DATA)),)
unexport WEALTHHUB_DATA
endif

.PHONY: help run test check bench fresh lock python secrets check-steps bench-steps

help: ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: .venv/run.stamp ## Start the site; the first time, install and set up everything. Ctrl-C stops it
	@$(BIN)/python -m wealthhub.run up

test: .venv/dev.stamp secrets ## All tests
	@$(WITH_SERVERS) $(BIN)/python -m pytest -q -n 2 --dist loadfile $(ARGS)

check: .venv/dev.stamp secrets ## Style, types, layers, templates, migrations
	@$(WITH_SERVERS) $(MAKE) --no-print-directory check-steps

bench: .venv/dev.stamp secrets ## The benchmarks, one after another, each with its limits
	@$(WITH_SERVERS) $(MAKE) --no-print-directory bench-steps

fresh: .venv/run.stamp ## Stop the site and throw its data away
	@$(BIN)/python -m wealthhub.run fresh

lock: .venv/dev.stamp ## Write requirements*.txt anew from requirements*.in (UPGRADE=--upgrade for newer versions)
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		$(UPGRADE) requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		$(UPGRADE) -c requirements.txt requirements-dev.in -o requirements-dev.txt

check-steps:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy wealthhub opportunities
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --database default --fail-level WARNING

bench-steps:
	@set -e; for file in benchmarks/bench_*.py; do echo; echo "== $$file"; $(BIN)/python $$file $(ARGS); done

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is older. Name another: make run PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "This Python comes without venv. On Debian or Ubuntu: apt install python3-venv"; exit 1; }

secrets:
	@$(BIN)/python -c 'from wealthhub import env; env.ensure_local_env()'

# The stamps are newer than the lock they were installed from, and written only when all went well.
.venv/run.stamp: requirements.txt | python
	@echo "Installing what WealthHub needs into .venv (about 140 MB, once)."
	@$(INSTALL) -r requirements.txt
	@touch $@

.venv/dev.stamp: requirements-dev.txt | python
	@echo "Installing the tools for working on WealthHub into .venv."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@ .venv/run.stamp
