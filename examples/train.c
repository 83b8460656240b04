/* Runs the study that a YAML file describes, and says what its gate decides.
 *
 *   cc train.c $(pkg-config --cflags --libs headroom) -o train
 *   ./train study.yaml run
 */
#include <stdio.h>

#include "headroom/results.h"
#include "headroom/study.h"

/* An observer is how long work tells of itself; every member may be left out. */
static void print_line(void *context, hr_log_level level, const char *line) {
  (void)context;
  fprintf(stderr, "%s%s\n", level == HR_LOG_WARNING ? "warning: " : "", line);
}

static hr_status print_gate(const char *run_dir, hr_error *err) {
  hr_results *results = NULL;
  hr_results_info info = {.size = sizeof info};
  hr_results_criterion criterion = {.size = sizeof criterion};
  hr_status status = hr_results_open(run_dir, NULL, &results, err);
  if (status == HR_OK) status = hr_results_get_info(results, &info, err);
  for (size_t i = 0; status == HR_OK && i < info.criterion_count; i++) {
    status = hr_results_get_criterion(results, i, &criterion, err);
    if (status != HR_OK) break;
    printf("%s %.4f [%.4f, %.4f], threshold %g: %s\n", criterion.name,
           criterion.value.value, criterion.value.low, criterion.value.high,
           criterion.threshold, criterion.verdict);
  }
  if (status == HR_OK)
    printf("the gate %s\n", info.gate_passed ? "passed" : "did not pass");
  hr_results_close(&results);
  return status;
}

int main(int argc, char **argv) {
  hr_error err = {0};
  char *run_dir = NULL;
  const hr_observer observer = {.log = print_line};
  hr_study_options options = hr_study_options_default();
  options.config_path = argc > 1 ? argv[1] : "study.yaml";
  options.out_dir = argc > 2 ? argv[2] : "run";
  hr_status status = hr_study_run(&options, &observer, &run_dir, &err);
  if (status == HR_OK) status = print_gate(run_dir, &err);
  if (status != HR_OK) fprintf(stderr, "%s (%s)\n", err.message, hr_status_name(status));
  hr_text_free(run_dir);
  return hr_status_exit_code(status);
}
