# The libraries Headroom stands on; `scripts/setup.sh build` installs them.
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(PkgConfig REQUIRED)
pkg_search_module(HDF5 REQUIRED IMPORTED_TARGET hdf5-serial hdf5)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo cairo-svg cairo-pdf cairo-png)
pkg_check_modules(PANGO REQUIRED IMPORTED_TARGET pangocairo)

# Debian keeps several builds of OpenBLAS side by side, and which one the plain name means
# is up to each machine. Threads of a non-OpenMP build would fight with ours, and calls
# from parallel loops would deadlock or be slow, so the OpenMP build is asked for by its
# folder; CMake then writes that folder into the RPATH of what we link.
set(ENV{PKG_CONFIG_PATH}
  "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp/pkgconfig:$ENV{PKG_CONFIG_PATH}")
pkg_check_modules(OPENBLAS REQUIRED IMPORTED_TARGET openblas)
pkg_get_variable(HR_OPENBLAS_CONFIG openblas openblas_config)
if(HR_OPENBLAS_CONFIG AND NOT HR_OPENBLAS_CONFIG MATCHES "USE_OPENMP=1")
  message(WARNING "this OpenBLAS is not its OpenMP build; install libopenblas-openmp-dev")
endif()
