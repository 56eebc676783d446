# `make run` compares the recovery policies of the bakery, `make test` checks everything, and
# `make notebooks` opens the lessons in a browser.
# Each makes its own environment in .venv once, and again when what it needs has changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: run test tests lint benchmark faults cases notebooks clean

run: $(READY)
	$(BIN)/amends compare bakery --out results/bakery

test: $(READY)
	$(MAKE) --jobs 2 lint tests

tests: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Full disks, kills and flipped bits at every system call; most of an hour, and strace.
faults: $(READY)
	$(BIN)/python -m pytest -s tests/faults/calls.py tests/faults/kills.py tests/faults/damage.py

# The pages of docs/cases, made by running every case; some minutes.
cases: $(READY)
	$(BIN)/python docs/cases.py

notebooks: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[notebooks]'
	$(BIN)/jupyter notebook notebooks

benchmark: $(READY)
	$(BIN)/python benchmarks/speed.py
	$(BIN)/python benchmarks/sweeps.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	touch $(READY)

clean:
	rm -rf $(VENV) results build dist .pytest_cache .mypy_cache .ruff_cache
