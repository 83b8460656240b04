"""Hundreds of damaged and made-up HDF5 files: `headroom inspect` says in one sentence what is wrong
with each, exit 3, or reads it where the damage is not in what is read; it is never killed, never
hangs and never says nothing. `headroom run --dry-run` is held to the same on a part of them.

    test_damaged_files.py BUILD [--all | --every N] [--list]

The tests take every fifth file; `make hostile` all of them.
"""

import collections
import os
import resource
import subprocess
import sys
import tempfile
import time

import damaged_files

MOST_SECONDS = 10  # of processor time
PATIENCE = 120     # by the clock, on a machine that does other things too
STUDY = """experiment: {{id: hostile}}
data:
  train: [{train}]
  test: {test}
  untrusted: true
  noise: {{test: generated}}
"""


def run(build, *words):
    """Exit code, stdout, stderr and processor seconds of the program and its child."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([os.path.join(build, "headroom"), *words], capture_output=True,
                          timeout=PATIENCE)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.returncode, done.stdout, done.stderr.decode(), seconds


def is_one_sentence(err, path):
    """One line of the program's at the end, which names the file; before it progress at most."""
    lines = err.splitlines()
    told = [line for line in lines if line.startswith("headroom: ")]
    others = [line for line in lines if not line.startswith(("headroom: ", "reading ", "vetting ",
                                                             "warning: "))]
    return told == lines[-1:] and not others and path in told[0]


# What the guard says of a reader that died, looped or took too much: no file here does that.
GUARDED = ("damages the HDF5 library", "keeps the HDF5 library busy", "takes more than the")


def judge(result, path, sound_outputs):
    """What the program made of a file, or what is wrong with that."""
    code, out, err, seconds = result
    if any(words in err for words in GUARDED):
        return f"FAILED: does not belong in the corpus: {err!r}"
    if seconds > MOST_SECONDS:
        return f"FAILED: took {seconds:.1f} s"
    if code == 3:
        return "refused" if is_one_sentence(err, path) else f"FAILED: said {err!r}"
    if code != 0:
        return f"FAILED: exit {code}: {err!r}"
    if out.split(b"\n", 1)[1] in sound_outputs:
        return "read, unharmed"
    return "read, with other values" if b"\nProblems\n" in out else f"FAILED: printed {out!r}"


def study(folder, path):
    config = os.path.join(folder, "study.yaml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(STUDY.format(train=path, test=os.path.join(folder, "sound-fixed.h5")))
    return config


def judge_study(build, folder, path):
    """The same of a study's plan, which has to name the file, too."""
    code, _, err, seconds = run(build, "run", "--dry-run", study(folder, path))
    good = code == 0 or (code == 3 and is_one_sentence(err, ""))
    return "" if good and seconds <= MOST_SECONDS else f"FAILED: run: exit {code}: {err!r}"


def check(build, every, shown):
    outcomes = collections.defaultdict(collections.Counter)
    failures, count, slowest, start = [], 0, (0, ""), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        sound_outputs = set()
        for path in damaged_files.sound_files(folder).values():
            code, out, err, _ = run(build, "inspect", path)
            assert code == 0, err
            sound_outputs.add(out.split(b"\n", 1)[1])
        for class_, name, path in damaged_files.corpus(folder):
            count += 1
            if count % every:
                continue
            assert damaged_files.copes(path), f"{class_}: {name}: HDF5 does not survive it"
            result = run(build, "inspect", path)
            slowest = max(slowest, (result[3], name))
            outcome = judge(result, path, sound_outputs)
            if not outcome.startswith("FAILED") and count % (5 * every) == 0:
                outcome = judge_study(build, folder, path) or outcome
            outcomes[class_][outcome.split(":")[0]] += 1
            if outcome.startswith("FAILED"):
                failures.append(f"{class_}: {name}: {outcome}")
            if shown:
                print(f"{class_}: {name}: {outcome}: {result[2].splitlines()[-1:]}")
    for class_, counts in outcomes.items():
        print(f"{class_:16}", ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    looked = sum(sum(counts.values()) for counts in outcomes.values())
    print(f"{looked} of {count} files in {time.monotonic() - start:.0f} s, the slowest "
          f"{slowest[0]:.2f} s: {slowest[1]}")
    print(*failures, sep="\n")
    assert count >= 500 and looked >= count // every and not failures
    assert not os.path.exists("/tmp/headroom-was-here"), "a pickle was executed"


if __name__ == "__main__":
    every = 1 if "--all" in sys.argv else 5
    if "--every" in sys.argv:
        every = int(sys.argv[sys.argv.index("--every") + 1])
    check(sys.argv[1], every, "--list" in sys.argv)
