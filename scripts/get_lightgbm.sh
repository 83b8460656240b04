#!/usr/bin/env bash
# Unpacks LightGBM's official wheel (scripts/lightgbm.txt: versions and checksums) into a
# folder, build/lightgbm unless another is named; the program loads the shared library in
# it when a study asks for LightGBM. Does nothing where that is done already, or where
# LIGHTGBM_ROOT, conda or the system has a copy, which the program then uses. Without
# network the program is built all the same and says that LightGBM is not there.
#
# usage: scripts/get_lightgbm.sh [FOLDER]
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$source/build/lightgbm}
library=lightgbm/lib/lib_lightgbm.so

# One of another version is replaced, where the new one can be had.
wanted=$(sed -n 's/^lightgbm==\([0-9.]*\).*/\1/p' "$source/scripts/lightgbm.txt")
[ ! -e "$folder/$library" ] || [ "$(cat "$folder/version" 2>/dev/null)" != "$wanted" ] || exit 0
python=/usr/bin/python3
[ -x "$python" ] || python=python3

# The places where src/methods/lightgbm/api.c looks, in its order.
is_below() {
  local place
  for place in "" lib/ lightgbm/lib/ lib64/; do
    [ ! -e "$1/$place$(basename "$library")" ] || return 0
  done
  [[ $1 == *.so* && -f $1 ]]
}

if [ -n "${LIGHTGBM_ROOT:-}" ]; then
  if is_below "$LIGHTGBM_ROOT"; then
    echo "setup: using the LightGBM of LIGHTGBM_ROOT, $LIGHTGBM_ROOT"
  else
    echo "setup: LIGHTGBM_ROOT is $LIGHTGBM_ROOT, where there is no $(basename "$library");" \
      "Headroom looks nowhere else" >&2
  fi
  exit 0
fi
if [ -n "${CONDA_PREFIX:-}" ] && is_below "$CONDA_PREFIX"; then
  echo "setup: using the LightGBM of conda, $CONDA_PREFIX"
  exit 0
fi
# An older one than 4.0 lacks this function; the program would refuse it.
if "$python" -c "import ctypes
ctypes.CDLL('$(basename "$library")').LGBM_DatasetInitStreaming" 2>/dev/null; then
  echo "setup: using the LightGBM that the system's loader finds"
  exit 0
fi

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
echo "setup: fetching LightGBM"
if ! "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
  --only-binary=:all: --require-hashes --requirement "$source/scripts/lightgbm.txt" \
  --dest "$place" >"$place/log" 2>&1; then
  sed 's/^/setup:   /' "$place/log" >&2
  echo "setup: LightGBM could not be fetched; Headroom works without it, and says so" >&2
  exit 0
fi
# Unpacked beside its place and moved there: it is whole or not there.
mkdir -p "$folder"
rm -rf "$folder/part"
for wheel in "$place"/*.whl; do
  "$python" -m zipfile -e "$wheel" "$folder/part"
done
cp "$folder"/part/lightgbm-*.dist-info/licenses/LICENSE "$folder/LICENSE"
rm -rf "$folder/narwhals" "$folder/lightgbm"
mv "$folder/part/narwhals" "$folder/narwhals"
mv "$folder/part/lightgbm" "$folder/lightgbm"
rm -rf "$folder/part"
echo "$wanted" >"$folder/version"
