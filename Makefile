# Every target sets itself up: Python 3.11+ and make are all it needs. PYTHON=... names the interpreter to use.
.DEFAULT_GOAL := help
.PHONY: help setup demo test bench soak format lock clean
export PYTHON

help:
	@echo 'make demo          a local Twilio, the host and one conversation, until Ctrl-C (ONCE=1: end after it)'
	@echo 'make test          all that CI runs: format, lint, types, import contracts, tests, wheel contents'
	@echo 'make bench         what this costs, beside what you would use instead: a table of ratios, in a quarter of an hour'
	@echo 'make soak          an hour of everything that can break, and an audit of what became of it (MINUTES=5, SEED=1)'
	@echo 'make format        write the code as the formatter and the linter want it'
	@echo 'make lock          choose the newest dependencies that pyproject.toml allows (needs uv)'
	@echo 'make clean         remove the environment and everything made'

setup:
	@sh .ci/setup

demo: setup
	@.venv/bin/twilio-connector demo $(if $(filter-out 0,$(ONCE)),--once)

test: setup
	@sh .ci/check

bench: setup
	@.venv/bin/python benchmarks/table.py

soak: setup
	@.venv/bin/python benchmarks/soak --minutes $(or $(MINUTES),60) $(if $(SEED),--seed $(SEED))

format: setup
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

# The lock serves uv and pip alike: universal, hashed, and with no index's address in it.
lock:
	@command -v uv >/dev/null || { echo 'make lock needs uv: see https://docs.astral.sh/uv' >&2; exit 1; }
	uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
		--all-extras --group dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
