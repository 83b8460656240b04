"""The long tier of test_survive.py, for `make survive`: many kills and stops at random moments, and
a disk that is full at every stage of a run. Prints a count of each, and exits 1 if any run ended
with other bytes than the one that was left alone.

usage: survive_long.py BUILD [kills [stops [disks]]]
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile

import survival

NUMBERS = {"kills": 200, "stops": 40, "disks": 40}
KIB = 1024


def kills(study, wanted):
    """Runs, each killed three times in a row and resumed; until so many kills have hit."""
    hit, runs, bad = 0, 0, []
    while hit < wanted:
        hits, differences = study.kill(min(3, wanted - hit))
        hit, runs = hit + hits, runs + 1
        bad += [f"run {runs}: {differences}"] if differences else []
        print(f"\rkill -9: {hit} of {wanted}, {len(bad)} of {runs} runs differ", end="", flush=True)
    print()
    return bad


def stops(study, wanted):
    """Runs that are asked to stop and resumed."""
    codes, bad = {}, []
    for i in range(wanted):
        code, differences = study.stop()
        codes[code] = codes.get(code, 0) + 1
        bad += [f"stop {i}: {differences}"] if differences else []
        # -15: the signal came before the program could listen.
        bad += [f"stop {i}: exit {code}"] if code not in (0, 130, -signal.SIGTERM) else []
        print(f"\rTERM: {i + 1} of {wanted}, exit codes {codes}, {len(bad)} wrong", end="", flush=True)
    print()
    return bad


def folder_bytes(folder):
    return sum(os.path.getsize(os.path.join(path, name))
               for path, _, names in os.walk(folder) for name in names)


def mount(place, size):
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "headroom", place],
                          capture_output=True, text=True, check=False)


def full_disk(study, place, size):
    """A run on a disk of `size` bytes, which is then made larger; its exit code, and what is wrong
    with what the resumed run leaves."""
    mount(place, size)
    try:
        out = os.path.join(place, "run")
        process = survival.start(study.build, study.config, out, "--no-preflight")
        _, err = process.communicate()
        if process.returncode not in (0, 4) or (process.returncode and "headroom: " not in err):
            return process.returncode, [f"exit {process.returncode}: {err[-300:]}"]
        subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)
        return process.returncode, study.end(out)
    finally:
        subprocess.run(["umount", place], check=True)


def disks(study, wanted):
    """Disks of every size up to what a run takes."""
    place = os.path.join(study.scratch, "disk")
    os.makedirs(place)
    tried = mount(place, 1 << 20)
    if tried.returncode != 0:
        print(f"full disks: skipped, mounting a tmpfs is not allowed here ({tried.stderr.strip()})")
        return []
    subprocess.run(["umount", place], check=True)
    # A tmpfs counts whole pages, and an inode more for every file.
    most = 2 * folder_bytes(os.path.join(study.scratch, "reference")) + 256 * KIB
    codes, bad = {}, []
    for i in range(wanted):
        size = 8 * KIB + (most - 8 * KIB) * i // wanted // (4 * KIB) * 4 * KIB
        code, differences = full_disk(study, place, size)
        codes[code] = codes.get(code, 0) + 1
        bad += [f"disk of {size} bytes: {differences}"] if differences else []
        print(f"\rfull disks: {i + 1} of {wanted}, exit codes {codes}, {len(bad)} wrong", end="",
              flush=True)
    print()
    return bad


def main():
    build = sys.argv[1]
    numbers = [int(word) for word in sys.argv[2:]]
    wanted = dict(NUMBERS, **dict(zip(NUMBERS, numbers)))
    scratch = tempfile.mkdtemp()
    try:
        study = survival.Survivor(build, scratch, seed=2)
        print(f"a run that is left alone takes {study.seconds:.1f} s")
        bad = kills(study, wanted["kills"]) + stops(study, wanted["stops"])
        bad += disks(study, wanted["disks"])
    finally:
        shutil.rmtree(scratch)
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
