/* What was asked, and of which data. */
#include "report/overview.h"

#include "report/tables.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;
static scratch s;
static hr_error err;
static hr_reader reader;
static hr_text text;

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  hr_text_init(&text);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_text_fini(&text);
  hr_reader_fini(&reader);
  scratch_fini(&s);
  return 0;
}

static void read_results(void) {
  static char path[128];
  snprintf(path, sizeof path, "%s/results.json", s.path);
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
}

static void give_data(hr_results_data *data, hr_strings *paths, size_t files) {
  static const char *const names[] = {"a.h5", "b.h5", "c.h5", "d.h5", "e.h5"};
  for (size_t i = 0; i < files; i++) check_ok(hr_strings_append(paths, names[i], &err));
  *data = (hr_results_data){.train_paths = paths,
                            .test_path = "t.h5",
                            .pixels = 4096,
                            .first_wavelength = 7100.25,
                            .last_wavelength = 8849.75,
                            .noise_level = 1,
                            .noise_seed = 42,
                            .noise_test = "stored",
                            .folds = 5};
  f.input.data = data;
}

static void the_question_is_asked(void **state) {
  (void)state;
  read_results();
  hr_overview_ask(&reader, &text);
  assert_non_null(strstr(text.bytes,
                         "**The question.** How well is `log_g` predicted from "
                         "spectra by specialists, each trained on one of 3 bins"));
  assert_non_null(strstr(text.bytes, "Experts that compete: Ridge, Forest, 1D-CNN."));
  assert_non_null(strstr(text.bytes, "**How to read it.** R² is the share"));
}

static json_t *parse_results(void) {
  static char path[128];
  snprintf(path, sizeof path, "%s/results.json", s.path);
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  return json_load_file(path, 0, NULL);
}

/* Nothing chooses a model from elsewhere that was not validated. */
static void who_is_not_chosen_does_not_compete(void **state) {
  (void)state;
  json_t *root = parse_results();
  json_object_set_new(json_array_get(json_object_get(root, "experts"), 1), "competes",
                      json_false());
  check_ok(hr_reader_take(&reader, "results.json", root, &err));
  hr_overview_ask(&reader, &text);
  assert_non_null(strstr(text.bytes, "Experts that compete: Ridge, 1D-CNN."));
  hr_tables_speak(&reader, true);
  hr_overview_ask(&reader, &text);
  assert_non_null(strstr(text.bytes, "参与竞争的专家：Ridge、1D-CNN。"));
  for (size_t e = 0; e < 3; e++) {
    json_object_set_new(json_array_get(json_object_get(root, "experts"), e), "competes",
                        json_false());
  }
  hr_overview_ask(&reader, &text);
  assert_non_null(strstr(text.bytes,
                         "参与竞争的专家：无，因为未经验证的外来模型只受评判，"
                         "不参与选择。"));
  hr_tables_speak(&reader, false);
  hr_overview_ask(&reader, &text);
  assert_non_null(strstr(text.bytes,
                         "Experts that compete: none, as a model from elsewhere that was "
                         "not validated is judged and chosen for nothing."));
}

static void who_chooses_is_told(void **state) {
  (void)state;
  f.input.selection = HR_SELECT_BY_TEST;
  read_results();
  hr_overview_ask(&reader, &text);
  assert_non_null(strstr(text.bytes,
                         "the expert that validation, or where it is called \"(test)\" "
                         "the test rows, chose there;"));
  hr_tables_speak(&reader, true);
  hr_overview_ask(&reader, &text);
  assert_non_null(strstr(text.bytes, "采用验证（标明“按测试行选择”者为测试行）所选"));
}

static void the_data_are_told(void **state) {
  (void)state;
  hr_results_data data;
  hr_strings paths = {0};
  give_data(&data, &paths, 5);
  read_results();
  hr_overview_tell_data(&reader, &text);
  static const char expected[] =
      "Trained on `a.h5`, `b.h5`, `c.h5` and 2 more; tested on `t.h5`. A spectrum has "
      "4096 pixels from 7100.2 to 8849.8 Å. Noise of 1 times the error is added to the "
      "training spectra (seed 42); that of the test spectra is the one stored in the "
      "file. Validation holds out training rows, in 5 folds where a method can. This "
      "report: Headroom ";
  assert_int_equal(strncmp(text.bytes, expected, strlen(expected)), 0);
  assert_null(strstr(text.bytes, " on 2"));
  hr_text_fini(&text);
  hr_text_init(&text);
  snprintf(reader.started, sizeof reader.started, "2026-11-28T21:14:00Z");
  hr_overview_tell_data(&reader, &text);
  assert_non_null(strstr(text.bytes, " on 2026-11-28.\n\n"));
  hr_strings_fini(&paths);
}

/* Of training rows by rows, of test rows by name; the set without tables is not told. */
static void tables_of_labels_are_told(void **state) {
  (void)state;
  hr_results_data data;
  hr_strings paths = {0}, tables = {0}, names = {0};
  give_data(&data, &paths, 1);
  check_ok(hr_strings_append(&tables, "cat.h5::stars", &err));
  check_ok(hr_strings_append(&names, "T_eff", &err));
  check_ok(hr_strings_append(&names, "log_g", &err));
  data.labels[1] = (hr_results_labels){&tables, "gaia_id", &names, 240, 3, 4};
  read_results();
  hr_overview_tell_data(&reader, &text);
  assert_non_null(strstr(
      text.bytes,
      " Å. Of the 240 test spectra, `T_eff`, `log_g` come from `cat.h5::stars`, joined "
      "by `gaia_id`; without a line there: 3, left out without a label: 4. Noise of"));
  hr_reader_fini(&reader);
  data.labels[0] = (hr_results_labels){&tables, NULL, &names, 3400, 0, 0};
  read_results();
  hr_tables_speak(&reader, true);
  hr_overview_tell_data(&reader, &text);
  assert_non_null(
      strstr(text.bytes,
             "3400 条训练光谱的 `T_eff`、`log_g` 取自 `cat.h5::stars`，按行对应；"
             "表中无对应行者：0，因无标签而略去：0。240 条测试光谱的 `T_eff`、`log_g` "
             "取自 `cat.h5::stars`，按 `gaia_id` 对应；表中无对应行者：3，因无标签而"
             "略去：4。训练光谱加入"));
  hr_strings_fini(&paths);
  hr_strings_fini(&tables);
  hr_strings_fini(&names);
}

static void in_chinese(void **state) {
  (void)state;
  hr_results_data data;
  hr_strings paths = {0};
  f.input.language = "zh";
  give_data(&data, &paths, 1);
  data.noise_test = "generated";
  read_results();
  hr_overview_ask(&reader, &text);
  hr_overview_tell_data(&reader, &text);
  assert_non_null(strstr(text.bytes, "**问题。** `log_g` 由专家分工（3 个分箱"));
  assert_non_null(strstr(
      text.bytes,
      "训练数据：`a.h5`；测试数据：`t.h5`。每条光谱 4096 个像素，波长 7100.2 至 "
      "8849.8 Å。"
      "训练光谱加入标准差为误差 1 倍的噪声（种子 42）；测试光谱的噪声以同样方式生成。"));
  hr_strings_fini(&paths);
}

static void what_is_not_known_is_not_told(void **state) {
  (void)state;
  read_results();
  hr_overview_tell_data(&reader, &text);
  hr_overview_tell_edges(&reader, &text);
  hr_overview_tell_bad_files(&reader, "train", &text);
  assert_null(text.bytes);
}

static void bad_pixels_are_told_by_file(void **state) {
  (void)state;
  hr_preparation counted = {.bad_pixels = 12};
  check_ok(hr_bad_files_add(&counted.bad_files, "a_1.h5", 12, 4096, &err));
  f.input.train_preparation = &counted;
  read_results();
  hr_overview_tell_bad_files(&reader, "train", &text);
  assert_string_equal(text.bytes, "Bad pixels by file: a_1.h5 12 of 4096 pixels.\n\n");
  hr_bad_files_fini(&counted.bad_files);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_question_is_asked, prepare, tidy),
      cmocka_unit_test_setup_teardown(who_is_not_chosen_does_not_compete, prepare, tidy),
      cmocka_unit_test_setup_teardown(who_chooses_is_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(the_data_are_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(tables_of_labels_are_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(in_chinese, prepare, tidy),
      cmocka_unit_test_setup_teardown(what_is_not_known_is_not_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(bad_pixels_are_told_by_file, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
