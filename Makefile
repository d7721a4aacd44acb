# Few targets; each installs what it needs first. Needs make and Python 3.11 or newer, nothing else.
#   make run  [PORT=8123]   the whole system in the foreground, at http://127.0.0.1:8000 unless told otherwise
#   make test [ARGS=...]    the whole suite on a PostgreSQL of its own
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test e2e lint format bench audit messages requirements
SHELL := /bin/sh
VENV := .venv
PYTHON := $(VENV)/bin/python
ARGS ?=

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

# Installs only when the pinned list differs from what was installed last. $(1) is that list.
define install
	@if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || [ ! -f $(VENV)/made ]; then \
	  found=; \
	  for candidate in "$${PYTHON3:-python3.11}" python3.12 python3.13 python3.14 python3 python; do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "Linjiang needs Python 3.11 or newer and found none. Install it (Debian, Ubuntu: apt install python3 python3-venv;" >&2; \
	    echo "macOS: brew install python), or name one: make $(MAKECMDGOALS) PYTHON3=/path/to/python3.12" >&2; exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$("$$found" --version) …"; \
	  rm -rf $(VENV); \
	  if ! "$$found" -m venv $(VENV); then \
	    rm -rf $(VENV); \
	    echo "$$found cannot make a virtual environment (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; \
	  fi; \
	  touch $(VENV)/made; \
	fi
	@if ! cmp -s $(1) $(VENV)/installed-$(1); then \
	  echo "Installing $$(grep -c '==' $(1)) packages of $(1) …"; \
	  $(PYTHON) -m pip install --disable-pip-version-check --no-input --progress-bar off -r $(1) && cp $(1) $(VENV)/installed-$(1); \
	fi
endef

setup: ## make .venv and install what the product runs on
	$(call install,requirements.txt)

setup-dev: ## the same with what tests and checks need
	$(call install,requirements-dev.txt)

# exec: signals reach the program itself, so one Ctrl-C or SIGTERM ends everything in order.
run: setup ## run everything here: PORT=8123, BIND=0.0.0.0, LINJIANG_DEMO=0
	@PORT="$(PORT)" BIND="$(BIND)" exec $(PYTHON) -m linjiang.run

test: setup-dev ## run the suite: ARGS="tests/orgs -k roster"
	@exec $(PYTHON) -m pytest -n 2 $(ARGS)

e2e: setup-dev ## the tests that drive a browser: ARGS="-k offline"
	@exec $(PYTHON) -m pytest -n 2 -m browser $(ARGS)

lint: setup-dev ## check style, layers, migrations, templates
	@.ci/checks

format: setup-dev ## put the code in order
	$(PYTHON) -m ruff check --fix-only --quiet .
	$(PYTHON) -m ruff format .

SCALE ?= 208k
bench: setup ## measure at a city's size: SCALE=208k|2.8m|10m ARGS="--only pages"
	@exec $(PYTHON) benchmarks/run.py --scale $(SCALE) $(ARGS)

audit: setup ## Lighthouse on the filing page as a phone sees it (needs npm and Chromium)
	@exec $(PYTHON) benchmarks/audit.py

messages: setup-dev ## bring the Chinese catalogue up to date (needs gettext)
	$(PYTHON) manage.py makemessages --locale zh_Hans --no-location --no-obsolete --ignore tests --ignore var --ignore staticfiles
	$(PYTHON) manage.py compilemessages --locale zh_Hans

requirements: setup-dev ## pin anew from the .in files
	$(PYTHON) -m uv pip compile --universal --no-header requirements.in -o requirements.txt
	$(PYTHON) -m uv pip compile --universal --no-header requirements-dev.in -o requirements-dev.txt
