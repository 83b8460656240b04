"""Whether 95 % intervals hold the truth in 95 % of studies, and how often the gate passes what
it should not: made-up studies whose true R2 is known on paper (tests/tools/coverage.c). The
counts are printed; docs/numerics.md has those of longer runs."""

import sys
import unittest

import study_data

BUILD = sys.argv[1]


def count(seeds, rows, draws, gain):
    """Statistic -> (intervals, that hold the truth, above it)."""
    done = study_data.run(BUILD, "tool_coverage", seeds, rows, draws, gain)
    counts = {line.split()[0]: tuple(map(int, line.split()[1:]))
              for line in done.stdout.splitlines()}
    for name, (total, held, above) in counts.items():
        if total:
            print(f"  gain {gain}, {name}: {held} of {total} hold the truth "
                  f"({100 * held / total:.1f} %), {above} lie above it", flush=True)
    return counts


class Coverage(unittest.TestCase):
    def check_share(self, counts, name):
        total, held, _ = counts[name]
        self.assertGreaterEqual(held, 0.93 * total, name)
        self.assertLessEqual(held, 0.97 * total, name)

    def test_the_intervals_hold_the_truth(self):
        counts = count(200, 1000, 1000, 0.15)
        self.assertEqual(counts["pooled_gain"][0], 200)
        self.assertEqual(counts["bin_r2"][0], 1800)
        for name in ("pooled_ridge", "pooled_hybrid", "pooled_gain", "bin_r2", "bin_gain"):
            self.check_share(counts, name)

    def test_the_gate_does_not_pass_what_is_not_there(self):
        counts = count(200, 1000, 1000, 0)
        self.check_share(counts, "pooled_hybrid")
        for name in ("gate_oracle_r2", "gate_delta_r2", "gate_focus_bins"):
            total, _, passed = counts[name]
            self.assertEqual(total, 200)
            self.assertLessEqual(passed, 0.05 * total, name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
