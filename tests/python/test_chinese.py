"""A study with all experts, gates, two targets and warnings, reported in Chinese: no sentence
is left in English, in the reports of both targets and in the figures, whose texts are read
from their PDF; the counts of bad pixels are told by file.

    test_chinese.py BUILD
"""

import glob
import json
import os
import re
import sys
import tempfile
import unittest
import zlib

import numpy as np

import spoilt_stars
import study_data

BUILD = sys.argv[1]
DATA = "  target: [log_g, T_eff]\n  clip: true\n"
EXPERTS = """  ridge: {alpha: [1, 10]}
  ridge_marginal: {alpha: [0.001, 1]}
  posterior: {}
  lightgbm: {n_estimators: 20, min_data_in_leaf: 5, global: true}
  cnn: {epochs: 2, batch_size: 32, global: true, global_epochs: 1}
gates:
  bayes: {}
  logistic: {}
  mlp: {}
gate: {rho: 0.5}
"""
# What is a name in Chinese too: of methods, statistics, labels and formats.
NAMES = """Ridge LightGBM 1D-CNN D-CNN MLP Oracle Fisher Headroom hybrid global""".split()


def spoil(stars, name):
    """Errors told too small, bad pixels in one file of three, a wild row."""
    stars["error"] = 0.8 * stars["error"]
    if name == "train_1.h5":
        stars["error"][:, ::3] = np.nan
        stars["flux"][5] *= 1e5


def english_in(text):
    """Runs of three and more words of Latin letters, without what is a name."""
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|\S+\.h5|\S*/\S+|data\.\w+(: \w+)?|[\d.,]+", " ; ", text)
    runs = re.findall(r"(?:[A-Za-z][A-Za-z'-]+[ ,:]+){2,}[A-Za-z'-]+", text)
    left = []
    for run in runs:
        words = [w for w in re.findall(r"[A-Za-z'-]+", run) if w not in NAMES]
        left += [run] if len(words) > 1 else []
    return left


def objects_of(pdf):
    for number, body in re.findall(rb"(\d+) 0 obj\n(.*?)endobj", pdf, flags=re.S):
        stream = re.search(rb"stream\r?\n(.*?)\r?\nendstream", body, flags=re.S)
        if stream and b"FlateDecode" in body:
            yield int(number), body, zlib.decompressobj().decompress(stream.group(1))
        else:
            yield int(number), body, stream.group(1) if stream else b""


def letters_of(cmap):
    """Codes of a font and the letters that they are, from its ToUnicode."""
    pairs = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, flags=re.S):
        for code, letter in re.findall(rb"<([0-9a-fA-F]+)>\s*<([0-9a-fA-F]+)>", block):
            pairs[code.decode().lower()] = bytes.fromhex(letter.decode()).decode("utf-16-be")
    return pairs


def texts_of(path):
    """The letters of a picture, a line a text."""
    with open(path, "rb") as file:
        found = {number: (body, data) for number, body, data in objects_of(file.read())}
    fonts = {}
    for body, _ in found.values():
        for name, number in re.findall(rb"/(f-\d+-\d+) (\d+) 0 R", body):
            unicode = re.search(rb"/ToUnicode (\d+) 0 R", found[int(number)][0])
            if unicode:
                fonts[name] = letters_of(found[int(unicode.group(1))][1])
    lines = []
    for _, data in found.values():
        for block in re.findall(rb"BT\n(.*?)ET", data, flags=re.S):
            line, font = "", {}
            for name, plain, code, move in re.findall(
                    rb"/(f-\d+-\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\)|<([0-9a-fA-F]+)>|\s(T[dm])\s",
                    block, flags=re.S):
                line += " " if move else ""
                if name:
                    font = fonts.get(name, {})
                line += re.sub(rb"\\(.)", rb"\1", plain).decode("latin-1")
                code, wide = code.decode().lower(), len(next(iter(font), "00"))
                line += "".join(font.get(code[i:i + wide], "")
                                for i in range(0, len(code), wide))
            lines.append(line)
    return lines


class Chinese(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.out = os.path.join(cls.scratch.name, "run")
        path = spoilt_stars.study(cls.scratch.name, spoil, data=DATA, experts=EXPERTS)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        text = text.replace("{id: made}", "{id: made, language: zh}")
        text = text.replace("at_risk_below: 10", "at_risk_below: 100, allow_target: true")
        text = text.replace("controls: {placebo: false, leakage: false}", "")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        cls.done = study_data.run(BUILD, "headroom", "run", path, "--out", cls.out, check=False)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def setUp(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr[-2000:])

    def reports(self):
        for folder in (self.out, os.path.join(self.out, "targets", "T_eff")):
            with open(os.path.join(folder, "report.md"), encoding="utf-8") as file:
                yield file.read()

    def test_nothing_is_left_in_english(self):
        for report in self.reports():
            self.assertGreater(len(report), 10000)
            self.assertEqual(english_in(report), [])

    def test_titles_of_methods(self):
        """Proper names stay; what is done with them has its words."""
        for report in self.reports():
            for title in ("全局 Ridge", "Ridge（完美路由）", "后验均值（完美路由）",
                          "混合专家（完美路由）",
                          "混合专家（完美路由，按测试行选择）", "混合专家（贝叶斯门控）"):
                self.assertIn(title, report)
            told = re.sub(r"`[^`]*`|\]\([^)]*\)", "", report)
            for word in ("Global ", "-Oracle", "Hybrid", "Posterior", "Placebo", " gate"):
                self.assertNotIn(word, told)

    def test_no_space_stands_between_chinese_words(self):
        for report in self.reports():
            self.assertEqual(re.findall("[\u4e00-\u9fff、，。；：（）“”] +[\u4e00-\u9fff、，。；：（）“”]",
                                        report), [])

    def test_warnings_are_whole_sentences(self):
        with open(os.path.join(self.out, "results.json"), encoding="utf-8") as file:
            warnings = json.load(file)["warnings"]
        codes = {warning["code"] for warning in warnings}
        self.assertLessEqual({"error", "bad_pixels", "outliers"}, codes)
        report = next(self.reports())
        for warning in warnings:
            self.assertTrue(re.search("[\u4e00-\u9fff]", warning["text_zh"]))
            self.assertEqual(english_in(warning["text_zh"]), [])
        self.assertEqual(report.count("**警告："), len(re.findall(r"\*\*警告：[^*]+\*\*|\*\*警告：\*\*",
                                                              report)))
        self.assertIn("应当存疑之处", report)

    def test_bad_pixels_are_told_by_file(self):
        with open(os.path.join(self.out, "results.json"), encoding="utf-8") as file:
            results = json.load(file)
        files = results["preparation"]["train"]["bad_files"]
        pixels = results["data"]["pixels"]
        self.assertEqual([os.path.basename(f["file"]) for f in files], ["train_1.h5"])
        self.assertEqual(files[0]["pixels"], 400 * pixels)
        self.assertEqual(files[0]["bad_pixels"], 400 * len(range(0, pixels, 3)))
        self.assertEqual(results["preparation"]["train"]["bad_pixels"], files[0]["bad_pixels"])
        told = next(w for w in results["warnings"] if w["code"] == "bad_pixels")
        for text in (told["text"], told["text_zh"]):
            self.assertIn("train_1.h5 " + str(files[0]["bad_pixels"]), text)
            self.assertNotIn("train_0.h5", text)

    def test_texts_of_figures(self):
        read = 0
        known = NAMES + ["SNR", "nat", "log", "eff", "dex", "Bin"]
        names = re.compile("|".join(sorted(known, key=len, reverse=True)))
        for path in glob.glob(os.path.join(self.out, "figures", "*.pdf")):
            lines = texts_of(path)
            self.assertTrue(any(re.search("[\u4e00-\u9fff]", line) for line in lines), path)
            for line in lines:
                # Names next to each other have no space between them here.
                words = re.findall(r"[A-Za-z'-]{3,}", names.sub(" ", line))
                self.assertEqual(words, [], f"{os.path.basename(path)}: {line}")
            read += 1
        self.assertGreaterEqual(read, 11)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
