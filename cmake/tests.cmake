# Every tests/<folder>/test_<name>.c is one cmocka program and one test, called
# <folder>/test_<name>, with what it takes of the static library: all of it in each would
# be 7 GB. Every tests/python/test_<name>.py is one test that compares the program with
# independent ones. `ctest --test-dir build -R core/` runs a part.
set(HR_PYTHON /usr/bin/python3 CACHE FILEPATH "Python with h5py, pandas, scikit-learn")
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

# Tests that make allocations fail reach under hr_alloc (tests/support/fail_alloc.h).
file(GLOB HR_SUPPORT_SOURCES CONFIGURE_DEPENDS tests/support/*.c)
add_library(test_support STATIC ${HR_SUPPORT_SOURCES})
target_include_directories(test_support PUBLIC tests)
target_link_libraries(test_support PUBLIC headroom_options headroom_static
  PkgConfig::CMOCKA)
target_link_options(test_support INTERFACE
  -Wl,--wrap=aligned_alloc,--undefined=__wrap_aligned_alloc)

# Asking for more memory than there is has to come back as NULL, as it does in life. The
# thread sanitizer cannot see into HDF5, BLAS and the OpenMP runtime, and must not guess.
set(HR_TEST_ENVIRONMENT
  "ASAN_OPTIONS=allocator_may_return_null=1"
  "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/support/leaks.txt print_suppressions=0"
  "UBSAN_OPTIONS=print_stacktrace=1"
  "TSAN_OPTIONS=allocator_may_return_null=1 ignore_noninstrumented_modules=1")

file(GLOB HR_TEST_SOURCES CONFIGURE_DEPENDS tests/*/test_*.c)
foreach(source ${HR_TEST_SOURCES})
  get_filename_component(name ${source} NAME_WE)
  get_filename_component(folder ${source} DIRECTORY)
  get_filename_component(folder ${folder} NAME)
  add_executable(${folder}_${name} ${source})
  target_link_libraries(${folder}_${name} PRIVATE test_support)
  if(folder STREQUAL "cli")
    target_sources(${folder}_${name} PRIVATE $<TARGET_OBJECTS:headroom_cli>)
    target_link_libraries(${folder}_${name} PRIVATE ${HR_MPI_TARGET})
    add_dependencies(${folder}_${name} headroom)
  endif()
  add_test(NAME ${folder}/${name} COMMAND ${folder}_${name})
  set_tests_properties(${folder}/${name} PROPERTIES TIMEOUT 900
    WORKING_DIRECTORY ${PROJECT_BINARY_DIR}
    ENVIRONMENT "${HR_TEST_ENVIRONMENT}")
endforeach()

# The examples, as programs of others: linked with the shared library alone.
file(GLOB HR_EXAMPLES CONFIGURE_DEPENDS examples/*.c)
foreach(source ${HR_EXAMPLES})
  get_filename_component(name ${source} NAME_WE)
  add_executable(example_${name} ${source})
  target_link_libraries(example_${name} PRIVATE headroom_options headroom_shared)
  add_dependencies(headroom_test_examples example_${name})
endforeach()

# Small programs that show the tests what the library does (rows with noise, folds).
file(GLOB HR_TOOL_SOURCES CONFIGURE_DEPENDS tests/tools/*.c)
foreach(source ${HR_TOOL_SOURCES})
  get_filename_component(name ${source} NAME_WE)
  add_executable(tool_${name} ${source})
  target_link_libraries(tool_${name} PRIVATE headroom_options headroom_static)
endforeach()

include(cmake/fuzz.cmake)

# Sanitizers watch the C tests; what is below looks at the program as users get it.
if(HR_SANITIZE)
  return()
endif()

# Put under the program by tests that make its calls fail, tests/preload/<name>.c.
file(GLOB HR_PRELOADS CONFIGURE_DEPENDS tests/preload/*.c)
foreach(source ${HR_PRELOADS})
  get_filename_component(name ${source} NAME_WE)
  add_library(${name} MODULE ${source})
  target_link_libraries(${name} PRIVATE headroom_options ${CMAKE_DL_LIBS})
  set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET default)
endforeach()

file(GLOB HR_PYTHON_TESTS CONFIGURE_DEPENDS tests/python/test_*.py)
foreach(source ${HR_PYTHON_TESTS})
  get_filename_component(name ${source} NAME_WE)
  add_test(NAME python/${name} COMMAND ${HR_PYTHON} ${source} ${PROJECT_BINARY_DIR})
  set_tests_properties(python/${name} PROPERTIES TIMEOUT 1800)
endforeach()

add_test(NAME style/check
  COMMAND ${HR_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/check_style.py ${PROJECT_BINARY_DIR})
add_test(NAME style/install
  COMMAND ${PROJECT_SOURCE_DIR}/tests/cli/install.sh ${PROJECT_BINARY_DIR})
