"""Data that do not say what they seem to say: each kind is found, by inspect, by the dry run
and by the study, and sound data are believed.

    test_doubts.py BUILD
"""

import json
import shutil
import sys
import tempfile
import unittest

import numpy as np
import pandas

import made_stars
import spoilt_stars
import study_data

BUILD = sys.argv[1]
TEST = "test.h5"
GENERATED = "  noise: {test: generated}\n"


def without_noisy(stars, name):
    stars["noisy"] = None


def around_zero(stars, name):
    middle = stars["flux"].mean()
    for key in ("flux", "noisy"):
        stars[key] = stars[key] - middle


# Codes of warnings that results, not data, give: the report has words of its own for them.
OF_RESULTS = {"leakage", "sigma", "alpha", "one_row", "missing"}


class Doubts(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.root = self.home.name
        self.out = f"{self.root}/run"

    def tearDown(self):
        self.home.cleanup()

    def dry_run(self, spoil=None, **how):
        path = spoilt_stars.study(self.root, spoil, **how)
        return study_data.run(BUILD, "headroom", "run", path, "--dry-run", "--out", self.out,
                              check=False)

    def inspect(self, name):
        return study_data.run(BUILD, "headroom", "inspect", f"{self.root}/{name}").stdout

    def refuses(self, code, words, spoil=None, **how):
        done = self.dry_run(spoil, **how)
        self.assertEqual(done.returncode, 3, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertIn(f"data.allow: [{code}]", done.stderr)
        allowed = self.dry_run(spoil, **dict(how, data=how.get("data", "")
                                             + f"  allow: [{code}]\n"))
        self.assertEqual(allowed.returncode, 0, allowed.stderr)
        self.assertIn(words[0], allowed.stderr)
        return done.stderr

    def warns(self, words, spoil=None, **how):
        done = self.dry_run(spoil, **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr

    def believes(self, spoil=None, **how):
        done = self.dry_run(spoil, **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("warning", done.stderr)
        for name in ("train_0.h5", TEST):
            self.assertIn("none", self.inspect(name).split("Problems")[1])

    # --- sound data ---

    def test_believes_sound_data(self):
        self.believes()
        self.believes(format="fixed")
        self.believes(without_noisy)
        self.believes(dtype="f4", chunks=(64, 128), compression="gzip")

    def test_believes_labels_on_a_lattice_and_long_tails(self):
        def spoil(stars, name):
            labels, random = stars["labels"], np.random.default_rng(len(name))
            labels["T_eff"] = 250.0 * np.round(labels["T_eff"] / 250)
            labels["log_g"] = 0.5 * np.round(2 * labels["log_g"])
            labels["tail"] = random.exponential(1.0, len(labels)) ** 2
            labels["flag"] = np.where(random.random(len(labels)) < 0.03, 1.0, 0.0)
        self.believes(spoil)

    def test_believes_stars_of_one_set_of_labels(self):
        """Labels that are the same do not make a copy; spectra do."""
        def spoil(stars, name):
            stars["labels"].loc[:, ["M_H"]] = 0.0
            stars["labels"]["T_eff"] = np.arange(len(stars["labels"])) % 2 * 1000 + 4500.0
            stars["labels"]["log_g"] = np.arange(len(stars["labels"])) % 5 + 1.0
            stars["labels"]["snr"] = 30.0
        self.assertNotIn("the labels of an earlier", self.dry_run(spoil).stderr)

    def test_believes_an_index_that_starts_anywhere_or_repeats(self):
        def offset(stars, name):
            stars["labels"].index += 700
        def repeats(stars, name):
            stars["labels"].index = np.arange(len(stars["labels"])) % 50
        self.believes(offset)
        self.believes(repeats, format="fixed")

    # --- labels ---

    def test_refuses_a_mark_in_the_place_of_a_missing_label(self):
        for value, share in ((-9999.0, 0.02), (999.0, 0.005), (-1e10, 0.3)):
            def spoil(stars, name):
                rows = int(share * len(stars["labels"])) + 1
                stars["labels"].loc[stars["labels"].index[3:3 + rows], "log_g"] = value
            words = ["label log_g is", f"{value:.9g}", "first in row 3"]
            self.refuses("far_label", words, spoil)
            self.assertIn("where it is the target", self.inspect(TEST))

    def test_finds_marks_at_both_ends(self):
        def spoil(stars, name):
            stars["labels"].loc[5:9, "log_g"] = -9999.0
            stars["labels"].loc[20:29, "log_g"] = 9999.0
        text = self.refuses("far_label", ["-9999 in 10 of 800 rows"], spoil)
        self.assertIn("(1.0", text)
        self.assertIn("is 9999 in 10 of 300 rows", self.inspect(TEST))

    def test_warns_of_a_mark_in_an_axis_and_of_one_wild_row(self):
        def axis(stars, name):
            stars["labels"].loc[5:9, "M_H"] = -99.0
        def wild(stars, name):
            if name == TEST:
                stars["labels"].loc[7, "log_g"] = 450.0
        self.warns(["label M_H is -99 in 10 of 800"], axis)
        self.warns(["label log_g is 450 in 1 of 300 rows"], wild)

    def test_the_dry_run_looks_at_all_rows_of_small_files(self):
        def wild(stars, name):
            if name == "train_1.h5":
                stars["flux"][113] *= 1e6
        self.warns(["the flux of 1 training row is far beyond that of all others", "row 113 of "],
                   wild)

    def test_refuses_marks_with_digits_of_their_own(self):
        def spoil(stars, name):
            rows = stars["labels"].index[3:12]
            stars["labels"].loc[rows, "log_g"] = -9999 + np.linspace(-0.4, 0.4, len(rows))
        self.refuses("far_label", ["label log_g is about -9999 (-9999.4 to -9998.6) in"], spoil)

    def test_warns_of_a_mark_next_to_the_range(self):
        for value in (0.0, -1.0):
            def spoil(stars, name):
                stars["labels"].loc[5:14, "log_g"] = value
            self.warns([f"label log_g is {value:g} in 20 of 800 rows", "hardly ever repeat"],
                       spoil)

    def test_believes_labels_that_are_rounded_or_cut_off(self):
        def rounded(stars, name):
            stars["labels"] = stars["labels"].round({"T_eff": -1, "log_g": 1, "M_H": 2})
        def cut(stars, name):
            stars["labels"]["log_g"] = stars["labels"]["log_g"].clip(2, 4)
        self.believes(rounded)
        self.believes(cut)

    # --- the error ---

    def test_refuses_another_error_than_one_sigma(self):
        def inverse(stars, name):
            stars["error"] = 1 / stars["error"] ** 2
        def variance(stars, name):
            stars["error"] = stars["error"] ** 2
        def tenfold(stars, name):
            if name == "train_1.h5":
                stars["error"] = 10 * stars["error"]
        self.refuses("error", ["the inverse variance", "1/sqrt"], inverse)
        self.refuses("error", ["the variance", "square root"], variance)
        self.refuses("error", ["scatters by 0.09", "train_1.h5"], tenfold)

    def test_tells_the_kind_of_error_by_the_label_snr(self):
        def inverse(stars, name):
            stars["error"] = 1 / stars["error"] ** 2
            stars["noisy"] = None
        def variance(stars, name):
            stars["error"] = stars["error"] ** 2
            stars["noisy"] = None
        noise = "  noise: {test: generated}\n"
        self.refuses("error", ["as an inverse variance would"], inverse, data=noise)
        self.refuses("error", ["as a variance would"], variance, data=noise)

    def test_warns_of_an_error_a_fifth_too_small(self):
        def spoil(stars, name):
            stars["error"] = 0.8 * stars["error"]
        self.warns(["(noisy - flux)/error scatters by 1.2"], spoil)

    def test_tells_an_error_off_by_a_factor_by_the_size_of_snr(self):
        for constant in (False, True):
            for factor, kind in ((3, 1), (0.3, 1), (1, -2), (1, 2)):
                def spoil(stars, name):
                    stars["noisy"] = None
                    if constant:
                        stars["error"][:] = 0.03
                        stars["labels"]["snr"] = 33.0
                    stars["error"] = factor * stars["error"] ** kind
                if kind == 1:
                    self.warns([f"times the label snr; see"], spoil, data=GENERATED)
                else:
                    self.refuses("error", ["variance would, not as one"], spoil,
                                 data=GENERATED)

    def test_asks_flux_with_noise_where_nothing_else_can_tell(self):
        def noisy(power, factor=1.0):
            def spoil(stars, name):
                stars = made_stars.stars(len(stars["flux"]), 512, seed=len(name))
                stars["flux"], stars["noisy"] = stars["noisy"], None
                stars["error"] = factor * stars["error"] ** power
                stars["labels"] = stars["labels"].drop(columns="snr")
                return stars
            return spoil
        self.warns(["so it holds noise", "data.noise.level: 0"], noisy(1), data=GENERATED)
        self.warns(["as noise would; see whether the error"], noisy(1, 4), data=GENERATED)
        self.refuses("error", ["an inverse variance"], noisy(-2), data=GENERATED)
        self.refuses("error", ["a variance, and not"], noisy(2), data=GENERATED)

    def test_refuses_noise_without_an_error(self):
        def spoil(stars, name):
            stars["error"][:] = 0
        self.refuses("error", ["is above 0 nowhere, though the noisy flux scatters"], spoil)
        self.assertIn("is above 0 nowhere", self.inspect(TEST))
        self.warns(["no training row has an error above 0"], spoil, data=GENERATED)

    # --- the order of labels ---

    @staticmethod
    def shuffle(stars, name):
        stars["labels"] = stars["labels"].sample(frac=1, random_state=len(name))

    def test_refuses_labels_in_another_order(self):
        for format in ("table", "fixed"):
            self.refuses("index", ["another order than the rows", "data.index: rows"],
                         self.shuffle, format=format)

    def test_warns_where_it_cannot_tell_the_order(self):
        def spoil(stars, name):
            self.shuffle(stars, name)
            stars["labels"] = stars["labels"].drop(columns="snr")
        self.warns(["another order than the rows"], spoil)

    def test_believes_an_index_that_was_shuffled_with_the_spectra(self):
        def spoil(stars, name):
            order = np.random.default_rng(4).permutation(len(stars["labels"]))
            stars["labels"].index = order
        self.believes(spoil)

    def test_warns_of_labels_that_do_not_go_with_the_spectra(self):
        def spoil(stars, name):
            stars["labels"] = stars["labels"].sample(frac=1, random_state=9) \
                .reset_index(drop=True)
        self.warns(["label snr does not go with flux over error"], spoil)

    def test_follows_the_index(self):
        """Every number is that of the labels in the order of the spectra."""
        def predictions(spoil, data):
            path = spoilt_stars.study(self.root, spoil, data=data)
            study_data.run(BUILD, "headroom", "run", path, "--out", self.out)
            return pandas.read_csv(f"{self.out}/predictions.csv")
        def moved(stars, name):
            stars["labels"].index += 5000
            self.shuffle(stars, name)
        straight = predictions(None, "  id: T_eff\n")
        shutil.rmtree(self.out)
        followed = predictions(moved, "  id: T_eff\n  index: rows\n")
        pandas.testing.assert_frame_equal(straight, followed, check_exact=True)

    def test_refuses_to_follow_an_index_that_names_no_rows(self):
        def spoil(stars, name):
            stars["labels"].index = np.arange(len(stars["labels"])) % 50
        done = self.dry_run(spoil, data="  index: rows\n")
        self.assertEqual(done.returncode, 3)
        self.assertIn("does not name rows", done.stderr)

    # --- copies ---

    def test_warns_of_a_copied_shard(self):
        for narrow in (False, True):
            def spoil(stars, name):
                if name != "train_1.h5":
                    return None
                copy = made_stars.stars(400, seed=1)
                if narrow:
                    copy["labels"] = copy["labels"].astype(np.float32)
                return copy
            self.warns(["train_1.h5: row", "train_0.h5", "400 rows"], spoil)

    def test_refuses_test_rows_that_are_trained_on(self):
        def spoil(stars, name):
            if name != TEST:
                return
            first = made_stars.stars(400, seed=1)
            for key in ("flux", "error", "noisy"):
                stars[key][40:50] = first[key][:10]
            stars["labels"].iloc[40:50] = first["labels"].iloc[:10].to_numpy()
        self.refuses("test_in_training", ["test.h5: row 40 is also row 0",
                                          "10 rows of the test set"], spoil)

    def test_refuses_test_rows_that_are_trained_on_in_fewer_digits(self):
        def copy(stars, name, digits, keys):
            if name != TEST:
                return
            first = made_stars.stars(400, seed=1)
            for key in ("flux", "error", "noisy"):
                stars[key][40:60] = first[key][:20]
                if key in keys:
                    stars[key][40:60] = np.round(stars[key][40:60], digits)
            labels = first["labels"].iloc[:20]
            if "labels" in keys:
                labels = labels.round({"T_eff": 0, "log_g": 3, "M_H": 3, "snr": 2})
            stars["labels"].iloc[40:60] = labels.to_numpy()
        for keys in (("labels",), ("flux", "noisy")):
            self.refuses("test_in_training", ["is also row"],
                         lambda stars, name: copy(stars, name, 3, keys))

    # --- pixels ---

    def test_refuses_gaps_and_marks_among_pixels(self):
        for value in (-99.9, 0.0):
            def spoil(stars, name):
                gap = np.random.default_rng(len(name)).random(stars["flux"].shape) < 0.005
                for key in ("flux", "noisy"):
                    stars[key][gap] = value
            self.refuses("pixels", [f"% of the pixels hold {value:g} in the flux"], spoil)
            self.assertIn("data.allow names pixels", self.inspect(TEST))

    def test_believes_gaps_that_are_marked(self):
        def spoil(stars, name):
            gap = np.random.default_rng(len(name)).random(stars["flux"].shape) < 0.005
            stars["mask"] = gap.astype(np.int32)
            for key in ("flux", "noisy"):
                stars[key][gap] = -99.9
        done = self.dry_run(spoil)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("pixels", done.stderr)

    def test_warns_of_cosmic_rays(self):
        def spoil(stars, name):
            stars["noisy"][7, 20] += 1e4
        self.warns(["test.h5: the noisy flux is more than 30 errors from the flux in 1 pixel"],
                   spoil)

    def test_refuses_a_mark_in_most_rows(self):
        def spoil(stars, name):
            stars["labels"].loc[stars["labels"].index % 3 > 0, "log_g"] = -9999.0
        self.refuses("far_label", ["label log_g is -9999 in"], spoil)

    # --- masks ---

    def test_refuses_a_mask_that_is_upside_down(self):
        """1 at good pixels: most are marked; all of them in rows without a bad one."""
        for share in (0.02, 0.001):
            def spoil(stars, name):
                gap = np.random.default_rng(len(name)).random(stars["flux"].shape) < share
                stars["mask"] = (~gap).astype(np.int16)
                for key in ("flux", "noisy"):
                    stars[key][gap] = -99.9
            done = self.dry_run(spoil)
            self.assertEqual(done.returncode, 3)
            self.assertIn("% of the pixels of a row", done.stderr)
            self.assertIn("store 0 at good and 1 at bad pixels", done.stderr)
            self.assertIn("data.allow: [mask]", done.stderr)
            self.assertIn("data.allow names mask", self.inspect(TEST))

    def test_refuses_a_mask_of_bits_that_mean_something_else(self):
        def spoil(stars, name):
            bad = np.random.default_rng(len(name)).random(stars["flux"].shape) < 0.02
            stars["mask"] = (4 + bad).astype(np.int32)
            for key in ("flux", "noisy"):
                stars[key][bad] = np.nan
        done = self.dry_run(spoil)
        self.assertEqual(done.returncode, 3)
        self.assertIn("100 % of the pixels", done.stderr)
        done = self.dry_run(spoil, data="  mask: [0]\n")
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("warning", done.stderr)

    # --- scales ---

    def test_tells_of_a_small_change_of_scale(self):
        def spoil(stars, name):
            if name == TEST:
                for key in ("flux", "error", "noisy"):
                    stars[key] = 1.25 * stars[key]
        self.warns(["test.h5: the median flux is 1.", "in the training files"], spoil)

    def test_believes_shards_sorted_by_brightness(self):
        """Fainter stars have less flux, and errors that hardly differ: no other unit."""
        def spoil(stars, name):
            bright = {"train_0.h5": 1.0, "train_1.h5": 6.0}
            random = np.random.default_rng(len(name))
            factor = bright.get(name, 0) or 6.0 ** random.random((len(stars["flux"]), 1))
            noise = stars["noisy"] - stars["flux"]
            stars["flux"] = factor * stars["flux"]
            stars["noisy"] = stars["flux"] + noise
            stars["labels"]["snr"] = np.median(stars["flux"] / stars["error"], axis=1)
        done = self.dry_run(spoil)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("one scale", done.stderr)

    def test_refuses_files_of_other_scales(self):
        def brighter(stars, name):
            if name == TEST:
                for key in ("flux", "error", "noisy"):
                    stars[key] = 10 * stars[key]
        def one_shard(stars, name):
            if name == "train_2.h5":
                for key in ("flux", "error", "noisy"):
                    stars[key] = 1e-3 * stars[key]
        def around_zero(stars, name):
            for key in ("flux", "noisy"):
                stars[key] = stars[key] - 1
            if name == TEST:
                for key in ("flux", "error", "noisy"):
                    stars[key] = 7 * stars[key]
        self.refuses("scale", ["test.h5: the median flux is 9.", "training files"], brighter)
        text = self.refuses("scale", ["train_2.h5: the median flux is 0.0009"], one_shard,
                            shards=3)
        self.assertIn("but 0.9", text)
        self.refuses("scale", ["test.h5: the spread of the flux"], around_zero)

    def test_believes_flux_around_zero_and_fainter_stars(self):
        def spoil(stars, name):
            middle = stars["flux"].mean()
            for key in ("flux", "noisy"):
                stars[key] = stars[key] - middle
        done = self.dry_run(spoil)
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("scale", done.stderr)
        self.assertNotIn("snr", done.stderr)

    def test_warns_of_wavelengths_in_another_unit(self):
        for factor, unit in ((0.1, "nanometres"), (1e-4, "micrometres"), (1e-10, "metres")):
            def spoil(stars, name):
                stars["wave"] = factor * stars["wave"]
            self.warns([f"which looks like {unit}"], spoil)
            self.assertIn(unit, self.inspect(TEST))
        def logarithm(stars, name):
            stars["wave"] = np.log10(stars["wave"])
        self.warns(["the logarithm of angstrom"], logarithm)

    # --- where it is told ---

    def test_results_and_report_tell_it(self):
        def spoil(stars, name):
            stars["error"] = 0.8 * stars["error"]
        path = spoilt_stars.study(self.root, spoil)
        study_data.run(BUILD, "headroom", "run", path, "--out", self.out)
        with open(f"{self.out}/results.json", encoding="utf-8") as file:
            warnings = json.load(file)["warnings"]
        self.assertEqual([w["code"] for w in warnings], ["error"] * 3 + ["alpha"])
        self.assertIn("scatters by 1.2", warnings[0]["text"])
        with open(f"{self.out}/report.md", encoding="utf-8") as file:
            summary = file.read().split("## 2.")[0]
        self.assertIn("the data are in doubt", summary)
        self.assertIn("scatters by 1.2", summary)
        with open(f"{self.out}/report.html", encoding="utf-8") as file:
            self.assertIn("scatters by 1.2", file.read())

    def test_results_tell_what_was_decided_and_what_all_rows_say(self):
        """Lossy storage, clipping, outliers and empty rows are no news of the log alone."""
        def codes(spoil, **how):
            path = spoilt_stars.study(self.root, spoil, **how)
            done = study_data.run(BUILD, "headroom", "run", path, "--out", self.out)
            with open(f"{self.out}/results.json", encoding="utf-8") as file:
                warnings = json.load(file)["warnings"]
            with open(f"{self.out}/report.md", encoding="utf-8") as file:
                summary = file.read().split("## 2.")[0]
            for warning in warnings:
                self.assertEqual(done.stderr.count(warning["text"]), 1)
            warnings = [w for w in warnings if w["code"] not in OF_RESULTS]
            self.assertEqual(summary.count("the data are in doubt"), len(warnings))
            shutil.rmtree(self.out)
            return [w["code"] for w in warnings]
        def rows(stars, name):
            if name == "train_1.h5":
                stars["flux"][5] *= 1e5
            if name == TEST:
                stars["error"][7] = 0
        def bad(stars, name):
            if name == TEST:
                stars["error"][:, ::10] = np.nan
        def many(stars, name):
            stars["error"][:, ::4] = np.nan
        def few(stars, name):
            if name == TEST:
                stars["error"][41:44] *= 10
        self.assertEqual(codes(None, chunks=(50, 128), scaleoffset=4, dtype="f4"), ["filter"] * 6)
        self.assertEqual(codes(around_zero), ["clip"])
        self.assertEqual(codes(rows), ["outliers", "empty"])
        self.assertEqual(codes(rows, data="  reject_outliers: true\n"), ["outliers", "empty"])
        self.assertEqual(codes(bad), ["bad_pixels"])
        self.assertEqual(codes(few), ["error"])
        self.assertEqual(codes(many), ["bad_pixels"])

    def test_predict_knows_the_scale_of_the_training_flux(self):
        def scaled(factor, *names):
            def spoil(stars, name):
                if name == TEST:
                    for key in names or ("flux", "noisy", "error"):
                        stars[key] = stars[key] * factor
            return spoil

        study_data.run(BUILD, "headroom", "run", spoilt_stars.study(self.root), "--out",
                       self.out)

        def predict(spoil, **how):
            spoilt_stars.study(f"{self.root}/new", spoil, **how)
            done = study_data.run(BUILD, "headroom", "predict", self.out,
                                  f"{self.root}/new/{TEST}", "--out", f"{self.root}/new.csv")
            table = pandas.read_csv(f"{self.root}/new.csv")
            return done.stderr, (table["flags"] & 1024 > 0).mean(), done.stdout

        for factor, remedy in ((10, "multiply flux and error by 0.1 "), (1, None),
                               (1e-17, "multiply flux and error by 1e+17 "),
                               (3, "multiply flux and error by 0.3"), (1.02, None)):
            with self.subTest(factor=factor):
                told, share, shown = predict(scaled(factor))
                self.assertEqual(share, 0 if remedy is None else 1)
                self.assertIn(remedy or "", told)
                self.assertEqual(remedy is not None, "in the training spectra" in told)
                self.assertEqual(remedy is not None, " times the training flux" in shown)
        told, share, shown = predict(scaled(1.3))
        self.assertEqual(share, 0)
        self.assertIn("1.3 times as much", told)
        self.assertIn("  1.3 times the training flux is that of ", shown)
        for factor, remedy in ((1e30, "1e-30"), (1e-40, "1e+40")):
            told, share, shown = predict(scaled(factor), dtype="f8")
            self.assertIn(f"multiply flux and error by {remedy} and predict again", told)
            self.assertIn(f" times the training flux is that of {self.root}/new/{TEST}", shown)
        self.assertIn("bring flux and error to the scale of the training spectra",
                      predict(scaled(10, "flux", "noisy"))[0])

    def test_predict_tells_of_pixels_beyond_those_of_training(self):
        def spoil(stars, name):
            if name == TEST:
                stars["noisy"][[5, 6], [60, 7]] = [10, -99.9]
        study_data.run(BUILD, "headroom", "run", spoilt_stars.study(self.root), "--out",
                       self.out)
        spoilt_stars.study(f"{self.root}/new", spoil)
        done = study_data.run(BUILD, "headroom", "predict", self.out,
                              f"{self.root}/new/{TEST}", "--out", f"{self.root}/new.csv")
        table = pandas.read_csv(f"{self.root}/new.csv")
        self.assertEqual(list(np.flatnonzero(table["flags"] & 2048)), [5, 6])
        self.assertEqual(list(np.flatnonzero(table["log_g_sigma"].isna())), [5, 6])
        self.assertTrue(table["log_g_mean"].notna().all())
        self.assertRegex(done.stdout, "outside_flux +2  a pixel far beyond the flux")

    def test_a_hot_pixel_leaves_the_posterior_no_sigma(self):
        def hot(stars, name):
            if name == TEST:
                stars["noisy"][5, 60] = 1e6
        path = spoilt_stars.study(self.root, hot, experts="  ridge:\n  posterior:\n")
        study_data.run(BUILD, "headroom", "run", path, "--out", self.out)
        study_data.run(BUILD, "headroom", "predict", self.out, f"{self.root}/{TEST}",
                       "--expert", "posterior", "--router", "global",
                       "--out", f"{self.root}/new.csv")
        table = pandas.read_csv(f"{self.root}/new.csv")
        self.assertEqual(list(np.flatnonzero(table["log_g_sigma"].isna())), [5])
        self.assertEqual(table["flags"][5] & 128, 128)
        self.assertTrue(table["log_g_half95"].isna()[5] and table["log_g_mean"].notna()[5])

    def test_one_wild_row_takes_no_prediction_of_the_posterior(self):
        """Cut off it is as far from every spectrum, and does not take the digits of the others."""
        def wild(stars, name):
            if name == "train_1.h5":
                stars["flux"][11] *= 1e8
        experts = "  ridge: {alpha: [0.1, 1, 10]}\n  posterior:\n"
        found = []
        for spoil in (None, wild):
            path = spoilt_stars.study(self.root, spoil, experts=experts)
            done = study_data.run(BUILD, "headroom", "run", path, "--out", self.out)
            with open(f"{self.out}/results.json", encoding="utf-8") as file:
                results = json.load(file)
            self.assertIsNone(results.get("missing"))
            found.append([o["r2_pooled"] for o in results["overall"]
                          if o["method"] == "posterior_oracle"][0])
            shutil.rmtree(self.out)
        self.assertLess(abs(found[0] - found[1]), 0.003)
        self.assertIn("take larger ones, or where training rows are told of", done.stderr)

    def test_warns_of_rows_of_another_unit(self):
        for factor, rows in ((20.0, 20), (6.0, 1)):
            def bright(stars, name):
                if name == "train_1.h5":
                    for key in ("flux", "error", "noisy"):
                        stars[key][7:7 + rows] *= factor
            self.warns([f"{rows} of 800 training rows looked at", "row 7 of"], bright)
            self.assertIn("more than five times as bright", self.inspect("train_1.h5"))

    def test_believes_stars_of_any_brightness(self):
        def spoil(stars, name):
            draw = np.random.default_rng(len(name))
            factor = 10 ** (0.3 * draw.standard_normal((len(stars["flux"]), 1)))
            for key in ("flux", "error", "noisy"):
                stars[key] *= factor
        self.believes(spoil)

    def test_rows_of_unlike_brightness_have_a_remedy(self):
        def spoil(stars, name):
            draw = np.random.default_rng(len(name))
            factor = 10 ** (4 * draw.random((len(stars["flux"]), 1)))
            for key in ("flux", "error", "noisy"):
                stars[key] *= factor
        words = ["training spectra are of unlike brightness", "experts.posterior.amplitude: flat"]
        self.warns(words, spoil, experts="  ridge: {}\n  posterior: {}\n")
        # Where one template has all the weight nobody knows how far off its label is.
        path = spoilt_stars.study(self.root, spoil, experts="  ridge: {}\n  posterior: {}\n")
        study_data.run(BUILD, "headroom", "run", path, "--out", self.out)
        sigma = pandas.read_csv(f"{self.out}/predictions.csv")["sigma_global_posterior"]
        self.assertGreater(sigma.min(), 0.01)
        self.assertGreater(sigma.notna().sum(), 200)
        done = self.dry_run(spoil, experts="  posterior: {amplitude: flat}\n")
        self.assertNotIn("unlike brightness", done.stderr)

    def test_a_chinese_report_says_what_a_warning_is_about(self):
        path = spoilt_stars.study(self.root, around_zero)
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("{id: made}", "{id: made, language: zh}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        study_data.run(BUILD, "headroom", "run", path, "--out", self.out)
        with open(f"{self.out}/report.md", encoding="utf-8") as file:
            self.assertIn("**警告：零以下的流量：是否截断存疑。** 零以下的流量未被截断：它在训练行"
                          "中是常态", file.read())

    def test_a_sound_study_has_no_warnings(self):
        path = spoilt_stars.study(self.root, experts="  ridge: {}\n")
        study_data.run(BUILD, "headroom", "run", path, "--out", self.out)
        with open(f"{self.out}/results.json", encoding="utf-8") as file:
            self.assertEqual(json.load(file)["warnings"], [])

    def test_what_the_results_give_to_doubt_is_a_warning_as_well(self):
        """The log, results.json and the report have the same: once each."""
        def spoil(stars, name):
            if name == TEST:
                stars["error"] /= 2
                stars["noisy"][5, 60] = 1e6
        path = spoilt_stars.study(self.root, spoil, data="  allow: [error, snr]\n")
        done = study_data.run(BUILD, "headroom", "run", path, "--out", self.out)
        with open(f"{self.out}/results.json", encoding="utf-8") as file:
            warnings = json.load(file)["warnings"]
        found = {w["code"] for w in warnings}
        self.assertLessEqual({"alpha", "sigma", "one_row"}, found)
        for warning in warnings:
            self.assertEqual(done.stderr.count(warning["text"]), 1, warning["text"])
            self.assertRegex(warning["text_zh"], "[\u4e00-\u9fff]")
        with open(f"{self.out}/report.md", encoding="utf-8") as file:
            summary = file.read().split("## 2.")[0]
        self.assertEqual(summary.count("the data are in doubt"),
                         sum(w["code"] not in OF_RESULTS for w in warnings))
        for words in ("may be undertuned", "one test row decides", "more than ten σ"):
            self.assertIn(words, summary)

    def test_an_unknown_doubt_cannot_be_allowed(self):
        done = self.dry_run(data="  allow: [everything]\n")
        self.assertEqual(done.returncode, 2)
        self.assertIn("far_label", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
