# CFITSIO reads tables of labels and predictions in FITS (src/data/fits/).
option(HR_FITS "Read FITS tables, through CFITSIO" ON)

if(HR_FITS)
  pkg_check_modules(CFITSIO IMPORTED_TARGET cfitsio)
  if(NOT CFITSIO_FOUND)
    message(FATAL_ERROR "CFITSIO is missing: install libcfitsio-dev (scripts/setup.sh build), "
      "or build without tables in FITS: -DHR_FITS=OFF")
  endif()
endif()

# The few files that are another thing without it.
set_source_files_properties(src/data/fits/file.c src/data/fits/table.c
  tests/data/test_fits_file.c tests/data/test_fits_table.c tests/data/test_number_table.c
  PROPERTIES COMPILE_DEFINITIONS HR_FITS=$<BOOL:${HR_FITS}>)
