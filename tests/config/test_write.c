#include <locale.h>

#include "support/config_checks.h"

static void test_written_to_the_letter(void **state) {
  (void)state;
  hr_config *c = accept_rest(
      "binning: {T_eff: [1, 2], M_H: [0.1, 0.3], names: {0: \"it's\"}}\n"
      "experts: {posterior: , ridge: {alpha: [1e-3, 1e5]}}\n"
      "baselines: {'a b': 0.1}\n");
  char *text = written(c);
  assert_string_equal(text,
                      "experiment:\n  id: E\n  language: en\n"
                      "data:\n"
                      "  train: [/base/a.h5]\n  test: /base/t.h5\n"
                      "  root: /base\n  target: log_g\n"
                      "  id: []\n  unlabelled: refuse\n  untrusted: false\n"
                      "  index: ignore\n  allow: []\n"
                      "  clip: auto\n  mask: [auto]\n  reject_outliers: false\n"
                      "  rv: 0\n  rv_range: [-500, 500]\n  rows: 0\n"
                      "  noise:\n    level: 1\n    seed: 42\n"
                      "    test: stored\n"
                      "binning:\n"
                      "  T_eff: [1, 2]\n"
                      "  M_H: [0.1, 0.3]\n"
                      "  focus: []\n"
                      "  uncovered: exclude\n"
                      "  at_risk_below: 1000\n"
                      "  names:\n"
                      "    0: 'it''s'\n"
                      "selection:\n"
                      "  by: cv\n"
                      "  folds: 5\n"
                      "  seed: 42\n"
                      "experts:\n"
                      "  ridge:\n"
                      "    alpha: [0.001, 100000]\n"
                      "  posterior:\n"
                      "    templates: 20000\n"
                      "    source: stored\n"
                      "    validation: 1000\n"
                      "    weigh: components\n"
                      "    amplitude: none\n"
                      "    amplitude_sigma: 0.1\n"
                      "    kernel: local_linear\n"
                      "    least_effective: 20\n"
                      "baselines:\n"
                      "  a b: 0.1\n"
                      "controls:\n"
                      "  placebo: true\n"
                      "  leakage: true\n"
                      "gate:\n"
                      "  oracle_r2: 0.7\n"
                      "  delta_r2: 0.05\n"
                      "  insufficient_below: 0.65\n"
                      "  focus_delta_r2: 0.05\n"
                      "publish: []\n"
                      "run:\n"
                      "  memory_mib: 4096\n"
                      "  block_rows: 0\n"
                      "  model: compact\n");
  hr_free(text);
  hr_config_destroy(&c);
}

static void test_round_trips(void **state) {
  (void)state;
  check_round_trip(HEAD);
  check_round_trip(HEAD "experts: {ridge: {alpha: auto}, ridge_marginal: {alpha: 3}}\n");
  check_round_trip(HEAD "experts: {cat: {predictions: v.csv, id: a b}, ridge: }\n");
  check_round_trip(HEAD "experts: {cat: {onnx: v.onnx, scale: [3, 2], output: y}}\n");
  check_round_trip(HEAD "figures: {titles: false}\n");
  check_round_trip(HEAD "gate: {name: C2, rho: 0.85, on_pass: {rho: \"go on: C3\"}}\n");
  check_round_trip(HEAD "experts: {vit: {auxiliary: [T_eff], start: w.st}, ridge: }\n");
  static const char *const examples[] = {"examples/moe-ceiling-c1.yaml",
                                         "examples/vit.yaml"};
  for (size_t i = 0; i < 2; i++) {
    char *yaml = read_source(examples[i]);
    check_round_trip(yaml);
    hr_free(yaml);
  }
  check_round_trip(
      "experiment: {id: \"a: 'b' #c\", language: en}\n"
      "data: {train: [\"\xE6\x81\x92\xE6\x98\x9F {x,y} .h5\", 'null', '~'], test: "
      "\"it's\", root: '../up', noise: {level: 0.1, seed: 9007199254740991}}\n"
      "binning: {names: {0: 'null', 1: '- x', 3: '3'}}\n");
}

/* The manual says what the program says of itself. */
static void test_manual(void **state) {
  (void)state;
  hr_text text;
  hr_text_init(&text);
  hr_config_describe(&text);
  char *manual = read_source("docs/configuration.md");
  if (!strstr(manual, text.bytes)) {
    fail_msg("docs/configuration.md does not hold this text:\n%s", text.bytes);
  }
  hr_free(manual);
  hr_text_fini(&text);
}

/* Every example of the manual can be pasted. */
static void test_manual_examples(void **state) {
  (void)state;
  static const char fence[] = "```yaml\n";
  char *manual = read_source("docs/configuration.md");
  size_t examples = 0;
  for (char *at = strstr(manual, fence); at; at = strstr(at, fence)) {
    at += sizeof fence - 1;
    char *end = strstr(at, "```");
    assert_non_null(end);
    *end = '\0';
    check_round_trip(at);
    examples++;
    at = end + 1;
  }
  assert_int_equal(examples, 7);
  hr_free(manual);
}

/* A decimal comma in the caller's locale changes nothing, where there is such a locale.
 */
static void test_locale(void **state) {
  (void)state;
  if (!setlocale(LC_NUMERIC, "de_DE.UTF-8")) skip();
  check_round_trip(HEAD "gate: {oracle_r2: 0.5}\n");
  setlocale(LC_NUMERIC, "C");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_written_to_the_letter),
      cmocka_unit_test(test_round_trips),
      cmocka_unit_test(test_manual),
      cmocka_unit_test(test_manual_examples),
      cmocka_unit_test(test_locale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
