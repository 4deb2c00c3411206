# Everything a newcomer needs. `make` lists it.
PORT ?= 8000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run setup test lint lock lexicon clean-demo

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: $(VENV)/.ready ## start everything with the example street; PORT=8123 chooses the port
	@$(BIN)/linli run --demo --port $(PORT)

setup: $(VENV)/.ready ## only the environment: .venv with linli in it

test: $(VENV)/.ready-dev ## the whole test suite
	@bash tests/prepare.sh
	@$(BIN)/python -m pytest -n 3 --dist loadfile

lint: $(VENV)/.ready-dev ## ruff, format, types, import arrows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: ## write both lock files anew (needs uv)
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --python-version 3.11 --extra dev pyproject.toml -o requirements-dev.lock

lexicon: $(VENV)/.ready ## learn the shipped lexicons anew from the example messages
	$(BIN)/linli learn --what item --out nlp/data/learned/items.tsv
	$(BIN)/linli learn --what intent --out nlp/data/learned/intents.tsv
	$(BIN)/linli learn --what urgency --out nlp/data/learned/urgency.tsv

clean-demo: ## forget the demonstration's data
	rm -rf var/demo

$(VENV)/.ready: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "安装依赖 / installing dependencies …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(VENV)/.ready $@
