/* Reading HDF5 files that may come from anywhere. HDF5 trusts what a file says of itself:
 * a damaged or a made-up one can crash it, keep it busy forever, or make it ask for any
 * amount of memory. So such a file is first read in a child process with limits
 * (core/child.h), and what becomes of the child is told in a sentence. */
#ifndef HR_DATA_GUARD_H
#define HR_DATA_GUARD_H

#include "core/child.h"
#include "data/dataset.h"

/* Does `work` in a child process that has 1 GiB of memory and four times the size of the
 * file beside what this process has, 4 s of processor time and 1 s for every 16 MiB of
 * the file from one report of progress to the next, and 8 s and 1 s for every MiB in all;
 * filter plugins are not loaded there. Fails as the work does, and with HR_ERR_FORMAT
 * where the child dies, takes too long or too much memory. */
hr_status hr_guard_file(const char *path, hr_child_work *work, const void *context,
                        const hr_observer *observer, hr_text *answer,
                        hr_error *err) HR_MUST_CHECK;

typedef struct hr_vet_options {
  bool skip_spectra; /* labels, wavelengths and how the arrays are stored; no more */
  hr_labels labels;
  const hr_places *places; /* of the arrays; NULL: the usual ones */
} hr_vet_options;

/* Everything is read. */
hr_vet_options hr_vet_options_default(void);

/* Reads everything of the file, guarded, that a study may read of it: labels,
 * wavelengths, and every chunk of flux, error and noisy. Fails as hr_dataset_create and
 * hr_stream_next do; values that a study refuses are left to it. Costs a pass over the
 * file on one thread, and the memory of hr_guard_file at most. */
hr_status hr_vet_file(const char *path, const hr_vet_options *options,
                      const hr_observer *observer, hr_error *err) HR_MUST_CHECK;

#endif
