#!/usr/bin/env bash
# HDF5 rounds ties away from zero when it converts fp64 to 2-byte floats; NumPy rounds them
# to even.
#
# Versions: h5py 3.11.0 with its own HDF5 1.14.2, NumPy 1.26.4. (HDF5 1.10.8 does the same.)
# Flux or labels that are written into an 'f2' dataset from fp64 are therefore not those of
# astype('f2'): a T_eff of 5250 K becomes 5252 in the file and 5248 in NumPy.
# Output seen:
#   HDF5  [2050.0, 5252.0, 1.0009765625, 2052.0]
#   NumPy [2048.0, 5248.0, 1.0, 2052.0]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet h5py==3.11.0 numpy==1.26.4
"$folder/venv/bin/python" - "$folder/half.h5" <<'PYTHON'
import sys

import h5py
import numpy as np

numbers = np.array([2049.0, 5250.0, 1 + 2.0 ** -11, 2051.0])  # halfway between two halves
with h5py.File(sys.argv[1], "w") as file:
    data = file.create_dataset("x", numbers.shape, "f2")
    data[...] = numbers
    hdf5 = data[...].astype("f8").tolist()
numpy = numbers.astype("f2").astype("f8").tolist()
print("HDF5 ", hdf5)
print("NumPy", numpy)
assert h5py.version.hdf5_version == "1.14.2", h5py.version.hdf5_version
assert hdf5 == [2050.0, 5252.0, 1.0009765625, 2052.0]
assert numpy == [2048.0, 5248.0, 1.0, 2052.0]
PYTHON
