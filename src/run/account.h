/* What experts need together that gather side by side and are then trained in turn, each
 * one's memory free for the next. */
#ifndef HR_RUN_ACCOUNT_H
#define HR_RUN_ACCOUNT_H

#include "experts/expert.h"

enum { HR_ACCOUNT_MOST = 16 };

typedef struct hr_account {
  size_t count;
  hr_cost cost[HR_ACCOUNT_MOST]; /* of each expert */
  size_t turn[HR_ACCOUNT_MOST];  /* the experts in the order in which they are trained */
} hr_account;

/* One expert more, whose turn comes last; none beyond the most there is room for. */
void hr_account_add(hr_account *account, const hr_cost *cost);

/* Sets the turns so that hr_account_memory is least: those first that need the least in
 * training beyond what they have gathered; where two are equal, as they were added. */
void hr_account_sort(hr_account *account);

/* Bytes of all experts at their common peak: while the rows are sampled and gathered, or
 * in somebody's training, beside what those gathered whose turn is yet to come. */
double hr_account_memory(const hr_account *account);

#endif
