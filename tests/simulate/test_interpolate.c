#include "simulate/interpolate.h"

#include <omp.h>

#include "core/alloc.h"
#include "core/random.h"
#include "support/check.h"

enum { STARS = 32 };

typedef struct fixture {
  hr_grid_tables *tables;
  hr_interpolator interpolator;
  double labels[STARS][HR_GRID_AXES];
  float *weights, *flux, *again;
  double *reference;
} fixture;

static int set_up(void **state) {
  static fixture f;
  hr_error err;
  check_ok(hr_tables_create(&f.tables, &err));
  check_ok(hr_interpolator_init(hr_compute_default(), f.tables, HR_SIMULATE_NODES_ALL,
                                &f.interpolator, &err));
  check_ok(hr_alloc(&f.weights, STARS * f.tables->spectra, &err));
  check_ok(hr_alloc(&f.flux, STARS * f.tables->pixels, &err));
  check_ok(hr_alloc(&f.again, STARS * f.tables->pixels, &err));
  check_ok(hr_alloc(&f.reference, f.tables->pixels, &err));
  for (size_t i = 0; i < STARS; i++) {
    for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
      double low = f.tables->nodes[axis][0];
      double high = f.tables->nodes[axis][f.tables->node_count[axis] - 1];
      double u = hr_uniform(3, HR_STREAM_BOOTSTRAP, i, (uint32_t)axis);
      f.labels[i][axis] = i == 0 ? low : i == 1 ? high : low + u * (high - low);
    }
    hr_interpolator_weights(&f.interpolator, f.labels[i],
                            f.weights + i * f.tables->spectra);
  }
  *state = &f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  hr_free(f->weights);
  hr_free(f->flux);
  hr_free(f->again);
  hr_free(f->reference);
  hr_tables_destroy(&f->tables);
  return 0;
}

static void product_agrees_with_plain_loops(void **state) {
  fixture *f = *state;
  size_t pixels = f->tables->pixels;
  hr_interpolator_spectra(&f->interpolator, STARS, f->weights, f->flux);
  for (size_t i = 0; i < STARS; i++) {
    hr_interpolator_reference(&f->interpolator, f->labels[i], f->reference);
    for (size_t p = 0; p < pixels; p++) {
      check_near(f->flux[i * pixels + p], f->reference[p], 5e-6 * f->reference[p]);
    }
  }
}

static void corners_are_the_grids_own_spectra(void **state) {
  fixture *f = *state;
  size_t pixels = f->tables->pixels, last = f->tables->spectra - 1;
  hr_interpolator_spectra(&f->interpolator, STARS, f->weights, f->flux);
  assert_memory_equal(f->flux, f->tables->flux, pixels * sizeof *f->flux);
  assert_memory_equal(f->flux + pixels, f->tables->flux + last * pixels,
                      pixels * sizeof *f->flux);
}

static void bytes_do_not_depend_on_threads(void **state) {
  fixture *f = *state;
  int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  hr_interpolator_spectra(&f->interpolator, STARS, f->weights, f->flux);
  omp_set_num_threads(3);
  hr_interpolator_spectra(&f->interpolator, STARS, f->weights, f->again);
  omp_set_num_threads(threads);
  assert_memory_equal(f->flux, f->again, STARS * f->tables->pixels * sizeof *f->flux);
}

/* Every second node of each axis and the last: weights at no other node, and at those the
 * grid's own spectra. */
static void half_of_the_nodes(void **state) {
  fixture *f = *state;
  hr_error err;
  hr_interpolator half;
  double weights[HR_GRID_MOST_NODES], slopes[HR_GRID_MOST_NODES];
  check_ok(hr_interpolator_init(hr_compute_default(), f->tables, HR_SIMULATE_NODES_HALF,
                                &half, &err));
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    const double *nodes = f->tables->nodes[axis];
    size_t count = f->tables->node_count[axis];
    double sum = 0;
    hr_interpolator_axis(&half, axis, 0.5 * (nodes[2] + nodes[3]), weights, slopes);
    for (size_t i = 0; i < count; i++) {
      bool used = i % 2 == 0 || i == count - 1;
      assert_int_equal(weights[i] != 0, used);
      sum += weights[i];
    }
    check_near(sum, 1, 1e-12);
    hr_interpolator_axis(&half, axis, nodes[count - 1], weights, NULL);
    check_near(weights[count - 1], 1, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(product_agrees_with_plain_loops),
      cmocka_unit_test(corners_are_the_grids_own_spectra),
      cmocka_unit_test(bytes_do_not_depend_on_threads),
      cmocka_unit_test(half_of_the_nodes),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
