"""The pull stream against numpy: preparation, noise, and what reading costs.

    python3 test_stream.py BUILD_DIR
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np
import pandas as pd

TOOL = os.path.join(sys.argv[1], "tool_dump_rows")
PIXELS = 67


def write_shard(path, flux, error, noisy=None, **storage):
    """Arrays by h5py and labels by pandas, as the users' own files."""
    with h5py.File(path, "w") as file:
        file["spectrumdataset/wave"] = np.linspace(7100, 8850, flux.shape[1])
        for name, values in (("flux", flux), ("error", error), ("noisy", noisy)):
            if values is not None:
                file.create_dataset(f"dataset/arrays/{name}/value", data=values,
                                    **storage)
    labels = pd.DataFrame({"T_eff": np.full(len(flux), 5000.0), "log_g": 2.5, "M_H": 0.1})
    labels.to_hdf(path, key="dataset/params", mode="a", format="table")


def make_rows(rows, pixels, seed):
    """Flux that needs clipping, errors with NaN at edges and inside."""
    random = np.random.default_rng(seed)
    flux = random.normal(0.5, 0.4, (rows, pixels))
    error = random.uniform(0.01, 0.2, (rows, pixels))
    error[random.random((rows, pixels)) < 0.2] = np.nan
    error[::3, :5] = np.nan
    error[1::3, -7:] = np.nan
    error[:, pixels // 2] = 0.1  # no row is without any
    error[::5, pixels // 2 + 1] = 0.0
    error[::7, pixels // 2 + 2] = -0.1
    return flux, error


def prepare(flux, error):
    """Bad pixels have an error of 0; nothing is known that could stand in for their flux."""
    flux, error = flux.astype(np.float32), error.astype(np.float32)
    return np.maximum(flux, np.float32(0)), np.where(error > 0, error, np.float32(0))


class Stream(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.folder = self.scratch.name
        self.flux, self.error = make_rows(50, PIXELS, 1)
        self.noisy = self.flux + 1

    def shards(self, dtype="f8", **storage):
        """The rows as two files of 31 and 19 rows."""
        paths = [os.path.join(self.folder, f"{i}.h5") for i in range(2)]
        for path, part in zip(paths, (slice(0, 31), slice(31, 50))):
            flux, error, noisy = (values[part].astype(dtype) for values in
                                  (self.flux, self.error, self.noisy))
            write_shard(path, flux, error, noisy, **storage)
        return paths

    def dump(self, paths, noise="generated", level=1.0, seed=42, split="train",
             block_rows=0, memory=0, prefix=None, threads=2):
        prefix = prefix or os.path.join(self.folder, "out")
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        done = subprocess.run(
            [TOOL, prefix, noise, str(level), str(seed), split, str(block_rows),
             str(memory), *paths],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        counts = json.loads(done.stdout)
        arrays = {}
        for name in ("flux", "error", "noisy", "z"):
            path = f"{prefix}.{name}.f32"
            if os.path.exists(path):
                arrays[name] = np.fromfile(path, np.float32).reshape(-1, counts["pixels"])
                os.remove(path)
        return counts, arrays

    def test_preparation_is_that_of_numpy(self):
        counts, arrays = self.dump(self.shards(), noise="none")
        flux, error = prepare(self.flux, self.error)
        np.testing.assert_array_equal(arrays["flux"], flux)
        np.testing.assert_array_equal(arrays["error"], error)
        self.assertNotIn("noisy", arrays)
        self.assertEqual(counts["rows"], 50)
        self.assertEqual(counts["clipped"], np.sum(self.flux < 0))
        self.assertEqual(counts["unknown"], np.sum(np.isnan(self.error)))
        self.assertEqual(counts["nonpositive"], np.sum(self.error <= 0))
        self.assertEqual(counts["bytes_read"], self.flux.nbytes + self.error.nbytes)

    def test_generated_noise_is_reproduced_to_the_bit(self):
        _, arrays = self.dump(self.shards(), level=0.7)
        flux, error = prepare(self.flux, self.error)
        sigma = np.where(error > 0, error, 0).astype(np.float64)
        noisy = flux.astype(np.float64) + (0.7 * sigma) * arrays["z"].astype(np.float64)
        np.testing.assert_array_equal(arrays["noisy"], noisy.astype(np.float32))
        z = arrays["z"].ravel()
        self.assertLess(abs(z.mean()), 4 / np.sqrt(z.size))
        self.assertLess(abs(z.var() - 1), 4 * np.sqrt(2 / z.size))

    def test_noise_has_its_own_numbers_for_every_seed_and_split(self):
        paths = self.shards()
        first = self.dump(paths)[1]["z"]
        self.assertFalse(np.any(self.dump(paths, seed=43)[1]["z"] == first))
        self.assertFalse(np.any(self.dump(paths, split="test")[1]["z"] == first))
        self.assertEqual(len(np.unique(first, axis=0)), 50)

    def test_level_zero_is_exactly_clean(self):
        _, arrays = self.dump(self.shards(), level=0)
        self.assertEqual(arrays["noisy"].tobytes(), arrays["flux"].tobytes())

    def test_stored_noise_comes_as_it_is(self):
        _, arrays = self.dump(self.shards(), noise="stored")
        np.testing.assert_array_equal(arrays["noisy"], self.noisy.astype(np.float32))

    def test_blocks_threads_and_storage_do_not_change_a_byte(self):
        reference = None
        ways = [dict(), dict(chunks=(8, PIXELS)), dict(chunks=(5, 16)),
                dict(chunks=(19, 67), compression="gzip", shuffle=True)]
        for way in ways:
            for dtype in ("f8", ">f8"):
                paths = self.shards(dtype, **way)
                for block_rows, threads in ((1, 2), (7, 1), (1000, 2)):
                    _, arrays = self.dump(paths, block_rows=block_rows, threads=threads)
                    got = {name: values.tobytes() for name, values in arrays.items()}
                    reference = reference or got
                    self.assertEqual(got, reference, (way, dtype, block_rows))

    def test_single_precision_files_are_read_as_they_are(self):
        for dtype in ("f4", ">f4"):
            counts, arrays = self.dump(self.shards(dtype))
            flux, error = prepare(self.flux, self.error)
            np.testing.assert_array_equal(arrays["flux"], flux)
            np.testing.assert_array_equal(arrays["error"], error)
            self.assertEqual(counts["bytes_read"], 2 * 4 * 50 * PIXELS)

    def peak_memory(self, rows, memory, **storage):
        """Peak resident bytes of a process that streams `rows` rows of 1024 fp64."""
        path = os.path.join(self.folder, "large.h5")
        flux = np.ones((rows, 1024))
        write_shard(path, flux, flux, **storage)
        counts, _ = self.dump([path], memory=memory, prefix="-")
        self.assertLessEqual(counts["memory"], memory)
        self.assertEqual(counts["bytes_read"], 2 * flux.nbytes)
        return counts["peak_memory"]

    def test_memory_does_not_grow_with_the_rows(self):
        memory = 8 << 20
        for storage in (dict(), dict(chunks=(2048, 1024)), dict(chunks=(64, 128)),
                        dict(chunks=(64, 128), compression="gzip", compression_opts=1)):
            base = self.peak_memory(16, memory)
            large = self.peak_memory(4096, memory, **storage)
            # 64 MiB of arrays through 8 MiB of buffers; the rest is what HDF5 itself and
            # labels need.
            self.assertLess(large - base, memory + (2 << 20), storage)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
