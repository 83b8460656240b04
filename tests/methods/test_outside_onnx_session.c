/* A network that ONNX Runtime runs; takes the library that scripts/setup.sh fetches. What
 * it refuses is in tests/python/test_onnx.py. */
#include "methods/outside/onnx_session.h"

#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/onnx_network.h"
#include "support/scratch.h"

static hr_error err;
static scratch place;
static char path[256];
static const hr_onnx_wish wish = {
    .pixels = ONNX_PIXELS, .targets = ONNX_TARGETS, .unit = 1};

static int set_up(void **state) {
  (void)state;
  scratch_init(&place);
  snprintf(path, sizeof path, "%s/m.onnx", place.path);
  onnx_network_write(path, 0);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&place);
  return 0;
}

static void a_batch_goes_through(void **state) {
  (void)state;
  hr_onnx_session *session = NULL;
  check_ok(hr_onnx_session_open(path, &wish, &session, &err));
  enum { ROWS = 32 };
  float input[ROWS * ONNX_PIXELS];
  double out[ROWS * ONNX_TARGETS];
  assert_int_equal(hr_onnx_session_rows(session), ROWS);
  assert_int_equal(hr_onnx_session_input_bytes(session), sizeof input);
  for (size_t i = 0; i < ROWS; i++) {
    const double flux[ONNX_PIXELS] = {1, (double)i, -2};
    hr_onnx_session_put(session, i, flux, NULL, input);
  }
  check_ok(hr_onnx_session_run(session, input, out, &err));
  for (size_t i = 0; i < ROWS; i++) {
    check_near(out[2 * i], 1 + 2 * (double)i - 6, 1e-5);
    check_near(out[2 * i + 1], 10 + 20 * (double)i - 60, 1e-4);
  }
  hr_onnx_session_close(&session);
  assert_null(session);
}

/* Whoever asks: the runs that go on, and those that are begun after. */
static void runs_are_stopped(void **state) {
  (void)state;
  hr_onnx_session *session = NULL;
  float input[32 * ONNX_PIXELS] = {0};
  double out[32 * ONNX_TARGETS];
  check_ok(hr_onnx_session_open(path, &wish, &session, &err));
  double seconds = hr_onnx_session_batch_seconds(session);
  assert_true(seconds > 0 && seconds < 60);
  check_ok(hr_onnx_session_run(session, input, out, &err));
  hr_onnx_session_stop(session);
  assert_int_equal(hr_onnx_session_run(session, input, out, &err), HR_ERR_NUMERIC);
  hr_onnx_session_close(&session);
}

static void half_a_file_is_refused(void **state) {
  (void)state;
  char sentence[512];
  hr_onnx_session *session = NULL;
  onnx_network_write(path, 3);
  snprintf(sentence, sizeof sentence,
           "%s is no model in ONNX, or not all of one; export or copy it again", path);
  check_fails(hr_onnx_session_open(path, &wish, &session, &err), HR_ERR_FORMAT, sentence);
  assert_null(session);
}

static void check_refused(onnx_network_kind kind, const char *words) {
  char sentence[512];
  hr_onnx_session *session = NULL;
  onnx_network_write_kind(path, kind);
  snprintf(sentence, sizeof sentence,
           "%s gives %s; export it in evaluation mode, model.eval()", path, words);
  check_fails(hr_onnx_session_open(path, &wish, &session, &err), HR_ERR_DATA, sentence);
  assert_null(session);
}

static void what_works_as_in_training_is_refused(void **state) {
  (void)state;
  check_refused(ONNX_RANDOM, "another answer each time it is given the same spectra");
  check_refused(ONNX_OF_THE_BATCH,
                "a spectrum an answer that depends on the other rows of the batch");
}

static hr_status open_and_close(void) {
  hr_onnx_session *session = NULL;
  hr_status status = hr_onnx_session_open(path, &wish, &session, NULL);
  hr_onnx_session_close(&session);
  return status;
}

static void memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(open_and_close());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  if (onnx_is_left_out()) return 0;
  const struct CMUnitTest tests[] = {
      TEST(a_batch_goes_through),   TEST(runs_are_stopped),
      TEST(half_a_file_is_refused), TEST(what_works_as_in_training_is_refused),
      TEST(memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
