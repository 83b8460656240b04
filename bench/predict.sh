#!/usr/bin/env bash
# Predicting a million spectra (4,000, named 250 times) with the Ridges of a study: the rate of
# `headroom predict` beside that of reading the same files, in one run, and the peak of memory
# at a tenth of the rows and at all of them.
#
# usage: bench/predict.sh BUILD [TIMES]
#
# BUILD is configured with -DHR_BENCH=ON. Takes some minutes and 1 GB of /tmp.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: $0 BUILD [TIMES]" >&2 && exit 2; }
build=$(cd "$1" && pwd)
times=${2:-250}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

"$build/headroom" simulate --out "$place/data" --train 3000 --test 4000 >"$place/log" 2>&1
study=$place/data/study.yaml
sed -i '/^experts:/,$d' "$study"
echo 'experts: {ridge: {alpha: [10, 100]}}' >>"$study"
"$build/headroom" run "$study" --out "$place/run" >"$place/log" 2>&1
test=$place/data/test/dataset.h5

# Seconds and peak of memory of a command: "12.3 s 70 MiB".
measure() {
  /usr/bin/time -f '%e %M' -o "$place/time" "$@" >"$place/log" 2>&1 || {
    cat "$place/log" >&2
    exit 1
  }
  awk '{printf "%.1f s, %.0f MiB\n", $1, $2 / 1024}' "$place/time"
}

name() {
  files=()
  for ((i = 0; i < $1; i++)); do files+=("$test"); done
}

predict() {
  measure "$build/headroom" predict "$place/run" "${files[@]}" --router oracle \
    --out "$place/predictions.$1" --format "$1" --memory 256
}

name $((times / 10))
echo "predict, $((times * 400)) rows, csv:   $(predict csv)"
name "$times"
echo "read,    $((times * 4000)) rows:        $(measure "$build/bench_stage" observe "${files[@]}")"
echo "predict, $((times * 4000)) rows, csv:  $(predict csv)"
echo "predict, $((times * 4000)) rows, hdf5: $(predict hdf5)"
echo "read,    $((times * 4000)) rows:        $(measure "$build/bench_stage" observe "${files[@]}")"
