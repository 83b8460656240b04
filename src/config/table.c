/* The grammar of a configuration: every section and every field, with default, range and
 * help. docs/configuration.md and the resolved config.yaml are made from these tables.
 */
#include "config/table.h"

#include <math.h>
#include <string.h>

#include "data/doubts.h"

#define FIELD(member) .offset = offsetof(hr_config, member)
#define COUNT(array)  (sizeof(array) / sizeof(array)[0])

/* Defaults are the numbers of the study "MOE-CEILING-C1-01" (examples/). */

static const hr_field experiment_fields[] = {
    {.name = "id",
     .kind = HR_FIELD_TEXT,
     FIELD(experiment.id),
     .help = "The name of the study, in the heading of every report."},
    {.name = "language",
     .kind = HR_FIELD_TEXT,
     FIELD(experiment.language),
     .default_text = "en",
     .choices = "zh|en",
     .help = "The language of the report's body; headings and most figures are English."},
};

static const hr_field data_fields[] = {
    {.name = "train",
     .kind = HR_FIELD_TEXTS,
     FIELD(data.train),
     .least_count = 1,
     .help = "HDF5 shards to train on, relative to root; brace ranges such as "
             "part_{0..4}.h5, lists such as {a,b} and globs."},
    {.name = "test",
     .kind = HR_FIELD_TEXT,
     FIELD(data.test),
     .help = "The HDF5 file of the test set, relative to root."},
    {.name = "root",
     .kind = HR_FIELD_TEXT,
     FIELD(data.root),
     .default_text = ".",
     .help = "The folder of the data, relative to the folder of the configuration."},
    {.name = "target",
     .kind = HR_FIELD_TEXTS,
     FIELD(data.target),
     .default_text = "log_g",
     .least_count = 1,
     .is_often_one = true,
     .help = "The label column that is predicted, or a list of them: one study, with "
             "tables, figures, gate and report of each."},
    {.name = "id",
     .kind = HR_FIELD_TEXTS,
     FIELD(data.id),
     .default_text = "[]",
     .help = "Label columns of the test set, numbers, that say which star a row is: they "
             "are copied into predictions.csv, which then joins with other tables."},
    {.name = "labels_id",
     .kind = HR_FIELD_TEXT,
     FIELD(data.labels_id),
     .default_text = "none",
     .may_be_none = true,
     .help = "With labels: the column that names the star, in the tables and among the "
             "labels of the files of spectra, or the path of an array in these, such as "
             "/obj_id; none: by the column row, the number in the set or the file from "
             "0, or where there is none line by line."},
    {.name = "unlabelled",
     .kind = HR_FIELD_TEXT,
     FIELD(data.unlabelled),
     .default_text = "refuse",
     .choices = "refuse|exclude",
     .help = "What becomes of rows, training and test, that have no number for a target "
             "or an axis of the bins: the study is refused, or they are left out and "
             "counted."},
    {.name = "untrusted",
     .kind = HR_FIELD_BOOL,
     FIELD(data.untrusted),
     .default_text = "false",
     .help = "Whether all data files are first read in a child process with limits on "
             "memory and time, as a damaged or a made-up file can crash or hang the HDF5 "
             "library; costs one more pass over them."},
    {.name = "index",
     .kind = HR_FIELD_TEXT,
     FIELD(data.index),
     .default_text = "ignore",
     .choices = "ignore|rows",
     .help = "What the index of the label frames says: nothing, row i of the labels "
             "belongs to spectrum i (ignore), or which spectrum of its file a row of "
             "labels belongs to, counted from the smallest number (rows)."},
    {.name = "allow",
     .kind = HR_FIELD_TEXTS,
     FIELD(data.allow),
     .default_text = "[]",
     .choices = HR_DOUBT_CHOICES,
     .help = "Doubts about the data, by the code that the message names, for which the "
             "study is not refused; they are warnings then."},
    {.name = "clip",
     .kind = HR_FIELD_TEXT,
     FIELD(data.clip),
     .default_text = "auto",
     .choices = "auto|true|false",
     .help = "Whether noise-free flux below 0 becomes 0, before noise is added: auto, "
             "unless flux around or below 0 is the rule in the training rows, or they "
             "stand on a pedestal."},
    {.name = "mask",
     .kind = HR_FIELD_TEXTS,
     FIELD(data.mask),
     .default_text = "auto",
     .least_count = 1,
     .help =
         "What in the files' mask marks a pixel as bad: auto, every value but 0; none, "
         "nothing; a list of the numbers of bits, from 0, or one number whose bits "
         "they are."},
    {.name = "reject_outliers",
     .kind = HR_FIELD_BOOL,
     FIELD(data.reject_outliers),
     .default_text = "false",
     .help =
         "Whether training rows without a good pixel, which are refused otherwise, and "
         "rows whose flux is far beyond that of all others are left out; costs one "
         "more pass over the training rows."},
    {.name = "rv",
     .kind = HR_FIELD_TEXT,
     FIELD(data.rv),
     .default_text = "0",
     .help = "The radial velocity of the rows, training and test, by which all spectra "
             "are brought to rest before anything else: 0, they are at rest; fit, "
             "measured with the model grid; else the label that holds it, km/s."},
    {.name = "rv_range",
     .kind = HR_FIELD_NUMBERS,
     FIELD(data.rv_range),
     .default_text = "[-500, 500]",
     .minimum = -3000,
     .maximum = 3000,
     .order = HR_FIELD_INCREASING,
     .least_count = 2,
     .help = "From and to which velocity fit looks, km/s; what of the pixels' range such "
             "velocities move out of it is left out of all rows."},
    {.name = "rows",
     .kind = HR_FIELD_INTEGER,
     FIELD(data.rows),
     .default_text = "0",
     .minimum = 0,
     .maximum = HR_FIELD_MOST_INTEGER,
     .help = "How many of the training rows are taken, drawn at random over all files by "
             "selection.seed, so that fewer are some of more; 0: all. Test rows are "
             "always all."},
};

static const hr_field noise_fields[] = {
    {.name = "level",
     .kind = HR_FIELD_NUMBER,
     FIELD(data.noise.level),
     .default_text = "1.0",
     .minimum = 0,
     .maximum = INFINITY,
     .help = "The noise that is added to each pixel, in units of its one-sigma error; 0 "
             "is exactly clean."},
    {.name = "seed",
     .kind = HR_FIELD_INTEGER,
     FIELD(data.noise.seed),
     .default_text = "42",
     .minimum = 0,
     .maximum = HR_FIELD_MOST_INTEGER,
     .help = "The seed of the noise."},
    {.name = "test",
     .kind = HR_FIELD_TEXT,
     FIELD(data.noise.test),
     .default_text = "stored",
     .choices = "stored|generated",
     .help = "Whether the noisy test spectra are those stored in the test file or are "
             "drawn from the seed."},
};

static const hr_field binning_fields[] = {
    {.name = "T_eff",
     .kind = HR_FIELD_NUMBERS,
     FIELD(binning.T_eff),
     .default_text = "[3750, 4500, 5250, 6000]",
     .minimum = -INFINITY,
     .maximum = INFINITY,
     .order = HR_FIELD_INCREASING,
     .least_count = 2,
     .help = "The edges of the bins along T_eff, in K; half-open, the last one closed."},
    {.name = "M_H",
     .kind = HR_FIELD_NUMBERS,
     FIELD(binning.M_H),
     .default_text = "[-2.0, -1.0, 0.0, 0.5]",
     .minimum = -INFINITY,
     .maximum = INFINITY,
     .order = HR_FIELD_INCREASING,
     .least_count = 2,
     .help = "The edges of the bins along [M/H], in dex; bin = T * (bins of M_H) + M."},
    {.name = "focus",
     .kind = HR_FIELD_NUMBERS,
     FIELD(binning.focus),
     .default_text = "[]",
     .minimum = 0,
     .maximum = HR_MOST_BINS - 1,
     .order = HR_FIELD_DISTINCT,
     .whole = true,
     .may_be_all = true,
     .help = "The bins that the study asks about; where there are none, no criterion of "
             "the gate is about them."},
    {.name = "uncovered",
     .kind = HR_FIELD_TEXT,
     FIELD(binning.uncovered),
     .default_text = "exclude",
     .choices = "exclude|global|nearest",
     .help = "What predicts rows outside the edges: nothing, the global model, or the "
             "nearest bin."},
    {.name = "at_risk_below",
     .kind = HR_FIELD_INTEGER,
     FIELD(binning.at_risk_below),
     .default_text = "1000",
     .minimum = 0,
     .maximum = HR_FIELD_MOST_INTEGER,
     .help = "A bin with fewer training rows is marked as at risk."},
    {.name = "allow_target",
     .kind = HR_FIELD_BOOL,
     FIELD(binning.allow_target),
     .default_text = "false",
     .help = "Whether the target may be one of the axes, so that the true bin tells part "
             "of the answer; the report then says so."},
};

static const hr_field selection_fields[] = {
    {.name = "by",
     .kind = HR_FIELD_TEXT,
     FIELD(selection.by),
     .default_text = "cv",
     .choices = "cv|test",
     .help = "What chooses alphas and experts: cross-validation on training rows, or the "
             "test rows themselves, which is optimistic."},
    {.name = "folds",
     .kind = HR_FIELD_INTEGER,
     FIELD(selection.folds),
     .default_text = "5",
     .minimum = 2,
     .maximum = HR_MOST_FOLDS,
     .help = "The folds of cross-validation."},
    {.name = "seed",
     .kind = HR_FIELD_INTEGER,
     FIELD(selection.seed),
     .default_text = "42",
     .minimum = 0,
     .maximum = HR_FIELD_MOST_INTEGER,
     .help = "The seed that deals rows out to folds."},
};

static const hr_field control_fields[] = {
    {.name = "placebo",
     .kind = HR_FIELD_BOOL,
     FIELD(controls.placebo),
     .default_text = "true",
     .help = "Whether Ridge is also trained on random groups of the same sizes as the "
             "bins, which tells what partitioning does by itself; only where ridge is "
             "among the experts."},
    {.name = "leakage",
     .kind = HR_FIELD_BOOL,
     FIELD(controls.leakage),
     .default_text = "true",
     .help = "Whether Ridge is also trained on the error of the spectra alone, with a "
             "warning where that predicts the label."},
};

#define GATE_FIELD(member, default_value, sentence)                                     \
  {                                                                                     \
    .name = #member, .kind = HR_FIELD_NUMBER, FIELD(gate.member),                       \
    .default_text = default_value, .minimum = -INFINITY, .maximum = 1, .help = sentence \
  }

static const hr_field gate_fields[] = {
    GATE_FIELD(oracle_r2, "0.70", "Pass: the hybrid's R2 is at least this."),
    GATE_FIELD(delta_r2, "0.05",
               "Pass: the hybrid's R2 is at least this much above the Ridge oracle's."),
    GATE_FIELD(insufficient_below, "0.65",
               "Insufficient: the hybrid's R2 is below this."),
    GATE_FIELD(focus_delta_r2, "0.05",
               "Pass: every focus bin gains at least this much R2 over its Ridge."),
    {.name = "mixture_delta_r2",
     .kind = HR_FIELD_NUMBER,
     FIELD(gate.mixture_delta_r2),
     .default_text = "none",
     .minimum = -INFINITY,
     .maximum = 1,
     .may_be_none = true,
     .help = "Pass: with perfect routing the hybrid's R2 is at least this much above the "
             "best single model's; none: not judged."},
    {.name = "rho",
     .kind = HR_FIELD_NUMBER,
     FIELD(gate.rho),
     .default_text = "none",
     .minimum = -INFINITY,
     .maximum = 1,
     .may_be_none = true,
     .help = "Pass: the deployed gate keeps at least this share of what perfect routing "
             "gains over the baseline's global model; none: not judged."},
    {.name = "name",
     .kind = HR_FIELD_TEXT,
     FIELD(gate.name),
     .default_text = "none",
     .may_be_none = true,
     .help = "What the study calls its decision gate."},
};

#define NEXT_FIELD(key, subject, verdict, sentence)                                  \
  {                                                                                  \
    .name = key, .kind = HR_FIELD_TEXT, FIELD(gate.on_##verdict[HR_GATE_##subject]), \
    .default_text = "none", .may_be_none = true, .help = sentence                    \
  }
#define NEXT_FIELDS(verdict)                                                         \
  {                                                                                  \
    NEXT_FIELD("oracle_r2", ORACLE_R2, verdict, "Of oracle_r2."),                    \
        NEXT_FIELD("delta_r2", DELTA_R2, verdict, "Of delta_r2."),                   \
        NEXT_FIELD("insufficient", INSUFFICIENT, verdict, "Of insufficient_below."), \
        NEXT_FIELD("focus_bins", FOCUS_BINS, verdict, "Of focus_delta_r2."),         \
        NEXT_FIELD("mixture_delta_r2", MIXTURE, verdict, "Of mixture_delta_r2."),    \
        NEXT_FIELD("rho", RHO, verdict, "Of rho."),                                  \
  }

static const hr_field on_pass_fields[] = NEXT_FIELDS(pass);
static const hr_field on_fail_fields[] = NEXT_FIELDS(fail);

static const hr_field run_fields[] = {
    {.name = "memory_mib",
     .kind = HR_FIELD_INTEGER,
     FIELD(run.memory_mib),
     .default_text = "4096",
     .minimum = 1,
     .maximum = 1 << 30,
     .help = "The memory that the whole program may use, in MiB."},
    {.name = "block_rows",
     .kind = HR_FIELD_INTEGER,
     FIELD(run.block_rows),
     .default_text = "0",
     .minimum = 0,
     .maximum = HR_FIELD_MOST_INTEGER,
     .help = "Rows that are read at a time; 0: as many as the memory allows. Results do "
             "not depend on it."},
    {.name = "model",
     .kind = HR_FIELD_TEXT,
     FIELD(run.model),
     .default_text = "compact",
     .choices = "full|compact|none",
     .help = "The folder model/ that `headroom predict` takes: full, its predictions are "
             "those of the study bit for bit; compact, templates of the posterior mean "
             "are rounded, to 1e-4 of the target; none."},
};

static const hr_field page_fields[] = {
    {.name = "page",
     .kind = HR_FIELD_TEXT,
     .offset = offsetof(hr_config_page, page),
     .help = "A Markdown file, relative to the folder of the configuration."},
    {.name = "block",
     .kind = HR_FIELD_TEXT,
     .offset = offsetof(hr_config_page, block),
     .help = "The name of the block in it that is rewritten; the rest stays."},
};

const hr_field hr_config_baseline_field = {
    .name = "r2",
    .kind = HR_FIELD_NUMBER,
    .offset = offsetof(hr_config_baseline, r2),
    .minimum = -INFINITY,
    .maximum = 1,
    .help = "The R2 of a method outside this study.",
};

static const hr_field figure_fields[] = {
    {.name = "titles",
     .kind = HR_FIELD_BOOL,
     FIELD(figures.titles),
     .default_text = "true",
     .help = "Whether figures have a title above them; papers want none."},
};

static const char *const top_names[] = {"experiment", "data",    "binning",   "selection",
                                        "experts",    "gates",   "baselines", "controls",
                                        "gate",       "figures", "publish",   "run"};
const hr_config_section hr_config_top = {
    .path = "", .help = "", .more = top_names, .more_count = COUNT(top_names)};

const hr_config_section hr_config_pages = {
    .path = "publish",
    .help = "Markdown pages that the key numbers are written into: a list of mappings.",
    .fields = page_fields,
    .count = COUNT(page_fields)};

static const char *const data_more[] = {"noise", "units", "columns", "paths", "labels"};
static const char *const gate_more[] = {"on_pass", "on_fail"};
static const char *const binning_more[] = {"axes", "names"};

static const hr_config_section sections[] = {
    {"experiment", "What the study is called.", experiment_fields,
     COUNT(experiment_fields), NULL, 0},
    {"data", "What is read.", data_fields, COUNT(data_fields), data_more,
     COUNT(data_more)},
    {"data.noise", "The noise that is added.", noise_fields, COUNT(noise_fields), NULL,
     0},
    {"binning", "The grid of bins, one expert each.", binning_fields,
     COUNT(binning_fields), binning_more, COUNT(binning_more)},
    {"selection", "How settings and experts are chosen.", selection_fields,
     COUNT(selection_fields), NULL, 0},
    {"controls", "What is trained beside the experts and not compared with them.",
     control_fields, COUNT(control_fields), NULL, 0},
    {"gate", "The thresholds of the verdict.", gate_fields, COUNT(gate_fields), gate_more,
     COUNT(gate_more)},
    {"gate.on_pass",
     "What the study does next where a criterion passes, in its own words.",
     on_pass_fields, COUNT(on_pass_fields), NULL, 0},
    {"gate.on_fail", "The same where it fails.", on_fail_fields, COUNT(on_fail_fields),
     NULL, 0},
    {"figures", "How figures look; no number changes with it.", figure_fields,
     COUNT(figure_fields), NULL, 0},
    {"run", "What the machine may give.", run_fields, COUNT(run_fields), NULL, 0},
};

const hr_config_section *hr_config_sections(size_t *count) {
  *count = COUNT(sections);
  return sections;
}

const hr_config_section *hr_config_find_section(const char *path) {
  for (size_t i = 0; i < COUNT(sections); i++) {
    if (strcmp(sections[i].path, path) == 0) return &sections[i];
  }
  return NULL;
}

hr_config_section hr_config_expert_section(const hr_method *type, const char *path) {
  return (hr_config_section){.path = path,
                             .help = type->summary,
                             .fields = type->fields,
                             .count = type->field_count};
}

const char *hr_config_study_bin_name(size_t k) {
  static const char *const names[] = {"Cool Poor", "Cool Solar", "Cool Rich",
                                      "Mid Poor",  "Mid Solar",  "Mid Rich",
                                      "Hot Poor",  "Hot Solar",  "Hot Rich"};
  return names[k];
}
