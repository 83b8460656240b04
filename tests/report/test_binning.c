/* The grid of bins through results.json into tables and the report. */
#include "report/binning.h"

#include "core/alloc.h"
#include "report/figures.h"
#include "report/markdown.h"
#include "report/tables.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static hr_reader reader;
static char path[128];

static const double snr_edges[] = {-1.5, 10, 20, 1e6}, T_eff_edges[] = {3750, 6000};
static const double M_H_edges[] = {-2, -1, 0, 0.5};
static const hr_axis other_axes[] = {{"snr", snr_edges, 4}, {"T_eff", T_eff_edges, 2}};
static const hr_axis usual_axes[] = {{"T_eff", T_eff_edges, 2}, {"M_H", M_H_edges, 4}};

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/results.json", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_reader_fini(&reader);
  scratch_fini(&s);
  return 0;
}

static void open_with(const hr_axis *axes, size_t count) {
  f.input.axes = axes;
  f.input.axis_count = count;
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
}

static char *write_report(void) {
  hr_tables tables = {0};
  const hr_figures none = {0};
  hr_text text;
  hr_text_init(&text);
  check_ok(hr_tables_init(&tables, &reader, &err));
  check_ok(hr_markdown_write(&reader, &tables, &none, &text, &err));
  hr_tables_fini(&tables);
  return text.bytes;
}

/* Results of before there was the section, and those of the usual axes, read alike. */
static void the_usual_axes_are_not_told(void **state) {
  (void)state;
  open_with(NULL, 0);
  assert_false(hr_binning_is_told(&reader));
  assert_false(hr_binning_has_target(&reader));
  char *before = write_report();
  hr_reader_fini(&reader);
  open_with(usual_axes, 2);
  assert_false(hr_binning_is_told(&reader));
  char *after = write_report();
  assert_null(strstr(before, "Edges of the bins"));
  assert_non_null(strstr(after, "Edges of the bins: `T_eff` "));
  assert_null(strstr(after, "| Intervals |"));
  hr_free(before);
  hr_free(after);
}

static void other_axes_are_told(void **state) {
  (void)state;
  hr_text text;
  open_with(other_axes, 2);
  assert_true(hr_binning_is_told(&reader));
  hr_text_init(&text);
  hr_binning_append_intervals(&reader, 0, &text);
  assert_string_equal(text.bytes, "snr [−1.5, 10), T_eff [3750, 6000] K");
  hr_text_fini(&text);
  hr_text_init(&text);
  hr_binning_append_intervals(&reader, 2, &text);
  assert_string_equal(text.bytes, "snr [20, 1000000], T_eff [3750, 6000] K");
  hr_text_fini(&text);
  char *report = write_report();
  assert_non_null(strstr(report, "Bins lie along `snr`, `T_eff` (K). Of 3300 training"));
  assert_non_null(strstr(report, "| At risk | Focus | Intervals |\n"));
  assert_non_null(strstr(report, "| yes | snr [10, 20), T_eff [3750, 6000] K |\n"));
  assert_non_null(strstr(report, "| ΔR² vs Ridge | Intervals |\n"));
  assert_null(strstr(report, "is itself an axis"));
  hr_free(report);
}

static void the_order_of_the_usual_axes_matters(void **state) {
  (void)state;
  const hr_axis turned[] = {usual_axes[1], usual_axes[0]};
  open_with(turned, 2);
  assert_true(hr_binning_is_told(&reader));
  hr_reader_fini(&reader);
  open_with(&usual_axes[1], 1);
  assert_true(hr_binning_is_told(&reader));
}

static void a_target_among_the_axes_is_told_in_the_summary(void **state) {
  (void)state;
  f.input.target_name = "snr";
  open_with(other_axes, 2);
  assert_true(hr_binning_has_target(&reader));
  char *report = write_report();
  const char *told = strstr(
      report,
      "Note that the target `snr` is itself an axis of the bins: the true bin tells part "
      "of the answer, which flatters every method that is routed by the true labels, and "
      "the gate.\n");
  assert_non_null(told);
  assert_true(told < strstr(report, "## 2. Data"));
  hr_free(report);
  hr_reader_fini(&reader);
  f.input.language = "zh";
  open_with(other_axes, 2);
  report = write_report();
  assert_non_null(strstr(report, "注意：预测量 `snr` 本身是分箱的一个坐标轴"));
  assert_non_null(strstr(report, "分箱的坐标轴：`snr`, `T_eff` (K)。"));
  hr_free(report);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_usual_axes_are_not_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(other_axes_are_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(the_order_of_the_usual_axes_matters, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_target_among_the_axes_is_told_in_the_summary,
                                      prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
