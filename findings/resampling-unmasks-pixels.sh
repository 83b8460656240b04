#!/usr/bin/env bash
# Resampling brings masked pixels back: desispec gives a pixel of inverse variance 0 one above 0,
# specutils leaves the mask behind and mixes what is under it into the neighbours.
#
# Versions: desispec 0.70.0, specutils 2.4.0, astropy 8.0.2, NumPy 2.4.6, SciPy 1.17.1.
# desispec.interpolation.resample_flux on to the grid that the spectrum has: the pixel that was
# masked comes out with an inverse variance of 0.25, as if it had been measured, and holds its
# neighbours' flux. (It takes flux for lines between centres, and says so; of the mask it says
# nothing.) FluxConservingResampler of specutils half a pixel on: a masked pixel of 1e6 is half of
# two pixels, and the result has no mask.
# Output seen:
#   desispec  ivar [1.0, 1.0, 0.875, 0.25, 0.875, 1.0, 1.0]
#   specutils flux [1.0, 1.0, 500000.5, 500000.5, 1.0] mask None
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet specutils==2.4.0 astropy==8.0.2 numpy==2.4.6 scipy==1.17.1
"$folder/venv/bin/pip" install --quiet --no-deps desispec==0.70.0 desiutil==4.0.1
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/seen"
import numpy as np
from astropy import units
from desispec.interpolation import resample_flux
from specutils import Spectrum
from specutils.manipulation import FluxConservingResampler

wave = 7100 + 0.8 * np.arange(9.0)
ivar = np.ones(9)
ivar[4] = 0
_, out = resample_flux(wave, wave, np.ones(9), ivar=ivar)
print("desispec  ivar", np.round(out[1:-1], 4).tolist())

flux = np.ones(9)
flux[4] = 1e6
spectrum = Spectrum(spectral_axis=wave * units.AA, flux=flux * units.Jy, mask=ivar == 0)
moved = FluxConservingResampler()(spectrum, (wave[1:6] + 0.4) * units.AA)
print("specutils flux", np.round(moved.flux.value, 4).tolist(), "mask", moved.mask)
PYTHON
diff "$folder/seen" - <<'EXPECTED'
desispec  ivar [1.0, 1.0, 0.875, 0.25, 0.875, 1.0, 1.0]
specutils flux [1.0, 1.0, 500000.5, 500000.5, 1.0] mask None
EXPECTED
