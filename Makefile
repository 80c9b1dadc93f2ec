.DEFAULT_GOAL := help
BIN := .venv/bin

.PHONY: help setup up down test lint preview check bench docs lock

help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.locked ## Make .venv from the lock

.venv/.locked: requirements.lock pyproject.toml
	@./tools/setup

up: setup ## Bring up the local platform and run its sample scoring job
	@$(BIN)/mlplatform up local --then-score churn-daily

down: setup ## Stop the local platform, leaving nothing but the cache
	@$(BIN)/mlplatform down local

test: setup ## Run the whole suite
	-@$(BIN)/mlplatform doctor --install > /dev/null
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: setup ## Run every static check
	@$(BIN)/pre-commit run --all-files

preview: setup ## Show what every environment would deploy
	@$(BIN)/mlplatform preview --all

check: setup ## Look for what is wrong with every environment
	@$(BIN)/mlplatform check --all

bench: setup ## Run every benchmark
	@for b in bench/evaluate bench/environments bench/local_start; do $(BIN)/python $$b.py || exit 1; done

docs: setup ## Build the documentation site into site/
	@$(BIN)/mkdocs build --strict

LOCK := uv pip compile --universal --generate-hashes --no-annotate --no-header --quiet
CHECKOV := mlplatform/check/checkov/requirements

lock: ## Renew the locks of the project and of checkov
	@$(LOCK) --all-extras -o requirements.lock pyproject.toml
	@$(LOCK) --python-version 3.11 -o $(CHECKOV).lock $(CHECKOV).in
