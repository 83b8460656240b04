#!/usr/bin/env bash
# From HDF5 to nine LightGBM models and their test predictions: this program and the script a
# user would write (bench/peers/lightgbm_per_bin.py), on the same simulated spectra, with 255
# values a pixel (LightGBM's own default, and ours) and with 63 (what its authors recommend
# for speed), in alternation. Neither validates (folds: 0): the script has no such step.
# Prints a table in Markdown: medians, and ratios of medians.
#
# usage: bench/lightgbm.sh BUILD_DIR [TRAINING_SPECTRA] [TREES] [REPEATS]
set -euo pipefail
build=$(cd "$1" && pwd)
rows=${2:-50000}
trees=${3:-500}
repeats=${4:-3}
source=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=${HR_PYTHON:-$("$source/bench/venv.sh")}
wheel=$source/build/lightgbm
[ -e "$build/lightgbm" ] && wheel=$build/lightgbm
export PYTHONPATH=$wheel LIGHTGBM_ROOT=$wheel # one library for both

"$build/headroom" simulate --out "$place/data" --train "$rows" --test 4000 >/dev/null 2>&1
for values in 255 63; do
  cat >"$place/data/trees_$values.yaml" <<YAML
experiment: {id: bench, language: en}
data: {train: ["train_{0..4}/dataset.h5"], test: test/dataset.h5,
       noise: {level: 1.0, seed: 42, test: stored}}
experts: {lightgbm: {n_estimators: $trees, max_bin: $values, folds: 0, device: cpu}}
YAML
done

"$python" "$source/bench/peers/measure_lightgbm.py" "$build/headroom" "$place" "$rows" "$trees" "$repeats"
