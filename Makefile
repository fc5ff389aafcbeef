# Every command of the project. On a machine without make: README, "Windows".
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& echo $$p && break; done || echo python3)
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup start test test-all lint check format bench demo pictures pages dist lock clean

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Create .venv with the pinned set (start and test do it by themselves)
	@$(PYTHON) tools/setup.py

start: setup  ## Open lecture 1 in JupyterLab, in a working copy under workspace/
	@$(BIN)/coursekit start --dir workspace

test: setup  ## Run all tests (unit, doctests, notebooks, labs, browser)
	$(PYTEST) -n auto --dist worksteal -m "not slow"

test-all: setup  ## Run the slow proofs as well
	$(PYTEST) -n auto --dist worksteal

lint: setup  ## Format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint  ## Format, lint, types, doctests, notebook rules
	$(PYTEST) -q -n auto coursekit README.md tests/test_conventions.py tests/test_notebooks.py -m "not slow" -k "not executes"

format: setup  ## Rewrite code and notebooks in the project's format
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format .
	$(BIN)/python tools/format_notebooks.py

bench: setup  ## Print every figure the README and the notes quote
	$(BIN)/python -m benchmarks

demo: setup  ## A class of 24 simulated students hands in lab 1 and quiz 1 and is graded
	$(BIN)/coursekit class demo --dir build/demo

pictures: setup  ## Take the README's pictures anew (needs Chromium)
	$(BIN)/python tools/pictures.py

pages: setup  ## Make the project's pages from YAML, and its .docx from Markdown
	@$(BIN)/python tools/project_pages.py
	@$(BIN)/python tools/project_docx.py

dist: setup  ## Build the wheel with the student edition, and prove that nothing leaks
	$(BIN)/python tools/dist.py

lock: setup  ## Resolve requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		pyproject.toml --group dev -o requirements.lock

clean:  ## Remove what the commands above built (not workspace/)
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache
