# What a developer types; each target is a script of scripts/, the flags stand in scripts/lib.sh.
.DEFAULT_GOAL := help
.PHONY: help run dev test check lint format coverage bench-http bench-models bench-tasks bench-sandbox bench-engine soak docs fuzz build release clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

run: ## install what is missing, build release, serve on :8000 with a demo agent
	@scripts/run.sh

dev: ## serve a debug build; rebuild and restart on change
	@scripts/dev.sh

test: ## all tests; FILTER=text runs those whose name has it
	@FILTER="$(FILTER)" scripts/test.sh

check: lint build test ## lint, build and test

lint: ## check form and house rules
	@scripts/lint.sh

format: ## format the Swift sources in place
	@scripts/lint.sh --fix

coverage: ## run the Swift tests with coverage; lines covered by target
	@scripts/coverage.sh

bench-http: ## compare with a plain proxy and a peer under load
	@scripts/bench-http.sh

bench-models: ## failing models, leaving callers, tool loops: Apus against itself
	@scripts/bench-models.sh

bench-tasks: ## what task agents add to their models' time, beside LangGraph
	@scripts/bench-tasks.sh

bench-sandbox: ## time of a call in the sandbox, beside others that run code
	@scripts/bench-sandbox.sh

bench-engine: ## compare the graph engine with LangGraph, task by task
	@scripts/bench-engine.sh

soak: ## the engine's simulator on many more seeds; SEEDS=n
	@scripts/soak.sh

docs: ## build the engine's documentation; fails on what is not true in it
	@scripts/docs.sh

fuzz: ## fuzz the JSON parser
	@scripts/fuzz.sh

build: ## debug build
	@scripts/build.sh debug

release: ## release build
	@scripts/build.sh release

clean: ## remove what was built and cached (not .env, not data)
	@scripts/local-model.sh stop
	rm -rf .build .build-* .cache .venv-*
