"""Runs this program and the script in alternation, and prints a table of medians.

usage: measure_lightgbm.py HEADROOM PLACE SPECTRA TREES REPEATS
Called by bench/lightgbm.sh, which made PLACE/data. The environment may name the VALUES a pixel
(255,63), and OMP_NUM_THREADS for both programs."""

import json
import os
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
VALUES = tuple(map(int, os.environ.get("VALUES", "255,63").split(",")))


def measure(command, log):
    """Wall and processor seconds and peak MiB of a command, as the kernel counts them."""
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        with open(log, "wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.execv(command[0], command)
    _, code, usage = os.wait4(child, 0)
    if code != 0:
        with open(log, encoding="utf-8") as file:
            sys.exit(f"{command} failed:\n{file.read()[-2000:]}")
    return (time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run_headroom(program, place, values):
    out = os.path.join(place, f"run_{values}")
    taken = measure([program, "run", os.path.join(place, f"data/trees_{values}.yaml"),
                     "--out", out], os.path.join(place, "log"))
    with open(os.path.join(out, "results.json"), encoding="utf-8") as file:
        overall = json.load(file)["overall"]
    return taken, next(line["r2_pooled"] for line in overall
                       if line["method"] == "lightgbm_oracle" and line["rows"] == "covered")


def run_script(place, values, trees):
    out = os.path.join(place, f"peer_{values}")
    taken = measure([sys.executable, os.path.join(HERE, "lightgbm_per_bin.py"),
                     os.path.join(place, "data"), out, trees, str(values)],
                    os.path.join(place, "log"))
    with open(os.path.join(out, "r2.json"), encoding="utf-8") as file:
        return taken, json.load(file)


def main():
    program, place, spectra, trees, repeats = sys.argv[1:]
    runs = {}
    with open("/proc/loadavg", encoding="ascii") as file:
        load = file.read().split()[0]
    for _ in range(int(repeats)):
        for values in VALUES:
            runs.setdefault(("headroom", values), []).append(run_headroom(program, place, values))
            runs.setdefault(("script", values), []).append(run_script(place, values, trees))
    print(f"{spectra} spectra of 4096 pixels, {trees} trees, {os.cpu_count()} processors, load "
          f"{load} before; medians of {repeats}.\n")
    print("| program | values a pixel | wall s | processor s | peak MiB | R² pooled |\n"
          "|---|---:|---:|---:|---:|---:|")
    median = {}
    for (name, values), taken in sorted(runs.items(), key=lambda item: (item[0][0], -item[0][1])):
        wall, cpu, peak = (statistics.median(run[0][i] for run in taken) for i in range(3))
        median[name, values] = wall, peak, cpu
        print(f"| {name} | {values} | {wall:.1f} | {cpu:.1f} | {peak:.0f} | {taken[0][1]:.4f} |")
    print("\n| compared | wall, times as fast | processor time, times less | memory, share |\n"
          "|---|---:|---:|---:|")
    for ours, theirs, what in ((255, 255, "like for like, 255 values"),
                               (63, 63, "like for like, 63 values"),
                               (63, 255, "headroom with 63 : script with LightGBM's default")):
        if ours not in VALUES or theirs not in VALUES:
            continue
        a, b = median["headroom", ours], median["script", theirs]
        print(f"| {what} | {b[0] / a[0]:.2f} | {b[2] / a[2]:.2f} | {a[1] / b[1]:.2f} |")


if __name__ == "__main__":
    main()
