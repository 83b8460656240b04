#!/usr/bin/env bash
# Predicting a million spectra (4,000, named 250 times) with the Ridges of a study: the rate of
# `headroom predict` beside that of reading the same files, in one run, and the peak of memory
# at a tenth of the rows and at all of them.
#
# usage: bench/predict.sh BUILD [TIMES]
#        bench/predict.sh BUILD [TIMES] --gate
#
# With --gate the logistic gate routes in place of the true labels, softly: its wall and CPU
# seconds, of either format, beside those of reading, medians of three that alternate.
#
# BUILD is configured with -DHR_BENCH=ON. Takes some minutes and 1 GB of /tmp.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: $0 BUILD [TIMES]" >&2 && exit 2; }
gate=
[ "${!#}" = --gate ] && gate=yes && set -- "${@:1:$#-1}"
build=$(cd "$1" && pwd)
times=${2:-250}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

"$build/headroom" simulate --out "$place/data" --train 3000 --test 4000 >"$place/log" 2>&1
study=$place/data/study.yaml
sed -i '/^experts:/,$d' "$study"
echo 'experts: {ridge: {alpha: [10, 100]}}' >>"$study"
[ -z "$gate" ] || echo 'gates: {logistic: {}}' >>"$study"
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

# "WALL CPU" of a command, appended to the file $1.
time_into() {
  /usr/bin/time -f '%e %U %S' -o "$place/time" "${@:2}" >"$place/log" 2>&1 || {
    cat "$place/log" >&2
    exit 1
  }
  awk '{print $1, $2 + $3}' "$place/time" >>"$place/$1"
}

median() { sort -g | sed -n 2p; }

tell() {
  for what in read csv hdf5; do
    for column in 1 2; do cut -d' ' -f"$column" "$place/$what" | median; done | paste -sd' '
  done | paste -sd' ' | awk -v rows="$1" '{
    printf "read %d rows %.1f s (CPU %.1f)\n", rows, $1, $2
    printf "predict, csv  %.1f s (CPU %.1f): %.2f of the rate of read (CPU %.2f)\n", $3, $4, $1 / $3, $2 / $4
    printf "predict, hdf5 %.1f s (CPU %.1f): %.2f of the rate of read (CPU %.2f)\n", $5, $6, $1 / $5, $2 / $6
  }'
}

if [ -n "$gate" ]; then
  name "$times"
  for _ in 1 2 3; do
    time_into read "$build/bench_stage" observe "${files[@]}"
    for format in csv hdf5; do
      time_into "$format" "$build/headroom" predict "$place/run" "${files[@]}" \
        --router gate_logistic --out "$place/predictions.$format" --format "$format" --memory 256
    done
  done
  tell $((times * 4000))
  exit
fi

name $((times / 10))
echo "predict, $((times * 400)) rows, csv:   $(predict csv)"
name "$times"
echo "read,    $((times * 4000)) rows:        $(measure "$build/bench_stage" observe "${files[@]}")"
echo "predict, $((times * 4000)) rows, csv:  $(predict csv)"
echo "predict, $((times * 4000)) rows, hdf5: $(predict hdf5)"
echo "read,    $((times * 4000)) rows:        $(measure "$build/bench_stage" observe "${files[@]}")"
