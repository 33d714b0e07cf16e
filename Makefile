# Everything a checkout needs: Node.js 20.19 or newer, and make. `make` builds; `make help` lists the targets.

SHELL := /bin/sh
# What `make` alone does.
.DEFAULT_GOAL := all
.PHONY: help all node setup build pb clients test soak demo demo-stop bench bench-inspection flame screenshots gencert readcert lint format clean

NODE_CHECK := const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)

PROTOS := $(shell find proto -name '*.proto')
SOURCES := $(shell find machines src test scripts -path src/gen -prune -o \( -name '*.ts' -o -path 'src/inspector/page/*' -type f \) -print)

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

node:
	@command -v node >/dev/null || { echo "make: no node on PATH. Install Node.js 20.19 or newer: https://nodejs.org" >&2; exit 1; }
	@node -e '$(NODE_CHECK)' || { echo "make: Node.js $$(node -v) is too old. Install 20.19 or newer: https://nodejs.org" >&2; exit 1; }

setup: dist/.built ## Install dependencies and build; quick when there is nothing to do

build: dist/.built ## The same as setup

all: setup test.crt ## Build, and make a certificate for trials where there is none; what make alone does
	@echo "built: try bin/postern up, or make demo; make help lists what else there is"

pb: node_modules/.installed ## Generate code and descriptors from proto/ anew
	npm run -s generate
	@touch src/gen/.generated

clients: setup ## Make stubs of the public protos for Python, Go, Rust and TypeScript, in clients/gen (LANGS='python go': some)
	@node dist/scripts/clients/make.js $(LANGS)

node_modules/.installed: package-lock.json package.json | node
	npm ci --ignore-scripts --no-fund --no-audit
	@touch $@

src/gen/.generated: $(PROTOS) buf.gen.yaml buf.yaml node_modules/.installed
	npm run -s generate
	@touch $@

# The output is removed first, so that nothing compiled outlives its source.
dist/.built: src/gen/.generated tsconfig.json $(SOURCES) node_modules/.installed
	rm -rf dist
	npm run -s compile
	@touch $@

lint: src/gen/.generated ## Check style, protos and types
	npm run -s lint

format: node_modules/.installed ## Format everything
	npm run -s format

test: setup lint ## Run all tests but the long ones
	@node dist/scripts/test.js

soak: setup ## Run the long tests, and the others again and again, on two versions of nats-server
	@node dist/scripts/soak.js

demo: setup ## Show it all at work; reports in demo-report/ (KEEP=1 leaves it up, BREAK=drop-result breaks it on purpose)
	@node dist/scripts/demo.js

demo-stop: ## Stop what KEEP=1 left up
	@node dist/scripts/demo.js stop

gencert: setup ## Make a certificate that signs itself, test.crt and test.key, for trials (NAMES=a,b adds names)
	@node dist/scripts/certs/gencert.js

test.crt: | setup
	@node dist/scripts/certs/gencert.js

readcert: setup ## Show test.crt (CERT=FILE: another)
	@node dist/scripts/certs/readcert.js

bench: setup ## Compare calls straight, through nginx and through Postern (BENCH_JSON=FILE)
	@node dist/scripts/bench.js

bench-inspection: setup ## Weigh what it costs a call that somebody looks on
	@node dist/scripts/bench/inspection.js

flame: setup ## Draw where hub and agent spend their time, into docs/
	@node dist/scripts/bench/profile.js docs

screenshots: setup ## Take the pictures of the inspector's page that README.md shows, into docs/img/
	@node dist/scripts/screenshots.js

clean: ## Remove what was installed, built and downloaded
	rm -rf node_modules dist src/gen clients/gen .build .tools demo-report
