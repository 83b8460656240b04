/* A plan in words, and what is warned of before anything is read. */
#include "study/describe.h"

#include "study/estimate.h"
#include "support/small_plan.h"
#include "support/warnings.h"

static hr_plan *make_plan(const hr_observer *observer) {
  hr_error err = {0};
  hr_plan *plan = NULL;
  small_plan_configure("experts: {ridge: }\n");
  check_ok(hr_plan_create(plan_config, observer, &plan, &err));
  return plan;
}

static void check_says(const hr_text *text, const char *line) {
  if (!strstr(text->bytes, line)) print_error("no \"%s\" in\n%s", line, text->bytes);
  assert_non_null(strstr(text->bytes, line));
}

static void a_plan_is_told(void **state) {
  (void)state;
  char first[128];
  hr_plan *plan = make_plan(NULL);
  hr_text text;
  hr_text_init(&text);
  hr_plan_describe(plan, "out/x", &text);
  snprintf(first, sizeof first, "Study x (x.yaml), fingerprint %s\n",
           plan->origin.fingerprint);
  assert_memory_equal(text.bytes, first, strlen(first));
  check_says(&text,
             "  training 12 spectra of 6 pixels in 1 file, 0.00 GB; 1 uncovered\n");
  check_says(&text, "  test     8 spectra of 6 pixels in 1 file, 0.00 GB; 1 uncovered\n");
  check_says(&text, "Would train, in 2 bins with 5-fold cross-validation:\n");
  check_says(&text, "  ridge          ");
  check_says(&text, "Rows a bin (training, test):\n");
  check_says(&text, "         6        4  at risk\n");
  check_says(&text, "         5        3  at risk\n");
  check_says(&text, " in run.memory_mib\n");
  check_says(&text, " MB into out/x\n");
  hr_text_fini(&text);
  hr_plan_destroy(&plan);
}

/* Where a model of all rows is asked for, the plan says so, and it costs. */
static void a_model_of_all_rows_is_told(void **state) {
  (void)state;
  hr_error err = {0};
  double operations[2];
  for (size_t way = 0; way < 2; way++) {
    hr_plan *plan = NULL;
    hr_cost cost = {0};
    hr_text text;
    hr_text_init(&text);
    small_plan_configure(way == 0 ? "experts: {lightgbm: {min_child_samples: 1}}\n"
                                  : "experts: {lightgbm: {min_child_samples: 1, global: "
                                    "true}}\n");
    check_ok(hr_plan_create(plan_config, NULL, &plan, &err));
    hr_plan_describe(plan, "out/x", &text);
    check_says(&text, way == 0 ? "flux, never standardised.\n"
                               : "flux, never standardised. On all rows, too.\n");
    hr_plan_estimate(plan, &cost);
    operations[way] = cost.operations;
    hr_text_fini(&text);
    hr_plan_destroy(&plan);
  }
  assert_true(operations[1] > 1.3 * operations[0]);
}

static void memory_is_told(void **state) {
  (void)state;
  static const char *const ends[] = {
      [HR_LOW_MEMORY_NONE] = " in run.memory_mib\n",
      [HR_LOW_MEMORY_ROWS] =
          " in run.memory_mib, bins keeping their rows on disk until "
          "their turn\n",
      [HR_LOW_MEMORY_FOLDS] =
          " in run.memory_mib, bins keeping their rows on disk until "
          "their turn and summing some folds at a time\n",
  };
  hr_plan *plan = make_plan(NULL);
  hr_text text;
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    hr_text_init(&text);
    plan->view.low_memory = (hr_low_memory)i;
    hr_plan_describe(plan, "out/x", &text);
    check_says(&text, ends[i]);
    hr_text_fini(&text);
  }
  hr_text_init(&text);
  plan->view.memory_bytes = 1;
  hr_plan_describe(plan, "out/x", &text);
  check_says(&text, " MiB of memory (run.memory_mib): at least 1 are needed\n");
  hr_text_fini(&text);
  hr_plan_destroy(&plan);
}

/* Of the label snr: known in all rows, in some, in none. */
static void rows_without_snr_are_warned_of(void **state) {
  (void)state;
  static const size_t without[] = {0, 1, PLAN_TEST};
  for (size_t way = 0; way < 3; way++) {
    warnings warned = {0};
    char name[256], sentence[512];
    double snr[PLAN_TEST], labels[3][PLAN_TEST];
    snprintf(name, sizeof name, "%s/test.h5", plan_scratch.path);
    shard_spec spec = shard_spec_default(name);
    spec.rows = PLAN_TEST;
    spec.pixels = PLAN_PIXELS;
    for (size_t i = 0; i < PLAN_TEST; i++) {
      snr[i] = i < without[way] ? (i == 0 ? HUGE_VAL : (double)NAN) : 20 + (double)i;
      labels[0][i] = i % 2 == 0 ? 1 : 3;
      labels[1][i] = 2 + (double)i;
      labels[2][i] = 0.5;
    }
    for (size_t c = 0; c < 3; c++) spec.columns[c].values = labels[c];
    spec.wave = (const double[]){7100, 7100.5, 7101, 7101.5, 7102, 7102.5};
    spec.columns[3] = (shard_column){"snr", snr};
    spec.column_count = 4;
    shard_write(&spec);
    const hr_observer observer = warnings_observer(&warned);
    hr_plan *plan = make_plan(&observer);
    hr_plan_warn(plan);
    assert_int_equal(plan->snr != NULL, way < 2);
    assert_int_equal(plan->rows_without_snr, without[way]);
    assert_int_equal(warned.count, way > 0);
    snprintf(sentence, sizeof sentence,
             "%s: the label snr is NaN or infinite in %zu of 8 rows, which are left out "
             "where rows are sorted by signal-to-noise ratio",
             name, without[way]);
    assert_int_equal(plan->doubts.count, way > 0); /* results.json and report tell it */
    if (way > 0) {
      const hr_doubt *doubt = &plan->doubts.items[0];
      assert_string_equal(warned.last, sentence);
      assert_string_equal(doubt->sentence, sentence);
      assert_int_equal(doubt->code, HR_DOUBT_NO_SNR);
      assert_false(doubt->refuses);
      snprintf(sentence, sizeof sentence, "%s：%zu 行（共 8 行）的标签 snr 为 NaN", name,
               without[way]);
      assert_memory_equal(doubt->chinese, sentence, strlen(sentence));
    }
    hr_plan_destroy(&plan);
  }
}

static void empty_bins_are_warned_of(void **state) {
  (void)state;
  warnings warned = {0};
  char expected[512];
  const hr_observer observer = warnings_observer(&warned);
  hr_plan *plan = make_plan(&observer);
  hr_plan_warn(plan);
  assert_int_equal(warned.count, 0);
  plan->train_counts[1] = 0;
  hr_plan_warn(plan);
  assert_int_equal(warned.count, 1);
  snprintf(expected, sizeof expected,
           "no training spectrum lies in bin 1 (%s), which gets no model; if that is not "
           "meant, compare binning.T_eff and binning.M_H with the labels, which "
           "`headroom inspect` tells",
           plan_config->binning.names[1]);
  assert_string_equal(warned.last, expected);
  plan->train_counts[0] = 0;
  hr_plan_warn(plan);
  assert_int_equal(warned.count, 2);
  assert_string_equal(
      warned.last,
      "no training spectrum lies in any bin, so that only global models can be trained; "
      "compare binning.T_eff and binning.M_H with the labels, which `headroom inspect` "
      "tells");
  hr_plan_destroy(&plan);
}

/* Bins along other labels: said where they lie, and what to compare with the labels. */
static void axes_are_told(void **state) {
  (void)state;
  warnings warned = {0};
  const hr_observer observer = warnings_observer(&warned);
  hr_error err = {0};
  hr_plan *plan = NULL;
  hr_text text;
  small_plan_bin("axes: {log_g: [0, 15.5, 100], T_eff: [0, 10]}, allow_target: true", "");
  check_ok(hr_plan_create(plan_config, &observer, &plan, &err));
  hr_text_init(&text);
  hr_plan_describe(plan, "out/x", &text);
  check_says(&text,
             "Bins lie along log_g (0, 15.5, 100 dex), T_eff (0, 10 K)\nRows a bin");
  hr_text_fini(&text);
  hr_plan_warn(plan);
  assert_int_equal(warned.count, 1);
  assert_string_equal(
      warned.last,
      "the target log_g is an axis of the bins (binning.allow_target): "
      "methods that are routed by the true labels know part of the answer");
  plan->train_counts[1] = 0;
  plan->targets[0].name = "another";
  hr_plan_warn(plan);
  assert_string_equal(
      warned.last,
      "no training spectrum lies in bin 1 (Bin 1), which gets no model; if "
      "that is not meant, compare binning.axes with the labels, which "
      "`headroom inspect` tells");
  hr_plan_destroy(&plan);
}

int main(void) {
#define TEST_CASE(name) \
  cmocka_unit_test_setup_teardown(name, small_plan_set_up, small_plan_tear_down)
  const struct CMUnitTest tests[] = {
      TEST_CASE(a_plan_is_told),           TEST_CASE(a_model_of_all_rows_is_told),
      TEST_CASE(memory_is_told),           TEST_CASE(rows_without_snr_are_warned_of),
      TEST_CASE(empty_bins_are_warned_of), TEST_CASE(axes_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
