#include <stdio.h>

#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "headroom/inspect.h"

static hr_status run(const void *values, const char *operand, hr_error *err) {
  hr_inspect_options options = *(const hr_inspect_options *)values;
  hr_inspection *inspection = NULL;
  hr_display display;
  hr_interrupt_watch();
  hr_display_init(&display, stderr);
  hr_observer observer = hr_display_observer(&display);
  options.observer = &observer;
  hr_status status = hr_inspect(operand, &options, &inspection, err);
  hr_display_fini(&display);
  if (status == HR_OK) {
    fputs(inspection->text, stdout);
    fflush(stdout); /* the closing line comes behind it, also on a terminal */
    if (!inspection->is_usable) {
      status = hr_fail(err, HR_ERR_DATA, "no study can read %s; see the problems above",
                       operand);
    }
  }
  hr_inspection_destroy(&inspection);
  return status;
}

static const hr_option options[] = {
    {.name = "quick",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(hr_inspect_options, skip_spectra),
     .help = "leave the spectra unread; labels and layout only"},
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
        "study would stumble over. Exit code 3: no study can read the file.",
    .values_size = sizeof(hr_inspect_options),
    .run = run,
};
