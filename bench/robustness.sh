#!/usr/bin/env bash
# What each method loses where its assumptions do not hold: the error is not the noise's,
# the training spectra come from a grid half as fine, a label of the test stars is off. The
# stars are the same in all cases. Prints the table of bench/robustness.md.
#
# usage: bench/robustness.sh BUILD_DIR [TRAINING_SPECTRA] [TEST_SPECTRA] [TREES]
set -euo pipefail
build=$(cd "$1" && pwd)
train=${2:-20000}
test=${3:-4000}
trees=${4:-500}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

simulate() { # FOLDER OPTIONS...
  "$build/headroom" simulate --out "$place/$1" --seed 1 "${@:2}" >"$place/log" 2>&1 ||
    { cat "$place/log" >&2; exit 1; }
}

study() { # CASE TRAIN_FOLDER TEST_FOLDER
  cat >"$place/$1.yaml" <<YAML
experiment: {id: $1, language: en}
data:
  root: $place
  train: ["$2/train_{0..4}/dataset.h5"]
  test: $3/test/dataset.h5
  noise: {level: 1.0, seed: 42, test: stored}
experts:
  ridge: {}
  ridge_marginal: {}
  posterior: {}
  lightgbm: {n_estimators: $trees, max_bin: 63, device: cpu}
run: {memory_mib: 6144}
YAML
  "$build/headroom" run "$place/$1.yaml" --out "$place/run_$1" >"$place/log" 2>&1 ||
    { cat "$place/log" >&2; exit 1; }
}

both=(--train "$train" --test "$test")
simulate right "${both[@]}"
study as_it_should_be right right
for scale in 0.8 1.2; do
  simulate "error_$scale" "${both[@]}" --error-scale "$scale"
  study "error_$scale" "error_$scale" "error_$scale"
  rm -r "$place/error_$scale"
done
simulate half --train "$train" --test 0 --nodes half
study half_the_nodes half right
rm -r "$place/half"
simulate offset --train 0 --test "$test" --mh-offset 0.2
study mh_offset right offset

python3 - "$place" "$train" "$test" <<'PYTHON'
import json, sys
place, train, test = sys.argv[1:]
CASES = [("as_it_should_be", "nothing wrong"), ("error_0.8", "error 0.8 of the true one"),
         ("error_1.2", "error 1.2 of the true one"),
         ("half_the_nodes", "training spectra from every second grid node"),
         ("mh_offset", "[M/H] of the test stars written 0.2 dex too high")]
METHODS = [("global_ridge", "Global Ridge"), ("ridge_oracle", "Ridge-Oracle"),
           ("ridge_marginal_oracle", "Marginal Ridge"), ("posterior_oracle", "Posterior mean"),
           ("global_posterior", "Posterior mean, global"), ("lightgbm_oracle", "LightGBM"),
           ("oracle_hybrid_cv", "Oracle-Hybrid")]

def read(case):
    with open(f"{place}/run_{case}/results.json", encoding="utf-8") as file:
        results = json.load(file)
    rows = {m["method"]: m for m in results["overall"] if m["rows"] == "covered"}
    return results["ledger"]["covered"], rows

print(f"{int(train):,} training and {int(test):,} test spectra; R² over covered rows, its 95 % "
      "interval, and what is lost\nagainst the first line.\n")
print("| case | rows | " + " | ".join(title for _, title in METHODS) + " |")
print("|---|---:|" + "---:|" * len(METHODS))
_, honest = read(CASES[0][0])
for case, title in CASES:
    covered, rows = read(case)
    cells = []
    for method, _ in METHODS:
        if method not in rows or rows[method]["r2_pooled"] is None:
            cells.append("–")
            continue
        r2, (low, high) = rows[method]["r2_pooled"], rows[method]["r2_pooled_ci"]
        lost = r2 - honest[method]["r2_pooled"]
        cells.append(f"{r2:.3f} [{low:.3f}, {high:.3f}]" + ("" if case == CASES[0][0] else f" {lost:+.3f}"))
    print(f"| {title} | {covered} | " + " | ".join(cells) + " |")
PYTHON
