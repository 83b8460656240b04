/* Progress in words, the same on a terminal, in run.log and in `headroom status`. */
#ifndef HR_CORE_PROGRESS_H
#define HR_CORE_PROGRESS_H

#include "core/text.h"
#include "headroom/observer.h"

/* Of what was done in `seconds`, skipping aside, a second; 0 while that is not known. */
double hr_progress_rate(const hr_progress *progress, double seconds);

/* A report in words, after `seconds` of its stage: "reading: 50% of 10 rows, 2.00
 * rows/s, 12.5 MB/s, 3.0 s left"; without the time left and with the time taken where
 * `is_over`. */
void hr_progress_describe(const hr_progress *progress, double seconds, bool is_over,
                          hr_text *out);

/* A duration as far as anyone reads it: "3.0 s", "42 s", "2 min 05 s", "1 h 40 min". */
void hr_seconds_describe(double seconds, hr_text *out);

#endif
