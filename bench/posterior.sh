#!/usr/bin/env bash
# The posterior mean of the same test spectra in three ways: over all pixels, by components,
# and in NumPy as a user would write it. Processor seconds on one thread, one way after the
# other, so that other work on the machine hurts all alike.
#
# usage: bench/posterior.sh BUILD_DIR [TEST_SPECTRA] [TEMPLATES...]
set -euo pipefail
build=$(cd "$1" && pwd)
tests=${2:-1000}
counts=("${@:3}")
[ ${#counts[@]} -gt 0 ] || counts=(20000 100000)
source=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python=${HR_PYTHON:-$("$source/bench/venv.sh")}
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

most=0
for count in "${counts[@]}"; do ((count > most)) && most=$count; done
"$build/headroom" simulate --out "$place" --train "$most" --shards 10 --test "$tests" >/dev/null 2>&1

# Runs a command, showing what it prints and the memory it took at most.
measure() {
  "$python" - "$@" <<'PYTHON'
import os, subprocess, sys
done = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, text=True, check=True)
import resource
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{sys.argv[1]}: {'; '.join(done.stdout.split(chr(10))[:-1])}; {peak:.0f} MiB")
PYTHON
}

for count in "${counts[@]}"; do
  echo "$count templates, $tests spectra, load $(cut -d ' ' -f 1 /proc/loadavg)"
  data=("$count" "$place/test/dataset.h5" "$place"/train_?/dataset.h5)
  for way in pixels components; do
    measure "  $way" "$build/tool_compare_templates" $way "$place/$way.npy" "${data[@]}"
  done
  measure "  numpy" "$python" "$source/bench/peers/posterior_numpy.py" "$place/numpy.npy" "${data[@]}"
  "$python" - "$place" <<'PYTHON'
import sys
import numpy as np
pixels, components = (np.load(f"{sys.argv[1]}/{way}.npy") for way in ("pixels", "components"))
change = np.abs(components[:, 0] - pixels[:, 0])
print(f"  largest change by components {change.max():.1e} dex, rms {np.sqrt(np.mean(change**2)):.1e}; "
      f"numpy {np.abs(np.load(f'{sys.argv[1]}/numpy.npy') - pixels[:, 0]).max():.1e}")
PYTHON
done
