/* Predictions by row number, from models that say which rows they were asked for. */
#include "study/predict.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "study/card.h"
#include "support/check.h"
#include "support/fail_alloc.h"

enum { ROWS = 300, PIXELS = 3, BINS = 2, SLOTS = BINS + 1, VARIANTS = 2, TARGETS = 2 };

/* Answers with the row, the slot and the target; refuses a group that was cut. */
static hr_status predict_stub(const hr_spectra *spectra, const hr_request *requests,
                              size_t count, hr_error *err) {
  if (spectra->first_row % HR_PREDICT_ROWS != 0) {
    return hr_fail(err, HR_ERR_INTERNAL, "a group begins at row %zu", spectra->first_row);
  }
  for (size_t r = 0; r < count; r++) {
    const hr_request *request = &requests[r];
    for (size_t i = 0; i < request->count; i++) {
      size_t row = request->row[i];
      float x = spectra->noisy[row * PIXELS] + 1000 * (float)(request->model->slot + 1) +
                10000 * (float)request->model->target;
      for (size_t v = 0; v < request->variants; v++) {
        request->mean[v * request->variant_stride + row] = x + (float)v / 4;
      }
      if (!request->model->type->knows_variance) continue;
      request->variance[row] = (double)spectra->error[row * PIXELS];
      request->effective[row] = (double)(spectra->first_row + row);
      request->mean_error[row] = spectra->level;
    }
  }
  return HR_OK;
}

static const hr_model_type plain = {.kind = "stub", .predict = predict_stub};
static const hr_model_type knowing = {
    .kind = "stub", .knows_variance = true, .predict = predict_stub};

/* Rows are their own numbers, the error a tenth of it; bin 1 has no model. */
typedef struct made_up {
  float x[ROWS * PIXELS], error[ROWS * PIXELS];
  int32_t route[ROWS];
  hr_model models[TARGETS * SLOTS];
  hr_trained trained[TARGETS * SLOTS];
  hr_further_target further;
  hr_study_view view;
  hr_split_view test;
} made_up;

static void make(made_up *m, const hr_model_type *type) {
  *m = (made_up){.view = {.pixels = PIXELS, .bin_count = BINS, .noise_level = 0.5},
                 .test = {.rows = ROWS, .bin = m->route, .route = m->route}};
  for (size_t i = 0; i < ROWS; i++) {
    m->route[i] = i % 3 == 2 ? HR_UNCOVERED : (int32_t)(i % 3);
    for (size_t p = 0; p < PIXELS; p++) {
      m->x[i * PIXELS + p] = (float)i;
      m->error[i * PIXELS + p] = (float)i / 10;
    }
  }
  for (size_t s = 0; s < SLOTS; s++) {
    int slot = s == BINS ? HR_GLOBAL : (int)s;
    m->trained[s].fit = (hr_fit){.slot = slot};
    m->models[s] = (hr_model){type, slot, 0, PIXELS, s == BINS ? 1 : VARIANTS, 0};
    if (s != 1) m->trained[s].model = &m->models[s];
  }
}

static hr_status show(const made_up *m, hr_test_rows *rows, size_t block_rows,
                      hr_error *err) {
  hr_status status = HR_OK;
  for (size_t first = 0; first < ROWS && status == HR_OK; first += block_rows) {
    size_t count = ROWS - first < block_rows ? ROWS - first : block_rows;
    const float *x = m->x + first * PIXELS;
    const hr_block block = {.first_row = first,
                            .rows = count,
                            .pixels = PIXELS,
                            .flux = x,
                            .error = m->error + first * PIXELS,
                            .noisy = x};
    status = hr_test_rows_observe(rows, &block, err);
  }
  return status;
}

static hr_status predict(const made_up *m, size_t block_rows, hr_test_rows *rows,
                         hr_error *err) {
  hr_status status = hr_test_rows_init(rows, &m->view, &m->test, m->trained, SLOTS, err);
  return status == HR_OK ? show(m, rows, block_rows, err) : status;
}

static void check_tables(const hr_test_rows *rows) {
  assert_int_equal(rows->own[0].variants, VARIANTS);
  assert_int_equal(rows->global[0].variants, 1);
  for (size_t i = 0; i < ROWS; i++) {
    check_near((double)rows->global[0].mean[i], (double)i, 0);
    for (size_t v = 0; v < VARIANTS; v++) {
      double own = (double)rows->own[0].mean[v * ROWS + i];
      if (i % 3 == 0) check_near(own, 1000 + (double)i + (double)v / 4, 0);
      if (i % 3 != 0) assert_true(isnan(own)); /* no model, or no bin */
    }
  }
}

static void test_rows_land_at_their_number_for_any_block(void **state) {
  (void)state;
  static made_up m;
  make(&m, &plain);
  const size_t blocks[] = {1, 7, 127, 128, 129, 256, ROWS};
  for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
    hr_test_rows rows;
    hr_error err;
    assert_int_equal(predict(&m, blocks[b], &rows, &err), HR_OK);
    check_tables(&rows);
    assert_null(rows.own[0].variance);
    hr_test_rows_fini(&rows);
  }
}

static const hr_model_type strict = {
    .kind = "stub", .whole_rows = true, .predict = predict_stub};

/* Rows 3, 7, 11 .. have a pixel without flux. */
static void test_some_models_are_given_whole_rows_alone(void **state) {
  (void)state;
  static made_up m;
  static bool holed[ROWS];
  hr_error err;
  for (size_t i = 0; i < ROWS; i++) holed[i] = i % 4 == 3;
  for (int is_strict = 0; is_strict <= 1; is_strict++) {
    hr_test_rows rows;
    make(&m, is_strict ? &strict : &plain);
    check_ok(hr_test_rows_init(&rows, &m.view, &m.test, m.trained, SLOTS, &err));
    const hr_block block = {
        .rows = ROWS, .pixels = PIXELS, .error = m.error, .noisy = m.x, .holed = holed};
    check_ok(hr_test_rows_observe(&rows, &block, &err));
    for (size_t i = 0; i < ROWS; i++) {
      bool is_known = isnan(rows.global[0].mean[i]) == 0;
      assert_int_equal(is_known, !is_strict || !holed[i]);
    }
    assert_int_equal(hr_test_rows_kept_back(&rows), is_strict ? ROWS / 4 : 0);
    hr_test_rows_fini(&rows);
  }
}

static void test_a_slot_has_its_rows_in_order(void **state) {
  (void)state;
  static made_up m;
  hr_test_rows rows;
  hr_slot_rows slot;
  hr_error err;
  make(&m, &knowing);
  assert_int_equal(predict(&m, 50, &rows, &err), HR_OK);
  assert_int_equal(hr_slot_rows_init(&slot, &rows, 0, 0, VARIANTS, &err), HR_OK);
  assert_int_equal(slot.rows, 100);
  for (size_t at = 0; at < slot.rows; at++) {
    size_t row = 3 * at;
    check_near((double)slot.predictions[at], 1000 + (double)row, 0);
    check_near((double)slot.predictions[slot.rows + at], 1000.25 + (double)row, 0);
    check_near(slot.variance[at], (double)((float)row / 10), 0);
    check_near(slot.details[at * HR_DETAILS], slot.variance[at], 0);
    check_near(slot.details[at * HR_DETAILS + 1], (double)row, 0);
    check_near(slot.details[at * HR_DETAILS + 2], 0.5, 0);
  }
  check_near(slot.median_effective, 150,
             0); /* the middle of 0, 3, .. 297, the upper one */
  hr_slot_rows_fini(&slot);
  assert_int_equal(hr_slot_rows_init(&slot, &rows, 0, HR_GLOBAL, 1, &err), HR_OK);
  assert_int_equal(slot.rows, ROWS);
  check_near((double)slot.predictions[299], 299, 0);
  hr_slot_rows_fini(&slot);
  hr_test_rows_fini(&rows);
}

static void test_without_models_there_is_nothing(void **state) {
  (void)state;
  static made_up m;
  hr_test_rows rows;
  hr_slot_rows slot;
  hr_error err;
  make(&m, &plain);
  for (size_t s = 0; s < SLOTS; s++) m.trained[s].model = NULL;
  assert_int_equal(predict(&m, 50, &rows, &err), HR_OK);
  assert_null(rows.own[0].mean);
  assert_int_equal(hr_slot_rows_init(&slot, &rows, 0, 1, 0, &err), HR_OK);
  assert_int_equal(slot.rows, 100); /* that a card tells of */
  assert_true(isnan(slot.median_effective));
  hr_slot_rows_fini(&slot);
  hr_test_rows_fini(&rows);
}

/* A second target: models of bins know their variance, and bin 1 has one; it has none of
 * all rows. */
static void add_target(made_up *m) {
  m->view.further = &m->further;
  m->view.further_count = 1;
  for (size_t s = 0; s < SLOTS; s++) {
    size_t at = SLOTS + s;
    int slot = s == BINS ? HR_GLOBAL : (int)s;
    m->trained[at].fit = (hr_fit){.slot = slot, .target = 1};
    m->models[at] = (hr_model){&knowing, slot, 1, PIXELS, 1, 0};
    if (s != BINS) m->trained[at].model = &m->models[at];
  }
}

static void test_targets_have_tables_of_their_own(void **state) {
  (void)state;
  static made_up m;
  const size_t blocks[] = {1, 127, 128, ROWS};
  make(&m, &plain);
  add_target(&m);
  for (size_t b = 0; b < 4; b++) {
    hr_test_rows rows;
    hr_error err;
    assert_int_equal(predict(&m, blocks[b], &rows, &err), HR_OK);
    assert_int_equal(rows.targets, TARGETS);
    check_tables(&rows); /* the first target's are as they are without a second */
    assert_null(rows.own[0].variance);
    assert_int_equal(rows.own[1].variants, 1);
    assert_int_equal(rows.global[1].variants, 0);
    for (size_t i = 0; i < ROWS; i++) {
      double own = (double)rows.own[1].mean[i];
      size_t bin = i % 3;
      if (bin < 2) check_near(own, 10000 + 1000 * (double)(bin + 1) + (double)i, 0);
      assert_int_equal(isnan(own) != 0, bin == 2);
      assert_int_equal(isnan(rows.own[1].variance[i]) != 0, bin == 2);
    }
    hr_test_rows_fini(&rows);
  }
}

static void test_slots_of_targets(void **state) {
  (void)state;
  static made_up m;
  hr_test_rows rows;
  hr_slot_rows slot;
  hr_error err;
  make(&m, &plain);
  add_target(&m);
  assert_int_equal(predict(&m, 50, &rows, &err), HR_OK);
  assert_int_equal(hr_slot_rows_init(&slot, &rows, 0, 0, VARIANTS, &err), HR_OK);
  check_near((double)slot.predictions[1], 1003, 0);
  assert_null(slot.variance);
  hr_slot_rows_fini(&slot);
  assert_int_equal(hr_slot_rows_init(&slot, &rows, 1, 0, 1, &err), HR_OK);
  assert_int_equal(slot.rows, 100);
  check_near((double)slot.predictions[1], 11003, 0);
  check_near(slot.variance[1], (double)(3 / 10.0F), 1e-6);
  hr_slot_rows_fini(&slot);
  assert_int_equal(hr_slot_rows_init(&slot, &rows, 1, 1, 1, &err), HR_OK);
  check_near((double)slot.predictions[2], 12007, 0);
  hr_slot_rows_fini(&slot);
  hr_test_rows_fini(&rows);
}

static hr_status predict_and_gather(void *context, hr_error *err) {
  hr_status status = HR_OK;
  hr_test_rows rows = {.view = NULL};
  hr_slot_rows slot = {0};
  HR_TRY(predict(context, 50, &rows, err));
  HR_TRY(hr_slot_rows_init(&slot, &rows, 0, 0, VARIANTS, err));
cleanup:
  hr_slot_rows_fini(&slot);
  hr_test_rows_fini(&rows);
  return status;
}

static void test_memory_that_runs_out_leaves_nothing(void **state) {
  (void)state;
  static made_up m;
  make(&m, &knowing);
  check_alloc_failures(predict_and_gather(&m, NULL));
  add_target(&m);
  check_alloc_failures(predict_and_gather(&m, NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_land_at_their_number_for_any_block),
      cmocka_unit_test(test_some_models_are_given_whole_rows_alone),
      cmocka_unit_test(test_a_slot_has_its_rows_in_order),
      cmocka_unit_test(test_without_models_there_is_nothing),
      cmocka_unit_test(test_targets_have_tables_of_their_own),
      cmocka_unit_test(test_slots_of_targets),
      cmocka_unit_test(test_memory_that_runs_out_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
