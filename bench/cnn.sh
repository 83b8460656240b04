#!/usr/bin/env bash
# The 1D-CNN against PyTorch (bench/peers/cnn.py), same shape, batches, epochs and threads.
#
#   speed: training steps of the study's network, samples a second, in turn in one run, and
#          the share of the machine's rate of matrix products (OpenBLAS's sgemm);
#   train: simulated stars of bins 3 and 6, so many training spectra of each that SPECTRA of
#          them are trained on and a quarter as many held out; each trains, picks its best
#          epoch by the rows held out, and predicts the same test spectra.
#
# usage: bench/cnn.sh BUILD_DIR speed
#        bench/cnn.sh BUILD_DIR train [SPECTRA] [EPOCHS] [OUT_DIR]
set -euo pipefail
build=$(cd "$1" && pwd)
what=${2:-speed}
source=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=${HR_PYTHON:-$("$source/bench/venv.sh")}
threads=$(nproc)
echo "$threads processors, load $(cut -d ' ' -f 1 /proc/loadavg)"

if [ "$what" = speed ]; then
  for count in $(printf '1\n%s\n' "$threads" | sort --unique --numeric-sort); do
    for norm in 0 1; do
      "$python" "$source/bench/peers/cnn.py" speed "$build/tool_train_network" "$place" "$count" $norm
    done
  done
  exit
fi

spectra=${3:-20000}
epochs=${4:-10}
out=${5:-$place/out}
mkdir -p "$out"
# A fifth of the rows is held out, and half of the stars are in each bin.
"$build/headroom" simulate --out "$place/data" --train $((spectra * 5 / 2)) --shards 5 \
  --test 8000 --teff 4500,6000 --mh -2,-1 >/dev/null 2>&1
cat >"$place/data/cnn.yaml" <<YAML
experiment: {id: bench, language: en}
data: {train: ["train_{0..4}/dataset.h5"], test: test/dataset.h5,
       noise: {level: 1.0, seed: 42, test: stored}}
experts: {cnn: {epochs: $epochs, batch_size: 256, patience: 0, bins: [3, 6]}}
YAML
"$build/headroom" run "$place/data/cnn.yaml" --out "$place/run" >/dev/null 2>&1
for bin in 3 6; do
  cp "$place/run/tasks/$bin-cnn/curves.csv" "$out/headroom_$bin.csv"
  "$python" - "$place/run" $bin <<'PYTHON'
import json, sys
folder, k = sys.argv[1], int(sys.argv[2])
card = json.load(open(f"{folder}/tasks/{k}-cnn/card.json"))
told = json.load(open(f"{folder}/results.json"))["bins"][k]["experts"]["cnn"]
print(f"headroom, bin {k}: {card['train_rows'] - card['validated_rows']} rows trained on, "
      f"validation R2 {told['r2_cv']:.4f}, test R2 {told['r2']:.4f} {told['r2_ci']}, "
      f"{card['seconds']:.0f} s, converged: {told['converged']} {card['note']}")
PYTHON
  "$python" "$source/bench/peers/cnn.py" train "$place/data" "$out/pytorch_$bin.csv" $bin \
    "$epochs" 256 "$threads"
done
