/* Trees that predict: by hand, against LightGBM itself bit by bit, and from their file.
 */
#include "models/trees.h"

#include "core/file.h"
#include "methods/lightgbm/api.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"
#include "support/tree_text.h"

enum { PIXELS = 30, ROWS = 300 };

static const made_trees many = {.pixels = PIXELS, .trees = 60, .leaves = 25, .seed = 5};

static hr_model *make(const made_trees *m) {
  hr_error err;
  hr_model *model = NULL;
  char *text = made_tree_text(m);
  check_ok(hr_trees_create_take(&text, "model", 3, m->pixels, &model, &err));
  assert_null(text);
  return model;
}

static void make_rows(float *noisy) {
  for (size_t i = 0; i < ROWS * PIXELS; i++) {
    noisy[i] = (float)hr_uniform(8, HR_STREAM_FOLDS, i, 0);
  }
  noisy[0] = 1e-36F; /* 0 to LightGBM */
  noisy[1] = -0.0F;
}

/* Predicts every row but each tenth. */
static void predict(const hr_model *model, const float *noisy, float *mean) {
  hr_error err;
  uint32_t row[ROWS];
  size_t count = 0;
  for (uint32_t i = 0; i < ROWS; i++) {
    if (i % 10 != 9) row[count++] = i;
  }
  for (size_t i = 0; i < ROWS; i++) mean[i] = -1;
  const hr_spectra spectra = {.rows = ROWS, .pixels = PIXELS, .noisy = noisy};
  const hr_request request = {.model = model,
                              .row = row,
                              .count = count,
                              .variants = 1,
                              .mean = mean,
                              .variant_stride = ROWS};
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
}

static void leaves_are_added_up(void **state) {
  (void)state;
  static const float rows[][2] = {{0.4F, 2}, {0.5F, 0}, {0.6F, 2}, {0.6F, 1}};
  static const float expected[] = {11, 11, 24, 23};
  char *text = NULL;
  hr_error err;
  hr_model *model = NULL;
  float mean[4];
  double variance[4] = {0};
  const uint32_t row[] = {0, 1, 2, 3};
  check_ok(hr_copy_text(
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
      "max_feature_idx=1\nobjective=regression\nfeature_names=a b\n"
      "feature_infos=none none\ntree_sizes=222 273\n\n"
      "Tree=0\nnum_leaves=1\nnum_cat=0\nsplit_feature=\nsplit_gain=\nthreshold=\n"
      "decision_type=\nleft_child=\nright_child=\nleaf_value=10\nleaf_weight=\n"
      "leaf_count=\ninternal_value=\ninternal_weight=\ninternal_count=\nis_linear=0\n"
      "shrinkage=1\n\n\n"
      "Tree=1\nnum_leaves=3\nnum_cat=0\nsplit_feature=0 1\nsplit_gain=2 0.5\n"
      "threshold=0.5 1\ndecision_type=2 2\nleft_child=-1 -2\nright_child=1 -3\n"
      "leaf_value=1 13 14\nleaf_weight=9 9 9\nleaf_count=9 9 9\ninternal_value=1 2\n"
      "internal_weight=9 9\ninternal_count=9 9\nis_linear=0\nshrinkage=0.1\n\n\n"
      "end of trees\n",
      &text, &err));
  check_ok(hr_trees_create_take(&text, "model", 0, 2, &model, &err));
  assert_int_equal(model->slot, 0);
  assert_int_equal(model->variant_count, 1);
  const hr_spectra spectra = {.rows = 4, .pixels = 2, .noisy = rows[0]};
  const hr_request request = {.model = model,
                              .row = row,
                              .count = 4,
                              .variants = 1,
                              .mean = mean,
                              .variance = variance};
  check_ok(hr_models_predict(&spectra, &request, 1, &err));
  for (size_t i = 0; i < 4; i++) {
    check_near(mean[i], expected[i], 0);
    assert_true(isnan(variance[i]));
  }
  double gain[2];
  hr_trees_importance(model, gain);
  check_near(gain[0], 2, 0);
  check_near(gain[1], 0.5, 0);
  hr_model_destroy(&model);
}

static void predictions_are_lightgbms(void **state) {
  (void)state;
  hr_lightgbm_library library;
  hr_error err;
  if (hr_lightgbm_load(&library, &err) != HR_OK) skip();
  static float noisy[ROWS * PIXELS], mean[ROWS];
  static double theirs[ROWS], gain[PIXELS], their_gain[PIXELS];
  char *text = made_tree_text(&many);
  hr_model *model = make(&many);
  void *booster = NULL;
  int trees = 0;
  int64_t written = 0;
  make_rows(noisy);
  predict(model, noisy, mean);
  assert_int_equal(library.api.booster_load_model_from_string(text, &trees, &booster), 0);
  assert_int_equal(trees, 60);
  assert_int_equal(library.api.booster_predict_for_mat(
                       booster, noisy, HR_LGBM_FLOAT32, ROWS, PIXELS, HR_LGBM_ROW_MAJOR,
                       0, 0, -1, "verbosity=-1", &written, theirs),
                   0);
  for (size_t i = 0; i < ROWS; i++) {
    float expected = i % 10 == 9 ? -1 : (float)theirs[i];
    assert_memory_equal(&mean[i], &expected, sizeof expected);
  }
  hr_trees_importance(model, gain);
  assert_int_equal(library.api.booster_feature_importance(
                       booster, 0, HR_LGBM_IMPORTANCE_GAIN, their_gain),
                   0);
  assert_memory_equal(gain, their_gain, sizeof gain);
  library.api.booster_free(booster);
  hr_lightgbm_unload(&library);
  hr_model_destroy(&model);
  hr_free(text);
}

static void a_saved_model_predicts_the_same(void **state) {
  (void)state;
  static float noisy[ROWS * PIXELS], before[ROWS], after[ROWS];
  static double wave[PIXELS];
  scratch s;
  hr_error err;
  hr_model *model = make(&many), *again = NULL;
  char *was = made_tree_text(&many), *is = NULL;
  size_t size = 0;
  const int slot = 7;
  scratch_init(&s);
  const hr_model_place place = {s.path, PIXELS, 1, &slot, 1};
  make_rows(noisy);
  predict(model, noisy, before);
  check_ok(model->type->save(model, s.path, HR_MODEL_COMPACT, &err));
  assert_int_not_equal(access(scratch_name(&s, "importance.csv"), F_OK), 0);
  check_ok(model->type->record(model, s.path, &err));
  assert_int_not_equal(access(scratch_name(&s, "importance.csv"), F_OK), 0);
  for (size_t p = 0; p < PIXELS; p++) wave[p] = 7100 + 0.5 * (double)p;
  check_ok(hr_trees_set_wavelengths(model, wave, &err));
  check_ok(model->type->record(model, s.path, &err));
  check_ok(hr_file_read(scratch_name(&s, "importance.csv"), 1 << 20, &is, &size, &err));
  assert_int_equal(strncmp(is, "pixel,wavelength_angstrom,gain\n0,7100,", 38), 0);
  hr_free(is);
  check_ok(hr_file_read(scratch_name(&s, "model.txt"), 1 << 20, &is, &size, &err));
  assert_string_equal(is, was);
  check_ok(hr_model_type_find("trees")->load(&place, &again, &err));
  assert_int_equal(again->slot, 7);
  assert_int_equal(again->pixels, PIXELS);
  predict(again, noisy, after);
  assert_memory_equal(before, after, sizeof before);
  hr_model_destroy(&model);
  hr_model_destroy(&again);
  hr_free(was);
  hr_free(is);
  scratch_fini(&s);
}

static hr_status load(const char *folder, size_t pixels, hr_error *err) {
  const int slot = 0;
  const hr_model_place place = {folder, pixels, 1, &slot, 1};
  hr_model *model = NULL;
  hr_status status = hr_trees_type.load(&place, &model, err);
  hr_model_destroy(&model);
  return status;
}

static void files_that_are_no_such_model_are_refused(void **state) {
  (void)state;
  scratch s;
  hr_error err;
  char expected[4200];
  char *text = made_tree_text(&many);
  scratch_init(&s);
  assert_int_equal(load(s.path, PIXELS, &err), HR_ERR_MISSING);
  scratch_write(&s, "model.txt", text);
  check_ok(load(s.path, PIXELS, &err));
  snprintf(expected, sizeof expected,
           "%s is a model of 30 pixels, not of 31: it belongs to another study", s.name);
  check_fails(load(s.path, PIXELS + 1, &err), HR_ERR_FORMAT, expected);
  FILE *file = fopen(s.name, "ab");
  assert_int_equal(fputc('\0', file), 0);
  fclose(file);
  snprintf(expected, sizeof expected,
           "%s has a byte 0 in it, which no text has; copy or train the model again",
           s.name);
  check_fails(load(s.path, PIXELS, &err), HR_ERR_FORMAT, expected);
  scratch_write(&s, "model.txt", "tree\nversion=v3\n");
  snprintf(expected, sizeof expected,
           "%s, line 1: this is not the heading of a model as LightGBM 4 writes it; copy "
           "or train the model again",
           s.name);
  check_fails(load(s.path, PIXELS, &err), HR_ERR_FORMAT, expected);
  hr_free(text);
  scratch_fini(&s);
}

static void allocations_may_fail(void **state) {
  (void)state;
  scratch s;
  char *text = made_tree_text(&many);
  scratch_init(&s);
  scratch_write(&s, "model.txt", text);
  check_alloc_failures(load(s.path, PIXELS, NULL));
  hr_free(text);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(leaves_are_added_up),
      cmocka_unit_test(predictions_are_lightgbms),
      cmocka_unit_test(a_saved_model_predicts_the_same),
      cmocka_unit_test(files_that_are_no_such_model_are_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
