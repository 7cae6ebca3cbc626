# The two commands a newcomer needs: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check lint types bench clean

demo: $(STAMP)
	$(BIN)/papersim index
	$(BIN)/papersim similar "DreamFusion"
	$(BIN)/papersim suggest-tags "SDEdit"

test: $(STAMP)
	$(BIN)/python -m pytest -q

# Everything that has to hold before a change lands.
check: lint types test

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python benchmarks/vaults.py
	$(BIN)/python benchmarks/similar.py
	$(BIN)/python benchmarks/tags.py
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/memory.py

# torch is pinned to its CPU build here; left open, several GB would come.
$(STAMP): pyproject.toml constraints.txt requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --requirement requirements-dev.txt
	touch $(STAMP)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
