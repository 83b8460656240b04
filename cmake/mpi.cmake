# MPI lets `mpirun headroom run` divide a study among its ranks (src/cli/world_mpi.c). It is
# taken where it is found, for the program alone: the libraries know of none. Open MPI and
# MPICH both do, through pkg-config or, as on clusters with modules, by their mpicc.
option(HR_MPI "Divide studies among the ranks of MPI, where there is one" ON)
set(HR_MPI_MODULES ompi-c mpich CACHE STRING "Names of MPIs for pkg-config, best first")

set(HR_MPI_NAME "")
if(HR_MPI)
  pkg_search_module(MPI IMPORTED_TARGET ${HR_MPI_MODULES})
  if(MPI_FOUND)
    set(HR_MPI_TARGET PkgConfig::MPI)
    if(MPI_MODULE_NAME STREQUAL mpich)
      set(HR_MPI_NAME "MPICH ${MPI_VERSION}")
    else()
      set(HR_MPI_NAME "Open MPI ${MPI_VERSION}")
    endif()
  else()
    find_package(MPI COMPONENTS C)
    if(MPI_C_FOUND)
      set(HR_MPI_TARGET MPI::MPI_C)
      set(HR_MPI_NAME "MPI ${MPI_C_VERSION}")
    else()
      message(STATUS "without MPI: install libopenmpi-dev, or load your cluster's")
    endif()
  endif()
endif()

if(HR_MPI_NAME)
  set_source_files_properties(src/cli/world_mpi.c PROPERTIES
    COMPILE_DEFINITIONS "HR_MPI=1;HR_MPI_NAME=\"${HR_MPI_NAME}\"")
else()
  set_source_files_properties(src/cli/world_mpi.c PROPERTIES COMPILE_DEFINITIONS HR_MPI=0)
endif()
