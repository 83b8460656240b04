/* `headroom report`: tables, figures and pages made anew from a run directory. */
#include <stdio.h>

#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "headroom/report.h"

hr_status hr_verb_report_run(const char *run_dir, const hr_observer *observer,
                             hr_error *err) {
  hr_status status = HR_OK;
  char *tables = NULL;
  HR_TRY(hr_report_write(run_dir, observer, err));
  HR_TRY(hr_report_text(run_dir, &tables, err));
  printf("%s%s/report.md\n%s/report.html\n", tables, run_dir, run_dir);
cleanup:
  hr_text_free(tables);
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  (void)values;
  hr_display display;
  hr_interrupt_watch();
  hr_display_init(&display, stderr);
  hr_observer observer = hr_display_observer(&display);
  hr_status status = hr_verb_report_run(operand, &observer, err);
  hr_display_fini(&display);
  return status;
}

const hr_verb hr_verb_report = {
    .grammar = {.verb = "report", .operand = "DIR"},
    .summary = "make tables, figures and the report of a run anew",
    .details =
        "Reads results.json and predictions.csv of the run directory DIR, checks that\n"
        "each confirms the other, and writes tables, figures, report.md and report.html\n"
        "again, without training anything. Files that were changed by hand are refused.",
    .run = run,
};
