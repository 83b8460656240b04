"""Starting the program under mpirun, for the tests of ranks."""

import os
import shutil
import signal
import subprocess
import time

# For Open MPI: as root, with more ranks than cores, threads anywhere, and in containers.
ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_rmaps_base_oversubscribe": "1",
               "OMPI_MCA_hwloc_base_binding_policy": "none",
               "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}


def find_launcher(build):
    """The mpirun of the MPI that the program was built with; why not, where there is none."""
    said = subprocess.run([os.path.join(build, "headroom"), "version"], capture_output=True,
                          text=True, check=True).stdout.splitlines()[1]
    if said == "without MPI":
        return None, "the program was built without MPI (scripts/setup.sh test installs one)"
    name = "mpirun.mpich" if "MPICH" in said else "mpirun.openmpi"
    found = shutil.which(name) or shutil.which("mpirun")
    return found, f"there is no {name} or mpirun (scripts/setup.sh test installs one)"


class Launcher:
    """mpirun with a program, a configuration, and the number of ranks left open."""

    def __init__(self, build, config):
        self.mpirun, self.why_not = find_launcher(build)
        self.program, self.config = os.path.join(build, "headroom"), config

    def start(self, count, *words, threads=1, **environment):
        """`headroom WORDS` on so many ranks."""
        return self.start_parts([(count, [self.program, *map(str, words)])], threads=threads,
                                **environment)

    def start_parts(self, parts, threads=1, **environment):
        """Ranks that are not all called alike: (how many, the words of each)."""
        words = [self.mpirun]
        for i, (count, call) in enumerate(parts):
            words += ([":"] if i > 0 else []) + ["-n", str(count), *call]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**os.environ, **ENVIRONMENT, "OMP_NUM_THREADS": str(threads),
                                     **environment})

    def study(self, count, out, *words, **options):
        return self.start(count, "run", self.config, "--out", out, *words, **options)


def variables_of(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []


def is_below(pid, ancestor):
    """Whether a process descends from another, as ranks do from mpirun."""
    while pid > 1:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                pid = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            return False
        if pid == ancestor:
            return True
    return False


def find_rank(launched, rank):
    """The process of that rank of a Popen of mpirun; None: it is not there, or not any more."""
    names = {b"OMPI_COMM_WORLD_RANK=%d" % rank, b"PMI_RANK=%d" % rank}
    for name in os.listdir("/proc"):
        if name.isdigit() and names & set(variables_of(name)) and is_below(int(name), launched.pid):
            return int(name)
    return None


def kill_one(launcher, out, count, chance, most):
    """Goes on with a study on so many ranks, of which one is killed at a moment within `most`
    seconds: (which, the exit code, stderr). `chance`: a random.Random."""
    process = launcher.study(count, out, "--resume", threads=chance.choice((1, 2)))
    time.sleep(chance.uniform(0.1, most))
    victim = chance.randrange(count)
    pid = find_rank(process, victim)
    if pid:
        os.kill(pid, signal.SIGKILL)
    _, err = process.communicate(timeout=600)
    return victim, process.returncode, err
