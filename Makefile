.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE := tests/clients/node
# Computing, then the rest of app, which mostly speaks on virtual time, and then what speaks in real time: each file of
# that on one core, so that only what it starts itself runs beside it there.
SIDE_BY_SIDE := $(addprefix tests/,core audio wire sim golden runtime providers conformance docs)
IN_APP := $(addprefix tests/app/,agent config doctor duet http)
SIDE_BY_SIDE += $(IN_APP)

.PHONY: help run test lint bench clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-6s %s\n", $$1, $$2}'

$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[offline,llm,mic,server,webrtc]'
	touch $@

$(VENV)/.dev: $(VENV)/.run
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@

run: $(VENV)/.run  ## talk with the embedded agent in your browser
	$(BIN)/vivavoce serve --open

# The official Node clients, where there is npm; without it their tests are skipped.
$(NODE)/node_modules/.done: $(NODE)/package-lock.json
	cd $(NODE) && npm ci --no-audit --no-fund --loglevel=error
	touch $@

test: $(VENV)/.dev $(if $(shell command -v npm),$(NODE)/node_modules/.done)  ## the whole suite
	$(BIN)/python -m pytest --numprocesses auto $(SIDE_BY_SIDE)
	$(BIN)/python -m pytest --numprocesses auto tests/app $(addprefix --ignore=,$(IN_APP))
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(addprefix --ignore=,$(SIDE_BY_SIDE) tests/app)

lint: $(VENV)/.dev  ## style, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev  ## measure: cost, overhead, turn-taking; PEERS=FOLDER: beside others, with that harness
	$(BIN)/python -m bench
	$(if $(PEERS),$(BIN)/python -m bench.peers $(PEERS) && $(BIN)/python -m bench.peers.load $(PEERS))

clean:  ## remove the environment and caches
	rm -rf $(VENV) $(NODE)/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
