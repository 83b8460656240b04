#!/usr/bin/env bash
# CFITSIO reads whole numbers of a FITS text table (XTENSION= 'TABLE') through doubles: numbers
# beyond 2^53 come back as others, with status 0. astropy keeps them.
#
# Versions: fitsio 1.4.2 (with CFITSIO 4.6.0; Debian's 4.2.0 does the same), astropy 8.0.2,
# NumPy 2.4.6. Such a column holds digits (TFORM I20): nothing is rounded in the file, and what is
# read is an array of 64-bit integers. Gaia's source_id and PFS' objId have 18 and 19 digits: two
# stars that are neighbours in number become one.
# Output seen:
#   fitsio 1.4.2
#   fitsio  [4611686018427387904, 4611686018427387904, 9007199254740992, 42] int64
#   astropy [4611686018427387905, 4611686018427387904, 9007199254740993, 42] int64
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fitsio==1.4.2 astropy==8.0.2 numpy==2.4.6
"$folder/venv/bin/python" -W error - "$folder/stars.fits" <<'PYTHON' | tee "$folder/seen"
import sys

import fitsio
from astropy.io import fits

IDS = (4611686018427387905, 4611686018427387904, 9007199254740993, 42)


def header(*cards):
    text = "".join(card.ljust(80) for card in (*cards, "END"))
    return text.ljust(-(-len(text) // 2880) * 2880).encode()


def card(key, value):
    return f"{key:8}= {value:>20}"


with open(sys.argv[1], "wb") as file:
    file.write(header(card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 0),
                      card("EXTEND", "T")))
    file.write(header(
        "XTENSION= 'TABLE   '", card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", 20),
        card("NAXIS2", len(IDS)), card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", 1),
        "TTYPE1  = 'id      '", "TFORM1  = 'I20     '", card("TBCOL1", 1)))
    file.write("".join(f"{number:20d}" for number in IDS).encode().ljust(2880, b" "))
print("fitsio", fitsio.__version__)
read = fitsio.read(sys.argv[1], ext=1)["id"]
print("fitsio ", read.tolist(), read.dtype.name)
with fits.open(sys.argv[1]) as file:
    read = file[1].data["id"]
    print("astropy", read.tolist(), read.dtype.name)
PYTHON
diff "$folder/seen" - <<'EXPECTED'
fitsio 1.4.2
fitsio  [4611686018427387904, 4611686018427387904, 9007199254740992, 42] int64
astropy [4611686018427387905, 4611686018427387904, 9007199254740993, 42] int64
EXPECTED
