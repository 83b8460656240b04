/* The velocities of all rows of a dataset. */
#ifndef HR_FEATURES_VELOCITY_ROWS_H
#define HR_FEATURES_VELOCITY_ROWS_H

#include "data/stream.h"
#include "features/velocity.h"
#include "headroom/observer.h"

/* A set of rows to be measured; borrowed. */
typedef struct hr_velocity_set {
  const hr_dataset *dataset;
  hr_stream_options streaming; /* blocks have `noisy`; rows that cannot be used are
                                  counted, and have no velocity */
  const char *stage;           /* for the observer: "measuring velocities" */
} hr_velocity_set;

/* Measures every row as the stream hands it out: out [rows]. Fails as streams do;
 * HR_ERR_INTERRUPTED. The same for any number of threads and any block size. Cost: one
 * pass, and some milliseconds a row on one thread. */
hr_status hr_velocity_measure(const hr_velocity *velocity, const hr_velocity_set *set,
                              const hr_observer *observer, hr_velocity_answer *out,
                              hr_error *err) HR_MUST_CHECK;

/* What was found in a set of rows. */
typedef struct hr_velocity_summary {
  size_t rows, none, edge, doubtful; /* rows; of them by flag */
  double sigma;                      /* median, km/s; NaN: not known */
  /* Against the truth, over rows without a flag; 0 and NaN: there is none. */
  size_t compared;
  double bias, scatter; /* median, and 1.4826 times the median deviation from it, km/s */
  double pull;          /* the same scatter of differences over their sigma */
} hr_velocity_summary;

/* truth: [rows] km/s; NULL: not known. HR_ERR_MEMORY. */
hr_status hr_velocity_summarize(const hr_velocity_answer *answers, size_t rows,
                                const double *truth, hr_velocity_summary *out,
                                hr_error *err) HR_MUST_CHECK;

#endif
