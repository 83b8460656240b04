/* Reading the command line of one verb from a table, which also gives its help text. */
#ifndef HR_CLI_OPTIONS_H
#define HR_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/text.h"

/* The kind of an option, and the type of the struct member that holds it. */
typedef enum hr_option_kind {
  HR_OPTION_FLAG,   /* bool; takes no value */
  HR_OPTION_TEXT,   /* const char *, borrowed from the command line */
  HR_OPTION_COUNT,  /* uint64_t */
  HR_OPTION_NUMBER, /* double */
  HR_OPTION_RANGE,  /* a struct of two doubles, low then high: LO,HI, or X for both */
  HR_OPTION_CHOICE, /* an enum: the position in `choices` */
  HR_OPTION_TEXTS,  /* hr_strings, freed by hr_options_fini; may be given repeatedly */
} hr_option_kind;

typedef struct hr_option {
  const char *name; /* without its dashes */
  hr_option_kind kind;
  size_t offset;          /* offsetof(the values struct, member) */
  const char *value;      /* what help calls the value: "DIR"; NULL for a flag */
  double minimum;         /* inclusive, of counts, numbers and both ends of a range; */
  double maximum;         /* unlimited where maximum is not above minimum */
  const char *choices;    /* "f32|f64" */
  bool required;          /* the command line is refused without it */
  const char *help;       /* half a sentence, with the unit */
  bool zero_means_absent; /* of a number: others are above 0; no default is shown */
} hr_option;

/* The grammar of one verb: options in any order, and at most one operand, or one and
 * more behind it. */
typedef struct hr_grammar {
  const char *verb;
  const char *operand; /* what help calls it: "FILE"; NULL: takes none */
  bool operand_optional;
  const char *more;   /* what the operands behind the first are called, "FILE": at least
                         one; NULL: there are none */
  size_t more_offset; /* of their hr_strings in the values struct */
  const char *more_unless; /* the option beside which there may be none; NULL: none is */
  const hr_option *options;
  size_t option_count; /* at most 64 */
} hr_grammar;

/* Reads `arguments` ([count], those behind the verb) into `values`, which holds the
 * defaults; *operand is borrowed, NULL where there was none. `--name VALUE` and
 * `--name=VALUE` are the same; what follows `--` is no option. Everything wrong is
 * HR_ERR_USAGE. */
hr_status hr_options_read(const hr_grammar *grammar, size_t count,
                          const char *const *arguments, void *values,
                          const char **operand, hr_error *err) HR_MUST_CHECK;

/* Frees what reading put into the values: to be called after it, on failure too. */
void hr_options_fini(const hr_grammar *grammar, void *values);

/* Appends `Usage: headroom VERB ...` and a line an option, with the defaults that
 * `values` holds. */
void hr_options_describe(const hr_grammar *grammar, const void *values, hr_text *out);

#endif
