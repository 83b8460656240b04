"""Files and labels as people have them: labels in other precisions, without snr, as text; files in
other programs' hands, without locks, of other formats. What can be read gives the right numbers, what
cannot is named as what it is.

    test_files.py BUILD
"""

import csv
import gzip
import json
import os
import sys
import tempfile
import unittest
import warnings

import h5py
import numpy as np
import pandas
import tables

import study_data

warnings.simplefilter("ignore", tables.PerformanceWarning)  # of objects that pandas pickles

BUILD = sys.argv[1]
PIXELS = 48


def stars(rows, seed):
    """Labels and spectra in which every label shows; fp64."""
    rng = np.random.default_rng(seed)
    frame = pandas.DataFrame({"T_eff": rng.uniform(3800, 5900, rows), "log_g": rng.uniform(1, 5, rows),
                              "M_H": rng.uniform(-1.9, 0.4, rows)})
    x = np.linspace(0, 1, PIXELS)
    depth = (0.3 + 0.1 * (frame["log_g"].to_numpy()[:, None] - 3) * np.sin(3 * x) +
             0.05 * frame["M_H"].to_numpy()[:, None] * np.cos(9 * x) +
             5e-5 * (frame["T_eff"].to_numpy()[:, None] - 4800) * np.sin(7 * x))
    flux = 1 - depth * (0.5 + 0.5 * np.sin(40 * x))
    error = np.full_like(flux, 0.02) * rng.uniform(0.5, 2, rows)[:, None]
    frame["snr"] = np.median(flux / error, axis=1)
    return {"frame": frame, "flux": flux, "error": error,
            "noisy": flux + error * rng.standard_normal(flux.shape)}


def write(path, data, layout="table", dtype="f8", **storage):
    if os.path.exists(path):
        os.remove(path)
    with h5py.File(path, "w") as file:
        file["/spectrumdataset/wave"] = np.linspace(7100.0, 8850.0, PIXELS)
        for name in ("flux", "error", "noisy"):
            file.create_dataset(f"/dataset/arrays/{name}/value", data=data[name].astype(dtype), **storage)
    data["frame"].to_hdf(path, key="dataset/params", mode="a", format=layout)


class Study:
    """A folder with two training shards, a test file and a configuration of Ridge."""

    def __init__(self, folder, change=None, rows=150, **how):
        self.folder = folder
        for seed, name in enumerate(("train_0.h5", "train_1.h5", "test.h5")):
            data = stars(rows, seed + 1)
            if change:
                change(data, name)
            write(self.path(name), data, **how)
        self.configure()

    def path(self, name):
        return os.path.join(self.folder, name)

    def configure(self, data="", edges="T_eff: [3750, 4800, 6000], M_H: [-2.0, -0.8, 0.5]",
                  experiment="{id: x}", experts="ridge: {alpha: [0.1]}", rest=""):
        with open(self.path("study.yaml"), "w", encoding="utf-8") as file:
            file.write(f"experiment: {experiment}\n"
                       f"data: {{train: [train_0.h5, train_1.h5], test: test.h5{data}}}\n"
                       f"binning: {{{edges}, at_risk_below: 10}}\nexperts: {{{experts}}}\n{rest}")

    def headroom(self, *words, **environment):
        return study_data.run(BUILD, "headroom", *words, check=False, **environment)

    def run(self, out="out", **environment):
        return self.headroom("run", self.path("study.yaml"), "--out", self.path(out), **environment)

    def dry_run(self):
        return self.headroom("run", self.path("study.yaml"), "--out", self.path("out"), "--dry-run")

    def results(self, out="out"):
        with open(os.path.join(self.folder, out, "results.json"), encoding="utf-8") as file:
            return json.load(file)

    def rows(self, out="out"):
        with open(os.path.join(self.folder, out, "predictions.csv"), encoding="utf-8") as file:
            return list(csv.DictReader(file))


class FilesTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def study(self, change=None, **how):
        return Study(self.scratch.name, change, **how)

    def check_run(self, study, **how):
        done = study.run(**how)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done


class PrecisionTest(FilesTest):
    EDGES = "T_eff: [3900, 4800, 5500], M_H: [-1.7, -0.7, 0.3]"

    def bins_of(self, *dtypes):
        """The bins of all rows, by what the three files keep labels in."""
        def change(data, name):
            kinds = dict(zip(("train_0.h5", "train_1.h5", "test.h5"), dtypes))
            frame = data["frame"]
            frame["M_H"] = (np.arange(len(frame)) % 24 - 19) / 10  # steps of 0.1 dex
            frame["T_eff"] = 3800 + 100.0 * (np.arange(len(frame)) % 19)
            data["frame"] = frame.astype(kinds[name])
        study = self.study(change)
        study.configure(edges=self.EDGES)
        plan = study_data.run(BUILD, "tool_print_plan", study.path("study.yaml")).stdout
        return study, [row["bin"] for row in csv.DictReader(plan.splitlines())]

    def test_labels_on_edges_are_in_the_same_bins(self):
        _, wide = self.bins_of("f8", "f8", "f8")
        self.assertGreater(len(set(wide)), 3)
        for dtypes in (("f4", "f4", "f4"), ("f8", "f4", "f8"), ("f4", "f8", "f2"), ("f2", "f2", "f4")):
            with self.subTest(dtypes=dtypes):
                _, narrow = self.bins_of(*dtypes)
                self.assertEqual(narrow, wide)

    def test_predict_routes_as_the_study_does(self):
        study, _ = self.bins_of("f8", "f4", "f4")
        self.check_run(study)
        done = study.headroom("predict", study.path("out"), study.path("test.h5"), "--router", "oracle",
                              "--expert", "ridge", "--out", study.path("p.csv"))
        self.assertEqual(done.returncode, 0, done.stderr)
        frame = pandas.read_csv(study.path("p.csv"), float_precision="round_trip")
        theirs = frame["log_g_mean"].to_numpy()
        ours = np.array([float(row["ridge_oracle"] or "nan") for row in study.rows()])
        np.testing.assert_array_equal(theirs, ours)
        self.assertGreater(np.isfinite(theirs).sum(), 50)

    def test_inspect_counts_as_the_study_does(self):
        counts = []
        for dtype in ("f8", "f4"):
            def change(data, name, dtype=dtype):
                data["frame"]["M_H"] = np.where(np.arange(150) % 2, 0.5, -0.1)
                data["frame"]["T_eff"] = 4500.0
                data["frame"] = data["frame"].astype(dtype)
            study = self.study(change)
            text = study.headroom("inspect", study.path("test.h5")).stdout
            counts.append(text[text.index("Rows per bin"):text.index("Problems")])
        self.assertEqual(counts[0], counts[1])


class SnrTest(FilesTest):
    def check_table(self, rows, value, left_out):
        def change(data, name):
            if name == "test.h5":
                data["frame"].loc[rows, "snr"] = value
        study = self.study(change)
        done = self.check_run(study)
        octiles = study.results()["snr_octiles"]
        self.assertEqual(octiles["rows_without_snr"], left_out)
        self.assertEqual(len(octiles["octiles"]), 8)
        covered = sum(row["bin"] != "" for row in study.rows())
        self.assertEqual(sum(o["n"] for o in octiles["octiles"]), covered - left_out)
        self.assertIn(f"the label snr is NaN or infinite in {left_out} of 150 rows", done.stderr)
        warning, = [w for w in study.results()["warnings"] if w["code"] == "no_snr"]
        self.assertIn(f"the label snr is NaN or infinite in {left_out} of 150", warning["text"])
        self.assertIn(f"{left_out} 行（共 150 行）的标签 snr 为 NaN", warning["text_zh"])
        with open(study.path("out/report.md"), encoding="utf-8") as file:
            report = file.read()
        self.assertIn(f"covered rows; {left_out} without snr left out", report)
        self.assertNotIn("Nothing was found in data or results", report)
        summary = report[report.index("**What to distrust.**"):report.index("## 2. Data")]
        self.assertIn(f"the label snr is NaN or infinite in {left_out} of 150", summary)
        with open(study.path("out/manifest.json"), encoding="utf-8") as file:
            day = json.load(file)["started"][:10]
        self.assertRegex(report, rf"This report: Headroom [0-9.]+ on {day}\.")
        for expert in study.results()["experts"]:
            self.assertIn(f"\n- {expert['title']}: ", report)
            for name, value in expert["settings"].items():
                self.assertIn(f"`{name}` {value}", report)

    def test_one_row_without(self):
        self.check_table([3], np.nan, 1)

    def test_several_rows_and_infinite(self):
        self.check_table([0, 7, 9], np.inf, 3)

    def test_no_number_at_all(self):
        def change(data, name):
            if name == "test.h5":
                data["frame"]["snr"] = np.nan
        study = self.study(change)
        self.check_run(study)
        octiles = study.results()["snr_octiles"]
        self.assertEqual((octiles["snr"], octiles["rows_without_snr"]), ("measured", 0))
        with open(study.path("out/predictions.csv"), encoding="utf-8") as file:
            rows = [(float(r["measured_snr"]), int(r["bin"])) for r in csv.DictReader(file)]
        snr = np.array([ratio for ratio, own in rows if own >= 0])
        edges = np.quantile(snr, np.linspace(0, 1, 9))
        lows = [octile["snr_low"] for octile in octiles["octiles"]]
        np.testing.assert_allclose(lows, edges[:-1], rtol=1e-5)
        self.assertEqual(sum(octile["n"] for octile in octiles["octiles"]), len(snr))
        warning, = [w for w in study.results()["warnings"] if w["code"] == "no_snr"]
        self.assertIn("in 150 of 150 rows", warning["text"])
        with open(study.path("out/report.md"), encoding="utf-8") as file:
            report = file.read()
        self.assertIn("R² by octile of the signal-to-noise ratio measured from the spectra, "
                      "covered rows", report)
        self.assertIn("the label snr is NaN or infinite in 150 of 150 rows", report)


PREFIX = "headroom: "


def last_line(done):
    return done.stderr.strip().splitlines()[-1]


class OtherProgramsTest(FilesTest):
    def check_busy(self, done, path):
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn(f"{path} is open for writing in another program", done.stderr)
        self.assertIn(", perhaps in a notebook; close it there, or name a copy of it", done.stderr)

    def test_a_shard_that_is_open_for_appending(self):
        study = self.study()
        path = study.path("train_1.h5")
        with h5py.File(path, "a"):
            self.check_busy(study.headroom("inspect", path), path)
            self.check_busy(study.dry_run(), path)
            self.check_busy(study.run(), path)
        self.check_run(study)

    def test_a_test_file_that_is_being_written(self):
        study = self.study()
        self.check_run(study)
        path = study.path("new.h5")
        with h5py.File(path, "w") as file:
            file["/spectrumdataset/wave"] = np.linspace(7100.0, 8850.0, PIXELS)
            self.check_busy(study.headroom("predict", study.path("out"), path, "--out", study.path("p.csv")), path)

    def test_readers_do_not_shut_each_other_out(self):
        study = self.study()
        with h5py.File(study.path("train_0.h5"), "r"):
            self.check_run(study)

    NO_LOCKS = os.path.join(BUILD, "libno_locks.so")

    def without_locks(self, study, number, under, **environment):
        folder = os.path.join(study.folder, under)
        return study.run(out="other/out", LD_PRELOAD=os.path.abspath(self.NO_LOCKS), NO_LOCKS=str(number),
                         NO_LOCKS_UNDER=os.path.realpath(folder), **environment)

    def test_a_file_system_without_locks(self):
        sound = self.study()
        self.check_run(sound)
        for number in (37, 95):  # ENOLCK, EOPNOTSUPP; at ENOSYS Debian's HDF5 does so by itself
            with self.subTest(errno=number):
                done = self.without_locks(sound, number, "t")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stderr.count("without locks"), 2, done.stderr)
                self.assertIn("train_0.h5 (and 1 more) lies on a file system without locks and is read "
                              "without one: nothing keeps another program from writing it meanwhile", done.stderr)
                self.assertEqual(sound.results()["methods"], sound.results("other/out")["methods"])
                study_data.subprocess.run(["rm", "-r", sound.path("other")], check=True)

    def test_locks_that_are_asked_for(self):
        done = self.without_locks(self.study(), 37, "t", HDF5_USE_FILE_LOCKING="TRUE")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("as its file system has no locks; set HDF5_USE_FILE_LOCKING=FALSE", last_line(done))

    def test_a_run_directory_without_locks(self):
        done = self.without_locks(self.study(), 37, "other")
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertIn("run.lock, as its file system has no locks, which keep two runs apart; name a directory "
                      "on another disk with --out", last_line(done))


class OtherFilesTest(FilesTest):
    """Named by inspect, dry run and run, all with exit code 3."""

    def check_all(self, study, name, sentence):
        for done in (study.headroom("inspect", study.path(name)), study.dry_run(), study.run()):
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(sentence, done.stdout + done.stderr)

    def check_kind(self, content, sentence):
        study = self.study()
        for name in ("train_1.h5", "test.h5"):
            with open(study.path(name), "rb") as file:
                sound = file.read()
            with open(study.path(name), "wb") as file:
                file.write(content(sound))
            self.check_all(study, name, f"{study.path(name)} is not an HDF5 file but {sentence}")
            with open(study.path(name), "wb") as file:
                file.write(sound)

    def test_git_lfs(self):
        self.check_kind(lambda sound: b"version https://git-lfs.example/spec/v1\noid sha256:00\nsize %d\n" % len(sound),
                        "a pointer of Git LFS")

    def test_gzip(self):
        self.check_kind(gzip.compress, "an archive (gzip); unpack it with gunzip")

    def test_web_page(self):
        self.check_kind(lambda sound: b"\n<!doctype html><html><body>502 Bad Gateway</body></html>", "a web page")

    def test_unfinished_copy(self):
        self.check_kind(lambda sound: b"\0" * len(sound), "zeros where it begins")

    def test_newer_format(self):
        """As HDF5 2.0 writes it: the flux's layout message is of version 5, which 1.10 does not know."""
        study = self.study()
        with open(study.path("train_0.h5"), "rb") as file:
            content = bytearray(file.read())
        at = content.find(b"\x08\x00\x18\x00", content.find(b"flux"))
        while content[at + 8:at + 10] != b"\x03\x01":
            at = content.find(b"\x08\x00\x18\x00", at + 1)
            self.assertGreater(at, 0)
        content[at + 8] = 5
        with open(study.path("train_0.h5"), "wb") as file:
            file.write(content)
        self.check_all(study, "train_0.h5", "written in a newer format than HDF5 ")
        self.check_all(study, "train_0.h5", "libver=('earliest', 'v110')")


class StorageTest(FilesTest):
    def test_halves_give_what_their_values_give(self):
        def change(data, name):
            for key in ("flux", "error", "noisy"):
                data[key] = data[key].astype("f2")
        studies = {}
        for dtype in ("f8", "f2", ">f2", "f4"):
            study = self.study(change, dtype=dtype)
            self.check_run(study, out=dtype)
            studies[dtype] = study.rows(dtype)
        for dtype in ("f2", ">f2", "f4"):
            self.assertEqual(studies[dtype], studies["f8"])

    def test_labels_in_halves_are_targets(self):
        def change(data, name):
            data["frame"] = data["frame"].astype("f2")
        study = self.study(change)
        self.check_run(study)
        self.assertEqual([float(row["target"]) for row in study.rows()],
                         list(stars(150, 3)["frame"]["log_g"].astype("f2").astype(float)))

    LOSSY = "is stored with HDF5's scale-offset filter, which is lossy: it has steps of {}, " \
            "what lies within a step of 0 reads as 0, and NaN reads as some number"

    def test_scale_offset_is_told_with_its_step(self):
        study = self.study(chunks=(50, PIXELS), scaleoffset=3, dtype="f4")
        text = study.headroom("inspect", study.path("train_0.h5")).stdout
        for name in ("flux", "error", "noisy"):
            self.assertIn(f"/dataset/arrays/{name}/value {self.LOSSY.format(0.001)}", text)
        for done in (study.dry_run(), self.check_run(study)):
            self.assertEqual(done.stderr.count("scale-offset"), 6, done.stderr)
            self.assertIn(f"train_0.h5 (and 1 more): /dataset/arrays/flux/value {self.LOSSY.format(0.001)}", done.stderr)

    def test_a_step_as_large_as_the_error(self):
        """What the filter does near 0 is what the sentence says: errors of 0.01 to 0.04 with two digits."""
        study = self.study()
        with h5py.File(study.path("test.h5"), "a") as file:
            error = file["/dataset/arrays/error/value"][:]
            del file["/dataset/arrays/error/value"]
            file.create_dataset("/dataset/arrays/error/value", data=error / 2, chunks=(50, PIXELS), scaleoffset=2)
            kept = file["/dataset/arrays/error/value"][:]
        self.assertTrue((kept[error / 2 < 0.00999] == 0).all())
        done = study.dry_run()
        self.assertEqual(done.stderr.count("scale-offset"), 1, done.stderr)
        self.assertIn(f"test.h5: /dataset/arrays/error/value {self.LOSSY.format(0.01)}", done.stderr)

    def test_sound_files_are_not_told_of(self):
        study = self.study(chunks=(50, PIXELS), compression="gzip", shuffle=True)
        self.assertNotIn("lossy", study.dry_run().stderr)
        self.assertIn("Problems\n  none", study.headroom("inspect", study.path("test.h5")).stdout)


class TextTest(FilesTest):
    """Labels that are no numbers, in both layouts of pandas, by inspect, dry run, run and predict."""

    def check_label(self, make, sentence, layouts=("table", "fixed"), target="log_g", shard="train_0.h5"):
        for layout in layouts:
            def change(data, name):
                if name == shard:
                    data["frame"][target] = make(data["frame"][target])
            study = self.study(change, layout=layout)
            for done in (study.dry_run(), study.run()):
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn(f"{study.path(shard)}: the label {target} {sentence}", last_line(done))
            done = study.headroom("inspect", study.path(shard))
            self.assertIn(f"  - the label {target} {sentence}", done.stdout)
            self.assertEqual(done.returncode, 3 if target == "M_H" else 0)
        return study

    WORD = "is text, and '{}' in row {} (counted from 0) is no number; write the column with pandas.to_numeric(frame['"

    @staticmethod
    def with_words(*words, every=97):
        def make(values):
            values = values.map(lambda v: f"{v:.3f}")
            for i, word in enumerate(words):
                values.iloc[5 + i::every] = word
            return values
        return make

    def test_words_for_missing_values(self):
        self.check_label(self.with_words("--"), self.WORD.format("--", 5))
        self.check_label(self.with_words("1.5", "n/a", "--"), self.WORD.format("n/a", 6))

    def test_an_axis_in_the_test_file(self):
        self.check_label(self.with_words("-0,5"), self.WORD.format("-0,5", 5), target="M_H", shard="test.h5")

    def test_numbers_as_text(self):
        study = self.check_label(self.with_words(), "is text, though all of it numbers; write the column with "
                                                    "frame['log_g'].astype(float)")
        frame = pandas.read_hdf(study.path("train_0.h5"), "dataset/params")
        data = stars(150, 1)
        data["frame"]["log_g"] = frame["log_g"].astype(float)
        write(study.path("train_0.h5"), data)
        self.check_run(study)

    def test_text_behind_many_rows(self):
        """What is read a few thousand rows at a time is looked at to its end."""
        def make(values):
            values = values.map(lambda v: f"{v:4000.3f}")
            values.iloc[149] = "x"
            return values
        self.check_label(make, self.WORD.format("x", 149), layouts=("table",))

    def test_categories_and_dates(self):
        self.check_label(lambda values: values.round().astype("category"),
                         "holds categories; write the column as numbers, with frame['log_g'].astype(float)", ("table",))
        self.check_label(lambda values: pandas.to_datetime(values, unit="D"),
                         "holds dates or durations; write the column as a number, such as of days")
        self.check_label(lambda values: pandas.to_timedelta(values, unit="D"), "holds dates or durations")

    def test_objects(self):
        self.check_label(lambda values: values.map(lambda v: (v, 1)), "holds objects of Python", ("fixed",))

    def test_a_name_that_is_text_is_in_nobodys_way(self):
        def change(data, name):
            data["frame"]["name"] = [f"star {i}" for i in range(150)]
        for layout in ("table", "fixed"):
            study = self.study(change, layout=layout)
            self.check_run(study, out=layout)
        study.configure(data=", id: name")
        done = study.dry_run()
        self.assertEqual(done.returncode, 3)
        self.assertIn("data.id: ", last_line(done))
        self.assertIn("the label name is text, and 'star 0' in row 0", last_line(done))


class DryRunTest(FilesTest):
    """A dry run refuses in the words of the run, with its exit code, and both before anything is read."""

    def check_both(self, study, code, sentence, out="out"):
        for words in ([], ["--dry-run"]):
            done = study.headroom("run", study.path("study.yaml"), *(["--out", study.path(out)] if out else []), *words)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(sentence, last_line(done))
        self.assertFalse(os.path.exists(study.path("out/results.json")))
        return done

    def test_constant_targets(self):
        for value in (14.62, 1.0, 0.0):
            def change(data, name, value=value):
                data["frame"]["c"] = value
            study = self.study(change)
            study.configure(data=", target: c")
            self.check_both(study, 3, f"the label c is {value:.10g} in all 300 training rows, so that there is nothing "
                                      "to predict; name another one as data.target")

    def test_a_target_that_is_constant_in_one_bin(self):
        """In fp32 no label is 3.62: the sigma of that bin must not be below what rounding does."""
        def change(data, name):
            frame = data["frame"]
            first = (frame["T_eff"] < 4800) & (frame["M_H"] < -0.8)
            frame["c"] = np.where(first, 3.62, frame["log_g"])
        study = self.study(change)
        study.configure(data=", target: c")
        self.check_run(study)
        rows = [row for row in study.rows() if row["bin"] == "0"]
        self.assertGreater(len(rows), 10)
        for row in rows:
            off = abs(float(row["oracle_hybrid_cv"]) - 3.62)
            self.assertGreater(off, 0)
            self.assertLessEqual(off, float(row["half68_oracle_hybrid_cv"]))
            self.assertLessEqual(off / float(row["sigma_oracle_hybrid_cv"]), 3 ** 0.5)

    def test_a_study_with_a_long_name(self):
        study = self.study()
        for name in ("x" * 297, "\u661f" * 90):
            study.configure(experiment=f"{{id: {name}}}")
            self.check_both(study, 2, f"experiment.id has {len(name.encode())} bytes, more than the 255 of a folder's "
                                      "name; name the run directory with --out", out=None)
        self.check_run(study)

    def test_a_directory_with_a_long_name(self):
        study = self.study()
        self.check_both(study, 2, "a folder of --out has a name of 300 bytes, more than 255: " + "y" * 40 +
                        "...; give it a shorter one", out="y" * 300)
        path = study.path("/".join(["z" * 200] * 20))
        self.check_both(study, 2, f"the path of --out has {len(path)} bytes, more than 3584: {path[:40]}...; name a "
                                  "directory with a shorter one", out="/".join(["z" * 200] * 20))

    def test_memory(self):
        study = self.study()
        study.configure(rest="run: {memory_mib: 16}\n", experts=f"ridge: {{alpha: {list(range(1, 101))}}}",
                        edges=f"T_eff: {list(range(3700, 6200, 80))}, M_H: {[i / 10 for i in range(-20, 10)]}")
        done = self.check_both(study, 2, "the study does not fit into run.memory_mib: 16; it needs at least ")
        self.assertIn("Would not fit into 16 MiB of memory", done.stdout)

    def test_names_of_stars(self):
        study = self.study()
        study.configure(data=", id: gaia_id")
        self.check_both(study, 3, "data.id: ")
        self.check_both(study, 3, "test.h5 has no label column gaia_id")

    def test_units_of_labels_that_are_not_there(self):
        study = self.study()
        study.configure(data=", units: {log_G: dex}")
        self.check_both(study, 3, "train_0.h5 has no label column log_G; it has T_eff, log_g, M_H, snr; "
                                  "did you mean log_g?")

    def test_a_directory_of_another_study(self):
        study = self.study()
        self.check_run(study)
        study.configure(experts="ridge: {alpha: [10]}")
        done = study.dry_run()
        self.assertEqual((done.returncode, last_line(done)), (2, last_line(study.run())))
        self.assertIn("holds the results of another study", last_line(done))

    def test_the_plan_names_targets_and_counts_the_bundle(self):
        study = self.study(rows=1500)
        written = {}
        for model in ("none", "compact", "full"):
            study.configure(data=", target: [log_g, snr]", rest=f"run: {{model: {model}}}\n",
                            experts="posterior: {source: stored}")
            plan = study.dry_run().stdout
            self.assertIn("Would predict log_g (dex), snr\n", plan)
            written[model] = int(plan.split("Would write about ")[1].split(" MB")[0])
        self.assertLess(written["none"], written["full"])
        self.assertLessEqual(written["compact"], written["full"])

    def test_a_full_width_colon(self):
        study = self.study()
        with open(study.path("study.yaml"), encoding="utf-8") as file:
            text = file.read()
        for old, place in (("test: ", "2:"), ("experiment:", "1:11"), ("at_risk_below:", "3:")):
            with open(study.path("study.yaml"), "w", encoding="utf-8") as file:
                file.write(text.replace(old, old.replace(":", "\uff1a"), 1))
            done = self.check_both(study, 2, "a full-width colon stands here, which YAML takes for a letter; write ':' "
                                             "and a space")
            self.assertIn(f"study.yaml:{place}", last_line(done))

    def test_labels_that_nobody_uses_are_no_problem(self):
        def change(data, name):
            data["frame"]["parallax"] = np.where(np.arange(150) == 3, np.nan, 1.0)
        study = self.study(change)
        text = study.headroom("inspect", study.path("test.h5")).stdout
        self.assertRegex(text, r"parallax +1 +1 +1\n")
        self.assertIn("Problems\n  none", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
