/* The ceilings: their values, their place in results.json, each method's share of them,
 * and the warning where a method beats the posterior's. */
#include "score/ceiling.h"

#include <jansson.h>

#include "score/evaluation.h"
#include "score/fixture.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static fixture f;
static hr_error err;
static hr_text warnings; /* a line each */

static void take_warning(void *context, hr_log_level level, const char *line) {
  (void)context;
  assert_int_equal(level, HR_LOG_WARNING);
  hr_text_append(&warnings, "%s\n", line);
}

static const hr_observer observer = {.log = take_warning};

static int prepare(void **state) {
  (void)state;
  fixture_init(&f);
  f.input.observer = &observer;
  hr_text_init(&warnings);
  hr_text_append(&warnings, "\n");
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_text_fini(&warnings);
  return 0;
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

static double end(const json_t *object, const char *key, size_t which) {
  const json_t *item = json_array_get(json_object_get(object, key), which);
  assert_true(json_is_number(item));
  return json_number_value(item);
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

static json_t *bin_of(json_t *object, size_t k) {
  return json_array_get(json_object_get(object, "bins"), k);
}

/* Σ(y−ȳ)² of the rows for which `wanted`. */
static double spread_of(const bool *wanted) {
  double mean = 0, count = 0, sum = 0;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (!wanted[i]) continue;
    mean += f.target[i];
    count++;
  }
  mean /= count;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (wanted[i]) sum += (f.target[i] - mean) * (f.target[i] - mean);
  }
  return sum;
}

/* 1 − Σ variance / Σ(y−ȳ)² of the rows of a bin, or (bin < 0) of all. */
static double expected_r2(int bin, double variance) {
  bool wanted[FIXTURE_ROWS];
  double rows = 0;
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    wanted[i] = bin < 0 || f.bin[i] == bin;
    rows += wanted[i];
  }
  return 1 - rows * variance / spread_of(wanted);
}

static void test_value(void **state) {
  (void)state;
  fixture_give_variance(&f, 1);
  json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
  assert_string_equal(json_string_value(json_object_get(ceiling, "expert")), "forest");
  json_t *routed = json_object_get(ceiling, "routed");
  for (int k = 0; k < FIXTURE_BINS; k++) {
    json_t *bin = bin_of(routed, (size_t)k);
    double sigma = k == 1 ? 0.2 : 0.6, expected = expected_r2(k, sigma * sigma);
    check_near(number(bin, "r2_max"), expected, 1e-12);
    assert_true(end(bin, "r2_max_ci", 0) < expected);
    assert_true(end(bin, "r2_max_ci", 1) > expected);
  }
  /* A method that errs as much as its variance says is at the ceiling. */
  json_t *forest = method(ceiling, "forest_oracle");
  check_near(number(forest, "efficiency"), 1, 0.05);
  assert_true(json_is_false(json_object_get(forest, "exceeds")));
  assert_null(strstr(warnings.bytes, "\nforest_oracle exceeds"));
  /* No model of all rows knows its variance. */
  json_t *global = json_object_get(ceiling, "global");
  assert_true(json_is_null(json_object_get(global, "r2_max")));
  json_decref(root);
}

/* Octiles: the very rows of the octile, and the same draws as everything else, so that
 * the whole is between its parts. */
static void test_octiles_have_intervals(void **state) {
  (void)state;
  fixture_give_variance(&f, 1);
  json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
  json_t *octiles = json_object_get(json_object_get(ceiling, "routed"), "octiles");
  json_t *edges = json_object_get(json_object_get(root, "snr_octiles"), "octiles");
  assert_int_equal(json_array_size(octiles), 8);
  for (size_t j = 0; j < 8; j++) {
    json_t *octile = json_array_get(octiles, j);
    double low = number(json_array_get(edges, j), "snr_low");
    double high = number(json_array_get(edges, j), "snr_high");
    bool wanted[FIXTURE_ROWS];
    double rows = 0, variance = 0;
    for (size_t i = 0; i < FIXTURE_ROWS; i++) {
      bool inside = f.snr[i] >= low && (f.snr[i] < high || j == 7);
      wanted[i] = inside && f.bin[i] >= 0;
      if (!wanted[i]) continue;
      rows++;
      variance += f.bin[i] == 1 ? 0.04 : 0.36;
    }
    double expected = 1 - variance / spread_of(wanted);
    assert_int_equal((int)number(octile, "n"), (int)rows);
    check_near(number(octile, "r2_max"), expected, 1e-12);
    assert_true(end(octile, "r2_max_ci", 0) < expected);
    assert_true(end(octile, "r2_max_ci", 1) > expected);
    assert_true(end(octile, "r2_max_ci", 1) < 1);
  }
  json_decref(root);
}

/* Whoever knows snr only of some rows: octiles and the rest still are all rows. */
static void test_rows_without_snr(void **state) {
  (void)state;
  fixture_give_variance(&f, 1);
  for (size_t i = 0; i < FIXTURE_ROWS; i += 5) f.snr[i] = (double)NAN;
  json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
  json_t *octiles = json_object_get(json_object_get(ceiling, "routed"), "octiles");
  end(json_array_get(octiles, 3), "r2_max_ci", 0);
  json_decref(root);
  f.input.snr = NULL;
  root = results(), ceiling = json_object_get(root, "ceiling");
  octiles = json_object_get(json_object_get(ceiling, "routed"), "octiles");
  assert_int_equal(json_array_size(octiles), 0);
  json_decref(root);
}

static void test_who_beats_it_is_warned_of(void **state) {
  (void)state;
  fixture_give_variance(&f, 4);
  json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
  json_t *forest = method(ceiling, "forest_oracle");
  assert_true(json_is_true(json_object_get(forest, "exceeds")));
  assert_true(json_is_true(json_object_get(ceiling, "exceeded")));
  assert_true(number(forest, "excess") > 0.1);
  char sentence[256];
  snprintf(sentence, sizeof sentence,
           "\nthe R² of ridge_oracle is above the posterior ceiling, the most that the "
           "noise allows, by %.4f [%.4f, %.4f]: a leak, a prior or errors that are not "
           "the data's, or too few templates\n",
           number(method(ceiling, "ridge_oracle"), "excess"),
           end(method(ceiling, "ridge_oracle"), "excess_ci", 0),
           end(method(ceiling, "ridge_oracle"), "excess_ci", 1));
  assert_non_null(strstr(warnings.bytes, sentence));
  json_decref(root);
}

/* A leak in one bin, too small to lift the whole: an expert that has seen the answers. */
static void test_a_leak_in_one_bin_is_found(void **state) {
  (void)state;
  fixture_give_variance(&f, 1);
  for (size_t i = 0; i < FIXTURE_ROWS; i++) {
    if (f.route[i] == 1) f.forest_own[i] = (float)(f.target[i] + 0.01);
  }
  json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
  json_t *forest = method(ceiling, "forest_oracle");
  assert_true(json_is_false(json_object_get(forest, "exceeds")));
  for (size_t k = 0; k < FIXTURE_BINS; k++) {
    json_t *bin = bin_of(forest, k);
    assert_int_equal(json_is_true(json_object_get(bin, "exceeds")), k == 1);
    check_near(number(bin, "efficiency") * number(bin, "r2_max"),
               number(bin, "excess") + number(bin, "r2_max"), 1e-12);
  }
  assert_true(json_is_true(json_object_get(ceiling, "exceeded")));
  assert_non_null(strstr(warnings.bytes,
                         "\nthe R² of forest_oracle is above the posterior ceiling, the "
                         "most that the noise allows, in bin 1, by 0."));
  assert_null(strstr(warnings.bytes,
                     "\nthe R² of forest_oracle is above the posterior ceiling, the most "
                     "that the noise allows, by"));
  json_decref(root);
}

/* The forest in bin 0 against a ceiling that is made lower until the whole interval of
 * the difference is above 0, which not yet every draw is. */
static void test_the_chance_is_the_callers(void **state) {
  (void)state;
  hr_evaluation *evaluation = NULL;
  const hr_group_range range = {0, 1};
  bool found_one = false;
  for (double scale = 1; scale < 4 && !found_one; scale *= 1.02) {
    fixture_give_variance(&f, scale);
    check_ok(hr_evaluation_create(&f.input, &evaluation, &err));
    size_t forest =
        hr_evaluation_find(evaluation, HR_FORECAST_ORACLE, 1, HR_SELECT_BY_CV);
    hr_efficiency found =
        hr_evaluation_efficiency(evaluation, forest, HR_CEILING_ROUTED, range, 0.025);
    hr_efficiency always =
        hr_evaluation_efficiency(evaluation, forest, HR_CEILING_ROUTED, range, 0);
    double least = hr_bootstrap_delta_quantile(
        evaluation->bootstrap, forest, evaluation->method_count + HR_CEILING_ROUTED,
        range, 0);
    assert_int_equal(found.exceeds, found.excess_interval.low > 0);
    assert_int_equal(always.exceeds, least > 0);
    found_one = found.exceeds && !always.exceeds;
    hr_evaluation_destroy(&evaluation);
  }
  assert_true(found_one);
}

static void test_fisher_stands_beside_it(void **state) {
  (void)state;
  fixture_give_variance(&f, 1);
  fixture_give_bound(&f, 0.25, 0.5);
  json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
  json_t *fisher = json_object_get(ceiling, "fisher");
  assert_int_equal((int)number(fisher, "rows_without"), 7);
  check_near(number(fisher, "misfit"), 0.025, 0);
  assert_string_equal(json_string_value(json_object_get(fisher, "prior")), "gaussian");
  json_t *routed = json_object_get(fisher, "routed");
  for (int k = 0; k < FIXTURE_BINS; k++) {
    check_near(number(bin_of(routed, (size_t)k), "r2_max"), expected_r2(k, 0.25), 1e-12);
  }
  json_t *global = json_object_get(fisher, "global");
  assert_int_equal((int)number(global, "n"), FIXTURE_ROWS);
  check_near(number(global, "r2_max"), expected_r2(-1, 0.5), 1e-12);
  assert_true(end(global, "r2_max_ci", 0) < expected_r2(-1, 0.5));
  /* Who is not told the bin is held against all rows; it has no ceiling here. */
  json_t *ridge = method(ceiling, "global_ridge");
  assert_string_equal(json_string_value(json_object_get(ridge, "rows")), "all");
  assert_int_equal((int)number(ridge, "n"), FIXTURE_ROWS);
  assert_true(json_is_null(json_object_get(ridge, "efficiency")));
  check_near(number(ridge, "fisher_efficiency") * expected_r2(-1, 0.5), 0.4, 0.25);
  end(json_array_get(json_object_get(routed, "octiles"), 7), "r2_max_ci", 1);
  json_decref(root);
}

/* Which labels a ceiling supposes is the method's to say. */
static void test_the_prior_is_told(void **state) {
  (void)state;
  const struct {
    hr_prior prior;
    const char *name;
  } cases[] = {
      {HR_PRIOR_NONE, NULL}, {HR_PRIOR_TRAINING, "training"}, {HR_PRIOR_GRID, "grid"}};
  fixture_give_variance(&f, 1);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    f.outcomes[1].prior = cases[i].prior;
    json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
    const char *found = json_string_value(json_object_get(ceiling, "prior"));
    if (cases[i].name) {
      assert_string_equal(found, cases[i].name);
    } else {
      assert_null(found);
    }
    json_decref(root);
  }
}

static void test_fisher_alone(void **state) {
  (void)state;
  fixture_give_bound(&f, 0.25, 0.5);
  json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
  assert_true(json_is_null(json_object_get(ceiling, "expert")));
  assert_true(json_is_null(json_object_get(ceiling, "routed")));
  assert_true(json_is_false(json_object_get(ceiling, "exceeded")));
  json_t *forest = method(ceiling, "forest_oracle");
  assert_true(json_is_null(json_object_get(forest, "efficiency")));
  assert_true(number(forest, "fisher_efficiency") > 0.5);
  json_decref(root);
}

/* One row without a bound: no number for what it is part of, rather than one over other
 * rows. */
static void test_a_row_without_bound(void **state) {
  (void)state;
  fixture_give_bound(&f, 0.25, 0.5);
  f.bound[0][HR_FISHER_ROUTED] = (double)NAN; /* of bin 0 */
  json_t *root = results(), *ceiling = json_object_get(root, "ceiling");
  json_t *routed = json_object_get(json_object_get(ceiling, "fisher"), "routed");
  assert_true(json_is_null(json_object_get(routed, "r2_max")));
  assert_true(json_is_null(json_object_get(bin_of(routed, 0), "r2_max")));
  check_near(number(bin_of(routed, 1), "r2_max"), expected_r2(1, 0.25), 1e-12);
  json_decref(root);
}

static void test_nobody_knows(void **state) {
  (void)state;
  f.input.fisher_note = "no such grid";
  json_t *root = results();
  assert_true(json_is_null(json_object_get(root, "ceiling")));
  json_decref(root);
  fixture_give_variance(&f, 1);
  root = results();
  json_t *ceiling = json_object_get(root, "ceiling");
  assert_true(json_is_null(json_object_get(ceiling, "fisher")));
  assert_string_equal(json_string_value(json_object_get(ceiling, "fisher_note")),
                      "no such grid");
  json_decref(root);
}

/* What the forest says of its own uncertainty, which would be a low ceiling. */
static void test_who_states_a_sigma_bounds_nobody(void **state) {
  (void)state;
  fixture_give_variance(&f, 1);
  fixture_take_forest_elsewhere(&f);
  json_t *root = results();
  assert_true(json_is_null(json_object_get(root, "ceiling")));
  json_decref(root);
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  fixture_give_variance(&f, 1);
  fixture_give_bound(&f, 0.25, 0.5);
  hr_evaluation *evaluation = NULL;
  check_alloc_failures(hr_evaluation_create(&f.input, &evaluation, NULL));
  hr_evaluation_destroy(&evaluation);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_value),
      TEST(test_octiles_have_intervals),
      TEST(test_rows_without_snr),
      TEST(test_who_beats_it_is_warned_of),
      TEST(test_a_leak_in_one_bin_is_found),
      TEST(test_the_chance_is_the_callers),
      TEST(test_fisher_stands_beside_it),
      TEST(test_the_prior_is_told),
      TEST(test_fisher_alone),
      TEST(test_a_row_without_bound),
      TEST(test_nobody_knows),
      TEST(test_who_states_a_sigma_bounds_nobody),
      TEST(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
