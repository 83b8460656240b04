# oneDNN computes the convolutions of the network (src/nn/dnnl.c). Its own CMake files ask
# for OpenCL, which we do not need, so the header and the library are looked for.
option(HR_ONEDNN "Train convolutional networks, on oneDNN" ON)

if(HR_ONEDNN)
  find_path(HR_ONEDNN_INCLUDE_DIR oneapi/dnnl/dnnl.h)
  find_library(HR_ONEDNN_LIBRARY dnnl)
  if(NOT HR_ONEDNN_INCLUDE_DIR OR NOT HR_ONEDNN_LIBRARY)
    message(FATAL_ERROR "oneDNN is missing: install libdnnl-dev (scripts/setup.sh build), "
      "or build without the 1D-CNN expert: -DHR_ONEDNN=OFF")
  endif()
  add_library(HR::onednn UNKNOWN IMPORTED)
  set_target_properties(HR::onednn PROPERTIES
    IMPORTED_LOCATION ${HR_ONEDNN_LIBRARY}
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${HR_ONEDNN_INCLUDE_DIR})
  set(HR_ONEDNN_LDFLAGS ${HR_ONEDNN_LIBRARY})
endif()
set_source_files_properties(src/nn/dnnl.c src/nn/dnnl_products.c PROPERTIES COMPILE_DEFINITIONS
  HR_ONEDNN=$<BOOL:${HR_ONEDNN}>)
