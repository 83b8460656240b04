/* A comparison's numbers against plain sums, and against what each run says of itself. */
#include <math.h>

#include "compare/comparison.h"
#include "compare/two_runs.h"
#include "headroom/compare.h"
#include "support/fail_alloc.h"

static two_runs t;
static hr_comparison *c;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  two_runs_init(&t);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_comparison_close(&c);
  two_runs_fini(&t);
  return 0;
}

static hr_status compare_them(void) {
  const char *dirs[] = {t.s[0].path, t.s[1].path};
  hr_comparison_close(&c);
  return hr_compare(dirs, 2, NULL, &c, &err);
}

static void compare(void) {
  for (size_t r = 0; r < 2; r++) two_runs_write(&t, r);
  check_ok(compare_them());
}

static const hr_compared_line *find(const hr_compared_lines *lines, const char *name) {
  for (size_t i = 0; i < lines->count; i++) {
    if (strcmp(lines->items[i].name, name) == 0) return &lines->items[i];
  }
  return NULL;
}

/* R² of the forest of run `r` over the rows that `keep` says, by the definition. */
static double plain_r2(size_t r, const bool *keep) {
  const fixture *f = &t.f[r];
  double mean = 0, sst = 0, sse = 0;
  size_t count = 0;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (!keep[i]) continue;
    mean += f->target[i];
    count++;
  }
  mean /= (double)count;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (!keep[i]) continue;
    sst += pow(f->target[i] - mean, 2);
    sse += pow(f->target[i] - (double)f->forest_own[i], 2);
  }
  return 1 - sse / sst;
}

/* The same rows in both: every number is what the run says of itself. */
static void on_all_rows_numbers_are_the_runs_own(void **state) {
  (void)state;
  compare();
  assert_int_equal(c->covered, c->results[0]->info.covered);
  for (size_t i = 0; i < c->methods.count; i++) {
    const hr_compared_line *line = &c->methods.items[i];
    const char *rows = line->all_rows ? "all" : "covered";
    for (size_t m = 0; m < c->results[0]->info.method_count; m++) {
      const hr_results_method *said = &c->results[0]->methods[m];
      if (strcmp(said->name, line->name) != 0 || strcmp(said->rows, rows) != 0) continue;
      check_near(line->of[0].r2.value, said->r2.value, 1e-12);
      check_near(line->of[0].r2.low, said->r2.low, 1e-12);
      check_near(line->of[0].r2.high, said->r2.high, 1e-12);
      assert_int_equal(line->rows, said->row_count);
    }
  }
}

static void a_better_forest_is_told_by_a_paired_interval(void **state) {
  (void)state;
  bool keep[2][FIXTURE_ROWS];
  compare();
  for (size_t r = 0; r < 2; r++) {
    for (size_t i = 0; i < FIXTURE_ROWS; i++) keep[r][i] = t.f[r].bin[i] >= 0;
  }
  const hr_compared_line *line = find(&c->methods, "forest_oracle");
  assert_non_null(line);
  check_near(line->of[0].r2.value, plain_r2(0, keep[0]), 1e-12);
  check_near(line->of[1].r2.value, plain_r2(1, keep[1]), 1e-12);
  const hr_estimate *delta = &line->of[1].delta;
  check_near(delta->value, line->of[1].r2.value - line->of[0].r2.value, 1e-15);
  assert_true(0 < delta->low && delta->low < delta->value && delta->value < delta->high);
  assert_int_equal(hr_estimate_sign(*delta), 1);
  /* Paired: narrower than two intervals beside one another. */
  double apart = hypot(line->of[0].r2.high - line->of[0].r2.low,
                       line->of[1].r2.high - line->of[1].r2.low);
  assert_true(delta->high - delta->low < 1.05 * apart);
  assert_true(isnan(line->of[0].delta.value));
}

static void stars_of_one_run_alone_are_in_no_number(void **state) {
  (void)state;
  bool keep[2][FIXTURE_ROWS];
  for (size_t i = 0; i < 30; i++) t.id[1][i] += 1000;
  compare();
  for (size_t i = 0; i < FIXTURE_ROWS; i++) keep[0][i] = t.f[0].bin[i] >= 0;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) keep[1][i] = t.f[1].bin[i] >= 0 && i >= 30;
  for (size_t i = 0; i < 30; i++) keep[0][two_runs_place(i)] = false;
  const hr_compared_line *line = find(&c->methods, "forest_oracle");
  check_near(line->of[0].r2.value, plain_r2(0, keep[0]), 1e-12);
  check_near(line->of[1].r2.value, plain_r2(1, keep[1]), 1e-12);
  assert_int_equal(line->rows, c->covered);
}

static void the_same_run_has_no_difference(void **state) {
  (void)state;
  t.f[1] = t.f[0];
  t.f[1].test.target = t.f[1].target;
  t.f[1].input.test = &t.f[0].test;
  memcpy(t.id[1], t.id[0], sizeof t.id[0]);
  memcpy(t.rounded[1], t.rounded[0], sizeof t.rounded[0]);
  compare();
  for (size_t i = 0; i < c->methods.count; i++) {
    const hr_estimate *delta = &c->methods.items[i].of[1].delta;
    check_near(delta->value, 0, 0);
    check_near(delta->low, 0, 0);
    check_near(delta->high, 0, 0);
    assert_int_equal(hr_estimate_sign(*delta), 0);
  }
}

static void bins_and_octiles_hold_all_covered_rows(void **state) {
  (void)state;
  size_t in_bins = 0, in_octiles = 0;
  compare();
  assert_int_equal(c->bins.count, FIXTURE_BINS);
  assert_int_equal(c->octiles.count, HR_SNR_OCTILES);
  for (size_t j = 0; j < c->bins.count; j++) in_bins += c->bins.items[j].rows;
  for (size_t j = 0; j < c->octiles.count; j++) in_octiles += c->octiles.items[j].rows;
  assert_int_equal(in_bins, c->covered);
  assert_int_equal(in_octiles, c->covered);
  for (size_t j = 0; j < FIXTURE_BINS; j++) {
    bool keep[FIXTURE_ROWS];
    for (size_t i = 0; i < FIXTURE_ROWS; i++) keep[i] = t.f[1].bin[i] == (int)j;
    check_near(c->bins.items[j].of[1].r2.value, plain_r2(1, keep), 1e-12);
  }
}

static void other_bins_are_not_set_side_by_side(void **state) {
  (void)state;
  fixture *b = &t.f[1];
  size_t row = fixture_row(b, 0, 0);
  b->bin[row] = b->route[row] = 1;
  fixture_fits(b);
  compare();
  assert_int_equal(c->bins.count, 0);
  assert_true(c->rungs.count > 0);
}

static void without_a_ratio_there_are_no_octiles(void **state) {
  (void)state;
  for (size_t r = 0; r < 2; r++) t.f[r].input.snr = NULL;
  compare();
  assert_int_equal(c->octiles.count, 0);
}

static void a_method_of_one_run_alone_has_no_difference(void **state) {
  (void)state;
  fixture_give_global_forest(&t.f[1], 0.5, 0.6);
  compare();
  const hr_compared_line *line = find(&c->methods, "global_forest");
  assert_non_null(line);
  assert_null(line->of[0].method);
  assert_string_equal(line->of[1].method, "global_forest");
  assert_true(isnan(line->of[0].r2.value) && isnan(line->of[1].delta.value));
  assert_true(line->of[1].r2.value > 0.5);
}

static void memory_may_run_out(void **state) {
  (void)state;
  compare();
  check_alloc_failures(compare_them());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(on_all_rows_numbers_are_the_runs_own, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(a_better_forest_is_told_by_a_paired_interval,
                                      prepare, tidy),
      cmocka_unit_test_setup_teardown(stars_of_one_run_alone_are_in_no_number, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(the_same_run_has_no_difference, prepare, tidy),
      cmocka_unit_test_setup_teardown(bins_and_octiles_hold_all_covered_rows, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(other_bins_are_not_set_side_by_side, prepare, tidy),
      cmocka_unit_test_setup_teardown(without_a_ratio_there_are_no_octiles, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(a_method_of_one_run_alone_has_no_difference,
                                      prepare, tidy),
      cmocka_unit_test_setup_teardown(memory_may_run_out, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
