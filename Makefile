# Every command of the project: `make` lists them. Python 3.11, make and util-linux are all they need.

BIN := $(CURDIR)/.venv/bin
# Node and npm come with the Python packages.
export PATH := $(BIN):$(PATH)

# Where settings must load but no server is asked anything.
NO_SERVERS := SECRET_KEY=check DATABASE_URL=postgres://check@127.0.0.1/check \
	REDIS_HOT_URL=redis://127.0.0.1 REDIS_BUS_URL=redis://127.0.0.1
FRONTEND_SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/dist/*')
NODE_MODULES := frontend/node_modules/.package-lock.json
TERMINAL := frontend/dist/index.html
# Trust the certificates that the machine trusts, as uv does here and pip by itself.
export NODE_USE_SYSTEM_CA := 1
# npm's own patience with a registry that does not answer is over ten minutes.
NPM_PATIENCE := --fetch-retries 1 --fetch-retry-mintimeout 1000

.DEFAULT_GOAL := help
.PHONY: help setup run test check lock clean lint types imports lua migrations frontend-check
# One test run owns the machine, and one list of packages owns the environment.
.NOTPARALLEL:

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: .venv/installed-run $(TERMINAL) ## Install what a run needs and build the web terminal

run: setup ## Run Kalency on http://127.0.0.1:8000 until Ctrl-C
	@command -v setpriv >/dev/null || { \
		echo "The program setpriv is missing (it belongs to util-linux)." >&2; exit 1; }
	@setpriv --pdeathsig TERM -- $(BIN)/python -m kalency.stack

test: check $(TERMINAL) ## Check everything, then run every test
	cd frontend && npm test
	$(BIN)/python -m pytest

check: lint types imports lua migrations frontend-check ## Check format, types, imports, Lua and migrations

lint: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/installed-dev
	$(NO_SERVERS) $(BIN)/mypy

imports: .venv/installed-dev
	$(NO_SERVERS) $(BIN)/lint-imports

lua:
	@if command -v luacheck >/dev/null; then \
		luacheck --quiet matching/lua; \
	elif [ "$${CI:-}" = true ]; then \
		echo "luacheck is missing; Debian's package is lua-check." >&2; exit 1; \
	else \
		echo "Skipped the Lua check: luacheck is not installed (Debian's package is lua-check)."; \
	fi

migrations: .venv/installed-dev
	$(NO_SERVERS) $(BIN)/python manage.py makemigrations --check --dry-run

frontend-check: $(NODE_MODULES)
	cd frontend && npm run check

lock: .venv/installed-dev ## Compile the locked package lists from pyproject.toml
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --python-version 3.11 \
		--extra dev pyproject.toml --output-file requirements/dev.txt
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --python-version 3.11 \
		--constraint requirements/dev.txt pyproject.toml --output-file requirements/run.txt

clean: ## Remove what was built and installed; the state under .kalency stays
	rm -rf .venv frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# The dev list holds all of the run list, so it satisfies both; the run list alone does not.
.venv/installed-run: requirements/run.txt
	@requirements/install.sh run
	@rm -f .venv/installed-dev
	@touch $@

.venv/installed-dev: requirements/dev.txt
	@requirements/install.sh dev
	@touch .venv/installed-run $@

$(NODE_MODULES): frontend/package.json frontend/package-lock.json | .venv/installed-run
	@echo "Installing the packages of the web terminal"
	@cd frontend && npm ci $(NPM_PATIENCE) >../.venv/npm.log 2>&1 || { \
		echo "The packages of the web terminal could not be installed; is the package registry reachable?" \
			"(.venv/npm.log says more)" >&2; exit 1; }
	@touch $@

$(TERMINAL): $(FRONTEND_SOURCES) $(NODE_MODULES)
	@echo "Building the web terminal"
	@cd frontend && npm run build
	@$(BIN)/python -m whitenoise.compress --quiet frontend/dist
	@touch $@
