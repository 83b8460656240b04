/* Opening a bundle, by its own name or by that of its run, and loading from it. */
#include <sys/stat.h>

#include "support/linear_bundle.h"

static void test_opening(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  hr_bundle *bundle = NULL;
  char folder[128];
  scratch s;
  scratch_init(&s);
  snprintf(folder, sizeof folder, "%s/model", s.path);
  fixture_init(&d);
  check_ok(hr_bundle_write(&d, folder, &err));
  const char *const paths[] = {s.path, folder};
  for (size_t i = 0; i < 2; i++) {
    check_ok(hr_bundle_open(paths[i], &bundle, &err));
    assert_string_equal(hr_bundle_folder(bundle), folder);
    assert_string_equal(hr_bundle_describe(bundle)->study, "SMALL");
    hr_bundle_close(&bundle);
    assert_null(bundle);
  }
  hr_bundle_close(&bundle); /* NULL is fine */
  hr_bundle_description_fini(&d);
  scratch_fini(&s);
}

static void test_folders_without_a_bundle(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle *bundle = NULL;
  char expected[512];
  scratch s;
  scratch_init(&s);
  snprintf(expected, sizeof expected,
           "%s/model.json is not there: the bundle %s is incomplete, or none; a run "
           "writes that file last",
           s.path, s.path);
  check_fails(hr_bundle_open(s.path, &bundle, &err), HR_ERR_MISSING, expected);
  FILE *manifest = fopen(scratch_name(&s, "manifest.json"), "w");
  assert_non_null(manifest);
  fclose(manifest);
  static const struct {
    const char *experts; /* in results.json; NULL: there is none yet */
    const char *why;
  } runs[] = {
      {NULL,
       "it is not finished; finish it with `headroom run CONFIG --out DIR --resume`"},
      {"{\"status\": \"ok\"}, {\"status\": \"ok\", \"only_global\": true}",
       "run.model is none; ask for it with `headroom run CONFIG --out DIR --resume`, "
       "with run.model: compact or full"},
      {"{\"status\": \"ok\", \"elsewhere\": true}, {\"status\": \"failed\"}, "
       "{\"status\": \"ok\", \"only_global\": true}",
       "what predicts there was trained elsewhere, and no bundle has it; predict with "
       "that model itself, or give the study an expert of its own, such as ridge"},
      {"{\"status\": \"failed\"}, {\"status\": \"skipped\"}",
       "none of its experts could be trained; its report says why"},
  };
  for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
    if (runs[i].experts) {
      FILE *results = fopen(scratch_name(&s, "results.json"), "w");
      assert_non_null(results);
      fprintf(results, "{\"experts\": [%s]}\n", runs[i].experts);
      fclose(results);
    }
    snprintf(expected, sizeof expected, "the run %s has no model: %s", s.path,
             runs[i].why);
    check_fails(hr_bundle_open(s.path, &bundle, &err), HR_ERR_MISSING, expected);
  }
  assert_int_equal(mkdir(scratch_name(&s, "model"), 0700), 0);
  snprintf(expected, sizeof expected,
           "%s/model/model.json is not there: the bundle %s/model is incomplete, or "
           "none; a run writes that file last",
           s.path, s.path);
  check_fails(hr_bundle_open(s.path, &bundle, &err), HR_ERR_MISSING, expected);
  snprintf(expected, sizeof expected, "there is no folder %s/none", s.path);
  check_fails(hr_bundle_open(scratch_name(&s, "none"), &bundle, &err), HR_ERR_MISSING,
              expected);
  assert_null(bundle);
  scratch_fini(&s);
}

static void test_loading(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle *bundle = NULL;
  const hr_model *model = NULL, *again = NULL;
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  check_ok(hr_bundle_open(s.path, &bundle, &err));
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  assert_int_equal(d->candidate_count, 7);
  for (size_t i = 0; i < d->candidate_count; i++) {
    check_ok(hr_bundle_load(bundle, i, &model, &err));
    assert_int_equal(model->slot, d->candidates[i].slot);
    assert_int_equal(model->chosen, 1); /* as the description says */
    check_ok(hr_bundle_load(bundle, i, &again, &err));
    assert_ptr_equal(model, again);
  }
  hr_bundle_close(&bundle);
  scratch_fini(&s);
}

/* Every target's models, each told which it is of. */
static void test_targets(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle *bundle = NULL;
  const hr_model *model = NULL;
  scratch s;
  scratch_init(&s);
  linear_bundle_write_two(s.path);
  check_ok(hr_bundle_open(s.path, &bundle, &err));
  const hr_bundle_description *d = hr_bundle_describe(bundle);
  assert_int_equal(d->candidate_count, 10);
  for (size_t i = 10; i > 0; i--) {
    check_ok(hr_bundle_load(bundle, i - 1, &model, &err));
    assert_int_equal(model->target, i > 7);
    assert_int_equal(model->slot, d->candidates[i - 1].slot);
  }
  size_t eight = hr_bundle_find(d, &(hr_bundle_place){"first", 1, 1});
  assert_int_equal(eight, 8);
  check_ok(hr_bundle_load(bundle, eight, &model, &err));
  check_near(hr_linear_intercept(model)[1], 1001, 0);
  hr_bundle_close(&bundle);
  scratch_fini(&s);
}

/* The description of another study's bundle over models of this one. */
static void test_models_of_another_size(void **state) {
  (void)state;
  hr_error err = {0};
  hr_bundle_description d;
  hr_bundle *bundle = NULL;
  const hr_model *model = NULL;
  char expected[512];
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  fixture_init(&d);
  fixture_add(&d, "first", &hr_linear_type, 0);
  d.candidates[0].variant_count = 3;
  check_ok(hr_bundle_write(&d, s.path, &err));
  hr_bundle_description_fini(&d);
  check_ok(hr_bundle_open(s.path, &bundle, &err));
  snprintf(expected, sizeof expected,
           "the bundle %s contradicts itself: the model in 0-first predicts with 2 "
           "settings, and model.json says 3; copy the folder again",
           s.path);
  check_fails(hr_bundle_load(bundle, 0, &model, &err), HR_ERR_FORMAT, expected);
  assert_null(model);
  hr_bundle_close(&bundle);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_opening),
      cmocka_unit_test(test_folders_without_a_bundle),
      cmocka_unit_test(test_loading),
      cmocka_unit_test(test_targets),
      cmocka_unit_test(test_models_of_another_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
