/* What is learned from a sample of rows: unit, pedestal, clipping, stand-in, wild rows.
 */
#include "data/conditioning.h"

#include <math.h>

#include "core/alloc.h"
#include "support/fail_alloc.h"
#include "support/shards.h"

enum { ROWS = 40, PIXELS = 32 };

/* Spectra with one line each, around `level`, in the unit `unit`. */
typedef struct desk {
  char path[256];
  double flux[ROWS * PIXELS], error[ROWS * PIXELS], mask[ROWS * PIXELS];
  shard_spec spec;
  hr_conditioning_wish wish;
  hr_conditioning found;
  hr_conditioning_sample sample;
} desk;

static double spectrum(size_t row, size_t pixel) {
  double line = ((double)pixel - 8 - (double)row / 5) / 4;
  return 1 - 0.3 * exp(-line * line) - 0.01 * (double)(row % 7);
}

static void desk_init(desk *d, double level, double unit) {
  *d = (desk){.found = hr_conditioning_plain()};
  for (size_t i = 0; i < ROWS * PIXELS; i++) {
    d->flux[i] = unit * (spectrum(i / PIXELS, i % PIXELS) + level);
    d->error[i] = unit * 0.02;
  }
  d->spec = shard_spec_default(shard_path(d->path, sizeof d->path, "learn.h5"));
  d->spec.rows = ROWS;
  d->spec.pixels = PIXELS;
  d->spec.flux = d->flux;
  d->spec.error = d->error;
  d->wish.mask_bits = HR_MASK_ANY;
}

static hr_status learn_written(desk *d, hr_error *err) {
  hr_dataset *dataset = NULL;
  hr_strings paths = {0};
  hr_conditioning_fini(&d->found);
  hr_status status = hr_strings_append(&paths, d->path, err);
  if (status == HR_OK) {
    status = hr_dataset_open(&paths, HR_LABELS_NONE, NULL, &dataset, err);
  }
  if (status == HR_OK) {
    status = hr_conditioning_learn(dataset, &d->wish, &d->found, &d->sample, err);
  }
  hr_dataset_destroy(&dataset);
  hr_strings_fini(&paths);
  return status;
}

static void learn(desk *d) {
  hr_error err = {0};
  shard_write(&d->spec);
  check_ok(learn_written(d, &err));
}

static void desk_fini(desk *d) {
  hr_conditioning_fini(&d->found);
  unlink(d->path);
}

static void every_unit_is_found(void **state) {
  (void)state;
  for (int power = -40; power <= 30; power += 5) {
    desk d;
    char text[16];
    snprintf(text, sizeof text, "1e%d", power);
    desk_init(&d, 0, strtod(text, NULL));
    learn(&d);
    check_near(d.found.scale, strtod(text, NULL), 0);
    check_near(d.found.base, 0, 0);
    assert_true(d.found.clip && d.found.knows_errors);
    for (size_t p = 0; p < PIXELS; p++) {
      double mean = 0;
      for (size_t i = 0; i < ROWS; i++) mean += spectrum(i, p) / ROWS;
      check_near(d.found.stand_in[p], mean, 1e-6);
    }
    desk_fini(&d);
  }
}

static void pedestals_are_taken_off(void **state) {
  (void)state;
  static const double levels[] = {10, 1000, 1e4, -1000, 1e7};
  for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
    desk d;
    desk_init(&d, levels[l], 1e-17);
    learn(&d);
    check_near(d.found.scale, 1e-17, 0);
    check_near(d.found.base, levels[l], 0);
    assert_false(d.found.clip);
    check_near(d.found.stand_in[0], 0.97, 0.01);
    d.wish.keeps_zero = true;
    learn(&d);
    check_near(d.found.base, 0, 0);
    desk_fini(&d);
  }
}

static void clipping_follows_the_rule_of_the_rows(void **state) {
  (void)state;
  desk d;
  desk_init(&d, 0, 1);
  d.flux[5] = -0.1; /* an accident */
  learn(&d);
  assert_true(d.found.clip);
  check_near(d.sample.negative_share, 1.0 / (ROWS * PIXELS), 1e-12);
  d.wish.clip = HR_CLIP_NEVER;
  learn(&d);
  assert_false(d.found.clip);
  desk_fini(&d);
  desk_init(&d, -0.9, 1);
  learn(&d);
  assert_false(d.found.clip);
  assert_true(d.found.stand_in[8] < 0);
  d.wish.clip = HR_CLIP_ALWAYS;
  learn(&d);
  assert_true(d.found.clip);
  assert_true(d.found.stand_in[8] >= 0);
  desk_fini(&d);
}

/* Bad pixels count neither for the unit nor in the means. */
static void bad_pixels_have_no_part(void **state) {
  (void)state;
  desk d;
  desk_init(&d, 0, 1e-13);
  for (size_t i = 0; i < ROWS * PIXELS; i += 3) {
    const double odd[] = {-99.9, 0, NAN, 1e30};
    d.flux[i] = i % 2 ? 1e30 : NAN;
    d.error[i] = odd[i % 4];
  }
  for (size_t i = 0; i < ROWS; i++) {
    d.mask[i * PIXELS + 7] = 1; /* never good: the mean of its neighbours */
    d.flux[i * PIXELS + 7] = 5e-13;
  }
  d.spec.mask = d.mask;
  learn(&d);
  check_near(d.found.scale, 1e-13, 0);
  for (size_t p = 0; p < PIXELS; p++) {
    double mean = 0, count = 0;
    for (size_t i = 0; i < ROWS; i++) {
      if ((i * PIXELS + p) % 3 == 0) continue;
      mean += spectrum(i, p), count++;
    }
    if (p != 7) check_near(d.found.stand_in[p], mean / count, 1e-6);
  }
  check_near(d.found.stand_in[7],
             0.5 * (double)(d.found.stand_in[6] + d.found.stand_in[8]), 1e-6);
  d.wish.mask_bits = HR_MASK_NONE;
  learn(&d);
  check_near(d.found.stand_in[7], 5, 1e-5);
  desk_fini(&d);
}

static void errors_of_zero_are_none(void **state) {
  (void)state;
  desk d;
  desk_init(&d, 0, 1);
  for (size_t i = 0; i < ROWS * PIXELS; i++) d.error[i] = 0;
  learn(&d);
  assert_false(d.found.knows_errors);
  assert_int_equal(d.sample.empty_rows, 0);
  check_near(d.found.scale, 1, 0);
  d.error[7] = NAN; /* is something else: that pixel was not measured */
  learn(&d);
  assert_true(d.found.knows_errors);
  assert_int_equal(d.sample.empty_rows, ROWS);
  check_near(d.found.scale, 1, 0);
  check_near(d.found.stand_in[3], 0, 0);
  /* Nor is what has the wrong sign everywhere not known. */
  for (size_t i = 0; i < ROWS * PIXELS; i++) d.error[i] = -0.1;
  learn(&d);
  assert_true(d.found.knows_errors);
  assert_int_equal(d.sample.empty_rows, ROWS);
  desk_fini(&d);
}

static void wild_rows_have_no_part_in_the_means(void **state) {
  (void)state;
  desk d, sound;
  desk_init(&sound, 0, 1);
  learn(&sound);
  assert_true(sound.found.wild_beyond > 20 && sound.found.wild_beyond < 50);
  desk_init(&d, 0, 1);
  for (size_t p = 0; p < PIXELS; p++) d.flux[3 * PIXELS + p] *= 1e8;
  d.flux[4 * PIXELS + 9] = 1e5;
  learn(&d);
  check_near(d.found.scale, 1, 0);
  check_near(d.found.wild_beyond, (double)sound.found.wild_beyond, 1);
  for (size_t p = 0; p < PIXELS; p++) {
    check_near(d.found.stand_in[p], (double)sound.found.stand_in[p], 0.02);
  }
  desk_fini(&sound);
  desk_fini(&d);
}

/* Rows that differ by their brightness alone, by a factor of a thousand. */
static void bright_rows_are_not_wild(void **state) {
  (void)state;
  desk d;
  desk_init(&d, 0, 1);
  for (size_t i = 0; i < ROWS * PIXELS; i++) {
    d.flux[i] *= pow(10, 3.0 * (double)(i / PIXELS) / ROWS);
  }
  learn(&d);
  double brightest = d.flux[ROWS * PIXELS - 1] / d.found.scale;
  assert_true((double)d.found.wild_beyond > 10 * brightest);
  desk_fini(&d);
}

/* Of many rows a sample is enough, and of several files it is of all. */
static void many_rows_are_sampled(void **state) {
  (void)state;
  hr_error err = {0};
  enum { MANY = 3000 };
  static double flux[MANY * 4], error[MANY * 4];
  char paths[2][256];
  hr_strings list = {0};
  hr_dataset *dataset = NULL;
  hr_conditioning found;
  hr_conditioning_sample sample;
  const hr_conditioning_wish wish = {.clip = HR_CLIP_AUTO};
  for (int k = 0; k < 2; k++) {
    for (size_t i = 0; i < MANY * 4; i++) {
      flux[i] = k + 1 + 0.1 * (double)(i % 4), error[i] = 0.1;
    }
    shard_spec spec =
        shard_spec_default(shard_path(paths[k], sizeof paths[k], k ? "b.h5" : "a.h5"));
    spec.rows = MANY;
    spec.flux = flux;
    spec.error = error;
    spec.chunk_rows = k ? 100 : 0;
    spec.chunk_pixels = k ? 3 : 0;
    spec.gzip = k;
    shard_write(&spec);
    check_ok(hr_strings_append(&list, paths[k], &err));
  }
  check_ok(hr_dataset_open(&list, HR_LABELS_NONE, NULL, &dataset, &err));
  check_ok(hr_conditioning_learn(dataset, &wish, &found, &sample, &err));
  assert_int_equal(sample.rows, HR_CONDITIONING_ROWS);
  check_near(found.stand_in[0] * found.scale, 1.5, 0.05);
  hr_conditioning_fini(&found);
  bool known = false;
  check_ok(hr_dataset_knows_errors(dataset, &known, &err));
  assert_true(known);
  hr_dataset_destroy(&dataset);
  hr_strings_fini(&list);
  for (int k = 0; k < 2; k++) unlink(paths[k]);
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  desk d;
  desk_init(&d, 0, 1);
  d.spec.mask = d.mask;
  learn(&d);
  hr_error err = {0};
  check_alloc_failures(learn_written(&d, &err));
  desk_fini(&d);
}

static void rows_of_another_unit_are_counted(void **state) {
  (void)state;
  desk d;
  desk_init(&d, 0, 1);
  learn(&d);
  assert_int_equal(d.sample.bright_rows, 0);
  for (size_t i = 5 * PIXELS; i < 7 * PIXELS; i++) d.flux[i] *= 8;
  d.flux[20 * PIXELS] = 20; /* a hot pixel is none */
  learn(&d);
  assert_int_equal(d.sample.bright_rows, 2);
  assert_int_equal(d.sample.first_bright, 5);
  for (size_t i = 5 * PIXELS; i < 7 * PIXELS; i++) d.flux[i] *= 100;
  learn(&d);
  assert_int_equal(d.sample.bright_rows, 0); /* they are wild */
  for (size_t i = 0; i < 12 * PIXELS; i++) {
    d.flux[i] = 8 * spectrum(i / PIXELS, i % PIXELS);
  }
  learn(&d);
  assert_int_equal(d.sample.bright_rows, 0); /* a kind of their own */
  desk_fini(&d);
}

/* Levels of rows are 0.01 apart, and 1 % of them stays outside on either side. */
static void test_scale_of_the_flux(void **state) {
  (void)state;
  desk d;
  desk_init(&d, 0, 1e-17);
  learn(&d);
  const hr_flux_scale *flux = &d.sample.flux;
  check_near(flux->level / 1e-17, d.sample.level / 1e-17, 1e-12);
  assert_true(flux->level_low < flux->level && flux->level < flux->level_high);
  assert_true(flux->level_low > 0.9e-17 && flux->level_high < 1.01e-17);
  assert_true(flux->spread_low <= flux->spread && flux->spread <= flux->spread_high);
  assert_true(flux->spread_low > 0.05e-17 && flux->spread_high < 0.31e-17);
  check_near(flux->error / 1e-17, 0.02, 1e-6);
  hr_conditioning_fini(&d.found);
}

/* No row has a good pixel, or an error. */
static void test_scale_that_is_not_known(void **state) {
  (void)state;
  desk d;
  desk_init(&d, 0, 1);
  for (size_t i = 0; i < ROWS * PIXELS; i++) d.error[i] = 0;
  learn(&d);
  assert_true(isnan(d.sample.flux.error) && isfinite(d.sample.flux.level));
  hr_conditioning_fini(&d.found);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_unit_is_found),
      cmocka_unit_test(pedestals_are_taken_off),
      cmocka_unit_test(clipping_follows_the_rule_of_the_rows),
      cmocka_unit_test(bad_pixels_have_no_part),
      cmocka_unit_test(errors_of_zero_are_none),
      cmocka_unit_test(wild_rows_have_no_part_in_the_means),
      cmocka_unit_test(bright_rows_are_not_wild),
      cmocka_unit_test(rows_of_another_unit_are_counted),
      cmocka_unit_test(many_rows_are_sampled),
      cmocka_unit_test(every_allocation_may_fail),
      cmocka_unit_test(test_scale_of_the_flux),
      cmocka_unit_test(test_scale_that_is_not_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
