/* The gates held against the rows. */
#include "report/rows_audit_parts.h"

#include "report/gates_fixture.h"
#include "score/predictions.h"

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

static hr_status audit(void) {
  hr_status status = HR_OK;
  hr_rows rows = {0};
  char path[128], rows_path[128];
  snprintf(path, sizeof path, "%s/results.json", g.l.s.path);
  snprintf(rows_path, sizeof rows_path, "%s/%s", g.l.s.path, hr_predictions_name);
  hr_reader_fini(&reader);
  HR_TRY(hr_reader_init(&reader, path, &err));
  HR_TRY(hr_rows_init(&rows, rows_path, &reader, &err));
  HR_TRY(hr_rows_audit(&rows, &reader, &err));
cleanup:
  hr_rows_fini(&rows);
  return status;
}

static json_t *gate_of(json_t *root, size_t index) {
  return json_array_get(json_object_get(root, "gates"), index);
}

static void check_refused(json_t *root, hr_status wanted, const char *sentence) {
  ladder_fixture_save(&g.l, root);
  assert_int_equal(audit(), wanted);
  if (!strstr(err.message, sentence)) print_error("%s\n", err.message);
  assert_non_null(strstr(err.message, sentence));
}

static void changed_numbers_are_refused(void **state) {
  (void)state;
  static const char *const keys[] = {"r2", "rho"};
  check_ok(audit());
  for (size_t i = 0; i < 2; i++) {
    char sentence[80];
    json_t *root = ladder_fixture_read(&g.l);
    json_t *list = json_object_get(gate_of(root, 1), "forecasts");
    json_object_set_new(json_array_get(list, 0), keys[i], json_real(0.25));
    snprintf(sentence, sizeof sentence,
             " says that gates[1].forecasts[0].%s is 0.25, but the predictions give",
             keys[i]);
    check_refused(root, HR_ERR_LEDGER, sentence);
    ladder_fixture_write(&g.l);
  }
  json_t *root = ladder_fixture_read(&g.l);
  json_object_set_new(gate_of(root, 0), "accuracy", json_real(0.9));
  check_refused(root, HR_ERR_LEDGER, " says that gates[0].accuracy is 0.9, but the ");
  ladder_fixture_write(&g.l);
  root = ladder_fixture_read(&g.l);
  json_t *line = json_array_get(json_object_get(gate_of(root, 0), "confusion"), 1);
  json_array_set_new(line, 0, json_integer(5));
  check_refused(root, HR_ERR_LEDGER, " says that gates[0].confusion[1].rows is 74");
}

static void confusions_that_are_none_are_refused(void **state) {
  (void)state;
  static const char sentence[] =
      "gates[0].confusion is missing or not a square of counts, a line a bin";
  json_t *root = ladder_fixture_read(&g.l);
  json_array_remove(json_object_get(gate_of(root, 0), "confusion"), 2);
  check_refused(root, HR_ERR_FORMAT, sentence);
  ladder_fixture_write(&g.l);
  root = ladder_fixture_read(&g.l);
  json_t *line = json_array_get(json_object_get(gate_of(root, 0), "confusion"), 1);
  json_array_set_new(line, 0, json_integer(-1));
  check_refused(root, HR_ERR_FORMAT, sentence);
}

static void results_of_earlier_versions_have_none(void **state) {
  (void)state;
  json_t *root = ladder_fixture_read(&g.l);
  json_object_del(root, "gates");
  ladder_fixture_save(&g.l, root);
  check_ok(audit());
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(changed_numbers_are_refused),
      TEST(confusions_that_are_none_are_refused),
      TEST(results_of_earlier_versions_have_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
