/* Products and solutions of a few vectors against plain loops in fp64, for orders and
 * counts that leave rests. */
#include "compute/few.h"

#include <stdlib.h>

#include "compute/compute.h"
#include "core/random.h"
#include "support/check.h"

enum { MOST = 100, VECTORS = 9 };

typedef struct fixture {
  double a[MOST * MOST], x[VECTORS * MOST], y[VECTORS * MOST];
  float factor[MOST * MOST], b[VECTORS * MOST];
  const double *from[VECTORS];
  double *to[VECTORS];
  float *sides[VECTORS];
} fixture;

static const size_t orders[] = {1, 3, 4, 11, 20, 37, MOST};

/* A positive definite A, of which the lower triangle is not there. */
static void fill(fixture *f, size_t n) {
  float row[MOST];
  for (size_t i = 0; i < n; i++) {
    hr_normal(2, HR_STREAM_NOISE_TRAIN, i, 0, n, row);
    for (size_t j = 0; j < n; j++) f->a[i * n + j] = j < i ? (double)NAN : (double)row[j];
    f->a[i * n + i] = 3 * (double)n;
  }
  for (size_t t = 0; t < VECTORS; t++) {
    f->from[t] = f->x + t * n;
    f->to[t] = f->y + t * n;
    f->sides[t] = f->b + t * n;
    hr_normal(3, HR_STREAM_NOISE_TRAIN, t, 0, n, row);
    for (size_t i = 0; i < n; i++) f->x[t * n + i] = (double)row[i];
  }
}

static double entry(const fixture *f, size_t n, size_t i, size_t j) {
  return i < j ? f->a[i * n + j] : f->a[j * n + i];
}

static void a_product_is_that_of_plain_loops(void **state) {
  (void)state;
  static fixture f;
  for (size_t k = 0; k < sizeof orders / sizeof orders[0]; k++) {
    size_t n = orders[k];
    fill(&f, n);
    for (size_t count = 0; count <= VECTORS; count++) {
      hr_few_symmetric(n, f.a, count, f.from, f.to);
      for (size_t i = 0; i < count * n; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++) sum += entry(&f, n, i % n, j) * f.x[i / n * n + j];
        check_near(f.y[i], sum, 1e-10);
      }
    }
  }
}

static void solutions_give_the_right_sides_back(void **state) {
  (void)state;
  static fixture f;
  for (size_t k = 0; k < sizeof orders / sizeof orders[0]; k++) {
    size_t n = orders[k];
    fill(&f, n);
    for (size_t i = 0; i < n * n; i++) f.factor[i] = (float)f.a[i];
    assert_true(hr_compute_reference.factorise_f32(n, f.factor));
    for (size_t i = 0; i < n * n; i++) {
      if (i % n < i / n) f.factor[i] = NAN; /* not to be read */
    }
    for (size_t count = 0; count <= VECTORS; count++) {
      for (size_t i = 0; i < count * n; i++) f.b[i] = (float)f.x[i];
      hr_few_solve_factored(n, f.factor, count, f.sides);
      for (size_t i = 0; i < count * n; i++) {
        double sum = 0;
        for (size_t j = 0; j < n; j++) {
          sum += entry(&f, n, i % n, j) * (double)f.b[i / n * n + j];
        }
        check_near(sum, f.x[i], 1e-4);
      }
    }
  }
}

/* Another vector beside it changes nothing. */
static void a_vector_has_the_bytes_that_it_has_alone(void **state) {
  (void)state;
  static fixture f;
  static double alone[MOST];
  fill(&f, MOST);
  hr_few_symmetric(MOST, f.a, VECTORS, f.from, f.to);
  for (size_t t = 0; t < VECTORS; t++) {
    hr_few_symmetric(MOST, f.a, 1, &f.from[t], (double *[]){alone});
    assert_memory_equal(alone, f.y + t * MOST, sizeof alone);
  }
  for (size_t i = 0; i < MOST * MOST; i++) f.factor[i] = (float)f.a[i];
  for (size_t i = 0; i < VECTORS * MOST; i++) f.b[i] = (float)f.x[i];
  hr_few_solve_factored(MOST, f.factor, VECTORS, f.sides);
  for (size_t t = 0; t < VECTORS; t++) {
    float solution[MOST], *side = solution;
    for (size_t i = 0; i < MOST; i++) solution[i] = (float)f.x[t * MOST + i];
    hr_few_solve_factored(MOST, f.factor, 1, &side);
    assert_memory_equal(solution, f.sides[t], sizeof solution);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_product_is_that_of_plain_loops),
      cmocka_unit_test(solutions_give_the_right_sides_back),
      cmocka_unit_test(a_vector_has_the_bytes_that_it_has_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
