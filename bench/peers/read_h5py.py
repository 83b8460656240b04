"""Reading as a script does it: shard by shard, flux and error whole, flux clipped at 0.

usage: read_h5py.py FILE.h5..."""

import sys

import h5py
import numpy as np

rows = 0
for path in sys.argv[1:]:
    with h5py.File(path) as file:
        flux = file["/dataset/arrays/flux/value"][()].astype(np.float32, copy=False)
        error = file["/dataset/arrays/error/value"][()].astype(np.float32, copy=False)
    np.clip(flux, 0, None, out=flux)
    rows += len(flux)
    del flux, error
print(rows)
