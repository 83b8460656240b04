/* What the posterior mean is said to take, and what it warns of. */
#include "methods/posterior/cost.h"

#include "support/small_study.h"

static const hr_posterior_parameters everything = {.templates = SMALL_TRAIN,
                                                   .validation = SMALL_TRAIN};

static void the_estimate_grows_with_the_templates(void **state) {
  (void)state;
  static small_study s;
  small_study_init(&s);
  static const hr_posterior_parameters few = {.templates = 10, .validation = 10};
  hr_cost all = {0}, less = {0};
  hr_posterior_estimate(&s.view, &everything, &all);
  hr_posterior_estimate(&s.view, &few, &less);
  assert_true(all.memory_bytes > less.memory_bytes && less.memory_bytes > 0);
  assert_true(all.operations > 4.0 * SMALL_PIXELS * SMALL_TEST * SMALL_TRAIN);
  assert_true(all.operations > less.operations);
  static char by_components[] = "components";
  static const hr_posterior_parameters fast = {
      .templates = SMALL_TRAIN, .validation = SMALL_TRAIN, .weigh = by_components};
  hr_cost components = {0};
  hr_posterior_estimate(&s.view, &fast, &components);
  assert_true(components.memory_bytes > all.memory_bytes);
}

static void take_warning(void *context, hr_log_level level, const char *line) {
  assert_int_equal(level, HR_LOG_WARNING);
  snprintf(context, HR_ERROR_MESSAGE_BYTES, "%s", line);
}

/* Ten a bin is what a mean takes, and no warning. */
static void too_few_templates_are_warned_of(void **state) {
  (void)state;
  char line[HR_ERROR_MESSAGE_BYTES] = "";
  const hr_observer observer = {.context = line, .log = take_warning};
  const hr_study_view view = {.bin_count = 9, .observer = &observer};
  hr_posterior_parameters parameters = {.templates = 90};
  hr_posterior_warn(&view, &parameters);
  assert_string_equal(line, "");
  parameters.templates = 5;
  hr_posterior_warn(&view, &parameters);
  assert_string_equal(line,
                      "experts.posterior.templates is 5 for 9 bins: too few for a "
                      "posterior mean in each, which takes 10 or more a bin; write at "
                      "least 90, or leave it out for 20000");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_estimate_grows_with_the_templates),
      cmocka_unit_test(too_few_templates_are_warned_of),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
