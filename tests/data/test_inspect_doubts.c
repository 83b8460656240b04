/* What a file gives to doubt, as problems. */
#include "data/inspect_parts.h"

#include "support/look_file.h"

static look_file f;

/* The problems of the file, one after the other: out [2048]. */
static void list_problems(bool skip_spectra, char *out) {
  hr_error err = {0};
  hr_inspection *it = NULL;
  hr_inspect_options options = hr_inspect_options_default();
  options.skip_spectra = skip_spectra;
  hr_dataset *dataset = look_file_open(&f);
  hr_dataset_destroy(&dataset);
  check_ok(hr_inspect(f.path, &options, &it, &err));
  out[0] = '\0';
  for (size_t i = 0; i < it->problem_count; i++) {
    size_t used = strlen(out);
    snprintf(out + used, 2048 - used, "%s\n", it->problems[i]);
  }
  hr_inspection_destroy(&it);
  look_file_fini(&f);
}

static void doubts_are_problems(void **state) {
  (void)state;
  char problems[2048];
  look_file_fill(&f, "inspect-doubts.h5", 60);
  for (size_t i = 0; i < f.rows * LOOK_PIXELS; i++) f.error[i] *= 20;
  for (size_t p = 0; p < LOOK_PIXELS; p++) f.wave[p] /= 10;
  f.labels[3] = f.labels[4] = -99;
  list_problems(false, problems);
  assert_non_null(strstr(problems, "\nthe label snr is -99 in 2 of 60 rows"));
  assert_non_null(strstr(problems,
                         "; a study refuses that where it is the target unless "
                         "data.allow names far_label\n"));
  assert_non_null(strstr(problems, "which looks like nanometres"));
  assert_non_null(strstr(problems, "\n(noisy - flux)/error scatters by 0.0"));
  assert_non_null(strstr(problems,
                         "; a study refuses that unless data.allow names "
                         "error\n"));
  list_problems(true, problems);
  assert_null(strstr(problems, "scatters"));
  assert_non_null(strstr(problems, "which looks like nanometres"));
}

static void a_sound_file_has_none(void **state) {
  (void)state;
  char problems[2048];
  look_file_fill(&f, "inspect-doubts.h5", 60);
  list_problems(false, problems);
  assert_null(strstr(problems, "a study refuses that unless"));
  assert_null(strstr(problems, "scatters"));
  assert_null(strstr(problems, "snr"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(doubts_are_problems),
      cmocka_unit_test(a_sound_file_has_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
