# A thin front for CMake and ctest; `make` alone says what there is.
PREFIX ?= /usr/local
RELEASE = cmake --preset release

.DEFAULT_GOAL := help
.PHONY: help setup build demo test check asan tsan valgrind tidy format fuzz hostile survive \
	slurm bench wheel install clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building takes, where it is missing (Debian, Ubuntu)
	@scripts/setup.sh build

build: setup ## the program, at build/headroom
	@$(RELEASE) -DHR_TESTS=OFF
	@cmake --build build --target headroom

wheel: setup ## the Python package with its libraries in it, at build/wheels
	@scripts/build_wheel.sh

demo: build demo/data/complete ## a small study, from nothing to its report in demo/run
	build/headroom run demo/data/study.yaml --out demo/run --replace

# Written last, so that spectra cut short are made anew.
demo/data/complete: | build
	build/headroom simulate --out demo/data --train 20000 --shards 5 --test 4000 --seed 1
	@touch $@

test: ## install what the tests take, build, run every test, then the C tests sanitized
	@scripts/setup.sh test
	@$(RELEASE) -DHR_TESTS=ON
	@cmake --build build
	@ctest --test-dir build --output-on-failure
	@$(MAKE) --no-print-directory asan

check: ## the style rules alone: includes, symbols, lengths, format
	@$(RELEASE) -DHR_TESTS=ON
	@cmake --build build
	@ctest --test-dir build --output-on-failure --tests-regex ^style/

asan: ## the C tests under the address and undefined behaviour sanitizers
	@cmake --preset asan-ubsan
	@cmake --build --preset asan-ubsan
	@ctest --preset asan-ubsan

tsan: ## the C tests under the thread sanitizer (takes scripts/setup.sh develop)
	@cmake --preset tsan
	@cmake --build --preset tsan
	@ctest --preset tsan

survive: ## kill, stop and starve a small study, and its ranks, some hundred times (30 minutes)
	@$(RELEASE) -DHR_TESTS=ON
	@cmake --build build --target headroom
	@/usr/bin/python3 tests/python/survive_long.py build
	@/usr/bin/python3 tests/python/ranks_long.py build

slurm: ## a real Slurm with two nodes on this machine does a study, as root (10 minutes)
	@scripts/setup.sh slurm
	@$(RELEASE) -DHR_TESTS=ON
	@cmake --build build --target headroom
	@/usr/bin/python3 tests/python/slurm_long.py build

valgrind: ## the C tests that use threads under valgrind (takes scripts/setup.sh develop)
	@$(RELEASE) -DHR_TESTS=ON
	@cmake --build build
	@scripts/valgrind.sh build

tidy: ## clang-tidy on the sources (takes scripts/setup.sh develop)
	@$(RELEASE)
	@run-clang-tidy -quiet -p build '/(src|tests)/'

format: ## clang-format on every C file
	@git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs clang-format -i

fuzz: ## every parser under libFuzzer, a minute each (takes scripts/setup.sh develop)
	@cmake --preset fuzz
	@cmake --build build-fuzz --target fuzzers
	@scripts/fuzz.sh

hostile: ## every damaged file and every failing system call (`make test` takes a part of them)
	@$(RELEASE) -DHR_TESTS=ON
	@cmake --build build
	@/usr/bin/python3 tests/python/test_damaged_files.py build --all
	@/usr/bin/python3 tests/python/test_failing_calls.py build --all
	@HR_EVERY_ALLOCATION=1 build/study_test_study

# What bench/run.py takes, e.g. make bench BENCH=--quick
BENCH =

bench: ## every stage against its peers and this machine's limits (hours; BENCH=--quick: minutes)
	@scripts/setup.sh test
	@$(RELEASE) -DHR_TESTS=ON -DHR_BENCH=ON
	@cmake --build build
	@python=$${HR_PYTHON:-$$(bench/venv.sh)} && "$$python" bench/run.py build $(BENCH)

install: ## everything, under PREFIX (default /usr/local)
	@$(RELEASE) -DHR_TESTS=OFF -DCMAKE_INSTALL_PREFIX="$$(realpath -ms "$(PREFIX)")"
	@cmake --build build
	@cmake --install build

clean: ## forget what was built and the demo
	rm -rf build build-debug build-asan build-tsan build-fuzz demo
