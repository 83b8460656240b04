# ONNX Runtime is loaded when a study asks for it (src/methods/outside/ort_api.c), so the
# build needs nothing of it; what is known here is only where it will be.
option(HR_ONNX "Load ONNX Runtime's shared library when a study asks for it" ON)
set(HR_ONNX_ROOT ${PROJECT_SOURCE_DIR}/build/onnxruntime CACHE PATH
  "Where scripts/setup.sh unpacked ONNX Runtime's wheel")

set_source_files_properties(src/methods/outside/ort_api.c PROPERTIES COMPILE_DEFINITIONS
  "HR_ONNX=$<BOOL:${HR_ONNX}>;HR_ONNX_LIBDIR=\"${CMAKE_INSTALL_LIBDIR}\";HR_ONNX_INSTALLED=\"${CMAKE_INSTALL_FULL_LIBDIR}/headroom\";HR_ONNX_BUILT=\"${HR_ONNX_ROOT}\"")

# An installed program takes its copy with it.
if(HR_ONNX)
  install(FILES ${HR_ONNX_ROOT}/libonnxruntime.so.1
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/headroom OPTIONAL)
  install(FILES ${HR_ONNX_ROOT}/LICENSE RENAME LICENSE.onnxruntime
    DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
  install(FILES ${HR_ONNX_ROOT}/ThirdPartyNotices.txt RENAME NOTICES.onnxruntime
    DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)
endif()
