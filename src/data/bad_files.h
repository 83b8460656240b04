/* Bad pixels, counted by file. */
#ifndef HR_DATA_BAD_FILES_H
#define HR_DATA_BAD_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/text.h"

typedef struct hr_bad_file {
  char *path;           /* owned */
  uint64_t bad, pixels; /* bad ones, of those that are read */
} hr_bad_file;

/* Files with bad pixels, in order; {0} is an empty list. */
typedef struct hr_bad_files {
  hr_bad_file *items; /* [count], owned */
  size_t count;
} hr_bad_files;

/* Adds a file. HR_ERR_MEMORY. */
hr_status hr_bad_files_add(hr_bad_files *files, const char *path, uint64_t bad,
                           uint64_t pixels, hr_error *err) HR_MUST_CHECK;
void hr_bad_files_fini(hr_bad_files *files);

/* The largest share of a file's pixels that is bad; 0: none is. */
double hr_bad_files_worst(const hr_bad_files *files);

/* Appends "a.h5 12 of 4096 pixels, b.h5 7 of 4096"; of many files the worst, by their
 * share, and how many more there are. Nothing of an empty list. */
void hr_bad_files_describe(const hr_bad_files *files, bool chinese, hr_text *out);

#endif
