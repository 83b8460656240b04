#!/usr/bin/env bash
# From HDF5 to nine LightGBM models and their test predictions: this program and the script a
# user would write (bench/peers/lightgbm_per_bin.py), on the same simulated spectra, one
# after the other. Neither validates (folds: 0): the script has no such step.
#
# usage: bench/lightgbm.sh BUILD_DIR [TRAINING_SPECTRA] [TREES]
set -euo pipefail
build=$(cd "$1" && pwd)
rows=${2:-50000}
trees=${3:-500}
source=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=${HR_PYTHON:-/usr/bin/python3}

"$build/headroom" simulate --out "$place/data" --train "$rows" --test 4000 >/dev/null 2>&1
cat >"$place/data/trees.yaml" <<YAML
experiment: {id: bench, language: en}
data: {train: ["train_{0..4}/dataset.h5"], test: test/dataset.h5,
       noise: {level: 1.0, seed: 42, test: stored}}
experts: {lightgbm: {n_estimators: $trees, folds: 0, device: cpu}}
YAML

# Wall and processor seconds and peak memory of a command, as the kernel counts them.
measure() {
  "$python" - "$@" <<'PYTHON'
import os, sys, time
start = time.monotonic()
child = os.spawnvp(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
_, code, usage = os.wait4(child, 0)
print(f"{sys.argv[1]}: {time.monotonic() - start:.1f} s, {usage.ru_utime + usage.ru_stime:.1f} s "
      f"of processor time, {usage.ru_maxrss / 1024:.0f} MiB, exit {os.waitstatus_to_exitcode(code)}")
PYTHON
}

echo "$rows training spectra, $trees trees, $(nproc) processors, load $(cut -d ' ' -f 1 /proc/loadavg)"
measure headroom "$build/headroom" run "$place/data/trees.yaml" --out "$place/run" 2>&1 |
  tr '\r' '\n' | grep -E '^headroom:|LightGBM-Oracle +covered +[0-9]' || true
export PYTHONPATH=$source/build/lightgbm
measure script "$python" "$source/bench/peers/lightgbm_per_bin.py" "$place/data" "$place/peer" "$trees"
