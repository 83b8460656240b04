/* How the tasks of a study are divided among the elements of an array of jobs. What one
 * element does at least is a piece: of a method whose slots can be trained apart the task
 * of one slot, of any other all of its tasks, which share their sums, factors or
 * templates. */
#ifndef HR_STUDY_DIVISION_H
#define HR_STUDY_DIVISION_H

#include "session/elements.h"
#include "study/plan.h"

enum { HR_EVERY_SLOT = -2 };

typedef struct hr_piece {
  size_t expert;     /* of the configuration */
  int slot;          /* its number, that of all rows last; HR_EVERY_SLOT: all of them */
  double operations; /* as hr_cost has them, by which pieces are dealt out */
  size_t element;    /* who does it, from 0 */
} hr_piece;

typedef struct hr_division {
  size_t elements, count;
  hr_piece *pieces; /* [count] experts in the order of the configuration */
  double *load;     /* [elements] operations of each */
} hr_division;

/* What one element does of a study. */
typedef struct hr_share {
  bool has[HR_MEMORY_PLAN_MOST]; /* the experts of which it has a piece */
  bool wanted[HR_MEMORY_PLAN_MOST][HR_MOST_BINS + 1]; /* their slots */
} hr_share;

/* Whether the method's tasks are divided, slot by slot. */
bool hr_division_splits(const hr_method *type);

/* Divides the tasks: pieces with most operations first, each to the element that has the
 * least so far (of several the first). It depends on the study and on nothing of the
 * machine, its memory or threads, so that all elements find the same. Slots that have
 * nothing to train are no piece. More elements than pieces: the last have none.
 * elements: 1 .. HR_MOST_ELEMENTS. HR_ERR_MEMORY. To be followed by hr_division_fini, on
 * failure too. */
hr_status hr_division_make(const hr_plan *plan, size_t elements, hr_division *out,
                           hr_error *err) HR_MUST_CHECK;
void hr_division_fini(hr_division *division);

/* The same of what is left where some pieces are done already: is_done [count] for those
 * that hr_division_make lists, NULL: none is. The pieces are those that are left. */
hr_status hr_division_make_rest(const hr_plan *plan, size_t elements, const bool *is_done,
                                hr_division *out, hr_error *err) HR_MUST_CHECK;

/* The share of an element. */
void hr_division_share(const hr_division *division, size_t element, hr_share *out);

/* The least number of elements with which the one that works longest has no more than a
 * tenth above the largest piece: more would hardly be faster. HR_ERR_MEMORY. */
hr_status hr_division_suggest(const hr_plan *plan, size_t *elements,
                              hr_error *err) HR_MUST_CHECK;

/* Appends the names of the piece's tasks, "3-lightgbm", as their folders have them.
 * HR_ERR_MEMORY. */
hr_status hr_piece_tasks(const hr_plan *plan, const hr_piece *piece, hr_strings *out,
                         hr_error *err) HR_MUST_CHECK;

#endif
