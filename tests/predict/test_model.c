/* headroom/model.h: the caller's arrays, of any type and stride, from several threads. */
#include "headroom/model.h"

#include <pthread.h>

#include "headroom/version.h"
#include "support/linear_bundle.h"

enum { ROWS = 1500, P = FIXTURE_PIXELS }; /* more than one block */

typedef struct spectra {
  float flux[ROWS * P], error[ROWS * P];
  int32_t slots[ROWS];
} spectra;

static void spectra_init(spectra *x) {
  for (size_t i = 0; i < ROWS * P; i++) {
    x->flux[i] = (float)(1 + i / P);
    x->error[i] = 0.25F;
  }
  for (size_t i = 0; i < ROWS; i++) x->slots[i] = (int32_t)(i % 3);
  x->flux[7 * P + 2] = NAN;
}

static hr_predictor *open_model(const char *folder, const char *router) {
  hr_error err = {0};
  hr_predictor *predictor = NULL;
  hr_model_options options = hr_model_options_default();
  options.router = router;
  check_ok(hr_model_open(folder, &options, &predictor, &err));
  return predictor;
}

/* The experts of slots 0, 1, 2 are constants of 0, 11, 12; row 7 cannot be predicted. */
static void check_means(const double *mean) {
  static const double constant[] = {0, 11, 12};
  for (size_t i = 0; i < ROWS; i++) {
    if (i == 7) {
      assert_true(isnan(mean[i]));
    } else {
      check_near(mean[i], constant[i % 3] + 0.001 * (double)(1 + i), 1e-5);
    }
  }
}

static void test_arrays(void **state) {
  (void)state;
  hr_error err = {0};
  static spectra x;
  static double wide[ROWS * (P + 3)], mean[ROWS], sigma[ROWS], snr[ROWS];
  static double half68[ROWS], half95[ROWS], gap[ROWS];
  static uint32_t flags[ROWS];
  static int32_t slot[ROWS];
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  spectra_init(&x);
  hr_predictor *predictor = open_model(s.path, "oracle");
  hr_model_input in = hr_model_input_default();
  hr_model_output out = hr_model_output_default();
  in.rows = ROWS;
  in.flux = x.flux;
  in.error = x.error;
  in.slots = x.slots;
  out.mean = mean;
  out.sigma = sigma;
  out.half68 = half68;
  out.half95 = half95;
  out.gap = gap;
  out.snr = snr;
  out.flags = flags;
  out.slot = slot;
  check_ok(hr_model_predict(predictor, &in, &out, &err));
  check_means(mean);
  check_near(snr[3], 16, 1e-5);
  assert_int_equal(slot[1499], 2);
  assert_int_equal(flags[7], HR_FLAG_BAD_SPECTRUM);
  check_near(sigma[0], 0.8, 1e-5);
  check_near(half68[0], 0.75, 1e-5);
  check_near(half95[0], 1.5, 1e-5);
  assert_true(flags[3] & HR_FLAG_OTHER_SCALE); /* on which nobody has learnt a sigma */
  assert_true(isnan(sigma[3]) && isnan(half68[3]) && isnan(half95[3]));
  check_near(gap[3], fmax(0, mean[3] - 14), 0);
  assert_true(isnan(sigma[7]) && isnan(half68[7]) && isnan(gap[7]));
  /* The same spectra as doubles, three numbers of something else between rows. */
  for (size_t i = 0; i < ROWS * P; i++) wide[i / P * (P + 3) + i % P] = (double)x.flux[i];
  in.flux = wide;
  in.error = NULL;
  in.dtype = HR_FLOAT64;
  in.flux_stride_bytes = (P + 3) * sizeof(double);
  out = hr_model_output_default();
  out.mean = mean;
  memset(mean, 0, sizeof mean);
  check_ok(hr_model_predict(predictor, &in, &out, &err));
  check_means(mean);
  /* A program of before there were half-widths. */
  out.size = offsetof(hr_model_output, half68);
  check_ok(hr_model_predict(predictor, &in, &out, &err));
  check_means(mean);
  hr_model_close(&predictor);
  assert_null(predictor);
  scratch_fini(&s);
}

static void test_labels_and_none(void **state) {
  (void)state;
  hr_error err = {0};
  static const float flux[2 * P] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  static const double labels[] = {5000, 4000, -1, 0.2}; /* T_eff, then M_H */
  double mean[2] = {0};
  char sentence[256];
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  hr_predictor *predictor = open_model(s.path, "oracle");
  hr_model_input in = hr_model_input_default();
  hr_model_output out = hr_model_output_default();
  in.rows = 2;
  in.flux = flux;
  in.labels = labels;
  out.mean = mean;
  check_ok(hr_model_predict(predictor, &in, &out, &err));
  check_near(mean[0], 12.001, 1e-5);
  check_near(mean[1], 11.001, 1e-5);
  in.rows = 0;
  in.flux = NULL;
  check_ok(hr_model_predict(predictor, &in, &out, &err));
  in.rows = 1;
  check_fails(hr_model_predict(predictor, &in, &out, &err), HR_ERR_USAGE,
              "hr_model_input.flux is NULL");
  in.size = 0;
  snprintf(sentence, sizeof sentence,
           "hr_model_input.size is 0, not %zu as in version " HR_VERSION
           "; set it with hr_model_input_default(), and build with the headers of the "
           "library that runs",
           sizeof in);
  check_fails(hr_model_predict(predictor, &in, &out, &err), HR_ERR_USAGE, sentence);
  hr_model_close(&predictor);
  scratch_fini(&s);
}

static void test_info(void **state) {
  (void)state;
  hr_error err = {0};
  char sentence[256];
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  hr_predictor *predictor = NULL;
  check_ok(hr_model_open(s.path, NULL, &predictor, &err));
  hr_model_info info = {.size = sizeof info};
  check_ok(hr_model_info_get(predictor, &info, &err));
  assert_string_equal(info.study, "SMALL");
  assert_int_equal(info.pixels, P);
  check_near(info.wave_angstrom[1], 7100.4, 1e-9);
  assert_int_equal(info.targets, 1);
  assert_string_equal(info.target_names[0], "log_g");
  assert_string_equal(info.target_units[0], "dex");
  check_near(info.train_maximum[0], 14, 0);
  check_near(info.snr_minimum, 2.5, 0);
  assert_int_equal(info.bins, FIXTURE_BINS);
  assert_string_equal(info.axis_labels[1], "M_H");
  assert_false(info.needs_labels || info.needs_error);
  info.size = 4;
  snprintf(sentence, sizeof sentence,
           "hr_model_info.size is 4, not %zu as in version " HR_VERSION
           "; set it to sizeof(hr_model_info), and build with the headers of the library "
           "that runs",
           sizeof info);
  check_fails(hr_model_info_get(predictor, &info, &err), HR_ERR_USAGE, sentence);
  hr_model_close(&predictor);
  scratch_fini(&s);
}

/* --- threads --- */

typedef struct caller {
  const hr_predictor *predictor;
  const spectra *x;
  double mean[ROWS];
  hr_status status;
} caller;

static void *call(void *context) {
  caller *c = context;
  hr_model_input in = hr_model_input_default();
  hr_model_output out = hr_model_output_default();
  in.rows = ROWS;
  in.flux = c->x->flux;
  in.slots = c->x->slots;
  out.mean = c->mean;
  for (int i = 0; i < 10 && c->status == HR_OK; i++) {
    c->status = hr_model_predict(c->predictor, &in, &out, NULL);
  }
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  enum { THREADS = 4 };
  static spectra x;
  static caller callers[THREADS];
  pthread_t threads[THREADS];
  scratch s;
  scratch_init(&s);
  linear_bundle_write(s.path, "exclude");
  spectra_init(&x);
  hr_predictor *predictor = open_model(s.path, "nearest");
  for (int i = 0; i < THREADS; i++) {
    callers[i] = (caller){.predictor = predictor, .x = &x};
    assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(callers[i].status, HR_OK);
    check_means(callers[i].mean);
  }
  hr_model_close(&predictor);
  scratch_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_arrays),
      cmocka_unit_test(test_labels_and_none),
      cmocka_unit_test(test_info),
      cmocka_unit_test(test_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
