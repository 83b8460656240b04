#!/bin/sh
# R² on stars that stand still, on stars that move, and on those brought to rest, as
# docs/numerics.md ("Stars that move") has it: bench/velocity.sh HEADROOM FOLDER. Takes
# some ten minutes on two cores and 160 MB of disk.
set -eu
headroom=$1
folder=$2
mkdir -p "$folder"
cat > "$folder/study.yaml" <<'YAML'
experiment: {id: RV}
data:
  train: ["train_{0..1}/dataset.h5"]
  test: test/dataset.h5
experts: {ridge: {}, posterior: {}}
gates: {bayes: {}, logistic: {}}
run: {memory_mib: 6144}
YAML
"$headroom" simulate --out "$folder/z0" --train 4000 --shards 2 --test 1000 --quiet
"$headroom" simulate --out "$folder/z1" --train 4000 --shards 2 --test 1000 \
  --rv -300,300 --quiet
for run in "z0 0" "z1 0" "z1 rv" "z1 fit"; do
  set -- $run
  echo "== $1, data.rv: $2"
  "$headroom" run "$folder/study.yaml" --out "$folder/$1-$2" --replace --quiet \
    --set "data.root=$1" --set "data.rv=$2"
  grep -h "velocities of\|against the label" "$folder/$1-$2/run.log" || true
  sed -n '/^\*\*Table 2\. /,/^$/p;/^| Gate /,/^$/p' "$folder/$1-$2/report.md"
done
