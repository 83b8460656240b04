/* What a report says of the grid of bins, from results.json. Results of before there were
 * other axes than T_eff and M_H say nothing of it. */
#ifndef HR_REPORT_BINNING_H
#define HR_REPORT_BINNING_H

#include "core/text.h"
#include "report/reader.h"

/* Whether the axes are to be told: they are others than T_eff and M_H in this order. */
bool hr_binning_is_told(hr_reader *reader);

/* Whether the target is one of the axes. */
bool hr_binning_has_target(hr_reader *reader);

/* The intervals of bin k: "snr [5, 20), T_eff [3750, 4500] K". */
void hr_binning_append_intervals(hr_reader *reader, size_t k, hr_text *out);

/* The labels of the axes with their units, as Markdown: "`snr`, `T_eff` (K)". */
void hr_binning_append_axes(hr_reader *reader, hr_text *out);

#endif
