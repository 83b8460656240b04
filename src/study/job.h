/* A study as jobs of Slurm: an array of elements, and one that puts them together. */
#ifndef HR_STUDY_JOB_H
#define HR_STUDY_JOB_H

#include "headroom/study.h"
#include "study/division.h"

/* What the jobs of one study take, as far as it is known before anything is read. */
typedef struct hr_job_need {
  size_t elements;
  double compute_seconds; /* of the element with most operations, at the rate of matrix
                             products that this machine has now; a lower bound, 0: the
                             rate is not known */
  double read_seconds;    /* of all spectra, at HR_JOB_READ_RATE */
  double memory_bytes;    /* of the element that needs most, at its peak */
} hr_job_need;

/* What is asked of the scheduler: above what is known by these factors. Operations are
 * lower bounds: what LightGBM takes was measured at 1.1 to 2.8 times that
 * (methods/lightgbm/cost.c). How fast a cluster's disk is nobody knows here. */
#define HR_JOB_TIME_FACTOR   3.0
#define HR_JOB_MEMORY_FACTOR 1.25
#define HR_JOB_READ_RATE     1e8 /* bytes/s, a guess */
enum {
  HR_JOB_MEMORY_MIB = 512,   /* of the process and its libraries */
  HR_JOB_LEAST_MINUTES = 10, /* and what limits are rounded up to */
  HR_JOB_MOST_RESTARTS = 20,
  HR_JOB_SAVE_SECONDS = 120, /* before the end of its time a job is asked to stop */
};

/* cpus: of each job, 0: as many threads as this process has. HR_ERR_MEMORY. */
hr_status hr_job_estimate(hr_plan *plan, size_t elements, size_t cpus, hr_job_need *out,
                          hr_error *err) HR_MUST_CHECK;

/* The limits that follow. */
size_t hr_job_minutes(const hr_job_need *need);
size_t hr_job_mebibytes(const hr_job_need *need);

/* Appends `word` between quotes, so that a shell takes it as one word. */
void hr_job_quote(const char *word, hr_text *out);

#endif
