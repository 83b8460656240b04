#include "config/gates.h"

#include "support/config_checks.h"
#include "support/fail_alloc.h"

static void a_study_without_gates_has_none(void **state) {
  (void)state;
  static const char *const nothing[] = {"", "gates:\n", "gates: {}\n"};
  for (size_t i = 0; i < 3; i++) {
    hr_config *c = accept_rest(nothing[i]);
    assert_int_equal(c->gate_count, 0);
    char *text = written(c);
    assert_null(strstr(text, "gates"));
    hr_free(text);
    hr_config_destroy(&c);
  }
}

static void defaults(void **state) {
  (void)state;
  hr_config *c = accept_rest(
      "experts: {ridge: , posterior: }\n"
      "gates: {mlp: , bayes: , logistic: }\n");
  assert_int_equal(c->gate_count, 3);
  assert_ptr_equal(c->gates[0].kind, &hr_gate_bayes_kind);
  const hr_gate_bayes_parameters *bayes = c->gates[0].parameters;
  assert_string_equal(bayes->common.mixing, "soft");
  check_near(bayes->common.fallback_below, 0.5, 0);
  const hr_gate_logistic_parameters *logistic =
      hr_config_find_gate(c, &hr_gate_logistic_kind)->parameters;
  check_near(logistic->C, 100, 0);
  assert_string_equal(logistic->inputs.features, "default");
  assert_true(logistic->inputs.components == -1);
  assert_true(logistic->inputs.most_rows == 200000);
  assert_int_equal(logistic->inputs.trunk, 0);
  const hr_gate_mlp_parameters *mlp =
      hr_config_find_gate(c, &hr_gate_mlp_kind)->parameters;
  assert_int_equal(mlp->hidden.count, 2);
  check_near(mlp->hidden.items[0], 32, 0);
  check_near(mlp->hidden.items[1], 16, 0);
  check_near(mlp->learning_rate, 1e-3, 0);
  assert_true(mlp->batch == 256 && mlp->epochs == 100 && mlp->patience == 10);
  assert_int_equal(mlp->most_asked, 10000);
  hr_config_destroy(&c);
  c = accept(HEAD);
  assert_null(hr_config_find_gate(c, &hr_gate_mlp_kind));
  hr_config_destroy(&c);
}

static void what_is_written_is_read(void **state) {
  (void)state;
  check_round_trip(HEAD
                   "gates: {logistic: {C: 10, features: users_37, components: 0, mixing: "
                   "fallback, fallback_below: 0.4}, mlp: {hidden: [64], epochs: 7}}\n");
  hr_config *c = accept_rest("gates: {logistic: {mixing: hard}}\n");
  hr_text identity;
  hr_error err;
  hr_text_init(&identity);
  check_ok(hr_config_write_identity(c, &identity, &err));
  assert_non_null(strstr(identity.bytes,
                         "gates:\n"
                         "  logistic:\n"
                         "    C: 100\n"
                         "    features: default\n"
                         "    components: -1\n"
                         "    trunk: 0\n"
                         "    most_rows: 200000\n"
                         "    mixing: hard\n"
                         "    fallback_below: 0.5\n"));
  hr_text_fini(&identity);
  hr_config_destroy(&c);
}

static void what_is_wrong_is_told(void **state) {
  (void)state;
  refuse_rest("gates: {logistc: }\n",
              "s.yaml:3:9: the key 'gates.logistc' is not known; did you mean "
              "'logistic'?");
  refuse_rest(
      "gates: [logistic]\n",
      "s.yaml:3:8: gates must be a mapping of keys to values, not a list; write it as "
      "'key: value' lines");
  refuse_rest("gates: {logistic: {c: 3}}\n",
              "s.yaml:3:20: the key 'gates.logistic.c' is not known; did you mean 'C'?");
  refuse_rest("gates: {mlp: {hidden: [1, 2, 3, 4, 5, 6, 7, 8]}}\n",
              "s.yaml:3:23: gates.mlp.hidden has 8 layers; 7 is the most");
  refuse_rest("gates: {bayes: }\n",
              "s.yaml:3:9: gates.bayes sums up the weights of the posterior mean's "
              "templates; name posterior among the experts");
  refuse_rest("gates: {mlp: {fallback_below: 0.3}}\n",
              "s.yaml:3:31: gates.mlp.fallback_below has no effect where mixing is "
              "soft; leave it out, or write mixing: fallback");
}

/* The ViT of the study has to have one, as wide as that. */
static void a_gate_may_look_at_a_trunk(void **state) {
  (void)state;
  static const char vit[] =
      "experts: {vit: {heads: bins, hidden_size: 32, num_attention_heads: 4}}\n";
  char rest[256];
  snprintf(rest, sizeof rest, "%sgates: {logistic: {trunk: 32}, mlp: {trunk: 4}}\n", vit);
  hr_config *c = accept_rest(rest);
  assert_int_equal(hr_config_trunk(c)->hidden_size, 32);
  const hr_gate_mlp_parameters *mlp =
      hr_config_find_gate(c, &hr_gate_mlp_kind)->parameters;
  assert_int_equal(mlp->inputs.trunk, 4);
  hr_config_destroy(&c);
  snprintf(rest, sizeof rest, "%sgates: {logistic: {trunk: 33}}\n", vit);
  refuse_rest(rest,
              "s.yaml:4:27: gates.logistic.trunk is 33 components of a trunk whose "
              "experts.vit.hidden_size is 32; take no more than that");
  static const char *const without[] = {"experts: {ridge: }\n", "experts: {vit: }\n"};
  for (size_t i = 0; i < 2; i++) {
    snprintf(rest, sizeof rest, "%sgates: {mlp: {trunk: 8}}\n", without[i]);
    refuse_rest(
        rest,
        "s.yaml:4:22: gates.mlp.trunk looks at the shared trunk of a ViT; name vit "
        "among the experts, with heads: bins");
  }
}

static void windows_of_ones_own(void **state) {
  (void)state;
  hr_gate_table table;
  static const char yaml[] = HEAD
      "experts: {posterior: }\n"
      "gates: {bayes: , logistic: {components: 3, windows: [{name: 'K I', low: 7695.5, "
      "high: 7705, measures: [ew, mean]}, {name: Ha, low: 6560, high: 6570}]}}\n";
  check_round_trip(yaml);
  hr_config *c = accept(yaml);
  assert_false(hr_config_gate_table(&c->gates[0], &table));
  assert_true(hr_config_gate_table(&c->gates[1], &table));
  assert_string_equal(table.name, "own windows");
  assert_int_equal(hr_gate_table_features(&table), 3 + 2 + 3);
  assert_string_equal(table.window[0].name, "K I");
  check_near(table.window[0].low, 7695.5, 0);
  assert_int_equal(table.window[0].measures, HR_GATE_MEAN | HR_GATE_EW);
  char *text = written(c);
  assert_non_null(strstr(text,
                         "    windows:\n"
                         "      - name: K I\n"
                         "        low: 7695.5\n"
                         "        high: 7705\n"
                         "        measures: [mean, ew]\n"
                         "      - name: Ha\n"));
  hr_free(text);
  hr_config_destroy(&c);
  c = accept_rest("gates: {mlp: {features: users_13}}\n");
  assert_true(hr_config_gate_table(&c->gates[0], &table));
  assert_memory_equal(&table, hr_gate_table_find("users_13"), sizeof table);
  hr_config_destroy(&c);
}

static void windows_that_are_none_are_told(void **state) {
  (void)state;
  refuse_rest(
      "gates: {mlp: {windows: []}}\n",
      "s.yaml:3:24: gates.mlp.windows must be a list of one to 32 windows, {name: "
      "Ca II, low: 8490, high: 8510, measures: [mean, depth, ew]}");
  refuse_rest("gates: {mlp: {windows: [{name: a, low: 3, high: 3}]}}\n",
              "s.yaml:3:49: gates.mlp.windows[0].high is not above its low");
  refuse_rest(
      "gates: {mlp: {windows: [{name: this name is far too long, low: 3, high: "
      "4}]}}\n",
      "s.yaml:3:32: gates.mlp.windows[0].name has more than 23 bytes");
  refuse_rest(
      "experts: {posterior: }\ngates: {bayes: {windows: []}}\n",
      "s.yaml:4:17: the key 'gates.bayes.windows' is not known; the keys here are "
      "mixing, fallback_below");
}

static hr_status parse_gates(void) {
  hr_error err;
  hr_config *config = NULL;
  hr_status status =
      parse(HEAD "gates: {logistic: , mlp: {windows: [{name: a, low: 3, high: 4}]}}\n",
            &config, &err);
  hr_config_destroy(&config);
  return status;
}

static void every_allocation_may_fail(void **state) {
  (void)state;
  check_alloc_failures(parse_gates());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_study_without_gates_has_none),
      cmocka_unit_test(defaults),
      cmocka_unit_test(what_is_written_is_read),
      cmocka_unit_test(what_is_wrong_is_told),
      cmocka_unit_test(a_gate_may_look_at_a_trunk),
      cmocka_unit_test(windows_of_ones_own),
      cmocka_unit_test(windows_that_are_none_are_told),
      cmocka_unit_test(every_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
