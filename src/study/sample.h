/* A random sample of the training rows, a given number of every bin and of all rows, that
 * is cheap to read: whole runs of neighbouring rows, because shards are stored in chunks
 * of rows. */
#ifndef HR_STUDY_SAMPLE_H
#define HR_STUDY_SAMPLE_H

#include "methods/method.h"

/* Rows a run: what one chunk of a shard usually holds. */
enum { HR_SAMPLE_RUN = 64 };

typedef struct hr_sample {
  bool *runs;      /* [rows / HR_SAMPLE_RUN, rounded up] which runs hold chosen rows */
  uint8_t *rows;   /* [rows] what each is chosen for, a sum of hr_chosen */
  size_t streamed; /* rows of those runs */
} hr_sample;

/* How many rows are wanted. */
typedef struct hr_sample_wish {
  size_t per_bin, of_all;
  uint64_t seed;
} hr_sample_wish;

/* Chooses min(per_bin, rows of the bin) rows of every bin: the first ones of the runs in
 * an order drawn from the seed. So rows of every part of the data have the same chance
 * however it is sorted, but neighbours come together. The sample of all rows is the first
 * of them, in the same order, uncovered rows too; those are never chosen for a bin. */
hr_status hr_sample_create(const hr_split_view *train, size_t bin_count,
                           const hr_sample_wish *wish, hr_sample **out,
                           hr_error *err) HR_MUST_CHECK;
void hr_sample_destroy(hr_sample **sample);

#endif
