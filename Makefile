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

# The seed of the simulations; empty is the one that CI has.
SEED ?=
# A stage of zappa_settings.json, and Lambda's processor: x86_64 or arm64.
STAGE ?= dev
ARCH ?= x86_64

.PHONY: help venv demo dev test prove soak check format lock bench checkov package package-test deploy destroy smoke-aws e2e browser kills kills-soak clean

help: ## Print this help.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

venv: ## Make .venv, or bring it up to date with requirements-dev.txt. PYTHON=... names the interpreter.
	@tools/make_venv.sh

demo: venv ## Watch real work go from a web request through a queue to a worker and back. FILES="a.jpg b.png": your own photos.
	@$(PY) -m local demo $(if $(FILES),--files $(FILES))

dev: venv ## Keep the local stack up, with reload, until Ctrl-C.
	@$(PY) -m local dev

test: venv ## Run the tests, on two processes.
	@$(PY) -m pytest -n 2

prove: venv ## Prove the delivery protocol at CI's size: simulation, mutants, crash points, bad bodies. SEED=...: from another seed.
	@PENSTOCK_PROVE=1 $(if $(SEED),PENSTOCK_SEED=$(SEED)) $(PY) -m pytest -n 2 --dist worksteal tests/simulation --ignore tests/simulation/test_model.py

soak: venv ## The same, far longer: a million steps, a million bad bodies, every mutant. SEED=... as above. Takes hours.
	@PENSTOCK_PROVE=1 PENSTOCK_STEPS=1000000 PENSTOCK_BODIES=1000000 $(if $(SEED),PENSTOCK_SEED=$(SEED)) \
		$(PY) -m pytest -n 2 --dist worksteal -rP tests/simulation --ignore tests/simulation/test_model.py

check: venv ## Run every gate that CI runs beside the tests: lint, format, types, imports, lock files.
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/hadolint Dockerfile
	$(PY) -m pytest tests/architecture

format: venv ## Format the code and repair what ruff can repair.
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# requirements-dev.txt is resolved first and holds everything. The next three are its subsets, so that what runs in the cloud is
# what was tested here: the constraint makes the same package the same version in all of them.
lock: venv ## Write every hash-pinned requirements file anew. UPGRADE=1: with newer versions.
	@$(UV) --version 2>/dev/null | grep -q "^uv $(UV_VERSION)" || { \
		echo "Setting up .venv-lock with uv $(UV_VERSION) ..."; \
		rm -rf .venv-lock && $(PY) -m venv .venv-lock && .venv-lock/bin/python -m pip --quiet install "uv==$(UV_VERSION)"; }
	$(LOCK) requirements-dev.in --output-file requirements-dev.txt
	$(LOCK) requirements.in --constraints requirements-dev.txt --output-file requirements.txt
	$(LOCK) requirements-image.in --constraints requirements-dev.txt --output-file requirements-image.txt
	$(LOCK) lambdas/requirements.in --constraints requirements-dev.txt --output-file lambdas/requirements.txt
	$(LOCK) tools/runtime-requirements.in --output-file tools/runtime-requirements.txt
	$(LOCK) tools/checkov-requirements.in --output-file tools/checkov-requirements.txt
	$(LOCK) tests/e2e/requirements-emulator.in --output-file tests/e2e/requirements-emulator.txt

checkov: venv ## Scan infra/terraform with checkov, which has an environment of its own.
	@cmp -s tools/checkov-requirements.txt .venv-checkov/installed.txt || { \
		echo "Setting up .venv-checkov ..."; \
		rm -rf .venv-checkov && $(PY) -m venv .venv-checkov && \
		.venv-checkov/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r tools/checkov-requirements.txt && \
		cp tools/checkov-requirements.txt .venv-checkov/installed.txt; }
	@.venv-checkov/bin/checkov --config-file infra/terraform/.checkov.yaml

package: venv ## Build the workers' zip for Lambda, build/worker-x86_64.zip, and try it. ARCH=arm64: for the other processor.
	@$(PY) -m tools.package --arch $(ARCH)

package-test: venv ## Start the zips under Lambda's own runtime client; take somebody else's app from a wheel to a plan. Needs Python 3.13.
	@$(PY) -m pytest tests/package

deploy: venv ## Bring a stage up on AWS, or up to date, and print its URL. STAGE=dev: which one.
	@$(PY) -m tools.deploy up --stage $(STAGE)

destroy: venv ## Take a stage down, with its queues, results and photos, after asking. STAGE=dev: which one.
	@$(PY) -m tools.deploy down --stage $(STAGE)

smoke-aws: venv ## On a stage that is up: a task runs, another dies and is redriven. Costs a few cents at most. STAGE=dev.
	@$(PY) -m tools.smoke_aws --stage $(STAGE)

# A gate that cannot run fails: without Terraform, its provider (PENSTOCK_TF_PLUGIN_DIR, or the registry) or Lambda's Python.
e2e: venv ## Deploy it all to an independent emulator of AWS, on this machine, and use it: about 6 minutes. Then `make kills`.
	@$(PY) -m tools.e2e_env
	@PENSTOCK_E2E=1 $(PY) -m pytest tests/e2e -v -x
	@$(MAKE) --no-print-directory kills

kills: venv ## Real workers on that emulator, killed at random behind a network that loses things: 3 to 10 minutes. SEED=... as above.
	@$(PY) -m tools.e2e_env --emulator
	@PENSTOCK_KILLS=1 $(if $(SEED),PENSTOCK_SEED=$(SEED)) $(PY) -m pytest tests/kills -v

kills-soak: venv ## The same, 10,000 tasks and 1,500 kills, from three seeds. Takes hours. SEED=... is the first of them.
	@$(PY) -m tools.e2e_env --emulator
	@PENSTOCK_KILLS=1 PENSTOCK_KILLS_TASKS=10000 PENSTOCK_KILLS_WANTED=1500 PENSTOCK_KILLS_SEEDS=3 \
		$(if $(SEED),PENSTOCK_SEED=$(SEED)) $(PY) -m pytest tests/kills -v

# Without a Chromium the tests are left out with a word on it; where CI=true that is a failure.
browser: venv ## Use the dashboard in a real Chromium, screen by screen (apt-get install chromium): about 3 minutes.
	@PENSTOCK_BROWSER=1 $(PY) -m pytest -n 2 tests/browser

bench: venv ## Measure: what `import penstock` costs, and how long a no-op takes on the idle local stack.
	@$(PY) -m benchmarks.import_cost
	@$(PY) -m benchmarks.latency

clean: ## Remove what make and the tools made: .venv, caches, the local stack's files.
	rm -rf .venv .venv-lock .venv-web .venv-e2e .venv-checkov .penstock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
