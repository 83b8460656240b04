#!/usr/bin/env bash
# Stars a second of processor time out of pfsCoadd files of 2,000 objects on 0.8 A, each star
# resampled and predicted by the Ridges of nine bins and a logistic gate: beside what astropy takes
# to read the same files, in turns, medians of three; and the peak of memory with one file and with
# all of them.
#
# usage: bench/survey.sh BUILD [FILES]
#
# PYTHON (python3) has astropy, h5py and NumPy. Takes some minutes and FILES x 90 MB of /tmp.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: $0 BUILD [FILES]" >&2 && exit 2; }
build=$(cd "$1" && pwd)
count=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export OMP_NUM_THREADS=1

"$build/headroom" simulate --out "$place/data" --train 3000 --test 2000 --mag 20.5,22.5 --quiet
study=$place/data/study.yaml
sed -i '/^experts:/,$d' "$study"
printf 'experts: {ridge: {alpha: [10, 100, 1000]}}\ngates: {logistic: {}}\n' >>"$study"
"$build/headroom" run "$study" --out "$place/run" --quiet
"$python" "$here/peers/survey_astropy.py" write "$place/data/test/dataset.h5" "$place/0.fits"
files=("$place/0.fits")
for ((i = 1; i < count; i++)); do
  cp "$place/0.fits" "$place/$i.fits"
  files+=("$place/$i.fits")
done

predict() { # FORMAT FILE...: "CPU KiB"
  /usr/bin/time -f '%U %S %M' -o "$place/time" "$build/headroom" predict "$place/run" "${@:2}" \
    --router gate --out "$place/predictions.$1" --quiet
  awk '{print $1 + $2, $3}' "$place/time"
}
median() { sort -g | sed -n 2p; }

for _ in 1 2 3; do
  "$python" "$here/peers/survey_astropy.py" read "${files[@]}" | cut -d' ' -f2 >>"$place/astropy"
  for format in csv fits; do
    predict $format "${files[@]}" >"$place/all"
    cut -d' ' -f1 "$place/all" >>"$place/$format"
  done
done
stars=$((count * 2000))
astropy=$(median <"$place/astropy")
echo "astropy reads $stars stars in $astropy s of processor time"
for format in csv fits; do
  echo "$(median <"$place/$format") $astropy $stars $format" | awk '{
    printf "predict to %s takes %.2f s: %.0f stars a second, %.2f of the time of reading with astropy\n",
      $4, $1, $3 / $1, $1 / $2}'
done
echo "peak of memory, KiB: $(predict fits "$place/0.fits" | cut -d' ' -f2) with one file," \
  "$(cut -d' ' -f2 "$place/all") with $count"
