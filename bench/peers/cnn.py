"""The same network, trained by PyTorch as a user would: bench/cnn.sh runs it.

usage: cnn.py speed TOOL PLACE THREADS NORM
       cnn.py train DATA_FOLDER OUT.csv BIN EPOCHS BATCH THREADS

speed: samples a second of training steps, ours (TOOL is tool_train_network) and PyTorch's, in
turn, on the same random batches of 256 spectra of 4096 pixels. train: DATA_FOLDER as `headroom
simulate` writes it; a fifth of the bin's rows is held out, each epoch draws the noise anew, the
best epoch's weights predict the test rows' stored noisy flux. OUT.csv: the curve. Products are
in bf16 where the processor has them, like ours. The environment may name another SEED,
PRECISION=fp32, and how often REPEATS (5) speed is measured."""

import csv
import glob
import os
import statistics
import sys
import time

import torch_network as network  # before torch
import h5py
import numpy as np
import pandas
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests",
                                "python"))
import network_peer as peer

TEFF, MH = [3750, 4500, 5250, 6000], [-2.0, -1.0, 0.0, 0.5]
RATE, DECAY, WARM_UP = 1e-3, 0.01, 1
SEED = int(os.environ.get("SEED", "42"))
REPEATS = int(os.environ.get("REPEATS", "5"))


def steps_of_theirs(net, x, y, bf16, flat):
    """Samples a second by the clock and by the processor's time, of the steps after the first."""
    adam = network.optimiser(net, RATE, DECAY)
    net.train()
    x = [network.shaped(torch.tensor(batch), flat) for batch in x]
    y = [torch.tensor(target) for target in y]
    network.step(net, adam, x[0], y[0], bf16)
    wall, processor = time.perf_counter(), time.process_time()
    for batch, target in zip(x[1:], y[1:]):
        network.step(net, adam, batch, target, bf16)
    count = (len(x) - 1) * x[0].shape[0]
    return count / (time.perf_counter() - wall), count / (time.process_time() - processor)


def speed(tool, place, threads, norm):
    torch.set_num_threads(threads)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    shape = (network.PIXELS, network.CHANNELS, network.KERNEL, network.POOL, network.HIDDEN, norm)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((9, 256, network.PIXELS)).astype(np.float32)
    y = rng.standard_normal((9, 256)).astype(np.float32)
    start = peer.in_our_order(peer.make(*shape))
    ways = [("fp32", False, False), ("bf16", True, False),
            ("fp32, Conv1d", False, True), ("bf16, Conv1d", True, True)]
    rates, shares = {}, []
    for _ in range(REPEATS):
        for precision in ("fp32", "bf16"):
            _, (seconds, products, operations, processor) = peer.train_ours(
                tool, shape, start, x, y, RATE, DECAY, place, precision)
            rates.setdefault(("headroom", precision), []).append(
                (8 * 256 / seconds, 8 * 256 / processor))
            if precision == "fp32":
                shares.append(rates["headroom", "fp32"][-1][0] * operations / products)
        for name, bf16, flat in ways:
            count = 4 if flat else 9
            rates.setdefault(("PyTorch", name), []).append(steps_of_theirs(
                network.make(norm, flat), x[:count], y[:count], bf16, flat))
    print(f"\nBatch normalisation {'on' if norm else 'off'}, {threads} threads, PyTorch "
          f"{torch.__version__}, medians of {REPEATS}; headroom in fp32 has "
          f"{statistics.median(shares):.2f} of the rate of matrix products.\n\n"
          "| program | samples a second | a second of processor time | headroom's, times as fast |"
          "\n|---|---:|---:|---:|")
    for (program, name), pairs in rates.items():
        wall, processor = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
        ratios = sorted(a[1] / b[1] for a, b in zip(rates["headroom", name[:4]], pairs))
        ratio = "" if program == "headroom" else (
            f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
        print(f"| {program}, {name} | {wall:.0f} | {processor:.0f} | {ratio} |")


def load(path, k):
    """Flux, error, noisy flux (or None) and target of one bin's rows."""
    labels = pandas.read_hdf(path, "/dataset/params")
    t = np.digitize(labels["T_eff"], TEFF) - 1
    m = np.digitize(labels["M_H"], MH) - 1
    here = np.flatnonzero((t >= 0) & (t < 3) & (m >= 0) & (m < 3) & (3 * t + m == k))
    with h5py.File(path) as file:
        arrays = file["/dataset/arrays"]
        flux, error = (arrays[f"{name}/value"][here].astype(np.float32)
                       for name in ("flux", "error"))
        noisy = arrays["noisy/value"][here].astype(np.float32) if "noisy" in arrays else None
    return np.clip(flux, 0, None), error, noisy, labels["log_g"].to_numpy()[here]


def r2(target, predicted):
    return 1 - np.sum((target - predicted) ** 2) / np.sum((target - target.mean()) ** 2)


class Training:
    def __init__(self, folder, k, epochs, batch):
        shards = [load(path, k) for path in sorted(glob.glob(f"{folder}/train_*/dataset.h5"))]
        flux, error = (np.concatenate([s[i] for s in shards]) for i in (0, 1))
        target = np.concatenate([s[3] for s in shards])
        self.rng = np.random.default_rng(SEED)
        held = self.rng.random(target.size) < 0.2
        self.flux, self.error = flux[~held], error[~held]
        noisy = self.draw(np.arange(self.flux.shape[0]))
        self.mean, self.deviation = noisy.mean(0), noisy.std(0)
        self.target_mean, self.target_deviation = target[~held].mean(), target[~held].std()
        self.target = self.standard(target[~held])
        held_noisy = flux[held] + error[held] * self.rng.standard_normal(flux[held].shape,
                                                                         dtype=np.float32)
        self.held_out = held_noisy, self.standard(target[held])
        _, _, test_noisy, test_target = load(f"{folder}/test/dataset.h5", k)
        self.test = test_noisy, self.standard(test_target)
        torch.manual_seed(SEED)
        self.net = network.make(True)
        self.optimiser = network.optimiser(self.net, RATE, DECAY)
        self.bf16 = network.has_bf16()
        self.batch, self.epochs = batch, epochs

    def standard(self, target):
        return ((target - self.target_mean) / self.target_deviation).astype(np.float32)

    def draw(self, rows):
        z = self.rng.standard_normal((rows.size, network.PIXELS), dtype=np.float32)
        return self.flux[rows] + self.error[rows] * z

    def tensor(self, noisy):
        return network.shaped(torch.tensor((noisy - self.mean) / self.deviation))

    def rate(self, step, steps):
        warm_up, all_ = WARM_UP * steps, self.epochs * steps
        if step < warm_up:
            return RATE * (step + 1) / warm_up
        return 0.5 * RATE * (1 + np.cos(np.pi * (step - warm_up) / (all_ - warm_up)))

    def epoch(self, number):
        self.net.train()
        order = self.rng.permutation(self.target.size)
        batches = np.array_split(order, -(-order.size // self.batch))
        total = 0.0
        for i, rows in enumerate(batches):
            self.optimiser.param_groups[0]["lr"] = self.rate(number * len(batches) + i,
                                                             len(batches))
            loss = network.step(self.net, self.optimiser, self.tensor(self.draw(rows)),
                                torch.tensor(self.target[rows]), self.bf16)
            total += loss * rows.size
        return total / order.size

    def score(self, noisy, target):
        self.net.eval()
        with torch.no_grad():
            parts = [network.forward(self.net, self.tensor(noisy[i:i + 256]), self.bf16).numpy()
                     for i in range(0, len(noisy), 256)]
        return r2(target, np.concatenate(parts))


def train(folder, out, k, epochs, batch, threads):
    torch.set_num_threads(threads)
    training = Training(folder, k, epochs, batch)
    best, weights, begun = -np.inf, None, time.perf_counter()
    with open(out, "w", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", "train_loss", "validation_r2"])
        for number in range(epochs):
            loss = training.epoch(number)
            score = training.score(*training.held_out)
            writer.writerow([number + 1, f"{loss:.5f}", f"{score:.5f}"])
            file.flush()
            if score > best:
                best = score
                weights = {name: value.clone() for name, value in
                           training.net.state_dict().items()}
    seconds = time.perf_counter() - begun
    training.net.load_state_dict(weights)
    test = training.score(*training.test)
    return test, (f"PyTorch, bin {k}: {training.target.size} rows trained on, validation R2 "
                  f"{best:.4f}, test R2 {test:.4f}, {seconds:.0f} s")


def main():
    words = sys.argv[1:]
    if words[:1] == ["speed"] and len(words) == 5:
        speed(words[1], words[2], int(words[3]), words[4] == "1")
    elif words[:1] == ["train"] and len(words) == 7:
        print(train(words[1], words[2], *map(int, words[3:]))[1])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
