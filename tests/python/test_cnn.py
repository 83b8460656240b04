"""The network and the 1D-CNN expert against PyTorch, and the expert's life in a study."""

import csv
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np

import study_data

BUILD = sys.argv[1]
try:
    import torch
    import network_peer as peer
except ImportError as reason:
    print(f"skipped: {reason}; scripts/setup.sh test brings PyTorch")
    sys.exit(0)

# pixels, channels, kernel, pool, hidden, batch normalisation, outputs where there are several
SHAPES = [(4096, (32, 64, 32), 5, 4, 64, False), (4096, (32, 64, 32), 5, 4, 64, True),
          (203, (5, 18), 7, 3, 10, False), (203, (5, 18), 7, 3, 10, True),
          (203, (5, 18), 7, 3, 10, True, 2)]


def r2(target, predicted):
    return 1 - np.sum((target - predicted) ** 2) / np.sum((target - target.mean()) ** 2)


class Network(unittest.TestCase):
    def compare(self, shape, rows, steps):
        """Forward, gradient and ten steps from the same weights on the same batches."""
        torch.manual_seed(1)
        torch.set_num_threads(1)
        rng = np.random.default_rng(2)
        x = rng.standard_normal((steps, rows, shape[0])).astype(np.float32)
        y = (x[:, :, 7] + 0.1 * rng.standard_normal((steps, rows))).astype(np.float32)
        if len(shape) > 6:
            y = np.stack([y] + [x[:, :, 40 + k] for k in range(1, shape[6])], axis=2)
        net = peer.make(*shape)
        start = peer.in_our_order(net)
        with tempfile.TemporaryDirectory() as place:
            ours, _ = peer.train_ours(os.path.join(BUILD, "tool_train_network"), shape, start, x,
                                      y, 1e-3, 0.01, place)
        theirs = peer.train(net, x, y, 1e-3, 0.01)
        np.testing.assert_allclose(ours["outputs"], theirs["outputs"], rtol=0, atol=1e-5)
        scale = np.abs(theirs["gradient"]).max()
        np.testing.assert_allclose(ours["gradient"], theirs["gradient"], rtol=1e-4,
                                   atol=2e-5 * scale)
        # Adam's first steps are of the learning rate's size, however small a gradient is, so that
        # rounding, which is each processor's own, grows from step to step.
        np.testing.assert_allclose(ours["losses"][:5], theirs["losses"][:5], rtol=0, atol=1e-4)
        np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=0, atol=2e-3)
        self.assertGreater(abs(theirs["losses"][0] - theirs["losses"][-1]), 1e-2)
        # A bias before the normalisation has no gradient but rounding, which Adam blows up to
        # steps of the learning rate; the means follow the biases.
        for pair in zip(*(self.moments(shape, s) for s in (ours["statistics"],
                                                           peer.statistics(net)))):
            np.testing.assert_allclose(pair[0]["mean"], pair[1]["mean"], rtol=0, atol=0.01)
            np.testing.assert_allclose(pair[0]["variance"], pair[1]["variance"], rtol=1e-3)
        # Predictions with our weights: the two trainings drift apart by rounding alone.
        peer.put_our_order(net, ours["parameters"])
        peer.put_statistics(net, ours["statistics"])
        net.eval()
        with torch.no_grad():
            predicted = net(torch.tensor(x[0])[:, None, :]).numpy().ravel()
        np.testing.assert_allclose(ours["predicted"], predicted, rtol=0, atol=2e-5)

    @staticmethod
    def moments(shape, flat):
        parts = np.split(flat, np.cumsum([n for n in shape[1] for _ in range(2)])[:-1])
        return [{"mean": parts[i], "variance": parts[i + 1]}
                for i in range(0, len(parts) - 1, 2)]

    def test_it_is_pytorch_s(self):
        for shape in SHAPES:
            with self.subTest(shape=shape):
                self.compare(shape, 16, 10)

    def test_bf16_stays_near(self):
        """Factors rounded to 8 bits: the gradient by a few per cent, the losses by less."""
        for shape in SHAPES[:2]:
            torch.manual_seed(1)
            rng = np.random.default_rng(2)
            x = rng.standard_normal((10, 16, shape[0])).astype(np.float32)
            y = (x[:, :, 7] + 0.1 * rng.standard_normal((10, 16))).astype(np.float32)
            net = peer.make(*shape)
            start = peer.in_our_order(net)
            with self.subTest(shape=shape), tempfile.TemporaryDirectory() as place:
                ours, _ = peer.train_ours(os.path.join(BUILD, "tool_train_network"), shape, start,
                                          x, y, 1e-3, 0.01, place, "bf16")
                theirs = peer.train(net, x, y, 1e-3, 0.01)
                away = np.linalg.norm(ours["gradient"] - theirs["gradient"])
                print(f"bf16: gradient {away / np.linalg.norm(theirs['gradient']):.4f}, losses "
                      f"{np.abs(ours['losses'] / theirs['losses'] - 1).max():.4f}")
                self.assertLess(away, 0.15 * np.linalg.norm(theirs["gradient"]))
                np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=0.05)

    def test_a_batch_of_one_row(self):
        self.compare(SHAPES[2], 1, 10)


CNN = {"channels": [8, 16], "kernel_size": 5, "pool_size": 4, "fc_dim": 16, "epochs": 20,
       "batch_size": 32, "lr": 3e-3, "bins": [3, 6], "global": True, "global_epochs": 10,
       "precision": "fp32"}
PIXELS, STEP = 256, 16


def config(cnn):
    return ("experiment: {id: net, language: en}\n"
            "data: {train: ['train_{0..1}/dataset.h5'], test: test/dataset.h5,\n"
            "       noise: {level: 0.1, seed: 42, test: generated}}\n"
            "selection: {seed: 42}\n"
            f"experts: {{ridge: {{alpha: [1]}}, cnn: {json.dumps(cnn)}}}\n")


def read_model(path):
    """A saved model as docs/formats.md has it: words and values."""
    with open(path, "rb") as file:
        bytes_ = file.read()
    assert bytes_[:8] == b"hrcnn/1\n"
    count = int(np.frombuffer(bytes_, "<u8", 1, 8)[0])
    words = np.frombuffer(bytes_, "<u8", count, 16)
    at = 16 + 8 * count
    values = np.frombuffer(bytes_, "<f4", int(np.frombuffer(bytes_, "<u8", 1, at)[0]), at + 8)
    assert len(bytes_) == at + 8 + 4 * values.size + 8
    return words, values


class PeerModel:
    """The same in PyTorch."""

    def __init__(self, path):
        words, values = read_model(path)
        pixels, blocks, kernel, pool, hidden, norm = (int(w) for w in words[:6])
        self.target_mean, self.target_deviation = words[6:8].view("<f8")
        channels = [int(w) for w in words[8:8 + blocks]]
        self.net = peer.make(pixels, channels, kernel, pool, hidden, norm)
        self.mean, self.factor = values[:pixels], values[pixels:2 * pixels]
        statistics = 2 * sum(channels) if norm else 0
        peer.put_our_order(self.net, values[2 * pixels:values.size - statistics])
        peer.put_statistics(self.net, values[values.size - statistics:])
        self.net.eval()

    def predict(self, noisy):
        x = (noisy.astype(np.float32) - self.mean) * self.factor
        with torch.no_grad():
            out = self.net(torch.tensor(x)[:, None, :])[:, 0].numpy()
        return self.target_mean + self.target_deviation * out.astype(np.float64)


class Study(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        full, cls.folder = (os.path.join(cls.place.name, x) for x in ("full", "data"))
        study_data.run(BUILD, "headroom", "simulate", "--out", full, "--train", 2000,
                       "--shards", 2, "--test", 400, "--seed", 5, "--teff", "4500,6000",
                       "--mh", "-2,-1")
        for path in glob.glob(os.path.join(full, "*", "dataset.h5")):
            study_data.thin_out(path, path.replace(full, cls.folder), STEP)
        shutil.rmtree(full)
        cls.two = cls.run_study(CNN, "two", 2)
        files = (("train", [f"train_{k}/dataset.h5" for k in (0, 1)]),
                 ("test", ["test/dataset.h5"]))
        cls.rows = {}
        for split, names in files:
            cls.rows[split] = study_data.Rows(
                BUILD, os.path.join(cls.folder, "two.yaml"), split, "generated",
                [os.path.join(cls.folder, name) for name in names], PIXELS, cls.place.name,
                level=0.1)

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    @classmethod
    def write(cls, cnn, name):
        path = os.path.join(cls.folder, name + ".yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(config(cnn))
        return path

    @classmethod
    def run_study(cls, cnn, name, threads=2):
        out = os.path.join(cls.place.name, name)
        study_data.run(BUILD, "headroom", "run", cls.write(cnn, name), "--out", out,
                       threads=threads)
        return out

    @staticmethod
    def model(out, k):
        return PeerModel(os.path.join(out, "tasks", f"{k}-cnn", "model.cnn"))

    def test_pytorch_predicts_the_same_from_the_saved_model(self):
        test = self.rows["test"]
        for k in (3, 6):
            card, predicted = study_data.task(self.two, f"{k}-cnn")
            self.assertTrue(card["converged"], card["note"])
            here = test.bin == k
            theirs = self.model(self.two, k).predict(test.noisy[here])
            np.testing.assert_allclose(predicted[0], theirs, rtol=0, atol=1e-4)
            self.assertGreater(r2(test.target[here], theirs), 0.2)

    def test_validation_is_over_the_first_fold(self):
        train = self.rows["train"]
        for k in (3, 6):
            card, _ = study_data.task(self.two, f"{k}-cnn")
            held = (train.bin == k) & (train.fold == 0)
            predicted = self.model(self.two, k).predict(train.noisy[held])
            self.assertAlmostEqual(card["variants"][0]["r2_cv"],
                                   r2(train.target[held], predicted), 5)
            self.assertEqual(card["validated_rows"], held.sum())

    def test_the_network_of_all_rows_is_trained_on_them(self):
        train, test = self.rows["train"], self.rows["test"]
        card, predicted = study_data.task(self.two, "global-cnn")
        model, held = self.model(self.two, "global"), train.fold == 0
        self.assertEqual(card["train_rows"], len(train.bin))
        self.assertEqual(len(card["curve"]), CNN["global_epochs"])
        np.testing.assert_allclose(model.mean, train.noisy[~held].mean(0), rtol=1e-5)
        self.assertAlmostEqual(model.target_deviation, train.target[~held].std(), 6)
        self.assertAlmostEqual(card["variants"][0]["r2_cv"],
                               r2(train.target[held], model.predict(train.noisy[held])), 5)
        self.assertEqual(card["validated_rows"], held.sum())
        theirs = model.predict(test.noisy)
        np.testing.assert_allclose(predicted[0], theirs, rtol=0, atol=1e-4)
        self.assertGreater(r2(test.target, theirs), 0.2)

    def test_the_card_says_the_precision(self):
        card, _ = study_data.task(self.two, "3-cnn")
        self.assertEqual(card["precision"], "fp32")
        cnn = {**CNN, "epochs": 1, "global_epochs": 1, "precision": "auto"}
        out = self.run_study(cnn, "chosen")
        card, _ = study_data.task(out, "3-cnn")
        self.assertIn(card["precision"], ("fp32", "bf16"))
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            if "avx512_bf16" in file.read():
                self.assertEqual(card["precision"], "bf16")

    def test_scales_are_those_of_the_rows_trained_on(self):
        train = self.rows["train"]
        model = self.model(self.two, 3)
        rows = (train.bin == 3) & (train.fold != 0)
        np.testing.assert_allclose(model.mean, train.noisy[rows].mean(0), rtol=1e-5)
        np.testing.assert_allclose(1 / model.factor, train.noisy[rows].std(0), rtol=1e-4)
        self.assertAlmostEqual(model.target_mean, train.target[rows].mean(), 6)
        self.assertAlmostEqual(model.target_deviation, train.target[rows].std(), 6)

    def test_curves_are_told_in_every_place(self):
        with open(os.path.join(self.two, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        with open(os.path.join(self.two, "figures", "training_curves.csv"),
                  encoding="utf-8") as file:
            drawn = list(csv.DictReader(file))
        for k in (3, 6):
            card, _ = study_data.task(self.two, f"{k}-cnn")
            with open(os.path.join(self.two, "tasks", f"{k}-cnn", "curves.csv"),
                      encoding="utf-8") as file:
                curve = list(csv.DictReader(file))
            told = results["bins"][k]["experts"]["cnn"]
            self.assertEqual(len(curve), CNN["epochs"])
            self.assertEqual([float(p["validation_r2"]) for p in curve],
                             [p["r2_validation"] for p in told["curve"]])
            self.assertEqual([float(p["r2_validation"]) for p in drawn if p["bin"] == str(k)],
                             [p["r2_validation"] for p in told["curve"]])
            best = max(range(len(curve)), key=lambda i: float(curve[i]["validation_r2"]))
            self.assertEqual(card["best_epoch"], best + 1)
            self.assertEqual(told["best_epoch"], best + 1)
            self.assertAlmostEqual(float(curve[best]["validation_r2"]),
                                   card["variants"][0]["r2_cv"], 12)
            self.assertIs(told["converged"], True)
        self.assertEqual(glob.glob(os.path.join(self.two, "tasks", "*", "training.state")), [])

    def check_same(self, out):
        names = []
        for task in ("[36]-cnn", "global-cnn"):
            names += glob.glob(os.path.join(self.two, "tasks", task, "[mpc][ou]*.c[ns][nv]"))
            names += glob.glob(os.path.join(self.two, "tasks", task, "predictions.f32"))
        self.assertEqual(len(names), 9)
        for name in names:
            with open(name, "rb") as a, open(name.replace(self.two, out), "rb") as b:
                self.assertEqual(a.read(), b.read(), name)

    def test_threads_do_not_change_a_byte(self):
        self.check_same(self.run_study(CNN, "one", 1))

    def test_killed_and_started_again_it_ends_with_the_same_bytes(self):
        path, out = self.write(CNN, "killed"), os.path.join(self.place.name, "killed")
        command = [os.path.join(BUILD, "headroom"), "run", path, "--out", out]
        state = os.path.join(out, "tasks", "3-cnn", "training.state")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while not os.path.exists(state) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        process.wait()
        self.assertTrue(os.path.exists(state))
        self.assertFalse(os.path.exists(os.path.join(out, "tasks", "3-cnn", "card.json")))
        study_data.run(BUILD, "headroom", "run", path, "--out", out, "--resume")
        self.check_same(out)

    def test_a_pool_larger_than_the_signal_is_refused(self):
        path = self.write(dict(CNN, pool_size=64), "pool")
        told = study_data.run(BUILD, "headroom", "run", path, "--out",
                              os.path.join(self.place.name, "pool"), check=False)
        self.assertEqual(told.returncode, 2)
        self.assertIn("pool_size 64 behind each of 2 convolutions leaves nothing of 256 pixels; "
                      "take a smaller pool_size, or at most 1 channels", told.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
