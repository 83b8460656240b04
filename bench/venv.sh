#!/usr/bin/env bash
# Makes the environment that the benchmarks' peers run in: today's packages from PyPI
# (bench/requirements.txt), apart from the system's, which are those of its distribution's
# release. Nothing else takes it; the tests run with the system's Python. Does nothing where
# it is there already, and makes it anew after an edit of the requirements.
#
# PyPI's PyTorch is built for CUDA, and asks for 2.5 GB of libraries that a processor never
# calls. It is installed without them: its loader finds empty libraries in their places.
# What runs on the processor is the same code as with them.
#
# usage: bench/venv.sh [FOLDER]     (build/bench-venv; prints FOLDER/bin/python)
#
# BENCH_PYTHON: the interpreter that it is made of (python3; 3.11 or later).
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$source/build/bench-venv}
wanted=$source/bench/requirements.txt
if cmp --silent "$wanted" "$folder/complete"; then
  echo "$folder/bin/python"
  exit 0
fi

python=${BENCH_PYTHON:-/usr/bin/python3}
[ -x "$python" ] || python=$(command -v "$python" || command -v python3)
rm -rf "$folder"
"$python" -m venv "$folder"
echo "venv: installing $(grep -c == "$wanted") packages into $folder" >&2
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
  --only-binary=:all: --requirement "$wanted" >&2

# Every function of CUDA that PyTorch names ends the program; its runtime alone is real,
# since libraries announce themselves to it when they are loaded.
torch=$("$folder/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')/torch/lib
if [ -e "$torch/libtorch_cuda.so" ]; then
  objects=("$torch"/lib*.so)
  {
    echo '.text'
    nm --dynamic --undefined-only --format=just-symbols "${objects[@]}" |
      sed -n 's/@.*//; /^\(cublas\|cudnn\|cufft\|cuFile\|cusolver\|cusparse\|cupti\|nccl\|nvrtc\|nvshmem\|nvtx\)/p' |
      sort --unique | sed 's/.*/.globl &\n&:/'
    echo ud2
    echo '.section .note.GNU-stack,"",@progbits'
  } >"$folder/absent.s"
  gcc -shared -nostdlib -o "$torch/libabsent.so" "$folder/absent.s"
  for name in $(readelf --dynamic "${objects[@]}" |
    sed -n 's/.*NEEDED.*\[\(lib\(cu\|nccl\|nvrtc\|nvshmem\|nvJit\).*\)\]/\1/p' | sort --unique); do
    case $name in libcudart.so.* | libcuda.so.*) continue ;; esac
    gcc -shared -nostdlib -Wl,--no-as-needed,-rpath,'$ORIGIN',-soname,"$name" \
      -o "$torch/$name" -x c /dev/null -x none "$torch/libabsent.so"
  done
fi
"$folder/bin/python" -c 'import torch; torch.ones(8, 8) @ torch.ones(8, 8)'
cp "$wanted" "$folder/complete"
echo "$folder/bin/python"
