/* `headroom predict`: labels of new spectra from what a study trained. */
#include <stdio.h>

#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/verb.h"
#include "headroom/predict.h"

typedef struct predict_values {
  hr_strings files;
  const char *out, *router, *expert, *keep;
  hr_predict_flux flux;
  hr_predict_index index;
  hr_predict_format format;
  uint64_t memory_mib, block_rows;
  bool dry_run;
  hr_habits habits;
} predict_values;

static void set_defaults(void *values) {
  predict_values *given = values;
  given->memory_mib = 512;
}

static hr_predict_options take(const predict_values *given, const char *model) {
  hr_predict_options options = hr_predict_options_default();
  options.model = model;
  options.files = (const char *const *)given->files.items;
  options.file_count = given->files.count;
  options.out = given->out;
  if (given->router) options.router = given->router;
  options.expert = given->expert;
  options.keep = given->keep;
  options.flux = given->flux;
  options.index = given->index;
  options.format = given->format;
  options.memory_bytes = given->memory_mib << 20;
  options.block_rows = given->block_rows;
  return options;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  const predict_values *given = values;
  const hr_predict_options options = take(given, operand);
  char *text = NULL;
  hr_display display;
  hr_interrupt_watch();
  hr_interrupt_outlive_readers();
  hr_habits_begin(&given->habits, &display);
  hr_observer observer = hr_display_observer(&display);
  hr_status status = given->dry_run ? hr_predict_describe(&options, &observer, &text, err)
                                    : hr_predict(&options, &observer, NULL, &text, err);
  hr_display_fini(&display);
  if (status == HR_OK && !given->habits.quiet) fputs(text, stdout);
  hr_text_free(text);
  return status;
}

static const hr_option options[] = {
    {.name = "out",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, out),
     .value = "PREDICTIONS",
     .help = "the table to write (predictions.csv or .h5)"},
    {.name = "router",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, router),
     .value = "ROUTER",
     .help = "global, gate, oracle or nearest (the gate, else global)"},
    {.name = "expert",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, expert),
     .value = "NAME",
     .help = "a method, such as ridge (what validation chose)"},
    {.name = "keep",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, keep),
     .value = "ID,RA,...",
     .help = "label columns to carry along"},
    {.name = "flux",
     .kind = HR_OPTION_CHOICE,
     .offset = offsetof(predict_values, flux),
     .value = "WHICH",
     .choices = "auto|noisy|flux",
     .help = "the array; auto: noisy where there is one"},
    {.name = "index",
     .kind = HR_OPTION_CHOICE,
     .offset = offsetof(predict_values, index),
     .value = "HOW",
     .choices = "ignore|rows",
     .help = "of the labels; rows: puts them in its order"},
    {.name = "format",
     .kind = HR_OPTION_CHOICE,
     .offset = offsetof(predict_values, format),
     .value = "FORMAT",
     .choices = "csv|hdf5",
     .help = "of the table; pandas.read_hdf opens hdf5"},
    {.name = "memory",
     .kind = HR_OPTION_COUNT,
     .offset = offsetof(predict_values, memory_mib),
     .value = "MIB",
     .minimum = 1,
     .maximum = 1 << 24,
     .help = "for spectra, beside the models"},
    {.name = "block-rows",
     .kind = HR_OPTION_COUNT,
     .offset = offsetof(predict_values, block_rows),
     .value = "N",
     .zero_means_absent = true,
     .help = "rows at a time, in steps of 128 (512 or 128 a thread)"},
    {.name = "dry-run",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(predict_values, dry_run),
     .help = "say what would be read and written; write nothing"},
    HR_HABITS(predict_values, habits),
};

const hr_verb hr_verb_predict = {
    .grammar = {.verb = "predict",
                .operand = "MODEL",
                .more = "FILE",
                .more_offset = offsetof(predict_values, files),
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "predict the labels of new spectra with a run's models",
    .details =
        "MODEL is a run directory, or the folder `model` of one, wherever it was "
        "copied.\n"
        "FILEs are laid out as the study's (docs/formats.md); their labels are needed "
        "only\n"
        "by the routers oracle and nearest, and by --keep. The table has a row for "
        "every\n"
        "spectrum, with flags that say when not to trust it; a spectrum that cannot be\n"
        "predicted has none but flags. It is whole when it is there. Prints how many "
        "rows\n"
        "have which flag.",
    .values_size = sizeof(predict_values),
    .set_defaults = set_defaults,
    .run = run,
};
