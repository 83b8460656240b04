/* `headroom predict`: labels of new spectra from what a study trained. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/array_option.h"
#include "cli/file_list.h"
#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/table_names.h"
#include "cli/verb.h"
#include "cli/world_mpi.h"
#include "compute/compute.h"
#include "core/alloc.h"
#include "core/observe.h"
#include "headroom/predict.h"

typedef struct predict_values {
  hr_strings files;
  const char *out, *router, *expert, *keep, *each, *array, *list, *mask_bits;
  const char *plot, *plot_dir;
  hr_predict_flux flux;
  hr_predict_index index;
  hr_predict_format format;
  uint64_t memory_mib, block_rows;
  bool dry_run, skip_existing;
  hr_habits habits;
} predict_values;

static void set_defaults(void *values) {
  predict_values *given = values;
  given->memory_mib = 512;
  given->format = HR_PREDICT_AUTO;
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
  options.mask_bits = given->mask_bits;
  options.format = given->format;
  options.memory_bytes = given->memory_mib << 20;
  options.block_rows = given->block_rows;
  return options;
}

static hr_status predict(const predict_values *given, const hr_predict_options *options,
                         const hr_observer *observer, hr_error *err) {
  char *text = NULL;
  hr_status status = hr_compute_reserve(err);
  if (status != HR_OK) return status;
  status = given->dry_run ? hr_predict_describe(options, observer, &text, err)
                          : hr_predict(options, observer, NULL, &text, err);
  if (status == HR_OK && !given->habits.quiet) fputs(text, stdout);
  hr_text_free(text);
  return status;
}

/* Beside the table, or the tables of files. */
static hr_status plot(const predict_values *given, const hr_predict_options *options,
                      const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  char *text = NULL, *folder = NULL;
  const char *beside = given->each ? given->each : ".";
  const char *slash = given->out && !given->each ? strrchr(given->out, '/') : NULL;
  HR_TRY(hr_copy_text(slash ? given->out : beside, &folder, err));
  if (slash) folder[slash == given->out ? 1 : slash - given->out] = '\0';
  HR_TRY(hr_predict_plot(options, given->plot, given->plot_dir ? given->plot_dir : folder,
                         observer, &text, err));
  if (!given->habits.quiet) fputs(text, stdout);
cleanup:
  hr_text_free(text);
  hr_free(folder);
  return status;
}

/* What was not possible for a file ends neither what is done for others nor what a later
 * one is good for. */
typedef struct file_tally {
  size_t asked, failed;
  size_t at, first_at; /* the file now, and the first that failed */
  hr_error first;
  hr_error last; /* what ended it; HR_OK: nothing did */
} file_tally;

static hr_status predict_file(const predict_values *given, hr_predict_options *options,
                              const hr_observer *observer, file_tally *tally,
                              hr_error *err) {
  hr_error reason = {.status = HR_OK};
  bool is_there = given->skip_existing && access(options->out, F_OK) == 0;
  tally->asked++;
  if (is_there) return HR_OK;
  hr_status status = predict(given, options, observer, &reason);
  if (status == HR_OK) return HR_OK;
  if (status == HR_ERR_INTERRUPTED || status == HR_ERR_USAGE) {
    return hr_fail(err, status, "%s", reason.message);
  }
  if (tally->failed++ == 0) {
    tally->first = reason;
    tally->first_at = tally->at;
  }
  hr_observe_warning(observer, "%s", reason.message);
  return HR_OK;
}

/* The files of one element, or of one rank: every N-th from the I-th on. */
static hr_status predict_share(const predict_values *given, const char *model,
                               const hr_observer *observer, const hr_world *world,
                               file_tally *tally, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings names = {0};
  size_t element = hr_world_rank(world), count = hr_world_size(world);
  hr_predict_options options = take(given, model);
  bool is_fits = given->format == HR_PREDICT_FITS || given->format == HR_PREDICT_PFSSTAR;
  const char *extension = given->format == HR_PREDICT_HDF5 ? ".h5"
                          : is_fits                        ? ".fits"
                                                           : ".csv";
  if (given->array) HR_TRY(hr_array_option_read(given->array, &element, &count, err));
  HR_TRY(hr_table_names_make(&given->files, given->each, extension, &names, err));
  for (size_t i = element; i < given->files.count; i += count) {
    const char *const file = given->files.items[i];
    options.files = &file;
    options.file_count = 1;
    options.out = names.items[i];
    tally->at = i;
    HR_TRY(predict_file(given, &options, observer, tally, err));
  }
cleanup:
  hr_strings_fini(&names);
  return status;
}

/* One tally of all ranks: of failures the first by the order of the files. */
static hr_status add_up(const hr_world *world, const file_tally *tallies, file_tally *sum,
                        hr_error *err) {
  *sum = (file_tally){0};
  for (size_t r = 0; r < hr_world_size(world); r++) {
    const file_tally *own = &tallies[r];
    char name[HR_WORLD_NAME_BYTES], sentence[HR_ERROR_MESSAGE_BYTES];
    hr_world_name(world, r, name);
    snprintf(sentence, sizeof sentence, "%s", own->last.message);
    if (own->last.status != HR_OK && r > 0) {
      return hr_fail(err, own->last.status, "%s: %s", name, sentence);
    }
    if (own->last.status != HR_OK) return hr_fail(err, own->last.status, "%s", sentence);
    bool is_first = own->failed > 0 && (!sum->failed || own->first_at < sum->first_at);
    if (is_first) {
      sum->first_at = own->first_at;
      sum->first = own->first;
    }
    sum->asked += own->asked;
    sum->failed += own->failed;
  }
  return HR_OK;
}

static hr_status judge(const file_tally *tally, hr_error *err) {
  if (tally->failed == 0) return HR_OK;
  return hr_fail(err, tally->first.status,
                 "%zu of %zu files could not be predicted, the first of them: %s",
                 tally->failed, tally->asked, tally->first.message);
}

/* All ranks end with what rank 0 says of the tallies. */
static hr_status conclude(hr_world *world, const file_tally *own, hr_error *err) {
  hr_status status = HR_OK, found = HR_OK;
  file_tally *all = NULL, sum;
  bool is_host = hr_world_rank(world) == 0;
  if (is_host) HR_TRY(hr_alloc(&all, hr_world_size(world), err));
  HR_TRY(hr_world_gather(world, own, sizeof *own, all, err));
  if (is_host) found = add_up(world, all, &sum, err);
  if (is_host && found == HR_OK) found = judge(&sum, err);
  int code = (int)found;
  HR_TRY(hr_world_broadcast(world, &code, sizeof code, err));
  found = (hr_status)code;
  if (!is_host && found != HR_OK) hr_fail(err, found, "%s", "");
cleanup:
  hr_free(all);
  if (status == HR_OK) return found;
  hr_world_break(world);
  return status;
}

/* A table for each file, by this process or by the ranks of its world. */
static hr_status predict_each(const predict_values *given, const char *model,
                              const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  hr_world *world = NULL;
  file_tally tally;
  memset(&tally, 0, sizeof tally); /* all bytes travel */
  if (!given->array) HR_TRY(hr_world_create(hr_world_mpi(), &world, err));
  if (!hr_world_is_alone(world)) hr_interrupt_watch_forwarded();
  status = predict_share(given, model, observer, world, &tally, err);
  if (status != HR_OK) hr_fail(&tally.last, status, "%s", err->message);
  status = conclude(world, &tally, err);
  hr_world_leave(&world, status, err);
cleanup:
  return status;
}

/* Options that go together, and those that do not. */
static hr_status check_options(const predict_values *given, hr_error *err) {
  bool is_launched = hr_world_find_launch().is_launched;
  const char *without = given->array ? "--array" : "--skip-existing";
  if (given->each && given->out) {
    return hr_fail(err, HR_ERR_USAGE,
                   "--out names one table and --each the folder of one for each file; "
                   "give one");
  }
  if ((given->array || given->skip_existing) && !given->each) {
    return hr_fail(err, HR_ERR_USAGE,
                   "%s is for tables of a file each; name their folder with --each",
                   without);
  }
  if (given->plot && (given->array || is_launched)) {
    return hr_fail(err, HR_ERR_USAGE,
                   "--plot is for one process, which looks through all files; leave it "
                   "out, and plot by a call of its own");
  }
  if (given->plot_dir && !given->plot) {
    return hr_fail(err, HR_ERR_USAGE,
                   "--plot-dir is where the pages of stars go; name them with --plot");
  }
  if (is_launched && given->array) {
    return hr_fail(err, HR_ERR_USAGE,
                   "--array is for one process, and a launcher started several ranks; "
                   "leave it out, or start the program once");
  }
  if (is_launched && !given->each) {
    return hr_fail(err, HR_ERR_USAGE,
                   "a launcher started several ranks, which take files with a table of "
                   "each; name their folder with --each, or start the program once");
  }
  return HR_OK;
}

static hr_status predict_files(const predict_values *given, const char *operand,
                               hr_error *err) {
  const hr_predict_options options = take(given, operand);
  hr_display display;
  hr_status status = HR_OK;
  hr_interrupt_watch();
  hr_interrupt_outlive_readers();
  hr_habits_begin(&given->habits, &display);
  hr_observer observer = hr_display_observer(&display);
  /* Of several ranks the first shows how far it is; what others warn of names its file.
   */
  if (hr_world_find_launch().rank > 0) observer.progress = NULL;
  /* A star that is not there is known before hours of predictions. */
  if (given->plot && !given->dry_run) {
    HR_TRY(plot(given, &options, &observer, err));
  }
  HR_TRY(given->each ? predict_each(given, operand, &observer, err)
                     : predict(given, &options, &observer, err));
cleanup:
  hr_display_fini(&display);
  return status;
}

/* Files of the list come behind those of the command line. */
static hr_status run(const void *values, const char *operand, hr_error *err) {
  hr_status status = HR_OK;
  predict_values given = *(const predict_values *)values;
  hr_strings files = {0};
  HR_TRY(check_options(&given, err));
  for (size_t i = 0; i < given.files.count; i++) {
    HR_TRY(hr_strings_append(&files, given.files.items[i], err));
  }
  if (given.list) HR_TRY(hr_file_list_read(given.list, &files, err));
  given.files = files;
  HR_TRY(predict_files(&given, operand, err));
cleanup:
  hr_strings_fini(&files);
  return status;
}

static const hr_option options[] = {
    {.name = "out",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, out),
     .value = "PREDICTIONS",
     .help = "the table: .csv, .h5 or .fits (predictions.csv)"},
    {.name = "list",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, list),
     .value = "NAMES",
     .help = "a file that names more FILEs, one a line"},
    {.name = "each",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, each),
     .value = "DIR",
     .help = "a table for each file instead, in this folder"},
    {.name = "array",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, array),
     .value = "I/N",
     .help = "with --each: every N-th file from the I-th on; auto: by Slurm"},
    {.name = "skip-existing",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(predict_values, skip_existing),
     .help = "with --each: leave files that have their table"},
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
     .choices = "csv|hdf5|fits|pfsstar|auto",
     .help = "of the table; auto: as --out ends, else csv"},
    {.name = "mask-bits",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, mask_bits),
     .value = "BAD,CR,...",
     .help = "bits of a survey's mask that count (docs/survey-files.md)"},
    {.name = "plot",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, plot),
     .value = "ID,...",
     .help = "draw a page of these stars, too"},
    {.name = "plot-dir",
     .kind = HR_OPTION_TEXT,
     .offset = offsetof(predict_values, plot_dir),
     .value = "DIR",
     .help = "where (beside the table)"},
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
                .more_unless = "list",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "predict the labels of new spectra with a run's models",
    .details =
        "MODEL is a run directory, or the folder `model` of one, wherever it was "
        "copied.\n"
        "FILEs are laid out as the study's (docs/formats.md), or FITS files of a survey\n"
        "(docs/survey-files.md); their labels are needed only by the routers oracle and\n"
        "nearest, and by --keep. The table has a row for every spectrum, with flags that "
        "say\n"
        "when not to trust it; a spectrum that cannot be predicted has none but flags. "
        "It is\n"
        "whole when it is there. Prints how many rows have which flag.\n"
        "\n"
        "hdf5 is for pandas.read_hdf; pfsstar has the columns of a catalogue of PFS.\n"
        "\n"
        "With --each DIR every FILE has a table of its own, DIR/PATH.csv with _ for /,\n"
        "and one that cannot be predicted leaves the others be; the jobs of an array\n"
        "take their files by --array I/N, I from 0, or auto, and ranks that mpirun\n"
        "started by their number.\n"
        "\n"
        "With --plot a star has a page: its spectrum, the nearest template, and what "
        "every\n"
        "expert says of its labels. IDs are those of a survey's file or of a column "
        "that\n"
        "--keep names, and rows, from 0, where there are none.",
    .takes_ranks = true,
    .values_size = sizeof(predict_values),
    .set_defaults = set_defaults,
    .run = run,
};
