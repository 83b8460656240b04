/* What a study asks of Slurm, and the script that asks it. tests/python/slurm_long.py
 * submits one. */
#include "study/job.h"

#include "core/parallel.h"
#include "study/opened.h"
#include "support/study_files.h"

static scratch s;
static hr_error err;
static char config[4200];

static int set_up(void **state) {
  (void)state;
  scratch_init(&s);
  study_files_write(&s);
  snprintf(config, sizeof config, "%s/study.yaml", s.path);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static void limits_follow_from_needs(void **state) {
  (void)state;
  const hr_job_need none = {.elements = 1};
  assert_int_equal(hr_job_minutes(&none), 10);
  assert_int_equal(hr_job_mebibytes(&none), 512);
  const hr_job_need some = {1, 1000, 500, 1048576.0 * 1000};
  assert_int_equal(hr_job_minutes(&some), 80); /* 3 times 25 minutes, rounded up */
  assert_int_equal(hr_job_mebibytes(&some), 1250 + 512);
}

static void the_element_that_needs_most_decides(void **state) {
  (void)state;
  hr_opened_study opened = {0};
  hr_study_options options = hr_study_options_default();
  hr_job_need one, two;
  options.config_path = config;
  check_ok(hr_study_open(&options, NULL, &opened, &err));
  check_ok(hr_job_estimate(opened.plan, 1, 0, &one, &err));
  check_ok(hr_job_estimate(opened.plan, 2, 0, &two, &err));
  assert_null(opened.plan->share);
  assert_true(one.compute_seconds > 0);
  assert_true(two.memory_bytes <= one.memory_bytes);
  check_near(one.read_seconds, two.read_seconds, 0);
  double bytes = (double)hr_dataset_file_bytes(opened.plan->train) +
                 (double)hr_dataset_file_bytes(opened.plan->test);
  check_near(one.read_seconds, bytes / 1e8, 1e-12);
  hr_opened_study_fini(&opened);
}

static void words_are_quoted(void **state) {
  (void)state;
  hr_text text;
  hr_text_init(&text);
  hr_job_quote("it's $HOME\\n", &text);
  assert_string_equal(text.bytes, "'it'\\''s $HOME\\n'");
  hr_text_fini(&text);
}

static void check_has(const char *script, const char *part) {
  if (!strstr(script, part)) fail_msg("the script has no: %s\n%s", part, script);
}

static void the_script_has_what_was_asked_for(void **state) {
  (void)state;
  static const char *const settings[] = {"ridge.alpha=[1, 10]"};
  char *script = NULL, expected[9000];
  hr_study_options options = hr_study_options_default();
  hr_study_job job = hr_study_job_default();
  options.config_path = config;
  options.out_dir = "/srv/a run";
  options.settings = settings;
  options.setting_count = 1;
  job.elements = 3;
  job.cpus = 8;
  job.memory_mib = 2000;
  job.time = "1-00:00:00";
  job.partition = "cpu";
  job.account = "stars";
  job.program = "/opt/headroom";
  check_ok(hr_study_write_job(&options, &job, NULL, &script, &err));
  check_has(script, "#!/bin/sh\n");
  check_has(script, "logs='/srv/a run'/elements/logs\n");
  check_has(script,
            "--job-name='E' --array=0-2 --output=\"$logs/%A_%a.log\" \\\n"
            "  --cpus-per-task=8 --mem=2000M --time='1-00:00:00' --requeue "
            "--signal=B:USR1@120 --open-mode=append --partition='cpu' "
            "--account='stars' \"$@\" <<'END_OF_JOB'\n");
  snprintf(expected, sizeof expected,
           "\n'/opt/headroom' run '%s' --out '/srv/a run' --set 'ridge.alpha=[1, 10]' "
           "--array \"$SLURM_ARRAY_TASK_ID/3\" &\n",
           config);
  check_has(script, expected);
  snprintf(expected, sizeof expected,
           "\n'/opt/headroom' merge '%s' --out '/srv/a run' --set 'ridge.alpha=[1, 10]' "
           "&\n",
           config);
  check_has(script, expected);
  check_has(script, "\nsleep \"${HEADROOM_SETTLE:-60}\"\n'/opt/headroom' merge ");
  check_has(script, "--dependency=\"afterany:${array%%;*}\"");
  check_has(script, "reading all spectra at 100 MB/s, a guess");
  hr_text_free(script);
}

/* By default as many as help, with as many threads as there are here. */
static void defaults_are_estimates(void **state) {
  (void)state;
  char *script = NULL, expected[200];
  hr_study_options options = hr_study_options_default();
  options.config_path = config;
  check_ok(hr_study_write_job(&options, NULL, NULL, &script, &err));
  snprintf(expected, sizeof expected, "--cpus-per-task=%zu --mem=", hr_thread_count());
  check_has(script, expected);
  check_has(script, "M --time=10 --requeue");
  check_has(script, "/runs/E' --array");
  check_has(script, "'headroom' run");
  hr_text_free(script);
}

static void what_cannot_be_asked(void **state) {
  (void)state;
  char *script = NULL;
  hr_study_options options = hr_study_options_default();
  hr_study_job job = hr_study_job_default();
  options.config_text = "experiment: {id: E}\n";
  check_fails(hr_study_write_job(&options, &job, NULL, &script, &err), HR_ERR_USAGE,
              "jobs read the configuration from a file; name it as config_path");
  options = hr_study_options_default();
  options.config_path = config;
  job.elements = 100001;
  check_fails(hr_study_write_job(&options, &job, NULL, &script, &err), HR_ERR_USAGE,
              "an array of 100001 elements has more than 100000");
  job.size = 3;
  assert_int_equal(hr_study_write_job(&options, &job, NULL, &script, &err), HR_ERR_USAGE);
  assert_null(script);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(limits_follow_from_needs), TEST(the_element_that_needs_most_decides),
      TEST(words_are_quoted),         TEST(the_script_has_what_was_asked_for),
      TEST(defaults_are_estimates),   TEST(what_cannot_be_asked)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
