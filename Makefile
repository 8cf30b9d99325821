# The two commands of the README: `make demo` and `make test`. Both make their own .venv and can be
# repeated at no cost.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/

.PHONY: demo test lint clean

demo: $(VENV)/ready-demo
	@test -f runs/demo/report.html || { \
		if test -f runs/demo/config.json; then $(RUN)liangyi resume runs/demo; \
		else $(RUN)liangyi train projection-gan --data digits --steps 2500 --decay-steps 2500 \
			--out runs/demo; fi; }
	@$(RUN)liangyi sample runs/demo --out runs/demo/digits.png
	@echo "look at: runs/demo/digits.png and runs/demo/report.html"

test: $(VENV)/ready-dev
	$(RUN)ruff check src tests benchmarks examples
	$(RUN)ruff format --check src tests benchmarks examples
	$(RUN)mypy
	OMP_NUM_THREADS=1 $(RUN)python -m pytest -n 2

# the newest of pyproject.toml and constraints.txt decides whether to install anew
$(VENV)/ready-demo: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "liangyi needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	test -x $(RUN)python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "no venv here: apt-get install python3-venv, then again"; exit 1; }
	$(RUN)pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/ready-dev: $(VENV)/ready-demo
	$(RUN)pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) runs
