"""The long tier of test_ranks.py, for `make survive`: every number of ranks and threads, and ranks
killed at random moments, gone on with by other numbers of ranks. Exits 1 if any run ended with other
bytes than the one that was left alone.

usage: ranks_long.py BUILD [kills]
"""

import os
import random
import shutil
import sys
import tempfile
import time

import ranks
import survival

COUNTS = (1, 2, 3, 4)


class Study:
    def __init__(self, build, scratch):
        self.build, self.scratch = build, scratch
        self.config = survival.make_study(build, scratch)
        with open(self.config, "a", encoding="ascii") as file:
            file.write("gates: {logistic: {}, mlp: {}}\n")
        self.launcher = ranks.Launcher(build, self.config)
        one = os.path.join(scratch, "one")
        begin = time.monotonic()
        survival.finish(build, self.config, one)
        self.seconds = time.monotonic() - begin
        self.expected = survival.contents(one)
        self.runs = 0

    def place(self):
        self.runs += 1
        return os.path.join(self.scratch, f"run_{self.runs}")

    def end(self, out, count, threads):
        """Goes on to the end; what is wrong."""
        process = self.launcher.study(count, out, "--resume", threads=threads)
        _, err = process.communicate(timeout=600)
        if process.returncode != 0:
            return [f"{count} ranks: exit {process.returncode}: {err[-300:]}"]
        found = survival.differences(self.expected, out)
        shutil.rmtree(out)
        return [f"{count} ranks of {threads} threads: {found}"] if found else []


def grid(study):
    bad = []
    for count in COUNTS:
        for threads in (1, 2):
            bad += study.end(study.place(), count, threads)
            print(f"\r{count} ranks of {threads} threads, {len(bad)} runs differ", end="", flush=True)
    print()
    return bad


def kills(study, wanted):
    """Runs, each killed up to three times in a row and resumed."""
    chance, hit, bad, named = random.Random(4), 0, [], 0
    while hit < wanted:
        out = study.place()
        for _ in range(3):
            count = chance.choice((2, 3, 4))
            victim, code, err = ranks.kill_one(study.launcher, out, count, chance,
                                               1.2 * study.seconds)
            hit += code != 0
            named += f"headroom: rank {victim} of {count} " in err
            if code != 0 and f"rank {victim} " not in err and "EXIT CODE: 9" not in err:
                bad.append(f"rank {victim} of {count} is not named: {err[-300:]}")
        bad += study.end(out, chance.choice(COUNTS), chance.choice((1, 2)))
        print(f"\rkill -9 of one rank: {hit} of {wanted}, {named} of them named by rank 0 too, "
              f"{len(bad)} wrong", end="", flush=True)
    print()
    return bad


def main():
    build = os.path.abspath(sys.argv[1])
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    scratch = tempfile.mkdtemp()
    try:
        study = Study(build, scratch)
        if not study.launcher.mpirun:
            print(f"ranks: skipped, {study.launcher.why_not}")
            return 0
        bad = grid(study) + kills(study, wanted)
    finally:
        shutil.rmtree(scratch)
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
