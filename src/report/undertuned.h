/* The experts that may be undertuned, in words. */
#ifndef HR_REPORT_UNDERTUNED_H
#define HR_REPORT_UNDERTUNED_H

#include "core/text.h"
#include "report/reader.h"

/* Appends a sentence for every expert and end of its settings; none where all is well.
 * HR_ERR_MEMORY. */
hr_status hr_undertuned_tell(hr_reader *reader, hr_strings *sentences,
                             hr_error *err) HR_MUST_CHECK;

#endif
