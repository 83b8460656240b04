/* Every kind of product against plain loops, in the shapes that a network has: factors as
 * they lie or transposed, in the midst of wider arrays, overwritten or added to. */
#include "nn/products.h"

#include "core/parallel.h"
#include "core/random.h"
#include "nn/bf16.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { MOST = 1 << 16 };

static float a[MOST], b[MOST];
static uint16_t a_half[MOST], b_half[MOST];

static void fill(bool is_bf16) {
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 1, 0, MOST, a);
  hr_normal(1, HR_STREAM_NOISE_TRAIN, 2, 0, MOST, b);
  for (size_t i = 0; is_bf16 && i < MOST; i++) {
    a_half[i] = hr_bf16_of(a[i]);
    b_half[i] = hr_bf16_of(b[i]);
    a[i] = hr_bf16_value(a_half[i]);
    b[i] = hr_bf16_value(b_half[i]);
  }
}

static double expected_at(const hr_product *p, size_t i, size_t j) {
  double sum = 0;
  for (size_t k = 0; k < p->k; k++) {
    float left = p->transpose_a ? a[k * p->lda + i] : a[i * p->lda + k];
    float right = p->transpose_b ? b[j * p->ldb + k] : b[k * p->ldb + j];
    sum += (double)left * (double)right;
  }
  return sum;
}

typedef struct job {
  const hr_products *type;
  hr_made_product *made;
  float c[2][MOST];
  bool good[2];
} job;

static void run(void *context, size_t i, size_t thread) {
  job *j = context;
  bool half = j->type->is_bf16;
  j->good[i] = j->type->run(j->made, thread, half ? (void *)a_half : a,
                            half ? (void *)b_half : b, j->c[i]);
}

static void check_product(const hr_products *type, const hr_product *p) {
  static job j;
  hr_error err;
  j = (job){.type = type};
  for (size_t i = 0; i < MOST; i++) j.c[0][i] = j.c[1][i] = p->keep > 0 ? 2 : NAN;
  check_ok(type->create(p, &hr_compute_blas, &j.made, &err));
  hr_parallel_for(2, run, &j);
  assert_true(j.good[0] && j.good[1]);
  for (size_t i = 0; i < p->m; i++) {
    for (size_t n = 0; n < p->n; n++) {
      check_near(j.c[0][i * p->ldc + n], expected_at(p, i, n) + 2 * p->keep, 2e-4);
    }
    for (size_t n = p->n; n < p->ldc && i + 1 < p->m; n++) {
      float beside = j.c[0][i * p->ldc + n]; /* untouched */
      assert_true(p->keep > 0 ? fabsf(beside - 2) <= 0 : isnan(beside));
    }
  }
  assert_memory_equal(j.c[0], j.c[1], sizeof j.c[0]);
  type->destroy(&j.made);
  assert_null(j.made);
}

static void check_all(const hr_products *type) {
  static const hr_product products[] = {
      {17, 48, 16, false, true, 16, 16, 48, 1, 0},  /* x W' */
      {17, 16, 48, false, false, 48, 16, 16, 1, 0}, /* dy W */
      {48, 16, 17, true, false, 48, 16, 16, 1, 1},  /* dy' x, added */
      {17, 17, 4, false, true, 48, 48, 32, 1, 0},   /* a head's queries and keys */
      {17, 4, 17, false, false, 32, 48, 16, 1, 0},  /* its values */
      {17, 4, 17, true, false, 32, 16, 48, 1, 0},   /* their gradient */
      {1, 33, 16, false, true, 16, 16, 33, 1, 0},   /* one token */
      {33, 16, 1, true, false, 33, 16, 16, 1, 1},   /* its weights' gradient */
  };
  fill(type->is_bf16);
  for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
    check_product(type, &products[i]);
  }
}

static void products_are_those_of_plain_loops(void **state) {
  (void)state;
  check_all(&hr_products_compute);
  if (hr_products_onednn()) check_all(hr_products_onednn());
  if (hr_products_onednn_bf16()) check_all(hr_products_onednn_bf16());
}

static void the_fastest_are_chosen(void **state) {
  (void)state;
  assert_false(hr_products_fp32()->is_bf16);
  if (hr_products_onednn()) assert_ptr_equal(hr_products_fp32(), hr_products_onednn());
  assert_ptr_equal(hr_products_bf16(), hr_products_onednn_bf16());
  if (hr_products_bf16()) assert_true(hr_products_bf16()->is_bf16);
}

static void products_that_cannot_be_are_refused(void **state) {
  (void)state;
  hr_error err;
  hr_made_product *made = NULL;
  const hr_product none = {(size_t)-5, 4, 4, false, false, 4, 4, 4, 1, 0};
  if (!hr_products_onednn()) skip();
  check_fails(hr_products_onednn()->create(&none, &hr_compute_blas, &made, &err),
              HR_ERR_NUMERIC,
              "oneDNN has no product of 18446744073709551611 x 4 by 4 x 4 (2)");
  assert_null(made);
}

static hr_status make_and_destroy(const hr_products *type) {
  const hr_product product = {3, 4, 5, false, false, 5, 4, 4, 1, 0};
  hr_made_product *made = NULL;
  hr_status status = type->create(&product, &hr_compute_blas, &made, NULL);
  type->destroy(&made);
  return status;
}

static void allocations_may_fail(void **state) {
  (void)state;
  check_alloc_failures(make_and_destroy(&hr_products_compute));
  if (hr_products_onednn()) check_alloc_failures(make_and_destroy(hr_products_onednn()));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_are_those_of_plain_loops),
      cmocka_unit_test(the_fastest_are_chosen),
      cmocka_unit_test(products_that_cannot_be_are_refused),
      cmocka_unit_test(allocations_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
