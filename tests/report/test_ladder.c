/* The ladder read back, and held against the rows. */
#include "report/ladder.h"

#include "report/ladder_fixture.h"
#include "report/rows.h"
#include "score/predictions.h"

static ladder_fixture l;
static hr_error err;
static hr_reader reader;

static int prepare(void **state) {
  (void)state;
  ladder_fixture_init(&l);
  fixture_give_variance(&l.f, 1);
  fixture_give_bound(&l.f, 0.25, 0.5);
  ladder_fixture_write(&l);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_reader_fini(&reader);
  scratch_fini(&l.s);
  return 0;
}

static void what_was_written_is_read(void **state) {
  (void)state;
  check_ok(hr_reader_init(&reader, scratch_name(&l.s, "results.json"), &err));
  assert_true(hr_ladder_is_known(&reader));
  hr_ladder_rows ladder = hr_ladder_read(&reader);
  assert_int_equal(ladder.rung_count, 4);
  assert_int_equal(ladder.step_count, 3);
  check_near(ladder.rows, 206, 0);
  assert_string_equal(hr_ladder_single(&ladder)->method, "global_forest");
  assert_null(hr_ladder_on(&ladder, HR_RUNG_DEPLOYED));
  assert_null(hr_ladder_between(&ladder, HR_RUNG_BASELINE, HR_RUNG_ORACLE));
  assert_string_equal(hr_ladder_mixture(&ladder)->name, "mixture");
  assert_false(hr_ladder_is_baseline_best(&ladder));
  assert_false(hr_ladder_has_one_single(&reader));
  assert_string_equal(hr_ladder_on(&ladder, HR_RUNG_CEILING)->method, "posterior");
  assert_int_equal(hr_ladder_count(&reader, "bins"), FIXTURE_BINS);
  assert_int_equal(hr_ladder_count(&reader, "octiles"), 8);
  hr_ladder_rows bin = hr_ladder_read_item(&reader, "bins", 1);
  check_near(bin.rows, 69, 0);
  check_ok(hr_reader_status(&reader, &err));
}

static hr_status audit(void) {
  hr_status status = HR_OK;
  hr_rows rows = {0};
  char path[128], rows_path[128];
  snprintf(path, sizeof path, "%s/results.json", l.s.path);
  snprintf(rows_path, sizeof rows_path, "%s/%s", l.s.path, hr_predictions_name);
  hr_reader_fini(&reader);
  HR_TRY(hr_reader_init(&reader, path, &err));
  HR_TRY(hr_rows_init(&rows, rows_path, &reader, &err));
  HR_TRY(hr_rows_audit(&rows, &reader, &err));
cleanup:
  hr_rows_fini(&rows);
  return status;
}

static json_t *part_of(json_t *root, const char *list, size_t item) {
  json_t *ladder = json_object_get(root, "ladder");
  return list ? json_array_get(json_object_get(ladder, list), item) : ladder;
}

/* A number of the ladder, changed and sealed again. */
typedef struct forgery {
  const char *list; /* "bins", "octiles"; NULL: over all rows */
  size_t item;
  const char *inner; /* "rungs", "steps"; NULL: the part's own */
  size_t number;
  const char *key, *sentence;
} forgery;

static void forge(const forgery *change) {
  json_t *root = ladder_fixture_read(&l);
  json_t *place = part_of(root, change->list, change->item);
  if (change->inner) {
    place = json_array_get(json_object_get(place, change->inner), change->number);
  }
  assert_non_null(json_object_get(place, change->key));
  json_object_set_new(place, change->key, json_real(0.25));
  ladder_fixture_save(&l, root);
}

/* What a study with a gate writes, and what the rows say of it. */
static void a_gate(void **state) {
  (void)state;
  ladder_fixture_give_gate(&l);
  ladder_fixture_write(&l);
  check_ok(audit());
  hr_ladder_rows ladder = hr_ladder_read(&reader);
  assert_int_equal(ladder.rung_count, 5);
  assert_int_equal(ladder.step_count, 5);
  const hr_ladder_rung *deployed = hr_ladder_on(&ladder, HR_RUNG_DEPLOYED);
  assert_string_equal(deployed->method, "hybrid_logistic_soft");
  assert_int_equal(hr_listed_of(&reader, deployed->method).kind, HR_LISTED_GATED);
  assert_string_equal(hr_ladder_mixture(&ladder)->name, "mixture");
  forge(&(forgery){"bins", 0, "rungs", 2, "r2", NULL});
  assert_int_equal(audit(), HR_ERR_LEDGER);
  assert_non_null(strstr(err.message, " says that ladder.bins[0].rungs[2].r2 is 0.25"));
}

static void changed_numbers_are_refused(void **state) {
  (void)state;
  static const forgery cases[] = {
      {NULL, 0, NULL, 0, "n", " says that ladder.n is 0.25, but the predictions give"},
      {NULL, 0, "rungs", 0, "r2", " says that ladder.rungs[0].r2 is 0.25, but the "},
      {NULL, 0, "rungs", 3, "r2", " says that ladder.rungs[3].r2 is 0.25, but the "},
      {NULL, 0, "steps", 1, "delta_r2", " says that ladder.steps[1].delta_r2 is 0.25"},
      {NULL, 0, "steps", 2, "delta_r2", " says that ladder.steps[2].delta_r2 is 0.25"},
      {"bins", 2, "rungs", 2, "r2", " says that ladder.bins[2].rungs[2].r2 is 0.25"},
      {"bins", 1, "steps", 0, "delta_r2",
       " says that ladder.bins[1].steps[0].delta_r2 is 0.25"},
      {"octiles", 7, NULL, 0, "n", " says that ladder.octiles[7].n is 0.25"},
      {"octiles", 3, "rungs", 3, "r2", " says that ladder.octiles[3].rungs[3].r2 is "},
  };
  check_ok(audit());
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    ladder_fixture_write(&l);
    forge(&cases[c]);
    assert_int_equal(audit(), HR_ERR_LEDGER);
    if (!strstr(err.message, cases[c].sentence)) print_error("%s\n", err.message);
    assert_non_null(strstr(err.message, cases[c].sentence));
  }
}

static void check_refused(json_t *root, hr_status status, const char *sentence) {
  char expected[256];
  ladder_fixture_save(&l, root);
  assert_int_equal(audit(), status);
  snprintf(expected, sizeof expected, "%s/results.json%s", l.s.path, sentence);
  assert_string_equal(err.message, expected);
}

static void another_ladder_is_refused(void **state) {
  (void)state;
  json_t *root = ladder_fixture_read(&l);
  json_t *rungs = json_object_get(part_of(root, NULL, 0), "rungs");
  json_object_set_new(json_array_get(rungs, 0), "method", json_string("nobody"));
  check_refused(root, HR_ERR_LEDGER,
                " says that ladder.nobody is 0, but the predictions give 1; its numbers "
                "are not reported");
  ladder_fixture_write(&l);
  root = ladder_fixture_read(&l);
  json_array_remove(json_object_get(part_of(root, NULL, 0), "bins"), 0);
  check_refused(root, HR_ERR_LEDGER,
                " says that ladder.bins is 2, but the predictions give 3; its numbers "
                "are not reported");
  ladder_fixture_write(&l);
  root = ladder_fixture_read(&l);
  rungs = json_object_get(part_of(root, NULL, 0), "rungs");
  json_object_set_new(json_array_get(rungs, 0), "rung", json_string("roof"));
  check_refused(root, HR_ERR_FORMAT,
                ": ladder.rungs[0].rung is missing or not a rung of the ladder; run the "
                "study again with this version");
  ladder_fixture_write(&l);
  root = ladder_fixture_read(&l);
  rungs = json_object_get(part_of(root, NULL, 0), "rungs");
  for (int i = 0; i < 2; i++) json_array_append(rungs, json_array_get(rungs, 0));
  check_refused(root, HR_ERR_FORMAT,
                ": ladder.rungs is missing or not a list of rungs; run the study again "
                "with this version");
  ladder_fixture_write(&l);
  root = ladder_fixture_read(&l);
  json_t *steps = json_object_get(part_of(root, NULL, 0), "steps");
  for (int i = 0; i < 3; i++) json_array_append(steps, json_array_get(steps, 0));
  check_refused(root, HR_ERR_FORMAT,
                ": ladder.steps is missing or not a list of steps; run the study again "
                "with this version");
}

/* Fisher's, where there is no posterior; and a ceiling that the file has nowhere else. */
static void ceilings(void **state) {
  (void)state;
  l.f.outcomes[1].own.variance = NULL;
  ladder_fixture_write(&l);
  check_ok(audit());
  hr_ladder_rows ladder = hr_ladder_read(&reader);
  assert_string_equal(hr_ladder_on(&ladder, HR_RUNG_CEILING)->method, "fisher");
  json_t *root = ladder_fixture_read(&l);
  json_object_set_new(root, "ceiling", json_null());
  ladder_fixture_save(&l, root);
  assert_int_equal(audit(), HR_ERR_LEDGER);
  assert_non_null(strstr(err.message, "but the predictions give nan"));
}

static void results_of_earlier_versions(void **state) {
  (void)state;
  json_t *root = ladder_fixture_read(&l);
  json_object_del(root, "ladder");
  ladder_fixture_save(&l, root);
  check_ok(audit());
  assert_false(hr_ladder_is_known(&reader));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(what_was_written_is_read),  TEST(a_gate),   TEST(changed_numbers_are_refused),
      TEST(another_ladder_is_refused), TEST(ceilings), TEST(results_of_earlier_versions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
