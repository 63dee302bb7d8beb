# make demo   set everything up and run the job on the sample study
# make test   set everything up and check everything
# make bench  time the job and the panel, and weigh their memory
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
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(PIP_FLAGS)

# The build backend is held too; newer versions of pip read the second.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt

.PHONY: help demo test bench clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: $(VENV)/.installed-run
	$(BIN)/msstunet-reorient run $(STUDY) --out $(OUT) --overwrite
	@echo
	@echo "Pictures: $(OUT)/overview.png and, with all numbers, $(OUT)/report.html"
	@echo "Scene:    $(OUT)/scene.mrb (drag it into 3D Slicer)"

test: $(VENV)/.installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --cov

bench: $(VENV)/.installed-test
	$(BIN)/python Testing/bench/run.py --study $(STUDY)
	$(BIN)/python Testing/bench/panel.py

clean:
	rm -rf $(VENV) $(OUT) build

# A stamp per set of packages: nothing is installed again until the needs change.
$(VENV)/.installed-run: EXTRAS := report,scene
$(VENV)/.installed-test: EXTRAS := test
$(VENV)/.installed-run $(VENV)/.installed-test: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing the packages of constraints.txt into $(VENV); this takes minutes the first time."
	$(PIP_INSTALL) --editable '.[$(EXTRAS)]'
	@touch $@

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "This needs Python 3.11 or newer, but '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@
