# Fuzz targets, tests/fuzz/<name>.c. With the preset `fuzz` (clang) they are programs of
# libFuzzer's, run by scripts/fuzz.sh; in every other build each runs its seeds, which
# hold what was found once, as the test fuzz/<name>.
file(GLOB HR_FUZZ_SOURCES CONFIGURE_DEPENDS tests/fuzz/*.c)
list(FILTER HR_FUZZ_SOURCES EXCLUDE REGEX "/replay\\.c$")
add_custom_target(fuzzers)
foreach(source ${HR_FUZZ_SOURCES})
  get_filename_component(name ${source} NAME_WE)
  add_executable(fuzz_${name} ${source})
  add_dependencies(fuzzers fuzz_${name})
  target_include_directories(fuzz_${name} PRIVATE tests)
  target_compile_definitions(fuzz_${name} PRIVATE
    HR_FUZZ_SEEDS="${PROJECT_SOURCE_DIR}/tests/fuzz/seeds")
  target_link_libraries(fuzz_${name} PRIVATE headroom_options headroom_static)
  if(HR_SANITIZE MATCHES "fuzzer")
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(fuzz_${name} PRIVATE tests/fuzz/replay.c)
    add_test(NAME fuzz/${name}
      COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/seeds/${name})
    set_tests_properties(fuzz/${name} PROPERTIES TIMEOUT 300
      ENVIRONMENT "${HR_TEST_ENVIRONMENT}")
  endif()
endforeach()
