/* `headroom merge`: hr_study_merge and the report, as `headroom run` ends. */
#include <stdio.h>
#include <sys/stat.h>

#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/verb.h"
#include "compute/compute.h"
#include "headroom/study.h"

typedef struct merge_values {
  const char *out;
  bool gate;
  bool no_preflight;
  hr_strings settings;
  const char *compat;
  hr_habits habits;
} merge_values;

typedef struct shown_merge {
  hr_display display;
  hr_observer observer;
} shown_merge;

static hr_status take_finish(void *context, const char *run_dir, hr_error *err) {
  const shown_merge *m = context;
  return hr_verb_report_run(run_dir, &m->observer, m->display.is_quiet, err);
}

static bool is_folder(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static hr_status merge(const merge_values *given, const char *operand, shown_merge *m,
                       hr_error *err) {
  hr_status status = HR_OK;
  char *run_dir = NULL;
  bool is_run = is_folder(operand);
  hr_study_options study = hr_study_options_default();
  study.config_path = is_run ? NULL : operand;
  study.out_dir = is_run ? operand : given->out;
  study.skip_preflight = given->no_preflight;
  study.compat = given->compat;
  study.finish = take_finish;
  study.context = m;
  study.settings = (const char *const *)given->settings.items;
  study.setting_count = given->settings.count;
  HR_TRY(hr_compute_reserve(err));
  HR_TRY(hr_study_merge(&study, &m->observer, &run_dir, err));
  HR_TRY(hr_verb_check_lost(run_dir, err));
  if (given->gate) HR_TRY(hr_verb_check_gate(run_dir, err));
cleanup:
  hr_text_free(run_dir);
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  const merge_values *given = values;
  shown_merge m;
  bool is_twice = given->out && is_folder(operand);
  if (is_twice) {
    return hr_fail(err, HR_ERR_USAGE,
                   "%s is the run directory itself; leave out --out, or name the "
                   "configuration",
                   operand);
  }
  hr_interrupt_watch();
  hr_interrupt_outlive_readers();
  hr_habits_begin(&given->habits, &m.display);
  m.observer = hr_display_observer(&m.display);
  hr_status status = merge(given, operand, &m, err);
  hr_display_fini(&m.display);
  return status;
}

static const hr_option options[] = {
    {.name = "out",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(merge_values, out),
     .value = "DIR",
     .help = "the run directory (runs/EXPERIMENT-ID)"},
    {.name = "gate",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(merge_values, gate),
     .help = "exit with 1 where the decision gate is not passed"},
    {.name = "no-preflight",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(merge_values, no_preflight),
     .help = "begin even where memory or disk seem too small"},
    {.name = "set",
     .kind = HR_OPTION_TEXTS,
     .offset = offsetof(merge_values, settings),
     .value = "KEY=VALUE",
     .help = "as the elements were given it; repeatedly"},
    {.name = "compat",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(merge_values, compat),
     .value = "NAME",
     .help = "as the elements were given it: users"},
    HR_HABITS(merge_values, habits),
};

const hr_verb hr_verb_merge = {
    .grammar = {.verb = "merge",
                .operand = "CONFIG",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "make one run of what the elements of an array did",
    .details =
        "Takes the tasks that `headroom run --array I/N` left in DIR/elements, of any "
        "N,\n"
        "and does what remains: predictions, gates, judging, tables and the report. The\n"
        "results are those of one `headroom run`, byte for byte, times apart. It may be\n"
        "called late and again, and goes on where it was stopped. Where tasks are\n"
        "missing it names the elements that lack them and what does them, exits with 3\n"
        "and changes nothing; elements of another study, data or version are refused.\n"
        "In place of CONFIG it takes the run directory DIR too, and then the elements'\n"
        "own configuration. DIR/elements stays, and may be removed then.",
    .values_size = sizeof(merge_values),
    .run = run,
};
