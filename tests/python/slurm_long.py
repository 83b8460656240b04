#!/usr/bin/env python3
"""`make slurm`: a real Slurm on this machine, two nodes of one processor each, and a study that it
does: an array and its merge; elements that are killed, requeued and out of time.

usage: slurm_long.py BUILD_DIR

Starts munged, slurmctld and two slurmd of its own in a scratch folder, as root, and ends them; no
Slurm that may be installed is touched. Takes some minutes, most of them waiting."""

import glob
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

import survival

BUILD = os.path.abspath(sys.argv[1])
NODES = ("one", "two")


def long_for(epochs):
    """Settings with which a study is met at work."""
    return ["--set", f"cnn.epochs={epochs}", "--set", "cnn.patience=0",
            "--set", f"cnn.restart_after={epochs}"]


LONG = long_for(1500)

CONF = """ClusterName=test
SlurmctldHost={host}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=10
CredType=cred/munge
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
ReturnToService=2
JobRequeue=1
KillWait=5
MinJobAge=3600
SlurmctldPort={port}
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdSpoolDir={folder}/spool.%n
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdLogFile={folder}/slurmd.%n.log
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Slurm:
    """The daemons, in a folder of their own."""

    def __init__(self, folder):
        self.folder, self.daemons = folder, []
        for name in ("state", "munge"):
            os.mkdir(os.path.join(folder, name), 0o700)
        host = socket.gethostname()
        nodes = "\n".join(f"NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 "
                          f"Port={free_port()} CPUs=1 State=UNKNOWN" for name in NODES)
        self.conf = os.path.join(folder, "slurm.conf")
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(CONF.format(host=f"{host}(127.0.0.1)", folder=folder, port=free_port(),
                                   nodes=nodes))
        os.environ.update(SLURM_CONF=self.conf, HEADROOM_SETTLE="0")

    def begin(self):
        key = os.path.join(self.folder, "munge", "key")
        with open(key, "wb") as file:
            file.write(os.urandom(128))
        os.chmod(key, 0o400)
        place = os.path.join(self.folder, "munge")
        self.start("munged", "--foreground", "--force", f"--key-file={key}",
                   f"--socket={self.folder}/munge.socket", f"--pid-file={place}/pid",
                   f"--seed-file={place}/seed", f"--log-file={place}/log")
        self.wait(lambda: os.path.exists(os.path.join(self.folder, "munge.socket")), "munged")
        self.start("slurmctld", "-D", "-f", self.conf)
        for name in NODES:
            self.start("slurmd", "-D", "-f", self.conf, "-N", name)
        self.wait(lambda: self.output("sinfo", "-h", "-N", "-o", "%T").split() == ["idle"] * 2,
                  "two idle nodes")

    def start(self, program, *words):
        log = open(os.path.join(self.folder, f"{program}.out"), "ab")
        self.daemons.append(subprocess.Popen([program, *words], stdout=log, stderr=log))
        log.close()

    def output(self, *words):
        return subprocess.run(words, text=True, capture_output=True, check=False).stdout.strip()

    def wait(self, is_so, what, seconds=300):
        end = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds} s for {what}\n{self.logs()}")
            time.sleep(0.2)

    def logs(self):
        text = self.output("squeue") + "\n" + self.output("sinfo", "-N", "-l")
        for path in sorted(glob.glob(os.path.join(self.folder, "*.log"))
                           + glob.glob(os.path.join(self.folder, "*.out"))):
            with open(path, encoding="utf-8", errors="replace") as file:
                text += f"\n--- {path}\n" + "".join(file.readlines()[-15:])
        return text

    def job(self, number):
        """What Slurm says of a job, the last of an array's that it lists."""
        text = self.output("scontrol", "show", "job", str(number))
        return dict(re.findall(r"(\w+)=(\S*)", text))

    def states(self, number):
        text = self.output("scontrol", "show", "job", str(number))
        return re.findall(r"JobState=(\w+)", text)

    def end(self):
        self.output("scancel", "--user=root")
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


class Long(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.config = survival.make_study(BUILD, cls.scratch.name)
        with open(cls.config, "a", encoding="ascii") as file:
            file.write("gates: {logistic: {}, mlp: {}}\n")
        folder = os.path.join(cls.scratch.name, "slurm")
        os.mkdir(folder)
        cls.slurm = Slurm(folder)
        try:
            cls.slurm.begin()
        except BaseException:
            cls.slurm.end()
            raise
        cls.expected = {}

    @classmethod
    def tearDownClass(cls):
        cls.slurm.end()
        cls.scratch.cleanup()

    def place(self, name):
        return os.path.join(self.scratch.name, name)

    def one(self, *settings):
        """What one run leaves, here."""
        if settings not in self.expected:
            out = self.place(f"one_{len(self.expected)}")
            survival.finish(BUILD, self.config, out, *settings)
            self.expected[settings] = survival.contents(out)
            shutil.rmtree(out)
        return self.expected[settings]

    def submit(self, out, elements, *settings, time_limit="10"):
        """The numbers of the array's job and of the merge's."""
        script = subprocess.run(
            [os.path.join(BUILD, "headroom"), "slurm", self.config, "--out", out, "--elements",
             str(elements), "--cpus", "1", "--time", time_limit, *settings], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout
        script = re.sub(r"--mem=\d+M ", "", script)  # nodes here do not say what they have
        done = subprocess.run(["sh", "-c", script], text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr + self.slurm.logs())
        return re.match(r"array (\d+), merge (\d+)", done.stdout).groups()

    def wait_for(self, job, seconds=600):
        ended = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"}
        self.slurm.wait(lambda: self.slurm.states(job)
                        and set(self.slurm.states(job)) <= ended, f"job {job}", seconds)
        return self.slurm.states(job)

    def log(self, out, pattern):
        text = ""
        for path in sorted(glob.glob(os.path.join(out, "elements", "logs", pattern))):
            with open(path, encoding="utf-8", errors="replace") as file:
                text += file.read()
        return text

    def check_same(self, out, *settings):
        self.assertEqual(survival.differences(self.one(*settings), out), [])

    def wait_until_at_work(self, out, element):
        path = os.path.join(out, "elements", element, "tasks", "3-cnn", "training.state")
        other = path.replace("3-cnn", "6-cnn")
        self.slurm.wait(lambda: os.path.exists(path) or os.path.exists(other), path)

    def process_of(self, out, element):
        with open(os.path.join(out, "elements", element, "run.pid"), encoding="ascii") as file:
            return int(file.read())

    def test_an_array_and_its_merge(self):
        out = self.place("plain")
        array, merge = self.submit(out, 4)
        self.assertEqual(self.wait_for(merge), ["COMPLETED"], self.log(out, "*"))
        self.assertEqual(set(self.wait_for(array)), {"COMPLETED"})
        nodes = set(re.findall(r"\bNodeList=(\w+)", self.slurm.output("scontrol", "show", "job",
                                                                      array)))
        self.assertEqual(nodes & set(NODES), set(NODES))
        self.check_same(out)
        self.assertIn("report.html", self.log(out, "merge_*"))

    def test_a_killed_element_is_named_and_done_again(self):
        out = self.place("killed")
        _, merge = self.submit(out, 1, *LONG)
        self.wait_until_at_work(out, "0-of-1")
        os.kill(self.process_of(out, "0-of-1"), signal.SIGKILL)
        self.assertEqual(self.wait_for(merge), ["FAILED"])
        self.assertEqual(self.slurm.job(merge)["ExitCode"], "3:0")
        self.assertIn("is not complete: element 0/1 (killed) lacks ", self.log(out, "merge_*"))
        array, merge = self.submit(out, 1, *LONG)
        self.assertEqual(self.wait_for(merge), ["COMPLETED"], self.log(out, "*"))
        self.assertEqual(self.wait_for(array), ["COMPLETED"])
        self.check_same(out, *LONG)

    def test_a_requeued_element_goes_on(self):
        """Told by Slurm, as after the loss of a node."""
        out = self.place("requeued")
        array, merge = self.submit(out, 1, *LONG)
        self.wait_until_at_work(out, "0-of-1")
        self.slurm.output("scontrol", "requeue", f"{array}_0")
        self.assertEqual(self.wait_for(merge), ["COMPLETED"], self.log(out, "*"))
        self.assertEqual(self.slurm.job(array)["Restarts"], "1")
        self.check_same(out, *LONG)

    def test_out_of_time(self):
        """Of one minute nothing is left when two are to be: the job is told at the next look, saves,
        and is queued again until it is done."""
        out = self.place("short")
        array, merge = self.submit(out, 1, *LONG, time_limit="1")
        self.assertEqual(self.wait_for(merge, 1500), ["COMPLETED"], self.log(out, "*"))
        restarts = int(self.slurm.job(array)["Restarts"])
        self.assertGreater(restarts, 0)
        said = self.log(out, f"{array}_0.log")
        self.assertEqual(said.count("the time is over: queued again"), restarts)
        self.check_same(out, *LONG)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=2)
