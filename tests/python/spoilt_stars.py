"""Studies of made-up stars in which a test spoils one thing at a time."""

import os

import h5py

import made_stars

EDGES = "{T_eff: [3750, 4900, 6000], M_H: [-2.0, -0.75, 0.5], at_risk_below: 10}"


def write(path, stars, format="table", **storage):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path):
        os.remove(path)
    with h5py.File(path, "w") as file:
        file["/spectrumdataset/wave"] = stars["wave"]
        for name in ("flux", "error", "noisy", "mask"):
            if stars.get(name) is not None:
                file.create_dataset(f"/dataset/arrays/{name}/value", data=stars[name],
                                    **storage)
    stars["labels"].to_hdf(path, key="dataset/params", mode="a", format=format)


def study(folder, spoil=None, data="", experts="  ridge: {alpha: [0.1, 1, 10]}\n", shards=2,
          rows=(400, 300), **how):
    """Writes `shards` training files and a test set; spoil(stars, name) changes or replaces
    the stars of one. The path of study.yaml."""
    names = [f"train_{i}.h5" for i in range(shards)]
    for seed, name in enumerate(names + ["test.h5"]):
        stars = made_stars.stars(rows[name == "test.h5"], seed=seed + 1)
        if spoil:
            stars = spoil(stars, name) or stars
        write(os.path.join(folder, name), stars, **how)
    path = os.path.join(folder, "study.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"experiment: {{id: made}}\ndata:\n  train: [{', '.join(names)}]\n"
                   f"  test: test.h5\n{data}binning: {EDGES}\n"
                   f"experts:\n{experts}controls: {{placebo: false, leakage: false}}\n")
    return path
