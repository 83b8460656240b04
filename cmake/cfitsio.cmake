# CFITSIO reads tables of labels and predictions in FITS (src/data/fits/).
option(HR_FITS "Read FITS tables, through CFITSIO" ON)

if(HR_FITS)
  pkg_check_modules(CFITSIO IMPORTED_TARGET cfitsio)
  if(NOT CFITSIO_FOUND)
    message(FATAL_ERROR "CFITSIO is missing: install libcfitsio-dev (scripts/setup.sh build), "
      "or build without tables in FITS: -DHR_FITS=OFF")
  endif()
endif()
