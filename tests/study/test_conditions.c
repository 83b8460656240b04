/* How a study's rows are made ready: what is decided, told, and left out. */
#include "study/conditions.h"

#include <math.h>

#include "support/scratch.h"
#include "support/shards.h"
#include "support/warnings.h"

enum { ROWS = 30, PIXELS = 16 };

static double flux[ROWS * PIXELS], error[ROWS * PIXELS];

typedef struct desk {
  scratch s;
  hr_config *config;
  hr_dataset *train, *test;
  hr_row_conditions found;
  warnings told;
  hr_observer observer;
} desk;

static void fill(void) {
  for (size_t i = 0; i < ROWS * PIXELS; i++) {
    flux[i] = 1 - 0.05 * (double)((i / PIXELS + i) % 7);
    error[i] = 0.02;
  }
}

static void write_file(desk *d, const char *name) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", d->s.path, name);
  shard_spec spec = shard_spec_default(path);
  spec.rows = ROWS;
  spec.pixels = PIXELS;
  spec.flux = flux;
  spec.error = error;
  shard_write(&spec);
}

static void open_file(desk *d, const char *name, hr_dataset **out) {
  hr_error err = {0};
  char path[256];
  hr_strings paths = {0};
  snprintf(path, sizeof path, "%s/%s", d->s.path, name);
  check_ok(hr_strings_append(&paths, path, &err));
  check_ok(hr_dataset_create(&paths, NULL, out, &err));
  hr_strings_fini(&paths);
}

/* The training file as flux and error are now; the test file is always sound. */
static void desk_init(desk *d, const char *data, const char *experts) {
  hr_error err = {0};
  char yaml[512];
  *d = (desk){.train = NULL};
  scratch_init(&d->s);
  write_file(d, "train.h5");
  open_file(d, "train.h5", &d->train);
  fill();
  write_file(d, "test.h5");
  open_file(d, "test.h5", &d->test);
  snprintf(
      yaml, sizeof yaml,
      "experiment: {id: x}\ndata: {train: train.h5, test: test.h5%s}\nexperts: {%s}\n",
      data, experts);
  check_ok(hr_config_parse(yaml, strlen(yaml), "x.yaml", d->s.path, &d->config, &err));
  d->observer = warnings_observer(&d->told);
}

static hr_status find(desk *d, hr_error *err) {
  return hr_conditions_find(&d->found, d->config, d->train, d->test, NULL, err);
}

/* What is told, and what is given to doubt, one after the other. */
static void tell(desk *d) {
  hr_error err = {0};
  hr_doubts doubts = {0};
  hr_conditions_tell(&d->found, &d->observer);
  check_ok(hr_conditions_doubt(&d->found, d->config, d->train, &doubts, &err));
  for (size_t i = 0; i < doubts.count; i++) {
    hr_observe_warning(&d->observer, "%s", doubts.items[i].sentence);
  }
  hr_doubts_fini(&doubts);
}

static void desk_fini(desk *d) {
  hr_conditions_fini(&d->found);
  hr_dataset_destroy(&d->train);
  hr_dataset_destroy(&d->test);
  hr_config_destroy(&d->config);
  scratch_fini(&d->s);
}

static void sound_rows_are_left_alone(void **state) {
  (void)state;
  hr_error err = {0};
  desk d;
  fill();
  desk_init(&d, "", "ridge: ");
  check_ok(find(&d, &err));
  assert_true(hr_conditioning_is_plain(&d.found.rows));
  assert_true(d.found.rows.clip && d.found.train_errors && d.found.test_errors);
  tell(&d);
  assert_int_equal(d.told.count, 0);
  desk_fini(&d);
}

static void the_configuration_says_what_is_clipped_and_masked(void **state) {
  (void)state;
  hr_error err = {0};
  desk d;
  fill();
  for (size_t i = 0; i < ROWS * PIXELS; i++) flux[i] -= 0.85;
  desk_init(&d, "", "ridge: ");
  check_ok(find(&d, &err));
  assert_false(d.found.rows.clip);
  tell(&d);
  assert_int_equal(d.told.count, 1);
  assert_non_null(strstr(d.told.last, "flux below 0 is not clipped: it is the rule"));
  desk_fini(&d);
  fill();
  for (size_t i = 0; i < ROWS * PIXELS; i++) flux[i] -= 0.85;
  desk_init(&d, ", clip: true, mask: [1]", "ridge: ");
  check_ok(find(&d, &err));
  assert_true(d.found.rows.clip);
  assert_true(d.found.rows.mask_bits == 2);
  tell(&d);
  assert_int_equal(d.told.count, 0);
  desk_fini(&d);
}

static void an_amplitude_keeps_the_zero(void **state) {
  (void)state;
  static const char *const experts[] = {"posterior: ", "posterior: {amplitude: flat}",
                                        "posterior: {source: grid}"};
  for (int e = 0; e < 3; e++) {
    hr_error err = {0};
    desk d;
    fill();
    for (size_t i = 0; i < ROWS * PIXELS; i++) flux[i] += 1000;
    desk_init(&d, "", experts[e]);
    check_ok(find(&d, &err));
    check_near(d.found.rows.base, e == 0 ? 1000 : 0, 0);
    desk_fini(&d);
  }
}

/* Stars a factor of ten apart, which only the posterior without an amplitude minds. */
static void unlike_brightness_is_told(void **state) {
  (void)state;
  static const char *const experts[] = {"posterior: ", "posterior: {amplitude: flat}",
                                        "ridge: "};
  for (int e = 0; e < 3; e++) {
    hr_error err = {0};
    desk d;
    fill();
    for (size_t i = 0; i < ROWS * PIXELS; i++) {
      double factor = pow(10, (double)(i / PIXELS) / (ROWS - 1));
      flux[i] *= factor;
      error[i] *= factor;
    }
    desk_init(&d, "", experts[e]);
    check_ok(find(&d, &err));
    tell(&d);
    bool told =
        d.told.count > 0 && strstr(d.told.last, "experts.posterior.amplitude: flat");
    assert_int_equal(told, e == 0);
    if (e == 0) {
      assert_non_null(strstr(d.told.last, "training spectra are of unlike brightness, "));
    }
    desk_fini(&d);
  }
}

static void errors_that_nobody_knows_are_told(void **state) {
  (void)state;
  hr_error err = {0};
  desk d;
  fill();
  for (size_t i = 0; i < ROWS * PIXELS; i++) error[i] = 0;
  desk_init(&d, "", "ridge: ");
  check_ok(find(&d, &err));
  assert_true(!d.found.train_errors && d.found.test_errors);
  tell(&d);
  assert_int_equal(d.told.count, 1);
  assert_non_null(strstr(d.told.last, "no training row has an error above 0"));
  desk_fini(&d);
}

static void rows_that_are_none_are_left_out_where_that_is_asked(void **state) {
  (void)state;
  hr_error err = {0};
  desk d;
  for (int rejects = 0; rejects < 2; rejects++) {
    fill();
    for (size_t p = 0; p < PIXELS; p++) error[4 * PIXELS + p] = NAN;
    flux[9 * PIXELS + 3] = 1e9;
    desk_init(&d, rejects ? ", reject_outliers: true" : "", "ridge: ");
    check_ok(find(&d, &err));
    assert_int_equal(d.found.left_out, 2 * rejects);
    assert_int_equal(hr_dataset_rows(d.train), ROWS - 2 * rejects);
    assert_true(hr_conditioning_is_plain(&d.found.rows));
    tell(&d);
    assert_int_equal(d.told.count, rejects);
    if (rejects) {
      assert_non_null(
          strstr(d.told.last, "left out 2 training rows; the first is row 4"));
      assert_non_null(strstr(d.told.last, "train.h5, which has no good pixel"));
    }
    desk_fini(&d);
  }
}

static void keep_info(void *context, hr_log_level level, const char *line) {
  if (level == HR_LOG_INFO) snprintf(context, 256, "%s", line);
}

/* Whatever the unit of the flux, and a level only where one is taken off. */
static void the_unit_of_flux_is_told_with_its_digits(void **state) {
  (void)state;
  char told[256] = "";
  const hr_observer observer = {.context = told, .log = keep_info};
  hr_row_conditions found = {.rows = {.scale = 1e-17}};
  hr_conditions_tell(&found, &observer);
  assert_string_equal(told,
                      "preparation: one unit of flux is 1e-17; experts, penalties "
                      "and models know nothing else");
  found.rows.base = 2.5;
  hr_conditions_tell(&found, &observer);
  assert_string_equal(told,
                      "preparation: one unit of flux is 1e-17, and the level of "
                      "2.5e-17 is taken off; experts, penalties and models know "
                      "nothing else");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_rows_are_left_alone),
      cmocka_unit_test(the_configuration_says_what_is_clipped_and_masked),
      cmocka_unit_test(an_amplitude_keeps_the_zero),
      cmocka_unit_test(unlike_brightness_is_told),
      cmocka_unit_test(the_unit_of_flux_is_told_with_its_digits),
      cmocka_unit_test(errors_that_nobody_knows_are_told),
      cmocka_unit_test(rows_that_are_none_are_left_out_where_that_is_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
