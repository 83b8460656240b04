# `make install`: the program, both libraries, the public headers, the manual page, and what
# pkg-config and CMake's find_package(headroom) need to find them.
install(TARGETS headroom RUNTIME)
install(TARGETS headroom_static ARCHIVE)
install(TARGETS headroom_shared EXPORT headroom LIBRARY)
install(DIRECTORY include/headroom DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_BINARY_DIR}/include/headroom/version.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/headroom)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES docs/man/headroom.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

# CMake: find_package(headroom) gives the target headroom::headroom, the shared library.
set_target_properties(headroom_shared PROPERTIES EXPORT_NAME headroom)
set(HR_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/headroom)
install(EXPORT headroom NAMESPACE headroom:: FILE headroom-config.cmake
  DESTINATION ${HR_CMAKE_DIR})
write_basic_package_version_file(headroom-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/headroom-config-version.cmake
  DESTINATION ${HR_CMAKE_DIR})

# pkg-config: from where the .pc file lies to the prefix, so that an installed tree can be
# moved.
file(RELATIVE_PATH HR_PC_TO_PREFIX
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
# Not Requires.private: pkg-config would hand the include folders of what we stand on to
# those who only include our headers.
set(HR_PC_PRIVATE ${HDF5_LDFLAGS} ${OPENBLAS_LDFLAGS} ${YAML_LDFLAGS}
  ${JANSSON_LDFLAGS} ${CAIRO_LDFLAGS} ${PANGO_LDFLAGS} ${HR_ONEDNN_LDFLAGS}
  ${CFITSIO_LDFLAGS} -ldl)
list(REMOVE_ITEM HR_PC_PRIVATE "-L/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}")
list(JOIN HR_PC_PRIVATE " " HR_PC_PRIVATE)
configure_file(cmake/headroom.pc.in headroom.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/headroom.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
