#!/usr/bin/env python3
"""The rules of style that a machine can hold (CONTRIBUTING.md).

usage: scripts/check_style.py BUILD_DIR

Prints a sentence for everything found wrong, and exits 1 if there was anything.
"""
import concurrent.futures
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# A folder may include only from itself and those before it.
FOLDERS = ["core", "compute", "data", "simulate", "nn", "models", "methods", "routing",
           "choice", "score", "predict", "config", "session", "study", "report", "cli"]
LINE_COLUMNS, FILE_LINES, FUNCTION_LINES = 90, 800, 60
FORMATTER = "clang-format version 14"  # others break lines a little differently
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wvla", "-Werror"]

findings = []


def find(where, sentence):
    findings.append(f"{where}: {sentence}")


def sources(*patterns):
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def c_files():
    return sources("src/**/*.[ch]", "include/headroom/*.h", "tests/*/*.[ch]",
                   "examples/*.c", "bench/*.c")


def name_of(path):
    return path.relative_to(ROOT)


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check_includes():
    """Folders are the architecture, and includes point one way."""
    for path in sources("src/**/*.[ch]", "include/headroom/*.h"):
        own = path.relative_to(ROOT).parts[1]
        allowed = ["headroom"] + FOLDERS[:FOLDERS.index(own) + 1 if own in FOLDERS else 0]
        for number, line in enumerate(path.read_text().splitlines(), 1):
            include = re.match(r'\s*#\s*include\s+"([^"/]*)/', line)
            if include and include.group(1) not in allowed:
                find(f"{name_of(path)}:{number}", f"{own}/ may not include {include.group(1)}/")
            if include and own == "cli" and include.group(1) == "session":
                find(f"{name_of(path)}:{number}", "the program uses headroom/run.h for that")
            if re.match(r'\s*#\s*include\s+"[^/"]*"', line):
                find(f"{name_of(path)}:{number}", "includes name their folder")
        check_back_ends(path, own)


def check_back_ends(path, own):
    """Who computes takes a table (compute/compute.h) and knows no back end."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if re.search(r"\b(cblas|lapacke?)(\.h\b|_\w)|\bLAPACKE_", line) and (
                path.parent != ROOT / "src/compute/blas"):
            find(f"{name_of(path)}:{number}", "cblas and lapacke only in src/compute/blas/")
        if re.search(r"\bhr_compute_(reference|blas)\b", line) and own != "compute":
            find(f"{name_of(path)}:{number}",
                 "names a back end; take a const hr_compute * or hr_compute_default()")


def function_spans(lines):
    """(name, first line, length) of every function, as clang-format lays them out."""
    start, text = None, ""
    for number, line in enumerate(lines, 1):
        if start is None:
            if re.match(r"[A-Za-z_]", line):
                start, text = number, ""
            else:
                continue
        if "{" not in text:
            text += line
        if line == "}":
            head = text.split("{")[0]
            name = re.search(r"(\w+)\(", head)
            if name and "=" not in head:
                yield name.group(1), start, number - start + 1
            start = None
        elif (";" in text and "{" not in text) or line.startswith("}"):
            start = None


def check_lengths():
    for path in c_files():
        lines = path.read_text().splitlines()
        if len(lines) > FILE_LINES:
            find(name_of(path), f"{len(lines)} lines, {FILE_LINES} is the most")
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_COLUMNS:
                find(f"{name_of(path)}:{number}", f"{len(line)} columns, {LINE_COLUMNS} is the most")
        for name, number, length in function_spans(lines):
            if length > FUNCTION_LINES:
                find(f"{name_of(path)}:{number}",
                     f"{name} has {length} lines, {FUNCTION_LINES} is the most")


def check_words():
    unfinished = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    float_macros = re.compile(r"\bassert_(float|double)_(not_)?equal\b")
    for path in c_files() + sources("scripts/*", "tests/*/*.py", "tests/*/*.sh", "cmake/*"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if unfinished.search(line):
                find(f"{name_of(path)}:{number}", "left to do; finish it or open an issue")
            if float_macros.search(line) and path.suffix == ".c":
                find(f"{name_of(path)}:{number}", "cmocka's float macros let NaN pass; use check_near")


def promised_names():
    """Functions that the public headers mark with HR_API."""
    names = set()
    for path in sources("include/headroom/*.h"):
        if path.name != "export.h":
            names.update(re.findall(r"\bHR_API\b[^;]*?\b(\w+)\(", path.read_text()))
    return names


def check_symbols(build):
    """What the libraries show the world: hr_ names, the promised ones, no mutable globals."""
    shared = output_of("nm", "-D", "--defined-only", str(build / "libheadroom.so"))
    exported = {line.split()[-1] for line in shared.splitlines()}
    for name in sorted(exported - promised_names()):
        find("libheadroom.so", f"exports {name}, which no public header marks with HR_API")
    for name in sorted(promised_names() - exported):
        find("libheadroom.so", f"lacks {name}, which a public header promises")
    static = output_of("nm", "-g", "--defined-only", str(build / "libheadroom.a"))
    rows = [line.split() for line in static.splitlines()]
    for name in sorted({row[2] for row in rows if len(row) == 3}):
        if not name.startswith("hr_"):
            find("libheadroom.a", f"the symbol {name} does not start with hr_")
    table = output_of("objdump", "-t", str(build / "libheadroom.a"))
    for line in table.splitlines():
        mutable = re.search(r" O (\.data|\.bss|\.tdata|\.tbss|\*COM\*)\s+[0-9a-f]+ .*?(\S+)$", line)
        if mutable:
            find("libheadroom.a", f"{mutable.group(2)} is a mutable global")


def check_format():
    formatter = shutil.which("clang-format-14") or shutil.which("clang-format")
    if not formatter or FORMATTER not in output_of(formatter, "--version"):
        print(f"skipped: the format, which takes {FORMATTER}")
        return
    for path in c_files():
        result = subprocess.run([formatter, "--dry-run", "-Werror", str(path)],
                                capture_output=True, text=True)
        if result.returncode != 0:
            find(name_of(path), "is not as clang-format lays it out; `make format` mends it")


def check_public_headers(build):
    """Each public header stands alone, in C and in C++."""
    includes = [f"-I{ROOT}/include", f"-I{build}/include"]
    languages = [["gcc", "-xc", "-std=c17"], ["clang", "-xc", "-std=c17"],
                 ["g++", "-xc++", "-std=c++17"]]
    for path in sources("include/headroom/*.h"):
        for language in languages:
            command = language + WARNINGS + includes + ["-fsyntax-only", "-"]
            result = subprocess.run(command, input=f'#include "headroom/{path.name}"\nint unused;\n',
                                    capture_output=True, text=True)
            if result.returncode != 0:
                find(name_of(path), f"does not stand alone for {language[0]}:\n{result.stderr}")


def clang_complains(entry):
    """What clang says to a file that gcc compiled, with the same flags."""
    words = shlex.split(entry["command"])
    flags = [word for word in words[1:] if word.startswith(("-I", "-D", "-W", "-f", "-std="))]
    paths = [word for before, word in zip(words, words[1:]) if before == "-isystem"]
    system = [word for path in paths for word in ("-isystem", path)]
    command = ["clang", "-fsyntax-only"] + flags + system + [entry["file"]]
    return subprocess.run(command, capture_output=True, text=True).stderr


def check_second_compiler(build):
    entries = json.loads((build / "compile_commands.json").read_text())
    entries = [entry for entry in entries if entry["file"].endswith(".c")]
    unique = list({entry["file"]: entry for entry in entries}.values())
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for entry, complaint in zip(unique, pool.map(clang_complains, unique)):
            if complaint:
                find(pathlib.Path(entry["file"]).relative_to(ROOT), f"clang says:\n{complaint}")


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    build = pathlib.Path(sys.argv[1]).resolve()
    check_includes()
    check_lengths()
    check_words()
    check_symbols(build)
    check_format()
    check_public_headers(build)
    check_second_compiler(build)
    for finding in findings:
        print(finding)
    print(f"{len(findings)} style rules broken" if findings else "all style rules kept")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
