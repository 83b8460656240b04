#!/usr/bin/env bash
# Feeds the parsers that read what comes from elsewhere with bytes of libFuzzer's making,
# under the address and undefined behaviour sanitizers. `make fuzz` builds and runs this.
#
#   scripts/fuzz.sh [SECONDS] [TARGET...]      60 seconds for each of all targets
#   scripts/fuzz.sh --runs COUNT [TARGET...]   as many executions, however long they take
#
# What it learned is kept in build-fuzz/corpus/TARGET, so that the next time goes on from
# there. A finding is written to build-fuzz/findings and ends it; once mended, its input
# goes to tests/fuzz/seeds/TARGET, which every build runs as the test fuzz/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --runs ]; then
  limit=-runs=${2:?how many executions} told="$2 executions"
  targets=("${@:3}")
else
  limit=-max_total_time=${1:-60} told="${1:-60} s"
  targets=("${@:2}")
fi
if [ ${#targets[@]} -eq 0 ]; then
  for source in tests/fuzz/*.c; do
    name=$(basename "$source" .c)
    [ "$name" = replay ] || targets+=("$name")
  done
fi

# One thread and little kept in quarantine: the inputs are small and the speed is theirs.
export OMP_NUM_THREADS=1
export ASAN_OPTIONS=allocator_may_return_null=1:quarantine_size_mb=16
export LSAN_OPTIONS=suppressions=$PWD/tests/support/leaks.txt:print_suppressions=0
mkdir -p build-fuzz/findings
for target in "${targets[@]}"; do
  corpus=build-fuzz/corpus/$target
  mkdir -p "$corpus"
  log=build-fuzz/$target.log
  echo "fuzz: $target for $told"
  if ! nice "build-fuzz/fuzz_$target" "$limit" -timeout=10 \
    -max_len=8192 -rss_limit_mb=2048 -artifact_prefix="build-fuzz/findings/$target-" \
    "$corpus" "tests/fuzz/seeds/$target" >"$log" 2>&1; then
    tail -40 "$log"
    echo "fuzz: $target: a finding, see $log and build-fuzz/findings" >&2
    exit 1
  fi
  tail -1 "$log"
done
