#!/usr/bin/env python3
"""The rules of style that a machine can hold (CONTRIBUTING.md).

usage: scripts/check_style.py BUILD_DIR

Prints a sentence for everything found wrong, and exits 1 if there was anything.
"""
import ast
import concurrent.futures
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from style_exceptions import MANY_PARAMETERS, NO_DEFAULT, TESTED_BY, UNPROVOKED

ROOT = pathlib.Path(__file__).resolve().parent.parent
# A folder may include only from itself and those before it.
FOLDERS = ["core", "compute", "data", "simulate", "features", "nn", "models", "methods",
           "routing", "choice", "score", "predict", "config", "session", "study", "report", "compare",
           "sweep", "cli"]
LINE_COLUMNS, FILE_LINES, FUNCTION_LINES, MOST_PARAMETERS, DOC_COLUMNS = 90, 800, 60, 6, 100
FORMATTER = "clang-format version 14"  # others break lines a little differently
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wvla", "-Werror"]

findings = []


def find(where, sentence):
    findings.append(f"{where}: {sentence}")


def sources(*patterns):
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file())


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


STRING = r'"(?:\\.|[^"\\\n])*"'
CHARACTER = r"'(?:\\.|[^'\\\n])*'"


def arguments_of(text, start):
    """The arguments of the call whose '(' is at `start`, split at its own commas; None where the
    text ends before it does."""
    depth, parts, part, i = 0, [], start + 1, start
    while i < len(text):
        character = text[i]
        if character in "\"'":
            i = re.compile(STRING + "|" + CHARACTER).match(text, i).end()
            continue
        depth += (character in "([{") - (character in ")]}")
        if depth == 0:
            return parts + [text[part:i].strip()]
        if character == "," and depth == 1:
            parts.append(text[part:i].strip())
            part = i + 1
        i += 1
    return None


def without_comments(text):
    return re.sub(STRING + "|" + CHARACTER + r"|/\*.*?\*/|//[^\n]*",
                  lambda found: found.group() if found.group()[0] in "\"'" else " ", text, flags=re.S)


def check_parameters():
    for path in sources("src/**/*.[ch]", "include/headroom/*.h"):
        text = without_comments(path.read_text())
        for found in re.finditer(r"^[A-Za-z_][\w \*\n]*?\b(\w+)\(", text, re.M):
            parameters = arguments_of(text, found.end() - 1)
            name = found.group(1)
            if parameters and len(parameters) > MOST_PARAMETERS and name not in MANY_PARAMETERS:
                find(name_of(path), f"{name} takes {len(parameters)} parameters, {MOST_PARAMETERS} is "
                                    "the most; put what belongs together into a struct")


def check_defaults():
    """A struct of options has a function that fills in the usual ones."""
    text = {path: without_comments(path.read_text())
            for path in sources("src/**/*.[ch]", "include/headroom/*.h")}
    functions = set(re.findall(r"\bhr_\w+_default\b", " ".join(text.values())))
    for path, source in text.items():
        for name in re.findall(r"\bstruct (hr_\w+_options) *\{", source):
            if f"{name}_default" not in functions and name not in NO_DEFAULT:
                find(name_of(path), f"{name} has no {name}_default")


def test_of(source):
    """Where the tests of src/FOLDER/NAME.c or src/FOLDER/METHOD/NAME.c may stand."""
    folder, *inner = source.relative_to(ROOT / "src").with_suffix("").parts
    names = {"_".join(inner), inner[-1]}
    return [ROOT / "tests" / folder / f"test_{name}.c" for name in sorted(names)]


def check_tested():
    for path in sources("src/**/*.c"):
        name = str(path.relative_to(ROOT / "src"))
        if any(test.exists() for test in test_of(path)):
            continue
        if name not in TESTED_BY:
            find(name_of(path), f"has no {test_of(path)[-1].relative_to(ROOT)}")
        elif not (ROOT / "tests" / TESTED_BY[name]).exists():
            find(name_of(path), f"is said to be tested by tests/{TESTED_BY[name]}, which is not there")


def c_literals(text):
    """The texts of a C file without comments, neighbours joined as the compiler joins them."""
    joined, end = [], -1
    for found in re.finditer(STRING + "|" + CHARACTER, text):
        if found.group()[0] == '"':
            part = found.group()[1:-1].replace('\\"', '"')
            if joined and end >= 0 and not text[end:found.start()].strip():
                joined[-1] += part
            else:
                joined.append(part)
            end = found.end()
    return joined


def python_literals(text):
    return [node.value for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def check_programs():
    """Test programs that scripts and pages name, FOLDER_test_NAME, are there."""
    programs = {f"{path.parent.name}_{path.stem}" for path in sources("tests/*/test_*.c")}
    for path in sources("Makefile", "scripts/*.sh", "tests/*/*.py", "*.md", "tests/*/*.md"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for name in re.findall(rf"\b(?:{'|'.join(FOLDERS)})_test_\w+", line):
                if name not in programs:
                    find(f"{name_of(path)}:{number}", f"names the program {name}, which no test is")


def literals_of(path):
    if path.suffix == ".py":
        return python_literals(path.read_text())
    return c_literals(without_comments(path.read_text()))


def sentences(path):
    """(line, sentence) of the errors that a source can make."""
    text = without_comments(path.read_text())
    places = {"hr_fail": 2, "hr_fail_errno": 3, "hr_hdf5_fail": 2, "hr_fits_fail": 3,
              "hr_yaml_fail": 3}
    for found in re.finditer(r"\b(hr_fail|hr_fail_errno|hr_hdf5_fail|hr_fits_fail|hr_yaml_fail)\(", text):
        arguments = arguments_of(text, found.end() - 1)
        if arguments and len(arguments) > places[found.group(1)]:
            format_ = re.sub(r'"\s*PRI\w+\s*"', "d", arguments[places[found.group(1)]])
            if format_.startswith('"'):
                yield text.count("\n", 0, found.start()) + 1, "".join(c_literals(format_))


def fixed_parts(sentence):
    """What stands between the conversions of a format, but for scraps."""
    parts = re.split(r"%[-+ #0]*[\d*]*(?:\.[\d*]+)?(?:hh|h|ll|l|z|j)?[a-zA-Z%]", sentence)
    parts = [part.strip(" :;,.()/'\"") for part in parts]
    return [part for part in parts if len(part) > 5] or sorted(parts, key=len)[-1:]


def check_provoked():
    """Every sentence that an error can say stands in some test."""
    tests = ["\n".join(literals_of(path))
             for path in sources("tests/**/*.c", "tests/**/*.h", "tests/**/*.py")]
    for path in sources("src/**/*.c"):
        for line, sentence in sentences(path):
            parts = fixed_parts(sentence)
            listed = any(sentence.startswith(beginning) for beginning in UNPROVOKED)
            if not listed and not any(all(part in test for part in parts) for test in tests):
                find(f"{name_of(path)}:{line}", f'no test says "{sentence}"')


def check_type_names():
    """A type's name is one folder's, so that any two headers can be included together."""
    owners = {}
    for path in sources("src/**/*.h", "include/headroom/*.h"):
        text = without_comments(path.read_text())
        names = re.findall(r"\btypedef (?:struct|enum|union) (hr_\w+) *\{", text)
        for name in names + re.findall(r"\btypedef struct (hr_\w+) \1;", text):
            owners.setdefault(name, set()).add(str(name_of(path).parent))
    for name, folders in sorted(owners.items()):
        if len(folders) > 1:
            find(name, f"is a type of {' and of '.join(sorted(folders))}")


def check_head_comments():
    for path in sources("src/**/*.[ch]", "include/headroom/*.h"):
        if not path.read_text().startswith("/*"):
            find(name_of(path), "does not open with a comment: what it is, and why")


def check_docs():
    """Text is wrapped, so that a change of it can be read line by line."""
    for path in sources("docs/*.md", "README.md", "CONTRIBUTING.md"):
        in_code = False
        for number, line in enumerate(path.read_text().splitlines(), 1):
            in_code ^= line.lstrip().startswith("```")
            is_text = not in_code and not re.match(r"\s*(\||#|```|!\[)", line) and "](" not in line
            if is_text and len(line) > DOC_COLUMNS:
                find(f"{name_of(path)}:{number}", f"{len(line)} columns, {DOC_COLUMNS} is the most")


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
    for check in (check_parameters, check_defaults, check_tested, check_provoked, check_type_names,
                  check_head_comments, check_docs, check_programs):
        check()
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
