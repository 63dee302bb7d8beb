# make demo   set everything up and run the job on the sample study
# make test   set everything up and check everything
# make bench  time the job, the panel and a batch, and weigh their memory
# make lock   write requirements/*.txt again, after a change of pyproject.toml or constraints.txt
#
# Nothing is needed but make and Python >= 3.11; another one than python3: make demo PYTHON=python3.12
# A machine without a GPU saves a large download with the CPU build of torch:
#   make demo PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu"

PYTHON ?= python3
VENV ?= .venv
PIP_FLAGS ?=
STUDY ?= Resources/SampleData/spect_phantom.nrrd
OUT ?= demo

BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS)

# The versions of torch, and of what is installed with it.
export PIP_CONSTRAINT := constraints.txt

.PHONY: help demo test bench lock clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.installed-run
	$(BIN)/msstunet-reorient run $(STUDY) --out $(OUT) --overwrite
	@echo
	@echo "Pictures: $(OUT)/overview.png and, with all numbers, $(OUT)/report.html"
	@echo "Scene:    $(OUT)/scene.mrb (drag it into 3D Slicer)"

# PASSIVE: threads of several processes on few cores that wait for each other do not burn the time of the others.
test: $(VENV)/.installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --cov

bench: $(VENV)/.installed-test
	$(BIN)/python Testing/bench/run.py --study $(STUDY)
	$(BIN)/python Testing/bench/panel.py
	$(BIN)/python Testing/bench/batch.py

clean:
	rm -rf $(VENV) $(OUT) build

# A stamp per set of packages: nothing is installed again until the needs change.
# 1. Everything but torch, the build backend too: wheels only, and only those whose hash is in the lock.
# 2. torch, which has another hash in each of its builds, and on Linux the CUDA packages of its build.
# 3. The project, with the build backend of step 1.
$(VENV)/.installed-run: LOCK := requirements/run.txt
$(VENV)/.installed-test: LOCK := requirements/test.txt
$(VENV)/.installed-run: requirements/run.txt
$(VENV)/.installed-test: requirements/test.txt
$(VENV)/.installed-run $(VENV)/.installed-test: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing torch and the packages of $(LOCK) into $(VENV); this takes minutes the first time."
	$(PIP_INSTALL) --no-deps --only-binary :all: --require-hashes -r $(LOCK)
	$(PIP_INSTALL) torch
	$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

# For every system and every Python from 3.11 on. The CUDA packages are left out with the torch that needs them.
lock: $(VENV)/.made
	$(PIP_INSTALL) uv
	$(call write_lock,run,--extra report --extra scene)
	$(call write_lock,test,--extra test)

define write_lock
	echo setuptools | $(BIN)/uv pip compile --quiet pyproject.toml - $(2) -c constraints.txt --no-emit-package torch \
	  --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -o $(VENV)/$(1).txt
	{ echo "# Written by \`make lock\` from pyproject.toml and constraints.txt; not to be edited."; \
	  awk '/^[a-z]/ { keep = !/^(cuda|nvidia|triton)/ } keep' $(VENV)/$(1).txt; } > requirements/$(1).txt
endef

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "This needs Python 3.11 or newer, but '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@
