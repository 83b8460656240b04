/* A row that outweighs all others, in words. */
#include "report/dominant.h"

#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

static fixture f;

/* What `teller` says of the fixture's results. */
static void tell_by(void (*teller)(hr_reader *reader, hr_text *out), const char *language,
                    hr_text *out) {
  hr_reader reader = {0};
  scratch s;
  hr_error err;
  char path[128];
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/results.json", s.path);
  f.input.language = language;
  f.input.test_file = "test.h5";
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
  teller(&reader, out);
  check_ok(hr_reader_status(&reader, &err));
  hr_reader_fini(&reader);
  scratch_fini(&s);
}

static void tell(const char *language, hr_text *out) {
  tell_by(hr_dominant_tell, language, out);
}

static void a_paragraph_is_a_row(void **state) {
  (void)state;
  char expected[128];
  hr_text out;
  fixture_init(&f);
  size_t row = fixture_row(&f, 1, 4);
  f.forest_own[row] = 1000;
  hr_text_init(&out);
  tell("en", &out);
  snprintf(expected, sizeof expected,
           "**Warning: one test row decides.** Row %zu of `test.h5` makes most of the "
           "squared error of Forest-Oracle (R² -",
           row);
  assert_memory_equal(out.bytes, expected, strlen(expected));
  assert_null(strstr(out.bytes + 10, "**Warning"));
  hr_text_fini(&out);
  hr_text_init(&out);
  tell("zh", &out);
  assert_non_null(strstr(out.bytes, "单独一行测试光谱决定了误差"));
  hr_text_fini(&out);
}

static void nothing_is_told_of_usual_errors(void **state) {
  (void)state;
  hr_text out;
  fixture_init(&f);
  hr_text_init(&out);
  tell("en", &out);
  assert_int_equal(out.length, 0);
  hr_text_fini(&out);
}

/* Beside numbers that the row decides, and in their tables. */
static void remark(const char *language, const char *method, hr_text *out) {
  hr_reader reader = {0};
  scratch s;
  hr_error err;
  char path[128];
  const char *const methods[] = {"global_ridge", method};
  scratch_init(&s);
  snprintf(path, sizeof path, "%s/results.json", s.path);
  f.input.language = language;
  f.input.test_file = "test.h5";
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  check_ok(hr_reader_init(&reader, path, &err));
  bool is_told = hr_dominant_remark(&reader, methods, 2, out);
  assert_int_equal(is_told, out->length > 0);
  check_ok(hr_reader_status(&reader, &err));
  hr_reader_fini(&reader);
  scratch_fini(&s);
}

static void numbers_of_one_row_say_so(void **state) {
  (void)state;
  hr_text out;
  fixture_init(&f);
  f.forest_own[fixture_row(&f, 1, 4)] = 1000;
  hr_text_init(&out);
  remark("en", "ridge_oracle", &out);
  assert_int_equal(out.length, 0);
  remark("en", "forest_oracle", &out);
  assert_string_equal(out.bytes,
                      " One test row makes most of the squared error of Forest-Oracle: "
                      "nothing follows from these numbers before that row has been "
                      "looked at.");
  hr_text_fini(&out);
  hr_text_init(&out);
  remark("zh", "forest_oracle", &out);
  assert_string_equal(
      out.bytes,
      "请注意：误差大半来自单独一行测试光谱的有 Forest（完美路由）；在查看该行"
      "之前，不宜由这些数字下结论。");
  hr_text_fini(&out);
}

static void remark_on_training(const char *language, hr_text *out) {
  tell_by(hr_dominant_training_remark, language, out);
}

static void wild_training_rows_stand_beside_gains(void **state) {
  (void)state;
  hr_preparation train = {.wild_rows = 0};
  hr_text out;
  fixture_init(&f);
  hr_text_init(&out);
  remark_on_training("en", &out); /* nobody has counted */
  f.input.train_preparation = &train;
  remark_on_training("en", &out);
  assert_int_equal(out.length, 0);
  train.wild_rows = 1;
  remark_on_training("en", &out);
  assert_string_equal(out.bytes,
                      " Training rows far beyond all others may have spoilt what is "
                      "compared: nothing follows from these gains before those rows have "
                      "been looked at or left out (`data.reject_outliers: true`).");
  hr_text_fini(&out);
  hr_text_init(&out);
  remark_on_training("zh", &out);
  assert_non_null(
      strstr(out.bytes, "请注意：远超其余各行的训练行可能损害了所比较的模型"));
  hr_text_fini(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_paragraph_is_a_row),
      cmocka_unit_test(numbers_of_one_row_say_so),
      cmocka_unit_test(wild_training_rows_stand_beside_gains),
      cmocka_unit_test(nothing_is_told_of_usual_errors),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
