"""A study that the ranks of mpirun do together, any number of them, killed and gone on with by
another number, ends with the bytes of one run; a rank that fails or dies is named."""

import fcntl
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import ranks
import survival

BUILD = os.path.abspath(sys.argv[1])
GATES = "gates: {logistic: {}, mlp: {}}\n"
KILLS = 3


def model_bytes(out):
    found = {}
    for place, _, names in os.walk(os.path.join(out, "model")):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, out)] = file.read()
    return found


class Ranks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.random = random.Random(28)
        cls.config = survival.make_study(BUILD, cls.scratch.name)
        with open(cls.config, "a", encoding="ascii") as file:
            file.write(GATES)
        cls.launcher = ranks.Launcher(BUILD, cls.config)
        if not cls.launcher.mpirun:
            cls.scratch.cleanup()
            raise unittest.SkipTest(cls.launcher.why_not)
        cls.one = cls.place("one")
        begin = time.monotonic()
        survival.finish(BUILD, cls.config, cls.one)
        cls.seconds = time.monotonic() - begin
        cls.expected = survival.contents(cls.one)
        cls.model = model_bytes(cls.one)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def place(cls, name):
        return os.path.join(cls.scratch.name, name)

    def end(self, process, code=0):
        """Waits for a run; what it said on stdout and stderr."""
        out, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, code, err)
        return out, err

    def check_same(self, out):
        self.assertEqual(survival.differences(self.expected, out), [])
        self.assertEqual(model_bytes(out), self.model)
        self.assertFalse(os.path.exists(os.path.join(out, "ranks")))
        shutil.rmtree(out)

    def errors(self, err):
        return [line for line in err.splitlines() if line.startswith("headroom: ")]

    def test_any_number_of_ranks_and_threads(self):
        for count, threads in ((1, 2), (2, 1), (2, 2), (3, 2)):  # all of them: `make survive`
            with self.subTest(ranks=count, threads=threads):
                out = self.place(f"of_{count}_{threads}")
                said, err = self.end(self.launcher.study(count, out, threads=threads))
                self.assertEqual(said.count("Table 1. R² per bin"), 1)  # rank 0 alone speaks
                self.assertEqual(err.count("reading training spectra: 600"), 1)
                divided = re.search(r"ranks do (\d+) of the study's \1 pieces", err)
                self.assertEqual(divided is not None, count > 1)
                self.check_same(out)

    def test_sums_of_bins_are_handed_on(self):
        """Ridge by slots: whoever has a bin leaves its sums for the model of all rows."""
        with tempfile.TemporaryDirectory() as scratch:
            config = survival.make_study(BUILD, scratch, survival.SUMS, 128)
            one = os.path.join(scratch, "one")
            survival.finish(BUILD, config, one)
            launcher = ranks.Launcher(BUILD, config)
            for count, threads in ((2, 2), (3, 1), (4, 2)):
                out = os.path.join(scratch, f"of_{count}")
                _, err = self.end(launcher.study(count, out, threads=threads))
                self.assertIn(f"{count} ranks do 12 of the study's 12 pieces", err)
                self.assertEqual(err.count("reading training spectra: 600"), 1)  # not once more
                self.assertEqual(survival.differences(survival.contents(one), out), [])
                self.assertEqual(model_bytes(out), model_bytes(one))

    def test_what_others_say_has_their_name(self):
        out = self.place("names")
        _, err = self.end(self.launcher.study(4, out))
        host = os.uname().nodename
        self.assertRegex(err, rf"warning: rank [123] of 4 \({host}\): 1D-CNN, bin 3: not converged")
        with open(os.path.join(out, "run.log"), encoding="utf-8") as file:
            self.assertRegex(file.read(), r"warning: rank [123] of 4 \(.*\): 1D-CNN")
        # Complete: every rank knows, and nobody reads again.
        _, err = self.end(self.launcher.study(3, out, "--resume"))
        self.assertIn(f"{out} is complete: there is nothing left to do", err)
        self.check_same(out)

    def hit(self, out, count):
        """Kills a random rank at a random moment; whether it hit."""
        victim, code, err = ranks.kill_one(self.launcher, out, count, self.random,
                                           1.2 * self.seconds)
        if code == 0:
            return False
        # The launcher says it of every one; the host, where it comes to it, of a guest.
        self.assertRegex(err, rf"(rank {victim} )|(EXIT CODE: 9)")
        for line in self.errors(err):
            self.assertRegex(line, rf"interrupted while|rank {victim} of {count} \(.*\) died without")
        return True

    def test_killed_and_gone_on_with(self):
        out = self.place("killed")
        hits, tries = 0, 0
        while hits < KILLS and tries < 2 * KILLS:
            tries += 1
            hits += self.hit(out, self.random.choice((2, 3, 4)))
        self.assertGreater(hits, 0)
        self.end(self.launcher.study(self.random.choice((2, 3)), out, "--resume"))
        self.check_same(out)

    def failing(self, count, out, *words):
        """The last rank's disk is full: of its own, so the others' is not."""
        call = [self.launcher.program, "run", self.config, "--out", out, *words]
        full = ["env", "LD_PRELOAD=" + os.path.join(BUILD, "libfail_io.so"), "FAIL_IO=write:2:ENOSPC+",
                f"FAIL_IO_UNDER={out}/tasks", *call]
        return self.launcher.start_parts([(count - 1, call), (1, full)])

    def test_a_rank_that_fails_is_named(self):
        out = self.place("failing")
        _, err = self.end(self.failing(3, out), code=4)
        host = os.uname().nodename
        self.assertEqual(len(self.errors(err)), 1, err)
        self.assertRegex(err, rf"headroom: rank 2 of 3 \({host}\): cannot write {out}/.*: No space "
                         "left on device")
        status = subprocess.run([os.path.join(BUILD, "headroom"), "status", out], text=True,
                                capture_output=True, check=True).stdout
        self.assertIn("rank 2 of 3", status)
        survival.finish(BUILD, self.config, out, "--resume")  # one process goes on
        self.check_same(out)

    def test_asked_to_stop(self):
        out = self.place("stopped")
        process = self.launcher.study(3, out)
        tasks = os.path.join(out, "tasks")
        while not os.path.isdir(tasks) and process.poll() is None:
            time.sleep(0.01)
        subprocess.run([os.path.join(BUILD, "headroom"), "stop", out], capture_output=True,
                       check=False)
        _, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("headroom: interrupted while ", err)
        self.end(self.launcher.study(2, out, "--resume"))
        self.check_same(out)

    def test_ranks_that_are_left_over(self):
        """Rank 0 has gone, and another still writes: nobody goes on beside it."""
        out = self.place("left")
        folder = os.path.join(out, "ranks", "1-of-2")
        os.makedirs(folder)
        with open(os.path.join(folder, "run.lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = survival.start(BUILD, self.config, out)
            self.assertIn(f"headroom: another run is at work in {folder}; wait for it",
                          process.communicate()[1])
            self.assertEqual(process.returncode, 2)
        survival.finish(BUILD, self.config, out)
        shutil.rmtree(out)

    def test_predictions_of_files(self):
        """Ranks take files by their number; what cannot be predicted leaves the others be."""
        files = []
        for i in range(5):
            files.append(os.path.join(self.scratch.name, f"new_{i}.h5"))
            shutil.copy(os.path.join(os.path.dirname(self.config), "test", "dataset.h5"), files[i])
        with open(files[3], "wb") as file:
            file.write(b"no spectra")
        for name in ("alone", "by_ranks"):
            os.mkdir(self.place(name))
        words = ["predict", self.one, *files, "--each"]
        alone = subprocess.run([self.launcher.program, *words, self.place("alone")], text=True,
                               capture_output=True, check=False)
        _, err = self.end(self.launcher.start(3, *words, self.place("by_ranks")),
                          code=alone.returncode)
        self.assertEqual(self.errors(err), self.errors(alone.stderr))
        self.assertIn("1 of 5 files could not be predicted, the first of them: ", err)
        tables = os.listdir(self.place("alone"))
        self.assertEqual(len(tables), 4)
        for name in tables:
            with open(os.path.join(self.place("alone"), name), "rb") as one, \
                    open(os.path.join(self.place("by_ranks"), name), "rb") as other:
                self.assertEqual(one.read(), other.read())
        self.assertEqual(sorted(os.listdir(self.place("by_ranks"))), sorted(tables))

    def test_said_once(self):
        """What is wrong for all ranks, and what is for one process alone."""
        out = self.place("refused")
        for words, code, sentence in (
                (["run", "nothere.yaml"], 3, "cannot open nothere.yaml: No such file or directory"),
                (["run", "--bogus"], 2, "run has no option '--bogus'; `headroom help run` lists those "
                 "it has"),
                (["run", self.config, "--out", out, "--array", "0/2"], 2,
                 "--array is for one process, and a launcher started several ranks; leave it out, or "
                 "start the program once"),
                (["run", self.config, "--out", out, "--detach"], 2,
                 "--detach is for one process, and a launcher started several ranks; leave it out, or "
                 "start the program once"),
                (["sweep", self.config], 2,
                 "`headroom sweep` is one process; start it without mpirun, whose ranks `headroom run` "
                 "divides a study among")):
            _, err = self.end(self.launcher.start(2, *words), code=code)
            self.assertEqual(self.errors(err), ["headroom: " + sentence])
        said, _ = self.end(self.launcher.study(2, out, "--dry-run"))
        self.assertEqual(said.count("Would write"), 1)
        self.assertFalse(os.path.exists(out))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
