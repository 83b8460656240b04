/* The tables that every report has, from results.json as it is written. */
#include "report/tables.h"

#include <string.h>

#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static hr_tables tables;
static char path[128];

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  tables = (hr_tables){0};
  snprintf(path, sizeof path, "%s/results.json", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_tables_fini(&tables);
  scratch_fini(&s);
  return 0;
}

static hr_status build(bool *chinese) {
  hr_status status = HR_OK;
  hr_reader reader = {0};
  HR_TRY(hr_reader_init(&reader, path, &err));
  *chinese = hr_tables_in_chinese(&reader);
  HR_TRY(hr_tables_init(&tables, &reader, &err));
cleanup:
  hr_reader_fini(&reader);
  return status;
}

static void make(void) {
  bool chinese = false;
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(build(&chinese));
  assert_int_equal(chinese, strcmp(f.input.language, "zh") == 0);
}

/* The same with the forest given by its predictions. */
static void make_of_predictions(bool chinese) {
  hr_reader reader = {0};
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  json_t *root = json_load_file(path, 0, NULL);
  json_t *forest = json_array_get(json_object_get(root, "experts"), 1);
  json_object_set_new(forest, "elsewhere", json_true());
  json_object_set_new(forest, "settings", json_pack("{s:s}", "predictions", "vit.csv"));
  check_ok(hr_reader_take(&reader, "results.json", root, &err));
  hr_tables_speak(&reader, chinese);
  check_ok(hr_tables_init(&tables, &reader, &err));
  hr_reader_fini(&reader);
}

static const hr_cell *cell(int table, size_t row, const char *key) {
  const hr_table *it = &tables.items[table];
  for (size_t c = 0; c < it->column_count; c++) {
    if (strcmp(it->columns[c].key, key) != 0) continue;
    return &it->cells[row * it->column_count + c];
  }
  fail_msg("no column %s", key);
  return NULL;
}

static bool has_note(int table, const char *expected) {
  const hr_strings *notes = &tables.items[table].notes;
  for (size_t n = 0; n < notes->count; n++) {
    if (strcmp(notes->items[n], expected) == 0) return true;
  }
  return false;
}

static void samples_add_up(void **state) {
  (void)state;
  make();
  double sum = 0;
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    check_near(cell(HR_TABLE_SAMPLES, k, "n_train")->value, (double)f.train_counts[k], 0);
    sum += cell(HR_TABLE_SAMPLES, k, "n_test")->value;
  }
  check_near(sum, 206, 0);
  assert_string_equal(cell(HR_TABLE_SAMPLES, 2, "name")->text, "Hot, \"Rich\"");
}

static void methods_go_by_their_titles(void **state) {
  (void)state;
  make();
  const hr_cell *method = cell(HR_TABLE_OVERALL, 0, "method");
  assert_string_equal(method->text, "Global Ridge");
  assert_string_equal(method->code, "global_ridge");
  assert_string_equal(cell(HR_TABLE_OVERALL, 0, "versus")->text, "Ridge-Oracle");
}

static const char *header_of(int table, const char *key) {
  const hr_table *it = &tables.items[table];
  for (size_t c = 0; c < it->column_count; c++) {
    if (strcmp(it->columns[c].key, key) == 0) return it->columns[c].header;
  }
  return "";
}

static void errors_have_units(void **state) {
  (void)state;
  make();
  assert_string_equal(header_of(HR_TABLE_OVERALL, "mae"), "MAE");
  hr_tables_fini(&tables);
  f.input.target_unit = "dex";
  make();
  assert_string_equal(header_of(HR_TABLE_OVERALL, "rmse"), "RMSE (dex)");
  hr_tables_fini(&tables);
  f.input.target_unit = "K";
  make();
  assert_string_equal(header_of(HR_TABLE_OVERALL, "bias"), "Bias (K)");
  const hr_table *overall = &tables.items[HR_TABLE_OVERALL];
  assert_int_equal(overall->columns[overall->column_count - 2].kind,
                   HR_CELL_TENTH_DIFFERENCE);
}

static void what_is_missing_is_said(void **state) {
  (void)state;
  f.outcomes[1].fit_count = 2; /* the forest is not asked for in bin 2 */
  fixture_end(&f, &f.forest[2], HR_FIT_SKIPPED);
  fixture_end(&f, &f.ridge[0], HR_FIT_SKIPPED);
  snprintf(f.ridge[0].note, sizeof f.ridge[0].note, "2 training rows");
  make();
  assert_true(has_note(HR_TABLE_BINS, "1D-CNN: this expert is not part of this build."));
  assert_true(has_note(HR_TABLE_BINS, "Bin 0, Ridge: 2 training rows"));
  assert_false(has_note(HR_TABLE_BINS,
                        "Bin 2, Forest: this expert was not asked for in this bin"));
}

static void what_is_missing_is_said_in_chinese(void **state) {
  (void)state;
  f.input.language = "zh";
  make();
  assert_true(has_note(HR_TABLE_BINS, "1D-CNN：本版本未包含该专家。"));
}

static void what_predictions_know_is_not_known(void **state) {
  (void)state;
  make_of_predictions(false);
  assert_string_equal(cell(HR_TABLE_EXPERTS, 1, "uses_error")->text, "not known");
  assert_string_equal(cell(HR_TABLE_EXPERTS, 1, "uses_error")->code, "");
  assert_string_equal(cell(HR_TABLE_EXPERTS, 0, "uses_error")->text, "no");
  assert_string_equal(cell(HR_TABLE_EXPERTS, 0, "uses_error")->code, "False");
  hr_tables_fini(&tables);
  make_of_predictions(true);
  assert_string_equal(cell(HR_TABLE_EXPERTS, 1, "uses_error")->text, "未知");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(samples_add_up),          TEST(methods_go_by_their_titles),
      TEST(errors_have_units),       TEST(what_predictions_know_is_not_known),
      TEST(what_is_missing_is_said), TEST(what_is_missing_is_said_in_chinese),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
