/* The velocities of a study's rows, by data.rv: none, those of a label, or measured. */
#ifndef HR_STUDY_VELOCITIES_H
#define HR_STUDY_VELOCITIES_H

#include "config/config.h"
#include "data/dataset.h"
#include "features/velocity_rows.h"
#include "score/results.h"

typedef struct hr_velocities {
  hr_results_velocities told;  /* what results tell of them */
  bool are_used;               /* false: data.rv is 0 */
  bool are_fitted;             /* else they are those of a label */
  double range[2];             /* km/s, looked for, or that the label has */
  hr_velocity_summary sets[2]; /* of training and test rows, where they are fitted */
} hr_velocities;

/* Finds them and brings both sets to rest. Where they are fitted, training rows are
 * measured with noise of their own, drawn for this (HR_STREAM_VELOCITY), as the test
 * rows' are with the noise that the study has for them: what is learnt from them knows
 * velocities of that quality. HR_ERR_CONFIG, HR_ERR_DATA, or as streams fail. */
hr_status hr_velocities_find(hr_velocities *velocities, const hr_config *config,
                             hr_dataset *train, hr_dataset *test,
                             const hr_observer *observer, hr_error *err) HR_MUST_CHECK;

#endif
