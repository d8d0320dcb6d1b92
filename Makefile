# Everyday commands. `make help` lists them; variables can be given on the command line, e.g. `make run PORT=9000`.

PORT          ?=
ATELIER_HOME  ?=
SERVICES      ?=
SERVICE       ?=
LOCK          ?= requirements-cpu.lock
PYTEST        ?=

# The newest Python is not the best one: wheels for the oldest supported version are the most complete.
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(shell command -v $(p) 2>/dev/null)))
VENV   := .venv
PY     := $(VENV)/bin/python
BIN    := $(VENV)/bin

SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONPATH :=
# Twenty thousand modules are compiled as they are first imported; not to keep that makes every start take three times
# as long.
unexport PYTHONDONTWRITEBYTECODE
ifneq ($(PORT),)
export ATELIER_PORT := $(PORT)
endif
ifneq ($(ATELIER_HOME),)
export ATELIER_HOME
endif
ifneq ($(SERVICES),)
export ATELIER_SERVICES := $(SERVICES)
endif

.DEFAULT_GOAL := help
.PHONY: help run dev logs test unit chaos bench protos release-contract lock clean setup setup-python setup-web \
        lint lint-python lint-types lint-imports lint-protos lint-web

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=9000  ATELIER_HOME=/data/atelier  SERVICES=\"gateway diffusion\"   for run, dev and logs"

run: setup ## everything on this machine, the UI on http://127.0.0.1:8080
	@exec $(PY) -m infra.local

dev: setup ## like run, and a changed file restarts what it belongs to
	@exec $(PY) -m infra.local --reload

logs: ## follow the logs of a running stack (SERVICE=chat for one)
	@tail -n 20 -F $(or $(ATELIER_HOME),.atelier)/logs/$(or $(SERVICE),*).log

test: setup ## unit, service, system and browser tests on what is present; says what it left out
	@$(PY) -m pytest $(wildcard tests/unit tests/service tests/system tests/browser) $(PYTEST)

unit: setup-python ## the tests that take seconds
	@$(PY) -m pytest tests/unit -q $(PYTEST)

chaos: setup ## kills processes of a running stack and counts what was lost
	@$(PY) -m pytest tests/chaos $(PYTEST)

bench: setup ## ratios against peers on this machine
	@$(PY) -m tests.bench

lint: ## everything a review should not have to say
	@$(MAKE) -k lint-python lint-types lint-imports lint-protos lint-web

lint-python: setup-python
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

lint-types: setup-python
	@$(BIN)/pyright --warnings

lint-imports: setup-python
	@$(BIN)/lint-imports --no-logo

lint-protos: setup-python
	@cd protos && ../$(BIN)/buf lint
	@cd protos && if [ -f released.binpb ]; then ../$(BIN)/buf breaking --against released.binpb; fi
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && $(call protoc,$$fresh) && \
	  diff -rq -x __pycache__ "$$fresh" protos/gen || { echo "protos/gen is stale: run make protos"; exit 1; }

lint-web: setup-web
	@cd gateway/web && npm run --silent --if-present lint

# One line, so that what CI compares is made exactly as what is committed.
protoc = mkdir -p $(1)/atelier/v1 && $(PY) -m grpc_tools.protoc -Iprotos --python_out=$(1) --pyi_out=$(1) \
  --descriptor_set_out=$(1)/atelier/v1/contract.binpb --include_source_info --include_imports protos/atelier/v1/*.proto

protos: setup-python ## generated code from the contract
	@$(call protoc,protos/gen)

release-contract: setup-python ## what clients may rely on from now on: buf breaking compares with it
	@cd protos && ../$(BIN)/buf build -o released.binpb

lock: setup-python ## resolves pyproject.toml anew into the two lock files (UPGRADE=1: the newest of everything)
	@$(PY) -m infra.setup.lock

setup: ## .venv, web UI and starter pack, each only when something changed
	@$(call need_python) -m infra.setup python web starter

setup-python:
	@$(call need_python) -m infra.setup python

setup-web:
	@$(call need_python) -m infra.setup python web

clean: ## removes .venv, builds and caches; your data stays
	@rm -rf $(VENV) gateway/web/dist gateway/web/node_modules .pytest_cache .ruff_cache .import_linter_cache .hypothesis tests/artifacts
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "your data stays in $(or $(ATELIER_HOME),.atelier)"

# Runs the interpreter if it is new enough, else says what is missing.
need_python = ATELIER_LOCK=$(LOCK) $(or $(PYTHON),python3)
