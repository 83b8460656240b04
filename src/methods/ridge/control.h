/* The model of a control: linear models of groups of rows, of which each test row of the
 * study takes that of its own group. It knows the study's test rows by their numbers and
 * predicts no others, so that it is no model to be loaded or to be put into a bundle. */
#ifndef HR_METHODS_RIDGE_CONTROL_H
#define HR_METHODS_RIDGE_CONTROL_H

#include "models/model.h"

/* What the models stand on, of one spectrum's error [P]: out [columns]. */
typedef void hr_control_summary(const float *error, size_t pixels, size_t columns,
                                float *out);

typedef struct hr_control_model {
  hr_model model; /* of HR_GLOBAL, one variant */
  size_t group_count;
  size_t columns;                /* of what the models stand on */
  hr_control_summary *summarise; /* NULL: the flux itself, columns = P */
  double *rows;        /* [groups][2 + columns] alpha, intercept, weights; alpha is NaN
                          where a group has no model: it takes that of the next */
  int32_t *test_group; /* [test_rows], HR_UNCOVERED: not predicted, NaN */
  size_t test_rows;
  int32_t *train_group; /* [train_rows]; NULL: not saved, and neither is test_group */
  size_t train_rows;
} hr_control_model;

/* The kinds of the two controls, whose `load` is NULL. `save` writes model.npy, fp64, as
 * `rows` stands, and where there is a train_group train_groups.npy and test_groups.npy,
 * fp64 [rows][1]. */
extern const hr_model_type hr_placebo_model_type, hr_leakage_model_type;

/* Room for a model of spectra of so many pixels; the groups are all HR_UNCOVERED, no
 * group has a model yet. train_rows 0: no train_group. To be destroyed as every model.
 * HR_ERR_MEMORY. */
typedef struct hr_control_shape {
  const hr_model_type *type;
  size_t pixels, columns, group_count, train_rows, test_rows;
} hr_control_shape;
hr_status hr_control_model_create(const hr_control_shape *shape, hr_control_model **out,
                                  hr_error *err) HR_MUST_CHECK;

/* For one that has not left as an hr_model. NULL is fine. */
void hr_control_model_destroy(hr_control_model **model);

/* Keeps what a group's Ridge has found. weights: [columns]. */
void hr_control_model_keep(hr_control_model *model, size_t group, double alpha,
                           double intercept, const double *weights);

#endif
