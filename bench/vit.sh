#!/usr/bin/env bash
# The vision transformer against PyTorch (bench/peers/torch_vit.py): training steps of SpecViT's
# network, same shape, batches, threads and precision, samples a second by the clock and by the
# processor's time, in turn in one run; the share of the machine's rate of matrix products
# (OpenBLAS's sgemm); and the memory of either.
#
# usage: bench/vit.sh BUILD_DIR [ROWS] [STEPS]
#
# REPEATS (3) and DROPOUT (0.1) in the environment.
set -euo pipefail
build=$(cd "$1" && pwd)
rows=${2:-64}
steps=${3:-3}
source=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=${HR_PYTHON:-$("$source/bench/venv.sh")}
threads=$(nproc)
echo "$threads processors, load $(cut -d ' ' -f 1 /proc/loadavg)"
for count in $(printf '1\n%s\n' "$threads" | sort --unique --numeric-sort); do
  "$python" "$source/bench/peers/torch_vit.py" "$build/tool_train_vit" "$place" "$count" \
    "$rows" "$steps"
done
