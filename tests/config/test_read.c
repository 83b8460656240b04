/* Every sentence about a wrong configuration, to the letter. */
#include "support/config_checks.h"

static void test_unknown_keys(void **state) {
  (void)state;
  refuse_rest("experment: 1\n",
              "s.yaml:3:1: the key 'experment' is not known; did you mean 'experiment'?");
  refuse_rest("binning:\n  focsu: [3]\n",
              "s.yaml:4:3: the key 'binning.focsu' is not known; did you mean 'focus'?");
  refuse_rest("binning: {nmaes: {}}\n",
              "s.yaml:3:11: the key 'binning.nmaes' is not known; did you mean 'names'?");
  refuse_rest("experts: {rigde: {}}\n",
              "s.yaml:3:11: the key 'experts.rigde' is not known; did you mean 'ridge'?");
  refuse_rest("experts: {ridge: {alphas: 1}}\n",
              "s.yaml:3:19: the key 'experts.ridge.alphas' is not known; did you mean "
              "'alpha'?");
  refuse_rest("experts: {posterior: {template: 1}}\n",
              "s.yaml:3:23: the key 'experts.posterior.template' is not known; did you "
              "mean 'templates'?");
  refuse_rest(
      "noise: 1\n",
      "s.yaml:3:1: the key 'noise' is not known here; did you mean 'data.noise'?");
  refuse_rest("folds: 5\n",
              "s.yaml:3:1: the key 'folds' is not known here; did you mean "
              "'selection.folds'?");
  refuse_rest("seed: 5\n", /* of what? */
              "s.yaml:3:1: the key 'seed' is not known; the keys here are experiment, "
              "data, binning, selection, experts, gates, baselines, controls, gate, "
              "figures, publish, run");
  refuse_rest(
      "zzzzzzzz: 1\n",
      "s.yaml:3:1: the key 'zzzzzzzz' is not known; the keys here are "
      "experiment, data, binning, selection, experts, gates, baselines, controls, "
      "gate, figures, publish, run");
  refuse("experiment: {id: E}\ndata: {train: a, test: b, noise: {sede: 1}}\n",
         "s.yaml:2:35: the key 'data.noise.sede' is not known; did you mean 'seed'?");
  refuse_rest(
      "publish: [{page: a.md, block: my numbers}]\n",
      "s.yaml:3:31: publish[0].block is 'my numbers', which cannot name a block; use "
      "letters, digits, '-', '_' and '.'");
  refuse_rest(
      "publish: [{pgae: a, block: b}]\n",
      "s.yaml has 2 problems: (1) 3:12: the key 'publish[0].pgae' is not known; did you "
      "mean 'page'?; (2) 3:11: publish[0].page is missing; add it: A Markdown file, "
      "relative "
      "to the folder of the configuration.");
  refuse_rest(
      "gate: {1: 2}\n",
      "s.yaml:3:8: the key 'gate.1' is not known; the keys here are oracle_r2, "
      "delta_r2, insufficient_below, focus_delta_r2, mixture_delta_r2, rho, name, "
      "on_pass, on_fail");
}

static void test_missing_keys(void **state) {
  (void)state;
  refuse("data: {train: a, test: b}\n",
         "s.yaml:1:1: experiment.id is missing; add it: The name of the study, in the "
         "heading of every report.");
  refuse(
      "experiment: {}\n",
      "s.yaml has 3 problems: (1) 1:13: experiment.id is missing; add it: The name of "
      "the "
      "study, in the heading of every report.; (2) 1:1: data.train is missing; add it: "
      "HDF5 "
      "shards to train on, relative to root; brace ranges such as part_{0..4}.h5, lists "
      "such as {a,b} and globs.; (3) 1:1: data.test is missing; add it: The HDF5 file of "
      "the test set, relative to root.");
  refuse("experiment: {id: E}\n",
         "s.yaml has 2 problems: (1) 1:1: data.train is missing; add it: HDF5 shards to "
         "train "
         "on, relative to root; brace ranges such as part_{0..4}.h5, lists such as {a,b} "
         "and "
         "globs.; (2) 1:1: data.test is missing; add it: The HDF5 file of the test set, "
         "relative to root.");
  refuse("experiment: {id: E}\ndata:\n  train: a\n",
         "s.yaml:3:3: data.test is missing; add it: The HDF5 file of the test set, "
         "relative to root.");
  refuse_rest(
      "publish: [{page: a.md}]\n",
      "s.yaml:3:11: publish[0].block is missing; add it: The name of the block in "
      "it that is rewritten; the rest stays.");
  refuse_rest("publish: [{page: a.md, block: b}, ]\npublish2: 1\n",
              "s.yaml:4:1: the key 'publish2' is not known; did you mean 'publish'?");
}

static void test_wrong_kinds(void **state) {
  (void)state;
  refuse("a.h5\n",
         "s.yaml:1:1: the configuration must be a mapping of keys to values, "
         "not a single value; write it as 'key: value' lines");
  refuse("- a\n",
         "s.yaml:1:1: the configuration must be a mapping of keys to values, "
         "not a list; write it as 'key: value' lines");
  refuse_rest("gate: 0.7\n",
              "s.yaml:3:7: gate must be a mapping of keys to values, not a single value; "
              "write it as 'key: value' lines");
  refuse_rest("experts: [ridge]\n",
              "s.yaml:3:10: experts must be a mapping of keys to values, not a list; "
              "write it as 'key: value' lines");
  refuse_rest("experts: {ridge: 100}\n",
              "s.yaml:3:18: experts.ridge must be a mapping of keys to values, not a "
              "single value; write it as 'key: value' lines");
  refuse_rest("experts: {}\n",
              "s.yaml:3:10: experts is empty; name at least one, or "
              "leave the key out for ridge");
  refuse_rest("baselines: [0.7]\n",
              "s.yaml:3:12: baselines must be a mapping of keys to values, not a list; "
              "write it as 'key: value' lines");
  refuse_rest("publish: hub.md\n",
              "s.yaml:3:10: publish must be a list of {page: FILE, block: NAME}, not a "
              "single value");
  refuse_rest("publish: [hub.md]\n",
              "s.yaml:3:11: publish[0] must be a mapping of keys to values, not a single "
              "value; write it as 'key: value' lines");
  refuse_rest("run: {memory_mib: [1]}\n",
              "s.yaml:3:19: run.memory_mib must be a whole number, not a list");
  refuse_rest("run: {memory_mib: {a: 1}}\n",
              "s.yaml:3:19: run.memory_mib must be a whole "
              "number, not a mapping of keys to values");
  refuse_rest("run: {memory_mib: }\n",
              "s.yaml:3:19: run.memory_mib has no value; write a whole number or leave "
              "the key out");
  refuse_rest("binning: {T_eff: [1, [2]]}\n",
              "s.yaml:3:22: binning.T_eff[1] must be a number, not a list");
  refuse_rest("binning: {T_eff: [1, ~]}\n",
              "s.yaml:3:22: binning.T_eff[1] has no value; write a number or leave the "
              "key out");
  refuse_rest(
      "binning: {focus: {3: 6}}\n",
      "s.yaml:3:18: binning.focus must be all or a list of whole numbers, not a mapping "
      "of keys to values");
  refuse_rest("binning: {names: [a, b]}\n",
              "s.yaml:3:18: binning.names must be a mapping of keys to values, not a "
              "list; write it as 'key: value' lines");
  refuse("experiment: {id: E}\ndata: {train: [a, [b]], test: t}\n",
         "s.yaml:2:19: data.train[1] must be a text, not a list");
  refuse("experiment: {id: E}\ndata: {train: [], test: t}\n",
         "s.yaml:2:15: data.train has 0 items, but needs at least 1");
}

static void test_wrong_numbers(void **state) {
  (void)state;
  refuse_rest(
      "experts:\n  ridge:\n    alpha: [1, 10, 1o0]\n",
      "s.yaml:5:20: experts.ridge.alpha[2] is '1o0', which is not a number; write "
      "one such as 10, 0.5 or 1e-3");
  refuse_rest("experts: {ridge: {alpha: [1, 0]}}\n",
              "s.yaml:3:30: experts.ridge.alpha[1] is 0, but must be between 1e-12 and "
              "1e+30");
  refuse_rest("experts: {ridge: {alpha: [1, 10, 1e1]}}\n",
              "s.yaml:3:34: experts.ridge.alpha[2] is 10, which the list holds already; "
              "keep one");
  refuse_rest("experts: {ridge: {alpha: []}}\n",
              "s.yaml:3:26: experts.ridge.alpha has 0 items, but needs at least 1");
  refuse_rest("experts: {ridge_marginal: {alpha: [-1]}}\n",
              "s.yaml:3:36: experts.ridge_marginal.alpha[0] is -1, but must be between "
              "1e-12 and 1e+30");
  refuse_rest("experts: {cnn: {channels: [32, 1.5]}}\n",
              "s.yaml:3:32: experts.cnn.channels[1] is '1.5', but must be a whole number "
              "such as 10");
  refuse_rest("run: {memory_mib: 4 GiB}\n",
              "s.yaml:3:19: run.memory_mib is '4 GiB', which is not a number; write one "
              "such as 10");
  refuse_rest("selection: {folds: 1}\n",
              "s.yaml:3:20: selection.folds is 1, but must be between 2 and 64");
  refuse_rest("baselines: {vit: 70}\n",
              "s.yaml:3:18: baselines.vit is 70, but must be at most 1");
  refuse_rest("baselines: {\"\": 0.7}\n",
              "s.yaml:3:13: a name in baselines is empty; write a text");
  refuse("experiment: {id: E, language: fr}\ndata: {train: a, test: t}\n",
         "s.yaml:1:31: experiment.language is 'fr', but must be zh or en");
  refuse("experiment: {id: ''}\ndata: {train: a, test: t}\n",
         "s.yaml:1:18: experiment.id is empty; write a text");
}

static void test_given_twice(void **state) {
  (void)state;
  refuse_rest("experts:\n  lightgbm:\n    n_estimators: 5\n    num_iterations: 5\n",
              "s.yaml:6:5: experts.lightgbm.num_iterations is another name for "
              "n_estimators, which line 5 gives; keep one");
  refuse_rest("gate: {}\ngate: {}\n",
              "s.yaml:4:1: the key 'gate' is given a second time, first in line 3; keep "
              "one");
}

/* Nothing is read that changes nothing, but for what every resolved configuration holds.
 */
static void test_without_effect(void **state) {
  (void)state;
  refuse_rest("experts:\n  posterior:\n    kernel: constant\n    least_effective: 30\n",
              "s.yaml:6:22: experts.posterior.least_effective has no effect where kernel "
              "is constant; leave it out, or write kernel: local_linear");
  refuse_rest("experts: {posterior: {amplitude_sigma: 0.2}}\n",
              "s.yaml:3:40: experts.posterior.amplitude_sigma has no effect where "
              "amplitude is none; leave it out, or write amplitude: gaussian");
  refuse_rest("experts: {lightgbm: {subsample: 0.5, subsample_freq: 0}}\n",
              "s.yaml:3:33: experts.lightgbm.subsample has no effect where bagging_freq "
              "is 0; leave it out, or write a bagging_freq other than 0");
  refuse_rest(
      "experts: {cnn: {global_epochs: 5}}\n",
      "s.yaml:3:32: experts.cnn.global_epochs has no effect where global is false; "
      "leave it out, or write global: true");
  check_round_trip(HEAD
                   "experts: {posterior: {kernel: constant, least_effective: 20, "
                   "amplitude: flat}, lightgbm: {bagging_freq: 0}}\n");
  check_round_trip(HEAD
                   "experts: {posterior: {least_effective: 30, amplitude: gaussian, "
                   "amplitude_sigma: 0.2}, lightgbm: {bagging_fraction: 0.5, global: "
                   "true, global_rows: 7}}\n");
}

static void test_syntax(void **state) {
  (void)state;
  refuse_rest("gate: {oracle_r2: 0.7\nrun:\n",
              "s.yaml:4:4: not valid YAML: did not find expected ',' or '}', while "
              "parsing a flow mapping that begins in line 3");
}

static void test_empty_bin_name(void **state) {
  (void)state;
  refuse_rest("binning: {names: {2: ''}}\n",
              "s.yaml:3:22: binning.names.2 is empty; write a text");
  refuse_rest("binning: {names: {2: }}\n",
              "s.yaml:3:22: binning.names.2 has no value; write a text or leave the key "
              "out");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unknown_keys),   cmocka_unit_test(test_missing_keys),
      cmocka_unit_test(test_wrong_kinds),    cmocka_unit_test(test_wrong_numbers),
      cmocka_unit_test(test_given_twice),    cmocka_unit_test(test_syntax),
      cmocka_unit_test(test_empty_bin_name), cmocka_unit_test(test_without_effect),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
