/* results.json: the one source of every number that is printed, drawn or published.
 * Schema headroom/results/1, docs/formats.md. */
#ifndef HR_SCORE_RESULTS_H
#define HR_SCORE_RESULTS_H

#include "choice/assembly.h"
#include "data/doubts.h"
#include "headroom/observer.h"
#include "score/fisher_bound.h"
#include "score/gate.h"
#include "score/settings_json.h"

typedef struct hr_reference_line { /* an outside number */
  const char *name;
  double r2;
} hr_reference_line;

/* A label of the test rows, as predictions.csv repeats it. */
typedef struct hr_results_label {
  const char *name;
  const double *values;    /* [test rows] NaN: not known */
  const int64_t *integers; /* the same where all are whole; or NULL */
} hr_results_label;

/* Where the spectra are from and what was done to them, for whoever reads the report. */
/* Where the labels of a set come from in place of the files of its spectra. */
typedef struct hr_results_labels {
  const hr_strings *tables; /* files, some with "::TABLE"; NULL or none: they do not */
  const char *id;           /* what both have of a star; NULL: joined by rows */
  const hr_strings *names;  /* of the labels that the tables gave */
  size_t rows;              /* of the files of spectra */
  size_t without;           /* rows that have no line in the tables */
  size_t left_out;          /* rows without a label that the study needs */
} hr_results_labels;

typedef struct hr_results_data {
  const hr_strings *train_paths;
  const char *test_path;
  hr_results_labels labels[2]; /* of training and test rows */
  size_t pixels;
  double first_wavelength, last_wavelength; /* ångström */
  double noise_level;                       /* in units of the error */
  int64_t noise_seed;
  const char *noise_test; /* "stored" | "generated" */
  int64_t folds;
  const struct hr_results_velocities
      *velocities; /* or NULL: spectra are as in the files */
} hr_results_data;

/* A set of rows whose velocities were measured; NaN: not known. */
typedef struct hr_results_velocity_set {
  size_t rows, none, edge, doubtful, compared;
  double sigma, bias, scatter, pull; /* km/s; the last one in sigma */
} hr_results_velocity_set;

/* How spectra were brought to rest. */
typedef struct hr_results_velocities {
  const char *how;                 /* "fit", or the label */
  double low, high;                /* km/s, looked for, or that the label has */
  bool are_fitted;                 /* then there are: */
  hr_results_velocity_set sets[2]; /* of training and test rows */
} hr_results_velocities;

/* A gate: what it said of every test row before anything was mixed. Borrowed. */
typedef struct hr_results_gate {
  const char *name, *title, *mixing; /* as in its forecasts, hr_gated */
  bool uses_error;                   /* whether it knows the error of every pixel */
  double temperature;                /* that its weights were taken at; NaN: none */
  hr_settings settings;
  const double *weight; /* [test rows][bin_count + 1] the bins, then no bin; NaN or all 0:
                           it said nothing */
} hr_results_gate;

/* What a study knows when its tasks are done; everything is borrowed. */
typedef struct hr_results_input {
  const char *experiment_id;
  const char *fingerprint;   /* of configuration and data */
  const char *language;      /* of the report: "zh" | "en" */
  bool figures_lack_titles;  /* of the report */
  const char *target_name;   /* e.g. "log_g" */
  const char *target_unit;   /* "dex"; "" or NULL: not known */
  const hr_strings *targets; /* of the study, all of them; NULL: this one alone */
  size_t target_number;      /* this one's place among them */

  const hr_axis *axes; /* [axis_count] of the grid; none where it is not known */
  size_t axis_count;
  const char *axis_units[HR_MOST_AXES]; /* NULL: as known labels have it */
  size_t bin_count;
  char *const *bin_names; /* [bin_count] */
  const double *focus;    /* [focus_count] bin numbers, as the configuration holds them */
  size_t focus_count;
  int64_t at_risk_below; /* training rows */
  const char *uncovered; /* "exclude" | "global" | "nearest" */

  size_t train_rows;
  const double *train_target; /* [train_rows], or NULL: not known */
  const size_t *train_counts; /* [bin_count + 1], as hr_count_bins gives them */
  const char *test_file;      /* its name, for messages; or NULL */
  const hr_split_view *test;  /* route holds the nearest bins already where asked for */
  const double *snr;          /* [test rows] or NULL */
  const double *measured_snr; /* [test rows] from the spectra, NaN: not known; or NULL */
  const hr_results_label *bin_labels; /* [bin_label_count] what the bins are along */
  size_t bin_label_count;
  const hr_results_label *ids; /* [id_count] what names a star */
  size_t id_count;
  const hr_results_data *data;             /* or NULL: not known */
  const hr_preparation *train_preparation; /* or NULL */
  const hr_preparation *test_preparation;  /* or NULL */

  const hr_outcome *outcomes; /* [outcome_count] one a configured expert */
  size_t outcome_count;
  const hr_gated *gated; /* [gated_count] by gate, as `gates`; the first one of a gate
                            that is listed stands on the ladder */
  size_t gated_count;
  const hr_results_gate *gates; /* [gate_count] */
  size_t gate_count;
  const hr_outcome *controls; /* [control_count] score/controls.h; they compete not */
  size_t control_count;
  const hr_doubts *doubts;       /* about the data; or NULL */
  const hr_fisher_bound *fisher; /* or NULL */
  const char *fisher_note;       /* why there is none, one sentence, or NULL */
  hr_selection selection;        /* of the headline hybrid */
  hr_gate_thresholds gate;
  const char *gate_name; /* or NULL */
  /* [HR_GATE_CRITERIA] by hr_gate_subject: what the study does next on a verdict, in its
   * own words, each of them or NULL; or NULL */
  char *const *gate_on_pass, *const *gate_on_fail;
  const hr_reference_line *baselines; /* [baseline_count] */
  size_t baseline_count;
  uint64_t seed;               /* of the bootstrap */
  size_t bootstrap_draws;      /* 0: HR_BOOTSTRAP_DRAWS */
  const hr_observer *observer; /* is told of warnings; or NULL */
} hr_results_input;

/* Computes every number, checks the ledger and writes results.json atomically to `path`,
 * after predictions.csv (score/predictions.h) in the same folder.
 * HR_ERR_LEDGER, and no file, where the accounts do not balance. *gate_passed (may be
 * NULL): whether every criterion of the gate passed. The bytes are the same for any
 * number of threads. */
hr_status hr_results_write(const hr_results_input *input, const char *path,
                           bool *gate_passed, hr_error *err) HR_MUST_CHECK;

/* The same as text, appended to `out`. */
hr_status hr_results_format(const hr_results_input *input, hr_text *out,
                            bool *gate_passed, hr_error *err) HR_MUST_CHECK;

#endif
