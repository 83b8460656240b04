/* `headroom sweep`: one study at several values of one key. */
#include <stdio.h>

#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/sweep_values.h"
#include "cli/verb.h"
#include "compute/compute.h"
#include "headroom/sweep.h"

typedef struct sweep_values {
  const char *out;
  bool dry_run;
  bool resume;
  bool restart;
  bool replace;
  bool no_preflight;
  hr_strings settings;
  const char *compat;
  hr_habits habits;
} sweep_values;

/* What the library is asked for; borrows all. */
static hr_study_options study_of(const sweep_values *given, const char *config_path,
                                 const hr_sweep_values *values) {
  hr_study_options study = hr_study_options_default();
  study.config_path = config_path;
  study.out_dir = given->out;
  study.mode = given->replace   ? HR_STUDY_REPLACE
               : given->resume  ? HR_STUDY_RESUME
               : given->restart ? HR_STUDY_RESTART
                                : HR_STUDY_NEW;
  study.skip_preflight = given->no_preflight;
  study.compat = given->compat;
  study.settings = (const char *const *)values->others.items;
  study.setting_count = values->others.count;
  return study;
}

static hr_status work(const sweep_values *given, const char *config_path,
                      const hr_display *display, const hr_observer *observer,
                      hr_error *err) {
  hr_status status = HR_OK;
  hr_sweep_values values = {0};
  char *dir = NULL, *text = NULL;
  HR_TRY(hr_compute_reserve(err));
  HR_TRY(hr_sweep_values_read(&given->settings, &values, err));
  const hr_study_options study = study_of(given, config_path, &values);
  hr_sweep_options sweep = hr_sweep_options_default();
  sweep.study = &study;
  sweep.key = values.key;
  sweep.values = (const char *const *)values.values.items;
  sweep.value_count = values.values.count;
  sweep.place = values.place;
  if (given->dry_run) {
    status = hr_sweep_describe(&sweep, observer, &text, err);
  } else {
    status = hr_sweep_run(&sweep, observer, &dir, &text, err);
  }
  if (text && !display->is_quiet) fputs(text, stdout);
  if (dir && !display->is_quiet) printf("%s/sweep.md\n", dir);
cleanup:
  hr_text_free(dir);
  hr_text_free(text);
  hr_sweep_values_fini(&values);
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  const sweep_values *given = values;
  hr_display display;
  if (given->resume + given->restart + given->replace > 1) {
    return hr_fail(
        err, HR_ERR_USAGE,
        "--resume goes on with a sweep, --restart and --replace throw it away; "
        "give one");
  }
  hr_interrupt_watch();
  hr_interrupt_outlive_readers();
  hr_habits_begin(&given->habits, &display);
  const hr_observer observer = hr_display_observer(&display);
  hr_status status = work(given, operand, &display, &observer, err);
  hr_display_fini(&display);
  return status;
}

#define FLAG(name_, member, help_)                                                   \
  {                                                                                  \
    .name = name_, .kind = HR_OPTION_FLAG, .offset = offsetof(sweep_values, member), \
    .help = help_                                                                    \
  }

static const hr_option options[] = {
    {.name = "set",
     .kind = HR_OPTION_TEXTS,
     .offset = offsetof(sweep_values, settings),
     .value = "KEY=V1,V2,...",
     .required = true,
     .help = "what is swept; of other keys one value, for all"},
    {.name = "out",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(sweep_values, out),
     .value = "DIR",
     .help = "the folder of the sweep (runs/EXPERIMENT-ID-KEY)"},
    FLAG("dry-run", dry_run, "say what every point would read and need; write nothing"),
    FLAG("resume", resume, "go on with the sweep in the folder, however it ended"),
    FLAG("restart", restart, "throw away what an unfinished point has done"),
    FLAG("replace", replace, "discard the results of its points, whatever the study"),
    FLAG("no-preflight", no_preflight, "begin even where memory or disk seem too small"),
    {.name = "compat",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(sweep_values, compat),
     .value = "NAME",
     .help = "experts and gates with the settings of earlier studies: users"},
    HR_HABITS(sweep_values, habits),
};

const hr_verb hr_verb_sweep = {
    .grammar = {.verb = "sweep",
                .operand = "CONFIG",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "run a study at several values of one key, e.g. a learning curve",
    .details =
        "--set data.rows=1000,5000,20000 is a learning curve: every point takes so many\n"
        "of the training rows, fewer being some of more. --set noise.level=0.5,1,2 is a\n"
        "curve over noise, of the test rows too with --set noise.test=generated. Any\n"
        "key will do; a list as a value is in brackets: ridge.alpha=[1],[1,10].\n"
        "\n"
        "All points are checked before the first is begun. Each is an ordinary run in\n"
        "DIR/points/KEY=VALUE, with a report of its own; one that fails is told and the\n"
        "others go on. DIR/sweep.md has the table and the figure of R² against the\n"
        "value, with 95 % intervals, DIR/sweep.csv every method. --resume goes on with\n"
        "a sweep that was stopped or killed, and takes more values, too.",
    .values_size = sizeof(sweep_values),
    .run = run,
};
