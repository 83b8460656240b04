#include <stdio.h>

#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "headroom/study.h"

typedef struct run_values {
  const char *out;
  bool dry_run;
} run_values;

static hr_status describe(const hr_study_options *study, const hr_observer *observer,
                          hr_error *err) {
  char *plan = NULL;
  hr_status status = hr_study_describe(study, observer, &plan, err);
  if (status == HR_OK) fputs(plan, stdout);
  hr_text_free(plan);
  return status;
}

static hr_status work(const hr_study_options *study, const hr_observer *observer,
                      hr_error *err) {
  hr_status status = HR_OK;
  char *run_dir = NULL;
  HR_TRY(hr_study_run(study, observer, &run_dir, err));
  HR_TRY(hr_verb_report_run(run_dir, observer, err));
cleanup:
  hr_text_free(run_dir);
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  const run_values *given = values;
  const hr_study_options study = {.config_path = operand, .out_dir = given->out};
  hr_display display;
  hr_interrupt_watch();
  hr_display_init(&display, stderr);
  hr_observer observer = hr_display_observer(&display);
  hr_status status =
      given->dry_run ? describe(&study, &observer, err) : work(&study, &observer, err);
  hr_display_fini(&display);
  return status;
}

static const hr_option options[] = {
    {.name = "out",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(run_values, out),
     .value = "DIR",
     .help = "the run directory (runs/EXPERIMENT-ID)"},
    {.name = "dry-run",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(run_values, dry_run),
     .help = "say what would be read, trained and needed; write nothing"},
};

const hr_verb hr_verb_run = {
    .grammar = {.verb = "run",
                .operand = "CONFIG",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "run the study that a YAML file describes",
    .details =
        "Reads the shards, adds noise, trains every expert of every bin, routes by the\n"
        "true labels and judges. Writes results.json, tables, figures and a report into\n"
        "the run directory, prints the tables, and says where the report is.",
    .values_size = sizeof(run_values),
    .run = run,
};
