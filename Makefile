# Everything a newcomer and CI need. `make` alone prints what there is. Needs Python 3.11 or newer and GNU make; what deploys
# or packages also needs Terraform and Lambda's Python, and says so.

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
# What runs outside of this repository: an app that is not ours, with the wheel, and the image's commands.
OUTSIDE := tests/package/test_foreign_app.py tests/package/test_image.py
# A stage of zappa_settings.json, and Lambda's processor: x86_64 or arm64.
STAGE ?= dev
ARCH ?= x86_64

.PHONY: help venv demo dev test prove soak check format lock bench checkov workflows types dist sbom audit docs docs-serve package package-test deploy destroy smoke-aws e2e browser kills kills-soak clean

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
	$(LOCK) tools/types-requirements.in --output-file tools/types-requirements.txt
	$(LOCK) tools/release-requirements.in --output-file tools/release-requirements.txt
	$(LOCK) docs/requirements.in --output-file docs/requirements.txt
	$(LOCK) tests/e2e/requirements-emulator.in --output-file tests/e2e/requirements-emulator.txt

# What pins much has an environment of its own: $(call environment,NAME,LOCK) makes .venv-NAME, or brings it up to date with LOCK.
define environment
@cmp -s $(2) .venv-$(1)/installed.txt || { \
	echo "Setting up .venv-$(1) ..."; \
	rm -rf .venv-$(1) && $(PY) -m venv .venv-$(1) && \
	.venv-$(1)/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r $(2) && \
	cp $(2) .venv-$(1)/installed.txt; }
endef

checkov: venv ## Scan infra/terraform with checkov.
	$(call environment,checkov,tools/checkov-requirements.txt)
	@.venv-checkov/bin/checkov --config-file infra/terraform/.checkov.yaml

workflows: venv ## Scan .github/workflows with zizmor, offline.
	$(call environment,release,tools/release-requirements.txt)
	@.venv-release/bin/zizmor --quiet --offline --pedantic .github/workflows

# pyright looks for the library where packages are: it reads these sources there, and what they import from .venv.
types: venv ## Ask pyright whether every public name of the library says its type: 100 %.
	$(call environment,types,tools/types-requirements.txt)
	@printf '%s\n' "$(CURDIR)" "$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
		>"$$(.venv-types/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/penstock.pth"
	@PATH="$(CURDIR)/.venv-types/bin:$$PATH" pyright --verifytypes penstock --ignoreexternal

dist: venv ## Build the library for PyPI, dist/: an sdist and a wheel, the same bytes for the same commit.
	$(call environment,release,tools/release-requirements.txt)
	@$(PY) -m tools.dist
	@.venv-release/bin/twine check --strict dist/penstock-*

sbom: venv ## Write each lock file as CycloneDX, build/sbom/*.json, checked against its schema.
	$(call environment,release,tools/release-requirements.txt)
	@$(PY) -m tools.sbom

audit: venv ## Ask PyPI whether a pinned version of any lock file has a known vulnerability. Needs the network.
	$(call environment,release,tools/release-requirements.txt)
	@$(PY) -m tools.audit

docs: venv ## Make the site from docs/, build/site. A link that leads nowhere fails.
	$(call environment,docs,docs/requirements.txt)
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs --quiet build --strict

docs-serve: venv ## Show the site on http://127.0.0.1:8010 until Ctrl-C, and make it anew at each change.
	$(call environment,docs,docs/requirements.txt)
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs serve --strict --dev-addr 127.0.0.1:8010

package: venv ## Build the workers' zip for Lambda, build/worker-x86_64.zip, and try it. ARCH=arm64: for the other processor.
	@$(PY) -m tools.package --arch $(ARCH)

package-test: venv ## Start the zips under Lambda's own runtime client, good events and bad ones. Needs Python 3.13.
	@$(PY) -m pytest tests/package $(OUTSIDE:%=--ignore %)

deploy: venv ## Bring a stage up on AWS, or up to date, and print its URL. STAGE=dev: which one.
	@$(PY) -m tools.deploy up --stage $(STAGE)

destroy: venv ## Take a stage down, with its queues, results and photos, after asking. STAGE=dev: which one.
	@$(PY) -m tools.deploy down --stage $(STAGE)

smoke-aws: venv ## On a stage that is up: a task runs, another dies and is redriven. Costs a few cents at most. STAGE=dev.
	@$(PY) -m tools.smoke_aws --stage $(STAGE)

# A gate that cannot run fails: without Terraform, its provider (PENSTOCK_TF_PLUGIN_DIR, or the registry) or Lambda's Python.
e2e: venv ## Deploy to an independent emulator of AWS and use it; the image as plain processes; somebody else's app. Then `make kills`.
	@$(PY) -m tools.e2e_env
	@PENSTOCK_E2E=1 $(PY) -m pytest tests/e2e -v -x
	@$(PY) -m pytest -v -x $(OUTSIDE)
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
	rm -rf .venv .venv-lock .venv-web .venv-e2e .venv-checkov .venv-types .venv-release .venv-docs .penstock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
