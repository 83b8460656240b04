#!/usr/bin/env bash
# Unpacks LightGBM's official wheel (scripts/lightgbm.txt: version and checksum) into a
# folder, build/lightgbm unless another is named; the program loads the shared library in
# it when a study asks for LightGBM. Does nothing where that is done already, or where
# LIGHTGBM_ROOT or conda has a copy, which the program then prefers. Without network the
# program is built all the same and says that LightGBM is not there.
#
# usage: scripts/get_lightgbm.sh [FOLDER]
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$source/build/lightgbm}
library=lightgbm/lib/lib_lightgbm.so

[ ! -e "$folder/$library" ] || exit 0
if [ -n "${LIGHTGBM_ROOT:-}" ] || [ -e "${CONDA_PREFIX:-/nowhere}/lib/lib_lightgbm.so" ]; then
  echo "setup: using the LightGBM of ${LIGHTGBM_ROOT:-$CONDA_PREFIX}"
  exit 0
fi

python=/usr/bin/python3
[ -x "$python" ] || python=python3
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
"$python" -m zipfile -e "$place"/lightgbm-*.whl "$folder/part"
cp "$folder"/part/lightgbm-*.dist-info/licenses/LICENSE "$folder/LICENSE"
rm -rf "$folder/lightgbm"
mv "$folder/part/lightgbm" "$folder/lightgbm"
rm -rf "$folder/part"
