#!/usr/bin/env python3
"""Races every stage against the peers a user would pick, on the same simulated spectra, in
alternation, and holds it against what this machine can do, measured in the same run.

usage: bench/run.py BUILD_DIR [options]     (BUILD_DIR configured with -DHR_BENCH=ON)

  --sizes N,...     training spectra (10000,20000,50000,100000)
  --stages S,...    of read, noise, ridge, ridge_cv, lightgbm, cnn, posterior, study (all)
  --repeats N       runs of each program, of which the median is told (5)
  --limit SECONDS   a stage of one size is not repeated beyond that (no limit)
  --peer-repeats N  runs of the peer, where fewer are wanted
  --peer-most N     spectra beyond which the peers are left out (no limit)
  --quick           sizes 2000,4000, three runs, few trees and epochs: minutes
  --out FOLDER      results.json, results.md and plots go there (bench/)
  --add             beside what results.json there holds of other stages and sizes
  --place FOLDER    the data, kept for another run (a temporary folder, removed)
  --agree           then runs more of the peer, to compare R²: on the noise and folds of ours, and
                    with another seed where it chooses at random
  --agree-only      that alone, for what results.json holds already
  --memory MIB      of run.memory_mib in studies (1400: more is no faster)
  --trees N, --epochs N   of LightGBM (500) and of the CNN (30)

Peers run with the interpreter that runs this: bench/venv.sh makes one with today's packages, and
`make bench` takes it. A peer whose package is missing is left out, with a line. Memory is the peak
of the process as the kernel counts it."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import write_results  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
STAGES = ("read", "noise", "ridge", "ridge_cv", "lightgbm", "cnn", "posterior", "study")
PIXELS, TEST_ROWS, CNN_BINS = (write_results.PIXELS, write_results.TEST_ROWS,
                               write_results.CNN_BINS)
SHARDS = 5
# What a peer is compared with beyond its race, and which of ours had the folds.
AGREED = ("ridge", "ridge_cv", "lightgbm", "cnn", "study")
CONFIGS = {"ridge": "ridge", "ridge_cv": "ridge", "lightgbm": "lightgbm"}
ALPHAS, FOLDS, MODELS = 7, 5, 10  # of the Ridge sweep: nine bins and the global model
NEEDS = {"read": ["h5py", "numpy"], "noise": ["numpy"],
         "ridge": ["h5py", "pandas", "sklearn"], "ridge_cv": ["h5py", "pandas", "sklearn"],
         "lightgbm": ["h5py", "pandas", "lightgbm"], "cnn": ["h5py", "pandas", "torch"],
         "posterior": ["h5py", "pandas"],
         "study": ["h5py", "pandas", "sklearn", "lightgbm", "torch"]}


def say(sentence):
    print(f"{time.strftime('%H:%M:%S')} {sentence}", flush=True)


def measure(command, log, environment):
    """Wall and processor seconds and peak MiB of a command."""
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            with open(log, "wb") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            os.execve(command[0], command, environment)
        finally:
            os._exit(127)
    _, code, usage = os.wait4(child, 0)
    if code != 0:
        with open(log, encoding="utf-8", errors="replace") as file:
            sys.exit(f"{' '.join(command)} failed:\n{file.read()[-2000:]}")
    return {"wall": time.monotonic() - start, "cpu": usage.ru_utime + usage.ru_stime,
            "mib": usage.ru_maxrss / 1024}


class Race:
    def __init__(self, options):
        self.options = options
        self.build = os.path.abspath(options.build)
        self.place = options.place or tempfile.mkdtemp(prefix="headroom-bench-")
        os.makedirs(self.place, exist_ok=True)
        self.log = os.path.join(self.place, "log")
        self.environment = dict(os.environ)
        self.threads = os.cpu_count()
        wheel = os.path.join(self.build, "lightgbm")
        if os.path.isdir(wheel):  # one library for both
            path = [wheel] + [p for p in [os.environ.get("PYTHONPATH")] if p]
            self.environment.update(PYTHONPATH=os.pathsep.join(path), LIGHTGBM_ROOT=wheel)
        # Set for the OpenBLAS of a distribution that does not know the processor; today's does.
        self.peer_environment = {name: value for name, value in self.environment.items()
                                 if name != "OPENBLAS_CORETYPE"}
        self.missing = {}

    def tool(self, name):
        path = os.path.join(self.build, name)
        if not os.path.exists(path):
            sys.exit(f"{path} is not there: configure with -DHR_BENCH=ON -DHR_TESTS=ON and build")
        return path

    def peer(self, name, *words):
        return [sys.executable, os.path.join(HERE, "peers", name), *map(str, words)]

    def has_peer(self, stage, rows):
        for package in NEEDS[stage]:
            if package not in self.missing:
                done = subprocess.run([sys.executable, "-c", f"import {package}"],
                                      env=self.environment, capture_output=True, check=False)
                self.missing[package] = done.returncode != 0
                if self.missing[package]:
                    say(f"{sys.executable} has no {package}: peers that take it are left out")
        if rows > self.options.peer_most:
            return False
        return not any(self.missing[package] for package in NEEDS[stage])

    def simulate(self, rows):
        folder = os.path.join(self.place, f"data_{rows}")
        mark = os.path.join(folder, "complete")
        if not os.path.exists(mark):
            say(f"simulating {rows} training spectra")
            measure([self.tool("headroom"), "simulate", "--out", folder, "--train", str(rows),
                     "--shards", str(SHARDS), "--test", str(TEST_ROWS), "--seed", "1"],
                    self.log, self.environment)
            with open(mark, "w", encoding="ascii"):
                pass
        return folder

    def study(self, folder, name, experts, memory=None):
        """The command that runs a study of these experts, without controls."""
        path, out = os.path.join(folder, f"{name}.yaml"), os.path.join(folder, f"run_{name}")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"""experiment: {{id: bench, language: en}}
data: {{train: ["train_{{0..{SHARDS - 1}}}/dataset.h5"], test: test/dataset.h5,
       noise: {{level: 1.0, seed: 42, test: stored}}}}
controls: {{placebo: false, leakage: false}}
experts: {{{experts}}}
run: {{memory_mib: {memory or self.options.memory}}}
""")
        return [self.tool("headroom"), "run", path, "--out", out], out

    def contest(self, stage, folder, rows):
        """Ours and the peers' commands: [(name, command, reader of what it left)]."""
        options = self.options
        shards = [f"{folder}/train_{i}/dataset.h5" for i in range(SHARDS)]
        out = os.path.join(folder, f"peer_{stage}.json")
        ridge = "ridge: {alpha: [1, 10, 100, 1000, 10000, 100000, 1000000]}"
        trees = f"lightgbm: {{n_estimators: {options.trees}, max_bin: 63, folds: 0, device: cpu}}"
        cnn = (f"cnn: {{epochs: {options.epochs}, batch_size: 256, patience: 0, "
               f"bins: {list(CNN_BINS)}}}")
        peers = ("study.py", folder, out, options.epochs, options.trees, self.threads)
        if stage == "read":
            return ([self.tool("bench_stage"), "read", *shards], None,
                    self.peer("read_h5py.py", *shards), None)
        if stage == "noise":
            count = max(1, rows // 10)  # a rate: so much is enough
            return ([self.tool("bench_stage"), "noise", str(count), str(PIXELS)], "log",
                    self.peer("noise_numpy.py", count, PIXELS), "log")
        if stage in ("ridge", "ridge_cv"):
            ours, left = self.study(folder, "ridge", ridge)
            return ours, left, self.peer("ridge_sklearn.py", folder, out, stage), out
        if stage == "posterior":
            data = [str(rows), f"{folder}/test/dataset.h5", *shards]
            return ([self.tool("tool_compare_templates"), "components", f"{folder}/a.npy", *data],
                    None, self.peer("posterior_numpy.py", f"{folder}/b.npy", *data), None)
        experts = {"lightgbm": trees, "cnn": cnn, "study": ", ".join((ridge, trees, cnn))}[stage]
        ours, left = self.study(folder, stage, experts)
        return ours, left, self.peer(*peers, *([] if stage == "study" else [stage])), out

    def read_left(self, left):
        """What a run left behind: a study's results and timings, or a line of JSON."""
        if left is None:
            return {}
        if left == "log":
            with open(self.log, encoding="ascii") as file:
                return {"rates": json.loads(file.read().splitlines()[-1])}
        if not os.path.isdir(left):
            with open(left, encoding="ascii") as file:
                return {"r2": json.load(file)}
        found = {}
        with open(os.path.join(left, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        r2 = {}
        for k, one in enumerate(results["bins"]):
            for name, told in one["experts"].items():
                r2.setdefault(name, {})[str(k)] = told.get("r2")
        found["r2"] = r2
        found["train_rows"] = [one["n_train"] for one in results["bins"]]
        timings = os.path.join(left, "timings.json")
        if os.path.exists(timings):
            with open(timings, encoding="utf-8") as file:
                found["timings"] = json.load(file)
        shutil.rmtree(left)  # a study that is complete would not be run again
        return found

    def race(self, stage, rows):
        folder = self.simulate(rows)
        ours, left, theirs, peer_left = self.contest(stage, folder, rows)
        sides = [("headroom", ours, left)]
        if self.has_peer(stage, rows):
            sides.append(("peer", theirs, peer_left))
        shutil.rmtree(os.path.join(folder, f"run_{stage}"), ignore_errors=True)
        runs, found, start = {name: [] for name, _, _ in sides}, {}, time.monotonic()
        for turn in range(self.options.repeats):
            for name, command, kept in sides:
                if name == "peer" and turn >= self.options.peer_repeats:
                    continue
                environment = self.environment if name == "headroom" else self.peer_environment
                runs[name].append(measure(command, self.log, environment))
                found.setdefault(name, []).append(self.read_left(kept))
            if time.monotonic() - start > self.options.limit:
                break
        entry = {"stage": stage, "rows": rows, "memory_mib": self.options.memory,
                 "epochs": self.options.epochs, "trees": self.options.trees}
        for name, taken in runs.items():
            entry[name] = {key: statistics.median(run[key] for run in taken)
                           for key in ("wall", "cpu", "mib")}
            entry[name]["runs"] = len(taken)
            entry[name]["walls"] = [round(run["wall"], 3) for run in taken]
            entry[name].update(found[name][len(taken) // 2])
            rates = [one["rates"] for one in found[name] if "rates" in one]
            if rates:
                entry[name]["rates"] = {key: statistics.median(rate[key] for rate in rates)
                                        for key in rates[0]}
        say(f"{stage}, {rows} spectra: " + "; ".join(
            f"{name} {entry[name]['wall']:.2f} s, {entry[name]['mib']:.0f} MiB" for name in runs))
        return entry

    def agree(self, stage, rows, entry):
        """Adds what the peer reaches on the rows that ours saw, noise, folds and all."""
        folder = self.simulate(rows)
        if stage in ("cnn", "study"):  # whose noise is another one in every epoch
            self.agree_on_networks(folder, rows, entry)
            return
        _, _, theirs, peer_left = self.contest(stage, folder, rows)
        shards = [f"{folder}/train_{i}/dataset.h5" for i in range(SHARDS)]
        dumped = os.path.join(self.place, "rows")
        environment = {**self.peer_environment, "NOISY_ROWS": f"{dumped}.noisy.f32",
                       "FOLDS": f"{dumped}.csv"}
        say(f"{stage}, {rows} spectra: the peer on our noise and folds")
        try:
            measure([self.tool("tool_print_plan"), os.path.join(folder, f"{CONFIGS[stage]}.yaml")],
                    environment["FOLDS"], self.environment)
            measure([self.tool("tool_dump_rows"), dumped, "generated", "1", "42", "train", "64",
                     str(1 << 28), *shards], self.log, self.environment)
            measure(theirs, self.log, environment)
            entry["peer_on_our_rows"] = self.read_left(peer_left)
            if stage == "lightgbm":
                self.agree_on_trees(folder, rows, entry, environment)
        finally:
            for kind in ("flux.f32", "error.f32", "noisy.f32", "z.f32", "csv"):
                if os.path.exists(f"{dumped}.{kind}"):
                    os.remove(f"{dumped}.{kind}")

    def agree_on_trees(self, folder, rows, entry, environment):
        """Two runs more that tell why trees differ: the peer with another seed, on the same
        rows; and ours with boundaries from as many rows as the package takes."""
        _, _, theirs, peer_left = self.contest("lightgbm", folder, rows)
        say(f"lightgbm, {rows} spectra: the peer with another seed")
        measure(theirs, self.log, {**environment, "SEED": "43"})
        entry["peer_on_our_rows_other_seed"] = self.read_left(peer_left)
        say(f"lightgbm, {rows} spectra: ours with the package's boundaries")
        trees = (f"lightgbm: {{n_estimators: {self.options.trees}, max_bin: 63, folds: 0, "
                 "device: cpu, subsample_for_bin: 200000}")
        ours, left = self.study(folder, "boundaries", trees, memory=8000)
        shutil.rmtree(left, ignore_errors=True)
        measure(ours, self.log, self.environment)
        entry["headroom_boundaries"] = {"r2": self.read_left(left)["r2"]}

    def agree_on_networks(self, folder, rows, entry):
        """What the peer's network reaches with another seed."""
        _, _, theirs, peer_left = self.contest("cnn", folder, rows)
        say(f"cnn, {rows} spectra: the peer with another seed")
        measure(theirs, self.log, {**self.peer_environment, "SEED": "43"})
        entry["peer_other_seed"] = self.read_left(peer_left)

    def limits(self):
        done = subprocess.run([self.tool("bench_limits"), os.path.join(self.place, "disk"),
                               "64" if self.options.quick else "1024"],
                              env=self.environment, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)


def parse():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("build")
    parser.add_argument("--sizes")
    parser.add_argument("--stages", default=",".join(STAGES))
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--limit", type=float, default=float("inf"))
    parser.add_argument("--peer-repeats", type=int, default=10**9)
    parser.add_argument("--peer-most", type=int, default=10**9)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--add", action="store_true")
    parser.add_argument("--out", default=HERE)
    parser.add_argument("--place")
    parser.add_argument("--agree", action="store_true")
    parser.add_argument("--agree-only", action="store_true")
    parser.add_argument("--memory", type=int, default=1400)
    parser.add_argument("--trees", type=int)
    parser.add_argument("--epochs", type=int)
    options = parser.parse_args()
    quick = options.quick
    options.sizes = [int(n) for n in (options.sizes or (
        "2000,4000" if quick else "10000,20000,50000,100000")).split(",")]
    options.repeats = options.repeats or (3 if quick else 5)
    options.trees = options.trees or (20 if quick else 500)
    options.epochs = options.epochs or (1 if quick else 30)
    options.stages = options.stages.split(",")
    unknown = [stage for stage in options.stages if stage not in STAGES]
    if unknown:
        sys.exit(f"no stage is called {unknown[0]}; there are {', '.join(STAGES)}")
    return options


def earlier(options):
    """The results that are there, which must be of the same machine and settings; or None."""
    path = os.path.join(options.out, "results.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        before = json.load(file)
    for name in ("machine", "packages", "quick", "trees", "epochs"):
        found = {"machine": write_results.machine, "packages": write_results.packages}.get(name)
        now = found() if found else getattr(options, name)
        if before.get(name) != now:
            sys.exit(f"{path}: {name} was {before.get(name)} and is {now}: --out elsewhere")
    return before


def race_all(race, options):
    """Beside what was measured before of other stages and sizes, each with its own limits."""
    before = earlier(options) if options.add else None
    results = {"machine": write_results.machine(), "packages": write_results.packages(),
               "load_before": os.getloadavg()[0],
               "quick": options.quick, "trees": options.trees, "epochs": options.epochs,
               "test_rows": TEST_ROWS, "pixels": PIXELS,
               "entries": [entry for entry in (before or {"entries": []})["entries"]
                           if entry["stage"] not in options.stages
                           or entry["rows"] not in options.sizes]}
    say("measuring the machine")
    results["limits"] = race.limits()
    for stage in options.stages:
        for rows in options.sizes:
            entry = {**race.race(stage, rows), "limits": results["limits"]}
            results["entries"].append(entry)
            results["entries"].sort(key=lambda e: (STAGES.index(e["stage"]), e["rows"]))
            write_results.write(results, options.out)  # what is done survives a stop
            if options.agree and "peer" in entry and stage in AGREED:
                race.agree(stage, rows, entry)
                write_results.write(results, options.out)


def agree_all(race, options):
    results = earlier(options)
    if not results:
        sys.exit(f"{options.out} has no results.json to compare with: --agree races first")
    for entry in results["entries"]:
        if entry["stage"] in options.stages and entry["stage"] in AGREED \
                and "peer" in entry and entry["rows"] in options.sizes:
            race.agree(entry["stage"], entry["rows"], entry)
            write_results.write(results, options.out)


def main():
    options = parse()
    race = Race(options)
    os.makedirs(options.out, exist_ok=True)
    try:
        (agree_all if options.agree_only else race_all)(race, options)
        say(f"written to {options.out}")
    finally:
        if not options.place:
            shutil.rmtree(race.place, ignore_errors=True)


if __name__ == "__main__":
    main()
