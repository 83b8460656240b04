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

/* Whether the caller wants to stop; to be asked from the thread that borrowed it. */
bool hr_observe_wants_stop(const hr_observer *observer);

/* Hands everything on to another observer, lines with a name and a colon before them, as
 * of one of several targets. Borrows both; a name "" leaves lines as they are. `observer`
 * is what to hand out, as long as the struct stays where it is. */
typedef struct hr_named_observer {
  hr_observer observer;
  const hr_observer *inner;
  const char *name;
} hr_named_observer;

void hr_named_observer_init(hr_named_observer *named, const hr_observer *inner,
                            const char *name);

#endif
