/* Calling the caller's observer, which may be NULL, as may each of its members. */
#ifndef HR_CORE_OBSERVE_H
#define HR_CORE_OBSERVE_H

#include "core/error.h"
#include "headroom/observer.h"

void hr_observe_info(const hr_observer *observer, const char *format, ...)
    HR_PRINTF(2, 3);
void hr_observe_warning(const hr_observer *observer, const char *format, ...)
    HR_PRINTF(2, 3);

/* Reports progress, then asks whether to stop: HR_ERR_INTERRUPTED where the caller wants
 * that. */
hr_status hr_observe_progress(const hr_observer *observer, const hr_progress *progress,
                              hr_error *err) HR_MUST_CHECK;

#endif
