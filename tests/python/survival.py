"""A small full study that is killed, stopped and run out of disk, and what is left of it: shared
by the quick test and by `make survive`."""

import json
import os
import random
import shutil
import signal
import subprocess
import time

import study_data

CONFIG = """experiment: {id: survivor, language: en}
data: {train: ["train_{0..1}/dataset.h5"], test: test/dataset.h5}
experts:
  ridge: {alpha: [1, 100]}
  ridge_marginal: {}
  posterior: {}
  lightgbm: {n_estimators: 60, num_leaves: 8, min_child_samples: 5, global: true}
  cnn: {channels: [4], fc_dim: 8, batch_size: 16, epochs: 4, lr: 0.01, bins: [3, 6], global: true,
        global_epochs: 2}
"""


# Bins of more rows than pixels, whose sums the model of all rows adds up, and one of fewer.
SUMS = """experiment: {id: sums, language: en}
data: {train: ["train_{0..1}/dataset.h5"], test: test/dataset.h5, target: [log_g, T_eff]}
binning: {axes: {M_H: [-2.5, -2.44, -1.5, -0.75, 0.3]}}
experts: {ridge: {}, ridge_marginal: {levels: [0.5]}}
"""


def make_study(build, scratch, config=CONFIG, thinning=32):
    """A simulated study of 600 training stars and 128 pixels, or fewer; its configuration."""
    full, folder = os.path.join(scratch, "full"), os.path.join(scratch, "data")
    study_data.run(build, "headroom", "simulate", "--out", full, "--train", 600, "--shards", 2,
                   "--test", 200, "--seed", 5)
    for shard in ("train_0", "train_1", "test"):
        study_data.thin_out(os.path.join(full, shard, "dataset.h5"),
                            os.path.join(folder, shard, "dataset.h5"), thinning)
    shutil.rmtree(full)
    path = os.path.join(folder, "study.yaml")
    with open(path, "w", encoding="ascii") as file:
        file.write(config)
    return path


def start(build, config, out, *words, threads=1, **environment):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), **environment)
    return subprocess.Popen([os.path.join(build, "headroom"), "run", config, "--out", out, *words],
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def finish(build, config, out, *words, **environment):
    process = start(build, config, out, *words, **environment)
    _, err = process.communicate()
    if process.returncode != 0:
        raise AssertionError(f"{words}: exit {process.returncode}\n{err}")
    return err


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(item) for key, item in value.items()
                if key not in ("seconds", "validation_seconds")}
    if isinstance(value, list):
        return [without_times(item) for item in value]
    return value


def contents(out):
    """What a run leaves, times apart: bytes by path, JSON read."""
    found = {}
    names = ["results.json", "predictions.csv", "config.yaml", "preparation.json"]
    names += [os.path.join("tasks", task, name) for task in os.listdir(os.path.join(out, "tasks"))
              for name in os.listdir(os.path.join(out, "tasks", task))]
    names += [os.path.join("tables", name) for name in os.listdir(os.path.join(out, "tables"))]
    for name in names:
        with open(os.path.join(out, name), "rb") as file:
            found[name] = file.read()
        if name.endswith(".json"):
            found[name] = without_times(json.loads(found[name]))
        if os.path.basename(name) == "card.json":
            del found[name]["seal"]  # of a card with its times
    return found


def differences(expected, out):
    """Names of what is missing, left over or different; temporary files are left over."""
    found = contents(out)
    for folder, _, names in os.walk(out):
        found.update({os.path.join(folder, name): None for name in names
                      if name.endswith(".part") or name in ("run.lock", "run.pid")})
    return sorted(name for name in expected.keys() | found.keys()
                  if expected.get(name) != found.get(name))


class Survivor:
    """One study with the outcome of a run that was left alone."""

    def __init__(self, build, scratch, seed):
        self.build, self.scratch = build, scratch
        self.random = random.Random(seed)
        self.config = make_study(build, scratch)
        reference = os.path.join(scratch, "reference")
        begin = time.monotonic()
        finish(build, self.config, reference)
        self.seconds = time.monotonic() - begin
        self.expected = contents(reference)
        self.count = 0

    def place(self):
        self.count += 1
        return os.path.join(self.scratch, f"run_{self.count}")

    def hit(self, out, number):
        """Sends a signal at a random moment; the exit status. Now with one thread, now with two:
        that changes no byte."""
        process = start(self.build, self.config, out, "--resume",
                        threads=self.random.choice((1, 2)))
        try:
            process.communicate(timeout=self.random.uniform(0, 1.05 * self.seconds))
        except subprocess.TimeoutExpired:
            process.send_signal(number)
            process.communicate()
        return process.returncode

    def end(self, out):
        """Resumes to the end; what differs from the run that was left alone."""
        finish(self.build, self.config, out, "--resume")
        found = differences(self.expected, out)
        shutil.rmtree(out)
        return found

    def kill_at(self, name):
        """Kills a run once the file `name` is there; whether it hit, and what differs."""
        out = self.place()
        process = start(self.build, self.config, out)
        while process.poll() is None and not os.path.exists(os.path.join(out, name)):
            time.sleep(0.001)
        process.kill()
        process.communicate()
        return process.returncode == -signal.SIGKILL, self.end(out)

    def kill(self, times):
        """Kills the same run so many times in a row; how many hit, and what differs."""
        out = self.place()
        hits = sum(self.hit(out, signal.SIGKILL) == -signal.SIGKILL for _ in range(times))
        return hits, self.end(out)

    def stop(self):
        """Asks a run to stop; its exit status, and what differs."""
        out = self.place()
        code = self.hit(out, signal.SIGTERM)
        return code, self.end(out)
