/* A study that is opened: its configuration, its plan, and where it goes. */
#ifndef HR_STUDY_OPENED_H
#define HR_STUDY_OPENED_H

#include "headroom/study.h"
#include "study/plan.h"

typedef struct hr_opened_study {
  hr_config *config;
  hr_plan *plan;
  char *out_dir; /* the run directory */
} hr_opened_study;

/* Today's options from those that a caller gave, as hr_sized_take. An element of an array
 * goes on with what it has done. */
hr_status hr_study_take_options(const hr_study_options *given, hr_study_options *own,
                                hr_error *err) HR_MUST_CHECK;

/* The configuration alone, with its settings; freed with hr_config_destroy. */
hr_status hr_study_load_config(const hr_study_options *options, hr_config **out,
                               hr_error *err) HR_MUST_CHECK;

/* Reads the configuration, looks at the files and makes the plan (study/plan.h). Borrows
 * the observer. Fails as hr_study_run does on what is wrong with options, configuration
 * and data. To be followed by hr_opened_study_fini, on failure too. */
hr_status hr_study_open(const hr_study_options *options, const hr_observer *observer,
                        hr_opened_study *out, hr_error *err) HR_MUST_CHECK;
void hr_opened_study_fini(hr_opened_study *opened);

#endif
