"""Every number that is printed, drawn or published is one of results.json: report.md,
report.html, tables, the figures' CSV and published blocks are taken apart and compared; the
pictures are looked at as files; changed numbers are refused."""

import csv
import hashlib
import html
import json
import math
import os
import re
import shutil
import struct
import sys
import tempfile
import unittest

import numpy as np

import study_data

BUILD = sys.argv[1]
FIGURES = ["ceiling_perbin_expert_comparison", "ceiling_expert_selection_heatmap",
           "ceiling_oracle_hybrid_vs_baseline", "ceiling_perbin_delta_r2",
           "ceiling_hybrid_pred_vs_true", "r2_by_snr"]
NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.]*\d)")


def numbers_of(value):
    """All numbers in a JSON value, however deep."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, (int, float)):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    return [] if isinstance(value, str) else [n for item in items for n in numbers_of(item)]


def shown(number):
    """How a number may look in the report."""
    return {f"{number:.4f}", f"{number:+.4f}", f"{number:.0f}", f"{number:.6g}", f"{number:.2f}",
            f"{number:.3e}", f"{number:+.3e}", "1e4"} | ({"0.0000", "+0.0000"}
                                                  if abs(number) < 5e-5 else set())


def read_rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Report(unittest.TestCase):
    EXPERTS = 5

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.run_dir = os.path.join(cls.scratch.name, "run")
        study_data.run(BUILD, "tool_made_up_study", cls.run_dir, cls.EXPERTS)
        cls.done = study_data.run(BUILD, "headroom", "report", cls.run_dir)
        with open(os.path.join(cls.run_dir, "results.json"), encoding="utf-8") as file:
            cls.results = json.load(file)
        cls.predictions = read_rows(os.path.join(cls.run_dir, "predictions.csv"))
        cls.exact = set(float(n) for n in numbers_of(cls.results))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def read(self, *path, mode="r"):
        with open(os.path.join(self.run_dir, *path), mode,
                  encoding=None if "b" in mode else "utf-8") as file:
            return file.read()

    def check_text(self, text):
        """Each number in running text and tables is a rounded one of results.json."""
        allowed = set().union(*(shown(n) for n in self.exact))
        gap = self.overall("oracle_hybrid_test")["r2_pooled"] - \
            self.overall("oracle_hybrid_cv")["r2_pooled"]
        allowed |= shown(gap) | {"68", "95", "16", "84", "10000"}  # levels; rows of the training split
        allowed.add(str(len(self.results["bins"])))
        fisher = (self.results["ceiling"] or {}).get("fisher")
        allowed |= {f"{100 * fisher['misfit']:.2g}"} if fisher else set()  # in percent
        # Names that hold digits, of experts, figures, steps and sections.
        text = re.sub(r"1D-CNN|Figure \d+\.|Table \d\.|C[123](\.1)?|level 1|^## \d\.|R² = 1|"
                      r"−0\.3|`[^`]*`|\*\*Table \d|figures/\S+|^- \d:|\| (\d, )?\d \|$", " ",
                      text, flags=re.M)
        text = re.sub(r"\| octile \|.*|^\| [1-8] \|", "|", text, flags=re.M)
        found = NUMBER.findall(text)
        self.assertGreater(len(found), 50)
        self.assertEqual([n for n in found if n not in allowed], [])

    def overall(self, method, rows="covered"):
        return next(m for m in self.results["overall"]
                    if m["method"] == method and m["rows"] == rows)

    def test_the_report_says_what_the_results_say(self):
        report = self.read("report.md")
        body, ledger = report.split("## 5. Ledger\n")
        self.check_text(re.sub(r"(?m)^Contents: .*$", "", body))
        kinds = [check["name"].split("/")[0] for check in self.results["ledger"]["checks"]]
        self.assertIn(f"all {len(kinds)} checks passed", ledger)
        for kind in set(kinds):
            times = kinds.count(kind)
            self.assertIn(f"`{kind}`" + (f" ({times})" if times > 1 else ""), ledger)
            self.assertEqual(ledger.count(f"`{kind}`"), 1)

    def test_links_go_somewhere(self):
        page = self.read("report.html")
        links = re.findall(r'href="#([^"]*)"', page)
        self.assertEqual(links, re.findall(r'<h2 id="([^"]*)"', page))
        self.assertEqual(len(links), 5)

    def test_the_page_says_what_the_report_says(self):
        page = html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ",
                                    self.read("report.html"), flags=re.S))
        markdown = re.sub(r"(?m)^!\[(.*)\]\(.*\)$|^\|[-|:]+\|$", r"\1", self.read("report.md"))
        markdown = re.sub(r"\[([^]]*)\]\((?:#|figures/)[^)]*\)", r"\1", markdown)
        words = re.sub(r"(?m)[`*|]|^#+ |^- |\\", " ", markdown).split()
        self.assertEqual(re.sub(r"[`*|]", " ", page).split()[1:], words)

    def test_the_page_needs_nothing_else(self):
        page = self.read("report.html")
        figures = len([n for n in os.listdir(os.path.join(self.run_dir, "figures"))
                       if n.endswith(".svg")])
        self.assertGreater(figures, 5)
        self.assertEqual(
            len(re.findall(r'src="data:image/(?:svg\+xml|png);base64,', page)), figures)
        self.assertEqual(len(re.findall(r"src=|href=(?!\"#|\"figures/)|url\(|@import", page)),
                         figures)

    def test_files_of_figures_are_there(self):
        """Every figure has its PDF, SVG and CSV behind it, and no other file is linked."""
        links = re.findall(r'href="(figures/[^"]*)"', self.read("report.html"))
        self.assertEqual(links, re.findall(r"(?<!!)\[\w+\]\((figures/[^)]*)\)",
                                           self.read("report.md")))
        drawn = [n for n in os.listdir(os.path.join(self.run_dir, "figures"))
                 if not n.endswith(".png")]
        self.assertEqual(sorted(links), sorted("figures/" + n for n in drawn))
        for name in drawn:
            if name.endswith(".pdf"):
                pdf = self.read("figures", name, mode="rb")
                self.assertTrue(pdf.startswith(b"%PDF-1.5") and pdf.endswith(b"%%EOF\n"))
                self.assertNotIn(b"Date", pdf)

    def test_every_table_cell_is_a_result(self):
        for name in os.listdir(os.path.join(self.run_dir, "tables")):
            for row in read_rows(os.path.join(self.run_dir, "tables", name)):
                for key, cell in row.items():
                    try:
                        number = float(cell)
                    except ValueError:
                        continue
                    if key not in ("bin", "octile"):
                        self.assertIn(number, self.exact, f"{name}: {key}")

    def same(self, cell, number):
        if number is None:
            self.assertEqual(cell, "")
        else:
            self.assertEqual(float(cell), number)

    def figure(self, number):
        return read_rows(os.path.join(self.run_dir, "figures", FIGURES[number - 1] + ".csv"))

    def test_figures_1_and_2_draw_the_bins(self):
        for rows in (self.figure(1), self.figure(2)):
            self.assertEqual(len(rows), 9 * self.EXPERTS)
            for row in rows:
                of_bin = self.results["bins"][int(row["bin"])]
                scores = of_bin["experts"][row["expert"]]
                self.same(row["r2"], scores["r2"])
                self.same(row["r2_low"], scores["r2_ci"][0])
                self.same(row["r2_high"], scores["r2_ci"][1])
                self.assertEqual(row["chosen"] == "True",
                                 of_bin["best"]["cv"] == row["expert"])
                self.assertEqual(row["focus"] == "True", of_bin["focus"])

    def test_figure_3_draws_the_ladder(self):
        rows, ladder = self.figure(3), self.results["ladder"]
        count = len(ladder["rungs"])
        self.assertEqual([r["rung"] for r in rows[:3]], ["baseline", "single", "oracle"])
        self.assertEqual([r["method"] for r in rows],
                         [r["method"] for r in ladder["rungs"]] + ["ViT", "phys_gate"])
        for row, rung in zip(rows, ladder["rungs"]):
            self.same(row["r2"], rung["r2"])
            self.same(row["r2_low"], rung["r2_ci"][0])
            self.same(row["r2_high"], rung["r2_ci"][1])
            self.assertEqual((row["source"], row["rung"]), ("measured", rung["rung"]))
        for row, step in zip(rows[1:count], ladder["steps"]):
            self.same(row["delta_r2"], step["delta_r2"])
            self.same(row["delta_r2_low"], step["delta_r2_ci"][0])
            self.same(row["delta_r2_high"], step["delta_r2_ci"][1])
        for row, line in zip(rows[count:], self.results["baselines"]):
            self.same(row["r2"], line["r2"])
            self.assertEqual(row["source"], "outside")

    def squares(self, rows, method):
        """The sum of squared errors of a method over some rows."""
        return math.fsum((float(r["target"]) - float(r[method])) ** 2 for r in rows)

    def test_the_ladder_is_in_the_predictions(self):
        """Rungs and steps over all covered rows and in every bin, from the rows alone."""
        covered = [row for row in self.predictions if row["bin"]]
        ladder = self.results["ladder"]
        parts = [(ladder, covered)] + [
            (part, [row for row in covered if int(row["bin"]) == k])
            for k, part in enumerate(ladder["bins"])]
        for part, rows in parts:
            self.assertEqual(part["n"], len(rows))
            mean = math.fsum(float(r["target"]) for r in rows) / len(rows)
            total = math.fsum((float(r["target"]) - mean) ** 2 for r in rows)
            r2 = {rung["rung"]: 1 - self.squares(rows, rung["method"]) / total
                  for rung in part["rungs"] if rung["rung"] != "ceiling"}
            for rung in part["rungs"]:
                if rung["rung"] in r2:
                    self.assertAlmostEqual(rung["r2"], r2[rung["rung"]], 12)
            for step in part["steps"]:
                if step["to"] in r2:
                    self.assertAlmostEqual(step["delta_r2"], r2[step["to"]] - r2[step["from"]], 12)
                low, high = step["delta_r2_ci"]
                self.assertLessEqual(low, high)

    def test_a_report_has_the_day_of_its_run(self):
        """Not that on which it is made: made anew, it has the same bytes."""
        with tempfile.TemporaryDirectory() as folder:
            copy = shutil.copytree(self.run_dir, os.path.join(folder, "run"))
            with open(os.path.join(copy, "manifest.json"), "w", encoding="utf-8") as file:
                json.dump({"started": "2024-02-29T23:59:59Z"}, file)
            reports = []
            for _ in range(2):
                study_data.run(BUILD, "headroom", "report", copy)
                with open(os.path.join(copy, "report.md"), "rb") as file:
                    reports.append(file.read())
        self.assertEqual(reports[0], reports[1])
        self.assertNotIn(b"2024-02-29", self.read("report.md", mode="rb"))
        self.assertEqual(b" on 2024-02-29." in reports[0], "data" in self.results)

    def test_the_first_question_is_answered(self):
        """In the summary, in published blocks and at the end of what the program prints."""
        step = next(s for s in self.results["ladder"]["steps"] if s["step"] == "mixture")
        low, high = step["delta_r2_ci"]
        adds = (f"the mixture adds {step['delta_r2']:+.4f} [{low:+.4f}, {high:+.4f}] with perfect "
                "routing; there is no gate")
        summary = self.read("report.md").split("## 2.")[0]
        self.assertIn("**Is it the mixture?** Global Ridge is the only model of all rows; " + adds,
                      summary)
        printed = " ".join(self.done.stdout.split())
        self.assertIn("Is it the mixture? Global Ridge is the only model of all rows; " + adds,
                      printed)

    def test_figure_4_draws_the_gains(self):
        rows = self.figure(4)
        order = [float(row["baseline_r2"]) for row in rows]
        self.assertEqual(order, sorted(order))
        self.assertEqual(sorted(int(row["bin"]) for row in rows), list(range(9)))
        for row in rows:
            of_bin = self.results["bins"][int(row["bin"])]
            self.same(row["baseline_r2"], of_bin["experts"]["ridge"]["r2"])
            self.same(row["delta_r2"], of_bin["hybrid"]["cv"]["delta_r2"])
            self.same(row["delta_r2_low"], of_bin["hybrid"]["cv"]["delta_r2_ci"][0])
            self.same(row["delta_r2_high"], of_bin["hybrid"]["cv"]["delta_r2_ci"][1])

    def test_figure_5_draws_every_covered_star(self):
        drawn = self.figure(5)
        covered = [row for row in self.predictions if row["bin"]]
        self.assertEqual(len(drawn), self.results["ledger"]["covered"])
        for row, star in zip(drawn, covered):
            self.assertEqual(row["row"], star["row"])
            self.assertEqual(float(row["true"]), float(star["target"]))
            self.assertEqual(float(row["predicted"]), float(star["oracle_hybrid_cv"]))
        true = [float(row["true"]) for row in drawn]
        mean = math.fsum(true) / len(true)
        sse = math.fsum((float(row["true"]) - float(row["predicted"])) ** 2 for row in drawn)
        r2 = 1 - sse / math.fsum((t - mean) ** 2 for t in true)
        self.assertAlmostEqual(r2, self.overall("oracle_hybrid_cv")["r2_pooled"], 12)

    def test_figure_6_draws_every_method(self):
        octiles = self.results["snr_octiles"]["octiles"]
        ceiling = self.results["ceiling"]
        ceilings = {"ceiling": ceiling, "fisher": ceiling["fisher"]} if ceiling else {}
        rows = self.figure(6)
        self.assertEqual(len(rows), 8 * (len(octiles[0]["r2"]) + len(ceilings)))
        for row in rows:
            octile = octiles[int(row["octile"]) - 1]
            self.same(row["n"], octile["n"])
            self.assertEqual(float(row["snr_mid"]), 0.5 * (octile["snr_low"] + octile["snr_high"]))
            if row["method"] in ceilings:
                most = ceilings[row["method"]]["routed"]["octiles"][int(row["octile"]) - 1]
                self.same(row["r2"], most["r2_max"])
                self.same(row["r2_low"], most["r2_max_ci"][0])
                self.same(row["r2_high"], most["r2_max_ci"][1])
            else:
                self.same(row["r2"], octile["r2"][row["method"]])

    def test_figure_12_draws_residuals(self):
        """In groups along the SNR; median and quantiles are NumPy's."""
        rows = [r for r in read_rows(os.path.join(self.run_dir, "figures", "residuals.csv"))
                if r["label"] == "snr"]
        covered = [r for r in self.predictions if r["bin"]]
        self.assertEqual(sum(int(r["n"]) for r in rows), len(covered))
        for row in rows:
            low, high = float(row["low"]), float(row["high"])
            own = [float(r["oracle_hybrid_cv"]) - float(r["target"]) for r in covered
                   if low <= float(r["snr"]) <= high]
            self.assertEqual(len(own), int(row["n"]))
            for key, share in (("residual_16", 16), ("median", 50), ("residual_84", 84)):
                self.assertAlmostEqual(float(row[key]), np.percentile(own, share), 12)

    def test_pictures_have_their_size(self):
        for name in FIGURES:
            png = self.read("figures", name + ".png", mode="rb")
            self.assertEqual(struct.unpack(">II", png[16:24]), (900, 750))
            self.assertEqual(png[37:41], b"pHYs")
            svg = self.read("figures", name + ".svg")
            self.assertIn('width="432pt" height="360pt"', svg)
            targets = set(re.findall(r'xlink:href="#([^"]+)"', svg))
            self.assertEqual(targets - set(re.findall(r' id="([^"]+)"', svg)), set())

    def test_the_same_again(self):
        def prints():
            return {os.path.join(folder, name):
                    hashlib.sha256(self.read(folder, name, mode="rb")).hexdigest()
                    for folder, _, names in os.walk(self.run_dir) for name in names}
        before = prints()
        study_data.run(BUILD, "headroom", "report", self.run_dir, threads=1)
        self.assertEqual(prints(), before)
        self.assertGreaterEqual(len(before), 27)

    def test_a_file_in_the_place_of_a_folder(self):
        """Nothing is written over before everything can be."""
        out = os.path.join(os.path.dirname(self.run_dir), "occupied")
        shutil.copytree(self.run_dir, out)
        figures, table = os.path.join(out, "figures"), os.path.join(out, "tables", "overall.csv")
        shutil.rmtree(figures)
        for path in (figures, table):
            with open(path, "w", encoding="ascii") as file:
                file.write("mine")
        done = study_data.run(BUILD, "headroom", "report", out, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertEqual(done.stderr, f"headroom: {figures} is not a folder, and the report needs "
                         "one there; move it away\n")
        for path in (figures, table):
            with open(path, encoding="ascii") as file:
                self.assertEqual(file.read(), "mine")

    def test_the_program_says_where_the_report_is(self):
        self.assertTrue(self.done.stdout.endswith(
            f"\n{self.run_dir}/report.md\n{self.run_dir}/report.html\n"))
        self.assertIn("Decision gate [95 % interval]", self.done.stdout)

    def test_published_blocks_say_what_the_results_say(self):
        page = os.path.join(self.scratch.name, "page.md")
        with open(page, "w", encoding="utf-8") as file:
            file.write("# Mine 1.23456\n")
        words = ["publish", self.run_dir, "--page", page, "--block", "c1"]
        done = study_data.run(BUILD, "headroom", *words, check=False)
        self.assertEqual(done.returncode, 3)
        study_data.run(BUILD, "headroom", *words, "--create")
        with open(page, encoding="utf-8") as file:
            text = file.read()
        start, end = "<!-- headroom:begin c1 -->", "<!-- headroom:end c1 -->"
        self.assertTrue(text.startswith("# Mine 1.23456\n\n" + start))
        self.check_text(text[text.index(start):text.index(end)])
        done = study_data.run(BUILD, "headroom", *words, "--check")
        self.assertEqual(done.stdout, "")
        with open(page, "w", encoding="utf-8") as file:
            file.write(text.replace("0.5491", "0.7491"))
        done = study_data.run(BUILD, "headroom", *words, "--check", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("0.7491", done.stdout)

    def test_changed_results_are_refused(self):
        """The contradictions of the earlier report, attempted."""
        text = self.read("results.json")
        hybrid, step = self.overall("oracle_hybrid_cv"), self.results["ladder"]["steps"][1]
        attempts = {  # what is written into a copy: (from, to, what the refusal says)
            "a hybrid below its baseline": (
                f'"r2_pooled": {hybrid["r2_pooled"]:.17g}', '"r2_pooled": 0.3436',
                "r2_pooled is 0.3436, but the predictions give"),
            "counts that do not add up": ('"n_test": 445', '"n_test": 691',
                                          "n_test is 691, but the predictions give 445"),
            "another interval": (f"{hybrid['r2_pooled_ci'][0]:.17g}", "0.6",
                                 "its seal is broken"),
            "another step": (f'"delta_r2": {step["delta_r2"]:.17g}', '"delta_r2": 0.5',
                             "ladder.steps[1].delta_r2 is 0.5, but the predictions give"),
            "another threshold": ('"threshold": 0.69999999999999996', '"threshold": 0.5',
                                  "its seal is broken"),
        }
        for name, (old, new, sentence) in attempts.items():
            with self.subTest(name):
                copy = os.path.join(self.scratch.name, name)
                shutil.copytree(self.run_dir, copy)
                self.assertIn(old, text)
                with open(os.path.join(copy, "results.json"), "w", encoding="utf-8") as file:
                    file.write(text.replace(old, new, 1))
                os.remove(os.path.join(copy, "report.md"))
                done = study_data.run(BUILD, "headroom", "report", copy, check=False)
                self.assertEqual(done.returncode, 4)
                self.assertIn(sentence, done.stderr)
                self.assertFalse(os.path.exists(os.path.join(copy, "report.md")))

    def test_figures_of_another_run_are_refused(self):
        other = os.path.join(self.scratch.name, "other")
        study_data.run(BUILD, "tool_made_up_study", other, 2)
        shutil.copy(os.path.join(self.run_dir, "predictions.csv"), other)
        done = study_data.run(BUILD, "headroom", "report", other, check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn("predictions.csv is not the file that", done.stderr)


class OneExpert(Report):
    EXPERTS = 1

    # The made-up numbers of these two are those of five experts.
    test_published_blocks_say_what_the_results_say = None
    test_changed_results_are_refused = None


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
