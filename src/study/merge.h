/* Putting together what the elements of an array have done: their tasks and models become
 * those of the run directory, and the study goes on from there as one that is resumed. */
#ifndef HR_STUDY_MERGE_H
#define HR_STUDY_MERGE_H

#include "study/division.h"

typedef struct hr_merge {
  hr_elements elements;
  hr_division division; /* as the largest array among them has it */
  ptrdiff_t *source; /* [division.count] the element that has the piece, or one below */
} hr_merge;

/* Where else a piece is. */
enum {
  HR_MERGE_HERE = -1,    /* in the run directory */
  HR_MERGE_NOTHING = -2, /* an element came to the end with it, and kept nothing: it is
                            tried again; or its method is not on this machine */
  HR_MERGE_MISSING = -3,
};

/* Whether every task of the piece, of all targets, has its record below `run_dir`; of a
 * method that is divided that of its trained model will do. HR_ERR_MEMORY. */
hr_status hr_merge_look(const hr_plan *plan, const hr_piece *piece, const char *run_dir,
                        bool *found, hr_error *err) HR_MUST_CHECK;

/* Looks for every piece of the study, in the run directory and with its elements. Changes
 * nothing. HR_ERR_MISSING where there is no element, or some piece is nowhere: with the
 * elements that lack it, how far they are, and what does it; HR_ERR_USAGE where an
 * element is of another study; HR_ERR_MEMORY. To be followed by hr_merge_fini, on failure
 * too. */
hr_status hr_merge_find(const hr_plan *plan, const char *run_dir, hr_merge *out,
                        hr_error *err) HR_MUST_CHECK;
void hr_merge_fini(hr_merge *merge);

/* The configuration that the elements in `run_dir` were begun with: the path of a
 * config.yaml, of one of them or of the run directory; freed with hr_free. HR_ERR_MISSING
 * where there is none; HR_ERR_MEMORY. */
hr_status hr_merge_find_config(const char *run_dir, char **out,
                               hr_error *err) HR_MUST_CHECK;

/* Gives the run directory what elements have of the pieces, each task's record last. The
 * files are links where the disk has them, else copies; what the elements have stays. A
 * merge that is killed is made again. *taken: how many pieces. HR_ERR_IO, HR_ERR_MEMORY.
 */
hr_status hr_merge_take(const hr_merge *merge, const hr_plan *plan, const char *run_dir,
                        size_t *taken, hr_error *err) HR_MUST_CHECK;

/* Whether all pieces of the expert are there, trained at least. */
bool hr_merge_has(const hr_merge *merge, size_t expert);

#endif
