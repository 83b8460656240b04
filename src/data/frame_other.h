/* Columns of a frame that are no numbers: what they hold, for whoever asks for one of
 * them as a label. */
#ifndef HR_DATA_FRAME_OTHER_H
#define HR_DATA_FRAME_OTHER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/text.h"

/* What the values of a block are. */
typedef enum hr_frame_values {
  HR_FRAME_NUMBERS, /* integers or floating-point numbers, which HDF5 converts to fp64 */
  HR_FRAME_BITS,  /* PyTables' bool: bytes of a bit field, which HDF5 does not convert */
  HR_FRAME_TEXT,  /* of fixed length, or pickled */
  HR_FRAME_DATES, /* datetime64 and timedelta64, stored as integers */
  HR_FRAME_CATEGORIES, /* codes into a list of categories */
  HR_FRAME_OBJECTS,    /* pickled, or nothing we know */
} hr_frame_values;

enum { HR_FRAME_SHOWN_BYTES = 64 };

typedef struct hr_frame_other {
  char *name;
  hr_frame_values values;
  bool is_judged; /* its texts were looked at */
  bool has_word;  /* one of them is no number: the first is `word`, in row `row` */
  size_t row;
  char word[HR_FRAME_SHOWN_BYTES];
} hr_frame_other;

typedef struct hr_frame_others {
  hr_frame_other *items; /* [count], owned */
  size_t count;
} hr_frame_others;

/* Appends a column of which nothing more is known. HR_ERR_MEMORY. */
hr_status hr_frame_others_add(hr_frame_others *others, const char *name,
                              hr_frame_values values, hr_error *err) HR_MUST_CHECK;
void hr_frame_others_fini(hr_frame_others *others);

/* The column of that name, or NULL. */
const hr_frame_other *hr_frame_others_find(const hr_frame_others *others,
                                           const char *name);

/* Looks at the text of a row, which ends at its first 0 byte or at `length`: whether
 * Python's float() would take it. "nan" is a number; nothing at all is none. */
void hr_frame_other_judge(hr_frame_other *other, const char *text, size_t length,
                          size_t row);

/* "the label log_g is text, ..", with the remedy. */
void hr_frame_other_describe(const hr_frame_other *other, hr_text *out);

/* Judges the texts of a pickled NumPy array of objects, values [rows][columns] or
 * [columns][rows] (of one column it is the same), as pandas' 'fixed' layout keeps them.
 * Scans the few opcodes that texts and plain numbers are made of and executes nothing;
 * where there are others, nothing is known. others: [columns]. Sets `values` to
 * HR_FRAME_TEXT where it can tell. */
void hr_frame_other_judge_pickle(hr_frame_other *others, size_t columns, bool by_rows,
                                 const unsigned char *bytes, size_t size);

#endif
