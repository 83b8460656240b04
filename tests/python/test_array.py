"""A study that the elements of an array do, in any number and order, killed and run again, ends
with the bytes of one run; what is missing is named, and what is not the study's is refused."""

import csv
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import survival

BUILD = sys.argv[1]
FURTHER = """experiment: {id: further}
data: {train: ["train_{0..1}/dataset.h5"], test: test/dataset.h5, target: [log_g, T_eff],
       noise: {level: 1}}
binning: {axes: {M_H: [-2.5, -0.75, 0.75]}}
experts:
  ridge: {alpha: [1, 100]}
  line_index: {}
  lightgbm: {n_estimators: 20, num_leaves: 8, min_child_samples: 5}
  cnn: {channels: [4], fc_dim: 8, batch_size: 16, epochs: 3, lr: 0.01, bins: [1], joint: true}
  theirs: {predictions: theirs.csv, column: "{target}_theirs"}
"""
GATES = "gates: {logistic: {}, mlp: {}}\n"
KILLS = 6


def folder_bytes(folder):
    """Every file below, by path; JSON read, times apart."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


class Array(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.random = random.Random(27)
        cls.config = survival.make_study(BUILD, cls.scratch.name)
        with open(cls.config, "a", encoding="ascii") as file:
            file.write(GATES)
        cls.one = cls.place("one")
        survival.finish(BUILD, cls.config, cls.one)
        cls.expected = survival.contents(cls.one)
        cls.model = folder_bytes(os.path.join(cls.one, "model"))

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @classmethod
    def place(cls, name):
        return os.path.join(cls.scratch.name, name)

    def headroom(self, *words, threads=1, code=0, **environment):
        done = subprocess.run([os.path.join(BUILD, "headroom"), *map(str, words)], text=True,
                              env=dict(os.environ, OMP_NUM_THREADS=str(threads), **environment),
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def element(self, out, number, count, *words, **options):
        return self.headroom("run", self.config, "--out", out, "--array", f"{number}/{count}",
                             *words, **options)

    def merge(self, out, *words, **options):
        return self.headroom("merge", self.config, "--out", out, *words, **options)

    def last_error(self, done):
        return [line for line in done.stderr.splitlines() if line.startswith("headroom: ")][-1]

    def check_same(self, out):
        """Results, predictions, tables, tasks and models are those of one run."""
        found = survival.contents(out)
        self.assertEqual(sorted(found), sorted(self.expected))
        for name, content in self.expected.items():
            self.assertEqual(found[name], content, name)
        self.assertEqual(folder_bytes(os.path.join(out, "model")), self.model)

    def test_any_number_in_any_order(self):
        tasks = len([name for name in self.expected if name.endswith("card.json")])
        for count in (1, 2, 7):
            with self.subTest(count=count):
                out = self.place(f"of_{count}")
                order = list(range(count))
                self.random.shuffle(order)
                for number in order:
                    self.element(out, number, count, threads=self.random.choice((1, 2)))
                listed = []
                for number in order:
                    folder = os.path.join(out, "elements", f"{number}-of-{count}")
                    self.assertFalse(os.path.exists(os.path.join(folder, "results.json")))
                    with open(os.path.join(folder, "element.json"), encoding="utf-8") as file:
                        record = json.load(file)
                    self.assertEqual(record["state"], "done")
                    self.assertEqual(record["tasks"], record["done"])
                    listed += record["tasks"]
                self.assertEqual(len(listed), len(set(listed)))
                # Those of the CNN that nobody asked for are left to who puts them together.
                self.assertEqual(len(listed), tasks - 7)
                self.merge(out)
                self.check_same(out)
                shutil.rmtree(out)

    def test_at_once_and_killed(self):
        """Elements that run side by side and are killed at random moments, run again."""
        out, count = self.place("killed"), 3
        hits = 0
        for _ in range(KILLS):
            processes = [survival.start(BUILD, self.config, out, "--array", f"{number}/{count}")
                         for number in range(count)]
            for process in processes:
                try:
                    process.communicate(timeout=self.random.uniform(0.05, 0.4))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                hits += process.returncode == -signal.SIGKILL
                self.assertIn(process.returncode, (0, -signal.SIGKILL))
        self.assertGreater(hits, 0)
        for number in range(count):
            self.element(out, number, count)
        process = survival.start(BUILD, self.config, out)  # not asked for an array: refused
        self.assertEqual(process.wait(), 2)
        self.assertIn("holds what 3 elements of an array of jobs did; put them together with "
                      "`headroom merge`, or throw that away with --restart",
                      process.communicate()[1])
        merging = subprocess.Popen([os.path.join(BUILD, "headroom"), "merge", self.config, "--out",
                                    out], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            merging.wait(timeout=0.3)
        except subprocess.TimeoutExpired:
            merging.kill()
            merging.wait()
        self.merge(out)
        self.check_same(out)
        survival.finish(BUILD, self.config, out, "--restart")
        self.assertFalse(os.path.exists(os.path.join(out, "elements")))

    def test_stopped_elements_go_on(self):
        out = self.place("stopped")
        process = survival.start(BUILD, self.config, out, "--array", "0/1")
        try:
            process.communicate(timeout=0.8)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            process.communicate()
        self.assertIn(process.returncode, (0, 130))
        folder = os.path.join(out, "elements", "0-of-1")
        if process.returncode == 130:
            self.assertEqual(self.headroom("status", folder).stdout.splitlines()[-1],
                             "`headroom run CONFIG --array 0/1`, into the directory that it was "
                             "begun for, goes on")
        done = self.headroom("run", self.config, "--out", folder, "--resume", code=2)
        self.assertEqual(self.last_error(done),
                         f"headroom: {folder} is the folder of an element of an array; go on with "
                         "`headroom run --array` into the directory that it was begun for, or "
                         "name another with --out")
        again = self.element(out, 0, 1)
        self.assertNotIn("warning: the expert", again.stderr)
        said = self.element(out, 0, 1, "--dry-run").stdout
        self.assertIn(os.path.join(out, "elements", "0-of-1"), said)
        self.assertIn("Element 0 of 1 has 45 of the tasks: 0-ridge, 1-ridge, ", said)
        once_more = self.element(out, 0, 1)
        self.assertNotIn("reading training spectra", once_more.stderr)
        self.assertNotIn("growing LightGBM trees", once_more.stderr)
        self.headroom("merge", out)
        self.check_same(out)

    def test_sums_of_bins_are_handed_on(self):
        """Ridge by slots: elements leave what the model of all rows adds up, and it is gone when
        that is there; what is damaged is made again, one process goes on with the rest."""
        with tempfile.TemporaryDirectory() as scratch:
            config = survival.make_study(BUILD, scratch, survival.SUMS, 128)
            one, out = os.path.join(scratch, "one"), os.path.join(scratch, "array")
            survival.finish(BUILD, config, one)
            for i in range(3):
                survival.finish(BUILD, config, out, "--array", f"{i}/3")
            left = sorted(glob.glob(os.path.join(out, "elements", "*", "tasks", "*", "gathered.sums")))
            self.assertEqual(len(left), 8)  # three large bins and all rows, of two experts
            with open(left[0], "r+b") as file:
                file.seek(5000)
                file.write(b"damaged")
            said = self.headroom("merge", config, "--out", out).stderr
            self.assertIn("is damaged: it is not what a part of this study left there", said)
            self.assertEqual(survival.differences(survival.contents(one), out), [])
            self.assertEqual(folder_bytes(os.path.join(out, "model")),
                             folder_bytes(os.path.join(one, "model")))

    def test_missing_ones_are_named(self):
        out = self.place("missing")
        self.assertEqual(
            self.last_error(self.merge(out, code=3)),
            f"headroom: {out} holds no element of an array; `headroom run {self.config} --out "
            f"{out} --array 0/N` does the first of N")
        self.element(out, 1, 3)
        before = folder_bytes(out)
        done = self.merge(out, code=3)
        said = self.last_error(done)
        self.assertIn(f"headroom: {out} is not complete: element 0/3 (not begun) lacks ", said)
        self.assertIn("; element 2/3 (not begun) lacks ", said)
        self.assertIn(f"; `headroom run {self.config} --out {out} --array 0/3` does element 0 (the "
                      "lacking ones are 0,2), then merge again", said)
        self.assertEqual(folder_bytes(out), before)
        text = self.headroom("status", out).stdout
        self.assertIn("elements   1 of 3 done, 2 not begun\n"
                      "           0-of-3 not begun\n"
                      "           2-of-3 not begun\n", text)
        self.assertIn(f"`headroom merge {out}` makes one run of them\n", text)
        state = json.loads(self.headroom("status", out, "--json").stdout)
        self.assertEqual([item["state"] for item in state["elements"]],
                         ["not begun", "done", "not begun"])
        self.assertEqual(state["state"], "stopped")
        # Another division of the same study does what is left.
        for number in range(2):
            self.element(out, number, 2)
        self.merge(out)
        self.check_same(out)
        log = os.path.join(out, "run.log")
        again = self.merge(out)
        self.assertIn(f"{out} is complete: there is nothing left to do", again.stderr)
        self.check_same(out)
        self.assertTrue(os.path.getsize(log) > 0)
        shutil.rmtree(os.path.join(out, "elements"))
        self.merge(out)
        self.check_same(out)
        done = self.element(out, 0, 3)  # the array once more: it is not trained anew
        self.assertIn(f"{out} is complete: there is nothing left to do", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(out, "elements")))

    def test_others_are_refused(self):
        out = self.place("others")
        self.element(out, 0, 2)
        self.element(out, 1, 2)
        folder = os.path.join(out, "elements", "0-of-2")
        done = self.merge(out, "--set", "ridge.alpha=[1, 10]", code=2)
        self.assertIn(f"headroom: {folder} is an element of another study: ridge.alpha",
                      self.last_error(done).replace("experts.", ""))
        done = self.element(out, 0, 2, "--set", "ridge.alpha=[1, 10]", code=2)
        self.assertIn(f"headroom: {folder} cannot be resumed, the study has changed: ",
                      self.last_error(done))
        manifest = os.path.join(folder, "manifest.json")
        with open(manifest, encoding="utf-8") as file:
            text = file.read()
        with open(manifest, "w", encoding="utf-8") as file:
            file.write(text.replace('"version": "', '"version": "0.0.'))
        done = self.merge(out, code=2)
        self.assertIn(f"headroom: {folder} is an element of another study: it was begun with "
                      "headroom 0.0.", self.last_error(done))
        with open(manifest, "w", encoding="utf-8") as file:
            file.write(text)
        self.merge(out)
        self.check_same(out)

    def test_several_targets_and_models_from_elsewhere(self):
        """Joint networks, line indices, a table of predictions, no bundle of the first study's."""
        config = os.path.join(os.path.dirname(self.config), "further.yaml")
        with open(os.path.join(self.one, "predictions.csv"), encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        with open(os.path.join(os.path.dirname(config), "theirs.csv"), "w",
                  encoding="ascii") as file:
            file.write("row,log_g_theirs,T_eff_theirs\n")
            file.writelines(f"{i},{row['global_ridge']},{4000 + 10 * i}\n"
                            for i, row in enumerate(rows))
        with open(config, "w", encoding="ascii") as file:
            file.write(FURTHER)
        one, out = self.place("further"), self.place("further_array")
        survival.finish(BUILD, config, one)
        for number in (3, 1, 0, 2):
            self.headroom("run", config, "--out", out, "--array", f"{number}/4")
        self.headroom("merge", out)
        shutil.rmtree(os.path.join(out, "elements"))
        expected, found = folder_bytes(one), folder_bytes(out)
        timed = ("card.json", "results.json", "manifest.json", "timings.json", "status.json",
                 "run.log", "report.md", "report.html")
        self.assertEqual(sorted(expected), sorted(found))
        self.assertIn("targets/T_eff/tasks/1-cnn/card.json", found)
        for name, content in expected.items():
            base = os.path.basename(name)
            if base in ("card.json", "results.json"):
                both = [survival.without_times(json.loads(text)) for text in (content, found[name])]
                for value in both:
                    value.pop("seal", None)
                self.assertEqual(both[0], both[1], name)
            elif base not in timed:
                self.assertEqual(content, found[name], name)

    def test_words_that_do_not_go_together(self):
        self.assertEqual(self.last_error(self.headroom("merge", self.one, "--out", "x", code=2)),
                         f"headroom: {self.one} is the run directory itself; leave out --out, or "
                         "name the configuration")
        done = self.element(self.place("gate"), 0, 2, "--gate", code=2)
        self.assertEqual(self.last_error(done),
                         "headroom: an element of an array judges nothing; give --gate to "
                         "`headroom merge`")

    def test_slurm_tells_which(self):
        """Only where it is asked, and only where the array is whole."""
        def variables(number, count, first, last):
            return {"SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": str(count),
                    "SLURM_ARRAY_TASK_MIN": str(first), "SLURM_ARRAY_TASK_MAX": str(last)}
        out = self.place("told")
        self.headroom("run", self.config, "--out", out, "--array", "auto", **variables(40, 41, 0, 40))
        self.assertEqual(os.listdir(os.path.join(out, "elements")), ["40-of-41"])
        done = self.headroom("run", self.config, "--out", out, "--array", "auto", code=2,
                             **variables(5, 1, 5, 5))
        self.assertEqual(self.last_error(done),
                         "headroom: --array auto takes job arrays 0-(N-1), and this one has 1 jobs "
                         "from 5 to 5; give --array I/N with the N of the whole array")
        with open(os.path.join(out, "elements", "40-of-41", "element.json"),
                  encoding="utf-8") as file:
            self.assertEqual(json.load(file)["tasks"], [])  # more elements than pieces
        self.headroom("run", self.config, "--out", self.place("whole"), "--dry-run",
                      **variables(0, 3, 0, 2))
        self.assertFalse(os.path.exists(os.path.join(self.place("whole"), "elements")))


    def test_the_script_for_slurm(self):
        out = self.place("submitted")
        script = self.headroom("slurm", self.config, "--out", out, "--elements", 4, "--cpus", 2,
                               "--partition", "cpu").stdout
        self.assertEqual(subprocess.run(["bash", "-n"], input=script, text=True,
                                        check=False).returncode, 0)
        program = os.path.realpath(os.path.join(BUILD, "headroom"))
        self.assertIn(f"'{program}' run '{self.config}' --out '{out}' --array "
                      "\"$SLURM_ARRAY_TASK_ID/4\" &\n", script)
        self.assertIn("--array=0-3 ", script)
        self.assertIn(" --partition='cpu' ", script)
        self.assertFalse(os.path.exists(out))
        # What the jobs do, with sbatch that runs them here: one that is asked to stop goes back
        # into the queue, and the others are put together when it has ended.
        tools = self.place("tools")
        os.mkdir(tools)
        for name, text in (("sbatch", SBATCH), ("scontrol", "#!/bin/sh\necho requeued \"$@\"\n")):
            with open(os.path.join(tools, name), "w", encoding="ascii") as file:
                file.write(text)
            os.chmod(os.path.join(tools, name), 0o755)
        done = subprocess.run(["sh", "-c", script], text=True, capture_output=True, check=False,
                              env=dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}",
                                       RUN_DIR=out, HEADROOM_SETTLE="0"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split(";")[0], "array 7, merge 8")
        self.check_same(out)


# Runs every element of an array in turn; the first is sent USR1 as soon as it is at work, and then
# runs again.
SBATCH = """#!/bin/bash
job=$(mktemp)
cat > "$job"
case "$*" in
  *--array=0-3*)
    for SLURM_ARRAY_TASK_ID in 0 1 2 3; do
      export SLURM_ARRAY_TASK_ID SLURM_JOB_ID=7 SLURM_CPUS_PER_TASK=1
      log=$(mktemp)
      bash "$job" >"$log" 2>&1 &
      if [ "$SLURM_ARRAY_TASK_ID" = 0 ]; then
        until [ -e "$RUN_DIR/elements/0-of-4/run.lock" ] || ! kill -0 $!; do sleep 0.01; done
        kill -USR1 $!
        wait $! && code=0 || code=$?
        if [ "$code" -ne 0 ]; then
          grep -q "queued again" "$log" || { cat "$log" >&2; exit 1; }
          grep -q "requeued requeue 7" "$log" || exit 1
          bash "$job" >/dev/null 2>&1 || exit 1
        fi
      else
        wait $! || { cat "$log" >&2; exit 1; }
      fi
      rm "$log"
    done
    echo 7 ;;
  *afterany:7*)
    SLURM_JOB_ID=8 bash "$job" >/dev/null || exit 1
    echo "8;cluster" ;;
  *) exit 1 ;;
esac
rm "$job"
"""


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
