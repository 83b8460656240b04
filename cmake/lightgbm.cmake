# LightGBM is loaded when a study asks for it (src/methods/lightgbm/api.c), so the build
# needs nothing of it; what is known here is only where it will be.
option(HR_LIGHTGBM "Load LightGBM's shared library when a study asks for it" ON)
set(HR_LIGHTGBM_ROOT ${PROJECT_SOURCE_DIR}/build/lightgbm CACHE PATH
  "Where scripts/setup.sh unpacked LightGBM's wheel")

set_source_files_properties(src/methods/lightgbm/api.c PROPERTIES COMPILE_DEFINITIONS
  "HR_LIGHTGBM=$<BOOL:${HR_LIGHTGBM}>;HR_LIGHTGBM_LIBDIR=\"${CMAKE_INSTALL_LIBDIR}\";HR_LIGHTGBM_INSTALLED=\"${CMAKE_INSTALL_FULL_LIBDIR}/headroom\";HR_LIGHTGBM_BUILT=\"${HR_LIGHTGBM_ROOT}\"")

# An installed program takes its copy with it.
if(HR_LIGHTGBM)
  install(FILES ${HR_LIGHTGBM_ROOT}/lightgbm/lib/lib_lightgbm.so
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/headroom OPTIONAL)
  install(FILES ${HR_LIGHTGBM_ROOT}/LICENSE RENAME LICENSE.lightgbm
    DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
endif()
