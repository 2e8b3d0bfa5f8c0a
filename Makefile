# Everything a newcomer and CI need. `make` alone prints what there is. Needs Python 3.11 or newer and GNU make, nothing else.

.DEFAULT_GOAL := help

PYTHON ?=
export PYTHON

BIN := .venv/bin
PY := $(BIN)/python
# The photos of `make demo`, for example FILES="a.jpg b.png". Empty: the demo brings its own.
FILES ?=
# What `make lock` may change: empty keeps every pin that still fits, UPGRADE=1 takes the newest of everything.
UPGRADE ?=
# uv writes the lock files (it resolves for all platforms and Pythons at once). It lives in a virtual environment of its own.
UV := .venv-lock/bin/uv
UV_VERSION := 0.13.8
LOCK := $(UV) --quiet pip compile --no-config --universal --generate-hashes --python-version 3.11 \
	--custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

.PHONY: help venv demo dev test check format lock bench clean

help: ## Print this help.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

venv: ## Make .venv, or bring it up to date with requirements-dev.txt. PYTHON=... names the interpreter.
	@tools/make_venv.sh

demo: venv ## Watch real work go from a web request through a queue to a worker and back. FILES="a.jpg b.png": your own photos.
	@$(PY) -m local demo $(if $(FILES),--files $(FILES))

dev: venv ## Keep the local stack up, with reload, until Ctrl-C.
	@$(PY) -m local dev

test: venv ## Run the tests, on two processes.
	@$(PY) -m pytest -n 2

check: venv ## Run every gate that CI runs beside the tests: lint, format, types, imports, lock files.
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(BIN)/lint-imports --no-logo
	$(PY) -m pytest tests/architecture

format: venv ## Format the code and repair what ruff can repair.
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# requirements-dev.txt is resolved first and holds everything. The other two are its subsets, so that what runs in the cloud is
# what was tested here: the constraint makes the same package the same version in all three.
lock: venv ## Write requirements.txt, lambdas/requirements.txt and requirements-dev.txt anew. UPGRADE=1: with newer versions.
	@$(UV) --version 2>/dev/null | grep -q "^uv $(UV_VERSION)" || { \
		echo "Setting up .venv-lock with uv $(UV_VERSION) ..."; \
		rm -rf .venv-lock && $(PY) -m venv .venv-lock && .venv-lock/bin/python -m pip --quiet install "uv==$(UV_VERSION)"; }
	$(LOCK) requirements-dev.in --output-file requirements-dev.txt
	$(LOCK) requirements.in --constraints requirements-dev.txt --output-file requirements.txt
	$(LOCK) lambdas/requirements.in --constraints requirements-dev.txt --output-file lambdas/requirements.txt

bench: venv ## Measure: what `import penstock` costs, and how long a no-op takes on the idle local stack.
	@$(PY) -m benchmarks.import_cost
	@$(PY) -m benchmarks.latency

clean: ## Remove what make and the tools made: .venv, caches, the local stack's files.
	rm -rf .venv .venv-lock .penstock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
