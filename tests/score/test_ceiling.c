/* The ceiling from posterior variances: its value, its place in results.json, and the
 * warning where a method beats it. */
#include "score/ceiling.h"

#include <jansson.h>

#include "score/fixture.h"
#include "support/check.h"

static fixture f;
static hr_error err;
static double variance[FIXTURE_BINS][FIXTURE_ROWS];

/* The forest knows its error: each row's variance is `scale` times what it makes. */
static void give_variance(double scale) {
  fixture_init(&f);
  for (int k = 0; k < FIXTURE_BINS; k++) {
    double sigma = k == 1 ? 0.2 : 0.6;
    for (size_t i = 0; i < FIXTURE_ROWS; i++) variance[k][i] = scale * sigma * sigma;
    f.forest[k].variance = variance[k];
  }
}

static json_t *results(void) {
  hr_text text;
  hr_text_init(&text);
  check_ok(hr_results_format(&f.input, &text, NULL, &err));
  json_t *root = json_loads(text.bytes, JSON_REJECT_DUPLICATES, NULL);
  assert_non_null(root);
  hr_text_fini(&text);
  return root;
}

static double number(const json_t *object, const char *key) {
  assert_true(json_is_number(json_object_get(object, key)));
  return json_number_value(json_object_get(object, key));
}

static json_t *method(json_t *ceiling, const char *name) {
  size_t i = 0;
  json_t *item = NULL;
  json_array_foreach(json_object_get(ceiling, "methods"), i, item) {
    if (strcmp(json_string_value(json_object_get(item, "method")), name) == 0)
      return item;
  }
  fail_msg("no method %s", name);
  return NULL;
}

/* Σ(y−ȳ)² of a bin's rows. */
static double spread_of(int bin) {
  double mean = 0, count = 0, sum = 0;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] != bin) continue;
    mean += f.target[i];
    count++;
  }
  mean /= count;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.bin[i] == bin) sum += (f.target[i] - mean) * (f.target[i] - mean);
  }
  return sum;
}

static void test_value(void **state) {
  (void)state;
  give_variance(1);
  json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
  assert_string_equal(json_string_value(json_object_get(ceiling, "expert")), "forest");
  json_t *routed = json_object_get(ceiling, "routed");
  for (int k = 0; k < FIXTURE_BINS; k++) {
    json_t *bin = json_array_get(json_object_get(routed, "bins"), (size_t)k);
    double sigma = k == 1 ? 0.2 : 0.6, rows = number(bin, "n");
    double expected = 1 - rows * sigma * sigma / spread_of(k);
    check_near(number(bin, "r2_max"), expected, 1e-12);
    json_t *interval = json_object_get(bin, "r2_max_ci");
    assert_true(json_number_value(json_array_get(interval, 0)) < expected);
    assert_true(json_number_value(json_array_get(interval, 1)) > expected);
  }
  assert_int_equal(json_array_size(json_object_get(routed, "octiles")), 8);
  /* A method that errs as much as its variance says is at the ceiling. */
  json_t *forest = method(ceiling, "forest_oracle");
  check_near(number(forest, "efficiency"), 1, 0.05);
  assert_true(json_is_false(json_object_get(forest, "exceeds")));
  /* No model of all rows knows its variance. */
  json_t *global = json_object_get(ceiling, "global");
  assert_true(json_is_null(json_object_get(global, "r2_max")));
  json_decref(root);
}

static void test_who_beats_it_is_marked(void **state) {
  (void)state;
  give_variance(4);
  json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
  json_t *forest = method(ceiling, "forest_oracle");
  assert_true(json_is_true(json_object_get(forest, "exceeds")));
  assert_true(number(forest, "excess") > 0.1);
  json_decref(root);
}

static void test_nobody_knows(void **state) {
  (void)state;
  fixture_init(&f);
  json_t *root = results();
  assert_true(json_is_null(json_object_get(root, "ceiling")));
  json_decref(root);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_value),
      cmocka_unit_test(test_who_beats_it_is_marked),
      cmocka_unit_test(test_nobody_knows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
