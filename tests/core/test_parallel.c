#include "core/parallel.h"

#include <omp.h>

#include "support/check.h"

enum { MOST = 1000 };

typedef struct counts {
  int visits[MOST];
  size_t thread[MOST];
} counts;

static void visit(void *context, size_t i, size_t thread) {
  counts *c = context;
  c->visits[i]++;
  c->thread[i] = thread;
}

static void test_every_piece_once(void **state) {
  (void)state;
  static const size_t sizes[] = {0, 1, 2, 3, 999, MOST};
  for (int threads = 1; threads <= 4; threads++) {
    omp_set_num_threads(threads);
    assert_int_equal(hr_thread_count(), threads);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
      counts c = {0};
      hr_parallel_for(sizes[k], visit, &c);
      for (size_t i = 0; i < MOST; i++) {
        assert_int_equal(c.visits[i], i < sizes[k] ? 1 : 0);
        assert_in_range(c.thread[i], 0, hr_thread_count() - 1);
      }
    }
  }
}

/* Inside, the runtime counts as parallel: that is what keeps BLAS on its own thread. */
static void see_region(void *context, size_t i, size_t thread) {
  (void)thread;
  ((bool *)context)[i] = omp_in_parallel() != 0;
}

static void test_blas_would_run_alone(void **state) {
  (void)state;
  omp_set_num_threads(2);
  bool inside[3] = {false};
  hr_parallel_for(1, see_region, inside);
  assert_true(inside[0]);
  inside[0] = false;
  hr_parallel_for_on(1, 1, see_region, inside);
  assert_true(inside[0]);
  hr_parallel_for(3, see_region, inside);
  assert_true(inside[0] && inside[1] && inside[2]);
}

/* As many threads as were asked for, however many there are; none of zero. */
static void test_fewer_threads(void **state) {
  (void)state;
  omp_set_num_threads(4);
  for (size_t threads = 0; threads <= 6; threads++) {
    size_t most = threads < 1 ? 1 : threads < 4 ? threads : 4;
    counts c = {0};
    hr_parallel_for_on(threads, MOST, visit, &c);
    for (size_t i = 0; i < MOST; i++) {
      assert_int_equal(c.visits[i], 1);
      assert_in_range(c.thread[i], 0, most - 1);
    }
  }
}

/* A loop inside a loop runs on the thread it is on, with scratch space 0 of its own. */
typedef struct nested {
  counts inner[8];
} nested;

static void run_inner(void *context, size_t i, size_t thread) {
  (void)thread;
  hr_parallel_for(10, visit, &((nested *)context)->inner[i]);
}

static void test_loops_nest(void **state) {
  (void)state;
  static nested n;
  omp_set_num_threads(3);
  hr_parallel_for(8, run_inner, &n);
  for (size_t i = 0; i < 8; i++) {
    for (size_t j = 0; j < 10; j++) {
      assert_int_equal(n.inner[i].visits[j], 1);
      assert_in_range(n.inner[i].thread[j], 0, hr_thread_count() - 1);
    }
  }
}

static void see_threads(void *context) {
  *(int *)context = omp_get_max_threads();
}

static void test_single_thread(void **state) {
  (void)state;
  int before = omp_get_max_threads(), seen = 0;
  hr_single_thread(see_threads, &seen);
  assert_int_equal(seen, 1);
  assert_int_equal(omp_get_max_threads(), before);
}

static void count_watch(void *context) {
  assert_int_equal(omp_get_thread_num(), 0);
  ++*(int *)context;
}

static void test_watched_work(void **state) {
  (void)state;
  for (size_t threads = 1; threads <= 3; threads++) {
    counts c = {0};
    int watches = 0;
    hr_parallel_for_watched(threads, 9, visit, &c, count_watch, &watches);
    for (size_t i = 0; i < MOST; i++) {
      assert_int_equal(c.visits[i], i < 9 ? 1 : 0);
      assert_in_range(c.thread[i], 0, threads - 1);
    }
    assert_true(watches >= 1); /* the last one when all is done */
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_piece_once),
      cmocka_unit_test(test_blas_would_run_alone),
      cmocka_unit_test(test_fewer_threads),
      cmocka_unit_test(test_loops_nest),
      cmocka_unit_test(test_single_thread),
      cmocka_unit_test(test_watched_work),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
