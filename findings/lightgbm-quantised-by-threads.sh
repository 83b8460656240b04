#!/usr/bin/env bash
# With quantised gradients LightGBM grows other trees on two threads than on one, although
# `deterministic` is set, which on the CPU is to make models independent of the threads: the
# predictions of the two models are half the target's spread apart.
#
# Version: lightgbm 4.7.0. Two runs on one thread are the same, and with
# `stochastic_rounding=false` one and two threads are: it is the rounding at random, the
# default with quantised gradients, that follows the threads.
# Output seen: one thread against two, rounded at random: 0.582 of the target's spread; one
# against one: 0.000; one against two, rounded to the nearest: 0.000.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lightgbm==4.7.0 numpy==1.26.4
"$folder/venv/bin/python" - <<'PYTHON'
import lightgbm
import numpy as np

random = np.random.default_rng(1)
features = random.standard_normal((4000, 200)).astype(np.float32)
target = features[:, :10].sum(axis=1) + random.standard_normal(4000)


def predict(threads, **more):
    settings = dict(objective="regression", seed=1, deterministic=True, force_col_wise=True,
                    verbosity=-1, num_threads=threads, use_quantized_grad=True, **more)
    return lightgbm.train(settings, lightgbm.Dataset(features, target), 50).predict(features)


def apart(one, other):
    return float(np.abs(one - other).max() / target.std())


at_random, again, on_two = predict(1), predict(1), predict(2)
nearest, nearest_on_two = (predict(n, stochastic_rounding=False) for n in (1, 2))
print(f"rounded at random: one thread against two {apart(at_random, on_two):.3f} of the "
      f"target's spread, against one {apart(at_random, again):.3f}")
print(f"rounded to the nearest: one thread against two {apart(nearest, nearest_on_two):.3f}")
assert apart(at_random, on_two) > 0.1
assert apart(at_random, again) == 0
assert apart(nearest, nearest_on_two) == 0
PYTHON
