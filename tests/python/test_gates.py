"""Gates in a study: what results.json says of them against the columns of predictions.csv,
`headroom predict --router gate` against the study, a run that is resumed, and what the MLP
gate is trained on against NumPy.

    test_gates.py BUILD
"""

import glob
import json
import os
import re
import shutil
import sys
import tempfile
import unittest

import numpy as np
import pandas

import study_data

BUILD = sys.argv[1]
EXPERTS = """experts:
  ridge: {alpha: [1, 100, 10000]}
  posterior: {}
gates:
  bayes: {}
  logistic: {mixing: fallback, fallback_below: 0.4}
  mlp: {most_asked: 1000}
run: {memory_mib: 4096, model: full}
"""


def read_csv(path):
    return pandas.read_csv(path, float_precision="round_trip")


def r2(y, prediction):
    return 1 - np.sum((y - prediction) ** 2) / np.sum((y - y.mean()) ** 2)


def without_seconds(value):
    if isinstance(value, dict):
        return {k: without_seconds(v) for k, v in value.items() if k not in ("seconds", "seal")}
    if isinstance(value, list):
        return [without_seconds(v) for v in value]
    return value


class Gates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        root = cls.home.name
        study_data.run(BUILD, "headroom", "simulate", "--out", f"{root}/data", "--train", 2000,
                       "--test", 400)
        cls.path = f"{root}/data/study.yaml"
        with open(cls.path, encoding="utf-8") as file:
            text = file.read()
        cls.head = text[:text.index("experts:")]
        with open(cls.path, "w", encoding="utf-8") as file:
            file.write(cls.head + EXPERTS)
        cls.run_dir = f"{root}/run"
        study_data.run(BUILD, "headroom", "run", cls.path, "--out", cls.run_dir)
        cls.test = f"{root}/data/test/dataset.h5"
        cls.rows = read_csv(f"{cls.run_dir}/predictions.csv")
        cls.results = cls.read_results(cls.run_dir)

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    @staticmethod
    def read_results(run_dir):
        with open(f"{run_dir}/results.json", encoding="utf-8") as file:
            return json.load(file)

    def covered(self):
        return self.rows[self.rows["bin"].notna()]

    def test_every_gate_is_held_against_the_true_bins(self):
        covered = self.covered()
        self.assertEqual([g["name"] for g in self.results["gates"]], ["bayes", "logistic", "mlp"])
        for gate in self.results["gates"]:
            confusion = np.array(gate["confusion"])
            counts = covered["bin"].astype(int).value_counts()
            self.assertEqual(gate["n"], len(covered))
            self.assertEqual(confusion.sum(), len(covered))
            for k in range(9):
                self.assertEqual(confusion[k].sum(), counts.get(k, 0))
            self.assertAlmostEqual(gate["accuracy"], np.trace(confusion) / len(covered), 12)
            if gate["name"] != "mlp":  # whose weights are made for the mixture, not for bins
                self.assertGreater(gate["accuracy"], 0.4)  # nine bins: chance is 0.11
            self.assertGreater(gate["log_loss"], 0)
            self.assertEqual(sum(o["n"] for o in gate["octiles"]), len(covered))
        bayes, logistic, mlp = self.results["gates"]
        self.assertTrue(bayes["uses_error"])
        self.assertFalse(logistic["uses_error"])
        self.assertFalse(mlp["uses_error"])
        self.assertGreaterEqual(bayes["accuracy"], logistic["accuracy"])

    def test_scores_and_rho_are_those_of_the_rows(self):
        covered = self.covered()
        y = covered["target"]
        baseline = r2(y, covered["global_ridge"])
        oracle = r2(y, covered["oracle_hybrid_cv"])
        for gate, column in zip(self.results["gates"],
                                ("hybrid_bayes_soft", "hybrid_logistic_fallback",
                                 "hybrid_mlp_soft")):
            self.assertEqual(len(gate["forecasts"]), 6)
            own = [f for f in gate["forecasts"] if f["method"] == column]
            self.assertEqual(len(own), 1)
            deployed = r2(y, covered[column])
            self.assertAlmostEqual(own[0]["r2"], deployed, 9)
            self.assertAlmostEqual(own[0]["rho"], (deployed - baseline) / (oracle - baseline), 9)
            self.assertLess(own[0]["rho_ci"][0], own[0]["rho"])
            self.assertGreater(own[0]["rho_ci"][1], own[0]["rho"])

    def test_the_ladder_has_what_is_deployed(self):
        ladder = self.results["ladder"]
        self.assertEqual([r["rung"] for r in ladder["rungs"]],
                         ["baseline", "single", "deployed", "oracle", "ceiling"])
        self.assertEqual(ladder["rungs"][2]["method"], "hybrid_bayes_soft")
        steps = {s["step"]: s["delta_r2"] for s in ladder["steps"]}
        self.assertAlmostEqual(steps["specialists"] + steps["routing"], steps["mixture"], 12)

    def predict(self, *words):
        path = os.path.join(self.home.name, "table.csv")
        study_data.run(BUILD, "headroom", "predict", self.run_dir, self.test, *words, "--out", path)
        return read_csv(path)

    def test_predict_routes_as_the_study_did(self):
        for words, column in (((), "hybrid_bayes_soft"),
                              (("--router", "gate"), "hybrid_bayes_soft"),
                              (("--router", "gate_bayes"), "hybrid_bayes_soft"),
                              (("--router", "gate_logistic"), "hybrid_logistic_fallback"),
                              (("--router", "gate_mlp"), "hybrid_mlp_soft")):
            table = self.predict(*words)
            self.assertTrue(np.array_equal(table["log_g_mean"], self.rows[column]), words)
            self.assertTrue(np.array_equal(table["log_g_sigma"], self.rows[f"sigma_{column}"]),
                            words)

    def test_a_gate_that_is_not_there(self):
        done = study_data.run(BUILD, "headroom", "predict", self.run_dir, self.test, "--router",
                              "gate_forest", "--out", f"{self.home.name}/none.csv", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("has no gate forest", done.stderr)

    def test_the_mlp_gate_asks_about_so_many_rows(self):
        with open(f"{self.run_dir}/run.log", encoding="utf-8") as file:
            found = re.search(r"MLP gate: of (\d+) held-out .* trained on (\d+)", file.read())
        held, trained = int(found.group(1)), int(found.group(2))
        self.assertLess(abs(held + trained - 1000), 120)
        self.assertLess(abs(held - 200), 60)

    def alpha(self, k):
        with open(f"{self.run_dir}/model/model.json", encoding="utf-8") as file:
            candidates = json.load(file)["candidates"]
        return next(c["value"] for c in candidates if c["method"] == "ridge" and c["slot"] == k)

    def test_what_the_mlp_gate_is_trained_on_has_not_been_seen(self):
        files = sorted(glob.glob(f"{self.home.name}/data/train_*/dataset.h5"))
        rows = study_data.Rows(BUILD, self.path, "train", "generated", files, 4096,
                               self.home.name)
        for k in (1, 4):
            x, y = rows.noisy[rows.bin == k], rows.target[rows.bin == k]
            x = x - x.mean(axis=0)
            kernel = x @ x.T
            hat = kernel @ np.linalg.inv(kernel + self.alpha(k) * np.eye(len(y))) + 1 / len(y)
            seen = hat @ y
            left_out = y - (y - seen) / (1 - np.diag(hat))
            kept = np.load(f"{self.run_dir}/tasks/{k}-ridge/validation.npy")
            self.assertTrue(np.array_equal(kept[:, 0], np.flatnonzero(rows.bin == k)))
            scale = np.std(y - left_out)
            self.assertLess(np.max(np.abs(kept[:, 1] - left_out)), 1e-3 * scale)
            self.assertGreater(np.std(kept[:, 1] - seen), 0.01 * scale)
            # The posterior's are of other folds: no row is its own template.
            kept = np.load(f"{self.run_dir}/tasks/{k}-posterior/validation.npy")
            truth = rows.target[kept[:, 0].astype(int)]
            self.assertTrue(np.all(rows.bin[kept[:, 0].astype(int)] == k))
            self.assertGreater(np.corrcoef(kept[:, 1], truth)[0, 1], 0.5)
            self.assertGreater(np.std(kept[:, 1] - truth), 0.02)
        self.assertEqual(glob.glob(f"{self.run_dir}/tasks/global-*/validation.npy"), [])

    def refused(self, text, sentence):
        path = f"{self.home.name}/data/refused.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.head + text)
        done = study_data.run(BUILD, "headroom", "run", path, "--out", f"{self.home.name}/no",
                              "--dry-run", check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(sentence, done.stderr)

    def test_gates_that_cannot_be_are_refused(self):
        self.refused(EXPERTS.replace("model: full", "model: none"),
                     "gates mix what the models of the bundle say")
        self.refused(EXPERTS.replace("  posterior: {}\n", ""), "gates.bayes")

    def test_a_resumed_run_has_the_same_numbers(self):
        again = f"{self.home.name}/again"
        shutil.copytree(self.run_dir, again)
        os.remove(f"{again}/results.json")
        shutil.rmtree(f"{again}/model/gate-logistic")
        shutil.rmtree(f"{again}/model/gate-mlp")
        study_data.run(BUILD, "headroom", "run", self.path, "--out", again, "--resume")
        self.assertEqual(without_seconds(self.read_results(again)),
                         without_seconds(self.results))
        with open(f"{again}/predictions.csv", "rb") as one, \
             open(f"{self.run_dir}/predictions.csv", "rb") as other:
            self.assertEqual(one.read(), other.read())

    def test_the_users_settings(self):
        """--compat users: their Ridge and gates, whatever the configuration says of them."""
        users = f"{self.home.name}/users"
        done = study_data.run(BUILD, "headroom", "run", self.path, "--out", users, "--compat",
                              "users")
        self.assertIn("experts and gates have the settings of 'users', whatever", done.stderr)
        with open(f"{users}/model/model.json", encoding="utf-8") as file:
            candidates = json.load(file)["candidates"]
        self.assertEqual({(c["method"], c["value"]) for c in candidates}, {("ridge", 1e3)})
        for gate, names in (("logistic", 37), ("mlp", 13)):
            with open(f"{users}/model/gate-{gate}/gate.json", encoding="utf-8") as file:
                self.assertEqual(len(json.load(file)["centre"]), names)
        for layer, shape in enumerate(((32, 14), (16, 33), (9, 17))):
            weights = np.load(f"{users}/model/gate-mlp/layer_{layer}.npy")
            self.assertEqual(weights.shape, shape)
        results = self.read_results(users)
        self.assertEqual([g["name"] for g in results["gates"]], ["logistic", "mlp"])
        rows = read_csv(f"{users}/predictions.csv")
        covered = rows[rows["bin"].notna()]
        soft = r2(covered["target"], covered["hybrid_logistic_soft"])
        told = {f["method"]: f["r2"] for f in results["gates"][0]["forecasts"]}
        self.assertAlmostEqual(told["hybrid_logistic_soft"], soft, 9)
        self.assertAlmostEqual(told["ridge_logistic_soft"], soft, 9)  # there is no other expert
        for gate in results["gates"]:
            self.assertLess(gate["accuracy_ci"][0], gate["accuracy"])
            self.assertGreater(gate["accuracy_ci"][1], gate["accuracy"])
        # It is another study, and goes on as that alone.
        study_data.run(BUILD, "headroom", "run", self.path, "--out", users, "--compat", "users",
                       "--resume")
        done = study_data.run(BUILD, "headroom", "run", self.path, "--out", users, "--resume",
                              check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        done = study_data.run(BUILD, "headroom", "run", self.path, "--out", users, "--compat",
                              "user", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("there are no settings called 'user'", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
