/* Files of a few whole numbers and fp32 arrays: saved networks and their training's
 * state.
 *
 * Little-endian, one after the other: 8 characters that name the kind; a count and so
 * many 64-bit words; a count and so many fp32 values; the FNV-1a fingerprint (64 bits) of
 * all bytes before it. docs/formats.md says what the words and values of each kind are.
 */
#ifndef HR_NN_ARRAY_FILE_H
#define HR_NN_ARRAY_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct hr_float_part {
  float *values; /* borrowed */
  size_t count;
} hr_float_part;

/* What a file holds, or what has to be in it. */
typedef struct hr_array_file {
  const char *kind; /* 8 characters */
  uint64_t *words;
  size_t word_count;
  const hr_float_part *parts; /* the values, in turn */
  size_t part_count;
} hr_array_file;

/* A double as a word, bit by bit, and back. */
uint64_t hr_word_of(double value);
double hr_double_of(uint64_t word);

/* Writes the file, whole or not at all. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_array_file_write(const char *path, const hr_array_file *file,
                              hr_error *err) HR_MUST_CHECK;

/* Reads the words alone, the first word_count of them; the file may have more. */
hr_status hr_array_file_read_words(const char *path, const hr_array_file *file,
                                   hr_error *err) HR_MUST_CHECK;

/* Reads words and values, as many as there are places for. HR_ERR_MISSING; HR_ERR_FORMAT
 * where it is another kind of file, is damaged, or has other sizes. */
hr_status hr_array_file_read(const char *path, const hr_array_file *file,
                             hr_error *err) HR_MUST_CHECK;

#endif
