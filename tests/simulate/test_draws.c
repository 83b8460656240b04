/* Spectra of random stars; tests/methods/test_posterior_grid.c uses them as templates. */
#include "simulate/draws.h"

#include <omp.h>

#include "core/alloc.h"
#include "core/pixel_quantile.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { PIXELS = 4096, COUNT = 258 }; /* more than a batch of 256 */

static hr_draw_options some(size_t count) {
  hr_draw_options options = hr_draw_options_default();
  options.seed = 11;
  options.count = count;
  options.median = 0.5;
  return options;
}

static void labels_fill_the_grid(void **state) {
  (void)state;
  hr_error err = {0};
  hr_grid_tables *tables = NULL;
  check_ok(hr_tables_create(&tables, &err));
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    double first = tables->nodes[axis][0];
    double last = tables->nodes[axis][tables->node_count[axis] - 1], mean = 0;
    for (uint64_t i = 0; i < 2000; i++) {
      double labels[HR_GRID_AXES], again[HR_GRID_AXES];
      hr_draw_labels(3, i, labels);
      hr_draw_labels(3, i, again);
      assert_memory_equal(labels, again, sizeof labels);
      assert_true(labels[axis] >= first && labels[axis] <= last);
      mean += (labels[axis] - first) / (last - first) / 2000;
    }
    check_near(mean, 0.5, 0.03); /* 4.6 standard errors of uniform deviates */
  }
  hr_tables_destroy(&tables);
}

/* Where spectra are kept; `next` makes sure of the order. */
typedef struct kept {
  float *flux; /* [COUNT][PIXELS] */
  size_t next;
} kept;

static void keep(void *context, size_t number, float *flux) {
  kept *k = context;
  assert_int_equal(number, k->next++);
  memcpy(k->flux + number * PIXELS, flux, PIXELS * sizeof *flux);
}

static void draw(size_t count, int threads, kept *k) {
  hr_error err = {0};
  hr_draw_options options = some(count);
  int before = omp_get_max_threads();
  k->next = 0;
  omp_set_num_threads(threads);
  check_ok(hr_draw_spectra(&options, keep, k, &err));
  omp_set_num_threads(before);
  assert_int_equal(k->next, count);
}

static void spectra_depend_on_their_number_alone(void **state) {
  (void)state;
  hr_error err = {0};
  float scratch[PIXELS];
  kept all = {0}, few = {0};
  check_ok(hr_alloc(&all.flux, COUNT * PIXELS, &err));
  check_ok(hr_alloc(&few.flux, COUNT * PIXELS, &err));
  draw(COUNT, 2, &all);
  draw(3, 1, &few);
  assert_memory_equal(all.flux, few.flux, 3 * PIXELS * sizeof(float));
  for (size_t i = 0; i < COUNT; i += 257) {
    check_near(hr_pixel_quantile(all.flux + i * PIXELS, PIXELS, 0.5, scratch), 0.5, 1e-6);
  }
  assert_true(memcmp(all.flux, all.flux + PIXELS, PIXELS * sizeof(float)) != 0);
  hr_free(all.flux);
  hr_free(few.flux);
}

static bool wants_to_stop(void *context) {
  (void)context;
  return true;
}

static void it_can_be_stopped(void **state) {
  (void)state;
  hr_error err = {0};
  const hr_observer observer = {.interrupted = wants_to_stop};
  hr_draw_options options = some(COUNT);
  options.observer = &observer;
  options.stage = "drawing templates";
  check_fails(hr_draw_spectra(&options, keep, NULL, &err), HR_ERR_INTERRUPTED,
              "interrupted while drawing templates");
}

static void ignore(void *context, size_t number, float *flux) {
  (void)context, (void)number, (void)flux;
}

static hr_status draw_one(void) {
  hr_draw_options options = some(1);
  return hr_draw_spectra(&options, ignore, NULL, NULL);
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(draw_one());
}

static void count_pixels(void *context, size_t number, float *flux) {
  float scratch[100];
  check_near(hr_pixel_quantile(flux, 100, 0.5, scratch), 0.5, 1e-6);
  *(size_t *)context = number + 1;
}

/* Through another instrument, where its line spread is known. */
static void other_pixels_are_seen_too(void **state) {
  (void)state;
  hr_error err = {0};
  double wave[100], fwhm[100];
  size_t count = 0;
  for (size_t p = 0; p < 100; p++) wave[p] = 8400 + (double)p, fwhm[p] = 2;
  hr_draw_options options = some(3);
  options.view = (hr_model_view){100, wave, fwhm};
  check_ok(hr_draw_spectra(&options, count_pixels, &count, &err));
  assert_int_equal(count, 3);
  options.view.fwhm = NULL;
  check_fails(hr_draw_spectra(&options, count_pixels, &count, &err), HR_ERR_MISSING,
              "the spectra have 100 pixels and the built-in model grid has 4096");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(labels_fill_the_grid),
      cmocka_unit_test(spectra_depend_on_their_number_alone),
      cmocka_unit_test(it_can_be_stopped),
      cmocka_unit_test(memory_may_run_out),
      cmocka_unit_test(other_pixels_are_seen_too),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
