#!/usr/bin/env bash
# Runs the C tests that use threads under valgrind's memcheck: unset values, which no
# sanitizer of gcc's sees, and memory that is lost. `make valgrind` builds and runs this.
#
#   scripts/valgrind.sh BUILD [TEST...]      a test as core_test_parallel
set -euo pipefail
build=$(realpath "$1")
tests=("${@:2}")
if [ ${#tests[@]} -eq 0 ]; then
  tests=(core_test_parallel core_test_observe core_test_child data_test_stream
    compute_test_scatter compute_test_dual compute_test_templates nn_test_network
    nn_test_training methods_test_ridge methods_test_posterior score_test_bootstrap)
fi
cd "$build"
# What libraries keep for the life of the process is not lost.
for test in "${tests[@]}"; do
  log=valgrind-$test.log
  if OMP_NUM_THREADS=2 nice valgrind --quiet --error-exitcode=9 --leak-check=full \
    --errors-for-leak-kinds=definite --show-leak-kinds=definite \
    --log-file="$log" "./$test" >"$log.out" 2>&1; then
    echo "valgrind: $test: nothing found"
  else
    tail -40 "$log.out" "$log"
    echo "valgrind: $test: see $build/$log" >&2
    exit 1
  fi
done
