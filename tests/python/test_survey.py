"""Files of surveys, written by astropy with the names and units of each data model, against what
is read from them; and predictions of the same stars in several layouts.

    test_survey.py BUILD

Flux, variance and wavelengths are those of astropy to the last bit of float32, bad pixels are
bad by the names of their bits, ids are exact.
"""

import io
import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas as pd
from astropy import units
from astropy.io import fits
from astropy.table import QTable, Table
from astropy.wcs import WCS

BUILD = sys.argv.pop(1) if len(sys.argv) > 1 else "build"
FIRST = 2**62  # neighbours are one double
LIGHT = 2.99792458e8
FLAGS = {"BAD": 0, "SAT": 1, "INTRP": 2, "CR": 3, "EDGE": 4, "SUSPECT": 7, "NO_DATA": 8,
         "UNMASKEDNAN": 11, "BAD_SKY": 13}
COUNTING = ("BAD", "SAT", "CR", "NO_DATA", "UNMASKEDNAN")


def run(program, *words, check=True):
    done = subprocess.run([os.path.join(BUILD, program), *map(str, words)], text=True,
                          capture_output=True)
    if check and done.returncode != 0:
        raise AssertionError(f"{program} {words}: {done.stderr}")
    return done


def per_angstrom(wave):
    """1e-17 erg/s/cm2/A of 1 nJy, as the reader reckons."""
    return 1.0 * (LIGHT * 1e-5) / (wave * wave)


def spectra(objects, pixels, seed):
    """Flux, variance and mask with what real files have in them, float32."""
    rng = np.random.default_rng(seed)
    flux = rng.normal(1000, 300, (objects, pixels)).astype("f4")
    variance = rng.uniform(50, 900, (objects, pixels)).astype("f4")
    mask = np.where(rng.random((objects, pixels)) < 0.1,
                    2 ** rng.choice(list(FLAGS.values()), (objects, pixels)), 0).astype("i4")
    flux[:, 5], flux[:, 6], flux[0, 7] = np.nan, np.inf, np.float32(1e-41)
    variance[:, 10], variance[:, 11], variance[:, 12] = 0, np.inf, np.nan
    variance[:, 13], variance[0, 14] = -1, np.float32(2e-41)
    return flux, variance, mask


def usable(flux, variance):
    return np.isfinite(flux) & np.isfinite(variance) & (variance > 0)


def named(mask, names=COUNTING):
    return (mask & sum(1 << FLAGS[name] for name in names)) != 0


class Survey(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.home.name, name)

    def read(self, name, *columns):
        """What the tool says, and [pixels, 4] of each object."""
        out = self.path("out.npy")
        said = run("tool_survey_spectra", self.path(name), out, *columns).stdout
        lines = dict(line.partition(" ")[::2] for line in said.splitlines())
        ends = np.cumsum([int(n) for n in lines["lengths"].split()])[:-1]
        return lines, np.split(np.load(out), ends)

    def compare(self, read, wave, flux, variance, good):
        np.testing.assert_array_equal(read[:, 3] != 0, good)
        np.testing.assert_array_equal(read[:, 0], wave)
        np.testing.assert_array_equal(read[good, 1].astype("f4"), flux[good].astype("f4"))
        np.testing.assert_array_equal(read[good, 2].astype("f4"), variance[good].astype("f4"))

    # --- PFS ---

    def write_object(self, name, wave, how):
        flux, variance, mask = spectra(1, len(wave), 1)
        header = fits.Header()
        if how == "header":  # WavelengthArray.toFitsHeader of the data model
            wcs = WCS(naxis=1)
            wcs.wcs.ctype, wcs.wcs.cname = ["WAVE"], ["Wavelength"]
            wcs.wcs.crval, wcs.wcs.cunit = [0.5 * (wave[0] + wave[-1])], [units.nm]
            wcs.wcs.crpix = [0.5 * len(wave) + 1.5]
            wcs.wcs.cdelt = [(wave[-1] - wave[0]) / (len(wave) - 1)]
            header = wcs.to_header()
        header["DAMD_VER"] = 2
        bits = header.copy()
        for key, bit in FLAGS.items():
            bits["HIERARCH MP_" + key if len(key) > 5 else "MP_" + key] = bit
        hdus = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(flux[0], header, name="FLUX"),
                             fits.CompImageHDU(mask[0], bits, name="MASK")])
        if how == "extension":
            hdus.append(fits.ImageHDU(wave, name="WAVELENGTH"))
        target = fits.BinTableHDU.from_columns(
            [fits.Column("filterName", "5A", array=["g"]), fits.Column("fiberFlux", "E", array=[1])],
            name="TARGET")
        for key, value in (("CATID", 10091), ("TRACT", 1), ("PATCH", "1,1"), ("OBJID", FIRST + 3),
                           ("RA", 150.25), ("DEC", 2.5), ("HIERARCH TARGETTYPE", 1)):
            target.header[key] = value
        hdus.append(target)
        hdus.append(fits.ImageHDU(flux[0], name="SKY"))
        covar = np.stack([variance[0], variance[0] * 0, variance[0] * 0])
        hdus.append(fits.ImageHDU(covar, header, name="COVAR"))
        hdus.append(fits.ImageHDU(np.eye(10, dtype="f4"), name="COVAR2"))
        hdus.writeto(self.path(name))
        return flux[0], variance[0], mask[0]

    def test_pfs_object(self):
        wave = 650 + 0.08 * np.arange(4000)
        for how in ("extension", "header"):
            flux, variance, mask = self.write_object(f"{how}.fits", wave, how)
            lines, (read,) = self.read(f"{how}.fits", "objId", "catId", "ra", "targetType")
            self.assertEqual(lines["layout"], "pfsObject of PFS")
            self.assertEqual((lines["objId"], lines["catId"]), (str(FIRST + 3), "10091"))
            self.assertEqual((lines["ra"], lines["targetType"]), ("150.25", "1"))
            np.testing.assert_allclose(read[:, 0], 10 * wave, rtol=1e-12)
            factor = per_angstrom(read[:, 0])
            good = usable(flux, variance) & ~named(mask)
            self.compare(read, read[:, 0], flux * factor, variance * factor**2, good)

    def write_coadd(self, name, wave, rows):
        """wave: one array, or one an object; rows: (flux, variance, mask) of each object."""
        objects = len(rows)
        same = len({len(row[0]) for row in rows}) < 2
        number = np.arange(objects, dtype="i2")
        hdus = fits.HDUList([fits.PrimaryHDU()])
        hdus[0].header["DAMD_VER"] = 1
        hdus.append(fits.BinTableHDU.from_columns(
            [fits.Column("targetId", "I", array=number), fits.Column("catId", "J", array=number + 5),
             fits.Column("tract", "J", array=number), fits.Column("patch", "PA()", array=["1,1"] * objects),
             fits.Column("objId", "K", array=FIRST + np.arange(objects)),
             fits.Column("ra", "D", array=number + 0.5), fits.Column("dec", "D", array=number - 0.5),
             fits.Column("targetType", "I", array=number * 0 + 1)], name="TARGET"))

        def append(extension, arrays, code, kind):
            if same:
                image = fits.CompImageHDU if code == "J" and rows else fits.ImageHDU
                hdus.append(image(np.array(arrays, kind), name=extension))
            elif np.ndim(arrays[0]) == 1:
                hdus.append(fits.BinTableHDU.from_columns(
                    [fits.Column("value", f"P{code}()", array=[a.astype(kind) for a in arrays])],
                    name=extension))
            else:
                hdus.append(fits.BinTableHDU.from_columns(
                    [fits.Column(f"row_{k}", f"P{code}()", array=[a[k].astype(kind) for a in arrays])
                     for k in range(3)], name=extension))

        if isinstance(wave, np.ndarray):
            hdus.append(fits.ImageHDU(wave, name="WAVELENGTH"))
        else:
            append("WAVELENGTH", wave, "D", "f8")
        append("FLUX", [row[0] for row in rows], "E", "f4")
        append("MASK", [row[2] for row in rows], "J", "i4")
        append("SKY", [row[0] for row in rows], "E", "f4")
        append("COVAR", [np.stack([row[1]] * 3) for row in rows], "E", "f4")
        text = "".join(f"MP_{key}: {bit}\n" for key, bit in sorted(FLAGS.items()))
        other = text.replace("MP_BAD: 0", "MP_BAD: 20")  # numbers are each object's own
        metadata = [other if i == 1 else text for i in range(objects)]
        hdus.append(fits.BinTableHDU.from_columns(
            [fits.Column("targetId", "I", array=number),
             fits.Column("metadata", "PA()", array=metadata)], name="METADATA"))
        hdus.writeto(self.path(name))

    def check_coadd(self, name, waves, rows, shared):
        lines, read = self.read(name, "objId", "catId")
        self.assertEqual(lines["layout"], "pfsCoadd of PFS")
        self.assertEqual(lines["shared"], str(int(shared)))
        self.assertEqual(lines["ids"], "catId objId")
        self.assertEqual(lines["objId"], " ".join(str(FIRST + i) for i in range(len(rows))))
        self.assertEqual(len(read), len(rows))
        for i, (wave, (flux, variance, mask)) in enumerate(zip(waves, rows)):
            names = COUNTING[1:] if i == 1 else COUNTING
            good = usable(flux, variance) & ~named(mask, names)
            factor = per_angstrom(10 * wave)
            self.compare(read[i], 10 * wave, flux * factor, variance * factor**2, good)

    def test_pfs_coadd(self):
        wave = 710 + 0.08 * np.arange(2100)
        rows = list(zip(*spectra(4, 2100, 2)))
        self.write_coadd("shared.fits", wave, rows)
        self.check_coadd("shared.fits", [wave] * 4, rows, True)
        waves = [wave + 0.01 * i for i in range(4)]
        self.write_coadd("own.fits", waves, rows)
        self.check_coadd("own.fits", waves, rows, False)
        lengths = (2100, 2000, 1900, 1800)
        waves = [wave[:n] for n in lengths]
        rows = [tuple(part[:n] for part in row) for row, n in zip(rows, lengths)]
        self.write_coadd("ragged.fits", waves, rows)
        self.check_coadd("ragged.fits", waves, rows, False)

    # --- DESI ---

    def write_desi(self, name, arms, objects, rice=False):
        hdus = fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(
            [fits.Column("TARGETID", "K", array=FIRST + np.arange(objects)),
             fits.Column("COADD_FIBERSTATUS", "J", array=np.zeros(objects)),
             fits.Column("TARGET_RA", "D", array=np.arange(objects) + 0.25),
             fits.Column("OBJTYPE", "3A", array=["TGT"] * objects)], name="FIBERMAP")])
        for arm, (wave, flux, ivar, mask) in arms.items():
            hdus.append(fits.ImageHDU(wave, name=arm + "_WAVELENGTH"))
            hdus[-1].header["BUNIT"] = "Angstrom"
            hdus.append(fits.ImageHDU(flux, name=arm + "_FLUX"))
            hdus[-1].header["BUNIT"] = "10**-17 erg/(s cm2 Angstrom)"
            image = fits.CompImageHDU if rice else fits.ImageHDU
            hdus.append(image(ivar, name=arm + "_IVAR"))
            hdus.append(fits.CompImageHDU(mask.astype("u4"), name=arm + "_MASK"))
            hdus.append(fits.ImageHDU(np.zeros((objects, 3, len(wave)), "f4"), name=arm + "_RESOLUTION"))
        hdus.writeto(self.path(name))

    def make_arms(self, spoil=True):
        """The grids of DESI, which overlap on one grid of 0.8 A."""
        grids = {"B": 3600 + 0.8 * np.arange(2751), "R": 5760 + 0.8 * np.arange(2326),
                 "Z": 7520 + 0.8 * np.arange(2881)}
        arms = {}
        for i, (arm, wave) in enumerate(grids.items()):
            flux, variance, mask = spectra(3, len(wave), 10 + i)
            if not spoil:
                flux, variance = np.nan_to_num(flux, posinf=0), np.full_like(flux, 4)
            with np.errstate(divide="ignore"):
                ivar = (1 / variance).astype("f4")
            arms[arm] = (wave, flux, ivar, np.where(mask & 8, 4, 0))
        return arms

    def test_desi(self):
        arms = self.make_arms()
        self.write_desi("desi.fits", arms, 3)
        lines, read = self.read("desi.fits", "TARGETID", "TARGET_RA")
        self.assertEqual(lines["layout"], "a coadd of DESI")
        self.assertEqual(lines["TARGETID"], " ".join(str(FIRST + i) for i in range(3)))
        self.assertNotIn("OBJTYPE", lines["columns"])
        wave = np.round(np.unique(np.round(np.concatenate([a[0] for a in arms.values()]), 6)), 6)
        for i in range(3):
            np.testing.assert_allclose(read[i][:, 0], wave, rtol=1e-12)
            total, weight = np.zeros(len(wave)), np.zeros(len(wave))
            alone = np.zeros(len(wave), bool)
            for grid, flux, ivar, mask in arms.values():
                at = np.searchsorted(wave, grid - 0.01)
                f, w = flux[i].astype("f8"), ivar[i].astype("f8")
                good = np.isfinite(f) & np.isfinite(w) & (w > 0) & (mask[i] == 0)
                total[at] += np.where(good, np.nan_to_num(w * f, posinf=0, neginf=0), 0)
                alone[at] ^= good
                weight[at] += np.where(good, w, 0)
            np.testing.assert_array_equal(read[i][:, 3] != 0, weight > 0)
            k = weight > 0
            np.testing.assert_allclose(read[i][k, 1], total[k] / weight[k], rtol=1e-13)
            np.testing.assert_allclose(read[i][k, 2], 1 / weight[k], rtol=1e-13)
        # Where one arm is alone, to the bit.
        z = arms["Z"]
        inner = read[0][-1000:]
        good = np.isfinite(z[1][0, -1000:]) & (z[2][0, -1000:] > 0) & (z[3][0, -1000:] == 0)
        np.testing.assert_array_equal(inner[good, 1].astype("f4"), z[1][0, -1000:][good])

    def test_desi_zeros_of_compressed_inverses(self):
        arms = self.make_arms(spoil=False)
        for wave, flux, ivar, mask in arms.values():
            ivar += np.random.default_rng(3).normal(0, 0.02, ivar.shape).astype("f4")
            ivar[:, 100:120] = 0
        self.write_desi("rice.fits", arms, 3, rice=True)
        _, read = self.read("rice.fits")
        for i in range(3):
            self.assertFalse(read[i][100:120, 3].any())
            self.assertGreater(read[i][200:, 3].mean(), 0.8)

    def test_desi_grids_that_do_not_meet(self):
        arms = self.make_arms()
        wave, *rest = arms["Z"]
        arms["Z"] = (wave + 0.3, *rest)
        self.write_desi("off.fits", arms, 3)
        done = run("tool_survey_spectra", self.path("off.fits"), self.path("x.npy"), check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("its arms overlap at 7520.3 angstrom, and their pixels are not the same there; "
                      "resample them to one grid first", done.stderr)

    # --- SDSS and LAMOST ---

    def test_sdss(self):
        flux, variance, _ = (part[0] for part in spectra(1, 3800, 4))
        with np.errstate(divide="ignore"):
            ivar = (1 / variance).astype("f4")
        loglam = (3.58 + 1e-4 * np.arange(3800)).astype("f4")
        mask = np.zeros(3800, "i4")
        mask[100], mask[101], mask[102], mask[103] = 1 << 23, 1 << 22, 1 << 18, 1 << 16
        either = np.full(3800, 1 << 23, "i4")  # in some exposure: not looked at
        header = fits.PrimaryHDU()
        for key, value in (("TELESCOP", "SDSS 2.5-M"), ("PLATEID", 7512), ("MJD", 56777),
                           ("FIBERID", 396), ("BUNIT", "1E-17 erg/cm^2/s/Ang")):
            header.header[key] = value
        columns = [("flux", "E", flux), ("loglam", "E", loglam), ("ivar", "E", ivar),
                   ("and_mask", "J", mask), ("or_mask", "J", either), ("wdisp", "E", flux)]
        table = fits.BinTableHDU.from_columns(
            [fits.Column(name, form, array=values) for name, form, values in columns], name="COADD")
        star = fits.BinTableHDU.from_columns(
            [fits.Column("THING_ID", "J", array=[1234567]), fits.Column("RA", "D", array=[150.5]),
             fits.Column("SPECOBJID", "22A", array=["8457"])], name="SPALL")
        fits.HDUList([header, table, star]).writeto(self.path("spec.fits"))
        lines, (read,) = self.read("spec.fits", "PLATEID", "MJD", "FIBERID", "THING_ID", "RA")
        self.assertEqual(lines["layout"], "spec of SDSS")
        self.assertEqual([lines[k] for k in ("PLATEID", "MJD", "FIBERID", "THING_ID", "RA")],
                         ["7512", "56777", "396", "1234567", "150.5"])
        np.testing.assert_allclose(read[:, 0], 10.0 ** loglam.astype("f8"), rtol=1e-14)
        good = np.isfinite(flux) & np.isfinite(ivar) & (ivar > 0)
        good[100:103] = False
        self.assertTrue(good[103])
        with np.errstate(divide="ignore", over="ignore"):
            self.compare(read, read[:, 0], flux.astype("f8"), 1 / ivar.astype("f8"), good)

    def test_lamost(self):
        flux, variance, _ = (part[0] for part in spectra(1, 3900, 5))
        with np.errstate(divide="ignore"):
            ivar = (1 / variance).astype("f4")
        wave = (10 ** (3.5682 + 1e-4 * np.arange(3900))).astype("f4")
        mask = np.zeros(3900, "f4")
        mask[50] = 32
        good = np.isfinite(flux) & np.isfinite(ivar) & (ivar > 0) & (mask == 0)
        header = fits.Header({"TELESCOP": "LAMOST", "OBSID": 101001, "RA": 10.5, "DEC": 41.25,
                              "Z": 0.0001, "SNRG": 30.5, "SNRR": 40.5, "SNRI": 50.5})
        image = np.stack([flux, ivar, wave, mask, mask + 1])
        fits.PrimaryHDU(image, header).writeto(self.path("lamost.fits"))
        form = f"{len(wave)}"
        table = fits.BinTableHDU.from_columns(
            [fits.Column("FLUX", form + "E", array=[flux]), fits.Column("IVAR", form + "E", array=[ivar]),
             fits.Column("WAVELENGTH", form + "E", array=[wave]),
             fits.Column("ANDMASK", form + "E", array=[mask]),
             fits.Column("ORMASK", form + "E", array=[mask + 1])], name="COADD")
        fits.HDUList([fits.PrimaryHDU(header=header), table]).writeto(self.path("lamost8.fits"))
        for name, layout in (("lamost.fits", "LAMOST to DR7"), ("lamost8.fits", "LAMOST from DR8")):
            lines, (read,) = self.read(name, "OBSID", "Z")
            self.assertEqual((lines["layout"], lines["OBSID"], lines["Z"]), (layout, "101001", "0.0001"))
            with np.errstate(divide="ignore", over="ignore"):
                self.compare(read, wave.astype("f8"), flux.astype("f8"), 1 / ivar.astype("f8"), good)

    # --- plain tables ---

    def test_plain(self):
        flux, variance, _ = (part[0] for part in spectra(1, 500, 6))
        error = np.sqrt(np.abs(variance))
        wave = 700 + 0.1 * np.arange(500)
        table = QTable({"wavelength": wave * units.nm, "flux": flux * units.mJy,
                        "uncertainty": error * units.uJy})
        table.write(self.path("tabular.fits"))
        lines, (read,) = self.read("tabular.fits")
        self.assertEqual((lines["layout"], lines["unit"]), ("a plain table", "mJy"))
        factor = 1e6 * (LIGHT * 1e-5) / (10 * wave) ** 2
        own = (error.astype("f8") * 1e-3) ** 2
        good = usable(flux, own)
        self.compare(read, 10 * wave, flux.astype("f8") * factor, own * factor * factor, good)

    # --- whole files ---

    def refuse(self, name, words):
        done = run("tool_survey_spectra", self.path(name), self.path("x.npy"), check=False)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn(words, done.stderr)

    def test_what_is_wrong_is_one_sentence(self):
        wave = 710 + 0.08 * np.arange(800)
        rows = list(zip(*spectra(3, 800, 7)))
        self.write_coadd("sound.fits", wave, rows)
        with open(self.path("sound.fits"), "rb") as file:
            sound = file.read()
        for cut in (2880 * 3 + 100, len(sound) // 2, len(sound) - 2880 * 3):
            with open(self.path("cut.fits"), "wb") as file:
                file.write(sound[:cut])
            self.refuse("cut.fits", "cut.fits ")
        with open(self.path("empty.fits"), "wb"):
            pass
        self.refuse("empty.fits", "cannot be read as a FITS file")
        self.write_coadd("none.fits", wave, [])
        self.refuse("none.fits", "none.fits holds no spectra")
        with fits.open(self.path("sound.fits")) as hdus:
            hdus["COVAR"].data = hdus["COVAR"].data[:, :2]
            hdus.writeto(self.path("shape.fits"))
        self.refuse("shape.fits", "COVAR is neither an image nor a table with a row for each of the "
                                  "objects of TARGET; get the file again")
        fits.PrimaryHDU(np.zeros((5, 9), "f4")).writeto(self.path("image.fits"))
        self.refuse("image.fits", "LAMOST to DR7 (lacks TELESCOP = 'LAMOST')")

    def test_damaged_files_are_refused_or_read(self):
        """Any byte of the headers of a sound file changed."""
        self.write_coadd("whole.fits", 710 + 0.08 * np.arange(60), list(zip(*spectra(2, 60, 8))))
        with open(self.path("whole.fits"), "rb") as file:
            sound = bytearray(file.read())
        rng = np.random.default_rng(9)
        for at in rng.integers(0, len(sound), 60):
            spoilt = bytearray(sound)
            spoilt[at] = rng.integers(32, 127)
            with open(self.path("spoilt.fits"), "wb") as file:
                file.write(spoilt)
            done = run("tool_survey_spectra", self.path("spoilt.fits"), self.path("x.npy"), check=False)
            self.assertIn(done.returncode, (0, 3), (at, done.stderr))


class Prediction(unittest.TestCase):
    """The same stars in our own layout and in those of surveys."""

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.folder = cls.home.name
        run("headroom", "simulate", "--out", cls.path("sim"), "--train", 1500, "--shards", 1,
            "--test", 200, "--mag", "18,20", "--quiet")
        with open(cls.path("study.yaml"), "w") as file:
            file.write(f"""
experiment: {{id: SURVEY}}
data: {{train: ['{cls.path('sim/train_0/dataset.h5')}'], test: '{cls.path('sim/test/dataset.h5')}'}}
binning: {{T_eff: [3750, 6000], M_H: [-2.5, 0.75]}}
experts: {{ridge: {{alpha: [10]}}}}
""")
        run("headroom", "run", cls.path("study.yaml"), "--out", cls.path("run"), "--quiet")
        with h5py.File(cls.path("sim/test/dataset.h5")) as file:
            arrays = file["dataset/arrays"]
            cls.flux, cls.error = (arrays[name]["value"][:].astype("f8") for name in ("noisy", "error"))
            cls.wave = file["spectrumdataset/wave"][:]
        cls.labels = pd.read_hdf(cls.path("sim/test/dataset.h5"))

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    path = classmethod(lambda cls, name: os.path.join(cls.folder, name))
    write_coadd = Survey.write_coadd
    write_desi = Survey.write_desi

    def predict(self, name, *options):
        out = self.path("table.csv")
        done = run("headroom", "predict", self.path("run"), self.path(name), "--expert", "ridge",
                   "--router", "global", "--out", out, *options)
        return pd.read_csv(out), done

    def own_layout(self, flux, error, name):
        """Divided by the median, as survey files are."""
        median = np.median(flux, axis=1, keepdims=True)
        with h5py.File(self.path(name), "w") as file:
            file["spectrumdataset/wave"] = self.wave
            file["dataset/arrays/flux/value"] = (0.5 * flux / median).astype("f4")
            file["dataset/arrays/error/value"] = (0.5 * error / median).astype("f4")

    def as_rows(self, keep=slice(None), mask=None):
        """nJy, of another brightness."""
        factor = 700 / per_angstrom(self.wave)
        none = np.zeros(len(self.wave), "i4")
        return [((f * factor).astype("f4"), ((e * factor) ** 2).astype("f4"),
                 none if mask is None else mask)
                for f, e in zip(self.flux[keep], self.error[keep])]

    def test_the_same_stars_have_the_same_labels(self):
        self.own_layout(self.flux, self.error, "own.h5")
        own, _ = self.predict("own.h5")
        self.write_coadd("coadd.fits", self.wave / 10, self.as_rows())
        table, done = self.predict("coadd.fits", "--keep", "ra")
        self.assertEqual(list(table.columns[:5]), ["file", "row", "ra", "catId", "objId"])
        self.assertEqual([int(i) for i in table.objId], [FIRST + i for i in range(200)])
        np.testing.assert_allclose(table.log_g_mean, own.log_g_mean, atol=2e-3)
        np.testing.assert_allclose(table.snr, own.snr, rtol=1e-3)
        self.assertEqual((table["flags"] & 4096).sum(), 0)
        self.assertNotIn("correlation", done.stderr)
        for how in (("--block-rows", 7), ("--memory", 1)):
            again, _ = self.predict("coadd.fits", "--keep", "ra", *how)
            pd.testing.assert_frame_equal(again, table, check_exact=True)

    def write(self, name, *options):
        path = self.path(name)
        run("headroom", "predict", self.path("run"), self.path("formats.fits"), "--expert", "ridge",
            "--router", "global", "--keep", "ra", "--out", path, *options)
        return path

    def test_the_same_numbers_in_every_format(self):
        """To the last bit where CSV has all digits; ids exact, units told, no number a null."""
        rows = self.as_rows(slice(20))
        rows[7] = (rows[7][0], rows[7][1], np.full(len(self.wave), 1 << FLAGS["CR"], "i4"))
        self.write_coadd("formats.fits", self.wave / 10, rows)
        csv = pd.read_csv(self.write("table.csv"), float_precision="round_trip")
        table = Table.read(self.write("table.fits"))
        frame = pd.read_hdf(self.write("table.h5"), "predictions")
        self.assertEqual(table.meta["EXTNAME"], "PREDICTIONS")
        self.assertEqual(list(table.colnames), list(csv.columns[:-1]))
        self.assertEqual([int(i) for i in table["objId"]], [FIRST + i for i in range(20)])
        self.assertEqual([int(i) for i in frame.objId], [FIRST + i for i in range(20)])
        self.assertTrue(table["log_g_mean"].mask[7] and table["flags"][7] == 65)
        for name in table.colnames:
            column = csv[name]
            if column.dtype == object:
                self.assertEqual([str(text) for text in np.ma.filled(table[name], "")], list(column.fillna("")))
                continue
            digits = 0 if name in ("ra", "catId", "objId") or "log_g" in name else 1e-5
            np.testing.assert_allclose(np.array(table[name], "f8"), column, rtol=digits)
            np.testing.assert_array_equal(np.array(table[name]), frame[name])
        for part in ("mean", "sigma", "half68", "half95", "gap"):
            self.assertEqual(str(table["log_g_" + part].unit), "dex")
        with h5py.File(self.path("table.h5")) as file:
            told = {key: text for key, text in file["predictions"].attrs.items() if key.startswith("unit_")}
        self.assertEqual({key: text.decode() for key, text in told.items()},
                         {f"unit_log_g_{part}": "dex" for part in ("mean", "sigma", "half68", "half95", "gap")})
        stars = Table.read(self.write("stars.fits", "--format", "pfsstar"))
        self.assertEqual(stars.meta["EXTNAME"], "STARCATALOG")
        self.assertEqual(stars.colnames, ["ra", "catId", "objId", "snr_m", "log_g", "log_gErr",
                                          "log_gStatus", "flag", "status"])
        for name, own in (("log_g", "log_g_mean"), ("log_gErr", "log_g_sigma"), ("objId", "objId"),
                          ("catId", "catId"), ("snr_m", "snr")):
            np.testing.assert_array_equal(np.array(stars[name]), np.array(table[own]))
        self.assertEqual(str(stars["log_gErr"].unit), "dex")
        np.testing.assert_array_equal(np.array(stars["flag"], bool), np.array(table["flags"]) != 0)
        self.assertEqual([str(text) for text in np.ma.filled(stars["status"], "")], list(csv.flag_words.fillna("")))
        with fits.open(self.path("stars.fits")) as hdus:
            hdus.verify("exception")

    def test_a_column_with_a_null_in_it(self):
        """Whole numbers of a table that has none in a row: empty, null, and in a frame NaN."""
        flux = (0.5 * self.flux[:3] / np.median(self.flux[:3], axis=1, keepdims=True)).astype("f4")
        wave = np.tile(self.wave, (3, 1))
        form = f"{len(self.wave)}"
        fits.BinTableHDU.from_columns(
            [fits.Column("wavelength", form + "D", unit="Angstrom", array=wave),
             fits.Column("flux", form + "E", array=flux),
             fits.Column("id", "K", null=-1, array=[FIRST + 1, -1, FIRST + 3])]).writeto(self.path("null.fits"))
        options = (self.path("run"), self.path("null.fits"), "--expert", "ridge", "--router", "global",
                   "--keep", "id", "--out")
        run("headroom", "predict", *options, self.path("null.csv"))
        run("headroom", "predict", *options, self.path("null_table.fits"))
        run("headroom", "predict", *options, self.path("null.h5"))
        csv = pd.read_csv(self.path("null.csv"), dtype={"id": str})
        self.assertEqual(list(csv.id.fillna("")), [str(FIRST + 1), "", str(FIRST + 3)])
        table = Table.read(self.path("null_table.fits"))
        self.assertEqual(list(table["id"].mask), [False, True, False])
        self.assertEqual([int(table["id"][0]), int(table["id"][2])], [FIRST + 1, FIRST + 3])
        self.assertEqual(list(pd.read_hdf(self.path("null.h5")).id.isna()), [False, True, False])

    def r2(self, table):
        truth = self.labels.log_g.to_numpy()
        return 1 - ((table.log_g_mean - truth) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()

    def test_half_a_pixel_off_is_nearly_as_good(self):
        """A grid of two thirds of a pixel, half a pixel off: the flux of both is one spectrum, the
        noise of pixels is that of the model's."""
        self.own_layout(self.flux, self.error, "own.h5")
        own, _ = self.predict("own.h5")
        step = self.wave[1] - self.wave[0]
        fine = self.wave[0] - 3 * step + step * 2 / 3 * np.arange(6160)
        edges = np.concatenate([[fine[0] - step / 3], 0.5 * (fine[1:] + fine[:-1]), [fine[-1] + step / 3]])
        own_edges = np.concatenate([[self.wave[0] - step / 2], self.wave + step / 2])
        rows = []
        for f in self.flux:  # what is between edges, from the integral
            total = np.concatenate([[0], np.cumsum(f * step)])
            left, right = f[0] * (edges - own_edges[0]), f[-1] * (edges - own_edges[-1])
            sums = np.interp(edges, own_edges, total)
            sums += np.where(edges < own_edges[0], left, 0) + np.where(edges > own_edges[-1], right, 0)
            means = np.diff(sums) / np.diff(edges) / per_angstrom(fine)
            rows.append((means.astype("f4"), (0.01 * means**2).astype("f4"), np.zeros(len(fine), "i4")))
        self.write_coadd("fine.fits", fine / 10, rows)
        table, _ = self.predict("fine.fits")
        self.assertLess(abs(self.r2(table) - self.r2(own)), 0.03)

    def test_half_an_arm_has_its_own_median(self):
        """Spectra slope: the median of what is left is not the median of all, and is not taken for
        it (R2 was -0.31 so). The same pixels are bad in our own layout, whose scale is that of all."""
        mask = np.zeros(len(self.wave), "i4")
        mask[:1000] = 1 << FLAGS["CR"]
        self.own_layout(self.flux, np.where(mask, 0, self.error), "part.h5")
        own, _ = self.predict("part.h5")
        self.write_coadd("part.fits", self.wave / 10, self.as_rows(mask=mask))
        table, _ = self.predict("part.fits")
        left = np.median(self.flux[:, 1000:], axis=1) / np.median(self.flux, axis=1)
        self.assertGreater(np.abs(left - 1).mean(), 0.01)
        self.assertGreater(self.r2(table), self.r2(own) - 0.02)

    def test_masked_stars_are_flagged_and_not_guessed(self):
        mask = np.zeros(len(self.wave), "i4")
        mask[:1000] = 1 << FLAGS["CR"]
        self.write_coadd("some.fits", self.wave / 10, self.as_rows(slice(3), mask))
        table, _ = self.predict("some.fits")
        self.assertTrue((table["flags"] & 64 == 64).all() and table.log_g_mean.notna().all())
        mask[:1097] = 1 << FLAGS["CR"]  # 2999 are left
        self.write_coadd("few.fits", self.wave / 10, self.as_rows(slice(3), mask))
        table, done = self.predict("few.fits")
        self.assertTrue((table["flags"] & 4097 == 4096).all() and table.log_g_mean.isna().all())
        self.assertRegex(done.stdout, "few_pixels +3  too few good pixels")
        mask[:] = 1 << FLAGS["CR"]
        self.write_coadd("all.fits", self.wave / 10, self.as_rows(slice(3), mask))
        table, _ = self.predict("all.fits")
        self.assertTrue((table["flags"] & 4097 == 1).all())

    def test_bits_of_the_mask_are_chosen(self):
        """By their names, which have other numbers in one of the objects (BAD is 20 there)."""
        mask = np.zeros(len(self.wave), "i4")
        mask[:1500] = 1 << FLAGS["CR"]
        mask[1500:3000] = 1 << FLAGS["EDGE"]
        self.write_coadd("bits.fits", self.wave / 10, self.as_rows(slice(3), mask))
        for bits, share in (("CR", 1500), ("EDGE", 1500), ("CR,EDGE", 3000), (f"{FLAGS['EDGE']}", 1500),
                            ("BAD", 0), ("none", 0)):
            table, _ = self.predict("bits.fits", "--mask-bits", bits)
            np.testing.assert_allclose(table.masked_fraction, share / len(self.wave), rtol=1e-5)
        done = run("headroom", "predict", self.path("run"), self.path("bits.fits"), "--mask-bits", "SKY",
                   check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("has no bit MP_SKY in its mask; give --mask-bits names that its headers have, or "
                      "numbers", done.stderr)

    def test_a_page_of_a_star(self):
        """By the id of the survey; the model spectrum is near to the star."""
        mask = np.zeros(len(self.wave), "i4")
        mask[50:60] = 1 << FLAGS["CR"]
        self.write_coadd("page.fits", self.wave / 10, self.as_rows(slice(0, 8), mask))
        table, done = self.predict("page.fits", "--plot", table_id := str(FIRST + 3))
        self.assertIn(f"star_{table_id}.png\n", done.stdout)
        for suffix in ("png", "svg", "pdf"):
            self.assertTrue(os.path.exists(self.path(f"star_{table_id}.{suffix}")))
        page = pd.read_csv(self.path(f"star_{table_id}.csv"), float_precision="round_trip")
        said = page[page["name"] == "predicted"].value.iloc[0]
        self.assertEqual(said, table[table.objId == FIRST + 3].log_g_mean.iloc[0])
        self.assertEqual((page.part == "flagged").sum(), 10)
        own, fit = page[page.part == "spectrum"], page[page.part == "fit"]
        near = fit[fit.x.isin(own.x)]
        chi2 = np.mean(((own.value.to_numpy() - near.value.to_numpy()) / own.half68.to_numpy())**2)
        self.assertTrue(0.8 < chi2 < 3, chi2)
        done = run("headroom", "predict", self.path("run"), self.path("page.fits"), "--plot", 987654,
                   "--out", self.path("none.csv"), check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr, "headroom: --plot: no star of the files is 987654 by catId, objId; "
                         "--keep names other columns to look in\n")
        self.assertFalse(os.path.exists(self.path("none.csv")))

    def test_wide_pixels_are_warned_of_once(self):
        wave = 7000 + 0.8 * np.arange(2400)
        flux = np.ones((2, 2400), "f4")
        arm = {"R": (wave, flux, flux * 100, np.zeros((2, 2400)))}
        self.write_desi("a.fits", arm, 2)
        self.write_desi("b.fits", arm, 2)
        table, done = self.predict("a.fits", self.path("b.fits"))
        self.assertEqual(done.stderr.count("so that the noise of neighbours goes together"), 1)
        self.assertEqual([int(i) for i in table.TARGETID], [FIRST, FIRST + 1] * 2)

    def test_columns_that_are_not_there(self):
        self.write_coadd("keep.fits", self.wave / 10, self.as_rows(slice(2)))
        done = run("headroom", "predict", self.path("run"), self.path("keep.fits"), "--keep", "source_id",
                   check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("has no column source_id of numbers; it has targetId, catId, tract, objId, ra, dec, "
                      "targetType", done.stderr)


class SameStars(unittest.TestCase):
    """1,000 stars as faint as a survey's, one noisy flux, in our own layout and in those of surveys:
    where the pixels are the model's the predictions are the same, and wherever the noise has the
    same strength for each angstrom, sigma holds what it says."""

    STARS = 1000

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.folder = cls.home.name
        run("headroom", "simulate", "--out", cls.path("sim"), "--train", 3000, "--shards", 1,
            "--test", cls.STARS, "--mag", "20.5,22.5", "--quiet")
        with open(cls.path("study.yaml"), "w") as file:
            file.write(f"""
experiment: {{id: SURVEY}}
data: {{train: ['{cls.path('sim/train_0/dataset.h5')}'], test: '{cls.path('sim/test/dataset.h5')}'}}
binning: {{T_eff: [3750, 6000], M_H: [-2.5, 0.75]}}
experts: {{ridge: {{alpha: [10, 100, 1000, 10000]}}}}
""")
        run("headroom", "run", cls.path("study.yaml"), "--out", cls.path("run"), "--quiet")
        with h5py.File(cls.path("sim/test/dataset.h5")) as file:
            arrays = file["dataset/arrays"]
            cls.bare, cls.flux, cls.error = (arrays[name]["value"][:].astype("f8")
                                             for name in ("flux", "noisy", "error"))
            cls.wave = file["spectrumdataset/wave"][:]
        cls.labels = pd.read_hdf(cls.path("sim/test/dataset.h5"))
        cls.own_layout(cls, cls.flux, cls.error, "own.h5")
        cls.own = cls.predict(cls, ["own.h5"])

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    path = classmethod(lambda cls, name: os.path.join(cls.folder, name))
    write_coadd = Survey.write_coadd
    write_desi = Survey.write_desi
    own_layout = Prediction.own_layout
    r2 = Prediction.r2

    def predict(self, names):
        out = self.path("table.csv")
        run("headroom", "predict", self.path("run"), *map(self.path, names), "--expert", "ridge",
            "--router", "global", "--out", out, "--quiet")
        return pd.read_csv(out)

    def check_the_same(self, table):
        self.assertEqual(len(table), self.STARS)
        self.assertLess(abs(self.r2(table) - self.r2(self.own)), 0.01)
        np.testing.assert_allclose(table.log_g_mean, self.own.log_g_mean, atol=0.05)
        np.testing.assert_allclose(table.snr, self.own.snr, rtol=2e-3)
        self.check_sigma(table)

    def check_sigma(self, table):
        missed = (table.log_g_mean - self.labels.log_g.to_numpy()).abs()
        self.assertAlmostEqual((missed <= table.log_g_half68).mean(), 0.6827, delta=0.03)
        self.assertAlmostEqual((missed <= table.log_g_half95).mean(), 0.9545, delta=0.03)

    def coadd(self, name, wave, flux, error):
        factor = 700 / per_angstrom(wave)
        none = np.zeros(len(wave), "i4")
        self.write_coadd(name, wave / 10, [((f * factor).astype("f4"), ((e * factor) ** 2).astype("f4"),
                                            none) for f, e in zip(flux, error)])

    def test_our_own_layout_has_sigma_too(self):
        self.check_sigma(self.own)

    def test_pfs(self):
        self.coadd("coadd.fits", self.wave, self.flux, self.error)
        self.check_the_same(self.predict(["coadd.fits"]))

    def test_desi(self):
        none = np.zeros(self.flux.shape)
        self.write_desi("desi.fits", {"Z": (self.wave, (3 * self.flux).astype("f4"),
                                            (3 * self.error).astype("f4") ** -2, none)}, self.STARS)
        self.check_the_same(self.predict(["desi.fits"]))

    def test_sdss(self):
        none, loglam = np.zeros(len(self.wave), "i4"), np.log10(self.wave).astype("f4")
        names = [f"spec-{i:04d}.fits" for i in range(self.STARS)]
        for i, name in enumerate(names):
            rows = np.rec.fromarrays(
                [(5 * self.flux[i]).astype("f4"), loglam, (5 * self.error[i]).astype("f4") ** -2, none, none],
                names="flux,loglam,ivar,and_mask,or_mask")
            primary = fits.PrimaryHDU()
            primary.header["PLATEID"], primary.header["MJD"], primary.header["FIBERID"] = 7512, 56777, i
            fits.HDUList([primary, fits.BinTableHDU(rows, name="COADD")]).writeto(self.path(name))
        table = self.predict(names)
        self.assertEqual(list(table.FIBERID), list(range(self.STARS)))
        self.check_the_same(table)

    def test_lamost(self):
        none, wave = np.zeros(len(self.wave), "f4"), self.wave.astype("f4")
        names = [f"lamost-{i:04d}.fits" for i in range(self.STARS)]
        for i, name in enumerate(names):
            rows = np.stack([900 * self.flux[i], (900 * self.error[i]) ** -2, wave, none, none])
            header = fits.Header({"TELESCOP": "LAMOST", "OBSID": 101000 + i})
            fits.PrimaryHDU(rows.astype("f4"), header).writeto(self.path(name))
        table = self.predict(names)
        self.assertEqual(list(table.OBSID), list(range(101000, 101000 + self.STARS)))
        self.check_the_same(table)

    def on_grid(self, wave, seed):
        """Noise-free flux as means over other pixels, and noise as strong for each angstrom."""
        def edges(centres):
            inner = 0.5 * (centres[1:] + centres[:-1])
            return np.concatenate([[2 * centres[0] - inner[0]], inner, [2 * centres[-1] - inner[-1]]])
        own, new = edges(self.wave), edges(wave)
        inside = np.clip(new, own[0], own[-1])
        total = np.concatenate([np.zeros((self.STARS, 1)), np.cumsum(self.bare * np.diff(own), axis=1)], axis=1)
        sums = np.array([np.interp(inside, own, row) for row in total])
        sums += self.bare[:, :1] * (new - inside).clip(max=0) + self.bare[:, -1:] * (new - inside).clip(min=0)
        strength = np.sqrt((self.wave[1] - self.wave[0]) / np.diff(new))
        error = np.array([np.interp(wave, self.wave, row) for row in self.error]) * strength
        flux = np.diff(sums, axis=1) / np.diff(new)
        return flux + error * np.random.default_rng(seed).normal(size=flux.shape), error

    def test_sigma_on_other_grids(self):
        """Shared noise does not make a star look brighter than it is (intervals of 68 % held 64 %
        of the stars of 0.8 A with the errors that single pixels have)."""
        for step in (0.2, 0.4, 0.8):
            wave = 7080 + step * np.arange(int(1790 / step))
            self.coadd(f"{step}.fits", wave, *self.on_grid(wave, 5))
            table = self.predict([f"{step}.fits"])
            self.check_sigma(table)
            self.assertAlmostEqual(table.snr.median() / self.own.snr.median(), 1, delta=0.06)
            self.assertGreater(self.r2(table), self.r2(self.own) - 0.01)


if __name__ == "__main__":
    unittest.main(verbosity=1)
