#!/usr/bin/env bash
# How long the steps of a small study take here, with 1, 2, 4, ... threads. The program's own
# lines give the rates; thread counts must not change results.json, apart from times.
#
# usage: bench/study.sh BUILD_DIR [TRAINING_SPECTRA]
set -euo pipefail
headroom=$(cd "$1" && pwd)/headroom
rows=${2:-20000}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
TIMEFORMAT='  %R s in all, %U s of processor time'

for ((threads = 1; threads <= $(nproc); threads *= 2)); do
  export OMP_NUM_THREADS=$threads
  echo "$threads thread(s), $rows training spectra"
  time "$headroom" simulate --out "$place/data" --train "$rows" --test 4000 >/dev/null
  time "$headroom" run "$place/data/study.yaml" --out "$place/run-$threads" >/dev/null
done
