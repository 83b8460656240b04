#!/usr/bin/env bash
# Installs into an empty folder and uses what lies there as a stranger would: the program,
# the library through pkg-config (shared and static) and through find_package(headroom).
#
# usage: tests/cli/install.sh BUILD_DIR
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: $0 BUILD_DIR" >&2 && exit 2; }
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
prefix=$place/prefix
example=$source/examples/use_library.c
warnings="-std=c17 -Wall -Wextra -Wpedantic -Werror"

fail() {
  echo "install: $1" >&2
  exit 1
}

# The example says the version and what it found in its own file.
check_example() {
  said=$("$1" "$place/$(basename "$1")-stars")
  wanted=$("$prefix/bin/headroom" version | head -n 1)$'\n40 spectra of 4096 pixels, 0 problems'
  [ "$said" = "$wanted" ] || fail "$1 said '$said' instead of '$wanted'"
}

cmake --install "$build" --prefix "$prefix" >"$place/log" || fail "$(cat "$place/log")"
[ "$("$prefix/bin/headroom" version)" = "$("$build/headroom" version)" ] ||
  fail "the installed program does not say its version"
[ -n "$(find "$prefix" -name headroom.1)" ] || fail "there is no manual page"
# Installed, too, the program must find the OpenMP build of OpenBLAS.
openblas=$(find /usr/lib -maxdepth 2 -type d -name openblas-openmp | head -n 1)
if [ -n "$openblas" ]; then
  # Not through a pipe: grep -q may end before ldd has said all, which then fails.
  grep -q "$openblas/" <<<"$(ldd "$prefix/bin/headroom")" || fail "it runs on another OpenBLAS"
fi

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name headroom.pc)")
export PKG_CONFIG_PATH
libraries=$(pkg-config --variable=libdir headroom)
# Nothing of the libraries that ours stands on reaches those who use it.
flags=$(pkg-config --cflags --libs headroom)
[[ $flags != *hdf5* && $flags != *openblas* ]] || fail "pkg-config says $flags"
# shellcheck disable=SC2046
gcc -std=c17 "$example" $(pkg-config --cflags --libs headroom) \
  -Wl,-rpath,"$libraries" -o "$place/with_pkg_config"
check_example "$place/with_pkg_config"

mkdir "$place/consumer"
cat >"$place/consumer/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(headroom 0.1 REQUIRED)
add_executable(with_find_package $example)
target_link_libraries(with_find_package PRIVATE headroom::headroom)
CMAKE
{
  cmake -S "$place/consumer" -B "$place/consumer/build" -DCMAKE_PREFIX_PATH="$prefix"
  cmake --build "$place/consumer/build"
} >"$place/log" 2>&1 || fail "$(cat "$place/log")"
check_example "$place/consumer/build/with_find_package"

# The static library needs what the .pc file lists as private.
# shellcheck disable=SC2046
gcc -std=c17 "$example" $(pkg-config --cflags headroom) "$libraries/libheadroom.a" \
  $(pkg-config --static --libs headroom | sed 's/-lheadroom//') \
  -Wl,-rpath,"$openblas" -o "$place/with_static"
check_example "$place/with_static"

# Every example compiles as a stranger's; in a row they make a study, predict with what it
# leaves, and read it.
for each in "$source"/examples/*.c; do
  # shellcheck disable=SC2046,SC2086
  gcc $warnings "$each" $(pkg-config --cflags --libs headroom) \
    -Wl,-rpath,"$libraries" -o "$place/$(basename "$each" .c)"
done
"$prefix/bin/headroom" simulate --out "$place/stars" --train 60 --shards 1 --test 20 \
  >"$place/log" 2>&1 || fail "$(cat "$place/log")"
cat >"$place/study.yaml" <<YAML
experiment: {id: E}
data: {train: stars/train_0/dataset.h5, test: stars/test/dataset.h5}
binning: {T_eff: [3750, 6000], M_H: [-2.5, 0.75]}
experts: {ridge: {alpha: [1, 1000]}}
YAML
said=$("$place/train" "$place/study.yaml" "$place/run" 2>"$place/log") || fail "$(cat "$place/log")"
[[ $said == oracle_r2\ *"the gate "* ]] || fail "train said '$said'"
said=$("$place/read" "$place/stars/test/dataset.h5" "$place/run")
[[ $said == "20 spectra, mean SNR "*"Global Ridge, "*"Ridge-Oracle, "* ]] ||
  fail "read said '$said'"
said=$("$place/predict" "$place/run") || fail "predict could not open the model of a run"
[ "$(grep -c '^log_g -\?[0-9.]* dex, flags [0-9]*$' <<<"$said")" = 3 ] ||
  fail "predict said '$said'"
echo "installed, linked in three ways, and the examples run"
