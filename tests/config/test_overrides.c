/* Settings from the command line: where they land, and what is told of wrong ones. */
#include "config/overrides.h"

#include "config/paths.h"
#include "support/config_checks.h"
#include "support/scratch.h"

static scratch s;
static hr_strings settings;

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  scratch_write(&s, "a.h5", "");
  scratch_write(&s, "t.h5", "");
  scratch_write(&s, "s.yaml", HEAD "experts: {lightgbm: {max_leaves: 9}, ridge: }\n");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  hr_strings_fini(&settings);
  scratch_fini(&s);
  return 0;
}

static hr_status load(const char *setting, hr_config **out, hr_error *err) {
  assert_int_equal(hr_strings_append(&settings, setting, err), HR_OK);
  return hr_config_load_with(scratch_name(&s, "s.yaml"), &settings, out, err);
}

static void check_written(const char *setting, const char *line) {
  hr_error err = {0};
  hr_config *config = NULL;
  check_ok(load(setting, &config, &err));
  char *text = written(config);
  if (!strstr(text, line)) fail_msg("%s is not in\n%s", line, text);
  hr_free(text);
  hr_config_destroy(&config);
}

static void check_refused(const char *setting, const char *after_file) {
  hr_error err = {0};
  hr_config *config = NULL;
  char expected[1024];
  bool names_file = after_file[0] == ',';
  snprintf(expected, sizeof expected, "%s%s%s", names_file ? s.path : "",
           names_file ? "/s.yaml" : "", after_file);
  check_fails(load(setting, &config, &err), HR_ERR_CONFIG, expected);
  hr_strings_fini(&settings);
}

static void settings_take_the_place_of_the_files(void **state) {
  (void)state;
  check_written("selection.folds=3", "\n  folds: 3\n");
  check_written("selection.folds=4", "\n  folds: 4\n"); /* the later one */
  check_written("data.target=[log_g, rv]", "\n  target: [log_g, rv]\n");
  check_written("data.noise.level=0.5", "\n    level: 0.5\n");
  check_written("binning={axes: {snr: [0, 9]}}", "\n    snr: [0, 9]\n");
  check_written("baselines.a b=0.5", "\n  a b: 0.5\n");
}

static void experts_and_gates_need_no_section(void **state) {
  (void)state;
  check_written("ridge.alpha=[1, 10]", "\n    alpha: [1, 10]\n");
  check_written("experts.ridge.alpha=7", "\n    alpha: [7]\n");
  check_written("posterior.templates=500", "\n    templates: 500\n"); /* one more */
  check_written("logistic.C=5", "\n    C: 5\n");
  /* Also in the place of the other name of a key. */
  check_written("lightgbm.num_leaves=30", "\n    num_leaves: 30\n");
  check_written("noise.level=0.25", "\n    level: 0.25\n");
}

static void models_from_elsewhere_need_no_section_either(void **state) {
  (void)state;
  check_written("cat.predictions=/a/v.csv", "\n  cat:\n    predictions: /a/v.csv\n");
  check_written("cat.title=Cat", "\n    title: Cat\n"); /* it is there by now */
  check_written("cat.bins=[0, 2]", "\n    bins: [0, 2]\n");
  check_written("net.onnx=/a/n.onnx", "\n    onnx: /a/n.onnx\n");
}

static void wrong_settings_are_told(void **state) {
  (void)state;
  check_refused("ridge.alpah=1",
                ", --set 1: the key 'experts.ridge.alpah' is not known; did you mean "
                "'alpha'?");
  check_refused(
      "rigde.alpha=1",
      "--set rigde.alpha=1: the key 'rigde' is not known; did you mean 'ridge'?");
  check_refused("foo.bar=1",
                "--set foo.bar=1: 'foo' is neither a section of the configuration nor an "
                "expert or a gate; `headroom config` lists the keys");
  check_refused("ridge.alpha=x",
                ", --set 1: experts.ridge.alpha is 'x', which is not a number; write one "
                "such as 10, 0.5 or 1e-3");
  check_refused("ridge.alpha=[1, 10, x, 100]",
                ", --set 1: experts.ridge.alpha[2] is 'x', which is not a number; write "
                "one such as 10, 0.5 or 1e-3");
  check_refused("ridge.alpha=",
                ", --set 1: experts.ridge.alpha has no value; write auto or a list of "
                "numbers or leave the key out");
  static const char *const no_settings[] = {"ridge.alpha", "=1", ".a=1", "a.=1"};
  for (size_t i = 0; i < 4; i++) {
    char expected[256];
    snprintf(expected, sizeof expected,
             "--set %s: write KEY=VALUE, the key with dots, such as ridge.alpha=100 or "
             "data.target=[log_g, T_eff]",
             no_settings[i]);
    check_refused(no_settings[i], expected);
  }
  hr_error err = {0};
  hr_config *config = NULL;
  char expected[256];
  snprintf(expected, sizeof expected,
           "--set data.train.x=1: train is no mapping of keys in %s/s.yaml; set it as a "
           "whole",
           s.path);
  check_fails(load("data.train.x=1", &config, &err), HR_ERR_CONFIG, expected);
}

/* A problem of the file or of one setting hides none of another. */
static void all_wrong_settings_are_told(void **state) {
  (void)state;
  hr_error err = {0};
  hr_config *config = NULL;
  char expected[2048];
  static const char *const wrong[] = {"rigde.alpha=1", "ridge.alpha=x", "data.train.x=1",
                                      "selection.folds=4", "selection.foldz=4"};
  for (size_t i = 0; i < 5; i++) {
    check_ok(hr_strings_append(&settings, wrong[i], &err));
  }
  snprintf(expected, sizeof expected,
           "%s/s.yaml and the command line have 5 problems: (1) --set rigde.alpha=1: the "
           "key 'rigde' is not known; did you mean 'ridge'?; (2) --set data.train.x=1: "
           "train is no mapping "
           "of keys in %s/s.yaml; set it as a whole; (3) --set 5: the key "
           "'selection.foldz' is not known; did you mean 'folds'?; (4) --set 2: "
           "experts.ridge.alpha is 'x', which is not a number; write one such as 10, 0.5 "
           "or 1e-3; (5) 3:34: experts.lightgbm.max_leaves is 1, but must be between 2 "
           "and 131072",
           s.path, s.path);
  scratch_write(&s, "s.yaml", HEAD "experts: {lightgbm: {max_leaves: 1}, ridge: }\n");
  check_fails(hr_config_load_with(scratch_name(&s, "s.yaml"), &settings, &config, &err),
              HR_ERR_CONFIG, expected);
  scratch_write(&s, "s.yaml", HEAD "experts: {ridge: }\n");
  assert_int_equal(
      hr_config_load_with(scratch_name(&s, "s.yaml"), &settings, &config, &err),
      HR_ERR_CONFIG);
  const char *start = "the command line has 4 problems: (1) --set rigde.alpha=1: the key";
  assert_memory_equal(err.message, start, strlen(start));
}

/* A name that no model can have is one problem, though its key stays without it. */
static void a_wrong_name_is_one_problem(void **state) {
  (void)state;
  hr_error err = {0};
  hr_config *config = NULL;
  char expected[5000];
  scratch_write(&s, "s.yaml", HEAD "experts: {ridge: }\n");
  snprintf(
      expected, sizeof expected,
      "%s, --set 1: experts: 'Cat' cannot name a model from elsewhere; use at most 31 "
      "small letters, digits and '_', a letter first, and no word of the program's "
      "own such as hybrid or global",
      scratch_name(&s, "s.yaml"));
  check_fails(load("experts.Cat.predictions=a.csv", &config, &err), HR_ERR_CONFIG,
              expected);
}

/* A key whose setting is wrong is not missing, too. */
static void a_wrong_setting_is_not_missing(void **state) {
  (void)state;
  hr_error err = {0};
  hr_config *config = NULL;
  scratch_write(&s, "s.yaml", "experiment: {id: E}\ndata: {train: a.h5}\n");
  assert_int_equal(load("data.test=[t.h5", &config, &err), HR_ERR_CONFIG);
  if (strncmp(err.message, "--set data.test:", 16) != 0) fail_msg("%s", err.message);
}

static void a_value_has_to_be_yaml(void **state) {
  (void)state;
  hr_error err = {0};
  hr_config *config = NULL;
  assert_int_equal(load("ridge.alpha=[1", &config, &err), HR_ERR_CONFIG);
  if (strncmp(err.message, "--set experts.ridge.alpha:", 26) != 0) {
    fail_msg("%s", err.message);
  }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(settings_take_the_place_of_the_files),
      TEST(experts_and_gates_need_no_section),
      TEST(models_from_elsewhere_need_no_section_either),
      TEST(wrong_settings_are_told),
      TEST(all_wrong_settings_are_told),
      TEST(a_wrong_name_is_one_problem),
      TEST(a_wrong_setting_is_not_missing),
      TEST(a_value_has_to_be_yaml),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
