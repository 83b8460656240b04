/* What the program has of an MPI; ranks at work are in tests/python/test_ranks.py. */
#include "cli/world_mpi.h"

#include "support/check.h"

static void its_table(void **state) {
  (void)state;
  const hr_world_engine *mpi = hr_world_mpi();
  if (!mpi) skip(); /* built without */
  assert_true(strlen(mpi->name) > 0);
  assert_non_null(mpi->begin);
  assert_ptr_equal(mpi, hr_world_mpi());
}

/* Nobody launched the test: no MPI is begun. */
static void a_world_of_one(void **state) {
  (void)state;
  hr_error err;
  hr_world *world = NULL;
  check_ok(hr_world_create(hr_world_mpi(), &world, &err));
  assert_true(hr_world_is_alone(world));
  hr_world_destroy(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(its_table),
                                     cmocka_unit_test(a_world_of_one)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
