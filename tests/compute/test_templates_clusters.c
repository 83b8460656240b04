/* Projections by clusters of tiles against those on the tiles themselves, and the answers
 * of many templates against those over all pixels. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compute/templates_file.h"
#include "compute/templates_parts.h"
#include "core/alloc.h"
#include "core/parallel.h"
#include "core/random.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { PIXELS = 90, ROWS = 130, SOME = 6 * HR_TEMPLATE_TILE, GROUP_OF_ONE = 100 };

static const double sigma = 0.02;

/* Lines that are deeper, broader and elsewhere with each star; the label is the depth. */
static void make_spectrum(uint64_t i, float *x, double *y) {
  float draw[3];
  hr_normal(5, HR_STREAM_SIMULATE_TRAIN, i, 0, 3, draw);
  *y = 3 + (double)draw[0];
  for (size_t p = 0; p < PIXELS; p++) {
    float q = (float)p / PIXELS - 0.5F - 0.02F * draw[1];
    float width = 20 + 4 * draw[2];
    x[p] = 1 - (0.3F + 0.05F * draw[0]) * expf(-width * q * q) + 0.02F * draw[1] * q;
  }
}

typedef struct stars {
  float x[ROWS * PIXELS], error[ROWS * PIXELS];
  int32_t group[ROWS];
  uint8_t fold[ROWS];
  hr_posterior own[ROWS], all[ROWS];
  hr_query query;
} stars;

static stars *make_stars(size_t rows) {
  hr_error err;
  stars *s = NULL;
  check_ok(hr_alloc(&s, 1, &err));
  for (size_t r = 0; r < rows; r++) {
    double unused = 0;
    float noise[PIXELS];
    make_spectrum(1000000 + r, s->x + r * PIXELS, &unused);
    hr_normal(6, HR_STREAM_SIMULATE_TRAIN, r, 0, PIXELS, noise);
    for (size_t p = 0; p < PIXELS; p++) {
      double wave = sigma * (1 + 0.3 * sin((double)(p + 5 * r) / 20));
      s->error[r * PIXELS + p] = (float)wave;
      s->x[r * PIXELS + p] += (float)wave * noise[p];
    }
    s->fold[r] = HR_NO_FOLD;
  }
  s->query = (hr_query){.rows = rows,
                        .x = s->x,
                        .error = s->error,
                        .level = 1,
                        .group = s->group,
                        .fold = s->fold};
  return s;
}

/* The last GROUP_OF_ONE are a group, and a tile, of their own. */
static hr_templates *make_templates(size_t count, const hr_templates_options *options,
                                    const hr_compute *compute) {
  hr_error err;
  hr_templates *t = NULL;
  double typical[PIXELS];
  check_ok(hr_templates_create(count, PIXELS, options, compute, &t, &err));
  for (size_t i = 0; i < count; i++) {
    float x[PIXELS];
    hr_template_label label = {.group = i + GROUP_OF_ONE >= count};
    make_spectrum(i, x, &label.y);
    hr_templates_put(t, i, x, &label);
  }
  for (size_t p = 0; p < PIXELS; p++) typical[p] = 1 / sigma / sigma;
  check_ok(hr_templates_finish(t, typical, &err));
  return t;
}

static void clusters_are_of_one_group(void **state) {
  hr_error err;
  hr_templates_options options = hr_templates_options_default();
  hr_templates *t = make_templates(SOME, &options, *state);
  assert_null(t->clusters); /* too few of them */
  check_ok(hr_templates_cluster(t, &err));
  assert_int_equal(t->cluster_count, 1);
  assert_int_equal(t->clusters[0].count, t->tile_count - 1);
  assert_non_null(t->tiles[0].map);
  assert_null(t->tiles[t->tile_count - 1].map);
  assert_int_equal(t->tiles[t->tile_count - 1].count, GROUP_OF_ONE);
  assert_in_range(t->cluster_rank, t->tiles[0].linear, PIXELS + 96);
  hr_templates_destroy(&t);
}

/* Gains of a tile by its cluster, and by its own projections. */
static void compare_gains(hr_weighing *comparison, size_t index) {
  hr_error err;
  hr_templates *t = (hr_templates *)comparison->templates;
  hr_template_scratch *scratch = &comparison->work->scratch[0];
  const float *map = t->tiles[index].map;
  float *expected = NULL;
  size_t values = comparison->rows * HR_TEMPLATE_TILE;
  check_ok(hr_alloc(&expected, values, &err));
  for (int term = 0; term <= HR_TERM_NORM; term++) {
    t->tiles[index].map = NULL;
    hr_templates_weigh_components(comparison, index, (hr_template_term)term, scratch);
    memcpy(expected, scratch->gain, values * sizeof *expected);
    t->tiles[index].map = map;
    hr_templates_weigh_components(comparison, index, (hr_template_term)term, scratch);
    for (size_t r = 0; r < comparison->rows; r++) {
      for (size_t i = 0; i < t->tiles[index].count; i++) {
        size_t at = r * HR_TEMPLATE_TILE + i;
        double wanted = (double)expected[at];
        check_near(scratch->gain[at], wanted, 0.02 + 4e-4 * fabs(wanted));
      }
    }
  }
  hr_free(expected);
}

static void projections_are_those_of_the_tiles(void **state) {
  hr_templates_options options = {.amplitude = HR_AMPLITUDE_FLAT};
  hr_templates *t = make_templates(SOME, &options, *state);
  stars *s = make_stars(5);
  hr_templates_workspace *work = NULL;
  hr_error err;
  check_ok(hr_templates_cluster(t, &err));
  check_ok(hr_templates_workspace_create(t, &work, &err));
  check_ok(hr_templates_compare(t, work, &s->query, s->own, s->all, &err));
  hr_weighing comparison = {
      .templates = t, .work = work, .query = &s->query, .rows = s->query.rows};
  for (size_t r = 0; r < s->query.rows; r++) comparison.row[r] = r;
  for (size_t k = 0; k < t->clusters[0].count; k++) compare_gains(&comparison, k);
  hr_templates_workspace_destroy(&work);
  hr_templates_destroy(&t);
  hr_free(s);
}

static void answer(const hr_templates *t, stars *s) {
  hr_error err;
  hr_templates_workspace *work = NULL;
  check_ok(hr_templates_workspace_create(t, &work, &err));
  check_ok(hr_templates_compare(t, work, &s->query, s->own, s->all, &err));
  hr_templates_workspace_destroy(&work);
}

/* The largest difference of a mean, or 1 where one is none. */
static double largest_change(const stars *a, const stars *b) {
  double largest = 0;
  for (size_t r = 0; r < a->query.rows; r++) {
    double change = fabs(a->all[r].mean - b->all[r].mean);
    largest = change <= largest ? largest : isnan(change) ? 1 : change;
  }
  return largest;
}

static size_t count_over_pixels(const stars *s) {
  size_t count = 0;
  for (size_t r = 0; r < s->query.rows; r++) count += s->all[r].error > 0 ? 0 : 1;
  return count;
}

/* Labels have a spread of 1. Half of the rows have errors of another shape than is
 * typical, for which no component was made: those have to be weighed over pixels. */
static void many_answer_as_over_pixels(void **state) {
  enum { MANY = HR_TEMPLATES_MANY + 2 * GROUP_OF_ONE, TEST_ROWS = 64 };
  hr_templates_options options = hr_templates_options_default();
  hr_templates *by = make_templates(MANY, &options, *state);
  options.weigh = HR_WEIGH_PIXELS;
  hr_templates *over = make_templates(MANY, &options, *state);
  stars *found = make_stars(TEST_ROWS), *expected = make_stars(TEST_ROWS);
  assert_true(by->cluster_count > 1);
  assert_int_equal(over->cluster_count, 0);
  answer(by, found);
  answer(over, expected);
  assert_int_equal(count_over_pixels(found), 0);
  assert_true(largest_change(found, expected) < 1e-3);
  for (size_t r = 0; r < TEST_ROWS; r += 2) {
    for (size_t p = 0; p < PIXELS; p++) {
      float other = (p / 3 + r) % 5 == 0 ? 0.002F : 1;
      found->error[r * PIXELS + p] = expected->error[r * PIXELS + p] = other;
    }
  }
  answer(by, found);
  answer(over, expected);
  assert_in_range(count_over_pixels(found), 1, TEST_ROWS / 2);
  assert_true(largest_change(found, expected) < 1e-3);
  hr_templates_destroy(&by);
  hr_templates_destroy(&over);
  hr_free(found);
  hr_free(expected);
}

/* On one thread or three, alone or read back from disk in either form, and whatever else
 * is wanted. */
static void answers_keep_their_bytes(void **state) {
  enum { MANY = HR_TEMPLATES_MANY + 2 * GROUP_OF_ONE, TEST_ROWS = 40 };
  char path[] = "/tmp/headroom-clusters-XXXXXX";
  hr_templates_options options = hr_templates_options_default();
  stars *first = make_stars(TEST_ROWS), *again = make_stars(TEST_ROWS);
  hr_templates_notes notes = {0};
  hr_templates *read = NULL;
  hr_error err;
  int file = mkstemp(path);
  assert_true(file >= 0 && close(file) == 0);
  size_t threads = hr_thread_count();
  hr_thread_limit(1);
  hr_templates *t = make_templates(MANY, &options, *state);
  answer(t, first);
  hr_thread_limit(3);
  answer(t, again);
  assert_memory_equal(first->all, again->all, sizeof first->all);
  check_ok(hr_templates_save(t, &notes, false, path, &err));
  hr_templates_destroy(&t);
  check_ok(hr_templates_load(path, PIXELS, 1, &read, &notes, &err));
  assert_true(read->cluster_count > 1);
  for (size_t r = 0; r < TEST_ROWS; r++) again->group[r] = (int32_t)(r % 2);
  answer(read, again);
  if (*state == hr_compute_default()) {
    assert_memory_equal(first->all, again->all, sizeof first->all);
  }
  hr_thread_limit(threads);
  hr_templates_notes_fini(&notes);
  hr_templates_destroy(&read);
  unlink(path);
  hr_free(first);
  hr_free(again);
}

static hr_status cluster_again(hr_templates *t, hr_error *err) {
  hr_templates copy = *t;
  copy.clusters = NULL;
  copy.cluster_count = copy.cluster_rank = 0;
  hr_status status = hr_templates_cluster(&copy, err);
  hr_templates_free_clusters(&copy);
  return status;
}

static void failing_allocations_leave_nothing(void **state) {
  hr_templates_options options = hr_templates_options_default();
  hr_templates *t = make_templates(SOME, &options, *state);
  hr_error err;
  check_alloc_failures(cluster_again(t, &err));
  hr_templates_destroy(&t);
}

#define on_both(test)                                                       \
  {"reference: " #test, test, NULL, NULL, (void *)&hr_compute_reference}, { \
    "blas: " #test, test, NULL, NULL, (void *)&hr_compute_blas              \
  }

int main(void) {
  const struct CMUnitTest tests[] = {
      on_both(clusters_are_of_one_group),
      on_both(projections_are_those_of_the_tiles),
      on_both(failing_allocations_leave_nothing),
      {"blas: many_answer_as_over_pixels", many_answer_as_over_pixels, NULL, NULL,
       (void *)&hr_compute_blas},
      {"blas: answers_keep_their_bytes", answers_keep_their_bytes, NULL, NULL,
       (void *)&hr_compute_blas},
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
