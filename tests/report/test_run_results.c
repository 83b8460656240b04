/* The typed numbers of a run, held against the file that they come from. */
#include "headroom/results.h"

#include <jansson.h>

#include "core/seal.h"
#include "headroom/version.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static hr_results *results;
static json_t *root;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  fixture_give_sigma(&f, 1);
  f.input.measured_snr = f.snr;
  static char go_on[] = "go on";
  static char *const words[HR_GATE_CRITERIA] = {go_on, go_on, go_on, go_on};
  f.input.gate_name = "C1";
  f.input.gate_on_pass = f.input.gate_on_fail = words;
  scratch_init(&s);
  check_ok(hr_results_write(&f.input, scratch_name(&s, "results.json"), NULL, &err));
  check_ok(hr_results_open(s.path, NULL, &results, &err));
  root = json_load_file(scratch_name(&s, "results.json"), 0, NULL);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  json_decref(root);
  hr_results_close(&results);
  scratch_fini(&s);
  return 0;
}

static void check_number(double value, const json_t *object, const char *key) {
  const json_t *said = json_object_get(object, key);
  assert_non_null(said);
  if (json_is_null(said)) {
    assert_true(isnan(value));
  } else {
    check_near(value, json_number_value(said), 0);
  }
}

static void check_estimate(hr_estimate value, const json_t *object, const char *key,
                           const char *pair_key) {
  const json_t *pair = json_object_get(object, pair_key);
  check_number(value.value, object, key);
  if (json_is_null(json_array_get(pair, 0))) {
    assert_true(isnan(value.low) && isnan(value.high));
  } else {
    check_near(value.low, json_number_value(json_array_get(pair, 0)), 0);
    check_near(value.high, json_number_value(json_array_get(pair, 1)), 0);
  }
}

static void check_text(const char *text, const json_t *object, const char *key) {
  const json_t *said = json_object_get(object, key);
  if (json_is_null(said)) {
    assert_null(text);
  } else {
    assert_string_equal(text, json_string_value(said));
  }
}

static void the_study_is_told(void **state) {
  (void)state;
  hr_results_info info = {.size = sizeof info};
  hr_results_check check = {.size = sizeof check};
  const json_t *ledger = json_object_get(root, "ledger");
  const json_t *experiment = json_object_get(root, "experiment");
  const json_t *selection = json_object_get(root, "selection");
  check_ok(hr_results_get_info(results, &info, &err));
  assert_int_equal(info.size, sizeof info);
  check_text(info.experiment, experiment, "id");
  check_text(info.fingerprint, experiment, "fingerprint");
  check_text(info.target, experiment, "target");
  check_text(info.language, experiment, "language");
  check_text(info.chosen_by, selection, "by");
  check_text(info.headline, selection, "headline");
  check_text(info.versus, selection, "versus");
  check_number((double)info.train_rows, ledger, "train_rows");
  check_number((double)info.train_covered, ledger, "train_covered");
  check_number((double)info.train_uncovered, ledger, "train_uncovered");
  check_number((double)info.test_rows, ledger, "test_rows");
  check_number((double)info.covered, ledger, "covered");
  check_number((double)info.uncovered, ledger, "uncovered");
  assert_int_equal(info.covered + info.uncovered, FIXTURE_ROWS);
  assert_true(info.gate_passed == json_is_true(json_object_get(root, "gate_passed")));
  assert_int_equal(info.check_count, json_array_size(json_object_get(ledger, "checks")));
  check_ok(hr_results_get_check(results, 0, &check, &err));
  check_text(check.name, json_array_get(json_object_get(ledger, "checks"), 0), "name");
  check_text(check.detail, json_array_get(json_object_get(ledger, "checks"), 0),
             "detail");
}

static void methods_are_told(void **state) {
  (void)state;
  hr_results_info info = {.size = sizeof info};
  hr_results_method m = {.size = sizeof m};
  const json_t *list = json_object_get(root, "overall");
  size_t compared = 0;
  check_ok(hr_results_get_info(results, &info, &err));
  assert_int_equal(info.method_count, json_array_size(list));
  for (size_t i = 0; i < info.method_count; i++) {
    const json_t *entry = json_array_get(list, i);
    check_ok(hr_results_get_method(results, i, &m, &err));
    check_text(m.name, entry, "method");
    check_text(m.rows, entry, "rows");
    check_number((double)m.row_count, entry, "n");
    check_estimate(m.r2, entry, "r2_pooled", "r2_pooled_ci");
    check_number(m.r2_weighted, entry, "r2_weighted");
    check_number(m.mae, entry, "mae");
    check_number(m.rmse, entry, "rmse");
    check_number(m.bias, entry, "bias");
    check_text(m.versus, entry, "versus");
    check_estimate(m.delta_r2, entry, "delta_r2", "delta_r2_ci");
    if (m.versus) compared++;
    if (strcmp(m.name, "ridge_oracle") == 0) assert_string_equal(m.title, "Ridge-Oracle");
  }
  assert_true(compared > 0);
}

static void check_cell(size_t bin, size_t expert, const char *chosen, size_t *settings) {
  hr_results_cell cell = {.size = sizeof cell};
  hr_results_expert e = {.size = sizeof e};
  const json_t *entry = json_array_get(json_object_get(root, "bins"), bin);
  check_ok(hr_results_get_expert(results, expert, &e, &err));
  check_text(e.title, json_array_get(json_object_get(root, "experts"), expert), "title");
  check_text(e.setting, json_array_get(json_object_get(root, "experts"), expert),
             "variant");
  check_ok(hr_results_get_cell(results, bin, expert, &cell, &err));
  const json_t *said = json_object_get(json_object_get(entry, "experts"), e.name);
  check_text(cell.status, said, "status");
  check_text(cell.note, said, "note");
  check_number((double)cell.rows, entry, "n_test");
  check_estimate(cell.r2, said, "r2", "r2_ci");
  check_number(cell.r2_cv, said, "r2_cv");
  check_number(cell.mae, said, "mae");
  check_number(cell.rmse, said, "rmse");
  check_number(cell.bias, said, "bias");
  check_estimate(cell.delta_r2, said, "delta_r2", "delta_r2_ci");
  assert_true(cell.is_chosen == (chosen && strcmp(chosen, e.name) == 0));
  if (e.setting && json_object_get(said, e.setting)) {
    check_number(cell.setting, said, e.setting);
    (*settings)++;
  } else {
    assert_true(isnan(cell.setting));
  }
}

static void bins_are_told(void **state) {
  (void)state;
  hr_results_info info = {.size = sizeof info};
  hr_results_bin bin = {.size = sizeof bin};
  const json_t *list = json_object_get(root, "bins");
  size_t settings = 0;
  check_ok(hr_results_get_info(results, &info, &err));
  assert_int_equal(info.bin_count, FIXTURE_BINS);
  for (size_t k = 0; k < info.bin_count; k++) {
    const json_t *entry = json_array_get(list, k);
    check_ok(hr_results_get_bin(results, k, &bin, &err));
    assert_int_equal(bin.index, k);
    check_text(bin.name, entry, "name");
    check_number((double)bin.train_rows, entry, "n_train");
    check_number((double)bin.test_rows, entry, "n_test");
    assert_true(bin.is_at_risk == json_is_true(json_object_get(entry, "at_risk")));
    assert_true(bin.is_focus == json_is_true(json_object_get(entry, "focus")));
    check_text(bin.expert, json_object_get(entry, "best"), info.chosen_by);
    for (size_t e = 0; e < info.expert_count; e++) {
      check_cell(k, e, bin.expert, &settings);
    }
  }
  assert_true(settings > 0);
}

static void check_text_if_any(const char *text, const json_t *entry, const char *key) {
  assert_int_equal(text != NULL, json_object_get(entry, key) != NULL);
  if (text) check_text(text, entry, key);
}

static void the_gate_is_told(void **state) {
  (void)state;
  size_t with_words = 0;
  hr_results_info info = {.size = sizeof info};
  hr_results_criterion c = {.size = sizeof c};
  const json_t *list = json_object_get(root, "gate");
  check_ok(hr_results_get_info(results, &info, &err));
  assert_int_equal(info.criterion_count, json_array_size(list));
  assert_true(info.criterion_count > 0);
  check_text_if_any(info.gate_name, root, "gate_name");
  assert_string_equal(info.gate_name, "C1");
  for (size_t i = 0; i < info.criterion_count; i++) {
    const json_t *entry = json_array_get(list, i);
    check_ok(hr_results_get_criterion(results, i, &c, &err));
    check_text(c.name, entry, "criterion");
    check_estimate(c.value, entry, "value", "ci");
    check_number(c.threshold, entry, "threshold");
    check_text(c.verdict, entry, "verdict");
    check_text(c.next, entry, "next");
    check_text_if_any(c.then, entry, "then");
    check_text_if_any(c.why, entry, "why");
    check_text_if_any(c.caution, entry, "caution");
    with_words += c.then != NULL;
  }
  assert_true(with_words > 0);
}

static void rows_are_told(void **state) {
  (void)state;
  hr_results_rows rows = {.size = sizeof rows};
  hr_results_method m = {.size = sizeof m};
  const double *values = NULL;
  check_ok(hr_results_get_rows(results, &rows, &err));
  assert_int_equal(rows.count, FIXTURE_ROWS);
  for (size_t i = 0; i < rows.count; i++) {
    check_near(rows.target[i], f.target[i], 0);
    assert_int_equal(rows.bin[i], f.bin[i]);
  }
  check_ok(hr_results_get_method(results, 0, &m, &err));
  check_ok(hr_results_prediction(results, m.name, &values, &err));
  size_t count = 0;
  double squares = 0;
  for (size_t i = 0; i < rows.count; i++) {
    bool counts = strcmp(m.rows, "all") == 0 || rows.bin[i] >= 0;
    if (!counts || isnan(values[i])) continue;
    squares += (rows.target[i] - values[i]) * (rows.target[i] - values[i]);
    count++;
  }
  assert_int_equal(count, m.row_count);
  check_near(sqrt(squares / (double)count), m.rmse, 1e-9);
  assert_true(rows.method_count > 0);
  check_ok(
      hr_results_prediction(results, rows.methods[rows.method_count - 1], &values, &err));
}

static void expect_size(hr_status status, const char *name, size_t today) {
  char expected[256];
  snprintf(expected, sizeof expected,
           "%s.size is 0, not %zu as in version %s; set it to sizeof(%s), and build with "
           "the headers of the library that runs",
           name, today, HR_VERSION, name);
  check_fails(status, HR_ERR_USAGE, expected);
}

#define CHECK_SIZE(type, call)                \
  do {                                        \
    type out = {.size = 0};                   \
    expect_size((call), #type, sizeof(type)); \
  } while (0)

static void calibration_is_told(void **state) {
  (void)state;
  const json_t *calibration = json_object_get(root, "calibration");
  const json_t *list = json_object_get(calibration, "methods");
  hr_results_info info = {.size = sizeof info};
  hr_results_calibration out = {.size = sizeof out};
  check_ok(hr_results_get_info(results, &info, &err));
  assert_int_equal(info.calibration_count, 6);
  for (size_t m = 0; m < 6; m++) {
    const json_t *said = json_array_get(list, m);
    check_ok(hr_results_get_calibration(results, m, &out, &err));
    check_text(out.method, said, "method");
    check_text(out.rows, said, "rows");
    check_text(out.verdict, said, "verdict");
    check_number((double)out.row_count, said, "n");
    check_estimate(out.within_1_sigma, said, "within_1_sigma", "within_1_sigma_ci");
    check_estimate(out.within_2_sigma, said, "within_2_sigma", "within_2_sigma_ci");
    check_estimate(out.chi2, said, "chi2", "chi2_ci");
    check_estimate(out.within_half68, said, "within_half68", "within_half68_ci");
    check_estimate(out.within_half95, said, "within_half95", "within_half95_ci");
  }
}

static void check_step(const hr_results_step *step, const json_t *said) {
  check_text(step->name, said, "step");
  check_text(step->from, said, "from");
  check_text(step->to, said, "to");
  check_estimate(step->delta_r2, said, "delta_r2", "delta_r2_ci");
}

static void the_ladder_is_told(void **state) {
  (void)state;
  const json_t *ladder = json_object_get(root, "ladder");
  const json_t *rungs = json_object_get(ladder, "rungs");
  const json_t *steps = json_object_get(ladder, "steps");
  hr_results_info info = {.size = sizeof info};
  hr_results_rung rung = {.size = sizeof rung};
  hr_results_step step = {.size = sizeof step};
  check_ok(hr_results_get_info(results, &info, &err));
  assert_int_equal(info.rung_count, 3);
  assert_int_equal(info.step_count, 2);
  for (size_t i = 0; i < info.rung_count; i++) {
    const json_t *said = json_array_get(rungs, i);
    check_ok(hr_results_get_rung(results, i, &rung, &err));
    check_text(rung.name, said, "rung");
    check_text(rung.method, said, "method");
    check_estimate(rung.r2, said, "r2", "r2_ci");
  }
  for (size_t i = 0; i < info.step_count; i++) {
    check_ok(hr_results_get_step(results, i, &step, &err));
    check_step(&step, json_array_get(steps, i));
    for (size_t k = 0; k < info.bin_count; k++) {
      const json_t *bin = json_array_get(json_object_get(ladder, "bins"), k);
      check_ok(hr_results_get_bin_step(results, k, i, &step, &err));
      check_step(&step, json_array_get(json_object_get(bin, "steps"), i));
    }
  }
}

/* Replaces what results.json says, sealed again. */
static void save_again(void) {
  char seal[HR_SEAL_SIZE];
  check_ok(hr_seal_compute(root, seal, &err));
  json_object_set_new(root, "seal", json_string(seal));
  assert_int_equal(
      json_dump_file(root, scratch_name(&s, "results.json"), JSON_REAL_PRECISION(17)), 0);
}

static void a_ladder_of_another_kind(void **state) {
  (void)state;
  char expected[sizeof s.name + 160];
  hr_results *other = NULL;
  hr_results_info info = {.size = sizeof info};
  hr_results_options options = hr_results_options_default();
  options.skip_predictions = true;
  json_t *bins = json_object_get(json_object_get(root, "ladder"), "bins");
  json_array_clear(json_object_get(json_array_get(bins, 1), "steps"));
  save_again();
  snprintf(expected, sizeof expected,
           "%s: ladder.bins is missing or not a list with the steps of the ladder; run "
           "the study again with this version",
           scratch_name(&s, "results.json"));
  check_fails(hr_results_open(s.path, &options, &other, &err), HR_ERR_FORMAT, expected);
  json_object_del(root, "ladder"); /* as earlier versions wrote it */
  save_again();
  check_ok(hr_results_open(s.path, &options, &other, &err));
  check_ok(hr_results_get_info(other, &info, &err));
  assert_int_equal(info.rung_count + info.step_count, 0);
  hr_results_close(&other);
}

static void columns_are_found_by_name(void **state) {
  (void)state;
  const double *values = NULL;
  char expected[sizeof s.name + 160];
  check_ok(hr_results_sigma(results, "global_ridge", &values, &err));
  for (size_t i = 0; i < FIXTURE_ROWS; i++) check_near(values[i], 0.8, 0);
  check_ok(hr_results_column(results, "half95_oracle_hybrid_cv", &values, &err));
  check_near(values[fixture_row(&f, 1, 0)], 0.4, 0);
  check_ok(hr_results_column(results, "measured_snr", &values, &err));
  check_near(values[3], f.snr[3], 0);
  snprintf(expected, sizeof expected,
           "%s has no sigma of a method 'ridge'; hr_results_get_calibration lists those "
           "that have one",
           scratch_name(&s, "predictions.csv"));
  check_fails(hr_results_sigma(results, "ridge", &values, &err), HR_ERR_USAGE, expected);
  snprintf(expected, sizeof expected,
           "%s has no column 'KIC' behind those of the methods; its first line names "
           "them all",
           scratch_name(&s, "predictions.csv"));
  check_fails(hr_results_column(results, "KIC", &values, &err), HR_ERR_USAGE, expected);
}

static void structs_of_another_size(void **state) {
  (void)state;
  CHECK_SIZE(hr_results_info, hr_results_get_info(results, &out, &err));
  CHECK_SIZE(hr_results_method, hr_results_get_method(results, 0, &out, &err));
  CHECK_SIZE(hr_results_bin, hr_results_get_bin(results, 0, &out, &err));
  CHECK_SIZE(hr_results_expert, hr_results_get_expert(results, 0, &out, &err));
  CHECK_SIZE(hr_results_cell, hr_results_get_cell(results, 0, 0, &out, &err));
  CHECK_SIZE(hr_results_criterion, hr_results_get_criterion(results, 0, &out, &err));
  CHECK_SIZE(hr_results_calibration, hr_results_get_calibration(results, 0, &out, &err));
  CHECK_SIZE(hr_results_rung, hr_results_get_rung(results, 0, &out, &err));
  CHECK_SIZE(hr_results_step, hr_results_get_step(results, 0, &out, &err));
  CHECK_SIZE(hr_results_check, hr_results_get_check(results, 0, &out, &err));
  CHECK_SIZE(hr_results_rows, hr_results_get_rows(results, &out, &err));
  char expected[256];
  hr_results *other = NULL;
  const hr_results_options options = {.size = 99};
  snprintf(expected, sizeof expected,
           "hr_results_options.size is 99, not %zu as in version %s; set it with "
           "hr_results_options_default(), and build with the headers of the library that "
           "runs",
           sizeof options, HR_VERSION);
  check_fails(hr_results_open(s.path, &options, &other, &err), HR_ERR_USAGE, expected);
  assert_null(other);
}

static void expect_none(hr_status status, size_t count, const char *what) {
  char expected[sizeof s.name + 128];
  snprintf(expected, sizeof expected,
           "%s has %zu %s, so none with the number 1000 (counted from 0)",
           scratch_name(&s, "results.json"), count, what);
  check_fails(status, HR_ERR_USAGE, expected);
}

static void numbers_that_there_are_not(void **state) {
  (void)state;
  hr_results_info info = {.size = sizeof info};
  hr_results_method method = {.size = sizeof method};
  hr_results_bin bin = {.size = sizeof bin};
  hr_results_expert expert = {.size = sizeof expert};
  hr_results_cell cell = {.size = sizeof cell};
  hr_results_criterion criterion = {.size = sizeof criterion};
  hr_results_check check = {.size = sizeof check};
  hr_results_rung rung = {.size = sizeof rung};
  hr_results_step step = {.size = sizeof step};
  hr_results_calibration calibration = {.size = sizeof calibration};
  check_ok(hr_results_get_info(results, &info, &err));
  expect_none(hr_results_get_calibration(results, 1000, &calibration, &err),
              info.calibration_count, "calibrations");
  expect_none(hr_results_get_method(results, 1000, &method, &err), info.method_count,
              "methods");
  expect_none(hr_results_get_bin(results, 1000, &bin, &err), info.bin_count, "bins");
  expect_none(hr_results_get_expert(results, 1000, &expert, &err), info.expert_count,
              "experts");
  expect_none(hr_results_get_cell(results, 1000, 0, &cell, &err), info.bin_count, "bins");
  expect_none(hr_results_get_cell(results, 0, 1000, &cell, &err), info.expert_count,
              "experts");
  expect_none(hr_results_get_criterion(results, 1000, &criterion, &err),
              info.criterion_count, "criteria");
  expect_none(hr_results_get_rung(results, 1000, &rung, &err), info.rung_count, "rungs");
  expect_none(hr_results_get_step(results, 1000, &step, &err), info.step_count, "steps");
  expect_none(hr_results_get_bin_step(results, 1000, 0, &step, &err), info.bin_count,
              "bins");
  expect_none(hr_results_get_bin_step(results, 0, 1000, &step, &err), info.step_count,
              "steps");
  expect_none(hr_results_get_check(results, 1000, &check, &err), info.check_count,
              "checks");
}

static void predictions_may_be_left_out(void **state) {
  (void)state;
  hr_results *brief = NULL;
  hr_results_info info = {.size = sizeof info};
  hr_results_rows rows = {.size = sizeof rows};
  const double *values = NULL;
  char expected[sizeof s.name + 128];
  hr_results_options options = hr_results_options_default();
  snprintf(expected, sizeof expected, "%s", scratch_name(&s, "predictions.csv"));
  assert_int_equal(unlink(expected), 0);
  snprintf(expected, sizeof expected, "cannot open %s: No such file or directory",
           scratch_name(&s, "predictions.csv"));
  check_fails(hr_results_open(s.path, NULL, &brief, &err), HR_ERR_MISSING, expected);
  options.skip_predictions = true;
  check_ok(hr_results_open(s.path, &options, &brief, &err));
  check_ok(hr_results_get_info(brief, &info, &err));
  assert_int_equal(info.bin_count, FIXTURE_BINS);
  snprintf(expected, sizeof expected,
           "%s was opened without its predictions; open it without skip_predictions",
           scratch_name(&s, "results.json"));
  check_fails(hr_results_get_rows(brief, &rows, &err), HR_ERR_USAGE, expected);
  check_fails(hr_results_prediction(brief, "ridge_oracle", &values, &err), HR_ERR_USAGE,
              expected);
  check_fails(hr_results_sigma(brief, "ridge_oracle", &values, &err), HR_ERR_USAGE,
              expected);
  check_fails(hr_results_column(brief, "measured_snr", &values, &err), HR_ERR_USAGE,
              expected);
  hr_results_close(&brief);
}

static void methods_are_found_by_name(void **state) {
  (void)state;
  const double *values = NULL;
  char expected[sizeof s.name + 128];
  check_ok(hr_results_prediction(results, "ridge_oracle", &values, &err));
  snprintf(expected, sizeof expected,
           "%s has no method 'ridge_orakle'; did you mean 'ridge_oracle'?",
           scratch_name(&s, "predictions.csv"));
  check_fails(hr_results_prediction(results, "ridge_orakle", &values, &err), HR_ERR_USAGE,
              expected);
  snprintf(expected, sizeof expected,
           "%s has no method 'zzzzzzzzzzzzzzzzzzzzz'; hr_results_get_rows lists those it "
           "has",
           scratch_name(&s, "predictions.csv"));
  check_fails(hr_results_prediction(results, "zzzzzzzzzzzzzzzzzzzzz", &values, &err),
              HR_ERR_USAGE, expected);
}

static void what_was_changed_is_not_told(void **state) {
  (void)state;
  hr_results *other = NULL;
  hr_results_options options = hr_results_options_default();
  char expected[sizeof s.name + 128];
  options.skip_predictions = true;
  json_object_set_new(root, "gate_passed", json_string("yes"));
  assert_int_equal(json_dump_file(root, scratch_name(&s, "results.json"), 0), 0);
  snprintf(expected, sizeof expected,
           "%s was changed after the study wrote it (its seal is broken); run the study "
           "again",
           scratch_name(&s, "results.json"));
  check_fails(hr_results_open(s.path, &options, &other, &err), HR_ERR_LEDGER, expected);
  assert_null(other);
}

static hr_status open_and_close(void) {
  hr_results *other = NULL;
  hr_status status = hr_results_open(s.path, NULL, &other, &err);
  hr_results_close(&other);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(open_and_close());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(the_study_is_told),
      TEST(methods_are_told),
      TEST(bins_are_told),
      TEST(the_gate_is_told),
      TEST(rows_are_told),
      TEST(calibration_is_told),
      TEST(the_ladder_is_told),
      TEST(a_ladder_of_another_kind),
      TEST(columns_are_found_by_name),
      TEST(structs_of_another_size),
      TEST(numbers_that_there_are_not),
      TEST(predictions_may_be_left_out),
      TEST(methods_are_found_by_name),
      TEST(what_was_changed_is_not_told),
      TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
