/* What experts need together that gather side by side and are then trained in turn, each
 * one's memory free for the next. */
#ifndef HR_STUDY_MEMORY_PLAN_H
#define HR_STUDY_MEMORY_PLAN_H

#include "methods/method.h"

enum { HR_MEMORY_PLAN_MOST = 16 };

typedef struct hr_memory_plan {
  size_t count;
  hr_cost cost[HR_MEMORY_PLAN_MOST]; /* of each expert */
  size_t
      turn[HR_MEMORY_PLAN_MOST]; /* the experts in the order in which they are trained */
} hr_memory_plan;

/* One expert more, whose turn comes last; none beyond the most there is room for. */
void hr_memory_plan_add(hr_memory_plan *plan, const hr_cost *cost);

/* Sets the turns so that hr_memory_plan_memory is least: those first that need the least
 * in training beyond what they have gathered; where two are equal, as they were added. */
void hr_memory_plan_sort(hr_memory_plan *plan);

/* Bytes of all experts at their common peak: while the rows are sampled and gathered, or
 * in somebody's training, beside what those gathered whose turn is yet to come. */
double hr_memory_plan_memory(const hr_memory_plan *plan);

#endif
