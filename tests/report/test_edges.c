/* Studies at the edge of having numbers: every part of the report leaves out what there
 * is not, and says why. */
#include <stdlib.h>

#include "core/file.h"
#include "core/text.h"
#include "headroom/report.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

/* After targets or bins were changed. */
static void redo_tasks(void) {
  fixture_fits(&f);
  fixture_add_controls(&f, 0.6);
}

static void make_report(void) {
  check_ok(hr_results_write(&f.input, scratch_name(&s, "results.json"), NULL, &err));
  check_ok(hr_report_write(s.path, NULL, &err));
}

/* A file of the run directory, or with NULL what goes to the terminal. */
static char *text_of(const char *name) {
  static char *bytes;
  size_t size = 0;
  bytes = NULL;
  if (!name) {
    check_ok(hr_report_text(s.path, &bytes, &err));
  } else {
    check_ok(hr_file_read(scratch_name(&s, name), 1 << 22, &bytes, &size, &err));
  }
  return bytes;
}

static void check_says(const char *name, const char *part) {
  char *text = text_of(name);
  if (!strstr(text, part)) print_error("%s lacks '%s'\n", name ? name : "-", part);
  assert_non_null(strstr(text, part));
  hr_text_free(text);
}

/* The same words in Markdown, in the page and on the terminal, where lines may break. */
static void check_told(const char *sentence) {
  check_says("report.md", sentence);
  check_says("report.html", sentence);
  char beginning[64];
  snprintf(beginning, sizeof beginning, "%.40s", sentence);
  check_says(NULL, beginning);
}

static const char *const figures[] = {
    "ceiling_perbin_expert_comparison", "ceiling_expert_selection_heatmap",
    "ceiling_oracle_hybrid_vs_baseline", "ceiling_perbin_delta_r2",
    "ceiling_hybrid_pred_vs_true"};

/* Five figures in either form, with no NaN or infinity written anywhere. */
static void check_figures(void) {
  for (size_t i = 0; i < 5; i++) {
    char name[128];
    snprintf(name, sizeof name, "figures/%s.csv", figures[i]);
    char *text = text_of(name);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    hr_text_free(text);
    snprintf(name, sizeof name, "figures/%s.svg", figures[i]);
    text = text_of(name);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    hr_text_free(text);
    snprintf(name, sizeof name, "figures/%s.png", figures[i]);
    assert_int_equal(access(scratch_name(&s, name), F_OK), 0);
  }
}

/* No R² is known: of the five at most that of truth and prediction is there. */
static void check_only_dots_are_drawn(bool has_dots) {
  for (size_t i = 0; i < 5; i++) {
    char name[128];
    snprintf(name, sizeof name, "figures/%s.png", figures[i]);
    assert_int_equal(access(scratch_name(&s, name), F_OK) == 0, has_dots && i == 4);
  }
}

static void test_a_bin_without_variance(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] == 0) f.target[i] = 2.5;
  }
  redo_tasks();
  make_report();
  check_told("Bin 0: R² is undefined, since its test rows all have the same label.");
  check_says("report.md", "| 0 | Cool Poor | - | - | - | Ridge | - |\n");
  check_says("tables/table1_bins.csv", "\n0,Cool Poor,,,,10000,,,,,,,ridge,,,\n");
  check_says("figures/ceiling_perbin_expert_comparison.csv",
             "\n0,Cool Poor,False,ridge,,,,True\n");
  check_says("figures/ceiling_perbin_delta_r2.csv", "\n0,Cool Poor,,,,\n");
  check_says("report.md", "on 206 covered test rows of 0."); /* all others count */
  check_figures();
}

static void test_a_bin_with_one_row(void **state) {
  (void)state;
  bool seen = false;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] != 0) continue;
    if (seen) f.bin[i] = f.route[i] = HR_UNCOVERED;
    seen = true;
  }
  redo_tasks();
  make_report();
  check_told("Bin 0: R² is undefined, since it has one test row.");
  check_says("tables/samples.csv", "\n0,Cool Poor,900,1,True,False\n");
  check_says("figures/ceiling_hybrid_pred_vs_true.csv", "\n0,"); /* it is drawn */
  check_figures();
}

static void test_a_bin_without_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] == 0) f.bin[i] = f.route[i] = HR_UNCOVERED;
  }
  redo_tasks();
  f.input.language = "zh";
  make_report();
  check_told("分箱 0 的 R² 无定义：没有测试行。");
  check_says("tables/samples.csv", "\n0,Cool Poor,900,0,True,False\n");
  check_figures();
}

/* The fixture's CNN is not part of the build. */
static void test_a_missing_expert(void **state) {
  (void)state;
  make_report();
  check_told("1D-CNN: this expert is not part of this build.");
  char *text = text_of("figures/ceiling_perbin_expert_comparison.csv");
  assert_null(strstr(text, "cnn"));
  hr_text_free(text);
  check_says("tables/table1_bins.csv", ",cnn_r2,cnn_r2_low,cnn_r2_high,");
  f.outcomes[2].reason = "its library is not there";
  make_report();
  check_told("1D-CNN: its library is not there.");
  check_figures();
}

static void fail_bin(size_t k) {
  fixture_end(&f, &f.ridge[k], HR_FIT_FAILED);
  fixture_end(&f, &f.forest[k], HR_FIT_FAILED);
  snprintf(f.ridge[k].note, sizeof f.ridge[k].note, "the system is singular");
  snprintf(f.forest[k].note, sizeof f.forest[k].note, "out of memory");
}

static void test_all_experts_failed_in_a_bin(void **state) {
  (void)state;
  redo_tasks();
  fail_bin(0);
  make_report();
  check_told("Bin 0, Ridge: the system is singular");
  check_told("Bin 0, Forest: out of memory");
  check_told("In bins where no expert has a model, the global model predicts");
  check_says("report.md", "| 0 | Cool Poor | - | - | - | - | - |\n");
  check_says("tables/table2_overall.csv", ",falls_back\n");
  check_says("figures/ceiling_perbin_expert_comparison.csv",
             "\n0,Cool Poor,False,ridge,,,,False\n");
  check_figures();
}

static void test_nobody_can_predict_a_bin(void **state) {
  (void)state;
  redo_tasks();
  fail_bin(0);
  fixture_end(&f, &f.ridge[FIXTURE_BINS], HR_FIT_FAILED); /* the global model */
  snprintf(f.ridge[FIXTURE_BINS].note, sizeof f.ridge[0].note, "out of memory");
  make_report();
  check_told("Ridge, global model: out of memory.");
  const char *sentence =
      "There is no R² to report: some bin has no model at all, so not every "
      "covered test row has a prediction.";
  check_says("report.md", sentence);
  check_says("report.html", sentence);
  check_told("Not every one of these rows has a prediction, so there is no score.");
  check_told("there is no score to judge");
  check_told("The placebo has random groups of the bins' sizes in place of the bins");
  check_says("report.md",
             "there is no global model to compare it with; Ridge-Oracle has "
             "no score to hold against it.");
  check_says("tables/gate.csv", "\noracle_r2,,,,0.69999999999999996,undecided,");
  assert_int_not_equal(access(scratch_name(&s, "figures/r2_by_snr.png"), F_OK), 0);
  const char *ladder = scratch_name(&s, "figures/ceiling_oracle_hybrid_vs_baseline.png");
  assert_int_not_equal(access(ladder, F_OK), 0);
  check_says("figures/ceiling_perbin_delta_r2.csv", "\n0,Cool Poor,,,,\n");
  check_says("figures/ceiling_hybrid_pred_vs_true.csv", "row,true,predicted\n");
}

static void cover_nothing(void) {
  for (size_t i = 0; i < FIXTURE_ROWS; i++) f.bin[i] = f.route[i] = HR_UNCOVERED;
  redo_tasks();
}

static void test_nothing_is_covered(void **state) {
  (void)state;
  cover_nothing();
  make_report();
  check_says("report.md",
             "There is no R² to report: none of the test rows has labels inside the "
             "bins.");
  check_says("report.md", "of 240 test rows, 240.");
  check_told("Bin 2: R² is undefined, since it has no test rows.");
  check_told("Placebo: there are no rows to score it on.");
  check_says("tables/table2_overall.csv", "\nglobal_ridge,all,240,0.");
  check_says("tables/table2_overall.csv", "\nridge_oracle,covered,0,,,,,");
  check_only_dots_are_drawn(false);
  assert_int_not_equal(access(scratch_name(&s, "figures/r2_by_snr.png"), F_OK), 0);
}

static void test_in_chinese(void **state) {
  (void)state;
  f.input.language = "zh";
  cover_nothing();
  make_report();
  check_says("report.md", "没有可报告的 R²：没有任何测试行的标签落在分箱之内。");
  check_told("安慰剂对照：没有可供评分的行。");
}

static void test_all_labels_are_equal(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) f.target[i] = 3.5;
  redo_tasks();
  make_report();
  check_says("report.md",
             "There is no R² to report: the covered test rows are fewer than two or all "
             "have the same label.");
  check_says("tables/table2_overall.csv",
             "\nridge_oracle,covered,206,,,,,,,,,0."); /* MAE */
  check_only_dots_are_drawn(true);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_bin_without_variance),      TEST(test_a_bin_with_one_row),
      TEST(test_a_bin_without_rows),          TEST(test_a_missing_expert),
      TEST(test_all_experts_failed_in_a_bin), TEST(test_nobody_can_predict_a_bin),
      TEST(test_nothing_is_covered),          TEST(test_in_chinese),
      TEST(test_all_labels_are_equal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
