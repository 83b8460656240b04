#!/usr/bin/env bash
# A frame that pandas refuses to write as HDF5 has destroyed the frame that stood under its
# key before, and what is left can be opened by name and not be read.
#
# Versions: pandas 3.1.1, tables 3.11.1, NumPy 2.4.6. (pandas 2.2.3 does the same in the
# fixed format.) The old node is removed, the new one begun and its columns written one
# after the other; a column of a nullable type, refused half-way, leaves the group without
# its block ("fixed") or its table ("table").
# Output seen:
#   fixed NotImplementedError, then AttributeError, members ['axis0', 'axis1']
#   table NotImplementedError, then TypeError, members []
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pandas==3.1.1 tables==3.11.1 numpy==2.4.6
"$folder/venv/bin/python" - "$folder" >"$folder/seen" <<'PYTHON'
import sys

import pandas as pd
import tables

for form in ("fixed", "table"):
    path = f"{sys.argv[1]}/{form}.h5"
    good = pd.DataFrame({"log_g": [1.0, 2.0]})
    good.to_hdf(path, key="dataset", format=form)
    assert pd.read_hdf(path, "dataset").equals(good)
    nullable = pd.DataFrame({"log_g": pd.array([1, None], dtype="Int64")})
    try:
        nullable.to_hdf(path, key="dataset", format=form)
    except NotImplementedError as error:
        refused = type(error).__name__
    try:
        pd.read_hdf(path, "dataset")
    except Exception as error:
        read = type(error).__name__
    tables.file._open_files.close_all()
    with tables.open_file(path) as file:
        members = [node._v_name for node in file.root.dataset._f_iter_nodes()]
    print(f"{form} {refused}, then {read}, members {sorted(members)}")
PYTHON
cat "$folder/seen"
diff "$folder/seen" - <<'EXPECTED'
fixed NotImplementedError, then AttributeError, members ['axis0', 'axis1']
table NotImplementedError, then TypeError, members []
EXPECTED
