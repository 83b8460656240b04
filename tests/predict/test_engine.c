/* The engine on linear models that tell who predicted. */
#include "predict/engine.h"

#include "support/fail_alloc.h"
#include "support/linear_bundle.h"

enum { ROWS = 6 };

/* One row a bin, then one outside the bins and one that cannot be predicted. */
static const double t_eff[ROWS] = {4000, 4000, 5000, 5000, 9000, 4000};
static const double m_h[ROWS] = {-1, 0.2, -1, 0.2, 0, -1};

typedef struct block {
  float flux[ROWS * FIXTURE_PIXELS], error[ROWS * FIXTURE_PIXELS];
  hr_row_report reports[ROWS];
  hr_bin_column labels[2];
  hr_engine_rows rows;
} block;

static void block_init(block *b) {
  *b = (block){.labels = {{.values = t_eff}, {.values = m_h}}};
  for (size_t i = 0; i < ROWS * FIXTURE_PIXELS; i++) {
    b->flux[i] = 1;
    b->error[i] = 0.1F;
  }
  b->reports[5].fault = HR_ROW_NOISY;
  b->rows = (hr_engine_rows){
      .spectra = {0, ROWS, FIXTURE_PIXELS, b->flux, b->error, 1},
      .reports = b->reports,
      .labels = b->labels,
  };
}

static hr_engine *open_engine(const char *folder, const char *router,
                              const char *expert) {
  hr_error err = {0};
  hr_engine *engine = NULL;
  check_ok(hr_engine_open(folder, router, expert, &engine, &err));
  return engine;
}

/* What `constant`s predict the rows; NaN: nobody. Checks the flags that go with it. */
static void check_means(const char *folder, const char *router, const char *expert,
                        const double expected[ROWS]) {
  hr_error err = {0};
  hr_engine_result result;
  block b;
  block_init(&b);
  hr_engine *engine = open_engine(folder, router, expert);
  check_ok(hr_engine_result_init(engine, ROWS, &result, &err));
  check_ok(hr_engine_predict(engine, &b.rows, &result, &err));
  for (size_t i = 0; i < ROWS; i++) {
    bool is_bad = i == 5;
    assert_int_equal(!!(result.flags[i] & HR_FLAG_BAD_SPECTRUM), is_bad);
    assert_int_equal(!!(result.flags[i] & HR_FLAG_NO_EXPERT),
                     isnan(expected[i]) && !is_bad);
    if (isnan(expected[i])) {
      assert_true(isnan(result.mean[i]) && isnan(result.sigma[i]));
      assert_true(isnan(result.half68[i]) && isnan(result.gap[i]));
    } else {
      check_near(result.mean[i], expected[i] + 0.001, 1e-5);
      check_near(result.sigma[i], 0.8, 0); /* of a ratio of 10: the lowest class */
      check_near(result.half95[i], 1.5, 0);
      check_near(result.gap[i], expected[i] > 14 ? expected[i] + 0.001 - 14 : 0, 1e-5);
    }
  }
  hr_engine_result_fini(&result);
  hr_engine_close(&engine);
}

#define NONE ((double)NAN)

static void test_routes_and_experts(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  check_means(s.path, "global", NULL, (double[]){5, 5, 5, 5, 5, NONE});
  check_means(s.path, "global", "second", (double[]){15, 15, 15, 15, 15, NONE});
  check_means(s.path, "oracle", NULL, (double[]){0, 11, 12, 15, NONE, NONE});
  check_means(s.path, "oracle", "first", (double[]){0, 1, NONE, 15, NONE, NONE});
  check_means(s.path, "oracle", "second", (double[]){10, 11, 12, 15, NONE, NONE});
  check_means(s.path, "nearest", NULL, (double[]){0, 11, 12, 15, 12, NONE});
  scratch_fini(&s);
}

/* As the study says: uncovered rows to the fall-back, or to the nearest bin. */
static void test_uncovered_rows(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "global");
  check_means(s.path, "oracle", NULL, (double[]){0, 11, 12, 15, 15, NONE});
  check_means(s.path, "oracle", "first", (double[]){0, 1, NONE, 15, 15, NONE});
  linear_bundle_write(s.path, "nearest");
  check_means(s.path, "oracle", NULL, (double[]){0, 11, 12, 15, 12, NONE});
  scratch_fini(&s);
}

static void test_slots_of_the_caller(void **state) {
  (void)state;
  hr_error err = {0};
  hr_engine_result result;
  block b;
  scratch s;
  int32_t slots[ROWS] = {2, HR_SLOT_GLOBAL, HR_SLOT_NONE, 0, 0, 0};
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  block_init(&b);
  b.rows.slots = slots;
  b.rows.labels = NULL;
  hr_engine *engine = open_engine(s.path, "oracle", NULL);
  check_ok(hr_engine_result_init(engine, ROWS, &result, &err));
  check_ok(hr_engine_predict(engine, &b.rows, &result, &err));
  check_near(result.mean[0], 12.001, 1e-5);
  check_near(result.mean[1], 15.001, 1e-5); /* left over: the fall-back */
  assert_true(isnan(result.mean[2]));
  assert_int_equal(result.slot[0], 2);
  assert_int_equal(result.slot[1], HR_SLOT_GLOBAL);
  assert_int_equal(result.slot[2], HR_SLOT_NONE);
  assert_int_equal(result.candidate[2], -1);
  slots[4] = 4;
  check_fails(hr_engine_predict(engine, &b.rows, &result, &err), HR_ERR_USAGE,
              "row 4 (counted from 0) has the slot 4; there are 0 to 3, -1 for the model "
              "of all rows and -2 for none");
  slots[4] = INT32_MAX;
  check_fails(hr_engine_predict(engine, &b.rows, &result, &err), HR_ERR_USAGE,
              "row 4 (counted from 0) has the slot 2147483647; there are 0 to 3, -1 for "
              "the model of all rows and -2 for none");
  b.rows.slots = NULL;
  check_fails(hr_engine_predict(engine, &b.rows, &result, &err), HR_ERR_USAGE,
              "the router oracle needs the labels that the bins stand on, or slots; the "
              "router global needs neither");
  hr_engine_result_fini(&result);
  hr_engine_close(&engine);
  scratch_fini(&s);
}

/* A model whose answer is no finite number has none. */
static void test_an_answer_that_is_no_number(void **state) {
  (void)state;
  hr_error err = {0};
  hr_engine_result result;
  block b;
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "global");
  block_init(&b);
  b.flux[0] = NAN;
  b.flux[FIXTURE_PIXELS] = INFINITY;
  hr_engine *engine = open_engine(s.path, "oracle", NULL);
  check_ok(hr_engine_result_init(engine, ROWS, &result, &err));
  check_ok(hr_engine_predict(engine, &b.rows, &result, &err));
  for (size_t i = 0; i < 2; i++) {
    assert_true(isnan(result.mean[i]) && isnan(result.sigma[i]) && isnan(result.gap[i]));
    assert_true(result.flags[i] & HR_FLAG_NO_NUMBER);
    assert_false(result.flags[i] & HR_FLAG_NO_EXPERT);
  }
  assert_false(result.flags[2] & HR_FLAG_NO_NUMBER);
  hr_engine_result_fini(&result);
  hr_engine_close(&engine);
  scratch_fini(&s);
}

/* SNR, masked pixels and flags of single rows. */
static void test_flags(void **state) {
  (void)state;
  hr_error err = {0};
  hr_engine_result result;
  block b;
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "global");
  block_init(&b);
  b.reports[1].bad.all = 1;            /* of five: not more than a fifth */
  b.reports[2].bad.all = 2;            /* more */
  b.flux[0] = 200;                     /* 0.2 + 0 is within the range, 2,000 in SNR not */
  b.flux[2 * FIXTURE_PIXELS] = 2500;   /* 12 + 2.5 is above 14 */
  b.error[2 * FIXTURE_PIXELS] = -1.0F; /* masked: it is not in the SNR */
  hr_engine *engine = open_engine(s.path, "oracle", NULL);
  check_ok(hr_engine_result_init(engine, ROWS, &result, &err));
  check_ok(hr_engine_predict(engine, &b.rows, &result, &err));
  assert_int_equal(result.flags[0], HR_FLAG_OUTSIDE_SNR);
  assert_int_equal(result.flags[1], 0);
  assert_int_equal(result.flags[2], HR_FLAG_OUTSIDE_RANGE | HR_FLAG_MASKED);
  assert_int_equal(result.flags[3], HR_FLAG_FALLBACK | HR_FLAG_OUTSIDE_RANGE);
  assert_int_equal(result.flags[4],
                   HR_FLAG_FALLBACK | HR_FLAG_OUTSIDE_BINS | HR_FLAG_OUTSIDE_RANGE);
  assert_int_equal(result.flags[5], HR_FLAG_BAD_SPECTRUM);
  check_near(result.sigma[0], 0.2, 0); /* the highest class */
  check_near(result.half68[0], 0.25, 0);
  check_near(result.gap[2], 0.5, 1e-5);
  check_near(result.snr[1], 10, 1e-5);
  check_near(result.snr[3], 10, 1e-5);
  check_near(result.masked[2], 0.4, 0);
  assert_true(isnan(result.snr[5]));
  b.rows.spectra.error = NULL;
  check_ok(hr_engine_predict(engine, &b.rows, &result, &err));
  assert_true(isnan(result.snr[1]));
  check_near(result.sigma[1], 0.5, 0); /* of all rows, as no ratio is known */
  assert_int_equal(result.flags[1], 0);
  hr_engine_result_fini(&result);
  hr_engine_close(&engine);
  scratch_fini(&s);
}

/* Predicts the rows with a bundle of two targets; the result is the caller's to free. */
static void predict_two(const char *folder, const char *router, const char *expert,
                        hr_engine_result *result) {
  hr_error err = {0};
  block b;
  block_init(&b);
  hr_engine *engine = open_engine(folder, router, expert);
  check_ok(hr_engine_result_init(engine, ROWS, result, &err));
  check_ok(hr_engine_predict(engine, &b.rows, result, &err));
  hr_engine_close(&engine);
}

/* Means and candidates [ROWS][2], -1: nobody. */
static void check_two(const char *folder, const char *router, const char *expert,
                      const int expected[2 * ROWS]) {
  static const double constants[] = {0, 1, 5, 10, 11, 12, 15, 1010, 1001, 1015};
  hr_engine_result result;
  predict_two(folder, router, expert, &result);
  for (size_t i = 0; i < 2 * ROWS; i++) {
    int candidate = expected[i];
    assert_int_equal(result.candidate[i], candidate);
    assert_int_equal(isnan(result.mean[i]) != 0, candidate < 0);
    if (candidate >= 0) check_near(result.mean[i], constants[candidate] + 0.001, 1e-4);
  }
  hr_engine_result_fini(&result);
}

/* Each target is predicted by the experts of its own slots, or by its own fall-back. */
static void test_two_targets(void **state) {
  (void)state;
  scratch s;
  scratch_init(&s);
  linear_bundle_write_two(s.path);
  check_two(s.path, "oracle", NULL, (int[]){0, 7, 4, 8, 5, 9, 6, 9, -1, -1, -1, -1});
  check_two(s.path, "oracle", "first", (int[]){0, -1, 1, 8, -1, 9, 6, 9, -1, -1, -1, -1});
  check_two(s.path, "oracle", "second", (int[]){3, 7, 4, -1, 5, 9, 6, 9, -1, -1, -1, -1});
  check_two(s.path, "global", NULL, (int[]){2, 9, 2, 9, 2, 9, 2, 9, 2, 9, -1, -1});
  /* The first method has no model of all rows for the second target. */
  check_two(s.path, "global", "first",
            (int[]){2, -1, 2, -1, 2, -1, 2, -1, 2, -1, -1, -1});
  hr_engine *engine = open_engine(s.path, "oracle", NULL);
  assert_int_equal(hr_engine_candidate(engine, 0, 1), 4);
  assert_int_equal(hr_engine_candidate(engine, 1, 1), 8);
  assert_int_equal(hr_engine_candidate(engine, 1, 3), 9);
  hr_engine_close(&engine);
  scratch_fini(&s);
}

/* What one target is flagged for, the row is. */
static void test_flags_of_two_targets(void **state) {
  (void)state;
  hr_engine_result result;
  scratch s;
  scratch_init(&s);
  linear_bundle_write_two(s.path);
  predict_two(s.path, "oracle", NULL, &result);
  assert_int_equal(result.flags[0], 0);
  assert_int_equal(result.flags[1], 0);
  /* The second alone has no expert, and its fall-back leaves the second's range. */
  assert_int_equal(result.flags[2], HR_FLAG_FALLBACK | HR_FLAG_OUTSIDE_RANGE);
  check_near(result.gap[4], 0, 0);
  check_near(result.gap[5], 1.001, 1e-4);
  assert_int_equal(result.flags[4], HR_FLAG_NO_EXPERT | HR_FLAG_OUTSIDE_BINS);
  hr_engine_result_fini(&result);
  predict_two(s.path, "oracle", "first", &result);
  assert_int_equal(result.flags[0], HR_FLAG_NO_EXPERT); /* the first has one */
  hr_engine_result_fini(&result);
  scratch_fini(&s);
}

static void check_refused(const char *folder, const char *router, const char *expert,
                          hr_status status, const char *sentence) {
  hr_error err = {0};
  hr_engine *engine = NULL;
  check_fails(hr_engine_open(folder, router, expert, &engine, &err), status, sentence);
  assert_null(engine);
}

/* A bundle of one bin's model alone. */
static void write_one_model(const char *folder) {
  hr_error err = {0};
  hr_bundle_description d;
  fixture_init(&d);
  d.slots[0].expert = linear_add(&d, folder, "first", 0, 0);
  check_ok(hr_bundle_write(&d, folder, &err));
  hr_bundle_description_fini(&d);
}

static void test_refusals(void **state) {
  (void)state;
  char sentence[256];
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  check_refused(s.path, "soft", NULL, HR_ERR_USAGE,
                "there is no router soft; there are global, oracle, nearest, and gate");
  snprintf(sentence, sizeof sentence,
           "the bundle %s has no expert third; it has first, second", s.path);
  check_refused(s.path, "global", "third", HR_ERR_USAGE, sentence);
  scratch_fini(&s);
  scratch_init(&s);
  write_one_model(s.path);
  snprintf(sentence, sizeof sentence,
           "the bundle %s has no model of first that predicts all rows; ask for another "
           "expert or router",
           s.path);
  check_refused(s.path, "global", "first", HR_ERR_USAGE, sentence);
  snprintf(sentence, sizeof sentence,
           "the bundle %s has no model that predicts all rows; ask for another expert or "
           "router",
           s.path);
  check_refused(s.path, "global", NULL, HR_ERR_USAGE, sentence);
  scratch_fini(&s);
}

/* Opens, predicts and closes. */
static hr_status live(const char *folder, const block *b) {
  hr_engine *engine = NULL;
  hr_engine_result result = {0};
  hr_status status = hr_engine_open(folder, "oracle", NULL, &engine, NULL);
  if (status == HR_OK) status = hr_engine_result_init(engine, ROWS, &result, NULL);
  if (status == HR_OK) status = hr_engine_predict(engine, &b->rows, &result, NULL);
  hr_engine_result_fini(&result);
  hr_engine_close(&engine);
  return status;
}

static void test_memory(void **state) {
  (void)state;
  block b;
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "global");
  block_init(&b);
  check_alloc_failures(live(s.path, &b));
  linear_bundle_write_two(s.path);
  check_alloc_failures(live(s.path, &b));
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_routes_and_experts),
      cmocka_unit_test(test_uncovered_rows),
      cmocka_unit_test(test_slots_of_the_caller),
      cmocka_unit_test(test_flags),
      cmocka_unit_test(test_an_answer_that_is_no_number),
      cmocka_unit_test(test_two_targets),
      cmocka_unit_test(test_flags_of_two_targets),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
