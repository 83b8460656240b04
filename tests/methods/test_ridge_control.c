/* The model of a control: which group's weights a test row takes, and its files. */
#include "methods/ridge/control.h"

#include "core/alloc.h"
#include "core/npy.h"
#include "data/bins.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { ROWS = 6, PIXELS = 2, GROUPS = 3 };

static const float flux[ROWS * PIXELS] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static const int32_t groups[ROWS] = {0, 1, 2, HR_UNCOVERED, 2, 0};

/* Group 1 has no model, group 2 neither: they take that of group 0 behind the last. */
static hr_control_model *create(const hr_model_type *type, size_t train_rows) {
  hr_error err;
  hr_control_model *model = NULL;
  const double weights[PIXELS] = {10, 100};
  const hr_control_shape shape = {.type = type,
                                  .pixels = PIXELS,
                                  .columns = PIXELS,
                                  .group_count = GROUPS,
                                  .train_rows = train_rows,
                                  .test_rows = ROWS};
  check_ok(hr_control_model_create(&shape, &model, &err));
  for (size_t i = 0; i < ROWS; i++) assert_int_equal(model->test_group[i], HR_UNCOVERED);
  memcpy(model->test_group, groups, sizeof groups);
  hr_control_model_keep(model, 0, 0.5, 1000, weights);
  return model;
}

static void check_predictions(hr_control_model *model, const double expected[ROWS]) {
  hr_error err;
  float mean[ROWS];
  double variance[ROWS];
  const uint32_t rows[] = {0, 1};
  /* Two rows a block: the number of a row is not its place. */
  for (size_t first = 0; first < ROWS; first += 2) {
    const hr_spectra spectra = {
        first, 2, PIXELS, flux + first * PIXELS, flux + first * PIXELS, 1};
    const hr_request request = {.model = &model->model,
                                .row = rows,
                                .count = 2,
                                .variants = 1,
                                .mean = mean + first,
                                .variance = variance + first};
    check_ok(hr_models_predict(&spectra, &request, 1, &err));
  }
  for (size_t i = 0; i < ROWS; i++) {
    assert_true(isnan(variance[i]));
    if (groups[i] == HR_UNCOVERED) {
      assert_true(isnan(mean[i]));
    } else {
      check_near(mean[i], expected[i], 1e-3);
    }
  }
}

static void a_row_takes_the_model_of_its_group(void **state) {
  (void)state;
  hr_control_model *model = create(&hr_placebo_model_type, 0);
  const double same[ROWS] = {1210, 1430, 1650, 0, 2090, 2310};
  check_predictions(model, same);
  const double weights[PIXELS] = {1, 0};
  hr_control_model_keep(model, 2, 10, -1, weights);
  const double two[ROWS] = {1210, 2, 4, 0, 8, 2310};
  check_predictions(model, two);
  hr_control_model_destroy(&model);
  assert_null(model);
}

static void add_one(const float *error, size_t pixels, size_t columns, float *out) {
  assert_int_equal(pixels, PIXELS);
  for (size_t c = 0; c < columns; c++) out[c] = error[c] + 1;
}

static void a_summary_of_the_error_stands_for_the_flux(void **state) {
  (void)state;
  hr_control_model *model = create(&hr_leakage_model_type, 0);
  assert_true(model->model.type->uses_error);
  model->summarise = add_one;
  const double expected[ROWS] = {1320, 1540, 1760, 0, 2200, 2420};
  check_predictions(model, expected);
  hr_control_model_destroy(&model);
}

static void check_array(scratch *folder, const char *name, size_t rows, size_t columns,
                        const double *expected) {
  hr_error err;
  double *values = NULL;
  hr_npy_shape shape;
  check_ok(hr_npy_read(scratch_name(folder, name), 1 << 20, &values, &shape, &err));
  assert_int_equal(shape.dimensions, 2);
  assert_int_equal(shape.extent[0], rows);
  assert_int_equal(shape.extent[1], columns);
  for (size_t i = 0; i < rows * columns; i++) {
    if (isnan(expected[i])) assert_true(isnan(values[i]));
    if (!isnan(expected[i])) check_near(values[i], expected[i], 0);
  }
  hr_free(values);
}

static void its_files_are_the_models_and_the_groups(void **state) {
  (void)state;
  scratch folder;
  hr_error err;
  hr_control_model *model = create(&hr_placebo_model_type, 2);
  const hr_model_type *type = model->model.type;
  const double rows[GROUPS * 4] = {0.5, 1000, 10, 100, NAN, 0, 0, 0, NAN, 0, 0, 0};
  const double train[] = {-1, 1}, test[] = {0, 1, 2, -1, 2, 0};
  scratch_init(&folder);
  model->train_group[1] = 1;
  check_ok(type->save(&model->model, folder.path, HR_MODEL_FULL, &err));
  check_array(&folder, "model.npy", GROUPS, 2 + PIXELS, rows);
  check_array(&folder, "train_groups.npy", 2, 1, train);
  check_array(&folder, "test_groups.npy", ROWS, 1, test);
  check_alloc_failures(type->save(&model->model, folder.path, HR_MODEL_FULL, NULL));
  hr_control_model_destroy(&model);
  scratch_fini(&folder);
}

static hr_status live_and_die(void) {
  float mean[ROWS];
  const uint32_t row = 0;
  hr_control_model *model = NULL;
  const hr_control_shape shape = {.type = &hr_placebo_model_type,
                                  .pixels = PIXELS,
                                  .columns = PIXELS,
                                  .group_count = GROUPS,
                                  .train_rows = 3,
                                  .test_rows = ROWS};
  const hr_spectra spectra = {0, ROWS, PIXELS, flux, flux, 1};
  hr_status status = hr_control_model_create(&shape, &model, NULL);
  if (status != HR_OK) return status;
  const hr_request request = {
      .model = &model->model, .row = &row, .count = 1, .variants = 1, .mean = mean};
  status = hr_models_predict(&spectra, &request, 1, NULL);
  hr_control_model_destroy(&model);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(live_and_die());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_row_takes_the_model_of_its_group),
      cmocka_unit_test(a_summary_of_the_error_stands_for_the_flux),
      cmocka_unit_test(its_files_are_the_models_and_the_groups),
      cmocka_unit_test(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
