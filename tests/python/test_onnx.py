"""Networks that were trained elsewhere, as ONNX files: their predictions are those of the
same networks in NumPy, and what cannot be run is told in one sentence.

    test_onnx.py BUILD
"""

import csv
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import warnings

import numpy as np

import made_stars
import onnx_files
import study_data

BUILD = sys.argv[1]
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PIXELS, TEST = 128, 300
STORED = ("--set", "data.noise.test=stored")
RUNTIME = "1.32.0"
REMEDY = f"scripts/setup.sh installs {RUNTIME}, ONNXRUNTIME_ROOT names another copy"


class Onnx(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not study_data.has_option(BUILD, "HR_ONNX"):
            raise unittest.SkipTest("this build has no ONNX Runtime")
        cls.home = tempfile.TemporaryDirectory()
        cls.folder = cls.home.name
        made_stars.write(cls.path("train.h5"), made_stars.stars(400))
        cls.test = made_stars.stars(TEST, seed=3)
        made_stars.write(cls.path("test.h5"), cls.test)
        cls.noisy = np.float32(cls.test["noisy"])
        cls.mlp = onnx_files.Mlp(PIXELS)
        cls.write("mlp.onnx", cls.mlp.bytes())

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.home.name, name)

    @classmethod
    def write(cls, name, content):
        return onnx_files.write(cls.path(name), content)

    def run_study(self, name, experts, *words, more="", check=True, **environment):
        study = made_stars.study(self.folder, name, experts, more)
        return study_data.run(BUILD, "headroom", "run", study, "--out", self.path(name),
                              *STORED, *words, check=check, **environment)

    def results(self, name):
        with open(self.path(os.path.join(name, "results.json")), encoding="utf-8") as file:
            return json.load(file)

    def column(self, name, column, where=""):
        path = self.path(os.path.join(name, where, "predictions.csv"))
        with open(path, encoding="utf-8") as file:
            return np.array([float(row[column] or "nan") for row in csv.DictReader(file)])

    def said(self, name, entry, *words, **more):
        """The predictions of one model, called net."""
        self.run_study(name, f"{{net: {entry}}}", *words, **more)
        return self.column(name, "global_net")

    def refusal(self, entry, *words, target="log_g", code=3, **environment):
        """What is said of one that cannot be used, without the place."""
        done = self.run_study("refused", f"{{ridge: {{alpha: [10]}}, net: {entry}}}", "--set",
                              f"data.target={target}", "--set",
                              "binning.allow_target=true", *words, check=False, **environment)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertFalse(os.path.exists(self.path("refused/results.json")))
        said = done.stderr.strip()
        self.assertNotIn("\n", said)
        return said.replace(self.folder + "/", "")

    def refused_file(self, content, entry="{onnx: bad.onnx}", **words):
        self.write("bad.onnx", content)
        begin = "headroom: refused.yaml: experts.net.onnx: "
        said = self.refusal(entry, **words)
        self.assertEqual(said[:len(begin)], begin, said)
        return said[len(begin):]

    def near(self, got, expected):
        np.testing.assert_allclose(got, np.ravel(expected), rtol=0, atol=1e-5)

    def test_networks_say_what_they_say_in_numpy(self):
        peers = {"mlp": self.mlp, "double": onnx_files.Mlp(PIXELS, 3, dtype=np.float64),
                 "convolution": onnx_files.Convolution(PIXELS)}
        for name, peer in peers.items():
            self.write(f"{name}.onnx", peer.bytes())
        entries = ", ".join(f"{name}: {{onnx: {name}.onnx}}" for name in peers)
        self.run_study("peers", f"{{{entries}}}")
        for name, peer in peers.items():
            self.near(self.column("peers", f"global_{name}"), peer(self.noisy))
        results = self.results("peers")
        truth = self.test["labels"]["log_g"].to_numpy()
        said = self.column("peers", "global_mlp")
        score = next(entry for entry in results["overall"]
                     if entry["method"] == "global_mlp" and entry["rows"] == "all")
        self.assertAlmostEqual(
            score["r2_pooled"],
            1 - np.sum((truth - said) ** 2) / np.sum((truth - truth.mean()) ** 2), places=9)

    def test_a_transformer_says_what_it_says_in_pytorch(self):
        """Patches, attention, normalisation: what a ViT is made of, as PyTorch exports it."""
        import torch
        from torch import nn

        class Vit(nn.Module):
            def __init__(self):
                super().__init__()
                self.patch = nn.Conv1d(1, 32, 16, stride=16)
                self.place = nn.Parameter(0.1 * torch.randn(1, PIXELS // 16, 32))
                layer = nn.TransformerEncoderLayer(32, 4, 64, activation="gelu",
                                                   batch_first=True)
                self.encoder = nn.TransformerEncoder(layer, 2)
                self.norm, self.head = nn.LayerNorm(32), nn.Linear(32, 1)

            def forward(self, x):
                h = self.patch(10 * x[:, None] - 9).transpose(1, 2) + self.place
                return self.head(self.norm(self.encoder(h).mean(1)))

        torch.manual_seed(1)
        peer = Vit().train(False)
        given = torch.from_numpy(self.noisy)
        words = {"input_names": ["flux"], "output_names": ["label"], "opset_version": 14,
                 "dynamic_axes": {"flux": {0: "batch"}, "label": {0: "batch"}}}
        if "dynamo" in inspect.signature(torch.onnx.export).parameters:
            words["dynamo"] = False  # the other way takes more packages
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(peer, given[:2], self.path("cat.onnx"), **words)
        with torch.no_grad():
            expected = peer(given).numpy()
        self.assertGreater(expected.std(), 0.01)
        self.near(self.said("cat", "{onnx: cat.onnx}"), expected)

    def test_a_regression_says_what_it_says_in_scikit_learn(self):
        """As skl2onnx writes it, with an operator of its own."""
        from sklearn.linear_model import Ridge
        train = made_stars.stars(400)
        peer = Ridge(10).fit(train["noisy"], train["labels"]["log_g"])
        node = onnx_files.node("LinearRegressor", ["x"], ["y"], domain="ai.onnx.ml",
                               coefficients=[float(w) for w in peer.coef_],
                               intercepts=[float(peer.intercept_)], targets=1)
        ends = [onnx_files.described(name, onnx_files.FLOAT, ["n", size])
                for name, size in (("x", PIXELS), ("y", 1))]
        self.write("linear.onnx", onnx_files.model([node], [], ends[:1], ends[1:]))
        self.near(self.said("linear", "{onnx: linear.onnx}"), peer.predict(self.noisy))

    def test_it_is_told_as_not_validated_by_us(self):
        self.run_study("told", "{ridge: {alpha: [10]}, net: {onnx: mlp.onnx, title: A net}}")
        expert = next(e for e in self.results("told")["experts"] if e["name"] == "net")
        self.assertTrue(expert["only_global"])
        card, _ = study_data.task(self.path("told"), "global-net")
        self.assertEqual(card["note"], "trained elsewhere, on rows that are not known here, "
                                       "and not validated")
        self.assertFalse(os.path.exists(self.path("told/model/net")))

    def test_noise_that_is_drawn_reaches_it(self):
        study = made_stars.study(self.folder, "drawn", "{net: {onnx: mlp.onnx}}")
        study_data.run(BUILD, "headroom", "run", study, "--out", self.path("drawn"),
                       "--set", "data.noise.test=generated")
        rows = study_data.Rows(BUILD, study, "test", "generated", [self.path("test.h5")], PIXELS,
                               self.folder)
        self.near(self.column("drawn", "global_net"), self.mlp(rows.noisy))

    def test_shapes_of_inputs(self):
        for shape in ([1, PIXELS], [PIXELS, 1], ["pixels"], [1, "pixels"], ["pixels", 1]):
            self.write("shaped.onnx", self.mlp.bytes(shape=shape))
            self.near(self.said("shaped", "{onnx: shaped.onnx}", "--replace"),
                      self.mlp(self.noisy))

    def test_error_as_a_second_channel(self):
        error = np.float32(self.test["error"])
        peer = onnx_files.Mlp(PIXELS, channels=2)
        for shape, axis in (([2, PIXELS], 1), ([PIXELS, 2], 2)):
            self.write("two.onnx", peer.bytes(shape=shape))
            given = np.stack([self.noisy, error], axis=axis)
            self.near(self.said("two", "{onnx: two.onnx, input: flux_error}", "--replace"),
                      peer(given))

    def test_batches_of_a_size_of_their_own(self):
        expected = self.mlp(self.noisy)
        for batch in (1, 7, 32, 128):
            self.write("fixed.onnx", self.mlp.bytes(batch=batch))
            self.near(self.said("fixed", "{onnx: fixed.onnx}", "--replace"), expected)
        self.write("baked.onnx", self.mlp.bytes(batch=1, out=[1]))
        self.near(self.said("fixed", "{onnx: baked.onnx}", "--replace"), expected)

    def test_the_label_is_made_of_the_output(self):
        got = self.said("scaled", "{onnx: mlp.onnx, scale: [2.9975, 1.1683]}")
        self.near(got, 2.9975 + 1.1683 * self.mlp(self.noisy))

    def test_several_targets_and_outputs(self):
        peer = onnx_files.Mlp(PIXELS, outputs=2)
        self.write("two.onnx", peer.bytes())
        self.run_study("targets", "{net: {onnx: two.onnx, scale: [3, 1.5, 5000, 700]}}",
                       "--set", "data.target=[log_g, T_eff]", "--set", "binning.allow_target=true")
        expected = peer(self.noisy)
        self.near(self.column("targets", "global_net"), 3 + 1.5 * expected[:, 0])
        np.testing.assert_allclose(self.column("targets", "global_net", "targets/T_eff"),
                                   5000 + 700 * expected[:, 1], atol=0.01)
        nodes = [onnx_files.node("ReduceMean", ["x"], ["mean"], axes=[1], keepdims=0),
                 onnx_files.node("ReduceMax", ["x"], ["most"], axes=[1], keepdims=0)]
        ends = [onnx_files.described(name, onnx_files.FLOAT, ["n"]) for name in ("mean", "most")]
        begin = [onnx_files.described("x", onnx_files.FLOAT, ["n", PIXELS])]
        content = onnx_files.model(nodes, [], begin, ends)
        self.write("outputs.onnx", content)
        self.near(self.said("outputs", "{onnx: outputs.onnx, output: most}"),
                  self.noisy.max(1))
        self.assertEqual(self.refused_file(content),
                         "bad.onnx has 2 outputs, mean, most; name the one that is the label as "
                         "output")
        self.assertEqual(self.refused_file(content, "{onnx: bad.onnx, output: least}"),
                         "bad.onnx has no output least; its outputs are mean, most")

    def test_a_sigma_is_another_output(self):
        """In the output's unit, so that the factor's size makes it the label's; and a network
        of some bins, validated by predictions of its maker's, is chosen in them."""
        nodes = [onnx_files.node("ReduceMean", ["x"], ["mean"], axes=[1], keepdims=0),
                 onnx_files.node("ReduceMax", ["x"], ["most"], axes=[1], keepdims=0),
                 onnx_files.node("Neg", ["most"], ["least"])]
        names = ("mean", "most", "least")
        ends = [onnx_files.described(name, onnx_files.FLOAT, ["n"]) for name in names]
        begin = [onnx_files.described("x", onnx_files.FLOAT, ["n", PIXELS])]
        content = onnx_files.model(nodes, [], begin, ends)
        self.write("sigma.onnx", content)
        entry = "{onnx: sigma.onnx, output: mean, sigma: most, scale: [3, -2]"
        train = made_stars.stars(400)["labels"]["log_g"].to_numpy()
        np.save(self.path("folds.npy"), train + np.where(np.arange(400) % 2, 0.01, -0.01))
        self.run_study("sigma", f"{{ridge: {{alpha: [10]}}, net: {entry}}}, "
                                f"some: {entry}, bins: [2], validation: folds.npy}}}}")
        self.near(self.column("sigma", "global_net"), 3 - 2 * self.noisy.mean(1))
        self.near(self.column("sigma", "sigma_global_net"), 2 * self.noisy.max(1))
        bins = self.results("sigma")["bins"]
        self.assertEqual([bin["best"]["cv"] for bin in bins], ["ridge", "ridge", "some", "ridge"])
        hybrid, here = self.column("sigma", "oracle_hybrid_cv"), self.column("sigma", "bin") == 2
        self.near(hybrid[here], 3 - 2 * self.noisy.mean(1)[here])
        self.near(self.column("sigma", "sigma_oracle_hybrid_cv")[here],
                  2 * self.noisy.max(1)[here])
        self.assertEqual(self.refused_file(content, "{onnx: bad.onnx, output: mean, sigma: no}"),
                         "bad.onnx has no output no; its outputs are mean, most, least")
        self.assertEqual(self.refused_file(content, "{onnx: bad.onnx, output: mean, sigma: mean}"),
                         "bad.onnx: the output mean is the label, and sigma names it too; name "
                         "the one that is the standard deviation, or leave sigma out")
        done = self.run_study("below", "{ridge: {alpha: [10]}, net: {onnx: sigma.onnx, "
                                       "output: mean, sigma: least}}", check=False)
        self.assertEqual(done.returncode, 5)
        self.assertIn("the expert net is given up: " + self.path("sigma.onnx") + " gives a sigma "
                      "below 0; export the standard deviation, not its logarithm", done.stderr)

    def test_weights_beside_the_model(self):
        self.write("apart.onnx", self.mlp.bytes(outside="apart.onnx.data"))
        self.write("apart.onnx.data", self.mlp.weights())
        self.near(self.said("apart", "{onnx: apart.onnx}"), self.mlp(self.noisy))
        self.run_study("apart", "{net: {onnx: apart.onnx}}", "--resume")
        self.write("apart.onnx.data", onnx_files.Mlp(PIXELS, 9).weights())
        done = self.run_study("apart", "{net: {onnx: apart.onnx}}", "--resume", check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("the file of experts.net.onnx " + self.path("apart.onnx.data")
                      + " was modified", done.stderr)
        os.remove(self.path("apart.onnx.data"))
        self.assertRegex(self.refusal("{onnx: apart.onnx}"),
                         f"apart.onnx cannot be loaded by ONNX Runtime {RUNTIME}: .*apart.onnx."
                         "data.*; export it so that Python's onnxruntime of that version loads it")

    def test_a_stop_is_noticed_within_a_layer(self):
        """One batch of this network takes a good part of a second, all of them ten and more."""
        self.write("deep.onnx", onnx_files.deep(PIXELS))
        study = made_stars.study(self.folder, "stopped", "{ridge: {alpha: [10]}, net: {onnx: "
                                 "deep.onnx}}")
        process = subprocess.Popen(
            [os.path.join(BUILD, "headroom"), "run", study, "--out", self.path("stopped"),
             *STORED, "--threads", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True)
        status = self.path("stopped/status.json")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            if os.path.exists(status):
                with open(status, encoding="utf-8") as file:
                    stage = json.load(file).get("stage", {})
                if stage.get("name", "").startswith("predicting test spectra, net"):
                    break
            time.sleep(0.05)
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - begun, 2)
        self.assertEqual(process.returncode, 130, told)
        self.assertIn(f"interrupted while {self.path('deep.onnx')} predicts", told)

    def test_another_model_is_another_study(self):
        self.write("mine.onnx", self.mlp.bytes())
        before = self.said("mine", "{onnx: mine.onnx}")
        os.rename(self.path("mine.onnx"), self.path("moved.onnx"))
        self.run_study("mine", "{net: {onnx: moved.onnx}}", "--resume")
        np.testing.assert_array_equal(self.column("mine", "global_net"), before)
        self.write("moved.onnx", onnx_files.Mlp(PIXELS, 8).bytes())
        done = self.run_study("mine", "{net: {onnx: moved.onnx}}", "--resume", check=False)
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_neither_threads_nor_blocks_change_a_byte(self):
        self.write("convolution.onnx", onnx_files.Convolution(PIXELS).bytes())
        self.write("seven.onnx", self.mlp.bytes(batch=7))
        experts = ("{a: {onnx: mlp.onnx}, b: {onnx: convolution.onnx}, c: {onnx: seven.onnx}}")
        seen = set()
        for threads, rows in ((1, 0), (2, 1), (3, 50), (2, 129), (5, 200)):
            self.run_study("same", experts, "--replace", "--threads", threads, "--set",
                           f"run.block_rows={rows}")
            seen.add(tuple(study_data.task(self.path("same"), f"global-{name}")[1].tobytes()
                           for name in "abc"))
        self.assertEqual(len(seen), 1)

    def spoil(self, name, change):
        made = {key: np.array(value) if key != "labels" else value
                for key, value in self.test.items()}
        change(made)
        made_stars.write(self.path(name), made)
        return ("--set", f"data.test={name}")

    def test_flux_that_is_no_number_has_no_prediction(self):
        """The runtime's pooling passes over NaN, so that a prediction would look like one."""
        def change(made):
            made["noisy"][3, 5] = np.nan
            made["noisy"][150, :100] = np.inf
            made["flux"][299, 127] = np.nan
            made["error"][7, 11] = np.nan  # bad, but the flux is a number
        self.write("convolution.onnx", onnx_files.Convolution(PIXELS).bytes())
        words = self.spoil("holed.h5", change)
        done = self.run_study("holed", "{ridge: {alpha: [10]}, net: {onnx: convolution.onnx}}",
                              *words)
        note = "3 of 300 test rows have a pixel whose flux is no number, and no prediction"
        self.assertIn(f"experts.net: {note} of it; they are left out of what is compared",
                      done.stderr)
        card, _ = study_data.task(self.path("holed"), "global-net")
        self.assertIn(note, card["note"])
        got = self.column("holed", "global_net")
        holed = [3, 150, 299]
        self.assertEqual(list(np.flatnonzero(np.isnan(got))), holed)
        self.assertFalse(np.isnan(self.column("holed", "global_ridge")).any())
        rest = np.setdiff1d(np.arange(TEST), holed + [7])
        self.near(got[rest], onnx_files.Convolution(PIXELS)(self.noisy[rest]))
        self.assertEqual(self.results("holed")["missing"]["n"], 3)
        study = made_stars.study(self.folder, "chinese", "{net: {onnx: convolution.onnx}}",
                                 language="zh")
        study_data.run(BUILD, "headroom", "run", study, "--out", self.path("chinese"), *STORED,
                       *words)
        with open(self.path("chinese/report.md"), encoding="utf-8") as file:
            report = file.read()
        self.assertIn("300 个测试行中有 3 行含有流量不是数值的像素，没有预测", report)
        self.assertNotIn("no number", report)

    def test_the_unit_of_the_files(self):
        """The study works in another unit of flux; the network is given that of the files."""
        def change(made, by=1e-17):
            for key in ("flux", "error", "noisy"):
                made[key] = made[key] * by
        train = made_stars.stars(400)
        change(train)
        made_stars.write(self.path("faint_train.h5"), train)
        words = self.spoil("faint.h5", change)
        weights = onnx_files.Mlp(PIXELS)
        weights.w = np.float32(weights.w * 1e17)
        self.write("faint.onnx", weights.bytes())
        got = self.said("faint", "{onnx: faint.onnx}", *words, "--set",
                        "data.train=[faint_train.h5]")
        self.near(got, self.mlp(self.noisy))

    def test_shapes_and_types_that_do_not_fit(self):
        other = onnx_files.Mlp(100)
        self.assertEqual(
            self.refused_file(other.bytes()),
            "bad.onnx: its input x is [any, 100], and spectra come as [batch, 128], [batch, 1, "
            "128] or [batch, 128, 1]; export a model that takes one of these")
        self.assertEqual(
            self.refused_file(self.mlp.bytes(shape=[1, 1, PIXELS])),
            "bad.onnx: its input x is [any, 1, 1, 128], and spectra come as [batch, 128], [batch, "
            "1, 128] or [batch, 128, 1]; export a model that takes one of these")
        self.assertEqual(
            self.refused_file(self.mlp.bytes(), "{onnx: bad.onnx, input: flux_error}"),
            "bad.onnx: its input x is [any, 128], and spectra with their errors come as [batch, 2,"
            " 128] or [batch, 128, 2]; export a model that takes one of these, or set input: flux")
        self.assertEqual(
            self.refused_file(self.mlp.bytes(batch=129)),
            "bad.onnx: its input x is [129, 128], a batch of 129; export it with a first dimension"
            " of any size (dynamic_axes), or of 1 to 128")
        three = onnx_files.Mlp(PIXELS, outputs=3)
        self.assertEqual(
            self.refused_file(three.bytes()),
            "bad.onnx: its output y is [32, 3] of 32 spectra, and the study wants [32, 1], the "
            "labels of data.target in their order; export a model that gives these")
        self.assertEqual(
            self.refused_file(self.mlp.bytes(), target="[log_g, T_eff]"),
            "bad.onnx: its output y is [32, 1] of 32 spectra, and the study wants [32, 2], the "
            "labels of data.target in their order; export a model that gives these")
        said = self.refused_file(self.mlp.bytes(out=[1, 1]))
        self.assertRegex(said, f"^bad.onnx: ONNX Runtime {RUNTIME} fails on the model: .*cannot "
                               "be reshaped")
        self.assertTrue(said.endswith(
            ", with 32 spectra at a time; export it with a first dimension of any size "
            "(dynamic_axes, dynamic_shapes), or of 1"), said)
        two = [onnx_files.described(name, onnx_files.FLOAT, ["n", PIXELS]) for name in "xe"]
        add = [onnx_files.node("Add", ["x", "e"], ["y"])]
        y = [onnx_files.described("y", onnx_files.FLOAT, ["n", PIXELS])]
        self.assertEqual(
            self.refused_file(onnx_files.model(add, [], two, y)),
            "bad.onnx takes 2 inputs; export a model that takes one, the flux, or flux and error "
            "in its channels")
        one = two[:1]
        whole = [onnx_files.described("x", onnx_files.INT64, ["n", PIXELS])]
        self.assertEqual(
            self.refused_file(onnx_files.model([onnx_files.node("Abs", ["x"], ["y"])], [], whole, [
                onnx_files.described("y", onnx_files.INT64, ["n", PIXELS])])),
            "bad.onnx: its input x is of the type int64; export the model in float or double")
        classes = [onnx_files.node("ArgMax", ["x"], ["y"], axis=1, keepdims=0)]
        self.assertEqual(
            self.refused_file(onnx_files.model(classes, [], one, [
                onnx_files.described("y", onnx_files.INT64, ["n"])])),
            "bad.onnx: its output y is of the type int64; export the model in float or double")
        self.assertEqual(
            self.refused_file(onnx_files.model(
                [onnx_files.node("SequenceConstruct", ["x"], ["y"])], [], one,
                [onnx_files.sequence("y")])),
            "bad.onnx: its output y is no tensor; export a model with one (of scikit-learn's a "
            "regressor, not a classifier)")
        deep = self.mlp.bytes(shape=[1] * 7 + [PIXELS])
        self.assertEqual(self.refused_file(deep), "bad.onnx has an input or output of 9 "
                                                  "dimensions; export one of three or fewer")

    def layers_of_training(self, batch, is_random):
        """The mean over pixels, with noise that is drawn or less the mean of the batch."""
        x = [onnx_files.described("x", onnx_files.FLOAT, [batch, PIXELS])]
        y = [onnx_files.described("y", onnx_files.FLOAT, [batch, 1])]
        nodes = [onnx_files.node("ReduceMean", ["x"], ["mean"], axes=[1])]
        if is_random:
            nodes += [onnx_files.node("RandomNormalLike", ["mean"], ["noise"]),
                      onnx_files.node("Add", ["mean", "noise"], ["y"])]
        else:
            nodes += [onnx_files.node("ReduceMean", ["mean"], ["all"], axes=[0]),
                      onnx_files.node("Sub", ["mean", "all"], ["y"])]
        return onnx_files.model(nodes, [], x, y)

    def test_layers_that_work_as_in_training(self):
        for batch in ("n", 1, 2, 7):
            self.assertEqual(self.refused_file(self.layers_of_training(batch, True)),
                             "bad.onnx gives another answer each time it is given the same "
                             "spectra; export it in evaluation mode, model.eval()")
        for batch in ("n", 2, 7):
            self.assertEqual(self.refused_file(self.layers_of_training(batch, False)),
                             "bad.onnx gives a spectrum an answer that depends on the other rows "
                             "of the batch; export it in evaluation mode, model.eval()")
        self.write("alone.onnx", self.layers_of_training(1, False))
        self.near(self.said("alone", "{onnx: alone.onnx}"), np.zeros(TEST))

    def test_one_without_finite_numbers_is_given_up(self):
        """It would take the rows from the other models, as both arms lose them."""
        x = [onnx_files.described("x", onnx_files.FLOAT, ["n", PIXELS])]
        y = [onnx_files.described("y", onnx_files.FLOAT, ["n", 1])]
        none = onnx_files.tensor("none", np.float32([np.nan]))
        nodes = [onnx_files.node("ReduceMean", ["x"], ["mean"], axes=[1]),
                 onnx_files.node("Mul", ["mean", "none"], ["y"])]
        self.write("none.onnx", onnx_files.model(nodes, [none], x, y))
        done = self.run_study("none", "{ridge: {alpha: [10]}, net: {onnx: none.onnx}}",
                              check=False)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn(f"the expert net is given up: {self.path('none.onnx')} gives no finite "
                      f"number for more than half of the {TEST} test rows; what was done to the "
                      "flux before training has to be a part of it\n", done.stderr)
        results = self.results("none")
        score = next(entry for entry in results["overall"]
                     if entry["method"] == "global_ridge" and entry["rows"] == "all")
        self.assertEqual(score["n"], TEST)
        expert = next(e for e in results["experts"] if e["name"] == "net")
        self.assertEqual(expert["status"], "failed")

    def test_models_that_cannot_be_loaded(self):
        said = self.refused_file(self.mlp.bytes(ir_version=99))
        self.assertRegex(said, f"^bad.onnx has the IR version 99, and ONNX Runtime {RUNTIME} reads "
                               r"up to \d+; export it with an older onnx package, or name a newer "
                               "runtime as ONNXRUNTIME_ROOT$")
        said = self.refused_file(self.mlp.bytes(opset=99))
        most = re.search(r"knows up to (\d+)", said).group(1)
        self.assertEqual(said, f"bad.onnx has the opset 99, and ONNX Runtime {RUNTIME} knows up to "
                               f"{most}; export it with opset_version={most}, or name a newer "
                               "runtime as ONNXRUNTIME_ROOT")
        whole = self.mlp.bytes()
        for part in (whole[:len(whole) // 2], whole[:-2], b"", b"a text", b"\x89HDF\r\n" * 20):
            self.assertEqual(self.refused_file(part),
                             "bad.onnx is no model in ONNX, or not all of one; export or copy it "
                             "again")
        unknown = onnx_files.model([onnx_files.node("Sharpen", ["x"], ["y"])], [],
                                   [onnx_files.described("x", onnx_files.FLOAT, ["n", PIXELS])],
                                   [onnx_files.described("y", onnx_files.FLOAT, ["n", 1])])
        self.assertRegex(self.refused_file(unknown),
                         f"^bad.onnx cannot be loaded by ONNX Runtime {RUNTIME}: .*Sharpen.*; "
                         "export it so that Python's onnxruntime of that version loads it$")
        os.mkdir(self.path("folder.onnx"))
        begin = "headroom: refused.yaml: experts.net.onnx: "
        self.assertEqual(self.refusal("{onnx: folder.onnx}"),
                         begin + "folder.onnx is not a regular file")
        self.assertEqual(self.refusal("{onnx: nowhere.onnx}"),
                         begin + "cannot open nowhere.onnx: No such file or directory")

    def test_keys_that_are_wrong(self):
        for entry, told in (
                ("{onnx: mlp.onnx, scale: [1]}", "scale has 1 number; give an offset and a factor of "
                                             "each target: [mean, standard deviation]"),
                ("{onnx: mlp.onnx, input: noise}", "flux or flux_error")):
            self.assertIn(told, self.refusal(entry, code=2))
        for scale, told in (
                ("[1, 2, 3, 4]", "has 4 numbers and the study 1 target; give an offset and a "
                                 "factor for each, in the order of data.target"),
                ("[1, 0]", "has the factor 0, which makes all predictions alike; give the one "
                           "that turns the output into the label")):
            self.assertEqual(self.refusal(f"{{onnx: mlp.onnx, scale: {scale}}}", code=2),
                             f"headroom: refused.yaml: experts.net.scale: {told}")

    def test_a_dry_run_tries_it_out(self):
        done = self.run_study("dry", "{net: {onnx: mlp.onnx}}", "--dry-run")
        self.assertIn("net", done.stdout)
        self.write("bad.onnx", onnx_files.Mlp(90).bytes())
        done = self.run_study("dry", "{net: {onnx: bad.onnx}}", "--dry-run", check=False)
        self.assertEqual(done.returncode, 3)

    def test_without_the_runtime_the_others_go_on(self):
        empty = self.path("nothing")
        os.makedirs(empty, exist_ok=True)
        done = self.run_study("without", "{ridge: {alpha: [10]}, net: {onnx: mlp.onnx}}",
                              check=False, ONNXRUNTIME_ROOT=empty)
        self.assertEqual(done.returncode, 5, done.stderr)
        told = f"there is no libonnxruntime.so.1 in {empty}; {REMEDY}"
        self.assertIn(f"the expert net is skipped: {told}\n", done.stderr)
        expert = next(e for e in self.results("without")["experts"] if e["name"] == "net")
        self.assertEqual((expert["status"], expert["note"]), ("unavailable", told))
        self.run_study("without", "{ridge: {alpha: [10]}, net: {onnx: mlp.onnx}}", "--resume")
        self.near(self.column("without", "global_net"), self.mlp(self.noisy))

    def build_stub(self, name, code):
        path = self.path(os.path.join(name, "libonnxruntime.so.1"))
        os.makedirs(os.path.dirname(path))
        subprocess.run(["gcc", "-shared", "-fPIC", "-xc", "-", "-o", path], input=code,
                       text=True, check=True)
        return path

    def test_a_library_that_cannot_be_used_is_told(self):
        base = ("#include <stdint.h>\n"
                "static const void *const *table(uint32_t v) { (void)v; return 0; }\n"
                "static const char *version(void) { return \"VERSION\"; }\n"
                "static const struct { const void *const *(*t)(uint32_t);\n"
                "  const char *(*v)(void); } base = {table, version};\n"
                "const void *OrtGetApiBase(void) { return &base; }\n")
        path = self.build_stub("other", "int something_else(void) { return 0; }\n")
        for name, code, told in (
                ("other", None, f"{path} is not ONNX Runtime: it lacks OrtGetApiBase; {REMEDY}"),
                ("second", "2.0.1", "{} is ONNX Runtime of another version than 1 (it says "
                                 f"'2.0.1'); {REMEDY}"),
                ("odd", "1.0.0", "{} is ONNX Runtime of another version than 1 (it says "
                                 f"'1.0.0'); {REMEDY}")):
            if code:
                told = told.format(self.build_stub(name, base.replace("VERSION", code)))
            done = self.run_study("unusable", "{ridge: {alpha: [10]}, net: {onnx: mlp.onnx}}",
                                  "--replace", check=False, ONNXRUNTIME_ROOT=self.path(name))
            self.assertEqual(done.returncode, 5, done.stderr)
            self.assertIn(f"the expert net is skipped: {told}\n", done.stderr)

    def set_up(self, **variables):
        """What the set-up script says; a Python that cannot fetch anything is all it finds."""
        script = os.path.join(SOURCE, "scripts/get_onnxruntime.sh")
        done = subprocess.run([script, self.path("wanted")], capture_output=True, text=True,
                              check=True, env=dict({"PATH": os.environ["PATH"],
                                                    "PIP_NO_INDEX": "1"}, **variables))
        self.assertFalse(os.path.exists(self.path("wanted/libonnxruntime.so.1")))
        return done.stdout + done.stderr

    def test_the_set_up_uses_what_is_there(self):
        code = "int OrtGetApiBase(void) { return 0; }\n"
        own, conda = self.build_stub("root/lib", code), self.build_stub("environment/lib", code)
        loader = os.path.dirname(self.build_stub("loader", code))
        root, conda = (os.path.dirname(os.path.dirname(path)) for path in (own, conda))
        for given in (root, own):
            self.assertEqual(self.set_up(ONNXRUNTIME_ROOT=given, CONDA_PREFIX=conda),
                             f"setup: using the ONNX Runtime of ONNXRUNTIME_ROOT, {given}\n")
        self.assertEqual(self.set_up(ONNXRUNTIME_ROOT=loader + "/no"),
                         f"setup: ONNXRUNTIME_ROOT is {loader}/no, where there is no "
                         "libonnxruntime.so.1; Headroom looks nowhere else\n")
        self.assertEqual(self.set_up(CONDA_PREFIX=conda),
                         f"setup: using the ONNX Runtime of conda, {conda}\n")
        self.assertEqual(self.set_up(LD_LIBRARY_PATH=loader),
                         "setup: using the ONNX Runtime that the system's loader finds\n")
        self.assertRegex(self.set_up(), "(?s)setup: fetching ONNX Runtime.*setup: ONNX Runtime "
                                        "could not be fetched; Headroom works without it, and "
                                        "says so\n$")

    def test_a_build_may_leave_it_out(self):
        source = os.path.join(SOURCE, "src")
        files = ["methods/outside/ort_api.c", "methods/shared_library.c",
                 *(f"core/{name}.c" for name in ("alloc", "error", "file", "text", "utf8"))]
        main = ("#include <stdio.h>\n#include \"methods/outside/ort_api.h\"\n"
                "int main(void) { hr_ort_library l; hr_error e;\n"
                "  puts(hr_ort_load(&l, &e) == HR_OK ? l.version : e.message); }\n")
        folder = os.path.join(BUILD, "onnxruntime")
        for is_on, told in ((1, RUNTIME), (0, "this program was built without ONNX Runtime "
                                              "(HR_ONNX=OFF)")):
            program = self.path(f"load_{is_on}")
            subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", f"-DHR_ONNX={is_on}",
                            '-DHR_ONNX_LIBDIR="nowhere"', '-DHR_ONNX_INSTALLED="/nowhere"',
                            f'-DHR_ONNX_BUILT="{folder}"', f"-I{source}",
                            f"-I{source}/../include", "-xc", "-",
                            *(os.path.join(source, name) for name in files), "-o", program,
                            "-ldl"], input=main, text=True, check=True)
            said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
            self.assertEqual(said, told + "\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
