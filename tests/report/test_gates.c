/* The gates read back. */
#include "report/gates.h"

#include "report/gates_fixture.h"

static gates_fixture g;
static hr_error err;
static hr_reader reader;

static int prepare(void **state) {
  (void)state;
  gates_fixture_init(&g);
  ladder_fixture_write(&g.l);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_reader_fini(&reader);
  scratch_fini(&g.l.s);
  return 0;
}

static void what_was_written_is_read(void **state) {
  (void)state;
  double counts[FIXTURE_BINS * FIXTURE_BINS];
  check_ok(hr_reader_init(&reader, scratch_name(&g.l.s, "results.json"), &err));
  assert_int_equal(hr_gates_count(&reader), 2);
  hr_gate_told gate = hr_gates_read(&reader, 0);
  assert_string_equal(gate.name, "bayes");
  assert_true(gate.uses_error);
  check_near(gate.rows, 206, 0);
  assert_int_equal(gate.forecast_count, 2);
  assert_int_equal(gate.own, 0);
  assert_string_equal(gate.forecasts[1].mixing, "hard");
  assert_int_equal(gate.octile_count, HR_SNR_OCTILES);
  hr_gates_read_confusion(&reader, 0, FIXTURE_BINS, counts);
  check_near(counts[0], 68, 0);
  check_near(counts[1 * FIXTURE_BINS + 2], 69, 0);
  check_near(counts[2 * FIXTURE_BINS + 0], 69, 0);
  check_near(gate.accuracy.value, 68.0 / 206, 1e-12);
  check_near(gate.accuracy.low, 0.269506, 1e-5);
  check_near(gate.accuracy.high, 0.396909, 1e-5);
  gate = hr_gates_read(&reader, 1);
  check_near(gate.entropy[3], log(3), 1e-12);
  check_near(gate.temperature, 1.25, 0);
  check_ok(hr_reader_status(&reader, &err));
}

static json_t *gate_of(json_t *root, size_t index) {
  return json_array_get(json_object_get(root, "gates"), index);
}

static void check_confusion_is_refused(json_t *root) {
  double counts[FIXTURE_BINS * FIXTURE_BINS];
  ladder_fixture_save(&g.l, root);
  hr_reader_fini(&reader);
  check_ok(hr_reader_init(&reader, scratch_name(&g.l.s, "results.json"), &err));
  hr_gates_read_confusion(&reader, 0, FIXTURE_BINS, counts);
  assert_int_equal(hr_reader_status(&reader, &err), HR_ERR_FORMAT);
  assert_non_null(
      strstr(err.message,
             "gates[0].confusion is missing or not a square of counts, a line a bin"));
}

static void confusions_that_are_none_are_refused(void **state) {
  (void)state;
  json_t *root = ladder_fixture_read(&g.l);
  json_array_remove(json_object_get(gate_of(root, 0), "confusion"), 2);
  check_confusion_is_refused(root);
  ladder_fixture_write(&g.l);
  root = ladder_fixture_read(&g.l);
  json_t *line = json_array_get(json_object_get(gate_of(root, 0), "confusion"), 1);
  json_array_set_new(line, 0, json_integer(-1));
  check_confusion_is_refused(root);
}

static void results_of_earlier_versions_have_none(void **state) {
  (void)state;
  json_t *root = ladder_fixture_read(&g.l);
  json_object_del(root, "gates");
  ladder_fixture_save(&g.l, root);
  check_ok(hr_reader_init(&reader, scratch_name(&g.l.s, "results.json"), &err));
  assert_int_equal(hr_gates_count(&reader), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_was_written_is_read),
      TEST(confusions_that_are_none_are_refused),
      TEST(results_of_earlier_versions_have_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
