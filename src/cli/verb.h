/* What a verb of the program is: one verb, one file, one const table. */
#ifndef HR_CLI_VERB_H
#define HR_CLI_VERB_H

#include "cli/options.h"
#include "headroom/observer.h"

typedef struct hr_verb {
  hr_grammar grammar;
  const char *summary; /* half a sentence, for the list of verbs */
  const char *details; /* paragraphs behind the options; NULL: none */
  size_t values_size;  /* of the struct that the options fill; 0: there are none */
  void (*set_defaults)(void *values); /* NULL: all zero */
  bool takes_ranks; /* may be one of several ranks that a launcher started */

  /* Does the work; results go to stdout, everything else to stderr. */
  hr_status (*run)(const void *values, const char *operand, hr_error *err);
} hr_verb;

extern const hr_verb hr_verb_run, hr_verb_sweep, hr_verb_status, hr_verb_stop,
    hr_verb_report, hr_verb_compare, hr_verb_publish, hr_verb_predict, hr_verb_simulate,
    hr_verb_inspect, hr_verb_version, hr_verb_help, hr_verb_config, hr_verb_completion,
    hr_verb_merge, hr_verb_slurm;

/* Writes the report of a run directory and, unless `is_quiet`, prints its tables and
 * where it is: the end of `run` and all of `report`. */
hr_status hr_verb_report_run(const char *run_dir, const hr_observer *observer,
                             bool is_quiet, hr_error *err) HR_MUST_CHECK;

/* HR_ERR_GATE where a criterion of the decision gate is not passed; HR_ERR_LOST where an
 * expert has no model in any bin. */
hr_status hr_verb_check_gate(const char *run_dir, hr_error *err) HR_MUST_CHECK;
hr_status hr_verb_check_lost(const char *run_dir, hr_error *err) HR_MUST_CHECK;

/* All verbs, in the order of the help text. */
const hr_verb *const *hr_verbs(size_t *count);

/* The verb of that name, or HR_ERR_USAGE with the nearest one. */
hr_status hr_verb_find(const char *name, const hr_verb **out,
                       hr_error *err) HR_MUST_CHECK;

/* The values struct of a verb, with its defaults; freed with hr_free. */
hr_status hr_verb_values(const hr_verb *verb, void **out, hr_error *err) HR_MUST_CHECK;

/* Prints to stdout what a verb does and takes. */
hr_status hr_verb_describe(const hr_verb *verb, hr_error *err) HR_MUST_CHECK;

#endif
