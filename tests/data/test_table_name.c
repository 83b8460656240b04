/* "FILE::TABLE" taken apart. */
#include "data/table_name.h"

#include "support/scratch.h"

static scratch s;
static hr_error err;

static void check_name(const char *name, const char *path, const char *table) {
  hr_table_name own;
  check_ok(hr_table_name_init(&own, name, &err));
  assert_string_equal(own.path, path);
  if (table) assert_string_equal(own.table, table);
  if (!table) assert_null(own.table);
  hr_table_name_fini(&own);
  assert_null(own.path);
}

static void a_table_stands_behind_two_colons(void **state) {
  (void)state;
  check_name("a.fits", "a.fits", NULL);
  check_name("a.fits::STARS", "a.fits", "STARS");
  check_name("a::b.h5::/x/y z", "a::b.h5", "/x/y z");
  check_name("a.fits::", "a.fits::", NULL);
  check_name("::x", "::x", NULL);
  check_name("a:b", "a:b", NULL);
}

static void a_file_of_the_whole_name_is_meant(void **state) {
  (void)state;
  char name[256];
  scratch_init(&s);
  scratch_write(&s, "a::b", "x");
  snprintf(name, sizeof name, "%s/a::b", s.path);
  check_name(name, name, NULL);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_stands_behind_two_colons),
      cmocka_unit_test(a_file_of_the_whole_name_is_meant),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
