"""A small study and its report where system calls fail: the n-th open, read, write, fsync or rename
gives EIO, a full disk, an interrupted call, or half of the bytes; the n-th allocation gives nothing
(tests/preload). Whatever happens, the program ends with success, or with an exit code and one
sentence (a task that lacks memory fails alone, with a warning); no file is left half written;
interrupted calls and short ones are no failures at all; and the same command with --resume in the same directory, once all is well again, ends with the bytes of a
sound run.

    test_failing_calls.py BUILD [--all]     the test takes some of the calls, `make hostile` all,
                                            and disks of every size too small
"""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np
import pandas as pd

STUDY = """experiment: {id: E}
data: {train: [a.h5], test: t.h5, root: %s, noise: {test: generated}}
binning: {T_eff: [1, 2, 3], M_H: [0, 0.9]}
experts: {ridge: {alpha: [1, 10]}, posterior: }
"""
# What can happen at each kind of call, and how many of its calls the short test takes.
FAILURES = {"open": (("EMFILE", "EACCES"), 2), "read": (("EIO", "EINTR", "short"), 2),
            "write": (("EIO", "ENOSPC+", "EINTR", "short"), 2), "fsync": (("EIO", "EINTR"), 2),
            "rename": (("EIO", "ENOSPC+"), 1), "memory": (("", "+"), 6)}
SURVIVED = ("EINTR", "short")
# Allocations are many: even --all takes no more than these, spread over the study. That every
# single one of hr_alloc may fail is shown in one process, tests/study/test_study.c.
MOST = {"memory": 300}
# They tell what happened, and when. Taking the lock's files away takes memory; nobody holds them,
# so that they stop no other run.
ALLOWED = ("run.lock", "run.pid", "run.log", "status.json", "timings.json")
# Files that tell times; results.json has a seal that leaves them out.
TIMED = ("results.json", "manifest.json", "card.json", "report.md", "report.html")


def write_shard(path, rows, seed):
    chance = np.random.default_rng(seed)
    labels = pd.DataFrame({"T_eff": chance.uniform(1, 3, rows), "M_H": chance.uniform(0, 1, rows),
                           "log_g": chance.uniform(1, 5, rows), "snr": chance.uniform(3, 9, rows)})
    labels.to_hdf(path, "dataset/params", mode="w", format="table")
    with h5py.File(path, "a") as file:
        flux = 1 + 0.1 * labels.log_g.to_numpy()[:, None] * np.arange(1, 7) / 6
        file["/spectrumdataset/wave"] = 7100 + np.arange(6.0)
        file["/dataset/arrays/flux/value"] = flux.astype("f4")
        file["/dataset/arrays/error/value"] = np.full_like(flux, 0.2, dtype="f4")


class Study:
    """The study, its folder, and what it leaves where nothing fails."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.config = os.path.join(folder, "study.yaml")
        self.sound = os.path.join(folder, "sound")
        write_shard(os.path.join(folder, "a.h5"), 60, 1)
        write_shard(os.path.join(folder, "t.h5"), 20, 2)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(STUDY % folder)
        counts = [os.path.join(folder, name) for name in ("counts", "memory")]
        done = self.run(self.sound, FAIL_IO_COUNTS=counts[0], FAIL_MEMORY_COUNT=counts[1])
        assert done.returncode == 0, done.stderr
        self.calls = {}
        for path in counts:
            with open(path, encoding="utf-8") as file:
                self.calls.update((kind, int(count)) for kind, count in map(str.split, file))
        self.files = files_below(self.sound)

    def run(self, out, *options, **environment):
        return self.headroom("run", self.config, "--out", out, *options, **environment)

    def headroom(self, *words, **environment):
        """One thread, so that the n-th call is the same one each time."""
        preload = ":".join(os.path.join(self.build, name)
                           for name in ("libfail_io.so", "libfail_memory.so"))
        return subprocess.run([os.path.join(self.build, "headroom"), *words],
                              capture_output=True, timeout=120, check=False,
                              env={**os.environ, "LD_PRELOAD": preload, "FAIL_IO_UNDER": self.folder,
                                   "OMP_NUM_THREADS": "1", **environment})

    def is_as_ever(self, out, name):
        """Whether a file has the bytes of the sound run; where it holds times, that it is whole."""
        path, sound = os.path.join(out, name), os.path.join(self.sound, name)
        base = os.path.basename(name)
        if base not in TIMED:
            return filecmp.cmp(path, sound, shallow=False)
        with open(path, encoding="utf-8") as one, open(sound, encoding="utf-8") as other:
            if base.endswith(".json"):
                return summary_of(one.read()) == summary_of(other.read())
            return len(one.readlines()) == len(other.readlines())

    def damage(self, out):
        """Files that a failed run must not leave: half of one, other ones, parts of one."""
        return [name for name in files_below(out)
                if name not in ALLOWED
                and (name not in self.files or not self.is_as_ever(out, name))]

    def check_whole(self, out):
        missing = [name for name in self.files
                   if name not in ALLOWED and not os.path.exists(os.path.join(out, name))]
        wrong = missing + self.damage(out)
        return f"wrong or missing files: {wrong}" if wrong else ""

    def check_end(self, done, out):
        """What is wrong with how a run ended; "" where nothing is."""
        err = done.stderr.decode()
        if done.returncode == 0:
            return self.check_whole(out)
        told = [line for line in err.splitlines() if line.startswith("headroom: ")]
        if done.returncode not in (3, 4) or told != err.splitlines()[-1:]:
            return f"exit {done.returncode}: {err!r}"
        damage = self.damage(out)
        return f"left {damage} after {told}" if damage else ""

    def fail(self, kind, number, error):
        """What is wrong with how the program took one failure, and with what came after it."""
        out = os.path.join(self.folder, "run")
        shutil.rmtree(out, ignore_errors=True)
        if kind == "memory":
            done = self.run(out, FAIL_MEMORY=f"{number}{error}")
        else:
            done = self.run(out, FAIL_IO=f"{kind}:{number}:{error}")
        wrong = self.check_end(done, out)
        if not wrong and done.returncode != 0 and error in SURVIVED:
            wrong = f"not survived: {done.stderr.decode()!r}"
        if kind == "memory" and done.returncode == 0 and self.lacked_memory(out):
            wrong = ""  # the study went on without a task, and says so
        elif wrong or done.returncode == 0:
            return wrong
        after = self.run(out, "--resume")
        wrong = self.check_end(after, out)
        return wrong or (f"and then {after.stderr.decode()!r}" if after.returncode else "")

    def lacked_memory(self, out):
        """Whether a task failed for want of memory, and a warning in run.log says so."""
        with open(os.path.join(out, "run.log"), encoding="utf-8") as file:
            if not re.search("warning: .*memory", file.read()):
                return False
        for name in self.files:
            if os.path.basename(name) == "card.json" and os.path.exists(os.path.join(out, name)):
                with open(os.path.join(out, name), encoding="utf-8") as file:
                    card = json.load(file)
                if card["status"] == "failed" and "memory" in card["note"]:
                    return True
        return False

    def fill_disk(self, kibibytes):
        """The same on a disk of that size, and then on a larger one; None where it can hold all."""
        disk = os.path.join(self.folder, "disk")
        out = os.path.join(disk, "run")
        os.makedirs(disk, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kibibytes}k", "none", disk], check=True)
        try:
            done = self.run(out)
            wrong = self.check_end(done, out)
            if done.returncode == 0:
                return wrong or None
            subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
            after = self.run(out, "--resume")
            return wrong or self.check_end(after, out) or "" if after.returncode == 0 else "not mended"
        finally:
            subprocess.run(["umount", disk], check=True)


def files_below(folder):
    return sorted(os.path.relpath(os.path.join(place, name), folder)
                  for place, _, names in os.walk(folder) for name in names)


def summary_of(text):
    """What stays of a document from run to run: its seal, and its shape; None: it is no JSON."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document.get("seal"), shape_of(document)


def shape_of(value):
    """A document without its values: the keys, and how long the lists are."""
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    return [shape_of(item) for item in value] if isinstance(value, list) else type(value).__name__


def check_lost_variance(study):
    """The variance of a task that was written but cannot be opened again is no task without one."""
    out, wrong = os.path.join(study.folder, "run"), []
    for number in range(1, 7):
        shutil.rmtree(out, ignore_errors=True)
        name = os.path.join(out, "tasks", "global-posterior", "variance.f64")
        done = study.run(out, FAIL_IO_UNDER=name, FAIL_IO=f"open:{number}:EMFILE")
        what = study.check_end(done, out)
        if what:
            wrong.append(f"open {number} of variance.f64: {what}")
            print(wrong[-1], flush=True)
    return wrong


def told_otherwise(study, words, environments, reason):
    """Sentences about one failure that do not say that failure's reason."""
    wrong = []
    for environment in environments:
        done = study.headroom(*words, **environment)
        told = done.stderr.decode().splitlines()[-1:]
        if done.returncode and not (done.returncode == 4 and told and reason in told[0]):
            wrong.append(f"{environment}: exit {done.returncode}, {told}")
            print(wrong[-1], flush=True)
    return wrong


def check_sentences(study, every):
    """A disk that cannot be read is no damaged file, a lack of memory no damaged document."""
    few = None if every else 25
    files = os.path.join(study.folder, "counts")
    done = study.headroom("run", study.config, "--dry-run", FAIL_IO_COUNTS=files)
    assert done.returncode == 0, done.stderr
    with open(files, encoding="utf-8") as file:
        reads = int(dict(map(str.split, file))["read"])
    wrong = told_otherwise(study, ("run", study.config, "--dry-run"),
                           ({"FAIL_IO": f"read:{number}:EIO"} for number in range(1, reads + 1)
                            if not few or number % (reads // few + 1) == 0), "Input/output error")
    done = study.headroom("report", study.sound, FAIL_MEMORY_COUNT=files)
    assert done.returncode == 0, done.stderr
    with open(files, encoding="utf-8") as file:
        pieces = int(file.read().split()[1])
    step = max(1, pieces // (few or MOST["memory"]))
    return wrong + told_otherwise(study, ("report", study.sound),
                                  ({"FAIL_MEMORY": f"{number}{goes_on}"} for goes_on in ("", "+")
                                   for number in range(1, pieces + 1, step)), "memory")


def chosen_failures(study, every):
    """(kind, number, error), spread over the life of the study; other numbers for each error."""
    for kind, (errors, few) in FAILURES.items():
        calls = study.calls[kind]
        step = max(1, calls // (MOST.get(kind, calls) if every else few))
        for turn, error in enumerate(errors):
            for number in range(1 + (turn * step) // len(errors), calls + 1, step):
                yield kind, number, error


def check_calls(study, every):
    count, wrong = 0, []
    for kind, number, error in chosen_failures(study, every):
        count += 1
        what = study.fail(kind, number, error)
        if what:
            wrong.append(f"{kind} {number} of {study.calls[kind]}, {error}: {what}")
            print(wrong[-1], flush=True)
    print(f"{count} failures of calls: {study.calls}", flush=True)
    return wrong


def check_disks(study):
    """Disks from 4 KiB on, a page larger each time, until everything fits."""
    wrong = []
    for size in range(4, 1 << 20, 4):
        what = study.fill_disk(size)
        if what is None:
            print(f"disks of 4, 8 to {size - 4} KiB, and everything fits into {size}")
            return wrong
        if what:
            wrong.append(f"disk of {size} KiB: {what}")
            print(wrong[-1], flush=True)
    return wrong + ["no disk is large enough"]


def can_mount():
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["mount", "-t", "tmpfs", "none", folder], capture_output=True, check=False)
        return done.returncode == 0 and subprocess.run(["umount", folder], check=True) is not None


def main():
    start, every = time.monotonic(), "--all" in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        study = Study(sys.argv[1], folder)
        assert all(study.calls.values()), study.calls
        wrong = check_lost_variance(study) + check_sentences(study, every)
        wrong += check_calls(study, every)
        if every and can_mount():
            wrong += check_disks(study)
        elif every:
            print("no disks are filled: that takes the right to mount one (as root, or unshare -rm)")
    print(f"{time.monotonic() - start:.0f} s")
    assert not wrong, len(wrong)


if __name__ == "__main__":
    main()
