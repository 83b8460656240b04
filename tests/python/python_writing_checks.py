"""What test_python_door.py asks of arrays that become files, where the package is installed.

    python_writing_checks.py STUDY

STUDY holds run/, a study that is done. Whatever needs astropy or pandas is asked only where they
are."""

import importlib.util
import os
import sys
import unittest

import numpy as np

import headroom

STUDY = sys.argv[1]
HAS_PANDAS = importlib.util.find_spec("pandas") is not None
HAS_ASTROPY = importlib.util.find_spec("astropy") is not None


class Writing(unittest.TestCase):
    """Arrays become a file, and the file arrays."""

    @classmethod
    def setUpClass(cls):
        cls.wave = np.linspace(8000, 8100, 40)
        draw = np.random.default_rng(2)
        cls.flux = draw.uniform(0.5, 1, size=(5000, 40)).astype(np.float32)
        cls.error = draw.uniform(0.01, 0.1, size=(5000, 40)).astype(np.float32)
        cls.labels = {"T_eff": draw.uniform(4000, 6000, 5000), "id": 2**60 + np.arange(5000),
                      "ok": np.arange(5000) % 2 == 0}

    def written(self, name, *arrays, **options):
        path = f"{STUDY}/{name}.h5"
        self.assertEqual(headroom.write_spectra(path, *arrays, wave=self.wave, **options), path)
        return headroom.read_spectra(path)

    def test_what_is_written_is_read(self):
        read = self.written("plain", self.flux, self.error, self.labels)
        self.assertTrue(np.array_equal(read.wave, self.wave))
        self.assertTrue(np.array_equal(read.flux, self.flux))
        self.assertTrue(np.array_equal(read.error, self.error))
        self.assertIsNone(read.noisy)
        self.assertEqual(list(read.labels), ["T_eff", "id", "ok"])
        for name, dtype in (("T_eff", np.float64), ("id", np.int64), ("ok", np.int64)):
            self.assertEqual(read.labels[name].dtype, dtype, name)
            self.assertTrue(np.array_equal(read.labels[name], self.labels[name]), name)
        self.assertEqual(len(set(read.labels["id"].tolist())), 5000)

    def test_whole_numbers_keep_their_digits(self):
        for dtype in (np.int8, np.uint8, np.int32, np.uint32, np.int64, np.uint64):
            most = min(np.iinfo(dtype).max, 2**63 - 2)
            ids = np.array([most - 1, most, 0, np.iinfo(dtype).min], dtype)
            read = self.written(f"whole_{np.dtype(dtype)}", self.flux[:4], None, {"gaia": ids})
            self.assertEqual(read.labels["gaia"].dtype, np.int64)
            self.assertEqual(read.labels["gaia"].tolist(), ids.tolist())
        whole, halves = f"{STUDY}/whole_int64.h5", f"{STUDY}/halves.h5"
        headroom.write_spectra(halves, self.flux[:1], None, {"gaia": [0.5]}, wave=self.wave)
        # One column of two files is of one kind.
        both = headroom.read_spectra([whole, f"{STUDY}/whole_uint8.h5"])
        self.assertEqual(both.labels["gaia"].tolist(),
                         [2**63 - 3, 2**63 - 2, 0, -2**63, 254, 255, 0, 0])
        self.assertEqual(headroom.read_spectra([whole, halves]).labels["gaia"].dtype, np.float64)

    def test_tables_keep_whole_numbers(self):
        from headroom import _tables

        for as_frame in (False, True)[:1 + HAS_PANDAS]:
            table = _tables.read_csv(b"id,x\n1152921504606846977,1.5\n-3,2\n", as_frame)
            self.assertEqual(np.asarray(table["id"]).tolist(), [2**60 + 1, -3])
            self.assertEqual(table["id"].dtype, np.int64)

    def test_whole_numbers_that_have_no_room_are_told(self):
        path = f"{STUDY}/most.h5"
        headroom.write_spectra(path, self.flux[:2], None, {"gaia": [1, 2**63 - 1], "n": [1, 2]},
                               wave=self.wave)
        with self.assertWarns(headroom.HeadroomWarning) as caught:
            read = headroom.read_spectra(path)
        self.assertEqual(str(caught.warning), "labels['gaia'] is rounded to float64: "
                         f"{path}: column gaia has a number of 9223372036854775807 or more in row "
                         "1, more than is kept to the last digit; give it as a signed 64-bit "
                         "integer below that")
        self.assertEqual(caught.filename, __file__)
        self.assertEqual(read.labels["gaia"].tolist(), [1, 2.0**63])
        self.assertEqual(read.labels["n"].dtype, np.int64)

    def test_arrays_of_every_kind(self):
        path = f"{STUDY}/written.bin"
        self.flux.astype(">f4").tofile(path)
        records = np.rec.fromarrays(list(self.labels.values()), names=list(self.labels))
        for i, (flux, labels) in enumerate((
                (np.memmap(path, ">f4", "r", shape=self.flux.shape), records),
                (np.asfortranarray(self.flux), None), (self.flux.astype(np.float64), None),
                (self.flux[::-1][::-1], {}))):
            read = self.written(f"kind{i}", flux, self.error, labels, noisy=flux[::1])
            self.assertTrue(np.array_equal(read.flux, self.flux))
            self.assertTrue(np.array_equal(read.noisy, self.flux))
            self.assertEqual(len(read.labels), 3 if i == 0 else 0)

    def test_masks_are_bad_pixels(self):
        mask = np.zeros(self.flux.shape, bool)
        mask[4500, 3] = True
        for i, arrays in enumerate(((self.flux, self.error), (
                np.ma.masked_array(self.flux, mask), self.error))):
            read = self.written(f"masked{i}", *arrays, mask=mask if i == 0 else None)
            self.assertEqual(read.error[4500, 3], 0)
            self.assertEqual(np.sum(read.error <= 0), 1)

    def test_negative_errors_are_bad_pixels(self):
        error = self.error[:3].copy()
        error[1, 4], error[2, 5], error[0, 6] = -1, 0, np.inf
        read = self.written("negative", self.flux[:3], error)
        good = np.ones((3, 40), bool)
        good[1, 4] = good[2, 5] = good[0, 6] = False
        self.assertTrue(np.array_equal((read.error > 0) & np.isfinite(read.error), good))
        self.assertTrue(np.array_equal(read.error[good], error[good]))

    def test_errors_that_are_not_known(self):
        read = self.written("no_error", self.flux)
        self.assertTrue(np.array_equal(read.flux, self.flux))
        self.assertFalse(read.error.any())

    def test_a_folder_is_no_file(self):
        for path, sentence in ((".", ". is a folder; give the name of a file, such as "
                                "./spectra.h5"),
                               (STUDY, f"{STUDY} is a folder; give the name of a file, such as "
                                f"{STUDY}/spectra.h5"),
                               ("none/", "none/ is a folder; give the name of a file, such as "
                                "none/spectra.h5"),
                               ("", "the name of the file is empty; give one, such as "
                                "spectra.h5")):
            for overwrite in (False, True):
                with self.assertRaises(headroom.UsageError) as caught:
                    headroom.write_spectra(path, self.flux[:3], wave=self.wave,
                                           overwrite=overwrite)
                self.assertEqual(str(caught.exception), sentence)

    def test_files_that_are_there_stay(self):
        path = f"{STUDY}/there.h5"
        headroom.write_spectra(path, self.flux[:3], self.error[:3], wave=self.wave)
        with self.assertRaisesRegex(headroom.UsageError, "there.h5 is there already; give "
                                    "another name, remove it, or say overwrite=True"):
            headroom.write_spectra(path, self.flux[:4], self.error[:4], wave=self.wave)
        self.assertEqual(len(headroom.read_spectra(path)), 3)
        headroom.write_spectra(path, self.flux[:4], self.error[:4], wave=self.wave,
                               overwrite=True)
        self.assertEqual(len(headroom.read_spectra(path)), 4)

    def test_what_is_interrupted_leaves_nothing(self):
        """Not even while someone looks at the traceback."""
        class Interrupting(np.ndarray):
            def __getitem__(self, rows):
                if isinstance(rows, slice) and rows.start:
                    raise KeyboardInterrupt
                return super().__getitem__(rows)

        before = set(os.listdir(STUDY))
        with self.assertRaises(KeyboardInterrupt) as caught:
            headroom.write_spectra(f"{STUDY}/interrupted.h5", self.flux.view(Interrupting),
                                   wave=self.wave)
        self.assertIsNotNone(caught)
        self.assertEqual(set(os.listdir(STUDY)), before)

    def test_what_does_not_go_together(self):
        def refused(sentence, *arrays, wave=self.wave, kind=headroom.UsageError, **options):
            with self.assertRaises(kind) as caught:
                headroom.write_spectra(f"{STUDY}/refused.h5", *arrays, wave=wave, **options)
            self.assertEqual(str(caught.exception), sentence)
            self.assertFalse(os.path.exists(f"{STUDY}/refused.h5"))

        flux = self.flux[:2]
        refused("flux has shape (2, 40), but spectra of this file are [2, 3]; bring them to its "
                "grid, wave", flux, wave=[1, 2, 3])
        refused("wave has shape (1, 3); give one wavelength a pixel, [P]", flux, wave=[[1, 2, 3]])
        refused("the wavelength of pixel 1 (counted from 0) is 8000; wavelengths are finite, above "
                "0 and increase, in angstrom", flux, wave=np.full(40, 8000),
                kind=headroom.DataError)
        refused("the wavelength of pixel 0 (counted from 0) is -1; wavelengths are finite, above 0 "
                "and increase, in angstrom", flux, wave=np.arange(-1, 39), kind=headroom.DataError)
        refused("noisy has 1 row, but flux has 2", flux, noisy=flux[:1])
        refused("noisy has shape (2, 39), but spectra of this file are [2, 40]; bring them to its "
                "grid, wave", flux, noisy=flux[:, 1:])
        # A single spectrum has a row, too: nothing else is blamed.
        for name in ("flux", "error", "mask", "noisy"):
            refused(f"{name} has shape (40,) and dtype float32; give numbers [N, P], a row a "
                    "spectrum", **{"flux": flux, name: flux[0]}, labels={"a": [1, 2]})
        refused("labels have no names; give a dict, a DataFrame or a structured array", flux,
                labels=np.zeros(2))
        refused("labels['a'] has shape (3,) and dtype int64, but there are 2 spectra; give one "
                "number a spectrum", flux, labels={"a": [1, 2, 3]})
        refused("labels['a'] has shape (2,) and dtype <U1, but there are 2 spectra; give one "
                "number a spectrum", flux, labels={"a": ["x", "y"]})
        refused("labels['a'] goes up to 9223372036854775808; whole numbers end at 2^63 - 1", flux,
                labels={"a": np.array([1, 2**63], np.uint64)})
        refused(f"{STUDY}/refused.h5 was to have 0 spectra; give it between 1 and 68719476736",
                flux[:0], kind=headroom.EmptyError)
        for name in ("a\0b", "a\udc80"):
            refused(f"a label has the name {name!r}; names are of letters, digits and signs of "
                    "ASCII, without a backslash", flux, labels={name: [1, 2]})

    def refuses_label(self, sentence, labels):
        with self.assertRaises(headroom.UsageError) as caught:
            headroom.write_spectra(f"{STUDY}/refused.h5", self.flux[:3], self.error[:3], labels,
                                   wave=self.wave)
        self.assertEqual(str(caught.exception), "labels['a'] " + sentence)
        self.assertFalse(os.path.exists(f"{STUDY}/refused.h5"))

    GAPS = ("are whole numbers, of which 1 are missing, and only floats can say so; write them as "
            "floats, with NaN, or leave these rows out")

    def check_gaps(self, name, kind):
        """Labels whose second number is not there, of a kind of table."""
        read = self.written(name, self.flux[:3], self.error[:3], kind([1.5, 99, 3], float))
        np.testing.assert_array_equal(read.labels["a"], [1.5, np.nan, 3])
        self.refuses_label(self.GAPS, kind([2**60 + 1, 99, 3], np.int64))

    def test_labels_that_are_masked_are_not_written(self):
        gap = [False, True, False]
        self.check_gaps("ma", lambda values, dtype: {
            "a": np.ma.masked_array(values, gap, dtype)})
        self.check_gaps("records", lambda values, dtype: np.ma.masked_array(
            np.array([(v,) for v in values], [("a", dtype)]), [(g,) for g in gap]))
        whole = np.ma.masked_array([2**60 + 1, 2, 3], [False] * 3)
        self.written("unmasked", self.flux[:3], self.error[:3], {"a": whole})

    @unittest.skipUnless(HAS_ASTROPY, "astropy is not here")
    def test_labels_that_astropy_masks(self):
        from astropy import table, units
        from astropy.utils.masked import Masked

        gap = [False, True, False]
        self.check_gaps("astropy", lambda values, dtype: table.Table(
            {"a": table.MaskedColumn(values, mask=gap, dtype=dtype, unit="K")}))
        quantities = table.QTable({"a": Masked(np.array([1.5, 99, 3]) * units.K, mask=gap)})
        read = self.written("quantities", self.flux[:3], self.error[:3], quantities)
        np.testing.assert_array_equal(read.labels["a"], [1.5, np.nan, 3])
        masked = Masked(self.flux[:3], mask=np.arange(120).reshape(3, 40) == 5)
        read = self.written("masked_flux", masked, self.error[:3])
        self.assertEqual(np.flatnonzero(read.error == 0).tolist(), [5])

    @unittest.skipUnless(HAS_PANDAS, "pandas is not here")
    def test_labels_that_pandas_misses(self):
        import pandas

        names = {float: "Float64", np.int64: "Int64"}
        self.check_gaps("pandas", lambda values, dtype: pandas.DataFrame({"a": pandas.array(
            [values[0], None, values[2]], dtype=names[dtype])}))
        whole = pandas.DataFrame({"a": pandas.array([2**60 + 1, 2, 3], dtype="Int64")})
        self.written("whole", self.flux[:3], self.error[:3], whole)

    def test_whole_numbers_that_a_list_would_round_are_refused(self):
        for wide in ([1, 2, 2**63], [-1, 2, 2**63], [1, 2, 2**64], [1, 2.5, 2**53 + 1]):
            self.refuses_label(
                f"holds {wide[2]} in a list that NumPy does not keep as whole numbers, and would "
                "lose its last digits; give whole numbers from -2^63 to 2^63 - 1 alone",
                {"a": wide})
        read = self.written("list", self.flux[:3], self.error[:3], {"a": [1, 2.5, 2**53]})
        self.assertEqual(read.labels["a"].tolist(), [1, 2.5, 2**53])

    def test_what_has_a_unit_is_refused(self):
        class WithUnit(np.ndarray):
            unit = "Jy"

        flux, other = self.flux[:3], self.flux[:3].view(WithUnit)
        arrays = {"flux": flux, "error": self.error[:3], "noisy": flux, "wave": self.wave}
        for name in arrays:
            with self.assertRaises(headroom.UsageError) as caught:
                headroom.write_spectra(f"{STUDY}/refused.h5", **{
                    **arrays, name: arrays[name].view(WithUnit)})
            self.assertEqual(str(caught.exception), f"{name} has the unit Jy; give plain numbers: "
                             "flux and error in one unit, wave in angstrom (x.to_value(u.AA))")
        with self.assertRaisesRegex(headroom.UsageError, "^flux has the unit Jy; give plain"):
            headroom.open(f"{STUDY}/run").predict(other)
        other.unit = None
        self.written("no_unit", other, self.error[:3])

    @unittest.skipUnless(HAS_ASTROPY, "astropy is not here")
    def test_quantities(self):
        from astropy import units

        with self.assertRaisesRegex(headroom.UsageError, "^wave has the unit nm; give plain"):
            headroom.write_spectra(f"{STUDY}/refused.h5", self.flux[:3],
                                   wave=(self.wave * units.AA).to(units.nm))
        one = units.dimensionless_unscaled
        read = self.written("dimensionless", self.flux[:3] * one, self.error[:3] * one)
        self.assertTrue(np.array_equal(read.flux, self.flux[:3]))

    def test_paths_that_are_none(self):
        for path in ("a\0b", "a\udc80"):
            for name, call in (
                    ("file", lambda: headroom.write_spectra(path, self.flux, wave=self.wave)),
                    ("files", lambda: headroom.read_spectra(path)),
                    ("path", lambda: headroom.open(path)), ("path", lambda: headroom.Run(path)),
                    ("config", lambda: headroom.run(path)),
                    ("out", lambda: headroom.run({}, path)),
                    ("folder", lambda: headroom.run({}, folder=path)),
                    ("folder", lambda: headroom.simulate(path)),
                    ("run", lambda: headroom.compare(path, f"{STUDY}/run"))):
                with self.assertRaises(headroom.UsageError) as caught:
                    call()
                self.assertEqual(str(caught.exception), f"{name} is {path!r}, which is no path: "
                                 "give text of UTF-8 without NUL")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
