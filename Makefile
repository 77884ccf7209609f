.DEFAULT_GOAL := help
.PHONY: help setup format check test test-slow mutation ci

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## install for development into the active environment, with the commit hooks
	pip install -e ".[dev]"
	pre-commit install

format: ## fix what ruff can fix
	ruff check --fix .
	ruff format .

check: ## the linters of CI
	ruff check .
	ruff format --check .
	pyright
	lint-imports

test: ## the tests that run on every change
	pytest

test-slow: ## those marked slow too
	pytest -m "not nightly and not gpu"

mutation: ## plant faults and count those that tests see (an hour); needs pip install -e ".[mutation]"
	python scripts/mutation.py

ci: ## everything CI does, in fresh environments (minutes, 15 GB of disk)
	.ci/run
