# Everything a person or a CI runs. `make` alone lists it.
# A fresh machine needs Python 3.11 or later with venv, make, and for the tests the right to install Debian packages
# or a Chromium and a curl that are there already.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check
# What the code is checked for, those of them that exist.
TYPED  := data realtime commands settings.py setting_kinds.py server.py parts.py bench tools tests/support tests/churn tests/chaos $(wildcard demo demo.py)
# The tool that writes the lock files; pinned, so that its version does not change their text.
UV     := uv==0.13.8
# Asks whether a locked version has a known vulnerability.
PIP_AUDIT := pip-audit==2.10.1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install run demo test check format lock guide screenshots fuzz bench chromium audit clean

# Said before anything is installed for it.
ifneq (,$(filter guide,$(MAKECMDGOALS)))
ifeq (,$(GUIDE))
$(error Say which guide: make guide GUIDE=path/to/sse-integration-guide.md)
endif
ifeq (,$(wildcard $(GUIDE)))
$(error There is no file $(GUIDE): make guide GUIDE=path/to/sse-integration-guide.md)
endif
endif

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Variables: PYTHON=$(PYTHON) (3.11 or later), WORKERS=$(WORKERS) (test files at once), ARGS='--port 9000', GUIDE=path/to/guide.md, CHROMIUM=/path/to/chromium"

install: $(VENV)/.installed ## make .venv and install what the server needs

run: $(VENV)/.installed ## install, then run the server; ARGS are its flags
	$(BIN)/python server.py $(ARGS)

demo: $(VENV)/.installed ## install, then run a sample campus in a temporary folder
	$(BIN)/python -m demo

# Tests wait more than they compute, so some files run at once; the tests of a file share a server. In the order of the
# names, as otherwise files of few and long tests come last. ARGS goes to pytest: make test ARGS='-k resume'
WORKERS ?= 3
test: $(VENV)/.installed-dev chromium ## install what tests need, Chromium included, and run them all
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# One recipe and not five prerequisites, so that the cheap checks come first and alone under -j too.
check: $(VENV)/.installed-dev ## format, lint, types, import rules, then the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict $(TYPED)
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory test

format: $(VENV)/.installed-dev ## format the code and sort its imports
	$(BIN)/ruff check --select I --fix .
	$(BIN)/ruff format .

guide: $(VENV)/.installed-dev chromium ## run the integration guide's own code; GUIDE=PATH names the guide
	$(BIN)/python -m tests.guide "$(GUIDE)"

screenshots: $(VENV)/.installed-dev chromium ## make the pictures in docs/screenshots anew
	$(BIN)/python -m tests.screenshots

EXAMPLES ?= 1000
fuzz: $(VENV)/.installed-dev ## call everything with EXAMPLES generated requests (1000) an operation and role
	FUZZ_EXAMPLES=$(EXAMPLES) $(BIN)/python -m pytest tests/test_schemathesis.py $(ARGS)

# ARGS: names of benchmarks and their options, all without: make bench ARGS='fanout dm --json found.json'
bench: $(VENV)/.installed-bench ## measure the server on this machine, about 20 minutes; ARGS='--help' lists what there is
	@tools/need cc
	$(BIN)/python -m bench $(ARGS)

chromium: ## make sure of a Chromium, a curl, a C compiler, npm, nginx, faketime and ip for the tests
	@tools/need chromium curl cc node npm nginx faketime ip

lock: ## write the lock files anew from pyproject.toml; UPGRADE=1 takes newer versions
	PYTHON="$(PYTHON)" UV="$(UV)" tools/lock $(if $(UPGRADE),--upgrade)

# ARGS: --strict fails for what could not be asked about, too; --ignore ID
audit: $(VENV)/.installed ## look for known vulnerabilities in what requirements.lock names
	PIP_AUDIT="$(PIP_AUDIT)" $(BIN)/python -m tools.audit $(ARGS)

clean: ## remove .venv and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || \
	  { echo "$(PYTHON) has no working venv; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.installed: requirements.lock | $(VENV)/.made
	$(PIP) install --quiet --require-hashes -r requirements.lock
	@touch $@

# After the other and not beside it: two pips in one folder overwrite each other under -j.
$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.installed-bench: requirements-bench.lock $(VENV)/.installed
	$(PIP) install --quiet --require-hashes -r requirements-bench.lock
	@touch $@
