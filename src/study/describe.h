/* A plan in words. */
#ifndef HR_STUDY_DESCRIBE_H
#define HR_STUDY_DESCRIBE_H

#include "study/plan.h"

/* Warns of parameters that bode ill for the experts. */
void hr_plan_warn(const hr_plan *plan);

/* The plan in words: what would be read, trained, needed in memory and disk. */
void hr_plan_describe(const hr_plan *plan, const char *out_dir, hr_text *out);

#endif
