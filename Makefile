# Every target prepares what it needs: a .venv here, nothing elsewhere.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet
# The newest Python is left out until every locked dependency has a wheel for it.
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder
ARGS ?=
IN_BROWSERS := $(addprefix tests/conduct/,forms/test_browser.py visits/test_browser.py rating/test_browser.py supply/test_browser.py \
  allocation/test_views.py::test_in_a_browser_the_arm_is_shown_to_whoever_asked $(addprefix session/test_,browser.py german.py label.py locking.py monitor_browser.py \
  offline_browser.py orders_browser.py outside_browser.py tired_browser.py vitals_browser.py whole_session.py))

.DEFAULT_GOAL := help
.PHONY: help setup demo test browsers explore soak evidence check format reference translations bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## prepare .venv with the locked dependencies; instant when nothing changed

$(READY): requirements.lock pyproject.toml
	@if ! $(BIN)/python -c '$(SUITABLE)' 2>/dev/null; then \
	  for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
	    if "$$python" -c '$(SUITABLE)' 2>/dev/null; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "entact needs Python 3.11, 3.12, 3.13 or 3.14, and none was found: install one, or name it: make $(or $(MAKECMDGOALS),setup) PYTHON=/path/to/python3" >&2; exit 2; \
	  fi; \
	  "$$found" -m venv --clear $(VENV) || { \
	    echo "$$found could not make $(VENV): on Debian and Ubuntu the package python3-venv is missing" >&2; exit 2; \
	  }; \
	fi
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@echo "Installing the locked dependencies into $(VENV) (the first time: a minute or two) ..."
	@$(PIP) install --require-hashes --only-binary :all: --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: setup ## rehearse the published phase 3 study, print its outcome table, serve it on the loopback address
	@$(BIN)/entact demo mapp1 --participants 90 $(ARGS)

test: setup ## run all tests (a part of them: make test ARGS="tests/course -m 'not slow'")
	@$(PYTEST) $(ARGS)

browsers: setup ## run the tests that drive a browser in Firefox and in WebKit too, where their packages are installed
	@failed=; \
	if command -v firefox-esr >/dev/null || command -v firefox >/dev/null; then \
	  ENTACT_BROWSER=firefox $(BIN)/python -m pytest -q $(IN_BROWSERS) $(ARGS) || failed="$$failed Firefox"; \
	else echo "no firefox-esr is installed: nothing was tried in Firefox"; fi; \
	if command -v WebKitWebDriver >/dev/null && command -v Xvfb >/dev/null; then \
	  ENTACT_BROWSER=webkit $(BIN)/python -m pytest -q tests/conduct/test_webkit.py $(ARGS) || failed="$$failed WebKit"; \
	else echo "no webkit2gtk-driver and xvfb are installed: nothing was tried in WebKit"; fi; \
	if [ -n "$$failed" ]; then echo "tests failed in:$$failed" >&2; exit 1; fi

evidence: setup ## run the tests that show a requirement; write which shows what to var/evidence
	@$(PYTEST) -p tests.evidence --evidence var/evidence $(ARGS)

check: setup ## format, lint, types, and the arrows between rooms
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deno check --quiet --no-remote --config src/entact/conduct/session/page.json \
	  $(filter-out %/worker.js,$(wildcard src/entact/conduct/session/console/*.js))

format: setup ## put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

reference: setup ## write the pages of every field in docs anew
	@$(BIN)/entact reference study > docs/study-file-fields.md
	@$(BIN)/entact reference cohort > docs/cohort-fields.md
	@$(BIN)/entact reference published > docs/published-fields.md
	@$(BIN)/entact reference words > docs/words.md

translations: setup ## bring the catalogues of the pages' words up to date with code and templates
	@$(BIN)/python -m tests.conduct.language.catalogue

explore: setup ## run the property-based tests with examples that are drawn anew
	@ENTACT_EXPLORE=1 $(PYTEST) -m hypothesis $(ARGS)

soak: setup ## rehearse disasters for ten minutes and more: kills (browsers too), a full disk, flipped bits, restores
	@ENTACT_SOAK=$${ENTACT_SOAK:-600} $(BIN)/python -m pytest -q -s tests/store/test_soak.py \
	  tests/conduct/session/test_killed_server.py tests/conduct/session/test_browser.py $(ARGS)

bench: setup ## run the benchmarks
	@$(BIN)/python -m benchmarks $(ARGS)

lock: setup ## write requirements.lock anew, with the newest versions that pyproject.toml allows
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --fork-strategy fewest --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --upgrade --quiet \
	  --output-file requirements.lock

clean: ## remove .venv and what the tools left; never var/, where studies keep their data
	rm -rf $(VENV) dist build .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -exec rm -rf {} +
