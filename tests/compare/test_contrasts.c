/* In what runs differ: keys that change numbers, and data by what is in them. */
#include "compare/contrasts.h"

#include <sys/stat.h>

#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static scratch s;
static char dirs[2][128];
static hr_contrasts contrasts;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  for (size_t k = 0; k < 2; k++) {
    snprintf(dirs[k], sizeof dirs[k], "%s/%c", s.path, (char)('a' + k));
    assert_int_equal(mkdir(dirs[k], 0700), 0);
  }
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_contrasts_fini(&contrasts);
  scratch_fini(&s);
  return 0;
}

static hr_status look(void) {
  const char *both[] = {dirs[0], dirs[1]};
  hr_contrasts_fini(&contrasts);
  return hr_contrasts_init(&contrasts, both, 2, &err);
}

static void check_contrast(size_t i, const char *key, const char *a, const char *b) {
  assert_true(i < contrasts.count);
  assert_string_equal(contrasts.items[i].key, key);
  assert_int_equal(contrasts.items[i].values.count, 2);
  assert_string_equal(contrasts.items[i].values.items[0], a);
  assert_string_equal(contrasts.items[i].values.items[1], b);
}

static void keys_that_change_numbers_are_told(void **state) {
  (void)state;
  scratch_write(&s, "a/config.yaml",
                "experiment: {id: A}\n"
                "data: {train: [a.h5], noise: {level: 1, seed: 42}}\n"
                "experts: {ridge: {alpha: [1, 10]}, cnn: {lr: 0.1, epochs: 5}}\n"
                "run: {threads: 2}\n");
  scratch_write(&s, "b/config.yaml",
                "experiment: {id: B}\n"
                "data: {train: [b.h5], noise: {level: 0.5, seed: 42}}\n"
                "experts: {ridge: {alpha: [1, 100]}, posterior: {templates: 7}}\n"
                "gates: {bayes: {}}\n"
                "run: {threads: 1}\n");
  check_ok(look());
  check_contrast(0, "data.noise.level", "1", "0.5");
  check_contrast(1, "experts.ridge.alpha", "[1, 10]", "[1, 100]");
  check_contrast(2, "experts.cnn", "yes", "");
  check_contrast(3, "experts.posterior", "", "yes");
  check_contrast(4, "gates.bayes", "", "yes");
  assert_int_equal(contrasts.count, 5);
}

static void data_differ_by_what_is_in_them(void **state) {
  (void)state;
  static const char manifest[] =
      "{\"version\": \"%s\", \"data\": {\"train\": [\"a\", \"b\"], \"files\": ["
      "{\"path\": \"%s\", \"bytes\": 1500000, \"content\": \"aa\"},"
      "{\"path\": \"x\", \"bytes\": 500000, \"content\": \"bb\"},"
      "{\"path\": \"t\", \"bytes\": 2000000, \"content\": \"%s\"}%s]}}";
  char text[512];
  snprintf(text, sizeof text, manifest, "0.1.0", "here", "cc", "");
  scratch_write(&s, "a/manifest.json", text);
  snprintf(text, sizeof text, manifest, "0.2.0", "there", "dd",
           ", {\"path\": \"l\", \"bytes\": 1000, \"content\": \"ee\"}");
  scratch_write(&s, "b/manifest.json", text);
  check_ok(look());
  check_contrast(0, "version", "0.1.0", "0.2.0");
  check_contrast(1, "test file", "1 file, 2 MB, content cc", "1 file, 2 MB, content dd");
  check_contrast(2, "tables of labels", "", "1 file, 0.001 MB, content ee");
  assert_int_equal(contrasts.count, 3);
}

/* What somebody wrote into it since says nothing of the run. */
static void an_edited_configuration_is_not_believed(void **state) {
  (void)state;
  scratch_write(&s, "a/config.yaml", "selection: {folds: 5}\n");
  scratch_write(&s, "b/config.yaml",
                "selection: {folds: 3}\n# As the run wrote it: 0123456789abcdef\n");
  check_ok(look());
  check_contrast(0, "config.yaml", "", "edited since the run");
  assert_int_equal(contrasts.count, 1);
}

/* One file that is not there is one difference. */
static void what_is_not_there_is_told(void **state) {
  (void)state;
  check_ok(look());
  assert_int_equal(contrasts.count, 0);
  scratch_write(&s, "b/config.yaml", "data: {folds: 5, target: log_g}\n");
  scratch_write(&s, "a/manifest.json", "{\"version\": \"0.1.0\"}");
  check_ok(look());
  check_contrast(0, "config.yaml", "not there", "");
  check_contrast(1, "manifest.json", "", "not there");
  assert_int_equal(contrasts.count, 2);
}

/* A target behind the first has its study's files two folders up. */
static void a_targets_folder_is_its_study(void **state) {
  (void)state;
  scratch_write(&s, "a/config.yaml", "data: {folds: 5}\n");
  scratch_write(&s, "a/manifest.json", "{\"version\": \"0.1.0\"}");
  scratch_write(&s, "b/config.yaml", "data: {folds: 10}\n");
  scratch_write(&s, "b/manifest.json", "{\"version\": \"0.1.0\"}");
  for (size_t k = 0; k < 2; k++) {
    size_t length = strlen(dirs[k]);
    snprintf(dirs[k] + length, sizeof dirs[k] - length, "/targets");
    assert_int_equal(mkdir(dirs[k], 0700), 0);
    length = strlen(dirs[k]);
    snprintf(dirs[k] + length, sizeof dirs[k] - length, "/T_eff");
    assert_int_equal(mkdir(dirs[k], 0700), 0);
  }
  check_ok(look());
  check_contrast(0, "data.folds", "5", "10");
  assert_int_equal(contrasts.count, 1);
}

static void a_damaged_configuration_is_named(void **state) {
  (void)state;
  scratch_write(&s, "b/config.yaml", "data: {folds: 5\n");
  assert_int_equal(look(), HR_ERR_CONFIG);
  assert_non_null(strstr(err.message, "/b/config.yaml:"));
}

static void memory_may_run_out(void **state) {
  (void)state;
  scratch_write(&s, "a/config.yaml", "data: {folds: 5}\n");
  scratch_write(&s, "b/config.yaml", "data: {folds: 7}\nexperts: {ridge: {}}\n");
  check_alloc_failures(look());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(keys_that_change_numbers_are_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(data_differ_by_what_is_in_them, prepare, tidy),
      cmocka_unit_test_setup_teardown(what_is_not_there_is_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(an_edited_configuration_is_not_believed, prepare,
                                      tidy),
      cmocka_unit_test_setup_teardown(a_targets_folder_is_its_study, prepare, tidy),
      cmocka_unit_test_setup_teardown(a_damaged_configuration_is_named, prepare, tidy),
      cmocka_unit_test_setup_teardown(memory_may_run_out, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
