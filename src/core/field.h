/* Describing parameter structs as tables, so that one table gives parsing, defaults,
 * range checks, the resolved configuration and the help text. */
#ifndef HR_CORE_FIELD_H
#define HR_CORE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

typedef struct hr_numbers { /* owned, freed by hr_fields_fini */
  double *items;
  size_t count;
} hr_numbers;

/* The kind of a field, and the type of the struct member that holds it. */
typedef enum hr_field_kind {
  HR_FIELD_NUMBER,  /* double */
  HR_FIELD_INTEGER, /* int64_t */
  HR_FIELD_BOOL,    /* bool */
  HR_FIELD_TEXT,    /* char *, owned; with `choices` one of them */
  HR_FIELD_NUMBERS, /* hr_numbers: a list of numbers */
  HR_FIELD_TEXTS,   /* hr_strings: a list of texts; a single text is a list of one */
} hr_field_kind;

/* How the items of a list of numbers must follow one another. */
typedef enum hr_field_order {
  HR_FIELD_ANY,
  HR_FIELD_DISTINCT,   /* none twice */
  HR_FIELD_INCREASING, /* each greater than the one before */
} hr_field_order;

/* The largest whole number that a double holds without doubt, 2^53 - 1; for `maximum`. */
#define HR_FIELD_MOST_INTEGER 9007199254740991.0

typedef struct hr_field {
  const char *name; /* as written in the configuration */
  hr_field_kind kind;
  size_t offset;            /* offsetof(the parameter struct, member) */
  const char *default_text; /* in YAML, e.g. "[1, 10]"; NULL: the field must be given */
  double minimum, maximum;  /* inclusive, for numbers; each member of a list; INFINITY: no
                               limit */
  const char *choices;      /* for texts: "cv|test"; NULL: any */
  const char *alias;        /* another spelling that is accepted, or NULL */
  const char *help;         /* one sentence, with the unit */
  /* Of a number, a text or a list of numbers: the text "none" in place of a value makes
   * it NaN, NULL or empty, and nothing is written of it. */
  bool may_be_none;
  /* Of a text: the path of a file, relative to the configuration's folder, whose content
   * is what counts. */
  bool is_path;
  /* Of numbers only: another field of the struct without which this one has no effect,
   * and the text that it must have then, "true" of a bool; NULL: a number that is not 0.
   * A value other than the default is refused without it; the default stands in every
   * resolved configuration. */
  const char *only_with, *only_where;
  /* Of lists only: */
  hr_field_order order;
  bool whole;         /* every number is a whole one */
  bool is_often_one;  /* of texts: a list of one is written as a text */
  bool may_be_auto;   /* of numbers: the text "auto" in place of the list leaves it empty,
                         and whoever uses it finds the numbers */
  bool may_be_all;    /* of numbers: the text "all" in place of the list leaves it empty,
                         and whoever reads the section fills it */
  size_t least_count; /* of items */
} hr_field;

enum { HR_FIELD_NUMBER_BYTES = 32 };

/* Frees what the fields of a parameter struct own and sets them to zero. */
void hr_fields_fini(void *parameters, const hr_field *fields, size_t count);

/* The field called `name`, or with that alias; NULL where there is none. */
const hr_field *hr_fields_find(const hr_field *fields, size_t count, const char *name);

/* What the field takes, e.g. "a list of numbers". */
const char *hr_field_kind_name(const hr_field *field);

bool hr_field_is_list(const hr_field *field);

/* Reads `text` into the field's member of `parameters`; for lists as one more item.
 * Refuses what is no number, out of range, no choice, empty or out of order:
 * HR_ERR_CONFIG with a sentence that begins with `place`, the name of the value, e.g.
 * "study.yaml:3:12: experts.ridge.alpha[2]". */
hr_status hr_field_read(const hr_field *field, const char *place, const char *text,
                        void *parameters, hr_error *err) HR_MUST_CHECK;

/* Refuses a list that is too short, after its last item was read. */
hr_status hr_field_check_count(const hr_field *field, const char *place,
                               const void *parameters, hr_error *err) HR_MUST_CHECK;

/* Whether the field has the value of its default; of numbers only. */
bool hr_field_is_default(const hr_field *field, const void *parameters);

/* Whether the field, one of those at `fields`, has an effect: see only_with. */
bool hr_field_has_effect(const hr_field *field, const hr_field *fields, size_t count,
                         const void *parameters);

/* Whether the field holds what "none" makes of it. */
bool hr_field_is_none(const hr_field *field, const void *parameters);

/* Appends the value as YAML from which hr_field_read makes the same value again, to the
 * bit. */
void hr_field_write(const hr_field *field, const void *parameters, hr_text *out);

/* Appends a text as a YAML scalar, quoted where that is needed. */
void hr_field_write_text(const char *value, hr_text *out);

/* One paragraph of the manual: name, kind, limits, default, help. */
void hr_field_describe(const hr_field *field, hr_text *out);

/* The shortest decimal number that reads back as `value`, whatever the locale. */
void hr_field_format_number(double value, char text[HR_FIELD_NUMBER_BYTES]);

#endif
