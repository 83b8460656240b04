/* The pull stream: a dataset's rows, in order, in blocks that fit a memory budget.
 *
 * Each chunk of the file is read once. Rows come prepared: in the unit of the
 * conditioning, bad pixels mended, flux clipped at 0 from below where that is wanted,
 * noise added; the exact arithmetic is in data/prepare.h. Values do not depend on the
 * block size or the number of threads. */
#ifndef HR_DATA_STREAM_H
#define HR_DATA_STREAM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/random.h"
#include "data/bad_files.h"
#include "data/conditioning.h"

typedef enum hr_noise_source {
  HR_NOISE_NONE,      /* blocks carry no `noisy` */
  HR_NOISE_GENERATED, /* noisy = flux + level * error * N(0,1), drawn from (seed, stream,
                         row); level 0 gives the bytes of the flux; pixels with an
                         error <= 0 carry no noise */
  HR_NOISE_STORED,    /* noisy as it stands in the file (not clipped) */
} hr_noise_source;

/* Which array of the file is the flux as observed, where spectra are to be predicted. */
typedef enum hr_observed {
  HR_OBSERVED_NONE, /* a study's rows, flux and error with noise as below */
  HR_OBSERVED_NOISY,
  HR_OBSERVED_FLUX, /* not clipped: it has noise already */
} hr_observed;

typedef struct hr_noise {
  hr_noise_source source;
  double level;
  uint64_t seed;
  hr_stream_id stream;
} hr_noise;

typedef struct hr_stream_options {
  size_t memory_bytes; /* budget for buffers and the HDF5 chunk cache; 0: 256 MiB */
  size_t block_rows;   /* rows a block, 0: as the budget allows; never more than that */
  hr_noise noise;
  const bool *runs; /* borrowed; of each run of run_rows rows of the dataset, whether to
                       read it; NULL: all */
  size_t run_rows;
  bool count_faults; /* count rows that cannot be used instead of refusing them; blocks
                        then hold unspecified values in those rows */
  /* Not HR_OBSERVED_NONE: blocks hold `noisy` as it is observed, `error` where the file
   * has it, and no `flux`. Rows that cannot be used are told of by hr_stream_reports
   * alone and hold unspecified values; what is done to the others: hr_prepare_observed.
   */
  hr_observed observed;
  size_t block_multiple; /* blocks but a file's last have a multiple of so many rows, even
                            where memory is short; 0: any */
  const hr_conditioning *conditioning; /* borrowed; NULL: hr_conditioning_plain */
  bool ignore_errors; /* errors mask nothing in this dataset, whatever the conditioning
                         says: they are not known */
  bool keep_empty;    /* rows without a good pixel are told of in the blocks and not
                         refused */
  bool measure_snr;   /* blocks have `snr`, where they have `noisy` and `error` */
} hr_stream_options;

/* Rows first_row .. first_row+rows-1 of the dataset; arrays [rows][pixels] fp32,
 * row-major, borrowed until the next call on the stream. */
typedef struct hr_block {
  size_t first_row;
  size_t rows; /* 0: the end */
  size_t pixels;
  const float *flux;  /* clean */
  const float *error; /* one sigma; 0 at bad pixels, and where it is not known */
  const float *noisy; /* NULL with HR_NOISE_NONE */
  const double *snr;  /* [rows] measured from noisy and error (data/snr.h), NaN where a
                         row has none; NULL unless asked for */
  const bool *empty;  /* [rows] those without a good pixel, which hold the stand-in; NULL
                         unless they are kept */
  const bool *holed;  /* [rows] those in which the flux of a pixel, marked or not, is no
                         number and the stand-in took its place; NULL where `empty` is */
} hr_block;

/* The measured ratio of row i of the block, NaN where it is not known. */
static inline double hr_block_snr(const hr_block *block, size_t i) {
  return block->snr ? block->snr[i] : (double)NAN;
}

/* What preparation did so far; reported with the study. */
typedef struct hr_preparation {
  uint64_t clipped_pixels; /* flux below 0, where it is clipped */
  uint64_t bad_pixels;     /* data/bad_pixels.h; each under one of the next five */
  uint64_t marked_pixels;  /* by the mask */
  uint64_t bad_flux_pixels;
  uint64_t unknown_error_pixels; /* NaN or infinite */
  uint64_t nonpositive_error_pixels;
  uint64_t huge_error_pixels;
  uint64_t dark_rows;      /* without a pixel of flux above 0: no spectrum at all */
  uint64_t empty_rows;     /* without a good pixel, where these are kept */
  uint64_t wild_rows;      /* far beyond all others: hr_conditioning.wild_beyond */
  uint64_t noise_rows;     /* with stored noise and an error */
  uint64_t off_noise_rows; /* of them, those whose error is not one sigma of that noise:
                              hr_prepare_is_noise_off */
  /* Their numbers, where there are any: */
  uint64_t first_empty_row, first_wild_row, first_off_noise_row;
  uint64_t left_out_rows;     /* that the dataset has left out before */
  uint64_t faulty_rows;       /* rows that cannot be used; not in the counts above */
  uint64_t faulty_noisy_rows; /* those of them that only `noisy` makes unusable */
  uint64_t bytes_read;        /* of array data, as stored uncompressed in the file */
  double prepare_seconds; /* wall time of preparation and noise; the rest is reading */
  hr_bad_files bad_files; /* owned; empty in what hr_stream_preparation hands out */
} hr_preparation;

typedef struct hr_stream hr_stream;

hr_stream_options hr_stream_options_default(void);

/* Borrows the dataset until destroyed. HR_ERR_DATA where stored noise is asked for and a
 * shard has none, or where a shard changed its shape since the dataset was opened;
 * HR_ERR_USAGE where the level is negative or not finite. Looks at every shard. */
hr_status hr_stream_create(const hr_dataset *dataset, const hr_stream_options *options,
                           hr_stream **out, hr_error *err) HR_MUST_CHECK;
void hr_stream_destroy(hr_stream **stream);

/* The next block, of rows of one shard; block->rows == 0 at the end. Refuses, naming
 * file, row and pixel: a row without a good pixel unless it is kept, noise beyond
 * HR_PREPARE_LARGEST, and, where the conditioning has no stand-in, flux or noisy flux
 * that is no number or beyond it (HR_ERR_DATA); unreadable bytes (HR_ERR_FORMAT). */
hr_status hr_stream_next(hr_stream *stream, hr_block *block, hr_error *err) HR_MUST_CHECK;

/* What was found in the rows of the last block: [rows], borrowed as the block is. */
struct hr_row_report; /* data/prepare.h */
const struct hr_row_report *hr_stream_reports(const hr_stream *stream);

const hr_preparation *hr_stream_preparation(const hr_stream *stream);

/* Adds to `out` the files that had bad pixels so far, with their counts. HR_ERR_MEMORY.
 */
hr_status hr_stream_list_bad(const hr_stream *stream, hr_bad_files *out,
                             hr_error *err) HR_MUST_CHECK;

/* What is wrong with the first row that cannot be used, one sentence; "" where there is
 * none so far. */
const char *hr_stream_first_fault(const hr_stream *stream);

/* Peak size of the stream's own buffers and caches in bytes. At most the budget, with two
 * exceptions: one row must fit, and compressed chunks can only be read whole, so a row of
 * such chunks is held even where it is larger than the budget, and 64 rows beside it. */
size_t hr_stream_memory(const hr_stream *stream);

#endif
