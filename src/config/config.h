/* The configuration: one YAML file is one study (docs/configuration.md). */
#ifndef HR_CONFIG_CONFIG_H
#define HR_CONFIG_CONFIG_H

#include "core/field.h"
#include "core/yaml_tree.h"
#include "methods/method.h"
#include "methods/outside/outside.h"
#include "routing/gate_kinds.h"
#include "score/gate.h"

typedef struct hr_config_expert {
  const hr_method *type;
  void *parameters;           /* type->parameters_size bytes, described by type->fields */
  hr_yaml_mark mark;          /* where they stand in the file; 0 of a control */
  hr_outside_method *outside; /* what `type` is of, for a model from elsewhere; or NULL */
} hr_config_expert;

typedef struct hr_config_gate { /* an entry of `gates` */
  const hr_gate_kind *kind;
  void *parameters; /* kind->parameters_size bytes, described by kind->fields */
  hr_gate_window windows[HR_GATE_MOST_WINDOWS]; /* in place of the table's */
  size_t window_count;                          /* 0: the table's are meant */
} hr_config_gate;

typedef struct hr_config_axis { /* an entry of binning.axes */
  char *label;
  hr_numbers edges;
} hr_config_axis;

typedef struct hr_config_baseline { /* an outside number, drawn as a reference line */
  char *name;
  double r2;
} hr_config_baseline;

typedef struct hr_config_page { /* a Markdown page that key numbers are published into */
  char *page;                   /* absolute; in the file relative to the file's folder */
  char *block;
} hr_config_page;

/* Members are filled from the field tables of config_table.c; texts and lists are owned.
 */
typedef struct hr_config {
  char *path; /* of the YAML file, for messages */

  struct {
    char *id;
    char *language; /* "zh" | "en" */
  } experiment;

  struct {
    hr_strings train;  /* as written */
    char *test;        /* as written */
    char *root;        /* absolute; in the file relative to the file's folder */
    hr_strings target; /* label columns that are predicted */
    hr_strings unit_labels, units;     /* what data.units says of labels, one by one */
    hr_strings column_labels, columns; /* of labels, what the files call them */
    hr_strings path_roles, paths;      /* of arrays, where the files have them */
    hr_strings id;                     /* label columns that name a star */
    hr_strings label_tables[2]; /* of training and test rows, absolute; none: the labels
                                   are those of the files (data/table_name.h) */
    bool share_tables;          /* both are the same ones */
    char *labels_id;        /* what names a star there and with the spectra; or NULL */
    char *unlabelled;       /* "refuse" | "exclude": rows without a label */
    bool untrusted;         /* files are vetted in a child process first */
    char *index;            /* "ignore" | "rows": what the labels' index says */
    hr_strings allow;       /* codes of doubts that are no reason to refuse */
    char *clip;             /* "auto" | "true" | "false" */
    hr_strings mask;        /* "auto", "none", or the numbers of bits */
    uint64_t mask_bits;     /* what `mask` says: HR_MASK_ANY .. */
    bool reject_outliers;   /* rows that are no spectrum are not trained on */
    char *rv;               /* "0" | "fit" | a label: velocities of the rows */
    hr_numbers rv_range;    /* of "fit": from, to, km/s */
    int64_t rows;           /* training rows that are taken, drawn at random; 0: all */
    hr_strings train_paths; /* absolute; brace ranges and globs expanded, none twice */
    char *test_path;        /* absolute; none of train_paths */
    struct {
      double level; /* in units of the error column */
      int64_t seed;
      char *test; /* "stored" | "generated" */
    } noise;
  } data;

  struct {
    hr_axis axes[HR_MOST_AXES]; /* the grid, the last one running fastest; borrowed from
                                   `given`, or where there is none from T_eff and M_H */
    size_t axis_count;
    hr_config_axis given[HR_MOST_AXES]; /* binning.axes */
    size_t given_count;
    hr_numbers T_eff;  /* edges, K; empty where axes are given */
    hr_numbers M_H;    /* edges, dex; the same */
    bool allow_target; /* the target may be an axis */
    char *uncovered;   /* "exclude" | "global" | "nearest": who predicts uncovered rows */
    int64_t at_risk_below; /* training rows */
    char **names;          /* [bin_count]; where none was given "Bin 4", or the study's
                              own name where the grid is 3 x 3 */
    size_t bin_count;
    hr_numbers focus; /* bins the study asks about, each < bin_count */
  } binning;

  struct {
    char *by; /* "cv" | "test": headline selection */
    int64_t folds;
    int64_t seed;
  } selection;

  struct {
    bool titles;
  } figures;

  struct {
    int64_t memory_mib; /* budget of the whole program */
    int64_t block_rows; /* rows read at a time, 0: as the budget allows */
    char *model;        /* "full" | "compact" | "none": what is left to predict with */
  } run;

  struct {
    bool placebo; /* Ridge on random groups; only where ridge competes */
    bool leakage; /* Ridge on the error alone */
  } controls;

  struct {
    double oracle_r2;
    double delta_r2;
    double insufficient_below;
    double focus_delta_r2;
    double mixture_delta_r2; /* NaN: not judged */
    double rho;              /* NaN: not judged */
    char *name;              /* NULL: it has none */
    /* What comes next on a verdict, by hr_gate_subject; NULL: nothing is said. */
    char *on_pass[HR_GATE_CRITERIA], *on_fail[HR_GATE_CRITERIA];
  } gate;

  hr_config_expert *experts; /* in the registry's order, models from elsewhere in that of
                                the file, then the controls */
  size_t expert_count;       /* of all that are trained */
  size_t control_count;      /* of those at the end, which are not compared */
  hr_config_gate *gates;     /* in the order of hr_gate_kinds; none where the section is
                                not there */
  size_t gate_count;
  hr_config_baseline *baselines;
  size_t baseline_count;
  hr_config_page *pages;
  size_t page_count;
} hr_config;

/* Reads and checks a configuration. Everything wrong is HR_ERR_CONFIG with
 * "FILE:LINE:COLUMN: ", the key and what to write instead; unknown keys name the nearest
 * known one; where several things are wrong, all are told, numbered, in one sentence;
 * HR_ERR_MISSING where the file cannot be read, a data file is not there or a glob
 * matches nothing. */
hr_status hr_config_load(const char *path, hr_config **out, hr_error *err) HR_MUST_CHECK;

/* The same with settings "KEY=VALUE" over those of the file, such as "ridge.alpha=100"
 * (NULL: none). */
hr_status hr_config_load_with(const char *path, const hr_strings *settings,
                              hr_config **out, hr_error *err) HR_MUST_CHECK;

/* The same from memory; relative paths are relative to `folder`. Whether the data files
 * are there is not looked at. */
hr_status hr_config_parse(const char *yaml, size_t size, const char *name,
                          const char *folder, hr_config **out,
                          hr_error *err) HR_MUST_CHECK;

/* What is to be known of a configuration in memory. */
typedef struct hr_config_text {
  const char *name, *folder;  /* of hr_config_parse */
  const hr_strings *settings; /* of hr_config_load_with */
} hr_config_text;

/* The same, refusing data files that are not there, as hr_config_load does. */
hr_status hr_config_load_text(const char *yaml, const hr_config_text *text,
                              hr_config **out, hr_error *err) HR_MUST_CHECK;
void hr_config_destroy(hr_config **config);

/* The resolved configuration as YAML: every key with its value, paths absolute; parsing
 * it gives the same study from any folder. */
hr_status hr_config_write(const hr_config *config, hr_text *out,
                          hr_error *err) HR_MUST_CHECK;

/* The part that says which study it is: what changes a number of the results. Where files
 * lie, which language the report has and how much memory is used is left out. */
hr_status hr_config_write_identity(const hr_config *config, hr_text *out,
                                   hr_error *err) HR_MUST_CHECK;

/* Every key with its kind, default and help, as the manual's text. */
void hr_config_describe(hr_text *out);

#endif
