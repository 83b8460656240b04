/* From fits with a sigma and draws, through results.json, to what is said of them. */
#include "report/calibration.h"

#include <math.h>

#include "core/alloc.h"
#include "report/markdown_calibration.h"
#include "report/table_parts.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static hr_reader reader;
static hr_tables tables;
static char path[128];

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  reader = (hr_reader){0};
  tables = (hr_tables){0};
  snprintf(path, sizeof path, "%s/results.json", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_tables_fini(&tables);
  hr_reader_fini(&reader);
  scratch_fini(&s);
  return 0;
}

static void make(void) {
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
  check_ok(hr_tables_init(&tables, &reader, &err));
}

static char *summary(void) {
  hr_text out;
  hr_text_init(&out);
  hr_text_append(&out, "%s", "");
  hr_markdown_summarise_calibration(&reader, &out);
  hr_markdown_warn_of_calibration(&reader, &out);
  check_ok(hr_reader_status(&reader, &err));
  check_ok(hr_text_status(&out, &err));
  return out.bytes;
}

static char *section(void) {
  hr_text out;
  hr_text_init(&out);
  hr_text_append(&out, "%s", "");
  hr_markdown_write_calibration(&reader, &tables, &out);
  return out.bytes;
}

static void expect(char *text, const char *part) {
  if (!strstr(text, part)) print_message("%s", text);
  assert_non_null(strstr(text, part));
  hr_free(text);
}

static void nothing_is_said_without_sigma(void **state) {
  (void)state;
  make();
  for (int t = HR_TABLE_CALIBRATION; t <= HR_TABLE_CALIBRATION_BINS; t++) {
    assert_int_equal(tables.items[t].row_count, 0);
  }
  char *said = summary(), *more = section();
  assert_string_equal(said, "");
  assert_string_equal(more, "");
  hr_free(said);
  hr_free(more);
}

/* Results of earlier versions have no such keys. */
static void results_of_before(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  json_t *root = json_load_file(path, 0, NULL);
  json_object_del(root, "calibration");
  json_object_del(root, "sbc");
  assert_int_equal(json_dump_file(root, path, 0), 0);
  json_decref(root);
  check_ok(hr_reader_init(&reader, path, &err));
  check_ok(hr_tables_init(&tables, &reader, &err));
  assert_int_equal(tables.items[HR_TABLE_CALIBRATION].row_count, 0);
  char *said = summary();
  assert_string_equal(said, "");
  hr_free(said);
}

static void a_row_is_a_method(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  make();
  const hr_table *table = &tables.items[HR_TABLE_CALIBRATION];
  assert_int_equal(table->row_count, 6);
  assert_int_equal(table->column_count, 9);
  hr_text csv;
  hr_text_init(&csv);
  hr_table_write_csv(table, &csv);
  static const char head[] =
      "method,rows,n,within_1_sigma,within_1_sigma_low,within_1_sigma_high,"
      "within_2_sigma,within_2_sigma_low,within_2_sigma_high,chi2,chi2_low,chi2_high,"
      "within_half68,within_half68_low,within_half68_high,within_half95,"
      "within_half95_low,within_half95_high,verdict\n"
      "global_ridge,all,240,";
  assert_memory_equal(csv.bytes, head, sizeof head - 1);
  assert_non_null(strstr(csv.bytes, ",calibrated\n"));
  hr_text_fini(&csv);
  assert_string_equal(table->cells[8].text, "calibrated");
  char *said = section();
  assert_non_null(strstr(said, "**Can σ be trusted?**"));
  expect(said, "**Whether σ can be trusted, by bin [95 % interval]**");
}

/* A row that is a million sigma off is told, whatever the verdict of the others. */
static void a_row_far_off_is_told(void **state) {
  (void)state;
  char words[96];
  fixture_give_sigma(&f, 1.1);
  size_t row = 0;
  while (f.bin[row] != 0) row++;
  f.forest_own[row] += 6.6e5F;
  make();
  const hr_table *table = &tables.items[HR_TABLE_CALIBRATION];
  const hr_cell *forest = &table->cells[2 * table->column_count];
  assert_string_equal(forest[8].text, "calibrated but for 1 row");
  assert_string_equal(forest[8].code, "calibrated");
  expect(summary(), "**Warning: test rows more than ten σ from the truth**: ");
  char *said = summary();
  snprintf(words, sizeof words, " 1 row (row %zu of `predictions.csv`, 1e+06 σ)", row);
  assert_non_null(strstr(said, words));
  expect(said, "look at their spectra and labels.");
}

/* As few rows within the interval as chance may leave, and one that is not: the interval
 * is too narrow. */
static void a_row_far_off_and_a_narrow_interval(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  size_t row = 0;
  while (f.bin[row] != 0) row++;
  f.forest_own[row] += 6e5F;
  make();
  const hr_table *table = &tables.items[HR_TABLE_CALIBRATION];
  const hr_cell *forest = &table->cells[2 * table->column_count];
  assert_string_equal(forest[8].text, "σ too small");
  expect(summary(), "**Warning: the σ of Forest-Oracle is too small**: its mean χ² is ");
}

/* The headline; and the posterior where it is another method. */
static void parts_of_headline_and_posterior(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  fixture_give_variance(&f, 1);
  make();
  const hr_table *octiles = &tables.items[HR_TABLE_CALIBRATION_SNR];
  const hr_table *bins = &tables.items[HR_TABLE_CALIBRATION_BINS];
  assert_int_equal(octiles->row_count, 16);
  assert_int_equal(bins->row_count, 6);
  assert_string_equal(octiles->cells[0].code, "oracle_hybrid_cv");
  const hr_cell *last = octiles->cells + 15 * octiles->column_count;
  assert_string_equal(last[0].code, "forest_oracle");
  check_near(last[1].value, 8, 0);
  assert_true(last[3].value > last[2].value);
  const hr_cell *bin = bins->cells + 4 * bins->column_count;
  check_near(bin[1].value, 1, 0);
  assert_string_equal(bin[2].text, "Mid Poor");
  check_near(bin[3].value, 69, 0);
}

static void without_a_ratio_there_are_no_octiles(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  f.input.snr = NULL;
  make();
  assert_int_equal(tables.items[HR_TABLE_CALIBRATION_SNR].row_count, 0);
  assert_int_equal(tables.items[HR_TABLE_CALIBRATION_BINS].row_count, 3);
}

static void the_headline_is_summarised(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  make();
  char *said = summary();
  assert_memory_equal(said, "Oracle-Hybrid: its 68 % interval holds 0.", 41);
  assert_non_null(strstr(said, ", its 95 % interval 0.9"));
  assert_null(strstr(said, "Warning"));
  expect(said, " of 206 test rows; its mean χ² is ");
}

static void a_variance_alone(void **state) {
  (void)state;
  fixture_give_variance(&f, 1);
  f.forest_cv[0] = f.forest_cv[1] = f.forest_cv[2] = 0.9;
  make();
  expect(summary(), "Oracle-Hybrid: within 1 σ are 0.");
}

static void a_small_sigma_is_warned_of(void **state) {
  (void)state;
  fixture_give_sigma(&f, 0.5);
  make();
  char *said = summary();
  assert_non_null(strstr(said,
                         "**Warning: the σ of Forest-Oracle is too small**: its "
                         "mean χ² is "));
  assert_non_null(strstr(said, ", and its 68 % interval holds 0."));
  assert_null(strstr(said, "(test)"));
  assert_string_equal(tables.items[HR_TABLE_CALIBRATION].cells[8].text, "σ too small");
  expect(said,
         ". Its predictions are not as good as it says: the errors of the spectra "
         "are too small, the test stars are unlike the training stars or, where a gate "
         "routes, it sends stars to models that do not know them.\n\n");
}

static void a_large_sigma_is_warned_of(void **state) {
  (void)state;
  fixture_give_sigma(&f, 2);
  f.input.selection = HR_SELECT_BY_TEST;
  make();
  char *said = summary();
  assert_non_null(
      strstr(said, "**Warning: the σ of Oracle-Hybrid (test) is too large**"));
  assert_string_equal(tables.items[HR_TABLE_CALIBRATION].cells[8].text, "σ too large");
  expect(said, ". Its predictions are better than it says.\n\n");
}

/* The mean of 1e9 that one row makes is no reason to call sigma large. */
static void a_large_sigma_with_a_row_far_off(void **state) {
  (void)state;
  fixture_give_sigma(&f, 2);
  f.input.selection = HR_SELECT_BY_TEST;
  size_t row = 0;
  while (f.bin[row] != 0) row++;
  f.forest_own[row] += 6e6F;
  make();
  const hr_table *table = &tables.items[HR_TABLE_CALIBRATION];
  const hr_cell *forest = &table->cells[2 * table->column_count];
  assert_string_equal(forest[8].text, "σ too large but for 1 row");
  assert_string_equal(forest[8].code, "sigma_too_large");
  char *said = summary();
  assert_non_null(strstr(said, "σ of Forest-Oracle is too large**: its mean χ² is 0.3"));
  expect(said, " without the rows more than ten σ from the truth, and its 68 % interval");
}

static void ranks_are_summarised(void **state) {
  (void)state;
  fixture_give_draws(&f, 1);
  make();
  expect(summary(),
         "Forest: the ranks of the truth among its draws (103 test stars, 256 "
         "draws each) are uniform (χ² = ");
  hr_tables_fini(&tables);
  hr_reader_fini(&reader);
  fixture_give_draws(&f, 0.3);
  make();
  expect(summary(),
         "**Warning: Forest: the ranks of the truth among its draws (103 test "
         "stars, 256 draws each) are not uniform** (χ² = ");
  /* Too few for a chance. */
  hr_tables_fini(&tables);
  hr_reader_fini(&reader);
  f.outcomes[1].draw_row_count = 20;
  make();
  char *said = summary();
  assert_string_equal(said, "");
  hr_free(said);
}

static void in_chinese(void **state) {
  (void)state;
  f.input.language = "zh";
  fixture_give_sigma(&f, 0.5);
  fixture_give_draws(&f, 0.3);
  make();
  char *said = summary();
  assert_non_null(strstr(said, "混合专家（完美路由）：其 68 % 区间覆盖 0."));
  assert_non_null(strstr(said, "**警告：Forest（完美路由）的 σ 偏小**：平均 χ² 为 "));
  assert_non_null(strstr(said,
                         "**警告：Forest：真值在 103 颗测试恒星各 256 次后验抽样中的"
                         "秩并不均匀**（χ² = "));
  hr_free(said);
  assert_string_equal(tables.items[HR_TABLE_CALIBRATION].cells[8].text, "σ 偏小");
  expect(section(), "**σ 可信吗。**");
}

/* The forest, which the hybrid takes in bin 1, states its sigma there and no intervals.
 */
static void give_forest_no_intervals(double scale) {
  fixture_give_sigma(&f, scale);
  fixture_give_variance(&f, scale * scale);
  f.forest[1].sigma = (hr_sigma){0};
}

static void shares_are_of_rows_that_have_intervals(void **state) {
  (void)state;
  give_forest_no_intervals(1);
  make();
  expect(summary(),
         " of the 137 test rows that have intervals; the mean χ² of 206 rows is ");
  const hr_table *all = &tables.items[HR_TABLE_CALIBRATION];
  assert_int_equal(all->column_count, 10);
  assert_string_equal(all->columns[6].key, "n_half");
  assert_string_equal(all->columns[6].header, "N with intervals");
  check_near(all->cells[2].value, 240, 0);
  check_near(all->cells[6].value, 240, 0); /* Ridge has them everywhere */
  const hr_table *bins = &tables.items[HR_TABLE_CALIBRATION_BINS];
  assert_string_equal(bins->columns[7].key, "n_half");
  const hr_cell *bin = bins->cells + bins->column_count;
  check_near(bin[3].value, 69, 0);
  check_near(bin[7].value, 0, 0);
  assert_true(isnan(bin[8].value));
  const hr_table *octiles = &tables.items[HR_TABLE_CALIBRATION_SNR];
  assert_string_equal(octiles->columns[8].key, "n_half");
  assert_true(octiles->cells[8].value > 0);
  assert_true(octiles->cells[8].value < octiles->cells[4].value);
}

static void a_warning_counts_rows_that_have_intervals(void **state) {
  (void)state;
  give_forest_no_intervals(0.5);
  make();
  char *said = summary();
  assert_non_null(strstr(said, "**Warning: the σ of Oracle-Hybrid is too small**"));
  expect(said, " of the 137 rows that have one. Its predictions are not as good");
}

static void rows_that_have_intervals_in_chinese(void **state) {
  (void)state;
  f.input.language = "zh";
  give_forest_no_intervals(0.5);
  make();
  char *said = summary();
  assert_non_null(strstr(said, "（测试光谱中有区间的 137 行）；206 行的平均 χ² 为 "));
  expect(said, "（有区间的 137 行）。其预测不如它所说的可靠");
}

static void whose_sigma_it_is(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  make();
  expect(section(), "Every prediction has a σ and the half-widths of two intervals, ");
  hr_tables_fini(&tables);
  hr_reader_fini(&reader);
  fixture_take_forest_elsewhere(&f);
  make();
  char *said = section();
  assert_null(strstr(said, "Every prediction"));
  assert_non_null(strstr(
      said, "A prediction of the study's own experts has a σ and the half-widths"));
  expect(said,
         " A model from elsewhere states its σ itself, where it has one, and has no "
         "half-widths: a share within an interval is of the rows that have one. These ");
}

static hr_status build_tables(void) {
  hr_tables own;
  hr_status status = hr_tables_init(&own, &reader, NULL);
  if (status == HR_OK) hr_tables_fini(&own);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  fixture_give_sigma(&f, 1);
  make();
  check_alloc_failures(build_tables());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(nothing_is_said_without_sigma),
      TEST(results_of_before),
      TEST(a_row_is_a_method),
      TEST(a_row_far_off_is_told),
      TEST(a_row_far_off_and_a_narrow_interval),
      TEST(parts_of_headline_and_posterior),
      TEST(without_a_ratio_there_are_no_octiles),
      TEST(the_headline_is_summarised),
      TEST(a_variance_alone),
      TEST(a_small_sigma_is_warned_of),
      TEST(a_large_sigma_is_warned_of),
      TEST(a_large_sigma_with_a_row_far_off),
      TEST(ranks_are_summarised),
      TEST(in_chinese),
      TEST(shares_are_of_rows_that_have_intervals),
      TEST(a_warning_counts_rows_that_have_intervals),
      TEST(rows_that_have_intervals_in_chinese),
      TEST(whose_sigma_it_is),
      TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
