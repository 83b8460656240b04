/* Experts and gates with the settings of earlier studies. */
#include "config/compat.h"

#include "config/gates.h"
#include "methods/ridge/ridge.h"
#include "support/config_checks.h"
#include "support/scratch.h"

static hr_config *load(const char *yaml, const char *compat) {
  hr_config *config = NULL;
  hr_error err = {0};
  char path[4096];
  scratch s;
  scratch_init(&s);
  scratch_write(&s, "a.h5", "");
  scratch_write(&s, "t.h5", "");
  scratch_write(&s, "s.yaml", yaml);
  snprintf(path, sizeof path, "%s/s.yaml", s.path);
  hr_strings settings = {0};
  if (compat) check_ok(hr_config_compat(compat, &settings, &err));
  check_ok(hr_config_load_with(path, &settings, &config, &err));
  hr_strings_fini(&settings);
  scratch_fini(&s);
  return config;
}

/* What the users' reports say, and nothing of what the file says. */
static void check_users(const hr_config *c) {
  assert_int_equal(c->expert_count - c->control_count, 1);
  assert_ptr_equal(c->experts[0].type, &hr_ridge_method);
  const hr_ridge_parameters *ridge = c->experts[0].parameters;
  assert_int_equal(ridge->alpha.count, 1);
  check_near(ridge->alpha.items[0], 1e3, 0);
  assert_int_equal(c->gate_count, 2);
  assert_null(hr_config_find_gate(c, &hr_gate_bayes_kind));
  hr_gate_table table;
  assert_true(
      hr_config_gate_table(hr_config_find_gate(c, &hr_gate_logistic_kind), &table));
  assert_int_equal(hr_gate_table_features(&table), 37);
  const hr_config_gate *gate = hr_config_find_gate(c, &hr_gate_mlp_kind);
  const hr_gate_mlp_parameters *mlp = gate->parameters;
  assert_true(hr_config_gate_table(gate, &table));
  assert_int_equal(hr_gate_table_features(&table), 13);
  assert_int_equal(mlp->hidden.count, 2);
  check_near(mlp->hidden.items[0], 32, 0);
  check_near(mlp->hidden.items[1], 16, 0);
  check_near(mlp->learning_rate, 1e-3, 0);
  assert_int_equal(mlp->epochs, 100);
  assert_string_equal(mlp->common.mixing, "soft");
}

static void the_users_take_the_place_of_what_the_file_says(void **state) {
  (void)state;
  hr_config *c =
      load(HEAD "experts: {lightgbm: , posterior: }\ngates: {bayes: }\n", "users");
  check_users(c);
  hr_config_destroy(&c);
  c = load(HEAD, "users");
  check_users(c);
  hr_config_destroy(&c);
}

/* The rest stays, controls too, which borrow Ridge's penalty. */
static void the_rest_is_the_files(void **state) {
  (void)state;
  hr_config *c = load(HEAD
                      "binning: {focus: [1]}\n"
                      "controls: {leakage: false}\n",
                      "users");
  assert_int_equal(c->binning.focus.count, 1);
  assert_int_equal(c->control_count, 1);
  assert_int_equal(c->expert_count, 2);
  const hr_ridge_parameters *placebo = c->experts[1].parameters;
  check_near(placebo->alpha.items[0], 1e3, 0);
  hr_config_destroy(&c);
}

static void without_a_name_the_file_speaks(void **state) {
  (void)state;
  hr_config *c = load(HEAD "experts: {posterior: }\ngates: {bayes: }\n", NULL);
  assert_string_equal(c->experts[0].type->name, "posterior");
  assert_non_null(hr_config_find_gate(c, &hr_gate_bayes_kind));
  hr_config_destroy(&c);
}

static void other_names_are_refused(void **state) {
  (void)state;
  hr_error err = {0};
  hr_strings settings = {0};
  check_fails(hr_config_compat("user", &settings, &err), HR_ERR_USAGE,
              "there are no settings called 'user' to be compatible with; users is the "
              "only name");
  assert_int_equal(settings.count, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_users_take_the_place_of_what_the_file_says),
      cmocka_unit_test(the_rest_is_the_files),
      cmocka_unit_test(without_a_name_the_file_speaks),
      cmocka_unit_test(other_names_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
