/* Two runs of the same stars: those of B lie in another order and are predicted with
 * other errors. */
#ifndef HR_TESTS_COMPARE_TWO_RUNS_H
#define HR_TESTS_COMPARE_TWO_RUNS_H

#include "report/run_results.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/scratch.h"

/* Beyond 2^53, where doubles are two apart and more. */
enum { TWO_RUNS = 2 };
static const int64_t two_runs_first_id = 4611686018427387904;

typedef struct two_runs {
  fixture f[TWO_RUNS];
  int64_t id[TWO_RUNS][FIXTURE_ROWS];
  double rounded[TWO_RUNS][FIXTURE_ROWS];
  hr_results_label label[TWO_RUNS];
  scratch s[TWO_RUNS];
  hr_results *results[TWO_RUNS];
} two_runs;

/* Where row i of B is in A. */
static inline size_t two_runs_place(size_t i) {
  return (i * 7 + 5) % FIXTURE_ROWS;
}

static inline void two_runs_init(two_runs *t) {
  fixture *a = &t->f[0], *b = &t->f[1];
  fixture_init(a);
  fixture_init(b);
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    size_t place = two_runs_place(i);
    b->target[i] = a->target[place];
    b->snr[i] = a->snr[place];
    b->bin[i] = b->route[i] = a->bin[place];
    t->id[0][i] = two_runs_first_id + (int64_t)i;
    t->id[1][i] = two_runs_first_id + (int64_t)place;
  }
  fixture_fits(b);
  for (int k = 0; k < FIXTURE_BINS; k++) {
    fixture_predict(b, k, 0.1, (uint64_t)(300 + k), b->forest_own);
    b->forest_cv[k] = 0.95;
  }
  b->input.experiment_id = "TEST-02";
  for (size_t r = 0; r < TWO_RUNS; r++) {
    for (size_t i = 0; i < FIXTURE_ROWS; i++) t->rounded[r][i] = (double)t->id[r][i];
    t->label[r] = (hr_results_label){"gaia_id", t->rounded[r], t->id[r]};
    t->f[r].input.ids = &t->label[r];
    t->f[r].input.id_count = 1;
    scratch_init(&t->s[r]);
    t->results[r] = NULL;
  }
}

/* A file in a run's directory; valid until the next call. */
static inline const char *two_runs_name(const two_runs *t, size_t run, const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%.63s/%.100s", t->s[run].path, name);
  return path;
}

/* Writes results.json and predictions.csv of one of them. */
static inline void two_runs_write(two_runs *t, size_t run) {
  hr_error err;
  check_ok(hr_results_write(&t->f[run].input, two_runs_name(t, run, "results.json"), NULL,
                            &err));
}

static inline void two_runs_write_text(const two_runs *t, size_t run, const char *name,
                                       const char *text) {
  FILE *file = fopen(two_runs_name(t, run, name), "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static inline void two_runs_open(two_runs *t) {
  hr_error err;
  for (size_t r = 0; r < TWO_RUNS; r++) {
    two_runs_write(t, r);
    check_ok(hr_results_open(t->s[r].path, NULL, &t->results[r], &err));
  }
}

static inline void two_runs_close(two_runs *t) {
  for (size_t r = 0; r < TWO_RUNS; r++) hr_results_close(&t->results[r]);
}

static inline void two_runs_fini(two_runs *t) {
  two_runs_close(t);
  for (size_t r = 0; r < TWO_RUNS; r++) scratch_fini(&t->s[r]);
}

#endif
