/* How a study's spectra come to rest: by a label, or measured. */
#include "study/velocities.h"

#include <math.h>

#include "core/alloc.h"
#include "core/paths.h"
#include "data/rest.h"
#include "headroom/simulate.h"
#include "support/scratch.h"
#include "support/warnings.h"

enum { ROWS = 24, P = 4096 };

static scratch s;
static hr_error err;

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  for (int moving = 0; moving < 2; moving++) {
    hr_simulate_options options = hr_simulate_options_default();
    options.folder = scratch_name(&s, moving ? "z1" : "z0");
    options.train_rows = options.test_rows = ROWS;
    options.shards = 1;
    options.mag = (hr_simulate_range){20.5, 21};
    if (moving) options.rv = (hr_simulate_range){-300, 300};
    check_ok(hr_simulate(&options, NULL, &err));
  }
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void open_set(const char *folder, const char *pattern, hr_dataset **out) {
  hr_strings paths = {0};
  check_ok(hr_expand_paths(scratch_name(&s, folder), pattern, &paths, &err));
  check_ok(hr_dataset_create(&paths, NULL, out, &err));
  hr_strings_fini(&paths);
}

typedef struct desk {
  hr_config *config;
  hr_dataset *train, *test;
  hr_velocities found;
} desk;

static void desk_init(desk *d, const char *folder, const char *data) {
  char yaml[512];
  *d = (desk){.config = NULL};
  snprintf(yaml, sizeof yaml,
           "experiment: {id: x}\ndata: {train: train_0/dataset.h5, test: "
           "test/dataset.h5%s}\nexperts: {ridge: {}}\n",
           data);
  check_ok(hr_config_parse(yaml, strlen(yaml), "x.yaml", scratch_name(&s, folder),
                           &d->config, &err));
  open_set(folder, "train_0/dataset.h5", &d->train);
  open_set(folder, "test/dataset.h5", &d->test);
}

static void desk_fini(desk *d) {
  hr_dataset_destroy(&d->train);
  hr_dataset_destroy(&d->test);
  hr_config_destroy(&d->config);
}

static hr_status find(desk *d) {
  return hr_velocities_find(&d->found, d->config, d->train, d->test, NULL, &err);
}

/* The first rows' noise-free flux and error; [ROWS][P] each. */
static void read_rows(const hr_dataset *dataset, float *flux, float *error) {
  hr_stream *stream = NULL;
  hr_block block;
  hr_stream_options options = hr_stream_options_default();
  check_ok(hr_stream_create(dataset, &options, &stream, &err));
  check_ok(hr_stream_next(stream, &block, &err));
  assert_int_equal(block.rows, ROWS);
  memcpy(flux, block.flux, (size_t)ROWS * P * sizeof *flux);
  memcpy(error, block.error, (size_t)ROWS * P * sizeof *error);
  hr_stream_destroy(&stream);
}

/* Brought to rest, spectra are those of stars that never moved: to `most` of the flux. */
static void check_at_rest(const hr_dataset *moved, double most) {
  hr_dataset *still = NULL;
  float *values[4] = {NULL};
  double worst = 0;
  open_set("z0", "test/dataset.h5", &still);
  for (int i = 0; i < 4; i++) check_ok(hr_alloc(&values[i], (size_t)ROWS * P, &err));
  read_rows(still, values[0], values[1]);
  read_rows(moved, values[2], values[3]);
  for (size_t row = 0; row < ROWS; row++) {
    const float *a = values[0] + row * P, *b = values[2] + row * P;
    const float *error = values[3] + row * P;
    double sum = 0, count = 0, ratio = 0;
    /* Their medians, which both are scaled by, are of other pixels. */
    for (size_t p = 0; p < P; p++) {
      if (error[p] > 0) sum += (double)b[p] / (double)a[p], count++;
    }
    assert_true(count > 3500 && error[0] == 0 && error[P - 1] == 0);
    ratio = sum / count;
    for (size_t p = 100; p < P - 100; p++) {
      if (!(error[p] > 0)) continue;
      worst = fmax(worst, fabs((double)b[p] / (double)a[p] / ratio - 1));
    }
  }
  print_message("off by %.2g of the flux at most\n", worst);
  assert_true(worst < most);
  for (int i = 0; i < 4; i++) hr_free(values[i]);
  hr_dataset_destroy(&still);
}

static void nothing_is_done_unless_asked(void **state) {
  (void)state;
  desk d;
  const double *velocity = NULL;
  desk_init(&d, "z1", "");
  check_ok(find(&d));
  assert_false(d.found.are_used);
  assert_null(hr_dataset_rest(d.test, &velocity));
  assert_null(velocity);
  desk_fini(&d);
}

static void a_label_brings_to_rest(void **state) {
  (void)state;
  desk d;
  const double *velocity = NULL;
  desk_init(&d, "z1", ", rv: rv");
  check_ok(find(&d));
  assert_true(d.found.are_used && !d.found.are_fitted);
  assert_true(d.found.range[0] >= -300 && d.found.range[1] <= 300);
  assert_non_null(hr_dataset_rest(d.train, &velocity));
  check_at_rest(d.test, 0.02); /* beside pixels under lines of the sky */
  /* Rows that are left out take their velocities along. */
  const double *kept = NULL;
  bool left_out[ROWS] = {[0] = true, [5] = true};
  double third = 0;
  hr_dataset_rest(d.test, &velocity);
  third = velocity[6];
  check_ok(hr_dataset_leave_out(d.test, left_out, &err));
  hr_dataset_rest(d.test, &kept);
  assert_true(kept[4] == third);
  desk_fini(&d);
}

static void velocities_are_measured(void **state) {
  (void)state;
  desk d;
  desk_init(&d, "z1", ", rv: fit, rv_range: [-400, 400]");
  check_ok(find(&d));
  assert_true(d.found.are_used && d.found.are_fitted);
  check_near(d.found.range[0], -400, 0);
  for (int i = 0; i < 2; i++) {
    const hr_velocity_summary *set = &d.found.sets[i];
    assert_int_equal(set->rows, ROWS);
    assert_in_range(set->compared, ROWS - 3, ROWS);
    assert_true(set->pull > 0.5 && set->pull < 2);
  }
  const double *velocity = NULL, *truth = NULL;
  double off = 0;
  hr_dataset_rest(d.test, &velocity);
  check_ok(hr_dataset_label(d.test, "rv", true, &truth, &err));
  for (size_t i = 0; i < ROWS; i++) off += fabs(velocity[i] - truth[i]) < 20;
  assert_true(off >= ROWS - 2);
  desk_fini(&d);
}

static void what_is_no_velocity_is_refused(void **state) {
  (void)state;
  desk d;
  desk_init(&d, "z1", ", rv: T_eff");
  assert_int_equal(find(&d), HR_ERR_DATA);
  assert_non_null(strstr(err.message, "data.rv: the label T_eff is "));
  assert_non_null(strstr(err.message,
                         " at row 0 (counted from 0), beyond 3000 km/s; give velocities "
                         "in km/s"));
  desk_fini(&d);
  desk_init(&d, "z1", ", rv: fit, rv_range: [-1, 0, 1]");
  check_fails(find(&d), HR_ERR_CONFIG,
              "x.yaml: data.rv_range has 3 numbers; give two, from and to which velocity "
              "(km/s) is looked");
  desk_fini(&d);
  desk_init(&d, "z0", ", rv: speed");
  assert_int_equal(find(&d), HR_ERR_DATA);
  assert_non_null(strstr(err.message, "data.rv: "));
  assert_non_null(strstr(err.message, "speed"));
  assert_null(strstr(err.message, "one velocity"));
  desk_fini(&d);
  desk_init(&d, "z0", ", rv: -12.5");
  assert_int_equal(find(&d), HR_ERR_DATA);
  assert_non_null(strstr(err.message,
                         "; one velocity of all stars is none of them: give a "
                         "label, fit, or 0 for stars at rest"));
  desk_fini(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_done_unless_asked),
      cmocka_unit_test(a_label_brings_to_rest),
      cmocka_unit_test(velocities_are_measured),
      cmocka_unit_test(what_is_no_velocity_is_refused),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
