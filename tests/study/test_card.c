/* Cards: what is written of a task comes back, and nothing else is taken for it. */
#include "study/card.h"

#include "core/alloc.h"
#include "core/json_file.h"
#include "models/linear.h"
#include "support/scratch.h"
#include "support/warnings.h"

enum { BINS = 2, PIXELS = 3, ROWS = 4, VARIANTS = 2 };

static const hr_method method = {
    .name = "stub", .variant = "alpha", .has_global = true, .kind = &hr_linear_type};
static const float predictions[VARIANTS * ROWS] = {1, 2, 3, 4, 5, 6, 7, 8.5F};
static const double variance[ROWS] = {0.1, 0.2, 0.3, 1.0 / 3};

static scratch s;
static warnings warned;
static hr_observer observer;
static hr_study_view view;
static hr_task_home home;

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  warned = (warnings){0};
  observer = warnings_observer(&warned);
  view = (hr_study_view){.bin_count = BINS, .train = {.rows = 12}, .observer = &observer};
  home = (hr_task_home){s.path, 0, "0123456789abcdef", &method, &view};
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static hr_fit make_fit(int slot) {
  hr_error err = {0};
  hr_fit fit;
  check_ok(hr_fit_init(&fit, slot, VARIANTS, true, 0, &err));
  fit.status = HR_FIT_OK;
  fit.train_rows = 12;
  fit.test_rows = ROWS;
  fit.chosen = 1;
  fit.variant_value[0] = 0.1;
  fit.variant_value[1] = 10;
  fit.cv_r2[1] = 0.5;
  return fit;
}

/* Writes the task of a slot at a stage, with a linear model. */
static void write_task(int slot, hr_task_stage stage, bool has_variance) {
  hr_error err = {0};
  hr_model *model = NULL;
  const hr_linear_shape shape = {slot, 0, PIXELS, VARIANTS, 1};
  const double intercept[VARIANTS] = {1, 2}, weights[VARIANTS * PIXELS] = {3, 4, 5};
  hr_fit fit = make_fit(slot);
  check_ok(hr_linear_create(&shape, intercept, weights, &model, &err));
  const hr_card_content content = {.fit = &fit,
                                   .model = model,
                                   .predictions = predictions,
                                   .variance = has_variance ? variance : NULL};
  check_ok(hr_card_write(&home, stage, &content, &err));
  hr_model_destroy(&model);
  hr_fit_fini(&fit);
}

/* Reads slot number `slot`; the caller's to free where it is found. */
static bool read_task(hr_task_stage stage, size_t slot, hr_card *card) {
  hr_error err = {0};
  bool found = true;
  check_ok(hr_card_read(&home, stage, slot, card, &found, &err));
  return found;
}

static bool is_there(const char *name) {
  return access(scratch_name(&s, name), F_OK) == 0;
}

static void what_is_written_comes_back(void **state) {
  (void)state;
  hr_card card;
  write_task(1, HR_STAGE_DONE, true);
  assert_true(read_task(HR_STAGE_DONE, 1, &card));
  assert_int_equal(card.fit.slot, 1);
  assert_int_equal(card.fit.train_rows, 12);
  assert_int_equal(card.fit.chosen, 1);
  check_near(card.fit.variant_value[1], 10, 0);
  check_near(card.fit.cv_r2[1], 0.5, 0);
  assert_memory_equal(card.predictions, predictions, sizeof predictions);
  assert_memory_equal(card.variance, variance, sizeof variance);
  hr_card_fini(&card);
  write_task(HR_GLOBAL, HR_STAGE_DONE, false);
  assert_true(is_there("tasks/global-stub/card.json"));
  assert_true(read_task(HR_STAGE_DONE, BINS, &card));
  assert_int_equal(card.fit.slot, HR_GLOBAL);
  assert_non_null(card.predictions);
  assert_null(card.variance);
  hr_card_fini(&card);
  assert_int_equal(warned.count, 0);
}

/* At both stages: a model that was kept has told what validation predicted. */
static void validation_rows_are_beside_the_record(void **state) {
  (void)state;
  hr_error err = {0};
  hr_card card;
  for (int stage = HR_STAGE_TRAINED; stage <= HR_STAGE_DONE; stage++) {
    hr_fit fit = make_fit(1);
    check_ok(hr_validation_rows_init(&fit.validation, 2, &err));
    hr_validation_rows_add(&fit.validation, 9, 0.25);
    hr_validation_rows_add(&fit.validation, 2, 1.0 / 3);
    const hr_card_content content = {.fit = &fit, .predictions = predictions};
    check_ok(hr_card_write(&home, (hr_task_stage)stage, &content, &err));
    hr_fit_fini(&fit);
    assert_true(is_there("tasks/1-stub/validation.npy"));
    assert_true(read_task((hr_task_stage)stage, 1, &card));
    assert_int_equal(card.fit.validation.count, 2);
    assert_int_equal(card.fit.validation.row[0], 9);
    check_near((double)card.fit.validation.prediction[1], (double)(1.0F / 3), 0);
    hr_card_fini(&card);
  }
  view.train.rows = 9; /* there is no such row */
  assert_false(read_task(HR_STAGE_DONE, 1, &card));
  assert_int_equal(warned.count, 1);
}

/* A record of training has the model alone, and vouches for no predictions. */
static void stages_have_records_of_their_own(void **state) {
  (void)state;
  hr_card card;
  write_task(0, HR_STAGE_TRAINED, false);
  assert_false(read_task(HR_STAGE_DONE, 0, &card));
  assert_true(read_task(HR_STAGE_TRAINED, 0, &card));
  assert_null(card.predictions);
  assert_false(is_there("tasks/0-stub/predictions.f32"));
  assert_true(is_there("tasks/0-stub/model.npy"));
  hr_card_fini(&card);
  assert_int_equal(warned.count, 0);
}

static void a_slot_without_a_model_is_a_record_alone(void **state) {
  (void)state;
  hr_error err = {0};
  hr_card card;
  hr_fit fit = make_fit(0);
  fit.status = HR_FIT_SKIPPED;
  fit.reason = HR_REASON_TOO_FEW_ROWS;
  const hr_card_content content = {.fit = &fit};
  check_ok(hr_card_write(&home, HR_STAGE_DONE, &content, &err));
  assert_true(read_task(HR_STAGE_DONE, 0, &card));
  assert_int_equal(card.fit.status, HR_FIT_SKIPPED);
  assert_int_equal(card.fit.reason, HR_REASON_TOO_FEW_ROWS);
  assert_null(card.predictions);
  assert_false(is_there("tasks/0-stub/predictions.f32"));
  hr_card_fini(&card);
  hr_fit_fini(&fit);
}

/* What is there is not taken: its record goes, with a warning to the letter. */
static void check_dropped(const char *folder) {
  hr_card card;
  char expected[sizeof warned.last], record[128];
  size_t before = warned.count;
  assert_false(read_task(HR_STAGE_DONE, 1, &card));
  snprintf(expected, sizeof expected,
           "%s/%s is damaged: its card.json is not what was written, or does not fit the "
           "files beside it; it is made again",
           s.path, folder);
  assert_int_equal(warned.count, before + 1);
  assert_string_equal(warned.last, expected);
  snprintf(record, sizeof record, "%s/card.json", folder);
  assert_false(is_there(record));
  assert_false(read_task(HR_STAGE_DONE, 1, &card));
  assert_int_equal(warned.count, before + 1); /* nothing is there any more */
}

static void other_records_are_not_taken(void **state) {
  (void)state;
  write_task(1, HR_STAGE_DONE, true);
  home.study = "fedcba9876543210";
  check_dropped("tasks/1-stub");
  write_task(0, HR_STAGE_DONE, true); /* a record of another bin */
  char from[sizeof s.name];
  snprintf(from, sizeof from, "%s/tasks/0-stub/card.json", s.path);
  assert_int_equal(rename(from, scratch_name(&s, "tasks/1-stub/card.json")), 0);
  check_dropped("tasks/1-stub");
}

/* The first target's records do not name it, those of others do, and none is taken for
 * another's: their folders are alike. */
static void records_are_of_one_target(void **state) {
  (void)state;
  hr_card card;
  write_task(1, HR_STAGE_DONE, true);
  json_t *record = hr_json_file_read(scratch_name(&s, "tasks/1-stub"), "card.json");
  assert_non_null(record);
  assert_null(json_object_get(record, "target"));
  json_decref(record);
  home.target = 2;
  check_dropped("tasks/1-stub");
  write_task(1, HR_STAGE_DONE, true);
  assert_true(read_task(HR_STAGE_DONE, 1, &card));
  assert_int_equal(card.fit.target, 2);
  hr_card_fini(&card);
  home.target = 0;
  check_dropped("tasks/1-stub");
}

static void damaged_files_are_found(void **state) {
  (void)state;
  static const char *const files[] = {"tasks/1-stub/predictions.f32",
                                      "tasks/1-stub/variance.f64",
                                      "tasks/1-stub/model.npy"};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    write_task(1, HR_STAGE_DONE, true);
    assert_int_equal(truncate(scratch_name(&s, files[i]), 3), 0); /* shorter */
    check_dropped("tasks/1-stub");
    write_task(1, HR_STAGE_DONE, true);
    assert_int_equal(unlink(scratch_name(&s, files[i])), 0); /* missing */
    check_dropped("tasks/1-stub");
    write_task(1, HR_STAGE_DONE, true);
    FILE *file = fopen(scratch_name(&s, files[i]), "r+b"); /* one byte is another */
    assert_non_null(file);
    int first = fgetc(file);
    rewind(file);
    assert_int_not_equal(fputc(first ^ 1, file), EOF);
    assert_int_equal(fclose(file), 0);
    check_dropped("tasks/1-stub");
  }
}

/* The seal covers what the record says. */
static void changed_records_are_found(void **state) {
  (void)state;
  char text[4096];
  write_task(1, HR_STAGE_DONE, true);
  FILE *file = fopen(scratch_name(&s, "tasks/1-stub/card.json"), "rb");
  assert_non_null(file);
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\0';
  char *rows = strstr(text, "\"train_rows\": 12");
  assert_non_null(rows);
  rows[strlen("\"train_rows\": 1")] = '3';
  scratch_write(&s, "tasks/1-stub/card.json", text);
  check_dropped("tasks/1-stub");
  write_task(1, HR_STAGE_DONE, true);
  scratch_write(&s, "tasks/1-stub/card.json", "{}");
  check_dropped("tasks/1-stub");
}

static void records_are_dropped_and_files_stay(void **state) {
  (void)state;
  hr_error err = {0};
  hr_card card;
  write_task(1, HR_STAGE_DONE, true);
  check_ok(hr_card_drop(&home, HR_STAGE_DONE, 1, &err));
  assert_false(is_there("tasks/1-stub/card.json"));
  assert_true(is_there("tasks/1-stub/predictions.f32"));
  assert_false(read_task(HR_STAGE_DONE, 1, &card));
  check_ok(hr_card_drop(&home, HR_STAGE_DONE, 1, &err)); /* there is none */
  assert_int_equal(warned.count, 0);
}

int main(void) {
#define TEST_CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST_CASE(what_is_written_comes_back),
      TEST_CASE(validation_rows_are_beside_the_record),
      TEST_CASE(stages_have_records_of_their_own),
      TEST_CASE(a_slot_without_a_model_is_a_record_alone),
      TEST_CASE(other_records_are_not_taken),
      TEST_CASE(records_are_of_one_target),
      TEST_CASE(damaged_files_are_found),
      TEST_CASE(changed_records_are_found),
      TEST_CASE(records_are_dropped_and_files_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
