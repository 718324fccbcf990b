# The commands people type. npm scripts hold what they do; this only names and orders them.
.PHONY: run test check sim bench screenshots firmware engine setup
SEED ?=
SEEDS ?= 200
ARGS ?=

run: setup
	@trap : INT; npm run --silent demo || test $$? -eq 130

test: setup
	@npm run --silent test

check: setup
	@npm run --silent check

sim: setup
	@npm run --silent sim -- $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(ARGS)

bench: setup
	@npm run --silent bench

# The console's pages as pictures, for docs/console.md. Needs chromium.
screenshots: setup
	@npm run --silent screenshots

firmware: setup
	@npm run --silent firmware

engine: setup
	@npm run --silent engine

# A fresh machine needs only Node and npm: the first command installs the rest.
setup: node_modules/.package-lock.json

node_modules/.package-lock.json: package-lock.json
	@node -e 'const [a,b]=process.versions.node.split(".");if(+a<20||(+a==20&&+b<19)){console.error("Sapline needs Node 20.19 or newer; this is "+process.version);process.exit(1)}'
	@echo "Installing packages (npm ci) ..." >&2
	@npm ci --no-audit --no-fund --loglevel=error >&2
	@touch node_modules/.package-lock.json
