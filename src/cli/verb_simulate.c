/* `headroom simulate`: every option is a member of hr_simulate_options, whose defaults
 * it shows. */
#include <stdio.h>

#include "cli/habits.h"
#include "cli/interrupt.h"
#include "cli/verb.h"
#include "headroom/simulate.h"

typedef struct simulate_values {
  hr_simulate_options options;
  hr_habits habits;
} simulate_values;

static void set_defaults(void *values) {
  *(simulate_values *)values =
      (simulate_values){.options = hr_simulate_options_default()};
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  (void)operand;
  const simulate_values *given = values;
  const hr_simulate_options *options = &given->options;
  hr_display display;
  hr_interrupt_watch();
  hr_interrupt_outlive_readers();
  hr_habits_begin(&given->habits, &display);
  hr_observer observer = hr_display_observer(&display);
  hr_status status = hr_simulate(options, &observer, err);
  hr_display_fini(&display);
  bool has_study = options->train_rows > 0 && options->test_rows > 0;
  if (status == HR_OK && !given->habits.quiet) {
    printf(has_study ? "%s/study.yaml\n" : "%s\n", options->folder);
  }
  return status;
}

/* Ranges that only hr_simulate can judge (labels, seeing) are left to it. */
#define MEMBER(kind_, member) \
  .kind = kind_, .offset = offsetof(simulate_values, options.member)

static const hr_option options[] = {
    {.name = "out",
     MEMBER(HR_OPTION_TEXT, folder),
     .value = "DIR",
     .required = true,
     .help = "folder to write, made where it does not exist"},
    {.name = "train",
     MEMBER(HR_OPTION_COUNT, train_rows),
     .value = "N",
     .help = "training spectra"},
    {.name = "shards",
     MEMBER(HR_OPTION_COUNT, shards),
     .value = "N",
     .help = "files that the training spectra are shared out to"},
    {.name = "test",
     MEMBER(HR_OPTION_COUNT, test_rows),
     .value = "N",
     .help = "test spectra"},
    {.name = "seed",
     MEMBER(HR_OPTION_COUNT, seed),
     .value = "N",
     .help = "of labels and observing conditions"},
    {.name = "dtype",
     MEMBER(HR_OPTION_CHOICE, dtype),
     .value = "TYPE",
     .choices = "f32|f64",
     .help = "of the arrays: f32 or f64"},
    {.name = "teff",
     MEMBER(HR_OPTION_RANGE, teff),
     .value = "LO,HI",
     .help = "effective temperature, K"},
    {.name = "logg",
     MEMBER(HR_OPTION_RANGE, logg),
     .value = "LO,HI",
     .help = "surface gravity, dex"},
    {.name = "mh",
     MEMBER(HR_OPTION_RANGE, mh),
     .value = "LO,HI",
     .help = "metallicity [M/H], dex"},
    {.name = "instrument",
     MEMBER(HR_OPTION_TEXT, instrument),
     .value = "WHICH",
     .help = "pfs-mr|desi-z|sdss|lamost-red|gaia-rvs or a FILE.yaml"},
    {.name = "from",
     MEMBER(HR_OPTION_TEXT, survey_file),
     .value = "FILE.fits",
     .help = "pixels and errors of a survey's file"},
    {.name = "mag",
     MEMBER(HR_OPTION_RANGE, mag),
     .value = "LO,HI",
     .help = "AB magnitude in HSC i"},
    {.name = "seeing",
     MEMBER(HR_OPTION_RANGE, seeing),
     .value = "LO,HI",
     .help = "FWHM at 800 nm, arcsec"},
    {.name = "zenith-angle",
     MEMBER(HR_OPTION_RANGE, zenith_angle),
     .value = "LO,HI",
     .help = "degrees"},
    {.name = "field-angle",
     MEMBER(HR_OPTION_RANGE, field_angle),
     .value = "LO,HI",
     .help = "distance from the field's centre, degrees"},
    {.name = "exposures",
     MEMBER(HR_OPTION_COUNT, exposures),
     .value = "N",
     .help = "exposures a spectrum"},
    {.name = "exposure-time",
     MEMBER(HR_OPTION_NUMBER, exposure_time),
     .value = "S",
     .help = "seconds of each"},
    {.name = "rv",
     MEMBER(HR_OPTION_RANGE, rv),
     .value = "LO,HI",
     .help = "radial velocity, km/s"},
    {.name = "labels",
     MEMBER(HR_OPTION_CHOICE, labels),
     .value = "HOW",
     .choices = "uniform|lattice",
     .help = "uniform, or on grid nodes but for one a star"},
    {.name = "free-fraction",
     MEMBER(HR_OPTION_NUMBER, free_fraction),
     .value = "F",
     .help = "of lattice: the chance of each label to be that one"},
    {.name = "nodes",
     MEMBER(HR_OPTION_CHOICE, nodes),
     .value = "WHICH",
     .choices = "all|half",
     .help = "of the model grid: all, or every second one"},
    {.name = "noise-model",
     MEMBER(HR_OPTION_CHOICE, noise_model),
     .value = "U|A",
     .choices = "U|A",
     .help = "instrument tables: U of 2021, A of 2024"},
    {.name = "resolving-power",
     MEMBER(HR_OPTION_NUMBER, resolving_power),
     .value = "R",
     .zero_means_absent = true,
     .help = "wavelength / FWHM, at most the grid's own 5000"},
    {.name = "fwhm",
     MEMBER(HR_OPTION_NUMBER, fwhm),
     .value = "X",
     .zero_means_absent = true,
     .help = "angstrom, instead of a resolving power"},
    {.name = "error-scale",
     MEMBER(HR_OPTION_NUMBER, error_scale),
     .value = "X",
     .help = "the error written over the true one"},
    {.name = "mh-offset",
     MEMBER(HR_OPTION_NUMBER, mh_offset),
     .value = "DEX",
     .help = "the [M/H] written less the true one"},
    HR_HABITS(simulate_values, habits),
};

const hr_verb hr_verb_simulate = {
    .grammar = {.verb = "simulate",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "write simulated stars in the layout that `run` reads",
    .details =
        "LO,HI draws uniformly between the two; one number fixes the value. What stands "
        "in\n"
        "brackets is used where nothing is said. Prints the name of a configuration "
        "that\n"
        "`headroom run` takes as it stands, or, where one of the two sets is left out, "
        "the\n"
        "folder's. Files of the same name are replaced if simulate made them.",
    .values_size = sizeof(simulate_values),
    .set_defaults = set_defaults,
    .run = run,
};
