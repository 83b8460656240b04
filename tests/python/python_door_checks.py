"""What test_python_door.py asks of the package, where it is installed.

    python_door_checks.py STUDY BUILD

STUDY holds data/, run/ and what the program predicted by each router. Whatever needs h5py or
pandas is asked only where they are."""

import csv
import errno
import filecmp
import importlib.util
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import unittest
import warnings
import xml.dom.minidom

import numpy as np

import headroom

STUDY, BUILD = sys.argv[1], sys.argv[2]
# Told with six digits by the program's CSV.
HAS_PANDAS = importlib.util.find_spec("pandas") is not None
HAS_H5PY = importlib.util.find_spec("h5py") is not None


def columns(table):
    return list(table.columns) if hasattr(table, "columns") else list(table.dtype.names)


def same(a, b):
    """Bit for bit, row by row; where one has no number, neither has the other."""
    if columns(a) != columns(b):
        return False
    return all(np.array_equal(np.asarray(a[c]), np.asarray(b[c]),
                              equal_nan=np.asarray(a[c]).dtype.kind == "f")
               for c in columns(a))


def program_said(router):
    with open(f"{STUDY}/{router}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Predict(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = headroom.open(f"{STUDY}/run")
        cls.spectra = headroom.read_spectra(f"{STUDY}/data/test/dataset.h5")
        cls.expected = cls.model.predict(cls.spectra.noisy, cls.spectra.error)

    def test_the_model_says_what_it_is(self):
        self.assertEqual(self.model.targets, ("log_g", "mag"))
        self.assertEqual(self.model.units[0], "dex")
        self.assertEqual(self.model.wave.shape, (self.spectra.flux.shape[1],))
        self.assertEqual(self.model.axes, ("T_eff", "M_H"))
        self.assertEqual(len(self.model.bins), 9)
        self.assertTrue(np.all(self.model.train_range[:, 0] < self.model.train_range[:, 1]))
        self.assertIn("log_g, mag from", repr(self.model))

    def test_it_is_what_the_program_says_bit_for_bit(self):
        for router in ("global", "oracle", "gate"):
            labels = self.spectra.labels if router == "oracle" else None
            ours = self.model.predict(self.spectra.noisy, self.spectra.error, labels=labels,
                                      router=router)
            rows = program_said(router)
            self.assertEqual(len(ours), len(rows))
            for name in columns(ours):
                theirs = np.array([float(row[name]) if row[name] else np.nan for row in rows])
                values = np.asarray(ours[name], float)
                self.assertTrue(np.array_equal(values, theirs, equal_nan=True),
                                f"{router} {name}")
            self.assertTrue(np.isfinite(np.asarray(ours["log_g_mean"])).any(), router)

    def test_labels_that_nobody_looks_at_are_told(self):
        flux, error, labels = self.spectra.noisy, self.spectra.error, self.spectra.labels
        for router in ("global", "gate"):
            with self.assertWarns(headroom.HeadroomWarning) as caught:
                said = self.model.predict(flux, error, labels=labels, router=router)
            self.assertEqual(str(caught.warning), f"labels are given, but the router '{router}' "
                             "does not look at them; ask for router='oracle' or 'nearest', or "
                             "leave labels out")
            self.assertEqual(caught.filename, __file__)
            self.assertTrue(same(said, self.model.predict(flux, error, router=router)))
        with self.assertWarnsRegex(headroom.HeadroomWarning, "but the router does not look"):
            self.model.predict(flux, error, labels=labels)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.model.predict(flux, error, labels=labels, router="oracle")

    def test_arrays_of_every_kind(self):
        flux, error = self.spectra.noisy, self.spectra.error
        path = f"{STUDY}/flux.bin"
        flux.astype(">f4").tofile(path)
        flux.tofile(path + ".native")
        read_only = flux.copy()
        read_only.flags.writeable = False
        wide = np.zeros((len(flux), flux.shape[1] + 7), np.float32)
        wide[:, :flux.shape[1]] = flux
        for name, array in {
                "big-endian": flux.astype(">f4"), "Fortran order": np.asfortranarray(flux),
                "read-only": read_only, "rows with a gap": wide[:, :flux.shape[1]],
                "backwards": flux[::-1][::-1][::-1][::-1], "from behind": flux[::-1].copy()[::-1],
                "big-endian map": np.memmap(path, ">f4", "r", shape=flux.shape),
                "map": np.memmap(path + ".native", np.float32, "r", shape=flux.shape)}.items():
            with self.subTest(name):
                self.assertTrue(same(self.model.predict(array, error), self.expected))
        # fp64 of the same numbers has room for them.
        doubles = self.model.predict(flux.astype(np.float64), error.astype(np.float64))
        mixed = self.model.predict(flux, error.astype(">f8"))
        self.assertTrue(same(doubles, mixed))
        np.testing.assert_allclose(np.asarray(doubles["log_g_mean"]),
                                   np.asarray(self.expected["log_g_mean"]), atol=1e-4)

    def test_nothing_is_written_to_the_callers_arrays(self):
        flux, error = self.spectra.noisy.copy(), self.spectra.error.copy()
        mask = np.zeros(flux.shape, bool)
        mask[:, 5] = True
        before = flux.tobytes(), error.tobytes(), mask.tobytes()
        self.model.predict(flux, error, mask)
        self.model.predict(flux, mask=mask, router="global", expert="ridge")
        self.assertEqual((flux.tobytes(), error.tobytes(), mask.tobytes()), before)

    def test_a_mask_is_an_error_of_zero(self):
        mask = np.zeros(self.spectra.flux.shape, bool)
        mask[::2, 100:140] = True
        error = self.spectra.error.copy()
        error[mask] = 0
        masked = self.model.predict(self.spectra.noisy, self.spectra.error, mask)
        self.assertTrue(same(masked, self.model.predict(self.spectra.noisy, error)))
        self.assertFalse(same(masked, self.expected))
        share = np.asarray(masked["masked_fraction"]) - np.asarray(
            self.expected["masked_fraction"])
        np.testing.assert_allclose(share[::2], 40 / mask.shape[1], atol=0.02)
        # Without errors the flux says it, and a masked pixel has no say.
        flux = self.spectra.noisy.copy()
        flux[mask] = 1e9
        one = self.model.predict(flux, mask=mask, router="global", expert="ridge")
        two = self.model.predict(self.spectra.noisy, mask=mask, router="global", expert="ridge")
        self.assertTrue(same(one, two))

    def test_one_spectrum_many_times(self):
        """Rows that are broadcast lie on one another: flux, error or both."""
        flux, error = self.spectra.noisy, self.spectra.error
        one = (50, flux.shape[1])
        for dtype in (np.float32, np.float64):
            f, e = flux.astype(dtype), error.astype(dtype)
            for given in ((np.broadcast_to(f[0], one), np.broadcast_to(e[0], one)),
                          (f[:50], np.broadcast_to(e[0], one)),
                          (np.broadcast_to(f[0], one), e[:50])):
                written_out = [np.ascontiguousarray(array) for array in given]
                self.assertTrue(same(self.model.predict(*given),
                                     self.model.predict(*written_out)))

    def test_a_model_stays_the_one_that_was_opened(self):
        """From another current folder, too."""
        place = f"{STUDY}/places"
        shutil.copytree(f"{STUDY}/run/model", f"{place}/here/model")
        os.makedirs(f"{place}/there")
        before = os.getcwd()
        os.chdir(f"{place}/here")
        try:
            model = headroom.open("model", router="global")
            os.chdir(f"{place}/there")
            self.assertTrue(same(model.predict(self.spectra.noisy, self.spectra.error,
                                               router="gate"), self.expected))
        finally:
            os.chdir(before)

    def test_another_model_in_its_place_is_refused(self):
        model = headroom.open(f"{STUDY}/run", router="global")
        model._info = dict(model._info, study="another")  # as if opened before a replacement
        with self.assertRaises(headroom.UsageError) as caught:
            model.predict(self.spectra.noisy, self.spectra.error, router="gate")
        self.assertEqual(str(caught.exception), f"{STUDY}/run holds another model than when it "
                         "was opened; open it anew")

    def test_masked_arrays_are_masks(self):
        mask = np.zeros(self.spectra.flux.shape, bool)
        mask[::3, 50:90] = True
        expected = self.model.predict(self.spectra.noisy, self.spectra.error, mask)
        self.assertFalse(same(expected, self.expected))
        flux = np.ma.masked_array(self.spectra.noisy, mask)
        error = np.ma.masked_array(self.spectra.error, mask)
        for arrays in ((flux, self.spectra.error), (self.spectra.noisy, error), (flux, error)):
            self.assertTrue(same(self.model.predict(*arrays), expected))

    def test_a_copy_by_pickle_is_the_same_model(self):
        copy = pickle.loads(pickle.dumps(headroom.open(f"{STUDY}/run", router="global")))
        self.assertEqual(copy.router, "global")
        self.assertTrue(same(copy.predict(self.spectra.noisy, self.spectra.error, router="gate"),
                             self.expected))

    def test_one_spectrum_and_none(self):
        one = self.model.predict(self.spectra.noisy[7], self.spectra.error[7])
        self.assertEqual(len(one), 1)
        self.assertEqual(np.asarray(one["slot"])[0], np.asarray(self.expected["slot"])[7])
        none = self.model.predict(self.spectra.noisy[:0], self.spectra.error[:0])
        self.assertEqual((len(none), columns(none)), (0, columns(self.expected)))

    def test_labels_of_every_kind(self):
        labels = self.spectra.labels
        array = np.column_stack([labels["T_eff"], labels["M_H"]])
        records = np.rec.fromarrays([labels["M_H"], labels["T_eff"]], names="M_H,T_eff")
        expected = self.model.predict(self.spectra.noisy, self.spectra.error, labels=labels,
                                      router="oracle")
        given = [array, records]
        if HAS_PANDAS:
            import pandas

            given.append(pandas.DataFrame(labels))
        for kind in given:
            said = self.model.predict(self.spectra.noisy, self.spectra.error, labels=kind,
                                      router="oracle")
            self.assertTrue(same(said, expected), type(kind))
        slots = np.asarray(expected["slot"])
        # A row outside the bins has no slot to be told by.
        inside = slots >= 0
        said = self.model.predict(self.spectra.noisy, self.spectra.error,
                                  slots=np.where(inside, slots, -1).astype(np.int64),
                                  router="oracle")
        self.assertGreater(inside.sum(), 100)
        self.assertTrue(np.array_equal(np.asarray(said["log_g_mean"])[inside],
                                       np.asarray(expected["log_g_mean"])[inside],
                                       equal_nan=True))

    def test_slots_that_the_router_does_not_look_at(self):
        slots = np.zeros(len(self.spectra.noisy), int)
        for router in ("global", "gate"):
            with self.assertRaisesRegex(headroom.UsageError,
                                        "slots are given, but the router does not look at "
                                        "them; ask for router='oracle'"):
                self.model.predict(self.spectra.noisy, self.spectra.error, slots=slots,
                                   router=router)
        said = self.model.predict(self.spectra.noisy, self.spectra.error, slots=slots,
                                  router="oracle")
        self.assertEqual(set(np.asarray(said["slot"]).tolist()), {0})

    def test_ctrl_c_is_heard_between_blocks(self):
        """A child interrupts itself as soon as the first block is predicted."""
        code = ("import os, signal, sys, numpy as np, headroom\n"
                "model = headroom.open(sys.argv[1], router='global', expert='ridge')\n"
                "flux = np.ones((3 * 4096, len(model.wave)), np.float32)\n"
                "true, calls = model._predictor(None, None), []\n"
                "class Counting:\n"
                "    info = true.info\n"
                "    def predict(self, *words):\n"
                "        calls.append(words[0])\n"
                "        true.predict(*words)\n"
                "        os.kill(os.getpid(), signal.SIGINT)\n"
                "model._open['global', 'ridge'] = Counting()\n"
                "try:\n"
                "    model.predict(flux)\n"
                "except KeyboardInterrupt:\n"
                "    print('interrupted after', calls)\n")
        done = subprocess.run([sys.executable, "-c", code, f"{STUDY}/run"], text=True,
                              capture_output=True, check=True)
        self.assertEqual(done.stdout.strip(), "interrupted after [4096]")

    def test_sixteen_threads_on_one_model(self):
        said = [None] * 16

        def ask(i):
            said[i] = self.model.predict(self.spectra.noisy, self.spectra.error)

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one in said:
            self.assertTrue(same(one, self.expected))

    @unittest.skipUnless(hasattr(os, "fork"), "there is no fork here")
    def test_a_child_of_fork_predicts(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads were running
            child = os.fork()
        if child == 0:
            signal.alarm(60)
            said = self.model.predict(self.spectra.noisy, self.spectra.error)
            os._exit(0 if same(said, self.expected) else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)

    def test_tables_where_pandas_is_and_is_not(self):
        self.assertEqual(hasattr(self.expected, "columns"), HAS_PANDAS)
        plain = self.model.predict(self.spectra.noisy, self.spectra.error, as_frame=False)
        self.assertIsInstance(plain, np.ndarray)
        self.assertTrue(same(plain, self.expected))

    def test_flags_have_words(self):
        flux = self.spectra.noisy.copy()
        flux[0] = np.nan
        said = self.model.predict(flux, self.spectra.error)
        self.assertEqual(headroom.flag_words(np.asarray(said["flags"])[0]),
                         ["bad_spectrum", "masked"])
        self.assertTrue(np.isnan(np.asarray(said["log_g_mean"])[0]))
        self.assertEqual(headroom.FLAGS["bad_spectrum"][0], 1)
        words = [headroom.flag_words(flags) for flags in np.asarray(said["flags"])]
        self.assertEqual(headroom.flag_words(said), words)
        self.assertEqual(headroom.flag_words(said["flags"]), words)
        plain = self.model.predict(flux, self.spectra.error, as_frame=False)
        self.assertEqual(headroom.flag_words(plain), words)

    def test_errors_that_nothing_can_be_reckoned_with(self):
        """Of errors next to nothing the posterior is the prior, and says so."""
        said = self.model.predict(self.spectra.noisy, np.full_like(self.spectra.error, 1e-40),
                                  router="global", expert="posterior")
        self.assertEqual(len(set(np.asarray(said["log_g_mean"]).tolist())), 1)
        self.assertTrue(np.isnan(np.asarray(said["log_g_sigma"])).all())
        for words in headroom.flag_words(said):
            self.assertIn("poor_fit", words)
        sound = self.model.predict(self.spectra.noisy, self.spectra.error, router="global",
                                   expert="posterior")
        poor = ["poor_fit" in words for words in headroom.flag_words(sound)]
        self.assertLess(np.mean(poor), 0.1)


class BadInput(unittest.TestCase):
    def refused(self, exception, sentence, call, *values, **names):
        with self.assertRaises(exception) as caught:
            call(*values, **names)
        self.assertEqual(str(caught.exception), sentence)
        self.assertIsInstance(caught.exception, headroom.HeadroomError)
        return caught.exception

    def test_arrays(self):
        model = headroom.open(f"{STUDY}/run")
        flux = np.ones((3, len(model.wave)), np.float32)
        pixels = len(model.wave)
        refused = self.refused
        refused(headroom.UsageError,
                f"flux has shape (3, 10), but spectra of this model are [3, {pixels}]; bring them "
                "to its grid, model.wave", model.predict, flux[:, :10])
        refused(headroom.UsageError,
                f"error has shape (2, {pixels}), but spectra of this model are [3, {pixels}]; "
                "bring them to its grid, model.wave", model.predict, flux, flux[:2])
        refused(headroom.UsageError,
                "flux has shape (1, 3) and dtype <U1; give numbers [N, P], a row a spectrum",
                model.predict, np.array(["a", "b", "c"]))
        refused(headroom.UsageError,
                "labels have no column 'M_H', which the bins stand on; give T_eff, M_H",
                model.predict, flux, labels={"T_eff": [1, 2, 3]}, router="oracle")
        refused(headroom.UsageError,
                "labels['T_eff'] has shape (2,), but there are 3 spectra; give one number a "
                "spectrum", model.predict, flux, labels={"T_eff": [1, 2]}, router="oracle")
        refused(headroom.UsageError,
                "slots have shape (3,) and dtype float64, but there are 3 spectra; give the number "
                "of a bin for each, -1 for the model of all rows", model.predict, flux,
                slots=[0.5, 1, 2], router="oracle")
        for slot in (9, 2**31 - 1, -3, -2**31):
            refused(headroom.UsageError,
                    f"row 0 (counted from 0) has the slot {slot}; there are 0 to 8, -1 for the "
                    "model of all rows and -2 for none", model.predict, flux, flux,
                    slots=[slot] * 3, router="oracle")
        refused(headroom.UsageError, "router is 3; give its name as text", model.predict, flux,
                flux, router=3)
        refused(headroom.UsageError, "labels['T_eff'] has dtype <U1; give one number a spectrum",
                model.predict, flux, labels={"T_eff": ["a"] * 3, "M_H": [0] * 3}, router="oracle")
        with self.assertRaisesRegex(headroom.UsageError, "router.*is not one of|no router"):
            model.predict(flux, flux, router="no such")

    def test_files(self):
        with self.assertRaises(FileNotFoundError) as caught:
            headroom.open(f"{STUDY}/nowhere")
        self.assertIsInstance(caught.exception, headroom.MissingError)
        self.assertEqual(caught.exception.status, "HR_ERR_MISSING")
        self.assertEqual(caught.exception.errno, errno.ENOENT)
        self.assertIn(f"{STUDY}/nowhere", str(caught.exception))
        with self.assertRaises(headroom.MissingError):
            headroom.read_spectra(f"{STUDY}/nowhere.h5")
        with self.assertRaises(headroom.FormatError):
            headroom.read_spectra(f"{STUDY}/global.csv")
        with self.assertRaises(headroom.MissingError):
            headroom.Run(STUDY)

    def test_studies(self):
        refused = self.refused
        refused(headroom.UsageError,
                "mode is 'again', but must be one of new, resume, restart, replace", headroom.run,
                {}, mode="again")
        refused(headroom.UsageError,
                "simulate has no option 'stars'; it has dtype, labels, nodes, noise_model, teff, "
                "logg, mh, mag, seeing, zenith_angle, field_angle, rv, exposures, exposure_time, "
                "resolving_power, fwhm, error_scale, mh_offset, free_fraction, instrument, "
                "survey_file",
                headroom.simulate, f"{STUDY}/none", stars=3)
        for name, value in (("train", 1.5), ("shards", -1), ("seed", 2**63)):
            refused(headroom.UsageError,
                    f"{name} is {value}; give a whole number from 0 to 2^63 - 1",
                    headroom.simulate, f"{STUDY}/none", **{name: value})
        refused(headroom.UsageError, "fwhm is (1, 2); give one number", headroom.simulate,
                f"{STUDY}/none", fwhm=(1, 2))
        refused(headroom.UsageError,
                "teff is (1, 2, 3); give a number, or, of a range, (low, high)",
                headroom.simulate, f"{STUDY}/none", teff=(1, 2, 3))
        refused(headroom.UsageError, "dtype is 'f16', but must be one of f32, f64",
                headroom.simulate, f"{STUDY}/none", dtype="f16")
        with self.assertRaisesRegex(headroom.ConfigError, "experiment.id is missing"):
            headroom.run({"data": {"train": ["a.h5"], "test": "b.h5", "target": "log_g"}},
                         out=f"{STUDY}/none")
        refused(headroom.ConfigError,
                "the configuration holds {1} of type set; give text, numbers, lists and dicts",
                headroom.run, {"data": {1}})
        refused(headroom.ConfigError,
                "the configuration holds something of type Wide; give text, numbers, lists and "
                "dicts", headroom.run, {"data": type("Wide", (), {"__repr__": lambda self:
                                                                  "x\n" * 99})()})
        circle = {}
        circle["data"] = circle
        refused(headroom.ConfigError,
                "the configuration cannot be written as YAML (Circular reference detected); give "
                "text, numbers, lists and dicts, whose keys are text", headroom.run, circle)
        refused(headroom.UsageError, "config is of type list; give a dict, or the path of a YAML "
                "file", headroom.run, [])
        refused(headroom.UsageError, f"folder is '{STUDY}', but relative paths of a file begin "
                "where it lies; give folder with a dict alone", headroom.run, "a.yaml",
                folder=STUDY)
        refused(headroom.UsageError, "settings is of type list; give a dict of keys with dots, "
                "such as {'ridge.alpha': 100}", headroom.run, {}, settings=["ridge.alpha=1"])
        for key in (1, ".x", "x.", "a=b", "a\udc80", ""):
            refused(headroom.ConfigError, f"settings has the key {key!r}; give keys with dots, "
                    "such as {'ridge.alpha': 100}", headroom.run, {}, settings={key: 1})
        refused(headroom.UsageError, "files is empty; give a path, or a list of paths",
                headroom.read_spectra, [])
        self.assertFalse(os.path.exists(f"{STUDY}/none"))

    def test_a_dict_has_no_lines(self):
        study = {"experiment": {"id": "A"}, "experts": {"ridge": {"alpha": -1}},
                 "data": {"train": [f"{STUDY}/data/train_0/dataset.h5"], "target": "log_g",
                          "test": f"{STUDY}/data/test/dataset.h5"}}
        alpha = "experts.ridge.alpha is -1, but must be between 1e-12 and 1e+30"
        self.refused(headroom.ConfigError, f"configuration: {alpha}", headroom.run, study,
                     f"{STUDY}/none", progress=False)
        self.refused(headroom.ConfigError, "configuration has 2 problems: (1) "
                     f"selection.folds is 1, but must be between 2 and 64; (2) {alpha}",
                     headroom.run, {**study, "selection": {"folds": 1}}, f"{STUDY}/none",
                     progress=False)
        self.refused(headroom.ConfigError, "configuration and the call have 2 problems: (1) "
                     f"settings 1: selection.folds is 1, but must be between 2 and 64; (2) {alpha}",
                     headroom.run, study, f"{STUDY}/none", settings={"selection.folds": 1},
                     progress=False)
        with open(f"{STUDY}/lines.yaml", "w", encoding="utf-8") as file:
            json.dump(study, file, indent=1)
        self.refused(headroom.ConfigError, f"{STUDY}/lines.yaml:7:13: {alpha}", headroom.run,
                     f"{STUDY}/lines.yaml", f"{STUDY}/none", progress=False)

    def test_what_a_file_holds_is_none(self):
        table, spectra = ("save it with numpy.save or to_csv",
                          "write it with headroom.write_spectra")
        labels = "write it with to_csv"
        array, kinds = np.ones(50), [(np.ones(50), "ndarray")]
        if HAS_PANDAS:
            import pandas
            kinds.append((pandas.DataFrame({"a": array}), "DataFrame"))
        for values, kind in kinds:
            for name, config, remedy in (
                    ("experts.mine.predictions", {"experts": {"mine": {"predictions": values}}},
                     table),
                    ("experts.mine.validation",
                     {"experts": {"mine": {"predictions": "a.csv", "validation": values}}}, table),
                    ("experts.mine.onnx", {"experts": {"mine": {"onnx": values}}},
                     "save the network as an ONNX file"),
                    ("data.test", {"data": {"test": values}}, spectra),
                    ("data.labels", {"data": {"labels": values}}, labels),
                    ("data.labels.test", {"data": {"labels": {"test": values}}}, labels),
                    ("data.train[1]", {"data": {"train": ["a.h5", values]}}, spectra)):
                self.refused(headroom.ConfigError, f"{name} is of type {kind}, but names a file; "
                             f"{remedy}, and give the path", headroom.run, config)
            self.refused(headroom.ConfigError, f"mine.predictions is of type {kind}, but names a "
                         f"file; {table}, and give the path", headroom.run, {},
                         settings={"mine.predictions": values})
        for key in ("predictions", "onnx"):
            self.refused(headroom.ConfigError, f"experts.mine.{key} is None, but names a file; "
                         "give its path, or leave the key out", headroom.run,
                         {"experts": {"mine": {key: None}}})

    def test_nothing_that_is_given_raises_what_no_sentence_says(self):
        """Things of every kind in the place of every argument: a HeadroomError names it."""
        model, run = headroom.open(f"{STUDY}/run"), headroom.Run(f"{STUDY}/run")
        flux, wave = np.ones((3, len(model.wave)), np.float32), model.wave
        test, study = f"{STUDY}/data/test/dataset.h5", {"experiment": {"id": "BAD"}}
        calls = {
            "wave": lambda x: headroom.write_spectra(f"{STUDY}/bad.h5", flux, wave=x),
            "flux": lambda x: headroom.write_spectra(f"{STUDY}/bad.h5", x, wave=wave),
            "overwrite": lambda x: headroom.write_spectra(f"{STUDY}/bad.h5", flux, wave=wave,
                                                          overwrite=x),
            "labels": lambda x: headroom.write_spectra(f"{STUDY}/bad.h5", flux, None, {"a": x},
                                                       wave=wave),
            " flux": model.predict, "error": lambda x: model.predict(flux, x),
            "mask": lambda x: model.predict(flux, flux, x),
            " labels": lambda x: model.predict(flux, flux, labels=x, router="oracle"),
            "labels[": lambda x: model.predict(flux, flux, labels={"T_eff": x, "M_H": x},
                                               router="oracle"),
            "slots": lambda x: model.predict(flux, flux, slots=x, router="oracle"),
            "router": lambda x: model.predict(flux, flux, router=x),
            "expert": lambda x: model.predict(flux, flux, expert=x),
            "as_frame": lambda x: model.predict(flux, flux, as_frame=x),
            " as_frame": run.predictions, "flags": headroom.flag_words, "path": headroom.open,
            " path": headroom.Run, "figure": run.figure, "table": run.table,
            "target": run.target, " router": run.model, "config": headroom.run,
            "out": lambda x: headroom.run(study, x, progress=False),
            "folder": lambda x: headroom.run(study, folder=x, progress=False),
            "mode": lambda x: headroom.run(study, mode=x),
            "settings": lambda x: headroom.run(study, settings=x),
            "compat": lambda x: headroom.run(study, compat=x),
            "progress": lambda x: headroom.run(study, progress=x),
            "preflight": lambda x: headroom.run(study, preflight=x),
            "files": headroom.read_spectra, " files": lambda x: headroom.read_spectra([x]),
            "untrusted": lambda x: headroom.read_spectra(test, untrusted=x),
            "run": lambda x: headroom.compare(x, run),
            " target": lambda x: headroom.compare(run, run, target=x),
            " folder": lambda x: headroom.simulate(x, 1),
            "train": lambda x: headroom.simulate(f"{STUDY}/bad", x),
            "teff": lambda x: headroom.simulate(f"{STUDY}/bad", 5, shards=1, teff=x),
            "fwhm": lambda x: headroom.simulate(f"{STUDY}/bad", 5, shards=1, fwhm=x),
            "dtype": lambda x: headroom.simulate(f"{STUDY}/bad", 5, dtype=x),
        }
        things = ("zz", b"zz", [[1, 2], [3]], [[None]], np.array([1j, 2j]), object(), [2**70],
                  {}, "a\udc80", np.array(["2020"], "M8[Y]"), 1.5)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for name, call in calls.items():
                for thing in things:
                    with self.subTest(name=name, thing=thing):
                        with self.assertRaises(headroom.HeadroomError) as caught:
                            call(thing)
                        self.assertNotEqual(caught.exception.status, "HR_ERR_INTERNAL")
                        self.assertNotRegex(str(caught.exception), "hr_|(^| )--[a-z]")
        self.assertFalse(os.path.exists(f"{STUDY}/bad.h5"))
        self.assertFalse(os.path.exists(f"{STUDY}/bad"))

    def test_every_status_has_an_exception(self):
        from headroom import _core, _errors

        of_results = {"HR_OK", "HR_ERR_DIFFERS", "HR_ERR_GATE", "HR_ERR_LOST"}
        names = {name for name, _, _ in _core.statuses()}
        self.assertEqual(set(_errors.STATUSES) | of_results, names)
        for name, exception in _errors.STATUSES.items():
            if name != "HR_ERR_INTERRUPTED":
                self.assertEqual(exception.status, name)
        for status, message, code in (
                ("HR_ERR_IO", "writing x failed: No space left on device", errno.ENOSPC),
                ("HR_ERR_IO", "x is damaged", errno.EIO),
                ("HR_ERR_MISSING", "cannot open x: Permission denied", errno.EACCES),
                ("HR_ERR_MISSING", "x has no model", errno.ENOENT)):
            error = _errors.of_status(status, message)
            self.assertEqual((error.errno, str(error)), (code, message))
        self.assertIsInstance(_errors.of_status("HR_ERR_IO", "x"), OSError)
        self.assertIsInstance(_errors.of_status("HR_ERR_MEMORY", "x"), MemoryError)


class Studies(unittest.TestCase):
    def test_a_finished_run(self):
        run = headroom.Run(f"{STUDY}/run")
        self.assertEqual(run.targets, ["log_g", "mag"])
        self.assertIn("table2_ladder", run.table_names)
        self.assertIn("r2_by_snr", run.figure_names)
        self.assertTrue(run.figure("r2_by_snr")._repr_png_().startswith(b"\x89PNG"))
        self.assertIn("<svg", run.figure("r2_by_snr")._repr_svg_())
        self.assertIn("<iframe", run._repr_html_())
        self.assertIn("Target log_g", str(run))
        other = run.target("mag")
        self.assertEqual(other.model().targets, ("log_g", "mag"))
        self.assertEqual(other.model().path, run.model().path)
        here = os.getcwd()
        try:
            os.chdir(STUDY)
            near = headroom.Run("run")
            os.chdir("/")
            self.assertEqual(near.model().targets, run.model().targets)
            self.assertEqual(near.table_names, run.table_names)
        finally:
            os.chdir(here)
        self.assertEqual(other.results["experiment"]["target"], "mag")
        predictions = run.predictions()
        target = np.asarray(predictions["target"])
        ridge = np.asarray(predictions["ridge_oracle"])
        known = np.isfinite(ridge) & (np.asarray(predictions["bin"]) >= 0)
        r2 = 1 - np.sum((target - ridge)[known] ** 2) / np.sum(
            (target[known] - target[known].mean()) ** 2)
        overall = run.table("table2_overall")
        at = [i for i, (method, rows) in enumerate(zip(overall["method"], overall["rows"]))
              if (method, rows) == ("ridge_oracle", "covered")]
        told = float(np.asarray(overall["r2_pooled"])[at[0]])
        self.assertAlmostEqual(told, r2, places=6)

    def test_tables_are_read_to_the_last_bit_and_without_a_warning(self):
        run = headroom.Run(f"{STUDY}/run")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            said = run.predictions()
        with open(f"{STUDY}/run/predictions.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for name in ("target", "ridge_oracle"):
            np.testing.assert_array_equal(np.asarray(said[name]),
                                          [float(row[name] or "nan") for row in rows])
        self.assertTrue(same(said, run.predictions(as_frame=False)))
        with self.assertRaises(headroom.UsageError) as caught:
            run.predictions("mag")
        self.assertEqual(str(caught.exception), "as_frame is 'mag', but must be None, True or "
                         "False; predictions of another target are "
                         "run.target(name).predictions()")
        with self.assertRaises(headroom.UsageError) as caught:
            run.table("table2_overall", "zz")
        self.assertEqual(str(caught.exception), "as_frame is 'zz', but must be None, True or False")

    def test_a_table_that_does_not_agree_is_refused(self):
        spoilt = f"{STUDY}/spoilt"
        shutil.copytree(f"{STUDY}/run", spoilt)
        with open(f"{spoilt}/predictions.csv", encoding="utf-8") as file:
            lines = file.readlines()
        cells = lines[1].split(",")
        cells[3] = str(float(cells[3]) + 1)
        lines[1] = ",".join(cells)
        with open(f"{spoilt}/predictions.csv", "w", encoding="utf-8") as file:
            file.writelines(lines)
        with self.assertRaises(headroom.LedgerError):
            headroom.Run(spoilt)

    def refused(self, exception, sentence, call, *values, **names):
        with self.assertRaises(exception) as caught:
            call(*values, **names)
        self.assertEqual(str(caught.exception), sentence)
        return caught.exception

    def test_a_run_that_is_gone_or_another(self):
        path = f"{STUDY}/moving"
        shutil.copytree(f"{STUDY}/run", path)
        run = headroom.Run(path)
        figure, model, copy = run.figure("r2_by_snr"), run.model(), pickle.dumps(run)
        again = pickle.loads(copy)
        self.assertEqual((again.path, again.results), (run.path, run.results))
        self.assertTrue(same(again.predictions(), run.predictions()))
        # The same study, run once more: not what `run` has told of.
        os.utime(f"{path}/results.json", ns=(1, 1))
        for call in (run.predictions, lambda: run.table("gate"), run._repr_html_,
                     lambda: run.table_names):
            self.refused(headroom.UsageError, f"{path} holds other results than when it was "
                         "opened; open it anew", call)
        self.assertTrue(same(headroom.Run(path).predictions(),
                             headroom.Run(f"{STUDY}/run").predictions()))
        os.remove(f"{path}/results.json")
        self.refused(headroom.MissingError, f"{path} has no results any more: the run was moved, "
                     "removed or is run anew; open it anew", run.predictions)
        error = self.refused(
            headroom.MissingError, f"the run in {path} is not finished and has no results yet; "
            "wait for it, or go on with headroom.run(config, out=..., mode=\"resume\") (its "
            "status.json says how far it is)", headroom.Run, path)
        self.assertEqual(error.errno, errno.ENOENT)
        shutil.rmtree(path)
        self.refused(headroom.MissingError, f"{path}/figures/r2_by_snr.svg is not there any more: "
                     "the run was moved or removed; open it anew", figure._repr_svg_)
        for call in (pickle.loads, lambda _: model.predict(np.ones((1, len(model.wave))),
                                                           router="global", expert="ridge")):
            with self.assertRaises(headroom.MissingError):
                call(copy)

    def test_a_run_of_a_later_version(self):
        path = f"{STUDY}/later"
        shutil.copytree(f"{STUDY}/run", path)
        with open(f"{path}/results.json", encoding="utf-8") as file:
            results = json.load(file)
        results["schema"] = "headroom/results/9"
        with open(f"{path}/results.json", "w", encoding="utf-8") as file:
            json.dump(results, file)
        self.refused(headroom.FormatError, f"{path}/results.json has the schema "
                     "'headroom/results/9'; this version reads 'headroom/results/1'",
                     headroom.Run, path)

    def test_a_run_without_figures(self):
        path = f"{STUDY}/bare"
        shutil.copytree(f"{STUDY}/run", path)
        for name in os.listdir(f"{path}/figures"):
            os.remove(f"{path}/figures/{name}")
        run = headroom.Run(path)
        self.assertEqual(run.figure_names, [])
        self.refused(headroom.UsageError, "the report has no figure 'r2_by_snr'; it has none",
                     run.figure, "r2_by_snr")
        run.report()
        self.assertIn("r2_by_snr", run.figure_names)
        shutil.rmtree(f"{path}/figures")
        os.remove(f"{path}/report.html")
        self.assertIn("<iframe", run._repr_html_())
        self.assertIn("<svg", run.figure("r2_by_snr")._repr_svg_())

    def test_remedies_are_pythons(self):
        """What a run directory refuses is told in arguments of headroom.run."""
        study, other = f"{STUDY}/data/study.yaml", f"{STUDY}/other_study"
        shutil.copytree(f"{STUDY}/run", other)
        for options, remedy in (({}, "discard those results with mode=\"replace\", or name a new "
                                 "directory with out="),
                                ({"mode": "resume"}, "begin anew with mode=\"replace\", or name a "
                                 "new directory with out=")):
            with self.assertRaises(headroom.UsageError) as caught:
                headroom.run(study, other, settings={"ridge.alpha": [1.0]}, progress=False,
                             **options)
            self.assertTrue(str(caught.exception).endswith(f"change it back, {remedy}"),
                            caught.exception)
        os.remove(f"{other}/manifest.json")
        self.refused(headroom.UsageError, f"{other} looks like the directory of a run but has no "
                     "manifest.json that can be read, which says of which study and data it is; "
                     "put that file back, or name a new directory with out=", headroom.run, study,
                     other, progress=False)
        self.refused(headroom.UsageError, f"{study} is not a folder; name a new one with out=",
                     headroom.run, study, study, progress=False)
        self.refused(headroom.ConfigError, f"{study}, settings 1: experiment.id 'a/b' cannot name "
                     "a folder; name the run directory with out=".replace(", settings 1", ""),
                     headroom.run, study, settings={"experiment.id": "a/b"}, progress=False)
        self.refused(headroom.ConfigError, "settings rigde.alpha=1: the key 'rigde' is not known; "
                     "did you mean 'ridge'?", headroom.run, study, f"{STUDY}/none",
                     settings={"rigde.alpha": 1}, progress=False)
        self.refused(headroom.ConfigError, "the call has 2 problems: (1) settings zz.x=1: 'zz' is "
                     "neither a section of the configuration nor an expert or a gate; "
                     "docs/configuration.md lists the keys; (2) settings 2: experts.ridge.alpha "
                     "is 'x', which is not a number; write one such as 10, 0.5 or 1e-3", headroom.run, study,
                     f"{STUDY}/none", settings={"zz.x": 1, "ridge.alpha": "x"}, progress=False)
        with self.assertRaisesRegex(headroom.UsageError, "give target= a label that all runs"):
            shutil.copytree(f"{STUDY}/run", f"{STUDY}/compared_to")
            headroom.compare(f"{STUDY}/run", f"{STUDY}/compared_to", target="M_H")
        with self.assertRaisesRegex(headroom.UsageError, "remove it, or say overwrite=True$"):
            headroom.write_spectra(study, np.ones((2, 3)), wave=[1, 2, 3])

    def test_the_machine_is_looked_at_unless_that_is_not_wanted(self):
        code = ("import resource, sys, headroom\n"
                "def begin(*stage):\n"
                "    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))\n"
                "    raise RuntimeError(stage[0])\n"
                "with open('/proc/self/statm') as file:\n"
                "    used = int(file.read().split()[0]) * resource.getpagesize()\n"
                "resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20), -1))\n"
                "for preflight in (True, False):\n"
                "    try:\n"
                "        headroom.run(sys.argv[1], sys.argv[2], progress=begin,\n"
                "                     preflight=preflight)\n"
                "    except headroom.HeadroomError as error:\n"
                "        print(error.status, error)\n"
                "    except RuntimeError as stage:\n"
                "        print('begun:', stage)\n")
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", code,
                               f"{STUDY}/data/study.yaml", f"{STUDY}/tight"], text=True,
                              capture_output=True, check=True, timeout=300,
                              env={**os.environ, "OMP_NUM_THREADS": "1"})
        refused, begun = done.stdout.splitlines()
        self.assertRegex(refused, "^HR_ERR_MEMORY the study takes up to .* `ulimit -v` has .* left; "
                         "end other programs, lower run.memory_mib, or try it all the same with "
                         "preflight=False$")
        self.assertRegex(begun, "^(begun: |HR_ERR_MEMORY no memory for )")

    def test_runs_are_compared_as_the_program_compares_them(self):
        other = f"{STUDY}/other"
        shutil.copytree(f"{STUDY}/run", other)
        comparison = headroom.compare(headroom.Run(f"{STUDY}/run"), other)
        done = subprocess.run([f"{BUILD}/headroom", "compare", f"{STUDY}/run", other, "--json"],
                              check=True, capture_output=True, text=True)
        self.assertEqual(comparison.results, json.loads(done.stdout))
        self.assertIn("is the same as A", str(comparison))
        methods = comparison.table("methods")
        at = [i for i, (method, run) in enumerate(zip(methods["method"], methods["run"]))
              if (method, run) == ("ridge_oracle", 1)]
        self.assertEqual(float(np.asarray(methods["delta_r2"])[at[0]]), 0)
        self.assertGreater(float(np.asarray(methods["r2_high"])[at[0]]),
                           float(np.asarray(methods["r2"])[at[0]]))
        self.assertEqual(len(comparison.table("ladder")["rung"]),
                         2 * len(comparison.results["ladder"]))
        comparison.save(f"{STUDY}/compared")
        with self.assertRaises(headroom.UsageError) as caught:
            comparison.save(f"{STUDY}/compared")
        self.assertEqual(str(caught.exception), f"{STUDY}/compared/comparison.json is there "
                         "already; give another folder, or overwrite=True")
        comparison.save(f"{STUDY}/compared", overwrite=True)
        for runs in ((), (other,), (other,) * 17):
            with self.assertRaises(headroom.UsageError) as caught:
                headroom.compare(*runs)
            self.assertEqual(str(caught.exception), f"runs: 2 to 16 can be compared, not "
                             f"{len(runs)}; give the one that others are held against first")
        self.assertTrue(os.path.exists(f"{STUDY}/compared/figures/comparison.svg"))
        # Every table has the name of the file that it is.
        self.assertEqual(comparison.table_names, ["ladder", "methods", "bins", "snr"])
        for name in comparison.table_names:
            self.assertTrue(os.path.exists(f"{STUDY}/compared/tables/{name}.csv"), name)
        self.assertEqual(len(comparison.table("snr")["run"]),
                         2 * len(comparison.results["octiles"]))
        with self.assertRaisesRegex(headroom.UsageError, "no table 'rungs'"):
            comparison.table("rungs")
        with self.assertRaises(headroom.UsageError):
            headroom.compare(other, other)
        with self.assertRaises(headroom.MissingError):
            headroom.compare(other, f"{STUDY}/nowhere")

    def test_simulating_and_running_as_the_program_does(self):
        words = ["simulate", "--out", f"{STUDY}/theirs", "--train", "600", "--shards", "2",
                 "--test", "120", "--seed", "5", "--teff", "4000,6000"]
        subprocess.run([f"{BUILD}/headroom", *words], check=True, capture_output=True)
        seen = []
        path = headroom.simulate(f"{STUDY}/ours", 600, 120, shards=2, seed=5, teff=(4000, 6000),
                                 progress=lambda *stage: seen.append(stage))
        for name in ("train_0", "train_1", "test"):
            ours, theirs = (headroom.read_spectra(f"{STUDY}/{who}/{name}/dataset.h5")
                            for who in ("ours", "theirs"))
            for array in ("wave", "flux", "error"):
                self.assertTrue(np.array_equal(getattr(ours, array), getattr(theirs, array)))
            for label, values in theirs.labels.items():
                self.assertTrue(np.array_equal(ours.labels[label], values), label)
        self.assertEqual(path, f"{STUDY}/ours/study.yaml")
        self.assertEqual(seen[-1][2:4], (120, 120))
        with self.assertRaises(headroom.UsageError) as caught:
            headroom.simulate(f"{STUDY}/ours", 5, 0, shards=1)
        self.assertEqual(str(caught.exception), f"{STUDY}/ours/train_0/dataset.h5 is there "
                         "already; give another folder, or overwrite=True")
        self.assertEqual(len(headroom.read_spectra(f"{STUDY}/ours/train_0/dataset.h5")), 300)
        small = f"{STUDY}/small"
        for rows, overwrite in ((5, False), (7, True)):
            self.assertEqual(headroom.simulate(small, rows, 0, shards=1, overwrite=overwrite),
                             small)
            self.assertEqual(len(headroom.read_spectra(f"{small}/train_0/dataset.h5")), rows)
        config = {
            "experiment": {"id": "DICT"},
            "data": {"train": ["train_{0..1}/dataset.h5"], "test": "test/dataset.h5",
                     "target": "log_g", "noise": {"level": np.float64(1), "seed": 42}},
            "binning": {"axes": {"T_eff": np.array([4000, 5000, 6000])}},
            "experts": {"ridge": {"alpha": (1.0, 100.0)}},
        }
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            run = headroom.run(config, out=f"{STUDY}/dict", folder=f"{STUDY}/ours",
                               settings={"run.memory_mib": 2048}, progress=False)
        self.assertEqual({(w.category, w.filename) for w in told},
                         {(headroom.HeadroomWarning, __file__)})
        self.assertEqual(run.results["experiment"]["id"], "DICT")
        self.assertTrue(os.path.exists(f"{STUDY}/dict/report.html"))
        spectra = headroom.read_spectra(f"{STUDY}/ours/test/dataset.h5")
        said = run.model("global").predict(spectra.noisy, spectra.error)
        self.assertEqual(len(said), 120)

    def check_escaped(self, run, folder):
        """Titles are text, whatever they hold: in Markdown, HTML and SVG."""
        shutil.copytree(run.path, f"{folder}/again <i>|*x*")
        comparison = headroom.compare(run, f"{folder}/again <i>|*x*")
        comparison.save(f"{folder}/compared")
        for path in (f"{run.path}/report.md", f"{folder}/compared/comparison.md"):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            self.assertIn("OWN \\<i>\\|\\*x\\*", text)
            self.assertNotRegex(text, r"(?<!\\)<i>|(?<!\\)\*x")
            if path.endswith("report.md"):
                self.assertIn("Mine \\<i>\\|\\*x\\* \\`y\\` \\& \"z\"", text)
        with open(f"{run.path}/report.html", encoding="utf-8") as file:
            page = file.read()
        self.assertIn("Mine &lt;i&gt;|*x* `y` &amp; &quot;z&quot;", page)
        for shown in (page, run._repr_html_()):
            self.assertNotIn("<i>", shown)
        self.assertEqual(run._repr_html_().count('"'), 6)  # of srcdoc, width and height
        for figures in (f"{run.path}/figures", f"{folder}/compared/figures"):
            for name in os.listdir(figures):
                if name.endswith(".svg"):
                    xml.dom.minidom.parse(f"{figures}/{name}")

    def test_a_model_of_ones_own(self):
        """In a dict: an expert of some bins with a sigma, chosen by predictions of training rows;
        and what is wrong with one."""
        folder = f"{STUDY}/own"
        headroom.simulate(folder, 600, 120, shards=2, seed=6, teff=(4000, 6000))
        truth = {part: headroom.read_spectra(f"{folder}/{part}/dataset.h5").labels["log_g"]
                 for part in ("train_0", "train_1", "test")}
        near = {part: values + 0.01 * (-1.0) ** np.arange(len(values))
                for part, values in truth.items()}
        np.save(f"{folder}/folds.npy", np.concatenate([near["train_0"], near["train_1"]]))
        for name, sigma in (("said", 0.01), ("below", -1)):
            np.savetxt(f"{folder}/{name}.csv",
                       np.column_stack([near["test"], np.full(120, sigma)]), delimiter=",",
                       header="log_g,s", comments="", fmt="%.17g")
        config = {
            "experiment": {"id": "OWN <i>|*x*"},
            "data": {"train": ["train_{0..1}/dataset.h5"], "test": "test/dataset.h5"},
            "binning": {"axes": {"T_eff": [4000, 5000, 6000]}},
            "experts": {"ridge": {"alpha": [10]},
                        "mine": {"predictions": "said.csv", "validation": "folds.npy",
                                 "sigma": "s", "bins": np.array([1]),
                                 "title": "Mine <i>|*x* `y` & \"z\""}},
        }
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run = headroom.run(config, out=f"{folder}/run", folder=folder, progress=False)
        self.assertEqual([bin["best"]["cv"] for bin in run.results["bins"]], ["ridge", "mine"])
        rows = run.predictions()
        there = np.asarray(rows["bin"]) == 1
        np.testing.assert_allclose(np.asarray(rows["oracle_hybrid_cv"])[there],
                                   near["test"][there], rtol=1e-6)
        np.testing.assert_allclose(np.asarray(rows["sigma_oracle_hybrid_cv"])[there], 0.01)
        self.check_escaped(run, folder)
        config["experts"]["mine"]["predictions"] = "below.csv"
        with self.assertRaisesRegex(headroom.DataError,
                                    "line 2 has -1 as s, which is no standard deviation"):
            headroom.run(config, out=f"{folder}/none", folder=folder, progress=False)
        config["experts"]["mine"]["bins"] = [2]
        with self.assertRaisesRegex(headroom.ConfigError,
                                    r"mine.bins\[0\] is 2, but the grid has the bins 0 to 1"):
            headroom.run(config, out=f"{folder}/none", folder=folder, progress=False)

    def test_ctrl_c_stops_and_the_study_goes_on(self):
        code = ("import headroom, sys\n"
                "def tell(*stage):\n"
                "    print('working', flush=True)\n"
                "try:\n"
                "    headroom.run(sys.argv[1], out=sys.argv[2], progress=tell)\n"
                "except KeyboardInterrupt:\n"
                "    print('stopped')\n")
        child = subprocess.Popen([sys.executable, "-c", code, f"{STUDY}/data/study.yaml",
                                  f"{STUDY}/stopped"], stdout=subprocess.PIPE, text=True)
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        self.assertTrue(child.communicate(timeout=120)[0].endswith("stopped\n"))
        self.assertEqual(child.returncode, 0)
        self.assertFalse(os.path.exists(f"{STUDY}/stopped/results.json"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            headroom.run(f"{STUDY}/data/study.yaml", out=f"{STUDY}/stopped", mode="resume",
                         progress=False)
        self.assertTrue(filecmp.cmp(f"{STUDY}/stopped/predictions.csv",
                                    f"{STUDY}/run/predictions.csv", shallow=False))

    def test_warnings_that_are_errors_do_not_lose_the_run(self):
        """The test stars of this study are those that it trains on."""
        config = {"experiment": {"id": "WARNS"},
                  "data": {"train": ["data/test/dataset.h5"], "test": "data/test/dataset.h5",
                           "target": "log_g", "allow": ["test_in_training", "rows_twice"]},
                  "binning": {"axes": {"T_eff": [4000, 6000]}}}
        shutil.copy(f"{STUDY}/data/test/dataset.h5", f"{STUDY}/data/test/copy.h5")
        config["data"]["train"] = ["data/test/copy.h5"]
        with warnings.catch_warnings(), self.assertRaises(headroom.HeadroomWarning) as caught:
            warnings.simplefilter("error")
            headroom.run(config, out=f"{STUDY}/warned", folder=STUDY, progress=False)
        self.assertIsInstance(caught.exception.run, headroom.Run)
        self.assertEqual(caught.exception.run.path, f"{STUDY}/warned")
        self.assertTrue(os.path.exists(f"{STUDY}/warned/report.html"))

    def test_what_a_callback_raises_comes_out(self):
        def fail(*stage):
            raise RuntimeError("enough")

        with self.assertRaisesRegex(RuntimeError, "^enough$"):
            headroom.simulate(f"{STUDY}/failed", 600, 0, shards=1, progress=fail)
        self.assertFalse(os.path.exists(f"{STUDY}/failed/train_0/dataset.h5"))

    @unittest.skipUnless(HAS_H5PY and HAS_PANDAS, "h5py and pandas are not here")
    def test_spectra_are_what_h5py_and_pandas_read(self):
        import h5py
        import pandas

        path = f"{STUDY}/data/test/dataset.h5"
        shutil.copy(path, f"{STUDY}/again.h5")
        spectra = headroom.read_spectra([path, f"{STUDY}/again.h5"])
        with h5py.File(path) as file:
            arrays = file["/dataset/arrays"]
            noisy = arrays["noisy/value"][:]
            error = arrays["error/value"][:]
        self.assertEqual(len(spectra), 2 * len(noisy))
        self.assertTrue(np.array_equal(spectra.noisy[len(noisy):], noisy.astype(np.float32)))
        self.assertTrue(np.array_equal(spectra.error[:len(noisy)], error.astype(np.float32)))
        # pandas keeps a frame in blocks by type, in another order than its columns.
        frame = pandas.DataFrame({"T_eff": [5000.0, 5100.0], "id": [7, 8], "log_g": [4.0, 4.5],
                                  "n": np.array([1, 2], np.int32), "M_H": [-1.0, 0.5]})
        mixed = f"{STUDY}/mixed.h5"
        with h5py.File(path) as old, h5py.File(mixed, "w") as new:
            new["/spectrumdataset/wave"] = old["/spectrumdataset/wave"][:]
            for name in ("flux", "error"):
                new[f"/dataset/arrays/{name}/value"] = old[f"/dataset/arrays/{name}/value"][:2]
        frame.to_hdf(mixed, key="/dataset/params", mode="a")
        read = headroom.read_spectra(mixed)
        self.assertIsNone(read.noisy)
        for name in frame.columns:
            self.assertTrue(np.array_equal(read.labels[name], frame[name]), name)
            whole = frame[name].dtype.kind == "i"
            self.assertEqual(read.labels[name].dtype, np.int64 if whole else np.float64, name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
