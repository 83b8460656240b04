"""Frames written by pandas itself are read by our C reader as pandas reads them.

usage: python3 test_frames.py BUILD_DIR
"""
import os
import subprocess
import sys
import tempfile
import unittest
import warnings

import h5py
import numpy as np
import pandas as pd
import tables

BUILD = "."
ROWS = 1000


def labels(rows=ROWS, seed=1):
    """Columns of every kind the users have, in an order that no block keeps."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "T_eff": rng.uniform(3750, 6000, rows),
        "visits": rng.integers(-5, 2**60, rows),
        "log_g": rng.uniform(1, 5, rows),
        "good": rng.random(rows) < 0.5,
        "M_H": rng.uniform(-2.5, 0.75, rows).astype("f4"),
        "name": ["star%d" % i for i in range(rows)],
        "snr": rng.uniform(2, 28, rows),
        "field": rng.integers(0, 200, rows).astype("u1"),
        "a_M": rng.normal(size=rows).astype("f4"),
        "redshift": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
        "mag": rng.integers(-99, 99, rows).astype("i2"),
        "bright": rng.random(rows) < 0.2,
        "Å_温度": rng.normal(size=rows),
    })


class Frames(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "dataset.h5")
        warnings.simplefilter("ignore")  # PerformanceWarning, NaturalNameWarning

    def tearDown(self):
        self.folder.cleanup()

    def print_labels(self):
        return subprocess.run([os.path.join(BUILD, "tool_print_labels"), self.path],
                              capture_output=True, text=True)

    def read(self):
        done = self.print_labels()
        self.assertEqual(done.returncode, 0, done.stderr)
        header, *lines = done.stdout.split("\n")[:-1]
        names = header.split(",") if header else []
        values = [line.split(",") if line else [] for line in lines]
        numbers = np.array(values, dtype=float).reshape(len(lines), len(names))
        return names, numbers, done.stderr

    def check(self, key=None, index_levels=()):
        """Our columns are the numeric ones of pandas, in its order and to the bit."""
        frame = pd.read_hdf(self.path, key=key)
        if index_levels:
            frame = frame.reset_index(list(index_levels))
        expected = frame.select_dtypes(["number", "bool"])
        names, numbers, told = self.read()
        self.assertEqual(sorted(names), sorted(expected.columns))
        if not index_levels:
            self.assertEqual(names, list(expected.columns))
        self.assertEqual(len(numbers), len(frame))
        for k, name in enumerate(names):
            ours, theirs = numbers[:, k], expected[name].to_numpy().astype(float)
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
        return told

    def refused(self, sentence, status=3):
        done = self.print_labels()
        self.assertEqual(done.returncode, status)
        self.assertEqual(done.stderr.strip(), sentence.replace("@", self.path))
        self.assertEqual(done.stdout, "")

    # --- the 'table' layout ---

    def test_table(self):
        labels().to_hdf(self.path, "dataset/params", format="table")
        self.assertEqual(self.check(), "")

    def test_table_appended_in_steps(self):
        frame = labels()
        for first in range(0, ROWS, 300):  # each step repeats the index 0, 1, ...
            step = frame.iloc[first:first + 300].reset_index(drop=True)
            step.to_hdf(self.path, "dataset/params", format="table", append=True,
                        mode="a", min_itemsize={"name": 20})
        self.check()

    def test_table_all_data_columns(self):
        labels().to_hdf(self.path, "dataset/params", format="table", data_columns=True)
        self.check()

    def test_table_some_data_columns(self):
        labels().to_hdf(self.path, "dataset/params", format="table",
                        data_columns=["log_g", "good", "name", "M_H"],
                        min_itemsize={"name": 40})
        self.check()

    def test_table_compressed(self):
        labels().to_hdf(self.path, "dataset/params", format="table", complevel=9,
                        complib="zlib")
        self.check()

    def test_table_of_many_rows(self):
        labels(100_000).to_hdf(self.path, "dataset/params", format="table")
        self.check()

    def test_table_of_no_rows(self):
        labels().to_hdf(self.path, "dataset/params", format="table")
        with tables.open_file(self.path, "a") as file:
            file.root.dataset.params.table.truncate(0)
        self.check(key="dataset/params")

    def test_table_with_dates_and_categories(self):
        frame = labels()
        frame["night"] = pd.date_range("2025-01-01", periods=ROWS)
        frame["kind"] = pd.Categorical(np.where(frame.good, "a", "b"))
        frame.to_hdf(self.path, "dataset/params", format="table")
        told = self.check(key="dataset/params")
        self.assertEqual(told, (
            f"{self.path}: column night of /dataset/params holds dates or durations and "
            "is skipped\n"
            f"{self.path}: column kind of /dataset/params holds categories and is "
            "skipped\n"))

    def test_table_with_levels_in_its_index(self):
        frame = labels().set_index(["name", "visits"])
        frame.to_hdf(self.path, "dataset/params", format="table")
        self.check(index_levels=["name", "visits"])

    def test_table_with_named_text_index(self):
        labels().set_index("name").to_hdf(self.path, "dataset/params", format="table")
        self.check()

    # --- the 'fixed' layout ---

    def test_fixed(self):
        frame = labels().drop(columns="name")
        frame.to_hdf(self.path, "dataset/params", format="fixed")
        self.assertEqual(self.check(), "")

    def test_fixed_with_objects(self):
        labels().to_hdf(self.path, "dataset/params", format="fixed")
        self.assertEqual(self.check(), "")  # text, if pickled

    def test_fixed_compressed(self):
        labels().to_hdf(self.path, "dataset/params", format="fixed", complevel=5)
        self.check()

    def test_fixed_of_no_rows(self):
        labels().iloc[:0].to_hdf(self.path, "dataset/params", format="fixed")
        self.check()

    def test_fixed_of_no_columns(self):
        labels()[[]].to_hdf(self.path, "dataset/params", format="fixed")
        names, numbers, _ = self.read()
        self.assertEqual(names, [])
        self.assertEqual(len(numbers), ROWS)

    def test_fixed_of_many_rows(self):
        labels(200_000).drop(columns="name").to_hdf(self.path, "dataset/params")
        self.check()

    def test_fixed_not_transposed(self):
        frame = labels()[["T_eff", "log_g"]]
        frame.to_hdf(self.path, "dataset/params", format="fixed")
        with tables.open_file(self.path, "a") as file:
            group = file.root.dataset.params
            values = group.block0_values[:].T.copy()
            file.remove_node(group, "block0_values")
            file.create_array(group, "block0_values", values)
            group.block0_values._v_attrs.transposed = False
        pd.testing.assert_frame_equal(pd.read_hdf(self.path), frame)
        self.check()

    def test_fixed_with_text_index(self):
        labels().set_index("name").to_hdf(self.path, "dataset/params", format="fixed")
        self.check()

    def test_fixed_with_levels_in_its_index(self):
        frame = labels().set_index(["name", "field"])
        frame.to_hdf(self.path, "dataset/params", format="fixed")
        self.check()

    # --- where the frame is, and who made the file ---

    def test_other_key(self):
        labels().to_hdf(self.path, "my/labels", format="table")
        self.check()

    def test_root_made_by_h5py(self):
        with h5py.File(self.path, "w") as file:
            file["dataset/arrays/flux/value"] = np.ones((ROWS, 4))
        for layout in "table", "fixed":
            labels().to_hdf(self.path, "dataset/params", format=layout, mode="a")
            self.check(key="dataset/params")

    def test_params_among_other_frames(self):
        labels(seed=2).to_hdf(self.path, "a/labels", format="fixed")
        labels().to_hdf(self.path, "dataset/params", format="table", mode="a")
        self.check(key="dataset/params")

    def test_series_is_no_frame(self):
        labels().T_eff.to_hdf(self.path, "dataset/params", format="table")
        self.refused("HR_ERR_MISSING: @ holds no pandas DataFrame; write the labels with "
                     "DataFrame.to_hdf(file, 'dataset/params')")

    # --- refused ---

    def test_column_levels(self):
        levels = pd.MultiIndex.from_product([["a"], ["b", "c"]])
        frame = pd.DataFrame(np.eye(2), columns=levels)
        frame.to_hdf(self.path, "dataset/params", format="fixed")
        self.refused("HR_ERR_FORMAT: @: the columns of /dataset/params have names of "
                     "several levels (MultiIndex); flatten the columns before writing")
        os.unlink(self.path)
        frame.to_hdf(self.path, "dataset/params", format="table")
        self.refused("HR_ERR_FORMAT: @: attribute values_block_0_kind of "
                     "/dataset/params/table: column 0 has a name of several levels "
                     "(MultiIndex); flatten the columns before writing")

    def test_numbered_columns(self):
        frame = pd.DataFrame(np.eye(2))
        frame.to_hdf(self.path, "dataset/params", format="fixed")
        self.refused("HR_ERR_FORMAT: @: the column names in /dataset/params/axis0 are "
                     "not text; give columns text names before writing")
        os.unlink(self.path)
        frame.to_hdf(self.path, "dataset/params", format="table")
        self.refused("HR_ERR_FORMAT: @: attribute values_block_0_kind of "
                     "/dataset/params/table: the name of column 0 is a number; give "
                     "columns text names before writing")

    def test_filter_that_hdf5_does_not_have(self):
        labels().to_hdf(self.path, "dataset/params", format="table", complevel=5,
                        complib="blosc")
        self.refused("HR_ERR_FORMAT: @: /dataset/params/table is compressed with blosc "
                     "(filter 32001), which this HDF5 does not know; write it with gzip "
                     "or not compressed")


if __name__ == "__main__":
    BUILD = sys.argv.pop(1)
    unittest.main()
