#!/usr/bin/env bash
# Installs what Headroom needs on Debian 12 or Ubuntu 24.04 and later, through apt-get, and
# the shared libraries of LightGBM and ONNX Runtime into build/lightgbm and
# build/onnxruntime (scripts/get_lightgbm.sh, scripts/get_onnxruntime.sh).
#
#   scripts/setup.sh build      what building takes (the default)
#   scripts/setup.sh test       that, and what the tests take
#   scripts/setup.sh develop    that, and what `make tidy`, `tsan`, `valgrind` and `fuzz` take
#   scripts/setup.sh slurm      what the tests take, and the Slurm that `make slurm` starts
#
# It installs only what is missing, asks sudo for help only when you are not root, and
# when nothing is missing it does nothing and needs no network.
set -euo pipefail

# OpenBLAS has to be its OpenMP build: its threads are then those of our own loops
# (docs/numerics.md). It may stand beside other builds; CMake picks the right one.
build_packages=(gcc libc6-dev make git cmake ninja-build pkg-config
  libhdf5-dev libopenblas-openmp-dev libyaml-dev libjansson-dev
  libcfitsio-dev # tables of labels and predictions in FITS
  libdnnl-dev # the convolutions of the 1D-CNN expert
  libcairo2-dev libpango1.0-dev fonts-dejavu-core # figures
  fonts-wqy-microhei # their texts in Chinese, Japanese and Korean
  python3 python3-pip) # fetch LightGBM and ONNX Runtime; not needed later

# cmocka runs the C tests; Python's h5py, PyTables, pandas, astropy (which writes the ECSV,
# FITS and HDF5 tables that are read), scikit-learn and PyTorch check our files and our
# numbers independently; clang is the second compiler all code is clean for.
test_packages=(g++ clang clang-format libomp-dev binutils libcmocka-dev
  python3-venv python3-dev # build the Python package
  python3 python3-h5py python3-tables python3-pandas python3-astropy
  python3-yaml # what astropy needs for ECSV
  python3-sklearn python3-torch
  libopenmpi-dev openmpi-bin) # ranks of mpirun; not needed to build

develop_packages=(clang-tidy libclang-rt-dev valgrind)

# Daemons that the test starts itself, in a folder of its own.
slurm_packages=(slurmctld slurmd slurm-client munge)

# Last, whichever way the script ends well.
get_libraries() {
  "$(dirname "$0")/get_lightgbm.sh"
  "$(dirname "$0")/get_onnxruntime.sh"
}

kind=${1:-build}
case $kind in
  build) wanted=("${build_packages[@]}") ;;
  test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
  develop) wanted=("${build_packages[@]}" "${test_packages[@]}" "${develop_packages[@]}") ;;
  slurm) wanted=("${build_packages[@]}" "${test_packages[@]}" "${slurm_packages[@]}") ;;
  *)
    echo "setup: '$kind' is not one of build, test, develop, slurm" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "setup: this is neither Debian nor Ubuntu; please see to it that you have what"
  echo "setup: these packages hold: ${wanted[*]}"
  get_libraries
  exit 0
fi

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  get_libraries
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: missing: ${missing[*]}" >&2
    echo "setup: you are not root and there is no sudo; have an administrator run" >&2
    echo "setup:   apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get update --quiet
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
get_libraries
echo "setup: done"
