/* The points of a sweep as they are read, and the files that are made of them. */
#include "report/sweep.h"

#include "core/alloc.h"
#include "core/file.h"
#include "headroom/text.h"
#include "report/sweep_fixture.h"
#include "support/fail_alloc.h"

static sweep_fixture f;
static hr_sweep sweep;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  sweep_fixture_init(&f, "en");
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_sweep_fini(&sweep);
  sweep_fixture_fini(&f);
  return 0;
}

static void every_point_is_read(void **state) {
  (void)state;
  check_ok(hr_sweep_init(&sweep, &f.outline, &err));
  assert_string_equal(sweep.target, "log_g");
  assert_false(sweep.chinese);
  assert_int_equal(sweep.count, SWEEP_POINTS);
  for (size_t i = 0; i < 3; i++) {
    const hr_sweep_point *point = &sweep.points[i];
    assert_string_equal(point->value, f.values[i]);
    check_near(point->train_rows, (double)f.l.f.input.train_rows, 0);
    for (hr_rung rung = 0; rung < HR_RUNGS; rung++) {
      const hr_sweep_line *line = hr_sweep_on(point, rung);
      assert_non_null(line);
      assert_string_equal(line->rows, "covered");
      check_near(line->r2.value, sweep_fixture_r2(i, rung), 0);
      check_near(line->r2.high, sweep_fixture_r2(i, rung) + 0.02, 0);
    }
  }
  assert_int_equal(sweep.points[3].line_count, 0);
  assert_string_equal(sweep.points[3].trouble, "the disk is full");
}

/* That predictions from elsewhere did not see the noise of a point is among its warnings.
 */
static void unseen_noise_is_read(void **state) {
  (void)state;
  hr_doubts doubts = {0};
  check_ok(hr_sweep_init(&sweep, &f.outline, &err));
  assert_false(sweep.has_unseen_noise);
  hr_sweep_fini(&sweep);
  check_ok(hr_doubts_add(&doubts, HR_DOUBT_OUTSIDE_NOISE, false, &err, "it has none"));
  f.l.f.input.doubts = &doubts;
  sweep_fixture_write(&f, 1, "en", "global_ridge");
  f.l.f.input.doubts = NULL;
  hr_doubts_fini(&doubts);
  check_ok(hr_sweep_init(&sweep, &f.outline, &err));
  assert_true(sweep.has_unseen_noise);
}

/* Beside the rungs: those of `overall` of results.json. */
static void every_method_is_read(void **state) {
  (void)state;
  check_ok(hr_sweep_init(&sweep, &f.outline, &err));
  const hr_sweep_point *point = &sweep.points[0];
  hr_results *results = NULL;
  hr_results_info info = {.size = sizeof info};
  hr_results_options options = {sizeof options, true};
  check_ok(hr_results_open(f.dirs[0], &options, &results, &err));
  check_ok(hr_results_get_info(results, &info, &err));
  assert_int_equal(point->line_count, HR_RUNGS + info.method_count);
  for (size_t m = 0; m < info.method_count; m++) {
    hr_results_method method = {.size = sizeof method};
    const hr_sweep_line *line = &point->lines[HR_RUNGS + m];
    check_ok(hr_results_get_method(results, m, &method, &err));
    assert_int_equal(line->rung, HR_RUNGS);
    assert_string_equal(line->method, method.name);
    assert_string_equal(line->title, method.title);
    assert_string_equal(line->rows, method.rows);
    check_near(line->row_count, (double)method.row_count, 0);
    assert_true(line->r2.value == method.r2.value || isnan(method.r2.value));
  }
  hr_results_close(&results);
}

static void what_stands_on_a_rung_may_change(void **state) {
  (void)state;
  const char *title = NULL;
  check_ok(hr_sweep_init(&sweep, &f.outline, &err));
  assert_false(hr_sweep_is_same(&sweep, HR_RUNG_SINGLE, &title));
  assert_true(hr_sweep_is_same(&sweep, HR_RUNG_BASELINE, &title));
  assert_string_equal(title, "Global Ridge");
  assert_true(hr_sweep_has(&sweep, HR_RUNG_CEILING));
}

static void check_there(const char *name, bool is_there) {
  assert_int_equal(hr_folder_has(f.s.path, name), is_there);
}

static void files_are_written_and_cleared(void **state) {
  (void)state;
  static const char *const names[] = {"sweep.csv",         "sweep.md",
                                      "figures/sweep.csv", "figures/sweep.png",
                                      "figures/sweep.svg", "figures/sweep.pdf"};
  char *text = NULL;
  check_ok(hr_sweep_write(f.s.path, &f.outline, &text, &err));
  assert_non_null(strstr(text, "log_g: R² against data.rows, covered test rows"));
  for (size_t i = 0; i < 6; i++) check_there(names[i], true);
  hr_text_free(text);
  check_ok(hr_sweep_clear(f.s.path, &err));
  for (size_t i = 0; i < 6; i++) check_there(names[i], false);
  check_there("point0", true);
}

static void a_page_has_figure_and_table(void **state) {
  (void)state;
  char *text = NULL, *page = NULL;
  size_t size = 0;
  check_ok(hr_sweep_write(f.s.path, &f.outline, &text, &err));
  check_ok(hr_file_read(scratch_name(&f.s, "sweep.md"), 1 << 20, &page, &size, &err));
  const char beginning[] =
      "# TEST-01: R² against data.rows\n\n![R²](figures/sweep.png)\n\n"
      "**log_g: R² against data.rows, covered test rows [95 % interval]**\n\n";
  page[strlen(beginning)] = '\0';
  assert_string_equal(page, beginning);
  hr_free(page);
  hr_text_free(text);
}

static void without_any_results_there_is_no_figure(void **state) {
  (void)state;
  char *text = NULL;
  for (size_t i = 0; i < SWEEP_POINTS; i++) {
    f.has_results[i] = false;
    f.troubles[i] = "no luck";
  }
  check_ok(hr_sweep_write(f.s.path, &f.outline, &text, &err));
  assert_non_null(strstr(text, "data.rows=200 has no results: no luck"));
  check_there("sweep.md", true);
  check_there("figures", false);
  hr_text_free(text);
}

static void results_that_are_gone_are_told(void **state) {
  (void)state;
  char *text = NULL;
  f.has_results[3] = true;
  assert_int_equal(hr_sweep_write(f.s.path, &f.outline, &text, &err), HR_ERR_MISSING);
  assert_non_null(strstr(err.message, "point3"));
  check_there("sweep.csv", false);
}

static void memory_may_end(void **state) {
  (void)state;
  check_alloc_failures(hr_sweep_init(&sweep, &f.outline, &err));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(every_point_is_read),
      TEST(every_method_is_read),
      TEST(unseen_noise_is_read),
      TEST(what_stands_on_a_rung_may_change),
      TEST(files_are_written_and_cleared),
      TEST(a_page_has_figure_and_table),
      TEST(without_any_results_there_is_no_figure),
      TEST(results_that_are_gone_are_told),
      TEST(memory_may_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
