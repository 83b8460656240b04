/* `headroom inspect`: the report on stdout, and an exit code that says whether a study
 * can use the file. */
#include <stdio.h>

#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/verb.h"
#include "core/alloc.h"
#include "headroom/inspect.h"

typedef struct inspect_values {
  hr_inspect_options options;
  bool trusted;
  hr_habits habits;
} inspect_values;

static void set_defaults(void *values) {
  *(inspect_values *)values = (inspect_values){.options = hr_inspect_options_default()};
}

/* The same in this process; *text is freed with hr_text_free. */
static hr_status inspect_here(const char *path, const hr_inspect_options *options,
                              bool *is_usable, char **text, hr_error *err) {
  hr_status status = HR_OK;
  hr_inspection *inspection = NULL;
  hr_inspect_info info = {.size = sizeof info};
  HR_TRY(hr_inspect(path, options, &inspection, err));
  HR_TRY(hr_inspection_get_info(inspection, &info, err));
  *is_usable = info.is_usable;
  HR_TRY(hr_copy_text(info.text, text, err));
cleanup:
  hr_inspection_destroy(&inspection);
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  const inspect_values *given = values;
  hr_inspect_options options = given->options;
  char *text = NULL;
  bool is_usable = false;
  hr_display display;
  hr_interrupt_watch();
  hr_habits_begin(&given->habits, &display);
  hr_observer observer = hr_display_observer(&display);
  options.observer = &observer;
  hr_status status = given->trusted
                         ? inspect_here(operand, &options, &is_usable, &text, err)
                         : hr_inspect_guarded(operand, &options, &is_usable, &text, err);
  hr_display_fini(&display);
  if (status == HR_OK) {
    if (!given->habits.quiet) fputs(text, stdout);
    fflush(stdout); /* the closing line comes behind it, also on a terminal */
    if (!is_usable) {
      status = hr_fail(err, HR_ERR_DATA, "no study can read %s; see the problems above",
                       operand);
    }
  }
  hr_text_free(text);
  return status;
}

static const hr_option options[] = {
    {.name = "quick",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(inspect_values, options.skip_spectra),
     .help = "leave the spectra unread; labels and layout only"},
    {.name = "json",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(inspect_values, options.as_json),
     .help = "as a JSON object, for programs"},
    {.name = "paths",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(inspect_values, options.paths),
     .value = "PAIRS",
     .help = "where arrays stand, as data.paths: flux=/spectra/flux,wave=/w"},
    {.name = "trusted",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(inspect_values, trusted),
     .help = "read the file in this process, on all processors and without limits"},
    HR_HABITS(inspect_values, habits),
};

const hr_verb hr_verb_inspect = {
    .grammar = {.verb = "inspect",
                .operand = "FILE",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "say what is in a data file, and what is wrong with it",
    .details =
        "Prints the arrays and how they are stored, the range of every label, the\n"
        "distribution of the SNR, the rows of each of the nine bins, and problems that "
        "a\n"
        "study would stumble over. Exit code 3: no study can read the file.\n"
        "\n"
        "A child process reads the file, with limits on time and memory that follow from "
        "its\n"
        "size: a damaged or a made-up file can crash or hang the HDF5 library.",
    .values_size = sizeof(inspect_values),
    .set_defaults = set_defaults,
    .run = run,
};
