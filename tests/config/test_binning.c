/* The axes of the grid: which are taken, what is written of them, what is refused. */
#include "config/binning.h"

#include "support/config_checks.h"
#include "support/fail_alloc.h"

static char *identity_of(const hr_config *config) {
  hr_error err = {0};
  hr_text text;
  hr_text_init(&text);
  check_ok(hr_config_write_identity(config, &text, &err));
  return text.bytes;
}

static void check_axis(const hr_config *c, size_t a, const char *label, size_t edges,
                       double first) {
  assert_string_equal(c->binning.axes[a].label, label);
  assert_int_equal(c->binning.axes[a].edge_count, edges);
  check_near(c->binning.axes[a].edges[0], first, 0);
}

static void the_old_keys_are_two_axes(void **state) {
  (void)state;
  hr_config *c = accept_rest("binning: {M_H: [-3, -1, 0]}\n");
  assert_true(hr_config_has_old_axes(c));
  assert_int_equal(c->binning.axis_count, 2);
  check_axis(c, 0, "T_eff", 4, 3750);
  check_axis(c, 1, "M_H", 3, -3);
  hr_config_destroy(&c);
}

static void axes_are_any_labels_in_their_order(void **state) {
  (void)state;
  hr_config *c = accept_rest(
      "binning: {axes: {snr: [3, 10, 20, 50], mag: [20, 21], 'a b': [-1, 0, 1], M_H: "
      "[0, 1]}, names: {5: last}, focus: 2}\n");
  assert_false(hr_config_has_old_axes(c));
  assert_int_equal(c->binning.axis_count, 4);
  check_axis(c, 0, "snr", 4, 3);
  check_axis(c, 1, "mag", 2, 20);
  check_axis(c, 2, "a b", 3, -1);
  check_axis(c, 3, "M_H", 2, 0);
  assert_int_equal(c->binning.bin_count, 6);
  assert_string_equal(c->binning.names[0], "Bin 0");
  assert_string_equal(c->binning.names[5], "last");
  assert_int_equal(c->binning.focus.count, 1);
  assert_int_equal(c->binning.T_eff.count, 0);
  hr_config_destroy(&c);
}

/* The names of the study are its own grid's, however that is written. */
static void only_the_study_grid_has_names(void **state) {
  (void)state;
  hr_config *c =
      accept_rest("binning: {axes: {T_eff: [1, 2, 3, 4], M_H: [1, 2, 3, 4]}}\n");
  assert_string_equal(c->binning.names[8], "Hot Rich");
  assert_int_equal(c->binning.focus.count, 0);
  hr_config_destroy(&c);
  static const char *const others[] = {
      "binning: {axes: {M_H: [1, 2, 3, 4], T_eff: [1, 2, 3, 4]}}\n",
      "binning: {axes: {T_eff: [1, 2, 3, 4], snr: [1, 2, 3, 4]}}\n",
      "binning: {axes: {T_eff: [1, 2, 3, 4], M_H: [1, 2, 3, 4], snr: [1, 2]}}\n"};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    c = accept_rest(others[i]);
    assert_int_equal(c->binning.bin_count, 9);
    assert_string_equal(c->binning.names[8], "Bin 8");
    assert_int_equal(c->binning.focus.count, 0);
    hr_config_destroy(&c);
  }
}

static void axes_are_written_in_place_of_the_old_keys(void **state) {
  (void)state;
  static const char axes[] =
      "binning:\n  axes:\n    snr: [3, 10, 20]\n    'a\"b': [0, 1]\n"
      "  focus: []\n  uncovered: exclude\n  at_risk_below: 1000\n"
      "  names:\n    0: Bin 0\n    1: Bin 1\n";
  hr_config *c = accept_rest("binning: {axes: {snr: [3, 10, 20], 'a\"b': [0, 1]}}\n");
  char *text = written(c), *identity = identity_of(c);
  assert_non_null(strstr(text, axes));
  assert_non_null(strstr(identity, axes));
  hr_free(text);
  hr_free(identity);
  hr_config_destroy(&c);
  check_round_trip(HEAD
                   "binning: {axes: {snr: [3, 10, 20], 'a\"b': [0, 1], '1': [0, 1]}}\n");
}

/* It is no other study, and a directory of before there was the key goes on. */
static void allow_target_is_written_but_not_in_the_identity(void **state) {
  (void)state;
  hr_config *c = accept_rest("binning: {axes: {log_g: [1, 2, 5]}, allow_target: true}\n");
  char *text = written(c), *identity = identity_of(c);
  assert_true(c->binning.allow_target);
  assert_non_null(strstr(text, "  allow_target: true\n"));
  assert_null(strstr(identity, "allow_target"));
  hr_free(text);
  hr_free(identity);
  hr_config_destroy(&c);
  check_round_trip(HEAD "binning: {axes: {log_g: [1, 2, 5]}, allow_target: true}\n");
  c = accept_rest("");
  text = written(c);
  assert_null(strstr(text, "allow_target"));
  assert_null(strstr(text, "axes"));
  hr_free(text);
  hr_config_destroy(&c);
}

static void what_are_no_axes_is_refused(void **state) {
  (void)state;
  refuse_rest(
      "binning: {axes: {T_eff: [1, 2]}, M_H: [1, 2]}\n",
      "s.yaml:3:34: binning.M_H stands beside binning.axes, which names all axes; "
      "write it as one of them");
  refuse_rest(
      "binning:\n  T_eff: [1, 2]\n  axes: {snr: [1, 2]}\n",
      "s.yaml:4:3: binning.T_eff stands beside binning.axes, which names all axes; "
      "write it as one of them");
  refuse_rest("binning: {axes: {}}\n",
              "s.yaml:3:17: binning.axes has 0 axes; give one to 4 label columns, each "
              "with its edges");
  refuse_rest("binning:\n  axes:\n",
              "s.yaml:4:8: binning.axes has 0 axes; give one to 4 label columns, each "
              "with its edges");
  refuse_rest(
      "binning: {axes: {a: [1, 2], b: [1, 2], c: [1, 2], d: [1, 2], e: [1, 2]}}\n",
      "s.yaml:3:17: binning.axes has 5 axes; give one to 4 label columns, each "
      "with its edges");
  refuse_rest(
      "binning: {axes: [snr, mag]}\n",
      "s.yaml:3:17: binning.axes must be a mapping of keys to values, not a list; "
      "write it as 'key: value' lines");
  refuse_rest("binning: {axes: {'': [1, 2]}}\n",
              "s.yaml:3:18: a label in binning.axes is empty; write a text");
  refuse_rest(
      "binning: {axes: {snr: [1, 2], snr: [3, 4]}}\n",
      "s.yaml:3:31: the key 'snr' is given a second time, first in line 3; keep one");
}

static void wrong_edges_are_refused(void **state) {
  (void)state;
  refuse_rest("binning: {axes: {snr: 5}}\n",
              "s.yaml:3:23: binning.axes.snr has 1 item, but needs at least 2");
  refuse_rest("binning: {axes: {snr: }}\n",
              "s.yaml:3:23: binning.axes.snr has no value; write a list of numbers or "
              "leave the key out");
  refuse_rest(
      "binning: {axes: {mag: [20, 22, 21]}}\n",
      "s.yaml:3:32: binning.axes.mag[2] is 21, but must be greater than the number "
      "before it, 22");
  refuse_rest("binning: {axes: {mag: [20, bright]}}\n",
              "s.yaml:3:28: binning.axes.mag[1] is 'bright', which is not a number; "
              "write one such as 10, 0.5 or 1e-3");
  refuse_rest("binning: {axes: {mag: [20, .inf]}}\n",
              "s.yaml:3:28: binning.axes.mag[1] is '.inf', which is not a number; write "
              "one such as 10, 0.5 or 1e-3");
}

#define EIGHT "[0, 1, 2, 3, 4, 5, 6, 7]"

static void more_bins_than_there_may_be_are_refused(void **state) {
  (void)state;
  refuse_rest("binning: {axes: {a: " EIGHT ", b: " EIGHT ", c: " EIGHT ", d: " EIGHT
              "}}\n",
              "s.yaml:3:10: binning has 2401 bins, more than 1024; give fewer edges");
}

static void a_target_that_is_an_axis_is_refused(void **state) {
  (void)state;
  static const char axes[] =
      "s.yaml:3:18: the target log_g is an axis of binning, so that the true bin tells "
      "the answer; take other axes, or say binning.allow_target: true";
  refuse_rest("binning: {axes: {log_g: [1, 2], snr: [1, 2]}}\n", axes);
  refuse_rest("binning: {axes: {log_g: [1, 2], snr: [1, 2]}, allow_target: false}\n",
              axes);
  refuse("experiment: {id: E}\ndata: {train: a.h5, test: t.h5, target: M_H}\n",
         "s.yaml:2:41: the target M_H is an axis of binning, so that the true bin tells "
         "the answer; take other axes, or say binning.allow_target: true");
  refuse(
      "experiment: {id: E}\ndata: {train: a.h5, test: t.h5, target: T_eff}\n"
      "binning: {T_eff: [1, 2]}\n",
      "s.yaml:3:11: the target T_eff is an axis of binning, so that the true bin tells "
      "the answer; take other axes, or say binning.allow_target: true");
  hr_config *c = accept(
      "experiment: {id: E}\ndata: {train: a.h5, test: t.h5, target: M_H}\n"
      "binning: {axes: {T_eff: [1, 2]}}\n");
  hr_config_destroy(&c);
  c = accept(
      "experiment: {id: E}\ndata: {train: a.h5, test: t.h5, target: M_H}\n"
      "binning: {allow_target: true}\n");
  hr_config_destroy(&c);
}

static hr_status read_axes(void) {
  hr_config *config = NULL;
  hr_status status =
      parse(HEAD "binning: {axes: {snr: [1, 2, 3], mag: [1, 2]}}\n", &config, NULL);
  hr_config_destroy(&config);
  return status;
}

static void nothing_leaks_without_memory(void **state) {
  (void)state;
  check_alloc_failures(read_axes());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_old_keys_are_two_axes),
      cmocka_unit_test(axes_are_any_labels_in_their_order),
      cmocka_unit_test(only_the_study_grid_has_names),
      cmocka_unit_test(axes_are_written_in_place_of_the_old_keys),
      cmocka_unit_test(allow_target_is_written_but_not_in_the_identity),
      cmocka_unit_test(what_are_no_axes_is_refused),
      cmocka_unit_test(wrong_edges_are_refused),
      cmocka_unit_test(more_bins_than_there_may_be_are_refused),
      cmocka_unit_test(a_target_that_is_an_axis_is_refused),
      cmocka_unit_test(nothing_leaks_without_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
