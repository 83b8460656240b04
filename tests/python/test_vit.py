"""The vision transformer of src/nn against PyTorch: forward, gradient and training; and the expert
in a study."""

import csv
import glob
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np

import made_stars
import study_data

BUILD = sys.argv[1]
try:
    import torch
    import vit_peer as peer
except ImportError as reason:
    print(f"skipped: {reason}; scripts/setup.sh test brings PyTorch")
    sys.exit(0)

TOOL = os.path.join(BUILD, "tool_train_vit")
# pixels, patch, width, layers, heads, hidden units, outputs, dropout, hidden units of a head
PUBLISHED = (4096, 16, 256, 6, 8, 1024, 1, 0)
SMALL = [(200, 8, 24, 3, 4, 40, 2, 0),  # several outputs
         (48, 16, 20, 1, 5, 33, 1, 0),  # one block, widths that are no multiples of vectors
         (64, 64, 16, 2, 2, 32, 1, 0),  # one patch
         (64, 8, 16, 2, 2, 32, 3, 0, 11)]  # heads of two layers


class Vit(unittest.TestCase):
    def train_both(self, shape, rows, steps, products, rate=3e-4):
        """Steps from the same weights on the same batches."""
        torch.manual_seed(1)
        rng = np.random.default_rng(2)
        x = rng.standard_normal((steps, rows, shape[0])).astype(np.float32)
        y = (x[:, :, 5:5 + shape[6]] + 0.1 * rng.standard_normal((steps, rows, shape[6])))
        y = y.astype(np.float32)
        net = peer.Vit(*shape)
        start = peer.flat(net)
        with tempfile.TemporaryDirectory() as place:
            ours, _ = peer.train_ours(TOOL, shape, start, x, y, rate, 0.01, place, products)
        return ours, peer.train(net, x, y, rate, 0.01), net, x

    def compare(self, shape, rows, steps, products):
        ours, theirs, net, x = self.train_both(shape, rows, steps, products)
        np.testing.assert_allclose(ours["outputs"], theirs["outputs"], rtol=0, atol=2e-6)
        scale = np.abs(theirs["gradient"]).max()
        np.testing.assert_allclose(ours["gradient"], theirs["gradient"], rtol=1e-4,
                                   atol=2e-5 * scale)
        np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=0, atol=1e-4)
        self.assertGreater(np.ptp(theirs["losses"]), 1e-2)
        peer.put(net, ours["parameters"])
        net.eval()
        with torch.no_grad():
            predicted = net(torch.tensor(x[0])).numpy().ravel()
        np.testing.assert_allclose(ours["predicted"], predicted, rtol=0, atol=5e-6)

    def test_small_ones_are_pytorch_s(self):
        for shape in SMALL:
            for products in ("fp32", "reference"):
                with self.subTest(shape=shape, products=products):
                    self.compare(shape, 19, 10, products)

    def test_the_published_one_is_pytorch_s(self):
        net = peer.Vit(*PUBLISHED)
        self.assertEqual(sum(p.numel() for p in net.parameters()), 4809729)
        self.compare(PUBLISHED, 3, 10, "fp32")

    def test_a_batch_of_one_row(self):
        self.compare(SMALL[0], 1, 10, "fp32")

    def test_bf16_stays_near(self):
        """Factors rounded to 8 bits: the gradient by a few per cent, the losses by less."""
        for shape, rows in ((PUBLISHED, 2), (SMALL[0], 19)):
            with self.subTest(shape=shape):
                ours, theirs, _, _ = self.train_both(shape, rows, 4, "bf16")
                away = np.linalg.norm(ours["gradient"] - theirs["gradient"])
                print(f"bf16: gradient {away / np.linalg.norm(theirs['gradient']):.4f}, losses "
                      f"{np.abs(ours['losses'] / theirs['losses'] - 1).max():.4f}")
                self.assertLess(away, 0.1 * np.linalg.norm(theirs["gradient"]))
                np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=0.05,
                                           atol=0.01)

    def test_weights_come_from_safetensors(self):
        """Under Hugging Face's names, as exported, in fp32, fp16 and bf16."""
        shape = SMALL[0]
        torch.manual_seed(3)
        net = peer.Vit(*shape).eval()
        x = np.random.default_rng(2).standard_normal((1, 7, shape[0])).astype(np.float32)
        y = np.zeros((1, 7, shape[6]), np.float32)
        with torch.no_grad():
            expected = net(torch.tensor(x[0])).numpy().ravel()
        values = peer.flat(net)
        for prefix, kinds in (("", ("F32",)), ("model.vit.", ("F32", "F16", "BF16"))):
            with self.subTest(kinds=kinds), tempfile.TemporaryDirectory() as place:
                path = f"{place}/model.safetensors"
                peer.write_safetensors(path, net, prefix, kinds)
                ours, _ = peer.train_ours(TOOL, shape, 0 * values, x, y, 0, 0, place, "fp32", path)
                rounding = 0 if len(kinds) == 1 else 2.0 ** -8  # of bf16, the coarsest
                np.testing.assert_allclose(ours["parameters"], values, rtol=rounding,
                                           atol=rounding * 1e-5)
                np.testing.assert_allclose(ours["outputs"], expected, rtol=0,
                                           atol=0.02 if rounding else 2e-6)

    def test_dropout_learns_the_same_in_the_mean(self):
        """Of many rows alike, the mean outputs and their spread are those of PyTorch's masks, up
        to the rate, which is rounded to a 256th, and the draw."""
        shape = SMALL[0][:6] + (1, 0.1)
        torch.manual_seed(1)
        net = peer.Vit(*shape)
        with torch.no_grad():
            for p in net.parameters():
                p.mul_(3 if p.ndim == 2 else 1)
        rows = 4000
        x = np.repeat(np.random.default_rng(2).standard_normal((1, 1, shape[0])), rows, axis=1)
        y = np.zeros((1, rows, 1), np.float32)
        with tempfile.TemporaryDirectory() as place:
            ours, _ = peer.train_ours(TOOL, shape, peer.flat(net), x, y, 1e-3, 0, place)
        net.train()
        with torch.no_grad():
            theirs = net(torch.tensor(x[0].astype(np.float32))).numpy().ravel()
        spread = theirs.std()
        self.assertGreater(spread, 1e-3)
        self.assertLess(abs(ours["outputs"].mean() - theirs.mean()), 0.12 * spread)
        self.assertLess(abs(ours["outputs"].std() / spread - 1), 0.08)


PIXELS, PATCH, WIDTH, LAYERS, HEADS, HIDDEN = 128, 8, 24, 2, 4, 48
SHAPE = {"patch_size": PATCH, "hidden_size": WIDTH, "num_hidden_layers": LAYERS,
         "num_attention_heads": HEADS, "intermediate_size": HIDDEN, "precision": "fp32"}
SPEC = {**SHAPE, "epochs": 12, "batch_size": 32, "lr": 3e-3, "dropout": 0.02,
        "attention_dropout": 0, "auxiliary": ["T_eff"]}


def read_model(path):
    """A saved model as docs/formats.md has it, in PyTorch: noisy flux in, the label out."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"hrvit/1\n"
    words = np.frombuffer(data, "<u8", 9, 16)
    values = np.frombuffer(data, "<f4", int(np.frombuffer(data, "<u8", 1, 88)[0]), 96)
    assert len(data) == 96 + 4 * values.size + 8
    pixels, patch, width, layers, heads, hidden = (int(w) for w in words[:6])
    mean, deviation = words[7:9].view("<f8")
    net = peer.Vit(pixels, patch, width, layers, heads, hidden, 1, 0).eval()
    peer.put(net, values[2 * pixels:])

    def predict(noisy):
        x = (noisy.astype(np.float32) - values[:pixels]) * values[pixels:2 * pixels]
        with torch.no_grad():
            return mean + deviation * net(torch.tensor(x)).numpy()[:, 0].astype(np.float64)
    return predict


class Study(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.folder = cls.place.name
        cls.made = {"train": made_stars.stars(900, PIXELS, 1),
                    "test": made_stars.stars(200, PIXELS, 2)}
        for name, stars in cls.made.items():
            made_stars.write(os.path.join(cls.folder, name + ".h5"), stars)
        cls.first = cls.run_study("first", {"ridge": {"alpha": [1]}, "vit": SPEC}, threads=2)

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    @classmethod
    def run_study(cls, name, experts, *words, **more):
        study = made_stars.study(cls.folder, name, json.dumps(experts))
        out = os.path.join(cls.folder, "of_" + name)
        done = study_data.run(BUILD, "headroom", "run", study, "--out", out, *words, **more)
        return out if more.get("check", True) else done

    def check_same(self, out):
        for name in ("tasks/global-vit/model.vit", "tasks/global-vit/curves.csv",
                     "tasks/global-vit/predictions.f32", "predictions.csv"):
            with open(os.path.join(self.first, name), "rb") as a, \
                    open(os.path.join(out, name), "rb") as b:
                self.assertEqual(a.read(), b.read(), name)

    def test_pytorch_predicts_the_same_from_the_saved_model(self):
        card, predicted = study_data.task(self.first, "global-vit")
        self.assertEqual(card["status"], "ok")
        self.assertIn("learnt beside: T_eff", card["note"])
        self.assertEqual(card["precision"], "fp32")
        noisy, labels = self.made["test"]["noisy"], self.made["test"]["labels"]
        theirs = read_model(os.path.join(self.first, "tasks", "global-vit", "model.vit"))(noisy)
        np.testing.assert_allclose(predicted[0], theirs, rtol=0, atol=2e-4)
        truth = labels["log_g"].to_numpy()
        self.assertGreater(1 - np.mean((truth - theirs) ** 2) / truth.var(), 0.5)

    def test_it_is_a_baseline_with_an_interval(self):
        with open(os.path.join(self.first, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        expert = next(e for e in results["experts"] if e["name"] == "vit")
        self.assertIs(expert["only_global"], True)
        self.assertIs(expert["elsewhere"], False)
        own = next(o for o in results["overall"]
                   if (o["method"], o["rows"]) == ("global_vit", "covered"))
        low, high = own["r2_pooled_ci"]
        self.assertTrue(low < own["r2_pooled"] < high)
        with open(os.path.join(self.first, "report.md"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("Global ViT", page)
        self.assertIn("attention between patches", page)
        table = next(line for line in page.splitlines() if line.startswith("| Bin | Name | Ridge"))
        self.assertNotIn("ViT", table)

    def test_a_bundle_predicts_new_stars_with_it(self):
        out = self.run_study("alone", {"vit": {**SPEC, "epochs": 2}})
        table = os.path.join(self.folder, "new.csv")
        study_data.run(BUILD, "headroom", "predict", out, os.path.join(self.folder, "test.h5"),
                       "--out", table)
        _, predicted = study_data.task(out, "global-vit")
        told = np.genfromtxt(table, delimiter=",", names=True, dtype=None, encoding="utf-8")
        np.testing.assert_array_equal(told["log_g_mean"], predicted[0])

    def test_threads_do_not_change_a_byte(self):
        self.check_same(self.run_study("one", {"ridge": {"alpha": [1]}, "vit": SPEC}, threads=1))

    def kill_at(self, study, out, state):
        """Kills a run as soon as it has the state of a training."""
        command = [os.path.join(BUILD, "headroom"), "run", study, "--out", out]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while not os.path.exists(state) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.kill()
        process.wait()
        self.assertTrue(os.path.exists(state))

    def test_killed_and_started_again_it_ends_with_the_same_bytes(self):
        study = made_stars.study(self.folder, "killed",
                                 json.dumps({"ridge": {"alpha": [1]}, "vit": SPEC}))
        out = os.path.join(self.folder, "of_killed")
        state = os.path.join(out, "tasks", "global-vit", "training.state")
        self.kill_at(study, out, state)
        self.assertFalse(os.path.exists(os.path.join(out, "tasks", "global-vit", "card.json")))
        study_data.run(BUILD, "headroom", "run", study, "--out", out, "--resume")
        self.check_same(out)
        self.assertEqual(glob.glob(os.path.join(out, "tasks", "*", "training.state")), [])

    def write_weights(self, name, targets=1):
        torch.manual_seed(4)
        net = peer.Vit(PIXELS, PATCH, WIDTH, LAYERS, HEADS, HIDDEN, targets, 0).eval()
        peer.write_safetensors(os.path.join(self.folder, name), net, "vit.")
        return net

    def test_weights_of_pytorch_are_a_start(self):
        """With next to no step, the study predicts what PyTorch does from the flux as it is."""
        net = self.write_weights("start.safetensors")
        out = self.run_study("started", {"vit": {**SHAPE, "start": "start.safetensors", "epochs": 1,
                                                 "lr": 1e-12, "min_lr": 0, "dropout": 0}})
        _, predicted = study_data.task(out, "global-vit")
        with torch.no_grad():
            raw = net(torch.tensor(self.made["test"]["noisy"].astype(np.float32))).numpy()[:, 0]
        slope, offset = np.polyfit(raw, predicted[0], 1)
        np.testing.assert_allclose(offset + slope * raw, predicted[0], rtol=0, atol=1e-3)
        self.assertAlmostEqual(slope, self.made["train"]["labels"]["log_g"].std(), delta=0.05)

    def test_a_study_that_cannot_be_is_refused_at_once(self):
        self.write_weights("two.safetensors", 2)
        with open(os.path.join(self.folder, "two.safetensors"), "rb") as file:
            whole = file.read()
        for name, data in (("cut", whole[:len(whole) // 2]), ("none", b"")):
            with open(os.path.join(self.folder, name + ".safetensors"), "wb") as file:
                file.write(data)
        cases = [({"patch_size": 24}, "patches of 24 pixels do not divide 128 pixels; take a "
                                      "patch of 16"),
                 ({"num_attention_heads": 5}, "5 heads do not divide a width of 24; take 4 heads"),
                 ({"start": "two.safetensors"},
                  "two.safetensors: tensor regressor.weight is 2 x 24, where this network has "
                  "1 x 24; give it the shape that was exported"),
                 ({"start": "cut.safetensors"}, "cut.safetensors"),
                 ({"start": "none.safetensors"}, "none.safetensors"),
                 ({"start": "nowhere.safetensors"}, "nowhere.safetensors"),
                 ({"auxiliary": ["age"]}, "experts.vit.auxiliary: "),
                 ({"auxiliary": ["log_g"]}, "which is a target")]
        for more, sentence in cases:
            with self.subTest(more=more):
                done = self.run_study("refused", {"vit": {**SHAPE, **more}}, check=False)
                self.assertIn(sentence, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertNotEqual(done.returncode, 0)
                self.assertFalse(os.path.exists(os.path.join(self.folder, "of_refused")))

    def test_one_patch_is_a_spectrum(self):
        out = self.run_study("one_patch", {"vit": {**SPEC, "patch_size": PIXELS, "epochs": 2}})
        card, _ = study_data.task(out, "global-vit")
        self.assertEqual(card["status"], "ok")

    def test_heads_share_a_trunk(self):
        """One file has the models of all bins and of all rows; PyTorch predicts the same."""
        spec = {**SPEC, "heads": "bins", "epochs": 6}
        out = self.run_study("heads", {"ridge": {"alpha": [1]}, "vit": spec})
        with open(os.path.join(out, "model", "vit", "heads.net"), "rb") as file:
            data = file.read()
        self.assertEqual(data[:8], b"hrheads1")
        words = np.frombuffer(data, "<u8", int(np.frombuffer(data, "<u8", 1, 8)[0]), 16)
        at = 16 + 8 * len(words)
        values = np.frombuffer(data, "<f4", int(np.frombuffer(data, "<u8", 1, at)[0]), at + 8)
        outputs, heads = int(words[1]), words[27:].reshape(-1, 5)
        self.assertEqual((int(words[2]), outputs), (5, 6))  # the last is of T_eff, learnt beside
        net = peer.Vit(PIXELS, PATCH, WIDTH, LAYERS, HEADS, HIDDEN, outputs, 0).eval()
        peer.put(net, values[2 * PIXELS:])
        x = (self.made["test"]["noisy"].astype(np.float32) - values[:PIXELS]) \
            * values[PIXELS:2 * PIXELS]
        with torch.no_grad():
            raw = net(torch.tensor(x)).numpy().astype(np.float64)
        rows = study_data.run(BUILD, "tool_print_plan", os.path.join(self.folder, "heads.yaml"))
        plan = list(csv.DictReader(io.StringIO(rows.stdout)))
        bins = np.array([int(r["bin"]) for r in plan if r["split"] == "test"])
        for head in heads:
            slot = int(head[1]) - 1
            mean, deviation = head[3:5].view("<f8")
            theirs = mean + deviation * raw[:, int(head[2])]
            card, predicted = study_data.task(out, f"{'global' if slot < 0 else slot}-vit")
            self.assertIn("a head of the trunk", card["note"])
            here = bins == slot if slot >= 0 else np.full(len(bins), True)
            np.testing.assert_allclose(predicted[0], theirs[here], rtol=0, atol=2e-4)
        self.assertEqual(len(glob.glob(os.path.join(out, "model", "*vit*"))), 1)
        table = os.path.join(self.folder, "headed.csv")
        study_data.run(BUILD, "headroom", "predict", out, os.path.join(self.folder, "test.h5"),
                       "--expert", "vit", "--out", table)

    def test_a_gate_looks_at_the_trunk(self):
        """The bundle predicts what the run did, whatever the threads."""
        experts = json.dumps({"ridge": {"alpha": [1]}, "vit": {**SPEC, "heads": "bins",
                                                                "epochs": 6}})
        windows = "windows: [{name: a, low: 7230, high: 7250}], components: 3"
        gates = (f"gates:\n  logistic: {{trunk: 8, {windows}}}\n"
                 f"  mlp: {{trunk: 4, epochs: 20, {windows}}}\n")
        test = os.path.join(self.folder, "test.h5")
        runs = []
        for threads in (1, 2):
            study = made_stars.study(self.folder, f"trunk_{threads}", experts, gates)
            out = os.path.join(self.folder, f"of_trunk_{threads}")
            study_data.run(BUILD, "headroom", "run", study, "--out", out, threads=threads)
            with open(os.path.join(out, "predictions.csv"), encoding="utf-8") as file:
                runs.append(list(csv.DictReader(file)))
        self.assertEqual(runs[0], runs[1])
        for name, components, features in (("logistic", 8, 14), ("mlp", 4, 10)):
            with open(os.path.join(out, "model", f"gate-{name}", "gate.json"),
                      encoding="utf-8") as file:
                gate = json.load(file)
            self.assertEqual(gate["trunk"], {"width": WIDTH, "components": components})
            self.assertEqual(gate["sizes"][0], features)
            values = np.load(os.path.join(out, "model", f"gate-{name}", "trunk.npy"))
            np.testing.assert_allclose(values[1:] @ values[1:].T, np.eye(components), atol=1e-5)
            table = os.path.join(self.folder, name + ".csv")
            study_data.run(BUILD, "headroom", "predict", out, test, "--router", f"gate_{name}",
                           "--out", table)
            told = np.genfromtxt(table, delimiter=",", names=True, dtype=None, encoding="utf-8")
            own = np.array([float(row[f"hybrid_{name}_soft"] or "nan") for row in runs[0]])
            np.testing.assert_array_equal(told["log_g_mean"], own)
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        self.assertGreater(results["gates"][0]["accuracy"], 0.6)  # four bins: chance is 0.25

    def test_killed_heads_go_on(self):
        spec = {**SPEC, "heads": "bins", "epochs": 6}
        whole = self.run_study("whole_heads", {"vit": spec})
        study = made_stars.study(self.folder, "killed_heads", json.dumps({"vit": spec}))
        out = os.path.join(self.folder, "of_killed_heads")
        self.kill_at(study, out, os.path.join(out, "tasks", "global-vit", "training.state"))
        study_data.run(BUILD, "headroom", "run", study, "--out", out, "--resume")
        for name in ("model/vit/heads.net", "predictions.csv"):
            with open(os.path.join(whole, name), "rb") as a, \
                    open(os.path.join(out, name), "rb") as b:
                self.assertEqual(a.read(), b.read(), name)

    def test_bins_take_part_in_the_choice(self):
        out = self.run_study("binned", {"ridge": {"alpha": [1]},
                                        "vit": {**SPEC, "bins": [0, 2], "epochs": 3}})
        with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        for k, status in enumerate(("ok", "skipped", "ok", "skipped")):
            self.assertEqual(results["bins"][k]["experts"]["vit"]["status"], status)
        self.assertIn("vit_oracle", {m["name"] for m in results["methods"]})


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=2)
