# CFITSIO reads what comes as FITS: tables of labels and predictions, and the files of
# surveys (src/data/fits/).
option(HR_FITS "Read FITS files, through CFITSIO" ON)

if(HR_FITS)
  pkg_check_modules(CFITSIO IMPORTED_TARGET cfitsio)
  if(NOT CFITSIO_FOUND)
    message(FATAL_ERROR "CFITSIO is missing: install libcfitsio-dev (scripts/setup.sh build), "
      "or build without FITS: -DHR_FITS=OFF")
  endif()
endif()

# The files that are another thing without it.
file(GLOB HR_FITS_FILES CONFIGURE_DEPENDS src/data/fits/*.c tests/data/test_fits_*.c)
set_source_files_properties(${HR_FITS_FILES} tests/data/test_number_table.c
  tests/data/test_inspect_survey.c tests/data/test_survey_file.c tests/predict/test_survey.c
  tests/predict/test_velocity.c tests/simulate/test_survey.c
  PROPERTIES COMPILE_DEFINITIONS HR_FITS=$<BOOL:${HR_FITS}>)
