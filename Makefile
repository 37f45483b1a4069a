# Thin targets: each makes what it needs and calls one program. `make help` lists them.
PYTHON ?= python3
PORT ?= 8000
bin := .venv/bin
# What a production machine sets; values for checks only, no secret of anything.
production := env DATABASE_URL=postgresql://mops@127.0.0.1:9/mops REDIS_URL=redis://127.0.0.1:9/0 SITE_URL=https://mops.example.org \
  ALLOWED_HOSTS=mops.example.org SECRET_KEY=only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789 \
  FIELD_ENCRYPTION_KEYS=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= MOPS_HOME=.mops/check DEBUG=false SANDBOX=false

compile := $(bin)/uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 $(ARGS)

.PHONY: help demo test coverage check bench chaos-sync chaos-ingest lock messages install install-dev
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

demo: install ## Start everything with sample data: http://127.0.0.1:8000 (PORT, MOPS_HOME, DATABASE_URL, REDIS_URL override)
	@PORT=$(PORT) exec $(bin)/python -m mops.demo

test: install-dev ## Run all tests; ARGS="-k name" narrows
	$(bin)/python -m pytest -n auto --dist worksteal $(ARGS)

coverage: ## The same, and which lines they reach: takes half as long again
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report=term:skip-covered $(ARGS)"

check: install-dev ## Style, types, layers, templates, migrations, deployment settings, translations
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(production) $(bin)/mypy
	$(production) $(bin)/lint-imports
	$(bin)/djlint templates --lint --quiet
	$(production) $(bin)/python -W ignore manage.py makemigrations --check --dry-run
	$(production) $(bin)/python manage.py check --deploy --fail-level WARNING
	$(production) $(bin)/python manage.py check_translations

bench: install-dev ## Measure the promised speeds
	$(bin)/python -m benchmarks $(ARGS)

chaos-sync: install-dev ## Kill workers, servers and connections while pulls run, then compare every number
	$(bin)/python -m tests.chaos.sync $(ARGS)

chaos-ingest: install-dev ## Kill the collector and its servers while clients send: N=1000000 events, K kills, PG crashes
	$(bin)/python -m tests.chaos.ingest $(if $(N),--events $(N)) $(if $(K),--kills $(K)) $(if $(PG),--crashes $(PG)) \
	  $(if $(REDIS),--flushes $(REDIS)) $(ARGS)

messages: install-dev ## Bring the message catalogs in step with the sources
	$(production) $(bin)/python manage.py check_translations --update

lock: $(bin)/uv ## Compile requirements/*.in to hashed locks; ARGS=--upgrade takes newer versions
	@$(compile) requirements/base.in -o requirements/base.txt
	@$(compile) requirements/dev.in -c requirements/base.txt -o requirements/dev.txt
	@test ! -e package.json || $(bin)/python -m mops.nodejs install --package-lock-only --loglevel=error

install: .venv/base.stamp node_modules/.stamp
install-dev: .venv/dev.stamp node_modules/.stamp

$(bin)/uv:
	@$(PYTHON) -c 'import sys; sys.exit("mops needs Python 3.11 or newer; set PYTHON=/path/to/it" if sys.version_info < (3, 11) else 0)'
	@test -x $(bin)/python || $(PYTHON) -m venv .venv
	@$(bin)/python -m pip install --quiet --disable-pip-version-check "$$(grep -o '^uv==[^ ]*' requirements/base.txt)"

# uv installs in seconds but reads no pip configuration: where only pip knows the way to packages, pip does it.
.venv/%.stamp: requirements/%.txt | $(bin)/uv
	@echo "Installing requirements/$*.txt"
	@$(bin)/uv pip install --quiet --python $(bin)/python --require-hashes -r $< \
	  || $(bin)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

node_modules/.stamp: package-lock.json | .venv/base.stamp
	@echo "Installing the browser packages"
	@$(bin)/python -m mops.nodejs ci --loglevel=error
	@touch $@
