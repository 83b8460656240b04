/* Writing a bundle: what is in the folder, and what is refused. */
#include <unistd.h>

#include "core/json_file.h"
#include "headroom/version.h"
#include "support/bundle_fixture.h"

/* A kind whose files are one word, and which counts how often it was asked to save. */
static int saves;

static hr_status save(const hr_model *model, const char *folder, hr_model_form form,
                      hr_error *err) {
  char path[256];
  saves++;
  snprintf(path, sizeof path, "%s/word.txt", folder);
  FILE *file = fopen(path, "wb");
  if (!file) return hr_fail(err, HR_ERR_IO, "cannot write %s", path);
  fprintf(file, "slot %d, %s\n", model->slot, form == HR_MODEL_FULL ? "full" : "compact");
  fclose(file);
  return HR_OK;
}

static const hr_model_type own_files = {.kind = "own", .save = save};
static const hr_model_type shared_files = {
    .kind = "shared", .shares_files = true, .save = save};

static void check_word(scratch *s, const char *name, const char *expected) {
  char word[64] = "";
  FILE *file = fopen(scratch_name(s, name), "rb");
  assert_non_null(file);
  assert_non_null(fgets(word, sizeof word, file));
  fclose(file);
  assert_string_equal(word, expected);
}

static void test_saving_models(void **state) {
  (void)state;
  hr_error err = {0};
  scratch s;
  scratch_init(&s);
  hr_model zero = {.type = &own_files, .slot = 0}, all = zero;
  all.slot = HR_GLOBAL;
  const hr_model *models[] = {&zero, &all};
  saves = 0;
  check_ok(hr_bundle_save_models(s.path, "a", models, 2, HR_MODEL_FULL, &err));
  assert_int_equal(saves, 2);
  check_word(&s, "0-a/word.txt", "slot 0, full\n");
  check_word(&s, "global-a/word.txt", "slot -1, full\n");
  zero.type = all.type = &shared_files;
  check_ok(hr_bundle_save_models(s.path, "b", models, 2, HR_MODEL_COMPACT, &err));
  assert_int_equal(saves, 3); /* once for all that share */
  check_word(&s, "b/word.txt", "slot 0, compact\n");
  check_ok(hr_bundle_save_models(s.path, "c", NULL, 0, HR_MODEL_FULL, &err));
  scratch_fini(&s);
}

static void check_file(const json_t *list, size_t i, const char *path, size_t bytes) {
  const json_t *file = json_array_get(list, i);
  assert_string_equal(hr_json_string(file, "path", ""), path);
  assert_int_equal(hr_json_count(file, "bytes", 0), bytes);
  assert_int_equal(strlen(hr_json_string(file, "fingerprint", "")), 16);
}

static void test_writing(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  scratch s;
  scratch_init(&s);
  fixture_init(&d);
  d.slots[0].expert = fixture_add(&d, "b", &shared_files, 0);
  fixture_add(&d, "b", &shared_files, HR_GLOBAL);
  hr_model zero = {.type = &shared_files, .slot = 0};
  const hr_model *models[] = {&zero};
  check_ok(hr_bundle_save_models(s.path, "b", models, 1, HR_MODEL_FULL, &err));
  scratch_write(&s, "b/half.part", "x"); /* what a killed run left is not listed */
  check_ok(hr_bundle_write(&d, s.path, &err));
  json_t *root = hr_json_file_read(s.path, "model.json");
  assert_non_null(root);
  assert_string_equal(hr_json_string(root, "schema", ""), "headroom/model/2");
  assert_string_equal(hr_json_string(root, "program", ""), HR_VERSION);
  const json_t *files = json_object_get(root, "files");
  assert_int_equal(json_array_size(files), 2);
  check_file(files, 0, "wave.npy", 128 + 8 * FIXTURE_PIXELS);
  check_file(files, 1, "b/word.txt", strlen("slot 0, full\n"));
  json_decref(root);
  hr_bundle_description_fini(&d);
  scratch_fini(&s);
}

/* A description that outlived its models leaves no model.json, an old one neither. */
static void test_models_that_are_missing(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  char expected[256];
  scratch s;
  scratch_init(&s);
  fixture_init(&d);
  check_ok(hr_bundle_write(&d, s.path, &err));
  assert_int_equal(access(scratch_name(&s, "model.json"), F_OK), 0);
  fixture_add(&d, "a", &own_files, 3);
  snprintf(expected, sizeof expected, "%s/3-a holds no model", s.path);
  check_fails(hr_bundle_write(&d, s.path, &err), HR_ERR_MISSING, expected);
  assert_int_not_equal(access(scratch_name(&s, "model.json"), F_OK), 0);
  hr_bundle_description_fini(&d);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_saving_models),
      cmocka_unit_test(test_writing),
      cmocka_unit_test(test_models_that_are_missing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
