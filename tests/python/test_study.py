"""A whole study through the program: the same bytes however it is run, each byte of the data
read once, memory within its budget, and one sentence for everything that is wrong."""

import fcntl
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas

import study_data

BUILD = sys.argv[1]


def thin_study(scratch, rows, name, step=16):
    """A simulated study of 256 pixels: folder and configuration text."""
    full = os.path.join(scratch, name + "_full")
    folder = os.path.join(scratch, name)
    study_data.run(BUILD, "headroom", "simulate", "--out", full, "--train", rows, "--shards", 2,
                   "--test", 300, "--seed", 5)
    for path in glob.glob(os.path.join(full, "*", "dataset.h5")):
        study_data.thin_out(path, path.replace(full, folder), step)
    shutil.rmtree(full)
    return folder


def config_text(extra=""):
    return ("experiment: {id: small, language: en}\n"
            "data:\n  train: [train_{0..1}/dataset.h5]\n  test: test/dataset.h5\n" + extra)


def without_times(text):
    return re.sub(r'"seconds": [0-9.e+-]+', '"seconds": 0', text)


class WholeStudy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = thin_study(cls.scratch.name, 4000, "data")

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def write(self, text, folder=None):
        path = os.path.join(folder or self.folder, "study.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_study(self, text, out, threads=2):
        out = os.path.join(self.scratch.name, out)
        study_data.run(BUILD, "headroom", "run", self.write(text), "--out", out,
                       threads=threads)
        return out

    def read(self, *path):
        with open(os.path.join(*path), encoding="utf-8") as file:
            return file.read()

    def test_threads_and_blocks_do_not_change_a_byte(self):
        first = self.run_study(config_text(), "threads2")
        expected = without_times(self.read(first, "results.json"))
        runs = [("threads1", "", 1)]
        runs += [(f"block{n}", f"run: {{block_rows: {n}}}\n", 2) for n in (1, 7, 1000, 4000)]
        for name, extra, threads in runs:
            out = self.run_study(config_text(extra), name, threads)
            self.assertEqual(without_times(self.read(out, "results.json")), expected, name)
            for model in glob.glob(os.path.join(first, "tasks", "*", "model.npy")):
                with open(model, "rb") as a, open(model.replace(first, out), "rb") as b:
                    self.assertEqual(a.read(), b.read(), model)

    def test_saving_memory_does_not_change_a_byte(self):
        def plan(mebibytes):
            text = config_text("experts: {ridge: {}, ridge_marginal: {}}\n"
                               f"run: {{memory_mib: {mebibytes}}}\n")
            out = os.path.join(self.scratch.name, "plan")
            done = study_data.run(BUILD, "headroom", "run", self.write(text), "--out", out,
                                  "--dry-run", check=False)
            told = done.stdout
            self.assertEqual(done.returncode, 2 if "Would not fit" in told else 0, done.stderr)
            return text, int(re.search(r"(?:Would need|at least) (\d+)", told).group(1)), told

        text, needed, told = plan(1000)
        self.assertNotIn("rows on disk", told)
        expected = self.run_study(text, "roomy")
        # Whatever is below the budget is buffers for reading: a quarter of it.
        text, less, told = plan(next(n for n in range(needed, 0, -4) if "on disk" in plan(n)[2]))
        self.assertIn("bins keeping their rows on disk until their turn", told)
        self.assertLess(less, needed)
        least, _, told = plan(plan(1)[1])
        self.assertIn("summing some folds at a time", told)
        for text, name in ((text, "saving"), (least, "thrifty")):
            found = self.run_study(text, name)
            self.assertEqual(without_times(self.read(found, "results.json")),
                             without_times(self.read(expected, "results.json")))
            self.assertEqual(glob.glob(os.path.join(found, "rows-*")), [])

    def test_the_ledger_balances(self):
        out = self.run_study(config_text(), "ledger")
        results = json.loads(self.read(out, "results.json"))
        ledger = results["ledger"]
        self.assertTrue(ledger["ok"])
        self.assertEqual(ledger["test_rows"], 300)
        self.assertEqual(ledger["covered"] + ledger["uncovered"], 300)
        self.assertEqual(sum(b["n_test"] for b in results["bins"]), ledger["covered"])
        self.assertLess(sum(b["n_train"] for b in results["bins"]), 4000)

    def test_pandas_reads_every_table(self):
        out = self.run_study(config_text(), "tables")
        tables = glob.glob(os.path.join(out, "tables", "*.csv"))
        self.assertGreaterEqual(len(tables), 3)
        for path in tables:
            self.assertGreater(len(pandas.read_csv(path)), 0, path)

    def test_a_dry_run_writes_nothing(self):
        out = os.path.join(self.scratch.name, "dry")
        done = study_data.run(BUILD, "headroom", "run", self.write(config_text()), "--out", out,
                              "--dry-run")
        self.assertIn("4000 spectra of 256 pixels in 2 files", done.stdout)
        self.assertFalse(os.path.exists(out))

    def test_what_cannot_be_built_is_refused_before_anything_is_read(self):
        """By a dry run as by a run, which leaves nothing behind."""
        out = os.path.join(self.scratch.name, "unbuilt")
        for text, why in (
                ("experts: {cnn: {channels: [" + ", ".join(["4"] * 17) + "]}}\n",
                 "a network has 1 to 16 convolutions, not 17; give as many channels"),
                ("experts: {cnn: {pool_size: 8}}\n",
                 "pool_size 8 behind each of 3 convolutions leaves nothing of 256 pixels; take a "
                 "smaller pool_size, or at most 2 channels")):
            path = self.write(config_text(text))
            for words in (["--dry-run"], []):
                done = study_data.run(BUILD, "headroom", "run", path, "--out", out, *words,
                                      check=False)
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr, r"headroom: \S+study.yaml:\d+:\d+: "
                                 + re.escape(f"experts.cnn: {why}"))
                self.assertFalse(os.path.exists(out))

    def test_empty_bins_are_told(self):
        edges = ("binning: {T_eff: [3750, 4500, 20000, 21000, 22000, 23000], M_H: [-2, 0.5]}\n",
                 "binning: {T_eff: [1, 2, 3, 4], M_H: [-2, 0.5]}\n")
        told = [study_data.run(BUILD, "headroom", "run", self.write(config_text(text)), "--out",
                               "x", "--dry-run").stderr for text in edges]
        self.assertIn("warning: no training spectrum lies in bins 2 (Bin 2), 3 (Bin 3), 4 (Bin 4), "
                      "which get no model;", told[0])
        self.assertIn("training rows are outside all bins: the label T_eff is ", told[1])
        self.assertIn(", and binning.T_eff has edges from 1 to 4, with 0 of the rows between; check "
                      "that both are in the same unit, or give other edges", told[1])
        self.assertIn("warning: no training spectrum lies in any bin, so that only global models "
                      "can be trained;", told[1])

    def test_another_study_is_not_written_over(self):
        out = self.run_study(config_text(), "kept")
        before = self.read(out, "results.json")
        text = config_text("experts: {ridge: {alpha: [5]}}\n")
        done = study_data.run(BUILD, "headroom", "run", self.write(text), "--out", out,
                              check=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"headroom: \S+kept holds the results of another study: "
                         r"experts.ridge.alpha was auto and is \[5\] now; change it back, discard "
                         r"those results with --replace, or name a new directory with --out\n")
        self.assertEqual(self.read(out, "results.json"), before)
        with open(os.path.join(out, "notes.txt"), "w", encoding="ascii") as file:
            file.write("mine")
        # A study that would be refused replaces nothing.
        wrong = self.write(config_text("experts: {ridge: {alpha: [5]}}\nrun: {memory_mib: 1}\n"))
        done = study_data.run(BUILD, "headroom", "run", wrong, "--out", out, "--replace", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(self.read(out, "results.json"), before)
        study_data.run(BUILD, "headroom", "run", self.write(text), "--out", out, "--replace")
        self.assertNotEqual(self.read(out, "results.json"), before)
        self.assertTrue(os.path.exists(os.path.join(out, "notes.txt")))
        fresh = self.run_study(text, "fresh")
        self.assertEqual({name for name in os.listdir(out)}, {*os.listdir(fresh), "notes.txt"})

    def test_edited_spectra_are_not_written_over(self):
        folder = os.path.join(self.scratch.name, "edited")
        shutil.copytree(self.folder, folder)
        config = self.write(config_text(), folder)
        out = os.path.join(self.scratch.name, "edited_out")
        study_data.run(BUILD, "headroom", "run", config, "--out", out)
        study_data.run(BUILD, "headroom", "run", config, "--out", out)  # nothing has changed
        with h5py.File(os.path.join(folder, "train_0/dataset.h5"), "r+") as file:
            file["/dataset/arrays/flux/value"][...] *= 0.5
        done = study_data.run(BUILD, "headroom", "run", config, "--out", out, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.splitlines()[-1],
                         f"headroom: {out} holds the results of another study: the data file "
                         f"{folder}/train_0/dataset.h5 was modified; change it back, discard those "
                         "results with --replace, or name a new directory with --out")

    def test_two_runs_in_one_directory(self):
        out = os.path.join(self.scratch.name, "shared")
        os.makedirs(out)
        with open(os.path.join(out, "run.lock"), "w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            done = study_data.run(BUILD, "headroom", "run", self.write(config_text()),
                                  "--out", out, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr.splitlines()[-1],
                             f"headroom: another run is at work in {out}; wait for it, or name "
                             "another directory with --out")
        study_data.run(BUILD, "headroom", "run", self.write(config_text()), "--out", out)
        self.assertFalse(os.path.exists(os.path.join(out, "run.lock")))

    def test_a_failed_run_leaves_its_directory_usable(self):
        out = os.path.join(self.scratch.name, "mended")
        folder = os.path.join(self.scratch.name, "to_mend")
        shutil.copytree(self.folder, folder)
        edit("train_1/dataset.h5", nan_flux)(folder)
        config = self.write(config_text(), folder)
        done = study_data.run(BUILD, "headroom", "run", config, "--out", out, check=False)
        self.assertEqual(done.returncode, 3)
        study_data.run(BUILD, "headroom", "run", self.write(config_text()), "--out", out)

    def test_an_undefined_alpha_leaves_the_others(self):
        out = self.run_study(config_text("  noise: {level: 0, test: generated}\n"
                                         "experts: {ridge: {alpha: [1e-12, 1]}}\n"), "undefined")
        results = json.loads(self.read(out, "results.json"))
        self.assertTrue(results["ledger"]["ok"])
        ridge = [b["experts"]["ridge"] for b in results["bins"]]
        self.assertIn(None, [e["variants"][0]["r2_cv"] for e in ridge])
        self.assertTrue(all(e["status"] == "ok" for e in ridge))

    def test_places_that_are_no_run_directory(self):
        config = self.write(config_text())
        file = os.path.join(self.scratch.name, "a_file")
        with open(file, "w", encoding="ascii"):
            pass
        done = study_data.run(BUILD, "headroom", "run", config, "--out", file, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (2, f"headroom: {file} is not a folder; name a new one with --out\n"))
        config = self.write(config_text().replace("id: small", "id: ../small"))
        done = study_data.run(BUILD, "headroom", "run", config, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (2, f"headroom: {config}: experiment.id '../small' cannot name a folder; "
                             "name the run directory with --out\n"))

    def test_bad_input_gets_one_sentence(self):
        """Each case spoils a copy of the data; the sentence is compared to the letter."""
        for name, spoil, text, code, sentence in bad_inputs():
            with self.subTest(name):
                folder = os.path.join(self.scratch.name, "bad_" + name)
                shutil.copytree(self.folder, folder)
                if spoil:
                    spoil(folder)
                config = self.write(text, folder)
                out = os.path.join(self.scratch.name, "out_" + name)
                done = study_data.run(BUILD, "headroom", "run", config, "--out", out, check=False)
                lines = [x for x in done.stderr.splitlines() if x.startswith("headroom: ")]
                self.assertEqual(done.returncode, code, done.stderr)
                found = [x.replace(folder + "/", "").split(": eof = ")[0] for x in lines]
                # More threads take more scratch space.
                found = [x.replace(folder, "ROOT") for x in found]
                found = [re.sub(r"at least \d+,", "at least N,", x) for x in found]
                self.assertEqual(found, ["headroom: " + sentence])
                self.assertFalse(os.path.exists(os.path.join(out, "results.json")))
                shutil.rmtree(folder)

    def test_strange_input_is_told_and_survived(self):
        folder = os.path.join(self.scratch.name, "strange")
        shutil.copytree(self.folder, folder)
        with h5py.File(os.path.join(folder, "train_0/dataset.h5"), "r+") as file:
            file["/dataset/arrays/error/value"][3, 10:15] = 0
            file["/dataset/arrays/error/value"][4, :7] = np.nan
            file["/dataset/arrays/flux/value"][5, 100] = -1
        # Empty and one-row bins: the first edge takes the coolest star alone.
        frames = [pandas.read_hdf(os.path.join(folder, f"train_{k}/dataset.h5"),
                                  "/dataset/params") for k in (0, 1)]
        coolest = np.sort(np.concatenate([f["T_eff"] for f in frames]))
        edges = f"[1000, 2000, {(coolest[0] + coolest[1]) / 2}, 6000]"
        config = self.write(config_text(f"binning: {{T_eff: {edges}, M_H: [-2.5, 0.75]}}\n"),
                            folder)
        out = os.path.join(self.scratch.name, "strange_out")
        study_data.run(BUILD, "headroom", "run", config, "--out", out)
        results = json.loads(self.read(out, "results.json"))
        self.assertEqual([b["n_train"] for b in results["bins"]], [0, 1, 3999])
        experts = [b["experts"]["ridge"] for b in results["bins"]]
        self.assertEqual([e["status"] for e in experts], ["skipped", "skipped", "ok"])
        self.assertEqual([e["note"] for e in experts],
                         ["0 training rows, at least 2 are needed",
                          "1 training row, at least 2 are needed", ""])
        self.assertTrue(results["bins"][0]["at_risk"])
        counted = results["preparation"]["train"]
        self.assertEqual(counted["nonpositive_error_pixels"], 5)
        self.assertEqual(counted["unknown_error_pixels"], 7)
        self.assertEqual(counted["bad_pixels"], 12)
        self.assertEqual(counted["clipped_pixels"], 1)

    def measure(self, folder, extra="", *words):
        """Bytes the program read and its peak memory in KiB, as the kernel counts them."""
        config = self.write(config_text(extra), folder)
        out = os.path.join(self.scratch.name, "measured")
        shutil.rmtree(out, ignore_errors=True)
        command = [os.path.join(BUILD, "headroom"), "run", config, "--out", out, *words]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # ended, not yet reaped
        with open(f"/proc/{process.pid}/io", encoding="ascii") as file:
            read = int(re.search(r"rchar: (\d+)", file.read()).group(1))
        _, code, usage = os.wait4(process.pid, 0)
        process.returncode = code
        self.assertEqual(code, 0)
        return read, usage.ru_maxrss

    def test_training_bytes_are_read_once(self):
        """And the few test bytes by every expert (Ridge and two controls) and once more."""
        arrays = {}
        for split in ("train_0", "train_1", "test"):
            with h5py.File(os.path.join(self.folder, split, "dataset.h5")) as file:
                arrays[split] = sum(a["value"].nbytes for a in file["/dataset/arrays"].values())
        train = arrays["train_0"] + arrays["train_1"]
        read, _ = self.measure(self.folder)
        # A dry run reads everything but the pass: libraries, configuration, labels, samples;
        # and it alone looks at the flux, one of two arrays, of all training rows.
        rest = self.measure(self.folder, "", "--dry-run")[0] - train // 2
        self.assertGreaterEqual(read - rest, train + arrays["test"])
        # On top: tasks and results that are read back.
        self.assertLess(read - rest, 1.02 * (train + 4 * arrays["test"]) + (3 << 20))

    def test_memory_does_not_grow_with_the_rows(self):
        # 64 pixels, so that every bin has more rows than pixels: its sums are of one size.
        folders = [thin_study(self.scratch.name, rows, f"rows{rows}", step=64)
                   for rows in (4000, 16000)]
        limits = "run: {memory_mib: 256, block_rows: 500}\n"
        small, large = (self.measure(folder, limits)[1] for folder in folders)
        self.assertLess(large, 256 * 1024)
        # 12,000 more rows are 6 MiB of spectra; their labels, bins and folds are 1 MiB.
        self.assertLess(large - small, 4 * 1024)


def edit(path, change):
    def spoil(folder):
        with h5py.File(os.path.join(folder, path), "r+") as file:
            change(file)
    return spoil


def drop_label(name):
    """Rewrites the first shard's frame without a column."""
    def spoil(folder):
        path = os.path.join(folder, "train_0/dataset.h5")
        frame = pandas.read_hdf(path, "/dataset/params").drop(columns=name)
        with h5py.File(path, "r+") as file:
            del file["/dataset/params"]
        frame.to_hdf(path, "/dataset/params", format="table")
    return spoil


def nan_label(folder):
    path = os.path.join(folder, "train_0/dataset.h5")
    frame = pandas.read_hdf(path, "/dataset/params")
    frame.loc[frame.index[11], "log_g"] = np.nan
    with h5py.File(path, "r+") as file:
        del file["/dataset/params"]
    frame.to_hdf(path, "/dataset/params", format="table")


def scale_label(factor, offset):
    def spoil(folder):
        for path in glob.glob(os.path.join(folder, "train_*", "dataset.h5")):
            frame = pandas.read_hdf(path, "/dataset/params")
            frame["log_g"] = frame["log_g"] * factor + offset
            with h5py.File(path, "r+") as file:
                del file["/dataset/params"]
            frame.to_hdf(path, "/dataset/params", format="table")
    return spoil


def link_test(folder):
    os.remove(os.path.join(folder, "train_1/dataset.h5"))
    os.symlink("../test/dataset.h5", os.path.join(folder, "train_1/dataset.h5"))


def truncate(folder):
    path = os.path.join(folder, "train_1/dataset.h5")
    os.truncate(path, os.path.getsize(path) // 2)


def one_pixel_less(file):
    for name in ("/spectrumdataset/wave", "/dataset/arrays/flux/value",
                 "/dataset/arrays/error/value"):
        values = file[name][..., :-1]
        del file[name]
        file[name] = values


def rename_flux(file):
    file.move("/dataset/arrays/flux/value", "/dataset/arrays/flux/values")


def all_nan_error(file):
    file["/dataset/arrays/error/value"][8, :] = np.nan


def nan_flux(file):
    file["/dataset/arrays/flux/value"][9, :] = np.nan


def bad_inputs():
    """(name, what spoils the data, configuration, exit code, sentence)"""
    plain = config_text()
    second = "train_1/dataset.h5"
    return [
        ("missing_file", lambda d: os.remove(os.path.join(d, second)), plain, 3, SENTENCES[0]),
        ("wrong_dataset", edit(second, rename_flux), plain, 3, SENTENCES[1]),
        ("missing_label", drop_label("log_g"), plain, 3, SENTENCES[2]),
        ("pixels", edit(second, one_pixel_less), plain, 3, SENTENCES[3]),
        ("nan_label", nan_label, plain, 3, SENTENCES[4]),
        ("nan_error_row", edit(second, all_nan_error), plain, 3, SENTENCES[5]),
        ("nan_flux", edit(second, nan_flux), plain, 3, SENTENCES[6]),
        ("truncated", truncate, plain, 3, SENTENCES[7]),
        ("unknown_key", None, plain + "binings: {}\n", 2, SENTENCES[8]),
        ("bad_number", None, plain + "selection: {folds: five}\n", 2, SENTENCES[9]),
        ("no_memory", None, plain + "run: {memory_mib: 16}\n", 2, SENTENCES[10]),
        ("test_in_train", link_test, plain, 3, SENTENCES[13]),
        ("huge_label", scale_label(1e300, 0), plain, 3, SENTENCES[11]),
        ("flat_label", scale_label(1, 1e8), plain, 3, SENTENCES[12]),
    ]


SENTENCES = [
    "study.yaml:3:11: data.train[0]: train_1/dataset.h5 does not exist; relative paths begin at "
    "data.root, which is ROOT",
    "train_1/dataset.h5 has no /dataset/arrays/flux/value; it has /dataset/arrays/flux/values "
    "[2000 x 256]: if that is meant, write data.paths: {flux: /dataset/arrays/flux/values}",
    "train_0/dataset.h5 has no label column log_g; it has T_eff, M_H, a_M, C_M, mag, redshift, "
    "snr, seeing, zenith_angle, field_angle",
    "train_1/dataset.h5 has 255 pixels a spectrum, but train_0/dataset.h5 has 256; all files of "
    "a dataset must share one wavelength grid",
    "train_0/dataset.h5: label log_g is NaN in row 11 (counted from 0); remove the row or repair "
    "the label, or leave such rows out with data.unlabelled: exclude",
    "train_1/dataset.h5: row 8 (counted from 0) has no good pixel: 0 masked, 0 without flux, 256 "
    "without an error above 0 that is of the others' size; remove the row, or set "
    "data.reject_outliers: true",
    "train_1/dataset.h5: row 9 (counted from 0) has no good pixel: 0 masked, 256 without flux, 0 "
    "without an error above 0 that is of the others' size; remove the row, or set "
    "data.reject_outliers: true",
    # HDF5's own words follow, which differ between its versions.
    "train_1/dataset.h5 is damaged or still being written: truncated file",
    "study.yaml:5:1: the key 'binings' is not known; did you mean 'binning'?",
    "study.yaml:5:20: selection.folds is 'five', which is not a number; write one such as 10",
    "study.yaml: the study does not fit into run.memory_mib: 16; it needs at least N, or fewer "
    "bins or folds",
    "the label log_g reaches 4.99768e+300, beyond 1e+15; rescale the column, or name another one "
    "as data.target",
    "the label log_g varies by only 1.16985 around 1e+08, too little for fp32 predictions; subtract "
    "a constant from the column",
    "the training shard train_1/dataset.h5 is the test file test/dataset.h5; give a test set "
    "that is not trained on as data.test",
]

if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
