#!/usr/bin/env bash
# Unpacks the shared library of ONNX Runtime's official wheel (scripts/onnxruntime.txt:
# version and checksums) into a folder, build/onnxruntime unless another is named; the
# program loads it when a study has a model in ONNX. Does nothing where that is done
# already, or where ONNXRUNTIME_ROOT, conda or the system has a copy, which the program
# then uses. Without network the program is built all the same and says that ONNX Runtime
# is not there.
#
# usage: scripts/get_onnxruntime.sh [FOLDER]
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$source/build/onnxruntime}
library=libonnxruntime.so.1

# One of another version is replaced, where the new one can be had.
wanted=$(sed -n 's/^onnxruntime==\([0-9.]*\).*/\1/p' "$source/scripts/onnxruntime.txt")
[ ! -e "$folder/$library" ] || [ "$(cat "$folder/version" 2>/dev/null)" != "$wanted" ] || exit 0
python=/usr/bin/python3
[ -x "$python" ] || python=python3

# The places where src/methods/shared_library.c looks, in its order.
is_below() {
  local place
  for place in "" lib/ onnxruntime/capi/ lib64/; do
    [ ! -e "$1/$place$library" ] || return 0
  done
  [[ $1 == *.so* && -f $1 ]]
}

if [ -n "${ONNXRUNTIME_ROOT:-}" ]; then
  if is_below "$ONNXRUNTIME_ROOT"; then
    echo "setup: using the ONNX Runtime of ONNXRUNTIME_ROOT, $ONNXRUNTIME_ROOT"
  else
    echo "setup: ONNXRUNTIME_ROOT is $ONNXRUNTIME_ROOT, where there is no $library;" \
      "Headroom looks nowhere else" >&2
  fi
  exit 0
fi
if [ -n "${CONDA_PREFIX:-}" ] && is_below "$CONDA_PREFIX"; then
  echo "setup: using the ONNX Runtime of conda, $CONDA_PREFIX"
  exit 0
fi
if "$python" -c "import ctypes
ctypes.CDLL('$library').OrtGetApiBase" 2>/dev/null; then
  echo "setup: using the ONNX Runtime that the system's loader finds"
  exit 0
fi

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
echo "setup: fetching ONNX Runtime"
if ! "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
  --only-binary=:all: --require-hashes --requirement "$source/scripts/onnxruntime.txt" \
  --python-version 3.11 --platform "manylinux_2_28_$(uname -m)" \
  --dest "$place" >"$place/log" 2>&1; then
  sed 's/^/setup:   /' "$place/log" >&2
  echo "setup: ONNX Runtime could not be fetched; Headroom works without it, and says so" >&2
  exit 0
fi
# Unpacked beside its place and moved there: it is whole or not there.
mkdir -p "$folder"
rm -rf "$folder/part"
for wheel in "$place"/*.whl; do
  "$python" -m zipfile -e "$wheel" "$folder/part"
done
cp "$folder"/part/onnxruntime/{LICENSE,ThirdPartyNotices.txt} "$folder"
mv "$folder/part/onnxruntime/capi/libonnxruntime.so.$wanted" "$folder/$library"
rm -rf "$folder/part"
echo "$wanted" >"$folder/version"
