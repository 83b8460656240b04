/* What hr_study_run and hr_study_describe take and refuse, through the public header. */
#include "headroom/study.h"

#include "headroom/version.h"
#include "support/study_files.h"

static void a_configuration_may_be_a_text(void **state) {
  (void)state;
  hr_error err;
  char yaml[512], *run_dir = NULL, *plan = NULL, out[128], *first = NULL;
  hr_study_options options = hr_study_options_default();
  scratch s;
  scratch_init(&s);
  study_files_write(&s);
  study_files_yaml(yaml, sizeof yaml, ".");
  snprintf(out, sizeof out, "%s/run", s.path);
  options.config_text = yaml;
  options.config_folder = s.path;
  options.out_dir = out;
  check_ok(hr_study_describe(&options, NULL, &plan, &err));
  check_ok(hr_study_run(&options, NULL, &run_dir, &err));
  assert_string_equal(run_dir, out);
  hr_text_free(run_dir);
  /* The same study as that of the file. */
  options = hr_study_options_default();
  snprintf(yaml, sizeof yaml, "%s/study.yaml", s.path);
  options.config_path = yaml;
  options.out_dir = out;
  options.mode = HR_STUDY_RESUME;
  check_ok(hr_study_run(&options, NULL, &first, &err));
  hr_text_free(first);
  hr_text_free(plan);
  scratch_fini(&s);
}

static void what_is_wrong_in_a_text_has_a_place(void **state) {
  (void)state;
  hr_error err;
  char *plan = NULL, expected[256];
  hr_study_options options = hr_study_options_default();
  scratch s;
  scratch_init(&s);
  options.config_text =
      "experiment: {id: E}\nbinnig: 3\ndata: {train: a.h5, test: t.h5, root: /nowhere}\n";
  check_fails(hr_study_describe(&options, NULL, &plan, &err), HR_ERR_CONFIG,
              "configuration has 3 problems: (1) 2:1: the key 'binnig' is not known; did "
              "you mean "
              "'binning'?; (2) 3:15: data.train: /nowhere/a.h5 does not exist; relative "
              "paths begin "
              "at data.root, which is /nowhere; (3) 3:27: data.test: /nowhere/t.h5 does "
              "not exist; "
              "relative paths begin at data.root, which is /nowhere");
  options.config_path = "mine";
  scratch_write(&s, "b.h5", "");
  options.config_text =
      "experiment: {id: E}\ndata: {train: a.h5, test: b.h5}\nexperts: {ridge: }\n";
  options.config_folder = s.path;
  snprintf(expected, sizeof expected,
           "mine:2:15: data.train: %s/a.h5 does not exist; relative paths begin at "
           "data.root, which is %s",
           s.path, s.path);
  check_fails(hr_study_describe(&options, NULL, &plan, &err), HR_ERR_MISSING, expected);
  assert_null(plan);
  scratch_fini(&s);
}

static void options_are_refused(void **state) {
  (void)state;
  hr_error err;
  char *text = NULL, expected[256];
  hr_study_options options = hr_study_options_default();
  const char *nothing =
      "hr_study_options has neither config_path nor config_text; give one";
  check_fails(hr_study_run(NULL, NULL, &text, &err), HR_ERR_USAGE, nothing);
  check_fails(hr_study_describe(&options, NULL, &text, &err), HR_ERR_USAGE, nothing);
  options.size = 8;
  snprintf(expected, sizeof expected,
           "hr_study_options.size is 8, not %zu as in version %s; set it with "
           "hr_study_options_default(), and build with the headers of the library that "
           "runs",
           sizeof options, HR_VERSION);
  check_fails(hr_study_run(&options, NULL, &text, &err), HR_ERR_USAGE, expected);
  check_fails(hr_study_describe(&options, NULL, &text, &err), HR_ERR_USAGE, expected);
  assert_null(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_configuration_may_be_a_text),
      cmocka_unit_test(what_is_wrong_in_a_text_has_a_place),
      cmocka_unit_test(options_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
