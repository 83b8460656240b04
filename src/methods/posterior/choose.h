/* Which templates a posterior mean is made of, and in which order they stand. */
#ifndef HR_METHODS_POSTERIOR_CHOOSE_H
#define HR_METHODS_POSTERIOR_CHOOSE_H

#include "core/random.h"
#include "methods/posterior/grid.h"
#include "methods/posterior/posterior.h"

enum { HR_NOT_A_TEMPLATE = -1 };

/* Chosen before any spectrum is seen. */
typedef struct hr_posterior_choice {
  bool from_grid;
  size_t count;
  size_t *row;   /* stored: [count] training rows, in order of (bin, label, row) */
  int64_t *slot; /* stored: [training rows] its template, or HR_NOT_A_TEMPLATE */
  hr_posterior_grid grid; /* of templates from the grid */
} hr_posterior_choice;

/* Stored templates are a random sample of the training rows, or all of them; those of the
 * grid are draws. To be followed by hr_posterior_choice_fini, on failure too. Fails as
 * hr_posterior_grid_init; HR_ERR_MEMORY. */
hr_status hr_posterior_choose(const hr_study_view *study,
                              const hr_posterior_parameters *parameters,
                              hr_posterior_choice *choice, hr_error *err) HR_MUST_CHECK;
void hr_posterior_choice_fini(hr_posterior_choice *choice);

/* The group of template number i: its bin, or the number of bins. */
int32_t hr_posterior_choice_group(const hr_posterior_choice *choice,
                                  const hr_study_view *study, size_t i);

/* Where templates are from: [count][*columns], the number of the training row, or the
 * labels that the grid was asked for. *out is freed with hr_free. */
hr_status hr_posterior_origin(const hr_posterior_choice *choice, double **out,
                              size_t *columns, hr_error *err) HR_MUST_CHECK;

/* Bins, then the uncovered rows as one more group. */
int32_t hr_posterior_group(const hr_study_view *study, size_t row);

#endif
