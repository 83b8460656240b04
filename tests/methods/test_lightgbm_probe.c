/* Devices are asked for before a study reads anything, by a LightGBM of tests' own. */
#include "methods/lightgbm/probe.h"

#include <stdlib.h>

#include "support/check.h"

/* What the made-up library says, and what it was asked for. */
static const char *reason;
static bool fails_early;
static char asked[256];
static int datasets, boosters;

static const char *last_error(void) {
  return reason;
}

static int create_dataset(double **values, int **rows, int32_t columns,
                          const int *per_column, int32_t sample_rows, int32_t local_rows,
                          int64_t all_rows, const char *parameters, void **out) {
  assert_int_equal(columns, 1);
  assert_int_equal(per_column[0], sample_rows);
  assert_int_equal(local_rows, all_rows);
  assert_true(values[0][1] > values[0][0] && rows[0][1] == 1);
  snprintf(asked, sizeof asked, "%s", parameters);
  if (fails_early) return -1;
  *out = &datasets;
  datasets++;
  return 0;
}

static int push_rows(void *dataset, const void *values, int type, int32_t rows,
                     int32_t columns, int32_t first_row) {
  (void)values, (void)type;
  assert_ptr_equal(dataset, &datasets);
  assert_true(rows > 0 && columns == 1 && first_row == 0);
  return 0;
}

static int set_field(void *dataset, const char *name, const void *values, int count,
                     int type) {
  (void)values, (void)type;
  assert_ptr_equal(dataset, &datasets);
  assert_string_equal(name, "label");
  assert_true(count > 0);
  return 0;
}

static int free_dataset(void *dataset) {
  assert_ptr_equal(dataset, &datasets);
  datasets--;
  return 0;
}

static int create_booster(const void *train, const char *parameters, void **out) {
  assert_ptr_equal(train, &datasets);
  assert_non_null(parameters);
  if (reason) return -1;
  *out = &boosters;
  boosters++;
  return 0;
}

static int free_booster(void *booster) {
  assert_ptr_equal(booster, &boosters);
  boosters--;
  return 0;
}

static const hr_lightgbm_api api = {
    .last_error = last_error,
    .dataset_create_from_sampled_column = create_dataset,
    .dataset_push_rows = push_rows,
    .dataset_set_field = set_field,
    .dataset_free = free_dataset,
    .booster_create = create_booster,
    .booster_free = free_booster,
};

static void a_device_that_is_there_is_fine(void **state) {
  (void)state;
  hr_error err = {0};
  reason = NULL;
  check_ok(hr_lightgbm_probe(&api, "cuda", &err));
  assert_non_null(strstr(asked, "device_type=cuda"));
  assert_int_equal(datasets + boosters, 0);
}

static void the_reason_is_handed_on(void **state) {
  (void)state;
  hr_error err = {0};
  reason = "no such device\nAsk for it.";
  for (int early = 0; early < 2; early++) {
    fails_early = early == 1;
    check_fails(hr_lightgbm_probe(&api, "gpu", &err), HR_ERR_NUMERIC,
                "LightGBM says: no such device Ask for it.");
    assert_int_equal(datasets + boosters, 0);
  }
  fails_early = false;
  reason = "std::bad_alloc";
  check_fails(hr_lightgbm_probe(&api, "gpu", &err), HR_ERR_MEMORY,
              "LightGBM says: std::bad_alloc");
}

/* On any machine: auto and cpu ask nobody, and OpenCL has to have a platform. */
static void the_check_refuses_what_is_not_there(void **state) {
  (void)state;
  hr_error err = {0};
  static char names[][8] = {"auto", "cpu", "gpu"};
  hr_lightgbm_parameters parameters = {.device = names[0]};
  setenv("OCL_ICD_VENDORS", "/nowhere", 1);
  check_ok(hr_lightgbm_check(NULL, &parameters, &err));
  parameters.device = names[1];
  check_ok(hr_lightgbm_check(NULL, &parameters, &err));
  parameters.device = names[2];
  parameters.quantized = true;
  check_fails(
      hr_lightgbm_check(NULL, &parameters, &err), HR_ERR_CONFIG,
      "experts.lightgbm.device is gpu, and experts.lightgbm.quantized works on the "
      "CPU alone; device: auto or cpu grows trees here");
  parameters.quantized = false;
  check_fails(hr_lightgbm_check(NULL, &parameters, &err), HR_ERR_CONFIG,
              "experts.lightgbm.device is gpu, and this machine has no OpenCL platform; "
              "device: auto or cpu grows trees here");
  unsetenv("OCL_ICD_VENDORS");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_device_that_is_there_is_fine),
      cmocka_unit_test(the_reason_is_handed_on),
      cmocka_unit_test(the_check_refuses_what_is_not_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
