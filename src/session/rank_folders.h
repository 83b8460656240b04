/* Where the ranks of one run (core/world.h) say that they are at work: each but rank 0,
 * which holds the run directory itself, has a folder RUN/ranks/2-of-4 with the lock of
 * its process. So who goes on with a run whose rank 0 was killed sees that others are
 * still writing, and rank 0 sees which one died. */
#ifndef HR_SESSION_RANK_FOLDERS_H
#define HR_SESSION_RANK_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

typedef struct hr_rank_hold {
  char *dir; /* RUN/ranks/2-of-4; NULL: none */
  int lock;  /* -1: not held */
} hr_rank_hold;

/* Takes the folder of a rank for this process. HR_ERR_USAGE where another process has it,
 * HR_ERR_IO, HR_ERR_MEMORY. To be followed by hr_rank_release, on failure too. */
hr_status hr_rank_take(const char *run_dir, size_t rank, size_t of, hr_rank_hold *out,
                       hr_error *err) HR_MUST_CHECK;
void hr_rank_release(hr_rank_hold *hold);

/* Whether a process holds the folder of that rank now. */
bool hr_rank_is_held(const char *run_dir, size_t rank, size_t of);

/* HR_ERR_USAGE where a rank of an earlier run is still at work, with its process. */
hr_status hr_ranks_check_free(const char *run_dir, hr_error *err) HR_MUST_CHECK;

/* Removes RUN/ranks; none is fine. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_ranks_clear(const char *run_dir, hr_error *err) HR_MUST_CHECK;

#endif
