# `make demo` and `make test` do all the set-up on a machine that has Python and make.
# They need a package registry, and nothing else from outside the machine.

PYTHON ?= python3
UV := .venv/bin/uv

# uv works in the project's .venv, with the Python that made it.
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export UV_PYTHON := $(CURDIR)/.venv/bin/python
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1

# Each names a dependency group `spark-…` and an environment `.venv-spark-…`.
SPARKS := newest 4-0 3-5

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench pipeline spark java nightly generate coverage build clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: .venv/synced .venv-tap/installed ## CSV file -> real tap -> target -> sandbox, and what became of each row
	@.venv/bin/python -m demo $(if $(STAY),--stay)

# `make test COVERAGE=yes` also measures the tests' own processes, not those they start.
test: .venv/synced .venv-tap/installed ## All tests but pipeline's and spark's, and the simulation of delivery with few seeds
	.venv/bin/pytest tests --ignore=tests/pipeline --ignore=tests/cluster -n 4 --dist worksteal $(if $(COVERAGE),--cov)

coverage: ## The same, and whether they cover 95 % of the package
	$(MAKE) test COVERAGE=yes

lint: .venv/synced ## ruff check, ruff format --check, mypy, and who may import whom
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo --no-cache

format: .venv/synced ## Let ruff correct what it can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: .venv/bench ## Rows per second, memory and requests, next to other ways
	.venv/bin/python -m benchmarks

pipeline: .venv/synced .venv-meltano/installed ## PostgreSQL, CSV and JSONL through Meltano, against the sandbox
	.venv/bin/pytest tests/pipeline -n 2 --dist loadgroup

spark: java .venv/synced $(SPARKS:%=.venv-spark-%/installed) ## Jobs on Spark 3.5, 4.0 and the newest, against the sandbox; needs Java 17
	$(foreach version,$(SPARKS),$(UV) pip install --quiet --python .venv-spark-$(version)/bin/python \
	  --reinstall-package contentsquare-spark ./packaging/spark &&) true
	.venv/bin/pytest tests/cluster tests/docs -k 'cluster or spark' -n 2 --dist loadgroup

java:
	@command -v java >/dev/null || { echo 'Spark needs Java 17: on Debian, apt-get install default-jre-headless'; exit 1; }

nightly: .venv/synced ## The simulation with 10,000 seeds, 200,000 random rows, 250 rounds of kills
	SIMULATION_SEEDS=10000 .venv/bin/pytest tests/simulation/test_simulation.py
	FUZZ_ROWS=200000 .venv/bin/pytest tests/fuzz
	CRASH_ROUNDS=50 .venv/bin/pytest tests/singer/test_crash_recovery.py tests/singer/test_broken_copies.py \
	  tests/singer/results/test_shared_rejected_file.py

generate: .venv/synced ## Bring the generated files and tables up to date with the settings
	.venv/bin/python -m scripts.generate_plugin_files

build: .venv/synced ## sdist and wheel, and the wheel for Spark, in dist/
	$(UV) build --quiet --out-dir dist
	$(UV) build --quiet --out-dir dist --wheel packaging/spark

clean: ## Remove environments, caches and output
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
	rm -rf .meltano dist demo/output benchmarks/.data
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Empty files inside the environments say when they were last brought up to date.

.venv/made:
	@$(PYTHON) -c 'import sys; (3, 10) <= sys.version_info < (3, 15) or sys.exit("Python 3.10 to 3.14 is needed, and $(PYTHON) is another: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.8,<1'
	@touch $@

.venv/synced: .venv/made pyproject.toml uv.lock
	$(UV) sync --frozen --quiet
	@touch $@

.venv/bench: .venv/synced
	$(UV) sync --frozen --quiet --inexact --group bench
	@touch $@

# Spark has an environment for each version, without this project and its SDK.
.venv-spark-%/installed: uv.lock | .venv/synced
	.venv/bin/python -m venv --clear .venv-spark-$*
	UV_PROJECT_ENVIRONMENT=$(CURDIR)/.venv-spark-$* $(UV) sync --frozen --quiet --only-group spark-$*
	@touch $@

.venv-meltano/installed: tests/pipeline/requirements.txt | .venv/synced
	.venv/bin/python -m venv --clear .venv-meltano
	$(UV) pip install --quiet --python .venv-meltano/bin/python -r $<
	@touch $@

# The tap has an environment of its own, as Meltano gives every plugin one.
.venv-tap/installed: demo/tap-requirements.txt | .venv/synced
	.venv/bin/python -m venv --clear .venv-tap
	$(UV) pip install --quiet --python .venv-tap/bin/python -r demo/tap-requirements.txt
	@touch $@
