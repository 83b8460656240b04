"""The package is written in the Python of the oldest version that pyproject.toml names.

    test_python_syntax.py BUILD"""

import ast
import glob
import os
import re
import sys
import unittest

PACKAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python")


class Syntax(unittest.TestCase):
    def test_the_oldest_python_reads_it(self):
        with open(f"{PACKAGE}/pyproject.toml", encoding="utf-8") as file:
            oldest = re.search(r'requires-python = ">=3\.(\d+)"', file.read())
        version = (3, int(oldest[1]))
        self.assertEqual(version, (3, 10))
        paths = glob.glob(f"{PACKAGE}/headroom/*.py")
        self.assertGreater(len(paths), 7)
        for path in paths:
            with open(path, encoding="utf-8") as file:
                ast.parse(file.read(), path, feature_version=version)
        with self.assertRaises(SyntaxError):  # what is newer is found
            ast.parse("try:\n    pass\nexcept* ValueError:\n    pass\n", feature_version=version)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
