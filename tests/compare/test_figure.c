/* The figure of a comparison, and the numbers that it draws. */
#include "compare/figure.h"

#include <stdlib.h>

#include "compare/compared.h"
#include "core/alloc.h"
#include "core/file.h"
#include "support/pictures.h"

static compared k;
static scratch place;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  compared_init(&k, "en");
  scratch_init(&place);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&place);
  compared_fini(&k);
  return 0;
}

static void what_is_drawn_is_written_too(void **state) {
  (void)state;
  char *csv = NULL;
  size_t size = 0, lines = 0;
  assert_true(hr_comparison_has_figure(k.comparison));
  check_ok(hr_comparison_draw(k.comparison, place.path, &err));
  check_ok(
      hr_file_read(scratch_name(&place, "comparison.csv"), 1 << 20, &csv, &size, &err));
  static const char header[] =
      "rung,run,method,r2,r2_low,r2_high,delta_r2,delta_r2_low,delta_r2_high\n";
  assert_int_equal(strncmp(csv, header, strlen(header)), 0);
  const hr_compared_line *oracle = NULL;
  size_t wanted = 0;
  for (size_t i = 0; i < k.comparison->rungs.count; i++) {
    const hr_compared_line *line = &k.comparison->rungs.items[i];
    for (size_t r = 0; r < 2; r++) wanted += line->of[r].method != NULL;
    if (strcmp(line->name, "oracle") == 0) oracle = line;
  }
  const char *at = strstr(csv, "\noracle,B,oracle_hybrid_cv,");
  assert_non_null(at);
  check_near(strtod(at + strlen("\noracle,B,oracle_hybrid_cv,"), NULL),
             oracle->of[1].r2.value, 0);
  for (at = csv; (at = strchr(at, '\n')); at++) lines++;
  assert_int_equal(lines, wanted + 1);
  hr_free(csv);
}

static size_t count_arrows(void) {
  char *svg = NULL;
  size_t size = 0;
  check_ok(hr_comparison_draw(k.comparison, place.path, &err));
  check_ok(
      hr_file_read(scratch_name(&place, "comparison.svg"), 1 << 24, &svg, &size, &err));
  size_t count = count_triangles(svg);
  hr_free(svg);
  return count;
}

static void what_goes_on_beyond_the_frame_has_an_arrow(void **state) {
  (void)state;
  hr_compared *own = &k.comparison->rungs.items[0].of[1];
  assert_int_equal(isnan(own->r2.value), 0);
  size_t before = count_arrows();
  own->r2.low = -3;
  assert_int_equal(count_arrows(), before + 1);
}

static void check_names(const char *one, const char *other) {
  hr_strings names = {0};
  check_ok(hr_comparison_name_runs(k.comparison, &names, &err));
  assert_int_equal(names.count, 2);
  assert_string_equal(names.items[0], one);
  assert_string_equal(names.items[1], other);
  hr_strings_fini(&names);
}

/* Points of a sweep have one name; what differs tells them apart. */
static void runs_of_one_name_are_told_apart(void **state) {
  (void)state;
  char one[64], other[64];
  check_names("A  TEST-01", "B  TEST-02");
  const char *name = k.comparison->results[1]->info.experiment;
  k.comparison->results[1]->info.experiment = k.comparison->results[0]->info.experiment;
  check_names("A  TEST-01, data.folds 5", "B  TEST-01, data.folds 10");
  size_t count = k.comparison->contrasts.count;
  assert_int_equal(count, 1);
  const char *dirs[] = {k.runs.s[0].path, k.runs.s[1].path};
  snprintf(one, sizeof one, "A  TEST-01, %.40s", strrchr(dirs[0], '/') + 1);
  snprintf(other, sizeof other, "B  TEST-01, %.40s", strrchr(dirs[1], '/') + 1);
  k.comparison->contrasts.count = 0;
  check_names(one, other);
  k.comparison->contrasts.count = count;
  k.comparison->results[1]->info.experiment = name;
}

/* One key of two would hide the other, so that the folders are told. */
static void where_two_keys_differ_folders_are_told(void **state) {
  (void)state;
  two_runs_write_text(&k.runs, 1, "config.yaml", "data: {folds: 10, seed: 3}\n");
  const char *dirs[] = {k.runs.s[0].path, k.runs.s[1].path};
  hr_comparison_close(&k.comparison);
  check_ok(hr_compare(dirs, 2, NULL, &k.comparison, &err));
  assert_int_equal(k.comparison->contrasts.count, 2);
  const char *name = k.comparison->results[1]->info.experiment;
  k.comparison->results[1]->info.experiment = k.comparison->results[0]->info.experiment;
  char *given[2];
  static char here[] = "first/run/", there[] = "second/run";
  for (size_t i = 0; i < 2; i++) given[i] = k.comparison->dirs.items[i];
  k.comparison->dirs.items[0] = here;
  k.comparison->dirs.items[1] = there;
  check_names("A  TEST-01, first/run", "B  TEST-01, second/run");
  k.comparison->dirs.items[0] = there + strlen("second/"); /* it is the other's end */
  check_names("A  TEST-01, run", "B  TEST-01, second/run");
  k.comparison->dirs.items[1] = here + 1;
  here[strlen("first")] = '-';
  check_names("A  TEST-01, run", "B  TEST-01, irst-run");
  for (size_t i = 0; i < 2; i++) k.comparison->dirs.items[i] = given[i];
  k.comparison->results[1]->info.experiment = name;
}

static void runs_without_rungs_have_none(void **state) {
  (void)state;
  size_t count = k.comparison->rungs.count;
  k.comparison->rungs.count = 0;
  assert_false(hr_comparison_has_figure(k.comparison));
  k.comparison->rungs.count = count;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_is_drawn_is_written_too, prepare, tidy),
      cmocka_unit_test_setup_teardown(what_goes_on_beyond_the_frame_has_an_arrow, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(runs_of_one_name_are_told_apart, prepare, tidy),
      cmocka_unit_test_setup_teardown(where_two_keys_differ_folders_are_told, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(runs_without_rungs_have_none, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
