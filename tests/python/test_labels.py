"""Labels and predictions out of tables, written by the libraries that people write them with.

    test_labels.py BUILD

A study whose labels come from a table has the numbers of one whose labels stand with its
spectra; what a table masks is no number; names of stars are exact to the last digit.
"""

import json
import os
import re
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.table import MaskedColumn, QTable, Table
from astropy import units

import made_stars
import study_data

BUILD = sys.argv[1]
HAS_FITS = study_data.has_option(BUILD, "HR_FITS")
ROWS = 400
FIRST = 4611686018427387904  # 2^62: neighbours are one double
FILES = ("train_0.h5", "train_1.h5", "test.h5")
KINDS = ("all.csv", "all.ecsv", "commas.ecsv", "masks.ecsv", "all.fits", "masks.fits",
         "all.h5::/cat/stars", "plain.h5", "frame.h5", "quantities.fits", "text.fits",
         "semicolons.csv", "tabs.txt", "utf16.txt", "macintosh.csv")


class Labels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.folder = cls.home.name
        labels = []
        for k, name in enumerate(FILES):
            made = made_stars.stars(ROWS, seed=k + 1)
            made["labels"]["star"] = FIRST + 1000 * k + np.arange(ROWS)
            made_stars.write(cls.path(name), made)
            labels.append(made["labels"].copy())
            wrong = made["labels"][["star", "log_g"]].copy()
            wrong["log_g"] = wrong["log_g"].to_numpy()[::-1]
            made_stars.write(cls.path("wrong_" + name), {**made, "labels": wrong})
            with h5py.File(cls.path("bare_" + name), "w") as file:
                file["/spectrumdataset/wave"] = made["wave"]
                for array in ("flux", "error", "noisy"):
                    file[f"/dataset/arrays/{array}/value"] = made[array]
                file["/star"] = made["labels"]["star"].to_numpy()
        cls.labels = labels
        cls.all = pd.concat(labels).sample(frac=1, random_state=1)
        cls.write_kinds()
        cls.run_study("full", "", prefix="")

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.home.name, name)

    @classmethod
    def write_kinds(cls):
        """The same table in every way that we know of."""
        table = Table.from_pandas(cls.all)
        table["comment"] = ["a star, and \"more\""] * len(table)
        cls.all.to_csv(cls.path("all.csv"), index=False)
        table.write(cls.path("all.ecsv"))
        table.write(cls.path("commas.ecsv"), delimiter=",")
        table.write(cls.path("all.fits"))
        with h5py.File(cls.path("plain.h5"), "w") as file:
            file["stars"] = cls.all.to_records(index=False)
        cls.all.to_hdf(cls.path("frame.h5"), key="labels", format="fixed")
        columns = [fits.Column(name=name, array=cls.all[name].to_numpy(), ascii=True,
                               format="I20" if name == "star" else "D25.16")
                   for name in cls.all]
        fits.TableHDU.from_columns(columns).writeto(cls.path("text.fits"))
        cls.all.to_csv(cls.path("semicolons.csv"), sep=";")
        cls.all.to_csv(cls.path("tabs.txt"), sep="\t", index=False)
        cls.all.to_csv(cls.path("utf16.txt"), sep="\t", encoding="utf-16", index=False)
        cls.all.to_csv(cls.path("macintosh.csv"), lineterminator="\r")
        # Three more rows, masked, with numbers behind the masks that no star has.
        masked = table.copy()
        for _ in range(3):
            masked.add_row([-9999.0, -9999.0, -9999.0, -9999.0, 7, ""],
                           mask=[True, True, True, True, True, True])
        for name in ("T_eff", "log_g", "M_H", "snr", "star"):
            masked[name].fill_value = 8
        masked.write(cls.path("masks.ecsv"), serialize_method="data_mask")
        masked.write(cls.path("masks.fits"))
        masked.write(cls.path("all.h5"), path="cat/stars", serialize_meta=True)
        quantities = QTable(masked)
        quantities["T_eff"] = quantities["T_eff"] * units.K
        quantities.write(cls.path("quantities.fits"))

    @classmethod
    def configure(cls, name, data, prefix="wrong_", more=""):
        path = cls.path(name + ".yaml")
        if ".fits" in data and not HAS_FITS:
            raise unittest.SkipTest("this build has no tables in FITS")
        with open(path, "w", encoding="utf-8") as file:
            file.write("experiment: {id: made}\n"
                       f"data: {{train: ['{prefix}train_{{0..1}}.h5'], test: {prefix}test.h5"
                       f"{data}}}\n"
                       "binning: {T_eff: [3750, 4900, 6000], M_H: [-2.0, -0.75, 0.5], "
                       "at_risk_below: 10}\n"
                       "experts: {ridge: {alpha: [10]}}\n"
                       f"{more}")
        return path

    @classmethod
    def run_study(cls, name, data, check=True, words=(), **settings):
        study = cls.configure(name, data, **settings)
        return study_data.run(BUILD, "headroom", "run", study, "--out", cls.path(name),
                              *words, check=check)

    @classmethod
    def numbers(cls, name):
        """results.json without what is another one in every run: times, paths, tables of labels."""
        with open(cls.path(f"{name}/results.json"), encoding="utf-8") as file:
            results = json.load(file)
        results["data"].pop("labels", None)
        text = json.dumps(results).replace("/wrong_", "/").replace("/bare_", "/")
        return re.sub(r'"(seconds|seal|fingerprint)": ?[^,}\n]*', "", text)

    def refused(self, data, sentence, code=3, **settings):
        study = self.configure("refused", data, **settings)
        done = study_data.run(BUILD, "headroom", "run", study, "--dry-run", check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        said = done.stderr.replace(self.folder + "/", "")
        said = said[said.index("headroom: "):]  # behind what labels were taken
        self.assertEqual(said, f"headroom: {sentence}\n")

    def labels_refused(self, data, sentence, **settings):
        self.refused(data, "refused.yaml: data.labels: " + sentence, **settings)

    def same(self, name, other="full"):
        self.maxDiff = 2000
        self.assertEqual(self.numbers(name), self.numbers(other))
        with open(self.path(f"{name}/predictions.csv"), "rb") as mine, \
                open(self.path(f"{other}/predictions.csv"), "rb") as theirs:
            self.assertEqual(mine.read(), theirs.read())

    def test_every_kind_gives_the_numbers_of_labels_beside_the_spectra(self):
        for kind in KINDS:
            with self.subTest(kind):
                done = self.run_study("kind", f", labels: '{kind}', labels_id: star",
                                      words=["--replace"])
                self.same("kind")
                table = self.path(kind)
                self.assertIn(f"data.labels: T_eff, M_H, log_g, snr of the test rows from {table}"
                              ", joined by star\n", done.stderr)

    def test_files_of_spectra_need_no_frame(self):
        """Names of stars stand in an array of their own."""
        self.run_study("bare", ", labels: all.fits, labels_id: /star, id: star", prefix="bare_")
        self.run_study("named", ", id: star", prefix="")
        self.same("bare", "named")
        said = pd.read_csv(self.path("bare/predictions.csv"))
        self.assertEqual(said["star"].tolist(), self.labels[2]["star"].tolist())

    def test_lines_in_the_order_of_rows(self):
        """A table for every file, one for all, and one with numbers of rows."""
        for labels, name in zip(self.labels, ("a", "b", "t")):
            Table.from_pandas(labels).write(self.path(f"rows_{name}.ecsv"), overwrite=True)
        whole = pd.concat(self.labels[:2], ignore_index=True)
        whole["row"] = np.arange(2 * ROWS)
        Table.from_pandas(whole.sample(frac=1, random_state=3)).write(self.path("row.fits"))
        self.run_study("each", ", labels: {train: ['rows_{a,b}.ecsv'], test: rows_t.ecsv}",
                       prefix="bare_")
        self.same("each")
        self.run_study("whole", ", labels: {train: row.fits}", prefix="")
        self.same("whole")
        self.labels_refused(", labels: {train: [rows_a.ecsv, rows_b.ecsv, rows_t.ecsv]}",
                            "data.labels names 3 tables for 2 training files; name one for "
                            "each, one for all, or what names a star as data.labels_id")
        self.labels_refused(", labels: {train: rows_a.ecsv}",
                            "rows_a.ecsv has 400 rows, and is for 800 training spectra; give "
                            "it a column row, their number from 0, or name what both have of a "
                            "star as data.labels_id")
        whole["row"] += 1
        whole.to_csv(self.path("late.csv"), index=False)
        self.labels_refused(", labels: {train: late.csv}",
                            "late.csv: line 801 has no row that is a number of 0 to 799, as of "
                            "the 800 training spectra that the table is for")
        whole["row"] = 5
        whole.to_csv(self.path("twice.csv"), index=False)
        self.labels_refused(", labels: {train: twice.csv}",
                            "twice.csv: line 2 and twice.csv: line 3 are the same row; keep "
                            "one of them")

    def test_test_stars_that_are_trained_on(self):
        """Copies whatever they are called, and other spectra of the same star."""
        train, test = made_stars.stars(ROWS, seed=1), made_stars.stars(ROWS, seed=9)
        names = {"train": FIRST + np.arange(ROWS), "test": FIRST + 5000 + np.arange(ROWS)}
        test["labels"].iloc[:5] = train["labels"].iloc[100:105]
        for kind in ("copies", "visits"):
            own = {name: names[name].copy() for name in names}
            if kind == "copies":
                for array in ("flux", "error", "noisy"):
                    test[array][:5] = train[array][100:105]
            else:
                own["test"][:5] = own["train"][100:105]
                test["error"][:5] *= 1.25
            catalogue = []
            for name, made in (("train", train), ("test", test)):
                with h5py.File(self.path(f"{kind}_{name}.h5"), "w") as file:
                    file["/spectrumdataset/wave"] = made["wave"]
                    for array in ("flux", "error", "noisy"):
                        file[f"/dataset/arrays/{array}/value"] = made[array]
                    file["/star"] = own[name]
                catalogue.append(made["labels"].assign(star=own[name]))
            pd.concat(catalogue).drop_duplicates("star").to_csv(self.path(f"{kind}.csv"),
                                                                index=False)
            study = self.path(f"{kind}.yaml")
            with open(study, "w", encoding="utf-8") as file:
                file.write(f"experiment: {{id: made}}\ndata: {{train: {kind}_train.h5, "
                           f"test: {kind}_test.h5, labels: {kind}.csv, labels_id: /star}}\n"
                           "binning: {T_eff: [3750, 6000], M_H: [-2.0, 0.5]}\n")
            done = study_data.run(BUILD, "headroom", "run", study, "--dry-run", check=False)
            if kind == "copies":
                self.assertEqual(done.returncode, 3)
                self.assertIn("copies_test.h5: row 0 is also row 100 of ", done.stderr)
                continue
            self.assertEqual(done.returncode, 0, done.stderr)
            said = (done.stdout + done.stderr).replace(self.folder + "/", "")
            self.assertIn("5 of the 400 test rows are each of a star that is trained on, by /star, "
                          "with the same label; the first is row 0 of visits_test.h5, as row 100 "
                          "of visits_train.h5", " ".join(said.split()))

    def test_tables_that_were_shuffled(self):
        """By the index that pandas writes without a name; a frame has one of its own."""
        shuffled = self.labels[2].sample(frac=1, random_state=5)
        shuffled.to_csv(self.path("index.csv"))
        shuffled.to_hdf(self.path("index.h5"), key="labels", format="fixed")
        step = next(i for i in range(1, ROWS) if shuffled.index[i] < shuffled.index[i - 1])
        before, here = shuffled.index[step - 1:step + 1]
        for table, where, place in (("index.csv", ", the column without a name",
                                     f"line {step + 2}"), ("index.h5", "", f"row {step}")):
            self.labels_refused(f", labels: {{test: {table}}}",
                                f"{table} is not in the order of its index{where}: {place} has "
                                f"{here} behind {before}; make the index a column row where it "
                                "is the number of the row, or write the table without it",
                                prefix="")
        shuffled.to_csv(self.path("rowed.csv"), index_label="row")
        self.run_study("rowed", ", labels: {test: rowed.csv}", prefix="")
        self.same("rowed")

    def test_names_that_pandas_made_floats(self):
        """As it does where a name is missing in one line: 1234.0."""
        for name, seed, first in (("train_0", 1, 1000), ("train_1", 2, 5000), ("test", 3, 9000)):
            made = made_stars.stars(ROWS, seed=seed)
            made["labels"]["star"] = first + np.arange(ROWS)
            made_stars.write(self.path(f"small_{name}.h5"), made)
        table = made["labels"].sample(frac=1, random_state=4)
        for name, own in (("integers", table), ("floats", table.astype({"star": float}))):
            own.to_csv(self.path(f"{name}.csv"), index=False)
            self.run_study(name, f", labels: {{test: {name}.csv}}, labels_id: star",
                           prefix="small_")
        self.same("floats", "integers")
        with open(self.path("floats.csv"), encoding="utf-8") as file:
            self.assertIn(".0\n", file.read())

    def masked(self):
        """A table in which stars have no log g, by mask, by NaN, or are not there."""
        table = Table.from_pandas(self.all.sort_values("star"))
        table = Table(table, masked=True)
        table["log_g"].mask[[3, 900]] = True
        table["log_g"][5] = np.nan
        table["T_eff"].mask[7] = True
        table.remove_row(11)
        return table

    def test_rows_without_labels_are_refused_or_left_out(self):
        table = self.masked()
        frames = [labels.copy() for labels in self.labels]
        frames[0].loc[[3, 5], "log_g"] = np.nan
        frames[0].loc[[7, 11], "T_eff"] = np.nan
        frames[2].loc[100, "log_g"] = np.nan
        for k, name in enumerate(FILES):
            made_stars.write(self.path("nan_" + name),
                             {**made_stars.stars(ROWS, seed=k + 1), "labels": frames[k]})
        self.run_study("nan", ", unlabelled: exclude", prefix="nan_")
        rows = pd.read_csv(self.path("nan/predictions.csv"))["file_row"]
        self.assertEqual(rows.tolist(), [row for row in range(ROWS) if row != 100])
        table.write(self.path("gaps.ecsv"))
        table.write(self.path("gaps.fits"))
        table.write(self.path("gaps.h5"), path="t", serialize_meta=True)
        table.to_pandas().to_csv(self.path("gaps.csv"), index=False)
        for kind in ("csv", "ecsv", "fits", "h5"):
            with self.subTest(kind):
                labels = f", labels: gaps.{kind}, labels_id: star"
                self.refused(labels, "wrong_train_0.h5: row 7 (counted from 0) has no label "
                             "T_eff, as data.labels has no number, or no line, for it; add it "
                             "there, or leave such rows out with data.unlabelled: exclude")
                done = self.run_study("gaps", labels + ", unlabelled: exclude",
                                      words=["--replace"])
                self.assertIn("data.labels: 1 of the 800 training rows has no line in "
                              + self.path(f"gaps.{kind}"), done.stderr)
                self.assertIn("4 of the 800 training rows have no number for a target or an "
                              "axis of the bins and are left out (data.unlabelled)", done.stderr)
                with open(self.path("gaps/results.json"), encoding="utf-8") as file:
                    given = json.load(file)["data"]["labels"]
                common = {"tables": [self.path(f"gaps.{kind}")], "id": "star",
                          "names": ["T_eff", "M_H", "log_g", "snr"]}
                self.assertEqual(given["train"], {**common, "rows": 800, "without_line": 1,
                                                  "left_out": 4})
                self.assertEqual(given["test"], {**common, "rows": 400, "without_line": 0,
                                                 "left_out": 1})
                self.assertEqual(re.sub("nan_|wrong_", "", self.numbers("gaps")),
                                 re.sub("nan_|wrong_", "", self.numbers("nan")))
        with open(self.path("gaps/report.md"), encoding="utf-8") as file:
            report = file.read()
        self.assertIn("1 of the 400 test rows has no number for a target", report)
        self.assertIn("Of the 800 training spectra, `T_eff`, `M_H`, `log_g`, `snr` come from "
                      f"`{self.path('gaps.h5')}`, joined by `star`; without a line there: 1, "
                      "left out without a label: 4.", report)
        empty = self.masked()
        empty["log_g"].mask = True
        empty.write(self.path("empty.ecsv"))
        self.refused(", labels: empty.ecsv, labels_id: star, unlabelled: exclude",
                     "none of the 800 training rows has a number for every target and axis of "
                     "the bins; see where the labels come from (data.labels)")

    def test_names_are_exact_to_the_last_digit(self):
        """A name that was rounded once names another star."""
        rounded = self.all.copy()
        rounded["star"] = rounded["star"].astype(float)
        rounded.to_csv(self.path("rounded.csv"), index=False)
        Table.from_pandas(rounded).write(self.path("rounded.fits"))
        self.labels_refused(", labels: rounded.fits, labels_id: star",
                            "rounded.fits: row 0 has no star that is an integer to the last "
                            "digit; write it as 64-bit integers")
        self.labels_refused(", labels: rounded.csv, labels_id: star",
                            "rounded.csv: line 2 has no star that is an integer to the last "
                            "digit; write it as 64-bit integers")
        for k, name in enumerate(FILES):
            labels = self.labels[k].copy()
            labels["star"] = labels["star"].astype(float)
            made_stars.write(self.path("float_" + name),
                             {**made_stars.stars(ROWS, seed=k + 1), "labels": labels})
        self.labels_refused(", labels: all.fits, labels_id: star",
                            "float_train_0.h5 keeps star as floating-point numbers, which do "
                            "not hold that of row 0 to its last digit; write it as 64-bit "
                            "integers", prefix="float_")

    def test_names_that_do_not_meet_are_refused(self):
        other = self.all.copy()
        other["star"] += 100000
        other.to_csv(self.path("other.csv"), index=False)
        self.labels_refused(", labels: other.csv, labels_id: star",
                            "no line of other.csv has the star of one of the training rows; "
                            "name a table of these stars as data.labels, or another column as "
                            "data.labels_id")
        pd.concat([self.all, self.all[:1]]).to_csv(self.path("twins.csv"), index=False)
        self.labels_refused(", labels: twins.csv, labels_id: star",
                            "twins.csv: line 2 and twins.csv: line 1202 have the same star; "
                            "keep one line of every star")
        self.labels_refused(", labels: all.csv, labels_id: gaia",
                            "wrong_train_0.h5 has no label column gaia, by which "
                            "data.labels_id joins the tables; name one that every file of "
                            "spectra has, or an array by its path, such as /gaia")
        self.labels_refused(", labels: all.csv, labels_id: /gaia",
                            "bare_train_0.h5 has no /gaia: / holds dataset, "
                            "spectrumdataset, star", prefix="bare_", code=3)
        self.labels_refused(", labels: all.csv, labels_id: /dataset/arrays/flux/value",
                            "bare_train_0.h5: /dataset/arrays/flux/value has 2 dimensions "
                            "instead of 1", prefix="bare_")
        self.all.drop(columns="star").to_csv(self.path("nameless.csv"), index=False)
        self.labels_refused(", labels: nameless.csv, labels_id: star",
                            "nameless.csv has no column star; it has T_eff, log_g, M_H, snr; "
                            "did you mean snr?")

    def test_columns_by_other_names(self):
        """As surveys spell them; the labels of the study keep their names."""
        survey = self.all.rename(columns={"T_eff": "TEFF", "log_g": "LOGG", "M_H": "FE_H",
                                          "star": "GAIA"})
        Table.from_pandas(survey).write(self.path("survey.fits"))
        labels = ", labels: survey.fits, labels_id: star"
        self.labels_refused(labels + ", columns: {star: GAIA}",
                            "survey.fits has no label columns T_eff, M_H; if that is what "
                            "they are called there, write data.columns: {T_eff: TEFF, M_H: "
                            "FE_H}")
        self.run_study("survey", labels + ", columns: {star: GAIA, T_eff: TEFF, M_H: FE_H, "
                                          "log_g: LOGG}")
        self.same("survey")
        self.labels_refused(", labels: survey.fits, labels_id: star, target: rv, "
                            "columns: {star: GAIA, T_eff: TEFF, M_H: FE_H}",
                            "survey.fits has no column rv, nor have the files of spectra; it "
                            "has TEFF, LOGG, FE_H, snr, GAIA; say what it calls the label with "
                            "data.columns")

    def test_what_is_no_number_is_named(self):
        words = self.all.astype({"log_g": object})
        words.iloc[4, words.columns.get_loc("log_g")] = "giant"
        words.to_csv(self.path("words.csv"), index=False)
        self.labels_refused(", labels: words.csv, labels_id: star",
                            "words.csv: line 6 has 'giant' as log_g, which is no number; leave "
                            "the cell empty where there is none")
        table = Table.from_pandas(self.all)
        table["log_g"] = [f"{value}" for value in table["log_g"]]
        table.write(self.path("words.fits"))
        table.write(self.path("words.h5"), path="t")
        for kind in ("fits", "h5"):
            self.labels_refused(f", labels: words.{kind}, labels_id: star",
                                f"words.{kind}: the column log_g holds text; name one of "
                                "single numbers")
        table["log_g"] = np.zeros((len(table), 2))
        table.write(self.path("lists.fits"))
        self.labels_refused(", labels: lists.fits, labels_id: star",
                            "lists.fits: the column log_g holds several values a row; name one "
                            "of single numbers")
        np.save(self.path("array.npy"), np.zeros((3, 2)))
        self.labels_refused(", labels: array.npy, labels_id: star",
                            "array.npy is an array, whose columns have no names; give labels "
                            "as CSV, ECSV, FITS or HDF5")
        marks = self.all.copy()
        marks.iloc[:9, marks.columns.get_loc("log_g")] = -9999.0
        marks.to_csv(self.path("marks.csv"), index=False)
        done = self.run_study("marks", ", labels: marks.csv, labels_id: star", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("-9999", done.stderr)

    def test_a_file_with_several_tables_needs_a_name(self):
        table = Table.from_pandas(self.all)
        one = fits.table_to_hdu(table)
        one.name = "STARS"
        other = fits.table_to_hdu(table[:3])
        other.name = "PLATES"
        fits.HDUList([fits.PrimaryHDU(), other, one]).writeto(self.path("two.fits"))
        table.write(self.path("two.h5"), path="cat/stars")
        table[:3].write(self.path("two.h5"), path="cat/plates", append=True)
        self.labels_refused(", labels: two.fits, labels_id: star",
                            "two.fits has tables in the extensions 1 (PLATES), 2 (STARS); name "
                            "one of them behind the file, as in two.fits::1")
        self.labels_refused(", labels: 'two.fits::spectra', labels_id: star",
                            "two.fits has no table 'spectra'; it has those of the extensions "
                            "1 (PLATES), 2 (STARS)")
        self.labels_refused(", labels: two.h5, labels_id: star",
                            "two.h5 has several tables: /cat/plates, /cat/stars; name one of "
                            "them behind the file, as in two.h5::/cat/plates")
        self.labels_refused(", labels: 'two.h5::/cat/nothing', labels_id: star",
                            "two.h5 has no /cat/nothing: /cat holds plates, stars")
        self.labels_refused(", labels: 'all.csv::stars', labels_id: star",
                            "all.csv is one table, and has none called 'stars'; leave "
                            "'::stars' out")
        for name in ("two.fits::stars", "two.fits::2", "two.h5::cat/stars"):
            done = study_data.run(BUILD, "headroom", "run", self.configure(
                "named", f", labels: '{name}', labels_id: star"), "--dry-run")
            self.assertIn(f"of the test rows from {self.path(name)}, joined", done.stderr)

    def test_what_is_damaged_or_no_table_is_named(self):
        with open(self.path("all.fits"), "rb") as file:
            whole = file.read()
        cases = {
            "cut.fits": (whole[:20000], "cut.fits is cut off: the table of its extension 1 has "
                         "1200 rows of 58 bytes, and the file ends before they do; get it "
                         "again"),
            "head.fits": (whole[:4000], "head.fits is damaged or cut off in the header of its "
                          "extension 1; make it anew or get it again"),
            "short.fits": (whole[:100], "short.fits cannot be read as a FITS file: CFITSIO "
                           "says 'error reading from FITS file'"),
            "image.fits": (whole[:2880], "image.fits holds no table, but images or nothing; "
                           "name a FITS file with one, or get it again where it should have "
                           "one"),
            "stars.csv.gz": (b"\x1f\x8b\x08\x00", "stars.csv.gz is no table that can be read "
                             "but an archive (gzip); unpack it with gunzip and name what is in "
                             "it"),
            "stars.parquet": (b"PAR1\x15\x04", "stars.parquet is no table that can be read but "
                              "a Parquet file; write it as CSV, ECSV, FITS or HDF5"),
            "stars.vot": (b"<?xml version='1.0'?>\n<VOTABLE version='1.4'>", "stars.vot is no "
                          "table that can be read but a VOTable; write it as CSV, ECSV, FITS "
                          "or HDF5"),
            "binary": (b"\x01\x00\x02\x03", "binary is no text in UTF-8; a table is read "
                       "from CSV in that"),
            "tabs.ecsv": (b"# %ECSV 1.0\n# ---\n# delimiter: '|'\nstar|log_g\n1|2\n",
                          "tabs.ecsv: line 3 names a delimiter that ECSV does not have; write "
                          "it with a comma or a blank"),
        }
        for name, (content, sentence) in cases.items():
            with open(self.path(name), "wb") as file:
                file.write(content)
            with self.subTest(name):
                self.labels_refused(f", labels: {name}, labels_id: star", sentence)
        with h5py.File(self.path("nothing.h5"), "w") as file:
            file["x"] = np.zeros(3)
        self.labels_refused(", labels: nothing.h5, labels_id: star",
                            "nothing.h5 holds no table: neither a pandas DataFrame nor a "
                            "dataset of named columns, as DataFrame.to_hdf and astropy's "
                            "Table.write write them; write it so")
        self.labels_refused(", labels: 'nothing.h5::x', labels_id: star",
                            "nothing.h5: /x is no table: not one row of named columns after "
                            "another")
        packed = fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(self.table_data())])
        packed[1].header["ZTABLE"] = True
        packed.writeto(self.path("packed.fits"))
        self.labels_refused(", labels: packed.fits, labels_id: star",
                            "packed.fits has a compressed table in its extension 1; unpack it "
                            "with funpack")

    def table_data(self):
        return np.array(Table.from_pandas(self.all[:5]))

    @unittest.skipIf(HAS_FITS, "this build has tables in FITS")
    def test_a_build_without_fits_says_so(self):
        Table.from_pandas(self.all).write(self.path("none.bin"), format="fits")
        self.labels_refused(", labels: none.bin, labels_id: star",
                            "none.bin is a FITS file, and this program was built without "
                            "CFITSIO; install libcfitsio-dev and build it anew, or write the "
                            "table as ECSV")

    def test_nulls_and_scales_of_fits(self):
        """Integers with a number for none, scaled ones, and those without a sign."""
        rows = 3 * ROWS
        stars = np.sort(self.all["star"].to_numpy())
        raw = np.round((self.all.sort_values("star")["log_g"].to_numpy() - 3) * 1000)
        raw = raw.astype("i2")
        raw[[1, 4]] = -32768
        teff = self.all.sort_values("star")["T_eff"].to_numpy().astype("u4")
        columns = [fits.Column("star", "K", array=stars),
                   fits.Column("log_g", "I", array=raw, null=-32768),
                   fits.Column("T_eff", "J", array=teff, bzero=2 ** 31),
                   fits.Column("M_H", "E", array=self.all.sort_values("star")["M_H"])]
        table = fits.BinTableHDU.from_columns(columns)
        table.header["HOLD1"] = table.header["HOLD2"] = ""
        table.writeto(self.path("scaled.fits"))
        with open(self.path("scaled.fits"), "rb") as file:
            content = file.read()
        for key, value in ((b"HOLD1   =", b"TSCAL2  =                0.001"),
                           (b"HOLD2   =", b"TZERO2  =                  3.0")):
            at = content.index(key)
            content = content[:at] + value.ljust(80) + content[at + 80:]
        with open(self.path("scaled.fits"), "wb") as file:
            file.write(content)
        frames = pd.DataFrame({"star": stars, "log_g": raw * 0.001 + 3.0,
                               "T_eff": teff.astype("i8"),
                               "M_H": self.all.sort_values("star")["M_H"].to_numpy("f4")})
        frames.loc[[1, 4], "log_g"] = np.nan
        for k, name in enumerate(FILES):
            made_stars.write(self.path("scaled_" + name),
                             {**made_stars.stars(ROWS, seed=k + 1),
                              "labels": frames[k * ROWS:(k + 1) * ROWS]})
        self.assertEqual(len(stars), rows)
        for k, name in enumerate(FILES):
            labels = self.labels[k][["star"]]
            made_stars.write(self.path("ids_" + name),
                             {**made_stars.stars(ROWS, seed=k + 1), "labels": labels})
        self.run_study("scaled_frames", ", unlabelled: exclude", prefix="scaled_")
        self.run_study("scaled", ", labels: scaled.fits, labels_id: star, unlabelled: exclude",
                       prefix="ids_")
        self.assertEqual(self.numbers("scaled").replace("ids_", ""),
                         self.numbers("scaled_frames").replace("scaled_", ""))

    def test_fits_tables_of_text(self):
        """Columns of text hold numbers, too, those of the same text in CSV."""
        parts = {"train": pd.concat(self.labels[:-1]), "test": self.labels[-1]}
        for name, part in parts.items():
            columns = [fits.Column(label, "E25.17", array=part[label].to_numpy("f8"), ascii=True)
                       for label in ("T_eff", "log_g", "M_H")]
            fits.TableHDU.from_columns(columns).writeto(self.path(f"{name}_text.fits"))
            part.to_csv(self.path(f"{name}_text.csv"), index=False)
        for kind in ("fits", "csv"):
            self.run_study(f"text_{kind}", f", labels: {{train: train_text.{kind}, "
                           f"test: test_text.{kind}}}")
        one, other = (pd.read_csv(self.path(f"text_{kind}/predictions.csv"))
                      for kind in ("fits", "csv"))
        np.testing.assert_array_equal(one["target"], other["target"])
        np.testing.assert_array_equal(one["global_ridge"], other["global_ridge"])

    def test_a_run_goes_on_with_the_same_table_alone(self):
        self.all.to_csv(self.path("mine.csv"), index=False)
        labels = ", labels: mine.csv, labels_id: star"
        self.run_study("again", labels)
        done = self.run_study("again", labels, words=["--resume"])
        self.assertIn("is complete: there is nothing left to do", done.stderr)
        changed = self.all.copy()
        changed.iloc[3, changed.columns.get_loc("log_g")] += 0.125
        changed.to_csv(self.path("mine.csv"), index=False)
        done = self.run_study("again", labels, words=["--resume"], check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the data file " + self.path("mine.csv"), done.stderr)
        # The resolved configuration names the same tables, from anywhere.
        with open(self.path("again/config.yaml"), encoding="utf-8") as file:
            self.assertIn(f"  labels: [{self.path('mine.csv')}]\n", file.read())

    def test_fewer_rows_and_untrusted_files(self):
        self.run_study("few", ", rows: 300", prefix="")
        self.run_study("few_joined", ", rows: 300, labels: all.fits, labels_id: star, "
                                     "untrusted: true")
        self.same("few_joined", "few")

    def test_prediction_and_inspection_need_no_labels(self):
        self.run_study("model", ", labels: all.ecsv, labels_id: /star", prefix="bare_")
        out = self.path("said.csv")
        study_data.run(BUILD, "headroom", "predict", self.path("model"),
                       self.path("bare_test.h5"), "--out", out)
        self.assertEqual(len(pd.read_csv(out)), ROWS)
        done = study_data.run(BUILD, "headroom", "inspect", self.path("bare_test.h5"))
        self.assertIn("holds no pandas DataFrame; write the labels with DataFrame.to_hdf(file, "
                      "'dataset/params'), or name a table of labels as data.labels\n",
                      done.stdout)

    def test_predictions_of_elsewhere_in_the_same_kinds(self):
        said = self.labels[2][["star", "log_g"]].rename(columns={"log_g": "predicted"})
        said["predicted"] += np.random.default_rng(5).normal(0, 0.2, ROWS)
        table = Table.from_pandas(said.sample(frac=1, random_state=9))
        table["predicted"] = MaskedColumn(table["predicted"], mask=np.arange(ROWS) == 6)
        table.write(self.path("said.ecsv"))
        table.write(self.path("said.fits"))
        table.write(self.path("said.h5"), path="by/name", serialize_meta=True)
        kinds = {"ecsv": "said.ecsv", "fits": "said.fits", "hdf5": "said.h5::/by/name"}
        if not HAS_FITS:
            del kinds["fits"]
        study = self.configure("mine", "", prefix="")
        with open(study, encoding="utf-8") as file:
            text = file.read()
        experts = ", ".join(f"{kind}: {{predictions: '{path}', id: star}}"
                            for kind, path in kinds.items())
        with open(study, "w", encoding="utf-8") as file:
            file.write(text.replace("{ridge: {alpha: [10]}}",
                                    f"{{ridge: {{alpha: [10]}}, {experts}}}"))
        study_data.run(BUILD, "headroom", "run", study, "--out", self.path("mine"))
        rows = pd.read_csv(self.path("mine/predictions.csv"))
        expected = said["predicted"].to_numpy().astype("f4").astype(float)
        expected[self.labels[2]["star"] == table["star"][6]] = np.nan
        for kind in kinds:
            np.testing.assert_allclose(rows[f"global_{kind}"], expected, 1e-12, err_msg=kind)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
