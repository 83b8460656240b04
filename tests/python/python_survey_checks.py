"""What test_python_door.py asks of files of surveys, where the package is installed.

    python_survey_checks.py STUDY

Files are written by astropy, and nothing is asked where it is not."""

import importlib.util
import sys
import unittest
import warnings

import numpy as np

import headroom

STUDY = sys.argv[1]
HAS_ASTROPY = importlib.util.find_spec("astropy") is not None
# Neighbours are one double.
FIRST = 2**62


@unittest.skipUnless(HAS_ASTROPY, "astropy is not here")
class Surveys(unittest.TestCase):
    def desi(self, name, seed, first=FIRST):
        """Five stars of one arm, as DESI has them."""
        from astropy.io import fits

        draw = np.random.default_rng(seed)
        wave = 5760 + 0.8 * np.arange(60)
        flux = draw.normal(10, 3, (5, 60)).astype("f4")
        ivar = draw.uniform(0.5, 2, (5, 60)).astype("f4")
        mask = np.zeros((5, 60), "i4")
        flux[:, 3], ivar[:, 4], mask[1:, 5] = np.nan, 0, 2
        ids, dec = first + np.arange(5), draw.uniform(-20, 20, 5)
        fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(
            [fits.Column("TARGETID", "K", array=ids), fits.Column("DEC", "D", array=dec)],
            name="FIBERMAP"), fits.ImageHDU(wave, name="R_WAVELENGTH"),
            fits.ImageHDU(flux, name="R_FLUX"), fits.ImageHDU(ivar, name="R_IVAR"),
            fits.ImageHDU(mask, name="R_MASK")]).writeto(f"{STUDY}/{name}", overwrite=True)
        return f"{STUDY}/{name}", wave, flux, ivar, mask, ids, dec

    def test_it_is_what_astropy_wrote(self):
        path, wave, flux, ivar, mask, ids, dec = self.desi("desi.fits", 1)
        read = headroom.read_spectra(path)
        self.assertTrue(np.array_equal(read.wave, wave))
        self.assertEqual((read.flux.dtype, read.error.dtype), (np.float32, np.float32))
        self.assertTrue(np.array_equal(read.flux, flux, equal_nan=True))
        good = np.isfinite(flux) & (ivar > 0) & (mask == 0)
        self.assertTrue(np.array_equal(read.mask, ~good))
        sigma = (1 / np.sqrt(ivar[good].astype(float))).astype("f4")
        self.assertTrue(np.allclose(read.error[good], sigma, rtol=1.2e-7, atol=0))
        self.assertTrue((read.error[:, 4] == 0).all())
        self.assertIsNone(read.noisy)
        self.assertEqual(read.ids, ("TARGETID",))
        self.assertEqual(read.labels["TARGETID"].tolist(), ids.tolist())
        self.assertTrue(np.array_equal(read.labels["DEC"], dec))
        self.assertEqual(read.unit, "1e-17 erg/s/cm2/Angstrom")
        self.assertEqual(read.layout, ("a coadd of DESI",))
        self.assertIn("5 of 60 pixels", repr(read))

    def test_files_are_one_table(self):
        first, second = self.desi("one.fits", 1), self.desi("two.fits", 2, FIRST + 5)
        both = headroom.read_spectra([first[0], second[0]])
        self.assertEqual((len(both), both.wave.shape), (10, (60,)))
        self.assertTrue(np.array_equal(both.flux[5:], second[2], equal_nan=True))
        self.assertEqual(both.labels["TARGETID"].tolist(), [FIRST + i for i in range(10)])
        self.assertEqual(len(both.layout), 2)

    def plain(self, name, pixels, unit="", **columns):
        from astropy.io import fits

        wave = np.linspace(800, 810, pixels)
        table = [fits.Column("wavelength", f"{pixels}D", "nm", array=[wave, wave + 1]),
                 fits.Column("flux", f"{pixels}E", unit, array=np.ones((2, pixels))),
                 *(fits.Column(name, **how) for name, how in columns.items())]
        fits.BinTableHDU.from_columns(table).writeto(f"{STUDY}/{name}", overwrite=True)
        return f"{STUDY}/{name}"

    def test_pixels_of_ones_own(self):
        long, short = self.plain("long.fits", 11), self.plain("short.fits", 9)
        self.assertEqual(headroom.read_spectra(long).wave.shape, (2, 11))
        both = headroom.read_spectra([long, short])
        self.assertEqual(both.wave.shape, (4, 11))
        self.assertAlmostEqual(both.wave[1, 0], 8010)
        self.assertTrue(np.isnan(both.wave[2:, 9:]).all())
        self.assertTrue(np.isnan(both.flux[2:, 9:]).all())
        self.assertTrue(both.mask[2:, 9:].all())
        self.assertFalse(both.mask[:2].any() or both.mask[2:, :9].any())
        self.assertEqual((both.unit, both.ids), ("", ()))
        # Errors are not known.
        self.assertFalse(both.error.any())

    def test_nulls_among_ids_are_nan(self):
        path = self.plain("null.fits", 5, star={"format": "K", "null": -1,
                                                "array": np.array([FIRST, -1])})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            read = headroom.read_spectra(path)
        self.assertEqual(read.labels["star"].dtype, np.float64)
        self.assertTrue(np.isnan(read.labels["star"][1]))
        self.assertEqual([str(w.message) for w in caught],
                         [f"labels['star'] is rounded to float64: {path}: some numbers are "
                          "missing, which only floats can say"])
        self.assertEqual(caught[0].filename, __file__)

    def test_bits_are_chosen(self):
        path, *_, mask, _, _ = self.desi("bits.fits", 1)
        read = headroom.read_spectra(path, mask_bits="none")
        self.assertFalse(read.mask[:, 5].any())
        self.assertTrue(headroom.read_spectra(path, mask_bits="1").mask[1:, 5].all())
        for bits, words in (("CR", "a coadd of DESI, has no names for the bits of its mask; give "
                             "mask_bits= their numbers in place of CR"),
                            ("x", "mask_bits=: 'x' is no bit of a mask")):
            with self.assertRaises(headroom.HeadroomError) as caught:
                headroom.read_spectra(path, mask_bits=bits)
            self.assertIn(words, str(caught.exception))

    def test_stars_are_simulated_with_a_files_pixels_and_errors(self):
        from astropy.io import fits

        wave = 8000 + 0.8 * np.arange(100)
        error = np.full((2, 100), 1, "f4")
        error[1] = 2
        path = f"{STUDY}/like.fits"
        fits.BinTableHDU.from_columns([
            fits.Column("wavelength", "100D", "Angstrom", array=[wave, wave]),
            fits.Column("flux", "100E", array=np.full((2, 100), 10)),
            fits.Column("error", "100E", array=error)]).writeto(path, overwrite=True)
        made = headroom.simulate(f"{STUDY}/like", 0, 6, survey_file=path, fwhm=2)
        read = headroom.read_spectra(f"{made}/test/dataset.h5")
        self.assertTrue(np.allclose(read.wave, wave))
        self.assertTrue(np.allclose(read.error[::2], 0.05) and np.allclose(read.error[1::2], 0.1))
        with self.assertRaisesRegex(headroom.UsageError, "does not tell the line spread"):
            headroom.simulate(f"{STUDY}/like2", 0, 6, survey_file=path)

    def refuse(self, kind, sentence, *files, **options):
        with self.assertRaises(kind) as caught:
            headroom.read_spectra(*files, **options)
        self.assertEqual(str(caught.exception), sentence)

    def test_what_is_wrong_is_one_sentence(self):
        from astropy.io import fits

        own, desi = f"{STUDY}/data/test/dataset.h5", self.desi("wrong.fits", 1)[0]
        self.refuse(headroom.UsageError, "mask_bits chooses among the bits of surveys' masks, and "
                    f"{own} is no file of a survey; leave it out", own, mask_bits="1")
        self.refuse(headroom.UsageError, f"untrusted is for HDF5 files, and {desi} is a FITS file; "
                    "leave it out", desi, untrusted=True)
        self.refuse(headroom.UsageError, f"{desi} is a file of a survey and {own} is none; read "
                    "them in two calls", [own, desi])
        self.refuse(headroom.UsageError, "mask_bits is 3; give bits as text, such as 'BAD,CR,SAT'",
                    desi, mask_bits=3)
        plain = self.plain("unit.fits", 5)
        self.refuse(headroom.DataError, f"the flux of {desi} is in 1e-17 erg/s/cm2/Angstrom and "
                    f"that of {plain} in no unit; read them in two calls", [desi, plain])
        with self.assertRaisesRegex(headroom.DataError, "'count', which is none of a flux"):
            headroom.read_spectra(self.plain("count.fits", 5, "count"))
        fits.PrimaryHDU(np.ones((3, 3))).writeto(f"{STUDY}/image.fits", overwrite=True)
        with self.assertRaisesRegex(headroom.FormatError, "is laid out as no file of spectra"):
            headroom.read_spectra(f"{STUDY}/image.fits")
        with open(desi, "rb") as file:
            content = file.read()
        with open(f"{STUDY}/cut.fits", "wb") as file:
            file.write(content[:len(content) // 2])
        with self.assertRaises((headroom.FormatError, headroom.FileError)):
            headroom.read_spectra(f"{STUDY}/cut.fits")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
