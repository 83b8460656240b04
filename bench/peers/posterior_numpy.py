"""The posterior mean over templates as a user would write it: fp32 NumPy, two products.

    posterior_numpy.py OUT.npy TEMPLATES TEST.h5 TRAIN.h5...
"""

import sys
import time

import h5py
import numpy as np
import pandas

BLOCK = 10000  # templates a product


def read(path, name, rows=None):
    with h5py.File(path) as file:
        return file[f"/dataset/arrays/{name}/value"][:rows]


def main(out, most, test, *train):
    flux, target = [], []
    for path in train:
        left = most - sum(map(len, flux))
        if left > 0:
            flux.append(read(path, "flux", left))
            target.append(pandas.read_hdf(path, "/dataset/params")["log_g"].to_numpy()[:left])
    flux, target = np.concatenate(flux), np.concatenate(target)
    x, sigma = read(test, "noisy"), read(test, "error")
    start = time.process_time()
    inverse = 1 / sigma**2
    cross, centre = x * inverse, flux.mean(axis=0)
    cross -= centre * inverse  # what fp32 needs: templates and spectra less their mean
    weight = np.empty((len(x), len(flux)), np.float32)
    for first in range(0, len(flux), BLOCK):
        part = flux[first:first + BLOCK] - centre
        weight[:, first:first + BLOCK] = cross @ part.T - 0.5 * (inverse @ (part**2).T)
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    mean = weight @ target / weight.sum(axis=1)
    print(f"compare {time.process_time() - start:.3f} s")
    np.save(out, mean)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], *sys.argv[4:])
