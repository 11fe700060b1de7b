# The two commands of a newcomer are `make demo` and `make test`; each sets up .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test lint docs docs-serve bench battery fuzz constraints release-check clean

demo: $(VENV)/.ready
	$(BIN)/oauth1-catalog demo $(ARGS)

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n 2 -m "not long" $(ARGS)

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/zizmor --quiet --offline --persona pedantic .github action.yml
	$(BIN)/python .ci/public_api.py
	@echo "pyright: every public name has a complete type"
	@PATH="$(CURDIR)/$(BIN):$$PATH" pyright --verifytypes oauth1_catalog --ignoreexternal >$(VENV)/pyright.txt \
		|| { grep -v '^   oauth1_catalog' $(VENV)/pyright.txt; exit 1; }

# Strict: a dead link, an unknown name, a page that nothing leads to, or an image without a text fails.
docs: $(VENV)/.ready
	$(BIN)/sphinx-build -W --keep-going -n -q -j auto -d docs/_build/doctrees docs docs/_build/site $(ARGS)

# Builds again and reloads the browser when a page changes, at http://127.0.0.1:8008; without the pages for machines.
docs-serve: $(VENV)/.ready
	$(BIN)/sphinx-autobuild --host 127.0.0.1 --port 8008 --watch oauth1_catalog --watch providers -n -q \
		-D llms_txt_enabled=0 -d docs/_build/doctrees-serve docs docs/_build/serve $(ARGS)

# Prints a table of medians, and fails where a ratio that it promises is not reached.
bench: $(VENV)/.ready
	$(BIN)/python -m pytest tests/benchmarks --benchmark-quiet -q $(ARGS)

# Looks for inputs that break what reads foreign input, 20 s for each target; ARGS="--seconds 600 --only callback,curl".
fuzz: $(VENV)/.ready
	$(BIN)/python -m tests.fuzz $(ARGS)

# Every fault of a network and a server at every step, and many logins; the table is in docs/security.md.
battery: $(VENV)/.ready
	OAUTH1_CATALOG_BATTERY_LOGINS=10000 OAUTH1_CATALOG_BATTERY_CALLS=100000 \
		$(BIN)/python -m pytest tests/battery -o 'norecursedirs=.*' --more-frameworks -q $(ARGS)

# All that can be checked here before a release, as one table; ARGS="--only lint,build" runs some steps.
release-check: $(VENV)/.ready
	$(BIN)/python .ci/release_check.py $(ARGS)

# Exact versions with hashes, for every Python from 3.11 on; `make constraints` writes it anew.
$(VENV)/.ready: constraints.txt pyproject.toml .ci/create-venv
	PYTHON="$(PYTHON)" sh .ci/create-venv $(VENV)
	touch $@

constraints: $(VENV)/.ready
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--all-extras --group dev --output-file constraints.txt pyproject.toml

clean:
	rm -rf $(VENV) dist build docs/_build
