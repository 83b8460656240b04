/* `headroom compare`: runs held against one another, on the same stars. */
#include <stdio.h>

#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/verb.h"
#include "core/alloc.h"
#include "headroom/compare.h"

typedef struct compare_values {
  hr_strings others;
  const char *target, *out;
  bool json;
  hr_habits habits;
} compare_values;

static hr_status compare(const compare_values *given, const char *const *dirs,
                         size_t count, const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  hr_comparison *comparison = NULL;
  char *text = NULL;
  hr_compare_options options = hr_compare_options_default();
  options.target = given->target;
  HR_TRY(hr_compare(dirs, count, &options, &comparison, err));
  HR_TRY(hr_comparison_text(
      comparison, given->json ? HR_COMPARISON_JSON : HR_COMPARISON_TEXT, &text, err));
  if (given->out) HR_TRY(hr_comparison_write(comparison, given->out, observer, err));
  if (given->json || !given->habits.quiet) fputs(text, stdout);
cleanup:
  hr_text_free(text);
  hr_comparison_close(&comparison);
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  const compare_values *given = values;
  hr_status status = HR_OK;
  const char **dirs = NULL;
  hr_display display;
  hr_interrupt_watch();
  hr_habits_begin(&given->habits, &display);
  hr_observer observer = hr_display_observer(&display);
  HR_TRY(hr_alloc(&dirs, given->others.count + 1, err));
  dirs[0] = operand;
  for (size_t k = 0; k < given->others.count; k++) dirs[k + 1] = given->others.items[k];
  HR_TRY(compare(given, dirs, given->others.count + 1, &observer, err));
cleanup:
  hr_display_fini(&display);
  hr_free(dirs);
  return status;
}

static const hr_option options[] = {
    {.name = "target",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(compare_values, target),
     .value = "LABEL",
     .help = "which label (the first of the first run)"},
    {.name = "out",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(compare_values, out),
     .value = "FOLDER",
     .help = "write tables, figure and page there too"},
    {.name = "json",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(compare_values, json),
     .help = "print every number as JSON"},
    HR_HABITS(compare_values, habits),
};

const hr_verb hr_verb_compare = {
    .grammar = {.verb = "compare",
                .operand = "DIR",
                .more = "DIR",
                .more_offset = offsetof(compare_values, others),
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .values_size = sizeof(compare_values),
    .summary = "hold runs against one another, on the same stars",
    .details =
        "DIRs are run directories; all are compared with the first. Test rows are found\n"
        "by the label that data.id names, where every run has it, else by their number,\n"
        "and the truth has to be the same. Numbers are taken anew on the rows that all\n"
        "runs have, differences with paired 95 % intervals: the ladder, every method,\n"
        "the headline by bin and by signal-to-noise ratio. Ends with what differs in\n"
        "configuration and data.",
    .run = run,
};
