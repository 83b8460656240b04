#include "report/table_controls.h"

#include "report/tables.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static hr_table table;
static char path[128];
static bool has_predictions; /* of the forest, in place of the forest */

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  table = (hr_table){0};
  has_predictions = false;
  snprintf(path, sizeof path, "%s/results.json", s.path);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_table_fini(&table);
  scratch_fini(&s);
  return 0;
}

/* Has the forest given by its predictions. */
static void give_predictions(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  json_t *forest = json_array_get(json_object_get(root.json, "experts"), 1);
  json_object_set_new(forest, "only_global", json_true());
  json_object_set_new(forest, "settings", json_pack("{s:s}", "predictions", "vit.csv"));
}

static hr_status build(hr_error *error) {
  hr_status status = HR_OK;
  hr_reader reader = {0};
  hr_table_fini(&table);
  HR_TRY(hr_reader_init(&reader, path, error));
  if (has_predictions) give_predictions(&reader);
  HR_TRY(hr_table_controls_init(&table, &reader, error));
  HR_TRY(hr_reader_status(&reader, error));
cleanup:
  hr_reader_fini(&reader);
  return status;
}

static void make(void) {
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(build(&err));
}

/* The placebo's errors are made to be `sigma`. */
static void set_placebo(double sigma) {
  fixture_add_controls(&f, 3.0);
  fixture_predict(&f, HR_GLOBAL, sigma, 300, f.placebo);
}

static void check_note(size_t n, const char *expected) {
  assert_true(n < table.notes.count);
  assert_string_equal(table.notes.items[n], expected);
}

static void test_nothing_to_show(void **state) {
  (void)state;
  make();
  assert_int_equal(table.row_count, 0);
  json_t *root = json_load_file(path, 0, NULL);
  assert_int_equal(json_object_del(root, "controls"), 0); /* of an earlier version */
  assert_int_equal(json_dump_file(root, path, 0), 0);
  json_decref(root);
  check_ok(build(&err));
  assert_int_equal(table.row_count, 0);
}

static void test_a_ladder_of_methods(void **state) {
  (void)state;
  static const char *const codes[] = {"global_ridge", "placebo", "ridge_oracle",
                                      "leakage"};
  static const char *const titles[] = {"Global Ridge", "Placebo", "Ridge-Oracle",
                                       "Error alone"};
  fixture_add_controls(&f, 3.0);
  make();
  assert_int_equal(table.row_count, 4);
  for (size_t r = 0; r < 4; r++) {
    const hr_cell *cells = table.cells + r * table.column_count;
    assert_string_equal(cells[0].code, codes[r]);
    assert_string_equal(cells[0].text, titles[r]);
    assert_true(cells[1].low < cells[1].value && cells[1].value < cells[1].high);
    bool compared = r == 1 || r == 2;
    assert_int_equal(isnan(cells[2].value) == 0, compared);
    if (!compared) continue;
    assert_string_equal(cells[3].code, codes[r - 1]);
    check_near(cells[2].value, cells[1].value - cells[1 - (int)table.column_count].value,
               1e-12);
  }
}

static void test_what_the_placebo_means(void **state) {
  (void)state;
  set_placebo(1.2);
  make();
  check_note(0,
             "The placebo has random groups of the bins' sizes in place of the bins: "
             "partitioning alone costs R², since every model sees fewer stars; "
             "Ridge-Oracle is above it because of what the bins are, not because there "
             "are several.");
  set_placebo(0.46);
  make();
  check_note(0,
             "The placebo has random groups of the bins' sizes in place of the bins: "
             "partitioning alone gains R², so what the bins gain over one global model "
             "is not all theirs; Ridge-Oracle is not above it beyond the interval: these "
             "bins bring nothing that random groups do not.");
  set_placebo(0.8);
  f.ridge[0].chosen = f.ridge[1].chosen = f.ridge[2].chosen = 2;
  make();
  check_note(0,
             "The placebo has random groups of the bins' sizes in place of the bins: "
             "partitioning alone makes no difference beyond the interval; Ridge-Oracle "
             "is above it because of what the bins are, not because there are several.");
  set_placebo(0.2);
  make();
  assert_non_null(strstr(table.notes.items[0],
                         "; Ridge-Oracle is below it: these bins are worse than random "
                         "groups."));
}

static void test_what_the_error_alone_means(void **state) {
  (void)state;
  hr_method knowing = fixture_forest;
  fixture_add_controls(&f, 3.0);
  make();
  check_note(1,
             "The error alone does not give the label away: the interval of its R² is "
             "not wholly above 0.05.");
  fixture_add_controls(&f, 0.3);
  make();
  check_note(1,
             "Warning: the error alone, without the flux, predicts log_g with an "
             "R² of 0.9306 [0.9131, 0.9432] (a Ridge on summaries of the error). Photon "
             "noise makes the error follow the "
             "flux, so some of this is expected, and more in simulated data, whose "
             "errors are themselves free of noise; but an expert that took the error as "
             "an input would read the answer. No expert here knows it.");
  knowing.uses_error = true;
  f.outcomes[1].type = &knowing;
  make();
  assert_non_null(strstr(table.notes.items[1],
                         "would read the answer. It is known (uses_error: yes) to "
                         "Forest, to weigh by and never as an input."));
}

static void check_end(size_t n, const char *expected) {
  const char *note = table.notes.items[n];
  assert_true(strlen(note) > strlen(expected));
  assert_string_equal(note + strlen(note) - strlen(expected), expected);
}

static void test_what_predictions_know_is_not_known(void **state) {
  (void)state;
  hr_method knowing = fixture_ridge;
  fixture_add_controls(&f, 0.3);
  has_predictions = true;
  make();
  check_end(1,
            " would read the answer. None of the study's own experts knows it. Whether "
            "models from elsewhere that are given by their predictions know it is not "
            "known here.");
  f.input.language = "zh";
  make();
  check_end(1,
            "本研究自己的专家都不使用误差。给出预测的外来模型是否使用误差，无从得知。");
  f.input.language = "en";
  knowing.uses_error = true;
  f.outcomes[0].type = &knowing;
  make();
  check_end(1,
            "It is known (uses_error: yes) to Ridge, to weigh by and never as an input. "
            "Whether models from elsewhere that are given by their predictions know it "
            "is not known here.");
}

static void test_what_could_not_be_done_is_said(void **state) {
  (void)state;
  fixture_add_controls(&f, 0.3);
  for (size_t c = 0; c < 2; c++) {
    f.control_fits[c].status = HR_FIT_SKIPPED;
    snprintf(f.control_fits[c].note, sizeof f.control_fits[c].note, "no rows %zu", c);
  }
  make();
  assert_int_equal(table.row_count, 2);
  check_note(0, "Placebo: no rows 0.");
  check_note(1, "Error alone: no rows 1.");
  f.control_fits[0].status = f.control_fits[1].status = HR_FIT_OK;
  f.control_fits[0].note[0] = f.control_fits[1].note[0] = '\0';
  for (size_t i = 0; i < FIXTURE_ROWS; i++) f.bin[i] = f.route[i] = HR_UNCOVERED;
  fixture_fits(&f);
  make();
  check_note(0, "Placebo: there are no rows to score it on.");
  check_note(1, "Error alone: there are no rows to score it on.");
}

static void test_in_chinese(void **state) {
  (void)state;
  f.input.language = "zh";
  set_placebo(1.2);
  fixture_predict(&f, HR_GLOBAL, 0.3, 300, f.error_alone);
  make();
  check_note(
      0,
      "安慰剂：以与分箱同样大小的随机分组代替分箱；仅仅划分数据就会降低 R²，因为每个"
      "模型见到的恒星更少；Ridge（完美路由）"
      "高于它，原因在于分箱本身，而不在于模型有多个。");
  assert_non_null(
      strstr(table.notes.items[1], "警告：仅凭误差、不看流量就能预测 log_g，R² 为 0.9"));
  assert_non_null(strstr(table.notes.items[1], "本次运行没有专家使用误差。"));
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  fixture_add_controls(&f, 0.3);
  make();
  check_alloc_failures(build(NULL));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_nothing_to_show),
      TEST(test_a_ladder_of_methods),
      TEST(test_what_the_placebo_means),
      TEST(test_what_the_error_alone_means),
      TEST(test_what_predictions_know_is_not_known),
      TEST(test_what_could_not_be_done_is_said),
      TEST(test_in_chinese),
      TEST(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
