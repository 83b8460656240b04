/* Rows on nodes and off them, from the evaluation through results.json to the table. */
#include "score/lattice_rows.h"

#include "core/json.h"
#include "report/table_parts.h"
#include "report/tables.h"
#include "score/evaluation.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

enum { TRAIN = 3300 }; /* as the fixture has */

static fixture f;
static scratch s;
static hr_error err;
static hr_table table;
static double train[TRAIN];
static char path[128];

/* Labels of the test rows but one in three on the nearest node of a lattice of 0.5, and
 * training labels that have learnt it. */
static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  scratch_init(&s);
  table = (hr_table){0};
  snprintf(path, sizeof path, "%s/results.json", s.path);
  for (size_t i = 0; i < TRAIN; i++) {
    train[i] = 1.5 + 5 * hr_uniform(1, HR_STREAM_SIMULATE_TRAIN, i, 0);
    if (i % 5 != 0) train[i] = round(2 * train[i]) / 2;
  }
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (i / 3 % 3 != 0) f.target[i] = round(2 * f.target[i]) / 2;
  }
  fixture_fits(&f);
  f.input.train_target = train;
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_table_fini(&table);
  scratch_fini(&s);
  return 0;
}

static void kinds_have_the_right_rows(void **state) {
  (void)state;
  hr_evaluation *evaluation = NULL;
  check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
  const hr_lattice_rows *rows = &evaluation->lattice;
  assert_int_equal(rows->lattice.count, 11);
  size_t covered = hr_row_groups_covered(&evaluation->groups);
  assert_int_equal(rows->start[HR_LATTICE_KINDS], covered);
  assert_int_equal(rows->start[HR_LATTICE_KINDS + 1], FIXTURE_ROWS);
  for (size_t i = 0; i < covered; i++) {
    double y = f.target[rows->row_list[i]];
    assert_int_equal(y == round(2 * y) / 2, i < rows->start[HR_OFF_NODES]);
  }
  assert_non_null(rows->bootstrap);
  hr_evaluation_destroy(&evaluation);
}

static json_t *load(void) {
  check_ok(hr_results_write(&f.input, path, NULL, &err));
  json_t *root = json_load_file(path, 0, NULL);
  assert_non_null(root);
  return root;
}

static double number(const json_t *object, const char *kind, const char *key) {
  return json_number_value(json_object_get(json_object_get(object, kind), key));
}

/* Both kinds of rows together have the errors of all. */
static void kinds_add_up(void **state) {
  (void)state;
  json_t *root = load();
  const json_t *lattice = json_object_get(root, "lattice");
  const json_t *methods = json_object_get(lattice, "methods");
  const json_t *overall = json_object_get(root, "overall");
  assert_int_equal(json_integer_value(json_object_get(lattice, "nodes")), 11);
  check_near(json_number_value(json_object_get(lattice, "train_share")), 0.8, 1e-9);
  for (size_t m = 0; m < json_array_size(methods); m++) {
    const json_t *own = json_array_get(methods, m), *all = json_array_get(overall, m);
    double n_on = number(own, "on_nodes", "n"), n_off = number(own, "off_nodes", "n");
    double errors =
        n_on * number(own, "on_nodes", "mae") + n_off * number(own, "off_nodes", "mae");
    assert_string_equal(json_string_value(json_object_get(own, "method")),
                        json_string_value(json_object_get(all, "method")));
    check_near(n_on + n_off, json_number_value(json_object_get(all, "n")), 0);
    check_near(errors / (n_on + n_off), json_number_value(json_object_get(all, "mae")),
               1e-9);
    const json_t *ci = json_object_get(json_object_get(own, "off_nodes"), "mae_ci");
    assert_true(json_number_value(json_array_get(ci, 0)) <
                number(own, "off_nodes", "mae"));
    assert_true(json_number_value(json_array_get(ci, 1)) >
                number(own, "off_nodes", "mae"));
  }
  json_decref(root);
}

static void build(void) {
  hr_reader reader = {0};
  json_decref(load());
  check_ok(hr_reader_init(&reader, path, &err));
  check_ok(hr_build_lattice(&table, &reader, &err));
  check_ok(hr_reader_status(&reader, &err));
  hr_reader_fini(&reader);
}

static void the_table_has_both_kinds(void **state) {
  (void)state;
  build();
  assert_true(table.row_count >= 4 && table.row_count % 2 == 0);
  assert_string_equal(table.cells[1].text, "on nodes");
  assert_string_equal(table.cells[1].code, "on_nodes");
  assert_string_equal(table.cells[table.column_count + 1].text, "off nodes");
  assert_string_equal(
      table.notes.items[0],
      "80.0 % of the training rows have one of 11 values of log_g (nodes, "
      "1.5 to 6.5). Who learns the nodes errs less on them, and may err "
      "more off them.");
}

static void chinese_too(void **state) {
  (void)state;
  f.input.language = "zh";
  build();
  assert_string_equal(table.cells[1].text, "节点上");
  assert_string_equal(table.notes.items[0],
                      "训练行中 80.0 % 取 11 个 log_g 值之一（节点，1.5 至 6.5）。"
                      "学得节点的方法，在节点上误差较小，在节点外可能较大。");
}

static void without_a_lattice_there_is_none(void **state) {
  (void)state;
  for (size_t i = 0; i < TRAIN; i++) train[i] += 1e-3 * (double)i;
  build();
  assert_int_equal(table.row_count, 0);
  json_t *root = load();
  assert_true(json_is_null(json_object_get(root, "lattice")));
  json_decref(root);
  f.input.train_target = NULL;
  root = load();
  assert_true(json_is_null(json_object_get(root, "lattice")));
  json_decref(root);
}

/* 19 rows of a kind say nothing; the lattice itself is told all the same. */
static void too_few_of_a_kind_have_no_scores(void **state) {
  (void)state;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) f.target[i] = round(2 * f.target[i]) / 2;
  for (size_t i = 0, off = 0; off < 19; i++) {
    if (f.bin[i] == HR_UNCOVERED) continue;
    f.target[i] += 0.1;
    off++;
  }
  fixture_fits(&f);
  build();
  assert_int_equal(table.row_count, 0);
  json_t *root = load();
  assert_true(json_is_object(json_object_get(root, "lattice")));
  json_decref(root);
}

static hr_status evaluate(void) {
  hr_evaluation *evaluation = NULL;
  hr_status status = hr_evaluation_create(&f.input, &evaluation, &err);
  hr_evaluation_destroy(&evaluation);
  return status;
}

static void memory_may_end(void **state) {
  (void)state;
  f.input.bootstrap_draws = 2;
  check_alloc_failures(evaluate());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(kinds_have_the_right_rows, prepare, tidy),
      cmocka_unit_test_setup_teardown(kinds_add_up, prepare, tidy),
      cmocka_unit_test_setup_teardown(the_table_has_both_kinds, prepare, tidy),
      cmocka_unit_test_setup_teardown(chinese_too, prepare, tidy),
      cmocka_unit_test_setup_teardown(without_a_lattice_there_is_none, prepare, tidy),
      cmocka_unit_test_setup_teardown(too_few_of_a_kind_have_no_scores, prepare, tidy),
      cmocka_unit_test_setup_teardown(memory_may_end, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
