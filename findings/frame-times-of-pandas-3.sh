#!/usr/bin/env bash
# Times in a frame that pandas 3.1 wrote as HDF5 (fixed format) are read by pandas 2.2 a
# thousand times too early, without an error or a warning.
#
# Versions: written by pandas 3.1.1 with tables 3.11.1 and NumPy 2.4.6, read by pandas 2.2.3
# with tables 3.10.1 and NumPy 2.2.6. pandas 3 counts microseconds where pandas 2 counts
# nanoseconds, writes the count as int64, and the older one does not know the unit that
# stands beside it: a night of 2020 becomes a minute of January 1970. The numbers beside it
# are right, so a catalogue that is joined by them is joined to the wrong epoch.
# Output seen:
#   pandas 3.1.1 2020-01-01 00:00:00 [1.5]
#   pandas 2.2.3 1970-01-19 06:17:16.800000 [1.5]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/new"
python3 -m venv "$folder/old"
"$folder/new/bin/pip" install --quiet pandas==3.1.1 tables==3.11.1 numpy==2.4.6
"$folder/old/bin/pip" install --quiet pandas==2.2.3 tables==3.10.1 numpy==2.2.6
"$folder/new/bin/python" - "$folder/catalogue.h5" <<'PYTHON'
import sys

import pandas as pd

frame = pd.DataFrame({"log_g": [1.5], "observed": pd.to_datetime(["2020-01-01"])})
frame.to_hdf(sys.argv[1], key="dataset", format="fixed")
PYTHON
for version in new old; do
  "$folder/$version/bin/python" -W error::UserWarning -W error::RuntimeWarning - \
    "$folder/catalogue.h5" >>"$folder/seen" <<'PYTHON'
import sys

import pandas as pd

frame = pd.read_hdf(sys.argv[1], "dataset")
print("pandas", pd.__version__, frame["observed"][0], frame["log_g"].tolist())
PYTHON
done
cat "$folder/seen"
diff "$folder/seen" - <<'EXPECTED'
pandas 3.1.1 2020-01-01 00:00:00 [1.5]
pandas 2.2.3 1970-01-19 06:17:16.800000 [1.5]
EXPECTED
