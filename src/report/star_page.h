/* What stands on the page of a star (report/star.h), found out: the row of a file that is
 * on its way, asked of every expert. Internal to report/. */
#ifndef HR_REPORT_STAR_PAGE_H
#define HR_REPORT_STAR_PAGE_H

#include "predict/reading.h"
#include "report/star.h"
#include "simulate/tables.h"

/* All experts of a bundle, open. */
typedef struct hr_star_experts {
  const hr_predict_plan *plan; /* borrowed */
  hr_strings methods, titles;
  hr_engine **engines; /* [methods.count] NULL: it predicts nobody by this router */
  hr_grid_tables
      *models; /* the model spectra that are built in; NULL: not these pixels */
} hr_star_experts;

/* To be followed by _fini, on failure too. Statuses as hr_engine_open. */
hr_status hr_star_experts_init(const hr_predict_plan *plan, hr_star_experts *out,
                               hr_error *err) HR_MUST_CHECK;
void hr_star_experts_fini(hr_star_experts *experts);

/* Fills `out`, zero at first, with row `row` of the file that `block` is the block of;
 * id and path are the caller's. Freed with hr_star_fini, on failure too. Statuses as
 * hr_engine_predict. */
hr_status hr_star_ask(const hr_star_experts *experts, const hr_reading *reading,
                      const hr_block *block, size_t row, hr_star_sheet *out,
                      hr_error *err) HR_MUST_CHECK;

#endif
