/* All that is wrong with a configuration, in one sentence. */
#include "config/problems.h"

#include "support/config_checks.h"

#define LABELS "experiment: {id: E}\ndata: {train: a.h5, test: t.h5, labels: "

static void several_are_numbered(void **state) {
  (void)state;
  refuse_rest(
      "selection: {folds: five, by: tset}\nbinnings: 3\n",
      "s.yaml has 3 problems: (1) 4:1: the key 'binnings' is not known; did you "
      "mean 'binning'?; (2) 3:30: selection.by is 'tset', but must be cv or test; "
      "(3) 3:20: selection.folds is 'five', which is not a number; write one such "
      "as 10");
  /* What only follows from the first is not told: one number is no edges. */
  refuse_rest("binning: {T_eff: [3, 2], focus: [3]}\n",
              "s.yaml:3:22: binning.T_eff[1] is 2, but must be greater than the number "
              "before it, 3");
}

/* What was taken out of a list moves no item's number. */
static void items_have_their_numbers(void **state) {
  (void)state;
  refuse_rest("experts: {net: {onnx: n.onnx, scale: [a, b]}}\n",
              "s.yaml has 2 problems: (1) 3:39: experts.net.scale[0] is 'a', which is "
              "not a number; write one such as 10, 0.5 or 1e-3; (2) 3:42: "
              "experts.net.scale[1] is 'b', which is not a number; write one such as 10, "
              "0.5 or 1e-3");
  refuse_rest("experts: {net: {onnx: n.onnx, scale: [1, a, [2], 3, a]}}\n",
              "s.yaml has 3 problems: (1) 3:42: experts.net.scale[1] is 'a', which is "
              "not a number; write one such as 10, 0.5 or 1e-3; (2) 3:45: "
              "experts.net.scale[2] must be a number, not a list; (3) 3:53: "
              "experts.net.scale[4] is 'a', which is not a number; write one such as 10, "
              "0.5 or 1e-3");
}

/* Nor is it where the first is named another way. */
static void what_follows_is_not_told(void **state) {
  (void)state;
  refuse_rest("binning: {axes: {log_g: [1, 2]}}\n",
              "s.yaml:3:18: the target log_g is an axis of binning, so that the true bin "
              "tells the answer; take other axes, or say binning.allow_target: true");
  refuse_rest("experts: {rigde: {}}\n",
              "s.yaml:3:11: the key 'experts.rigde' is not known; did you mean 'ridge'?");
}

/* What was wrong and is taken out is not missed, too; what was never there is. */
static void what_was_wrong_is_not_missed(void **state) {
  (void)state;
  refuse(LABELS "{tran: a.csv}, labels_id: star}\n",
         "s.yaml:2:42: the key 'data.labels.tran' is not known; did you mean 'train'?");
  refuse(LABELS "[], labels_id: star}\n",
         "s.yaml:2:41: data.labels has 0 items, but needs at least 1");
  refuse(
      "experiment: {id: E}\n"
      "data: {train: a.h5, test: t.h5, labels_id: star, unlabelled: 3}\n",
      "s.yaml has 2 problems: (1) 2:62: data.unlabelled is '3', but must be refuse or "
      "exclude; (2) 2:44: data.labels_id joins the tables of data.labels, and there "
      "are none; name them or leave it out");
  refuse_rest(
      "experts: {a: {onnx: n.onnx, id: star, validation: [1]},\n"
      "          b: {onnx: n.onnx, id: star}}\n",
      "s.yaml has 2 problems: (1) 3:51: experts.a.validation must be none or a "
      "text, not a list; (2) 4:33: experts.b.id has no effect without validation, "
      "whose rows it names; leave it out");
  refuse_rest("experts: {ridge: {}, posteriorr: {}}\ngates: {bayes: {}}\n",
              "s.yaml:3:22: the key 'experts.posteriorr' is not known; did you mean "
              "'posterior'?");
  refuse_rest("experts: {ridge: {folds: 1}}\ngates: {bayes: {}}\n",
              "s.yaml has 2 problems: (1) 3:19: the key 'experts.ridge.folds' is not "
              "known; the keys here are alpha; (2) 4:9: gates.bayes sums up the weights "
              "of the posterior mean's templates; name posterior among the experts");
}

static void keys_that_are_missing_are_told_once(void **state) {
  (void)state;
  refuse(
      "experiment: {idd: E}\ndata: {train: a.h5, tset: t.h5}\n",
      "s.yaml has 4 problems: (1) 1:14: the key 'experiment.idd' is not known; did you "
      "mean 'id'?; (2) 1:13: experiment.id is missing; add it: The name of the study, in "
      "the heading of every report.; (3) 2:21: the key 'data.tset' is not known; did you "
      "mean 'test'?; (4) 2:7: data.test is missing; add it: The HDF5 file of the test "
      "set, relative to root.");
  refuse(
      "binning: {focsu: 3}\n",
      "s.yaml has 4 problems: (1) 1:1: experiment.id is missing; add it: The name of the "
      "study, in the heading of every report.; (2) 1:1: data.train is missing; add it: "
      "HDF5 shards to train on, relative to root; brace ranges such as part_{0..4}.h5, "
      "lists such as {a,b} and globs.; (3) 1:1: data.test is missing; add it: The HDF5 "
      "file of the test set, relative to root.; (4) 1:11: the key 'binning.focsu' is not "
      "known; did you mean 'focus'?");
  /* A value that is wrong is not missing, too. */
  refuse(
      "experiment: {id: E}\ndata: {train: a.h5, test: [t.h5]}\nselection: {folds: 1}\n",
      "s.yaml has 2 problems: (1) 2:27: data.test must be a text, not a list; (2) 3:20: "
      "selection.folds is 1, but must be between 2 and 64");
}

/* More than a sentence holds are counted. */
static void many_are_counted(void **state) {
  (void)state;
  char yaml[4096] = HEAD "baselines: {";
  for (int i = 0; i < 60; i++) {
    size_t length = strlen(yaml);
    snprintf(yaml + length, sizeof yaml - length, "%sa%d: wrong", i ? ", " : "", i);
  }
  strcat(yaml, "}\n");
  hr_config *config = NULL;
  hr_error err = {0};
  assert_int_equal(parse(yaml, &config, &err), HR_ERR_CONFIG);
  assert_null(config);
  assert_non_null(
      strstr(err.message, "s.yaml has 32 problems: (1) 3:17: baselines.a0 is "));
  const char *more = strstr(err.message, "; and ");
  assert_non_null(more);
  assert_non_null(strstr(more, " more"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(several_are_numbered),
      cmocka_unit_test(keys_that_are_missing_are_told_once),
      cmocka_unit_test(what_follows_is_not_told),
      cmocka_unit_test(what_was_wrong_is_not_missed),
      cmocka_unit_test(items_have_their_numbers),
      cmocka_unit_test(many_are_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
