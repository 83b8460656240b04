#!/usr/bin/env bash
# astropy masks the nulls (TNULL) of integers in a FITS table, but not where the integers are
# scaled (TSCAL, TZERO): there the mark for none comes out as a number.
#
# Versions: astropy 8.0.2, NumPy 2.4.6. (astropy 5.2.1 with NumPy 1.24.2 does the same.)
# The standard has TNULL mean the stored integer, whatever TSCAL makes of it. Catalogues keep
# log g or a magnitude as scaled 16-bit integers with -32768 for none: through Table.read such
# a star has log g = -327.68, without a mask or a warning, and is trained on.
# CFITSIO 4.2.0 reports no value in that row.
# Output seen:
#   astropy 8.0.2
#   plain  [150, None, 350]
#   scaled [1.5, -327.68, 3.5]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet astropy==8.0.2 numpy==2.4.6
"$folder/venv/bin/python" -W error - "$folder/stars.fits" <<'PYTHON' | tee "$folder/seen"
import struct
import sys

import astropy
from astropy.table import Table


def header(*cards):
    text = "".join(card.ljust(80) for card in (*cards, "END"))
    return text.ljust(-(-len(text) // 2880) * 2880).encode()


def card(key, value):
    return f"{key:8}= {value:>20}"


stored = (150, -32768, 350)
with open(sys.argv[1], "wb") as file:
    file.write(header(card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 0),
                      card("EXTEND", "T")))
    file.write(header(
        "XTENSION= 'BINTABLE'", card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", 4),
        card("NAXIS2", len(stored)), card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", 2),
        "TTYPE1  = 'plain'", "TFORM1  = 'I'", card("TNULL1", -32768),
        "TTYPE2  = 'scaled'", "TFORM2  = 'I'", card("TNULL2", -32768), card("TSCAL2", "0.01")))
    rows = b"".join(struct.pack(">hh", value, value) for value in stored)
    file.write(rows.ljust(2880, b"\0"))
table = Table.read(sys.argv[1], 1)
print("astropy", astropy.__version__)
print("plain ", table["plain"].tolist())
print("scaled", table["scaled"].tolist())
PYTHON
diff "$folder/seen" - <<'EXPECTED'
astropy 8.0.2
plain  [150, None, 350]
scaled [1.5, -327.68, 3.5]
EXPECTED
