#!/usr/bin/env bash
# Small studies with the vision transformer, on simulated stars of 1024 pixels:
#   input  what the network takes, input: scaled or raw, three seeds each
#   heads  a trunk with nine heads, nine networks, and one network, at the same budget; and
#          what the trunk's hidden vector brings a gate
# Prints the tables of bench/vit.md.
#
# usage: bench/vit_studies.sh BUILD_DIR input|heads [TRAINING_SPECTRA] [EPOCHS] [TEST_SPECTRA]
#
# One thread, fp32. PLACE in the environment: a folder that is kept (otherwise a temporary one).
set -euo pipefail
build=$(cd "$1" && pwd)
what=$2
train=${3:-4000}
epochs=${4:-10}
test=${5:-4000}
place=${PLACE:-$(mktemp -d)}
[ -n "${PLACE:-}" ] || trap 'rm -rf "$place"' EXIT
mkdir -p "$place"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

cat > "$place/instrument.yaml" <<'YAML'
name: mr-1024
wavelength: {start: 7110, stop: 8849.5, step: 1.7}
lsf: {fwhm: 3.4}
noise: {snr: [5, 60], background: 0.3}
YAML
[ -d "$place/data" ] || "$build/headroom" simulate --out "$place/data" --train "$train" \
  --test "$test" --instrument "$place/instrument.yaml" >/dev/null 2>&1

python3 - "$build/headroom" "$place" "$what" "$epochs" <<'PYTHON'
import json, os, subprocess, sys, time
program, place, what, epochs = sys.argv[1:]
SHAPE = ("patch_size: 16, hidden_size: 64, num_hidden_layers: 3, num_attention_heads: 4, "
         f"intermediate_size: 128, batch_size: 32, lr: {os.environ.get('LR', '2e-3')}, dropout: 0, "
         f"attention_dropout: 0, precision: fp32, epochs: {epochs}")
SEEDS = (1, 2, 3)


def run(name, vit, seed=42, more="", gates=""):
    """The run directory of a study, and how many seconds it took."""
    config, out = f"{place}/data/{name}.yaml", f"{place}/{name}"
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"experiment: {{id: {name}, language: en}}\n"
                   "data: {train: ['train_{0..4}/dataset.h5'], test: test/dataset.h5}\n"
                   f"selection: {{seed: {seed}}}\n"
                   "controls: {placebo: false, leakage: false}\n"
                   f"experts:\n  ridge: {{}}\n  vit: {{{SHAPE}, {vit}}}\n{more}{gates}")
    start = time.monotonic()
    done = subprocess.run([program, "run", config, "--out", out, "--replace", "--quiet"])
    if done.returncode not in (0, 5):
        sys.exit(f"{name}: exit {done.returncode}")
    return out, time.monotonic() - start


def interval(line, key="r2", sign=""):
    low, high = line[key + "_ci"]
    return f"{line[key]:{sign}.4f} [{low:{sign}.4f}, {high:{sign}.4f}]"


def compare(*runs):
    done = subprocess.run([program, "compare", *runs, "--json"], capture_output=True, text=True,
                          check=True)
    return json.loads(done.stdout)


def results(out):
    with open(f"{out}/results.json", encoding="utf-8") as file:
        return json.load(file)


def overall(out, method, rows="covered"):
    own = next(o for o in results(out)["overall"] if (o["method"], o["rows"]) == (method, rows))
    return {"r2": own["r2_pooled"], "r2_ci": own["r2_pooled_ci"]}


def the_input():
    print("| seed | `scaled` | `raw` | raw − scaled | seconds, both |\n|---:|---|---|---|---:|")
    for seed in SEEDS:
        outs = [run(f"{kind}-{seed}", f"input: {kind}", seed) for kind in ("scaled", "raw")]
        lines = compare(*(out for out, _ in outs))["methods"]
        line = next(m for m in lines if m["method"] == "global_vit" and m["rows"] == "covered")
        scaled, raw = line["runs"]
        print(f"| {seed} | {interval(scaled)} | {interval(raw)} | {interval(raw, 'delta_r2', '+')} "
              f"| {sum(s for _, s in outs):.0f} |", flush=True)


def the_heads():
    nine, seconds = run("nine", "bins: all")
    table = f"{nine}/predictions.csv"
    more = (f"  one: {{predictions: {table}, column: global_vit, title: One ViT}}\n"
            f"  nine: {{predictions: {table}, column: vit_oracle, bins: all, title: Nine ViTs}}\n")
    gates = "gates:\n  logistic: {}\n"
    plain, more_seconds = run("heads", "heads: bins", more=more, gates=gates)
    looking, _ = run("heads-gate", "heads: bins", gates="gates:\n  logistic: {trunk: 16}\n")
    print(f"{seconds:.0f} s for the nine and the one, {more_seconds:.0f} s for the trunk\n")
    print("| model | R², covered rows |\n|---|---|")
    for name, method in (("Global Ridge", "global_ridge"), ("nine Ridges", "ridge_oracle"),
                         ("one ViT", "global_one"), ("the trunk's head of all rows", "global_vit"),
                         ("nine ViTs", "nine_oracle"), ("the trunk's nine heads", "vit_oracle")):
        print(f"| {name} | {interval(overall(plain, method))} |")
    lines = {(m["method"], m["rows"]): m["runs"][1] for m in compare(nine, plain)["methods"]}
    for name, method in (("head of all rows − one ViT", "global_vit"),
                         ("nine heads − nine ViTs", "vit_oracle")):
        print(f"| {name} | {interval(lines[method, 'covered'], 'delta_r2', '+')} |")
    print("\n| the ladder of the study with the trunk | R² | step |\n|---|---|---|")
    ladder = results(plain)["ladder"]
    step = {s["to"]: s for s in reversed(ladder["steps"])}
    for rung in ladder["rungs"]:
        own = step.get(rung["rung"])
        print(f"| {rung['rung']}: {rung['method']} | {interval(rung)} | "
              f"{interval(own, 'delta_r2', '+') if own else ''} |")
    print("\n| logistic gate | accuracy | R², soft, of the hybrid | ρ |\n|---|---|---|---|")
    for name, out in (("30 features", plain), ("and 16 components of the trunk", looking)):
        gate = results(out)["gates"][0]
        own = next(f for f in gate["forecasts"]
                   if (f["models"], f["mixing"]) == ("hybrid", "soft"))
        rho = interval(own, "rho") if own["rho"] is not None else "undefined"
        print(f"| {name} | {interval(gate, 'accuracy')} | {interval(own)} | {rho} |")


the_input() if what == "input" else the_heads()
PYTHON
