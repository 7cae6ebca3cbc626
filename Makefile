# The two commands a newcomer needs: make demo, make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

LOWEST := .venv-lowest
FUZZ := .venv-fuzz
SECONDS_EACH := 90
COMPILE := $(BIN)/uv pip compile --quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links --constraint constraints.txt
# constraints.txt names torch; what its other builds bring along is not installed.
NO_TORCH := grep -Ev '^(torch|triton|nvidia-|cuda-)'

.PHONY: demo test check lint types audit test-lowest fuzz lock bench clean

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

# Known weaknesses in what is installed. Without the network it says so, and is no failure.
audit: $(STAMP)
	$(BIN)/python tools/audit.py

# The tests with the lowest versions that pyproject.toml allows, in an environment of their own;
# torch is that of constraints.txt, the one that is tested.
test-lowest: $(STAMP)
	$(PYTHON) -m venv --clear $(LOWEST)
	$(COMPILE) --resolution lowest-direct --python $(LOWEST)/bin/python pyproject.toml | $(NO_TORCH) > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --constraint $(LOWEST)/lowest.txt --editable . --requirement requirements-dev.txt
	$(LOWEST)/bin/python -m pytest -q

# Every target for a minute or two, in an environment of its own: atheris is not for every system.
fuzz: $(STAMP)
	test -x $(FUZZ)/bin/python || $(PYTHON) -m venv $(FUZZ)
	echo "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" > "$$($(FUZZ)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	$(FUZZ)/bin/python -m pip install --quiet --disable-pip-version-check atheris
	for target in $$($(FUZZ)/bin/python fuzz/run.py --list); do $(FUZZ)/bin/python fuzz/run.py $$target --seconds $(SECONDS_EACH) || exit 1; done

# The versions that development goes by, on every Python and system.
lock: $(STAMP)
	$(COMPILE) --upgrade --universal --python-version 3.10 pyproject.toml requirements-dev.txt | $(NO_TORCH) > requirements-dev.lock

bench: $(STAMP)
	$(BIN)/python benchmarks/vaults.py
	$(BIN)/python benchmarks/similar.py
	$(BIN)/python benchmarks/tags.py
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/memory.py

# torch is pinned to its CPU build here; left open, several GB would come.
$(STAMP): pyproject.toml constraints.txt requirements-dev.txt requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --constraint requirements-dev.lock --editable . --requirement requirements-dev.txt
	touch $(STAMP)

clean:
	rm -rf $(VENV) $(LOWEST) $(FUZZ) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
