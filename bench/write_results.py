"""From what bench/run.py measured to results.json, results.md and plots."""

import importlib.metadata
import json
import math
import os
import platform

from plot import plot

PIXELS, TEST_ROWS, CNN_BINS = 4096, 2000, (3, 6)
# Of a spectrum's way through the CNN: 32-64-32 channels, kernel 5, pool 4, 64 hidden.
CNN_OPERATIONS = 2 * (4096 * 5 * 32 + 1024 * 5 * 32 * 64 + 256 * 5 * 64 * 32 + 64 * 32 * 64)
PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "lightgbm", "h5py", "pandas", "tables")
PEERS = {"read": "h5py", "noise": "NumPy standard_normal, fp64", "ridge": "scikit-learn Ridge",
         "ridge_cv": "scikit-learn RidgeCV", "lightgbm": "LightGBM's Python package",
         "cnn": "PyTorch", "posterior": "NumPy", "study": "one Python script"}


def machine():
    model = ""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"processor": model, "processors": os.cpu_count(), "system": platform.platform(),
            "python": platform.python_version()}


def packages():
    """Versions of what the peers run with, of those that are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found


def exponent(points):
    """The slope of log seconds over log rows, by least squares; None of fewer than two."""
    if len({n for n, _ in points}) < 2:
        return None
    x, y = [math.log(n) for n, _ in points], [math.log(s) for _, s in points]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return (sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) /
            sum((a - mean_x) ** 2 for a in x))


def ridge_work(rows, limits):
    """The seconds that the Ridge sweep takes at the limits: shards are read once (flux and
    error, fp32), every row is multiplied with itself once (the upper triangle: P²
    operations), and every model, fold and alpha is factorised (n³/3), both at the rate of
    fp32 products. Whoever shares factors, as we do, can need less."""
    read = 8.0 * rows * PIXELS
    sums = 1.0 * rows * PIXELS ** 2
    # A system is of the bin's rows where those are fewer than the pixels.
    bins = [min(PIXELS, rows / 9)] * 9 + [min(PIXELS, rows)]
    solves = sum(7 * 6 * n ** 3 / 3 for n in bins)
    return {"read": read / limits["disk_read"], "sums": sums / limits["fp32_product"],
            "solves": solves / limits["fp32_product"]}


def ridge_limit(rows, limits):
    work = ridge_work(rows, limits)
    return max(work["read"], work["sums"] + work["solves"])


def roofline(entry):
    """(limit's name, what was reached, the limit, unit) of a stage, or None; limits are those
    measured in the entry's own run."""
    ours, rows, limits = entry["headroom"], entry["rows"], entry["limits"]
    if entry["stage"] == "read":
        rate = 8.0 * rows * PIXELS / ours["wall"]
        return "reading from the page cache", rate / 1e9, limits["cached_read"] / 1e9, "GB/s"
    if entry["stage"] == "noise":
        # What a core would write if noise cost nothing: a third of the triad's traffic.
        return ("writing to memory", 4 * ours["rates"]["per_second"] / 1e9,
                limits["triad"] / 3e9, "GB/s")
    if entry["stage"] == "ridge":
        least = ridge_limit(rows, limits)
        return "the larger of reading and products", least / ours["wall"], 1.0, "of the limit"
    if entry["stage"] == "posterior":
        # Two products, of the flux and of its square, with every pixel of every template.
        rate = 4.0 * rows * TEST_ROWS * PIXELS / ours["wall"]
        return ("fp32 products, were all pixels compared", rate / 1e9,
                limits["fp32_product"] / 1e9, "GFLOP/s")
    if "train_rows" in ours and entry["stage"] == "cnn":
        here = sum(ours["train_rows"][k] for k in CNN_BINS)
        # A step is thrice the way forward; a fifth is held out and goes forward only.
        rate = CNN_OPERATIONS * here * entry["epochs"] * (0.8 * 3 + 0.2) / ours["wall"]
        return "fp32 products", rate / 1e9, limits["fp32_product"] / 1e9, "GFLOP/s"
    if "train_rows" in ours and entry["stage"] == "lightgbm":
        # Every tree reads a byte of each of its rows in each of its columns, once at least.
        rate = (sum(ours["train_rows"]) * 0.7 * PIXELS * 0.3) * entry["trees"] / ours["wall"]
        return "reading memory once a tree", rate / 1e9, limits["triad"] / 1e9, "GB/s"
    return None


def write_tables(results, add):
    limits = results["limits"]
    add("## The machine\n")
    who = results["machine"]
    add(f"{who['processor']}, {who['processors']} processors, {who['system']}, Python "
        f"{who['python']}; load {results['load_before']:.1f} before.\n")
    add("Peers: " + ", ".join(f"{name} {version}" for name, version in
                              results.get("packages", {}).items()) + ".\n")
    add("| limit | measured |\n|---|---:|")
    for key, title, scale, unit in (
            ("fp32_product", "products of 2048 × 2048 matrices, fp32", 1e9, "GFLOP/s"),
            ("fp32_tile_product", "the same, 512 × 512", 1e9, "GFLOP/s"),
            ("fp64_product", "products of 2048 × 2048 matrices, fp64", 1e9, "GFLOP/s"),
            ("triad", "memory, triad", 1e9, "GB/s"),
            ("disk_write", "disk, writing, with fsync", 1e9, "GB/s"),
            ("disk_read", f"disk, reading ({limits.get('disk_read_way', '')})", 1e9, "GB/s"),
            ("cached_read", "reading from the page cache", 1e9, "GB/s"),
            ("noise_per_core", "our normal deviates, one core", 1e6, "million/s")):
        if key in limits:
            add(f"| {title} | {limits[key] / scale:.2f} {unit} |")
    add("\n## The race\n\nMedians, in alternation. Ratios: how many times as fast, and the share "
        "of the peer's memory.\n")
    add("| stage | spectra | runs | headroom s | processor s | MiB | peer | s | processor s | MiB "
        "| times as fast | memory |\n|---|---:|---:|---:|---:|---:|---|---:|---:|---:|---:|---:|")
    for entry in results["entries"]:
        a, b = entry["headroom"], entry.get("peer")
        runs = f"{a['runs']}" if not b or b["runs"] == a["runs"] else f"{a['runs']} and {b['runs']}"
        line = (f"| {entry['stage']} | {entry['rows']} | {runs} | {a['wall']:.2f} | "
                f"{a['cpu']:.2f} | {a['mib']:.0f} | {PEERS[entry['stage']]} | ")
        if not b:
            add(line + "left out | | | | |")
            continue
        ratio = b["wall"] / a["wall"]
        if entry["stage"] == "noise":
            ratio = a["rates"]["per_second"] / b["rates"]["float64"]
        add(line + f"{b['wall']:.2f} | {b['cpu']:.2f} | {b['mib']:.0f} | {ratio:.2f} | "
            f"{a['mib'] / b['mib']:.2f} |")


def write_noise(results, add):
    rates = [e for e in results["entries"] if e["stage"] == "noise" and "peer" in e]
    if not rates:
        return
    a, b = (rates[-1][side]["rates"] for side in ("headroom", "peer"))
    add("\nNoise, on one core, million deviates a second: headroom "
        f"{a['per_second'] / 1e6:.0f}; NumPy Generator.standard_normal fp64 (its default) "
        f"{b['float64'] / 1e6:.0f} ({a['per_second'] / b['float64']:.2f} times), fp32 "
        f"{b['float32'] / 1e6:.0f} ({a['per_second'] / b['float32']:.2f}), RandomState "
        f"{b['legacy'] / 1e6:.0f} ({a['per_second'] / b['legacy']:.2f}).")


def line_through(points):
    """(constant, per row) of the line whose relative errors are least, from three sizes on."""
    if len({n for n, _ in points}) < 3:
        return None
    # Weights 1/t²; the normal equations of t = a + b n.
    s0 = sum(1 / t**2 for _, t in points)
    s1 = sum(n / t**2 for n, t in points)
    s2 = sum(n * n / t**2 for n, t in points)
    t0 = sum(1 / t for _, t in points)
    t1 = sum(n / t for n, t in points)
    slope = (s0 * t1 - s1 * t0) / (s0 * s2 - s1 * s1)
    return (t0 - slope * s1) / s0, slope


def write_scaling(results, add):
    add("\n## Growth with the number of spectra\n\nExponent of wall time in N; the line a + b N that "
        "is nearest to it; memory at the smallest and largest N.\n")
    add("| stage | program | exponent | a, s | b, s for 10,000 | MiB |\n|---|---|---:|---:|---:|---:|")
    for stage in PEERS:
        for side in ("headroom", "peer"):
            here = [e for e in results["entries"]
                    if e["stage"] == stage and side in e and stage != "noise"]
            points = [(e["rows"], e[side]["wall"]) for e in here]
            slope, line = exponent(points), line_through(points)
            if slope is None:
                continue
            here.sort(key=lambda e: e["rows"])
            name = "headroom" if side == "headroom" else PEERS[stage]
            fit = f"{line[0]:.2f} | {1e4 * line[1]:.2f}" if line else " | "
            add(f"| {stage} | {name} | {slope:.2f} | {fit} | {here[0][side]['mib']:.0f} – "
                f"{here[-1][side]['mib']:.0f} |")


def write_step_scaling(results, add):
    """The same of the program's own steps, where a stage holds some that do not grow."""
    lines = []
    for stage in PEERS:
        timed = [e for e in results["entries"]
                 if e["stage"] == stage and "timings" in e["headroom"]]
        names = [step["step"] for e in timed[-1:] for step in e["headroom"]["timings"]["steps"]]
        for name in names:
            points = [(e["rows"], step["wall_seconds"]) for e in timed
                      for step in e["headroom"]["timings"]["steps"]
                      if step["step"] == name and step["wall_seconds"] > 0.05]
            slope = exponent(points)
            if slope is not None:
                lines.append(f"| {stage} | {name} | {slope:.2f} | {len(points)} |")
    if lines:
        add("\nBy step of the program (those above 0.05 s):\n\n| stage | step | exponent | sizes "
            "|\n|---|---|---:|---:|\n" + "\n".join(lines))


def write_roofline(results, add):
    add("\n## Against the machine\n\n| stage | spectra | limit | reached | limit | share |\n"
        "|---|---:|---|---:|---:|---:|")
    for entry in results["entries"]:
        line = roofline(entry)
        if line:
            name, reached, limit, unit = line
            add(f"| {entry['stage']} | {entry['rows']} | {name} | {reached:.2f} {unit} | "
                f"{limit:.2f} | {reached / limit:.2f} |")
    ridges = [e for e in results["entries"] if e["stage"] == "ridge"]
    if ridges:
        add("\nRidge at the limits, seconds: reading the shards from disk; at the rate of fp32 "
            "products, the sums (upper triangle) and one factorisation for every model, fold and "
            "alpha.\n\n| spectra | reading | sums | factorisations | headroom | of the larger of "
            "reading and the rest |\n|---:|---:|---:|---:|---:|---:|")
    for entry in ridges:
        work = ridge_work(entry["rows"], entry["limits"])
        wall = entry["headroom"]["wall"]
        add(f"| {entry['rows']} | {work['read']:.2f} | {work['sums']:.2f} | {work['solves']:.2f} | "
            f"{wall:.2f} | {wall / ridge_limit(entry['rows'], entry['limits']):.2f} |")


def write_timings(results, add):
    timed = [e for e in results["entries"] if "timings" in e["headroom"]]
    if timed:
        add("\n## Where the seconds go\n\nOf the program itself (`timings.json`), wall seconds.\n")
    for entry in timed:
        add(f"\n**{entry['stage']}, {entry['rows']} spectra.** " + "; ".join(
            f"{step['step']} {step['wall_seconds']:.2f}"
            for step in entry["headroom"]["timings"]["steps"]) + ".")


def differences(entry, one, other):
    """R² of one side less another's in every bin, by expert."""
    r2 = [entry.get(side, {}).get("r2") for side in (one, other)]
    if not r2[0] or not r2[1]:
        return {}
    if entry["stage"] in ("ridge", "ridge_cv"):
        r2 = [scores if "ridge" in scores else {"ridge": scores} for scores in r2]
    first, second = r2
    return {name: [first[name][k] - second[name][k] for k in second[name]
                   if first[name].get(k) is not None and second[name][k] is not None]
            for name in sorted(set(first) & set(second))}


COMPARED = (("ours and the peer's, each on its own noise and folds", "headroom", "peer"),
            ("ours and the peer's, on our noise and folds", "headroom", "peer_on_our_rows"),
            ("the same, ours with the package's `subsample_for_bin`", "headroom_boundaries",
             "peer_on_our_rows"),
            ("the peer's and its own with another seed, on our noise", "peer_on_our_rows",
             "peer_on_our_rows_other_seed"),
            ("the peer's and its own with another seed and noise", "peer", "peer_other_seed"))


def write_agreement(results, add):
    """Differences of R², by expert: the range over the bins."""
    lines = []
    for entry in results["entries"]:
        for what, one, other in COMPARED:
            lines += [f"| {entry['stage']} | {entry['rows']} | {name} | {what} | {min(both):+.4f} | "
                      f"{sum(both) / len(both):+.4f} | {max(both):+.4f} |"
                      for name, both in differences(entry, one, other).items() if both]
    if lines:
        add("\n## Differences of R² over the bins\n\n| stage | spectra | expert | one less the other | "
            "least | mean | most |\n|---|---:|---|---|---:|---:|---:|\n" + "\n".join(lines))


def write_plots(results, folder, add):
    names = []
    for stage, peer in PEERS.items():
        here = [e for e in results["entries"] if e["stage"] == stage and stage != "noise"]
        for key, title, unit in (("wall", "time", "seconds"),
                                 ("mib", "memory", "peak memory, MiB")):
            series = {who: [(e["rows"], e[side][key]) for e in here if side in e]
                      for side, who in (("headroom", "headroom"), ("peer", peer))}
            name = f"{stage}_{title}.svg"
            series = {who: line for who, line in series.items() if line}
            plot(os.path.join(folder, name), f"{stage}: {title}", unit, series, key == "wall")
            if os.path.exists(os.path.join(folder, name)):
                names.append(name)
    if names:
        add("\n## Plots\n\n" + " ".join(f"![{name}](plots/{name})" for name in names))


def write(results, out):
    lines = ["# What was measured\n", "Written by `bench/run.py`; the same in `results.json`.\n"]
    if results["quick"]:
        lines.append("A quick run, at sizes that say little: that everything works.\n")
    folder = os.path.join(out, "plots")
    os.makedirs(folder, exist_ok=True)
    write_tables(results, lines.append)
    write_noise(results, lines.append)
    write_scaling(results, lines.append)
    write_step_scaling(results, lines.append)
    write_roofline(results, lines.append)
    write_agreement(results, lines.append)
    write_timings(results, lines.append)
    write_plots(results, folder, lines.append)
    with open(os.path.join(out, "results.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    with open(os.path.join(out, "results.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
