"""Names of bins in any script: figures have their letters, or it is told that no font does.

    test_scripts.py BUILD
"""

import filecmp
import os
import sys
import tempfile
import unittest

import made_stars
import study_data

BUILD = sys.argv[1]


class Scripts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        made_stars.write(os.path.join(cls.home.name, "train.h5"), made_stars.stars(400, 64))
        made_stars.write(os.path.join(cls.home.name, "test.h5"), made_stars.stars(200, 64, 3))

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def run_study(self, name, names, language="en"):
        """The run directory, its report and its log."""
        config = made_stars.study(self.home.name, name, "{ridge: }", language=language)
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:
            file.write(text.replace("at_risk_below: 10", f"at_risk_below: 10, names: {names}"))
        out = os.path.join(self.home.name, name)
        done = study_data.run(BUILD, "headroom", "run", config, "--out", out)
        with open(os.path.join(out, "report.md"), encoding="utf-8") as file:
            return out, file.read(), done.stdout + done.stderr

    def test_letters_of_many_scripts_are_there(self):
        out, report, log = self.run_study(
            "many", "{0: 冷贫, 1: Ωμέγα, 2: Бедные, 3: نجم שלום}", "zh")
        self.assertIn("冷贫", report)
        for told in (report, log):
            self.assertNotIn("fonts-noto-core", told)
        plain = self.run_study("plain", "{0: a, 1: b, 2: c, 3: d}", "zh")[0]
        name = "ceiling_perbin_expert_comparison"
        first, other = (os.path.join(d, "figures", name) for d in (out, plain))
        self.assertFalse(filecmp.cmp(first + ".png", other + ".png", shallow=False))
        study_data.run(BUILD, "headroom", "report", out)
        with open(os.path.join(out, "figures", name + ".csv"), encoding="utf-8") as file:
            self.assertIn("冷贫", file.read())

    def test_figures_are_the_same_bytes_again(self):
        out, _, _ = self.run_study("again", "{0: 冷贫, 1: 冷富, 2: 热贫, 3: 热富}")
        folder = os.path.join(out, "figures")
        before = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                before[name] = file.read()
        study_data.run(BUILD, "headroom", "report", out, LANGUAGE="ja", LC_ALL="C.UTF-8")
        for name, content in before.items():
            with open(os.path.join(folder, name), "rb") as file:
                self.assertEqual(file.read(), content, name)

    def test_a_glyph_that_no_font_has_is_told_of_once(self):
        _, report, log = self.run_study("private", '{0: "a\U000F0001", 1: "\U000F0001", 2: b, '
                                                   "3: c}")
        words = "no installed font has the glyphs of \U000F0001 (U+F0001), which are boxes"
        for told in (report, log):
            self.assertEqual(told.count(words), 1)
            self.assertIn("fonts-noto-core", told)
        self.assertIn("warning: " + words, log)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
