/* `headroom report`: tables, figures and pages made anew from a run directory. */
#include <stdio.h>

#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/verb.h"
#include "headroom/report.h"
#include "headroom/study.h"

hr_status hr_verb_report_run(const char *run_dir, const hr_observer *observer,
                             bool is_quiet, hr_error *err) {
  hr_status status = HR_OK;
  char *tables = NULL;
  HR_TRY(hr_report_write(run_dir, observer, err));
  if (is_quiet) return HR_OK;
  HR_TRY(hr_report_text(run_dir, &tables, err));
  printf("%s%s/report.md\n%s/report.html\n", tables, run_dir, run_dir);
cleanup:
  hr_text_free(tables);
  return status;
}

hr_status hr_verb_check_gate(const char *run_dir, hr_error *err) {
  hr_status status = HR_OK;
  bool passed = false;
  HR_TRY(hr_study_gate(run_dir, &passed, err));
  if (!passed) {
    status = hr_fail(err, HR_ERR_GATE,
                     "the gate is not passed; %s/report.md says which criteria fail or "
                     "are undecided",
                     run_dir);
  }
cleanup:
  return status;
}

/* The study is done and reported; scripts learn that it is not what was asked for. */
hr_status hr_verb_check_lost(const char *run_dir, hr_error *err) {
  char *experts = NULL;
  hr_status status = hr_study_lost(run_dir, &experts, err);
  if (status == HR_OK && experts) {
    status = hr_fail(err, HR_ERR_LOST,
                     "no bin has a model of %s; the study is done without, see "
                     "%s/report.md",
                     experts, run_dir);
  }
  hr_text_free(experts);
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  const hr_habits *habits = values;
  hr_display display;
  hr_interrupt_watch();
  hr_habits_begin(habits, &display);
  hr_observer observer = hr_display_observer(&display);
  hr_status status = hr_verb_report_run(operand, &observer, habits->quiet, err);
  hr_display_fini(&display);
  return status;
}

typedef struct report_values {
  hr_habits habits;
} report_values;

static const hr_option options[] = {HR_HABITS(report_values, habits)};

const hr_verb hr_verb_report = {
    .grammar = {.verb = "report",
                .operand = "DIR",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .values_size = sizeof(report_values),
    .summary = "make tables, figures and the report of a run anew",
    .details =
        "Reads results.json and predictions.csv of the run directory DIR, checks that\n"
        "each confirms the other, and writes tables, figures, report.md and report.html\n"
        "again, without training anything. Files that were changed by hand are refused.",
    .run = run,
};
