"""What the Python tests share: running the program, and seeing a study's data as it does."""

import csv
import io
import json
import os
import subprocess

import h5py
import numpy as np


def run(build, *words, threads=None, check=True, **environment):
    """Runs a program of the build folder; its output as text."""
    environment = dict(os.environ, **environment)
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    done = subprocess.run([os.path.join(build, words[0]), *map(str, words[1:])],
                          env=environment, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise AssertionError(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def has_option(build, name):
    """Whether the build has one of the parts that may be left out, such as HR_FITS."""
    with open(os.path.join(build, "CMakeCache.txt"), encoding="utf-8") as file:
        return f"{name}:BOOL=ON\n" in file.read()


def thin_out(source, target, step):
    """Copies a shard, keeping every `step`-th pixel: more rows than pixels with few rows."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with h5py.File(source, "r") as old, h5py.File(target, "w") as new:
        new["/spectrumdataset/wave"] = old["/spectrumdataset/wave"][::step]
        for name in ("flux", "error", "noisy"):
            path = f"/dataset/arrays/{name}/value"
            if path in old:
                new[path] = old[path][:, ::step]
        old.copy("/dataset/params", new["/dataset"])


class Rows:
    """One split of a study: its labels, bins and folds, and its rows with noise."""

    def __init__(self, build, config, split, noise, files, pixels, scratch, level=1):
        plan = csv.DictReader(io.StringIO(run(build, "tool_print_plan", config).stdout))
        rows = [r for r in plan if r["split"] == split]
        self.bin = np.array([int(r["bin"]) for r in rows])
        self.fold = np.array([int(r["fold"]) for r in rows])
        self.target = np.array([float(r["target"]) for r in rows])
        prefix = os.path.join(scratch, split)
        run(build, "tool_dump_rows", prefix, noise, level, 42, split, 0, 1 << 28, *files)
        noisy = np.fromfile(prefix + ".noisy.f32", np.float32).reshape(-1, pixels)
        self.noisy = noisy.astype(np.float64)


def task(run_dir, name):
    """The card and the predictions [variants][rows] of a task."""
    folder = os.path.join(run_dir, "tasks", name)
    with open(os.path.join(folder, "card.json"), encoding="utf-8") as file:
        card = json.load(file)
    predictions = None
    if card["status"] == "ok":
        predictions = np.fromfile(os.path.join(folder, "predictions.f32"), np.float32)
        predictions = predictions.reshape(len(card["variants"]), -1).astype(np.float64)
    return card, predictions
