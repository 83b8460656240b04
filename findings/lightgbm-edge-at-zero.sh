#!/usr/bin/env bash
# LightGBM's model changes when one constant is added to every feature: its histograms have
# an edge at zero wherever zero lies within the values.
#
# Version: lightgbm 4.6.0. The features are multiples of 1/1024, so that adding the constant
# is exact; one thread, deterministic. Constants that leave all values above zero (1, 8,
# 1024) give one and the same model; 0 is another one, as values reach zero, and so is -0.5,
# where zero is in their midst. So continuum-subtracted flux has not the trees that the same
# flux has around 1, whatever the number of trees.
# Output seen: largest change of a prediction 0.0000 (0), 0.1158 (-0.5), 0.0910 (1, 8, 1024),
# of a target whose spread is 0.3.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet lightgbm==4.6.0 numpy==1.26.4
"$folder/venv/bin/python" - <<'PYTHON'
import lightgbm
import numpy as np

random = np.random.default_rng(0)
features = np.round(random.uniform(0, 1, (2000, 5)) * 1024) / 1024
target = features[:, 0] + 0.3 * features[:, 1] ** 2 + 0.1 * random.normal(size=2000)
settings = {"objective": "regression", "verbosity": -1, "num_threads": 1,
            "deterministic": True, "max_bin": 15, "min_data_in_leaf": 20}


def predict(constant):
    shifted = features + constant
    model = lightgbm.train(settings, lightgbm.Dataset(shifted, target), 20)
    return model.predict(shifted)


above = predict(1.0)
change = {c: float(np.abs(predict(c) - predict(0.0)).max())
          for c in (0.0, -0.5, 1.0, 8.0, 1024.0)}
for constant, largest in change.items():
    print(f"added {constant:7g}: predictions change by {largest:.4f} at most")
assert change[0.0] == 0
assert all(np.array_equal(predict(c), above) for c in (8.0, 1024.0))
assert change[-0.5] > 0.05 and change[1.0] > 0.05
PYTHON
