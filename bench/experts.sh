#!/usr/bin/env bash
# Time and memory of every expert alone, on the same simulated spectra, as ratios to Ridge's.
# Prints the table of bench/experts.md.
#
# usage: bench/experts.sh BUILD_DIR [TRAINING_SPECTRA] [TEST_SPECTRA]
set -euo pipefail
build=$(cd "$1" && pwd)
train=${2:-20000}
test=${3:-4000}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$build/headroom" simulate --out "$place/data" --train "$train" --test "$test" >/dev/null 2>&1

python3 - "$build/headroom" "$place" "$train" "$test" <<'PYTHON'
import json, os, subprocess, sys, time
program, place, train, test = sys.argv[1:]
EXPERTS = ["ridge: {}", "ridge_marginal: {}", "posterior: {}", "posterior: {kernel: constant}",
           "lightgbm: {device: cpu, max_bin: 63}", "lightgbm: {device: cpu}",
           "cnn: {epochs: 20}", "cnn: {epochs: 20, precision: bf16}"]
print(f"{int(train):,} training and {int(test):,} test spectra of 4096 pixels, {os.cpu_count()} processors, "
      f"load {os.getloadavg()[0]:.1f} before.\n")
print("| expert alone | wall s | processor s | peak MiB | wall, of Ridge's | memory, of Ridge's | R², told the bin |")
print("|---|---:|---:|---:|---:|---:|---:|")
base = None
for number, expert in enumerate(EXPERTS):
    config, out = f"{place}/data/{number}.yaml", f"{place}/run{number}"
    with open(config, "w", encoding="utf-8") as file:
        file.write("experiment: {id: bench, language: en}\n"
                   "data: {train: ['train_{0..4}/dataset.h5'], test: test/dataset.h5}\n"
                   "controls: {placebo: false, leakage: false}\n"
                   f"experts:\n  {expert}\n")
    start = time.monotonic()
    with open(os.devnull, "w") as nowhere:
        child = subprocess.Popen([program, "run", config, "--out", out], stdout=nowhere, stderr=nowhere)
        _, code, usage = os.wait4(child.pid, 0)
    if code != 0:
        sys.exit(f"{expert}: exit {os.waitstatus_to_exitcode(code)}")
    found = (time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    base = base or found
    with open(f"{out}/results.json", encoding="utf-8") as file:
        results = json.load(file)
    name = expert.split(":")[0]
    if name == "cnn":
        r2 = ", ".join(f"bin {k}: {results['bins'][k]['experts']['cnn']['r2']:.3f}" for k in (3, 6))
    else:
        r2 = next(f"{o['r2_pooled']:.3f}" for o in results["overall"]
                  if o["method"] == f"{name}_oracle" and o["rows"] == "covered")
    print(f"| `{expert}` | {found[0]:.1f} | {found[1]:.1f} | {found[2]:.0f} | {found[0] / base[0]:.2f} | "
          f"{found[2] / base[2]:.2f} | {r2} |", flush=True)
PYTHON
