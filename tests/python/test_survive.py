"""Runs that are killed and stopped end with the bytes of one that was left alone; runs in the
background tell how far they are."""

import calendar
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import h5py

import study_data
import survival

BUILD = sys.argv[1]
KILLS_IN_A_ROW, ROUNDS, STOPS = 2, 3, 2


class Survive(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.study = survival.Survivor(BUILD, cls.scratch.name, seed=1)
        cls.tasks = sum(name.endswith("card.json") for name in cls.study.expected)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def headroom(self, *words, check=False):
        return study_data.run(BUILD, "headroom", *words, threads=2, check=check)

    def last_error(self, done):
        return [line for line in done.stderr.splitlines() if line.startswith("headroom: ")][-1]

    def test_killed_at_random_moments(self):
        hits = 0
        for _ in range(ROUNDS):
            hit, differences = self.study.kill(KILLS_IN_A_ROW)
            hits += hit
            self.assertEqual(differences, [])
        self.assertGreater(hits, 0)

    def test_killed_at_chosen_moments(self):
        """Behind the training rows, between two experts, with one expert trained in part."""
        for name in ("preparation.json", "tasks/global-ridge/card.json",
                     "tasks/0-lightgbm/trained.json"):
            with self.subTest(name):
                hit, differences = self.study.kill_at(name)
                self.assertTrue(hit)
                self.assertEqual(differences, [])

    def test_stopped_at_random_moments(self):
        codes = set()
        for _ in range(STOPS):
            code, differences = self.study.stop()
            codes.add(code)
            self.assertEqual(differences, [])
        self.assertLessEqual(codes, {0, 130, -signal.SIGTERM})  # -15: before it could listen

    def finished(self, name):
        """A copy of the reference run."""
        out = os.path.join(self.scratch.name, name)
        shutil.copytree(os.path.join(self.scratch.name, "reference"), out)
        return out

    def test_damaged_tasks_are_made_anew(self):
        """A byte that changed, a file that is gone, a card that lies: no task like these counts."""
        def flip(path):
            with open(path, "r+b") as file:
                file.seek(20)
                byte = file.read(1)
                file.seek(20)
                file.write(bytes([byte[0] ^ 1]))
        def lie(path):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(path, "w", encoding="utf-8") as file:
                file.write(re.sub(r'"r2_cv": [-0-9.e]+', '"r2_cv": 0.999', text))
        for name, spoil in (("0-ridge/predictions.f32", flip), ("3-lightgbm/model.txt", flip),
                            ("global-posterior/variance.f64", os.remove),
                            ("1-ridge/card.json", lie), ("2-ridge/card.json", os.remove)):
            with self.subTest(name):
                out = self.finished("damaged")
                spoil(os.path.join(out, "tasks", name))
                err = survival.finish(BUILD, self.study.config, out, "--resume")
                self.assertNotIn("is complete", err)
                if name != "2-ridge/card.json":  # gone, not damaged
                    task = os.path.join(out, "tasks", os.path.dirname(name))
                    self.assertIn(f"warning: {task} is damaged", err)
                self.assertNotIn(f": {self.tasks} of {self.tasks} tasks", err)
                self.assertEqual(survival.differences(self.study.expected, out), [])
                shutil.rmtree(out)

    def test_damaged_results_are_made_anew(self):
        """From the tasks, without training anything."""
        def empty(path):
            os.truncate(path, 0)
        def cut(path):
            os.truncate(path, os.path.getsize(path) - 8)
        def scrawl(path):
            with open(path, "w", encoding="ascii") as file:
                file.write('{"experiment": 1}')
        for name, spoil, why in (
                ("results.json", empty, "cannot be read"),
                ("results.json", cut, "cannot be read"),
                ("results.json", scrawl, "is not what this study wrote"),
                ("predictions.csv", os.remove, "is not what results.json was written with"),
                ("predictions.csv", cut, "is not what results.json was written with")):
            with self.subTest(name, why=why):
                out = self.finished("spoilt")
                path = os.path.join(out, name)
                with open(path, "rb") as file:
                    whole = file.read()
                spoil(path)
                err = survival.finish(BUILD, self.study.config, out, "--resume")
                self.assertIn(f"warning: {path} {why}: the results are made again from the "
                              f"tasks\n", err)
                self.assertNotIn("reading training spectra", err)
                self.assertEqual(survival.differences(self.study.expected, out), [])
                with open(path, "rb") as file:
                    again = file.read()
                if name != "results.json":  # which holds times
                    self.assertEqual(again, whole)
                shutil.rmtree(out)

    def test_without_its_records(self):
        """Without status.json a finished run is not called killed; without manifest.json nobody
        can tell whose run it is."""
        out = self.finished("forgetful")
        os.remove(os.path.join(out, "status.json"))
        done = self.headroom("status", out, check=True)
        self.assertEqual(done.stdout.splitlines()[:2], [
            f"finished: {out}",
            "why        results.json is there; status.json, which could say more, cannot be read"])
        os.remove(os.path.join(out, "manifest.json"))
        done = self.headroom("run", self.study.config, "--out", out, "--resume")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(self.last_error(done),
                         f"headroom: {out} looks like the directory of a run but has no "
                         "manifest.json that can be read, which says of which study and data it "
                         "is; put that file back, or name a new directory with --out")

    def test_a_complete_run_is_reported_again(self):
        out = self.finished("complete")
        for name in os.listdir(out):
            if name.startswith("report"):
                os.remove(os.path.join(out, name))
        err = survival.finish(BUILD, self.study.config, out, "--resume")
        self.assertIn(f"resuming {out}: {self.tasks} of {self.tasks} tasks are done, 0 more are "
                      f"trained\n"
                      f"{out} is complete: there is nothing left to do\n", err)
        self.assertTrue(os.path.exists(os.path.join(out, "report.html")))
        self.assertEqual(survival.differences(self.study.expected, out), [])

    def test_an_unfinished_run_is_not_thrown_away(self):
        out = self.finished("unfinished")
        os.remove(os.path.join(out, "results.json"))
        os.remove(os.path.join(out, "tasks", "0-ridge", "card.json"))
        done = self.headroom("run", self.study.config, "--out", out)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(self.last_error(done),
                         f"headroom: {out} holds an unfinished run with {self.tasks - 1} tasks "
                         "done and 0 more trained or in training; go on with --resume, or throw "
                         "them away with --restart")
        self.headroom("run", self.study.config, "--out", out, "--restart", check=True)
        self.assertEqual(survival.differences(self.study.expected, out), [])

    def changed(self, name, change):
        """The refusal to resume a finished run with a changed configuration."""
        out = self.finished(name)
        config = os.path.join(os.path.dirname(self.study.config), name + ".yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write(change(survival.CONFIG))
        done = self.headroom("run", config, "--out", out, "--resume")
        shutil.rmtree(out)
        self.assertEqual(done.returncode, 2)
        said = re.fullmatch(r"headroom: (\S+) cannot be resumed, the study has changed: (.*); change "
                            "it back, begin anew with --replace, or name a new directory with --out",
                            self.last_error(done))
        self.assertIsNotNone(said, done.stderr)
        return said.group(2)

    def test_a_changed_study_is_not_resumed(self):
        self.assertEqual(self.changed("alpha", lambda text: text.replace("[1, 100]", "[1, 10]")),
                         "experts.ridge.alpha was [1, 100] and is [1, 10] now")
        self.assertRegex(self.changed("less", lambda text: text.replace("  posterior: {}\n", "")),
                         r"^experts\.posterior was \{templates: 20000, .*\} and is not there now$")
        self.assertEqual(self.changed("more", lambda text: text + "selection: {folds: 4, seed: 3}\n"
                                      "baselines: {vit: 0.7}\ngate: {delta_r2: 0.1}\n"),
                         "selection.folds was 5 and is 4 now; selection.seed was 42 and is 3 now; "
                         "baselines.vit is new (0.7); and 1 more")

    def test_changed_data_are_not_resumed(self):
        """What counts is what is in a file, and not when it was written."""
        out = self.finished("data_changed")
        shard = os.path.join(os.path.dirname(self.study.config), "train_1", "dataset.h5")
        kept = shard + ".kept"
        shutil.copy2(shard, kept)
        try:
            shutil.copyfile(kept, shard)
            copied = self.headroom("run", self.study.config, "--out", out, "--resume")
            with h5py.File(shard, "r+") as file:
                file["/dataset/arrays/flux/value"][3] *= 1.5
            done = self.headroom("run", self.study.config, "--out", out, "--resume")
        finally:
            os.replace(kept, shard)
        self.assertEqual(copied.returncode, 0, copied.stderr)
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"the study has changed: the data file {shard} was modified; change it back",
                      self.last_error(done))

    def test_a_shard_removed_in_mid_run(self):
        """A run whose data go away ends as it would have, or with a sentence that names the file;
        with the shard back in its place it goes on."""
        out = os.path.join(self.scratch.name, "removed")
        shard = os.path.join(os.path.dirname(self.study.config), "train_1", "dataset.h5")
        process = survival.start(BUILD, self.study.config, out)
        while not os.path.exists(os.path.join(out, "status.json")):
            time.sleep(0.01)
        os.rename(shard, shard + ".away")
        try:
            _, err = process.communicate()
            resumed = self.headroom("run", self.study.config, "--out", out, "--resume")
        finally:
            os.rename(shard + ".away", shard)
        self.assertIn(process.returncode, (0, 3), err)
        if process.returncode == 3:
            self.assertIn(shard, err.splitlines()[-1])
        self.assertEqual(resumed.returncode, 3)
        self.assertIn(shard, self.last_error(resumed))
        survival.finish(BUILD, self.study.config, out, "--resume")
        self.assertEqual(survival.differences(self.study.expected, out), [])

    def test_a_read_only_directory(self):
        """Of root, who may write everywhere, the program is run as nobody."""
        out = self.finished("read_only")
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        os.chmod(self.scratch.name, 0o755)
        os.chmod(out, 0o555)
        try:
            done = subprocess.run([os.path.join(BUILD, "headroom"), "run", self.study.config, "--out",
                                   out, "--resume"], capture_output=True, text=True, check=False,
                                  **nobody)
        except PermissionError:
            self.skipTest("root, and the build is where nobody else may look")
        finally:
            os.chmod(out, 0o755)
        self.assertEqual(done.returncode, 4)
        self.assertEqual(self.last_error(done),
                         f"headroom: cannot create {out}/run.lock: Permission denied")

    def test_a_directory_on_a_device_that_takes_no_files(self):
        done = self.headroom("run", self.study.config, "--out", "/proc/headroom")
        self.assertEqual(done.returncode, 4)
        self.assertEqual(self.last_error(done), "headroom: cannot make the folder /proc/headroom: "
                         "No such file or directory")

    def test_memory_and_place_may_change(self):
        """What changes no number changes no answer: budget, block size, language."""
        out = self.finished("budget")
        os.remove(os.path.join(out, "results.json"))
        os.remove(os.path.join(out, "tasks", "global-ridge", "card.json"))
        config = os.path.join(os.path.dirname(self.study.config), "budget.yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write(survival.CONFIG + "run: {memory_mib: 1000, block_rows: 7}\n")
        survival.finish(BUILD, config, out, "--resume")
        # The configuration says how the run ended, budget and block size included.
        self.assertEqual(survival.differences(self.study.expected, out), ["config.yaml"])

    def test_leftovers_of_a_killed_run_go(self):
        out = self.finished("leftovers")
        for name in ("results.json.part", "tasks/0-ridge/model.npy.part", "figures/x.png.part"):
            with open(os.path.join(out, name), "w", encoding="ascii") as file:
                file.write("half")
        with open(os.path.join(out, "run.lock"), "w", encoding="ascii") as file:
            file.write("4194304 1 elsewhere\n")
        err = survival.finish(BUILD, self.study.config, out, "--resume")
        self.assertIn(f"{out} was left by process 4194304, which ended without saying why: taken over",
                      err)
        self.assertEqual(survival.differences(self.study.expected, out), [])

    def test_too_little_memory_and_disk(self):
        out = os.path.join(self.scratch.name, "small")
        for limit, sentence in (
                (350000, r"the limit of address space \(ulimit -v\) leaves less than the 129 MiB "
                         r"that BLAS takes for its threads \(1\); raise it, or take fewer "
                         r"\(OMP_NUM_THREADS\)"),
                (500000, r"the study takes up to \d+ MiB of memory and `ulimit -v` has \d+ left; "
                         "end other programs, lower run.memory_mib, or try it all the same with "
                         "--no-preflight")):
            limited = ["bash", "-c", f"ulimit -v {limit}; exec \"$@\"", "-",
                       os.path.join(BUILD, "headroom"), "run", self.study.config, "--out", out]
            done = subprocess.run(limited, capture_output=True, text=True, check=False,
                                  env=dict(os.environ, OMP_NUM_THREADS="1"))
            self.assertEqual(done.returncode, 4, done.stderr)
            self.assertRegex(self.last_error(done), f"^headroom: {sentence}$")
            self.assertFalse(os.path.exists(os.path.join(out, "manifest.json")))

    def test_few_templates_are_told_before_the_run(self):
        config = os.path.join(os.path.dirname(self.study.config), "few.yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write(survival.CONFIG.replace("posterior: {}", "posterior: {templates: 5}"))
        done = self.headroom("run", config, "--dry-run", check=True)
        self.assertIn("experts.posterior.templates is 5 for 9 bins: too few", done.stderr)

    def test_the_gate(self):
        out = self.finished("gate")
        done = self.headroom("run", self.study.config, "--out", out, "--resume", "--gate")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.last_error(done),
                         f"headroom: the gate is not passed; {out}/report.md says which criteria "
                         "fail or are undecided")
        config = os.path.join(os.path.dirname(self.study.config), "gate.yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write("experiment: {id: easy, language: en}\n"
                       "data: {train: ['train_{0..1}/dataset.h5'], test: test/dataset.h5}\n"
                       "experts: {ridge_marginal: {alpha: [0.1]}, ridge: {alpha: [1e6]}}\n"
                       "gate: {oracle_r2: -9, delta_r2: -9, insufficient_below: -9, "
                       "focus_delta_r2: -9}\n")
        self.headroom("run", config, "--out", os.path.join(self.scratch.name, "easy"), "--gate",
                      check=True)

    def state(self, out):
        return json.loads(self.headroom("status", out, "--json", check=True).stdout)

    def test_in_the_background(self):
        out = os.path.join(self.scratch.name, "background")
        done = self.headroom("run", self.study.config, "--out", out, "--detach", check=True)
        pid = int(re.match(r"process (\d+) is at work in (\S+)\n", done.stdout).group(1))
        self.assertIn(f"\nheadroom status {out}\nheadroom stop {out}\n", done.stdout)
        os.kill(pid, signal.SIGHUP)  # the terminal is closed
        while self.state(out)["state"] == "running":
            time.sleep(0.1)
        state = self.state(out)
        self.assertEqual((state["state"], state["message"]), ("finished", ""))
        self.assertEqual(state["tasks"], {"total": self.tasks, "done": self.tasks, "trained": 0,
                                          "left": 0})
        self.assertGreater(state["peak_memory_bytes"], 1 << 20)
        self.assertTrue(os.path.exists(os.path.join(out, "report.html")))
        self.assertEqual(survival.differences(self.study.expected, out), [])
        with open(os.path.join(out, "run.log"), encoding="utf-8") as file:
            self.assertIn(f"{out}/report.html\n", file.read())

    def test_readers_that_are_gone(self):
        out = os.path.join(self.scratch.name, "unread")
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([os.path.join(BUILD, "headroom"), "run", self.study.config,
                               "--out", out], stdout=writer, stderr=writer, check=False)
        os.close(writer)
        self.assertEqual(done.returncode, -signal.SIGPIPE)  # the tables did not arrive
        self.assertEqual(self.state(out)["state"], "finished")
        self.assertEqual(survival.differences(self.study.expected, out), [])

    def test_background_errors_are_told_here(self):
        done = self.headroom("run", os.path.join(self.scratch.name, "none.yaml"), "--detach")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(done.stderr, f"headroom: cannot open {self.scratch.name}/none.yaml: "
                         "No such file or directory\n")

    def test_stop(self):
        out = os.path.join(self.scratch.name, "stopped")
        config = os.path.join(os.path.dirname(self.study.config), "long.yaml")
        with open(config, "w", encoding="ascii") as file:
            file.write(survival.CONFIG.replace("n_estimators: 60", "n_estimators: 20000"))
        self.headroom("run", config, "--out", out, "--detach", check=True)
        while not self.state(out)["tasks"]["done"]:
            time.sleep(0.1)
        done = self.headroom("run", config, "--out", out)
        self.assertEqual(self.last_error(done), f"headroom: another run is at work in {out}; wait "
                         "for it, or name another directory with --out")
        done = self.headroom("stop", out, "--timeout", 60, check=True)
        self.assertRegex(done.stdout, rf"^stopped: {out}, \d+ of {self.tasks} tasks done; "
                         r"`headroom run` with --resume goes on\n$")
        state = self.state(out)
        self.assertEqual((state["state"], state["pid"]), ("stopped", None))
        self.assertRegex(state["message"], "^interrupted while ")
        self.assertFalse(os.path.exists(os.path.join(out, "run.pid")))
        self.check_has_no_report(out)
        done = self.headroom("stop", out, check=True)
        self.assertEqual(done.stdout, f"nothing is running in {out}\n")

    def check_has_no_report(self, out):
        """A run that is not finished is told as such, not as a file that is missing."""
        page = os.path.join(self.scratch.name, "page.md")
        for words in (("report", out), ("publish", out),
                      ("publish", out, "--page", page, "--block", "b", "--create")):
            done = self.headroom(*words)
            self.assertEqual(done.returncode, 3)
            self.assertEqual(self.last_error(done),
                             f"headroom: the run in {out} is not finished and has no results yet; wait "
                             "for it, or go on with `headroom run CONFIG --out DIR --resume` "
                             "(`headroom status DIR` says how far it is)")

    def timings(self, out):
        with open(os.path.join(out, "timings.json"), encoding="utf-8") as file:
            return json.load(file)

    def test_all_sessions_are_told(self):
        """Stopped, killed, resumed to its end: seconds and steps are those of all three."""
        out = os.path.join(self.scratch.name, "sessions")
        process = survival.start(BUILD, self.study.config, out)
        while not os.path.exists(os.path.join(out, "tasks", "0-lightgbm", "trained.json")):
            time.sleep(0.001)
        process.terminate()
        process.communicate()
        first, steps = self.state(out), self.timings(out)
        self.assertEqual((first["sessions"], steps["sessions"]), (1, 1))
        self.assertEqual(first["seconds"], first["session_seconds"])
        ridge = [step for step in steps["steps"] if step["step"] == "train and predict ridge"]
        process = survival.start(BUILD, self.study.config, out, "--resume")
        while self.state(out)["sessions"] < 2:
            time.sleep(0.001)
        process.kill()
        process.communicate()
        err = survival.finish(BUILD, self.study.config, out, "--resume")
        self.assertRegex(err, r"study survivor done in \S+ s, \S+ s in 3 sessions\n")
        last, steps = self.state(out), self.timings(out)
        self.assertEqual((last["state"], last["sessions"], steps["sessions"]), ("finished", 3, 3))
        self.assertGreaterEqual(last["seconds"], first["seconds"] + last["session_seconds"])
        self.assertRegex(self.headroom("status", out).stdout, r"^finished: .* in 3 sessions\n")
        self.assertIn("interrupted", [step["step"] for step in steps["steps"]])
        self.assertAlmostEqual(sum(step["wall_seconds"] for step in steps["steps"]),
                               steps["wall_seconds"], delta=0.05)
        self.assertGreaterEqual(steps["wall_seconds"], first["seconds"])
        now = [step for step in steps["steps"] if step["step"] == "train and predict ridge"]
        self.assertGreaterEqual(now[0]["wall_seconds"], ridge[0]["wall_seconds"])
        self.assertEqual(survival.differences(self.study.expected, out), [])

    def check_counts_up(self, value):
        """No number of seconds, nor of anything else, is below 0."""
        if isinstance(value, dict):
            value = list(value.values())
        for item in value if isinstance(value, list) else []:
            self.check_counts_up(item)
        if isinstance(value, (int, float)):
            self.assertGreaterEqual(value, 0)

    def test_a_clock_that_is_set_back(self):
        """By an hour, between two tasks: the same bytes, and no time below 0 anywhere."""
        out = os.path.join(self.scratch.name, "clock")
        clock = {"LD_PRELOAD": os.path.join(BUILD, "libset_clock.so"), "SET_CLOCK_BACK": "3600",
                 "SET_CLOCK_AT": os.path.join(out, "tasks", "global-ridge", "card.json")}
        process = survival.start(BUILD, self.study.config, out, **clock)
        while not os.path.exists(os.path.join(out, "status.json")):
            time.sleep(0.001)
        looks = 0
        while process.poll() is None:
            state = json.loads(study_data.run(BUILD, "headroom", "status", out, "--json", **clock).stdout)
            self.check_counts_up(state)
            looks += state["state"] == "running" and os.path.exists(clock["SET_CLOCK_AT"])
        _, err = process.communicate()
        self.assertEqual(process.returncode, 0, err)
        self.assertGreater(looks, 0)
        with open(os.path.join(out, "run.log"), encoding="utf-8") as file:
            log = file.read().splitlines()
        times = [calendar.timegm(time.strptime(line[:20], "%Y-%m-%dT%H:%M:%SZ")) for line in log]
        self.assertLess(times[-1], times[0])  # the clock was set back indeed
        for said in (err, *log, self.headroom("status", out).stdout):
            self.assertNotRegex(said, r" -\d")
        self.check_counts_up(self.timings(out))
        self.assertLess(self.timings(out)["wall_seconds"], 1800)
        self.assertEqual(survival.differences(self.study.expected, out), [])
        survival.finish(BUILD, self.study.config, out, "--resume", **clock)
        self.check_counts_up(self.timings(out))
        self.assertEqual(survival.differences(self.study.expected, out), [])

    def test_status_of_a_killed_run(self):
        out = os.path.join(self.scratch.name, "killed")
        process = survival.start(BUILD, self.study.config, out)
        while not os.path.exists(os.path.join(out, "status.json")):
            time.sleep(0.01)
        process.kill()
        process.communicate()
        said = self.headroom("status", out, check=True).stdout
        host = socket.gethostname()
        self.assertRegex(said, rf"^killed: {out}, after .*\nwhy        its process {process.pid} on {host}"
                         " is gone; it could not say why it ended: it was killed, or the machine or the disk "
                         "failed\n")
        self.assertIn(f"`headroom run CONFIG --out {out} --resume` goes on\n", said)
        state = self.state(out)
        self.assertEqual([state[key] for key in ("state", "pid", "last_pid", "host", "sessions")],
                         ["killed", None, process.pid, host, 1])
        self.check_has_no_report(out)
        done = self.headroom("status", self.scratch.name)
        self.assertEqual((done.returncode, done.stderr), (3, f"headroom: {self.scratch.name} is not "
                                                          "the directory of a run\n"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
