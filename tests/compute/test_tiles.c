/* Scratch tiles: one a thread, apart from each other, of the size that is promised. */
#include "compute/tiles.h"

#include <string.h>

#include "core/parallel.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { TILE_COUNT = HR_TILE * HR_TILE };

static void every_thread_has_its_own(void **state) {
  hr_error err;
  hr_tiles *tiles = NULL;
  (void)state;
  check_ok(hr_tiles_create(&hr_compute_reference, &tiles, &err));
  assert_ptr_equal(hr_tiles_compute(tiles), &hr_compute_reference);
  for (size_t i = 0; i < hr_thread_count(); i++) {
    float *tile = hr_tiles_scratch(tiles, i);
    for (size_t p = 0; p < TILE_COUNT; p++) tile[p] = (float)(i + 1);
  }
  for (size_t i = 0; i < hr_thread_count(); i++) {
    const float *tile = hr_tiles_scratch(tiles, i);
    for (size_t p = 0; p < TILE_COUNT; p++) assert_true(tile[p] == (float)(i + 1));
  }
  hr_tiles_destroy(&tiles);
  assert_null(tiles);
  hr_tiles_destroy(&tiles);
}

static hr_status make_and_destroy(void) {
  hr_tiles *tiles = NULL;
  hr_status status = hr_tiles_create(&hr_compute_blas, &tiles, NULL);
  hr_tiles_destroy(&tiles);
  return status;
}

static void failing_allocations_leave_nothing(void **state) {
  (void)state;
  check_alloc_failures(make_and_destroy());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_thread_has_its_own),
      cmocka_unit_test(failing_allocations_leave_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
