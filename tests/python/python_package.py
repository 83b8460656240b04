"""The wheel of the Python package, built from the checkout once for all tests that need one.

It lies in BUILD/python_wheel/, and is built anew where anything that it is made of has changed."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What it is made of; libraries that are taken as they are count by name and size.
SOURCES = ("python", "src", "include", "cmake", "data", "CMakeLists.txt")
LIBRARIES = ("build/lightgbm", "build/onnxruntime")


def call(*words, **environment):
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True,
                          env=dict(os.environ, **environment))
    if done.returncode != 0:
        raise AssertionError(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def files_of(names):
    for name in names:
        top = os.path.join(PROJECT, name)
        if os.path.isfile(top):
            yield top
        for folder, folders, files in sorted(os.walk(top)):
            folders[:] = sorted(f for f in folders if f not in ("__pycache__", "build", "dist"))
            yield from (os.path.join(folder, file) for file in sorted(files))


def digest():
    """Of all that the wheel is made of, and of what makes it."""
    told = hashlib.sha256(sys.version.encode())
    for path in files_of(SOURCES):
        told.update(os.path.relpath(path, PROJECT).encode() + b"\0")
        with open(path, "rb") as file:
            told.update(hashlib.sha256(file.read()).digest())
    for path in files_of(LIBRARIES):
        told.update(f"{os.path.relpath(path, PROJECT)} {os.path.getsize(path)}\0".encode())
    return told.hexdigest()


def wheel(build):
    """Its path. Tests that run at the same time wait for the one that builds it."""
    home = os.path.join(build, "python_wheel")
    os.makedirs(home, exist_ok=True)
    with open(os.path.join(home, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        own, stamp = digest(), os.path.join(home, "digest")
        made = os.path.join(home, "made")
        with contextlib.suppress(FileNotFoundError), open(stamp, encoding="utf-8") as file:
            if file.read() == own and len(os.listdir(made)) == 1:
                return os.path.join(made, os.listdir(made)[0])
        shutil.rmtree(made, ignore_errors=True)
        call(sys.executable, "-m", "venv", f"{home}/builder")
        call(f"{home}/builder/bin/python", "-m", "pip", "wheel", "--quiet", "--no-deps",
             "--wheel-dir", made, f"{PROJECT}/python")
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(own)
        return os.path.join(made, os.listdir(made)[0])
