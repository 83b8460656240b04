/* Running a function in a child process that is allowed to die: what is done there with
 * bytes from anywhere cannot harm this process. */
#ifndef HR_CORE_CHILD_H
#define HR_CORE_CHILD_H

#include <stdint.h>

#include "core/text.h"
#include "headroom/observer.h"

typedef struct hr_child_limits {
  uint64_t memory_bytes; /* of address space, beyond what this process has by now */
  double total_seconds;  /* of processor time */
  double silent_seconds; /* of processor time from one report to the next; ten times that
                            by the clock, where a disk does not answer */
} hr_child_limits;

/* What the child does. Runs on one thread, with stdin, stdout and stderr shut; may not
 * call BLAS, whose buffers do not fit a limit on memory. The observer hands on to the
 * caller's, and what is appended to `answer` goes to the caller's answer. */
typedef hr_status hr_child_work(const void *context, const hr_observer *observer,
                                hr_text *answer, hr_error *err);

typedef enum hr_child_end {
  HR_CHILD_RETURNED, /* with its own status and sentence */
  HR_CHILD_DIED,     /* by a signal, or without an answer */
  HR_CHILD_TOO_LONG, /* was killed for the time it took */
} hr_child_end;

typedef struct hr_child {
  hr_child_work *work;
  const void *context; /* borrowed, as is the observer, which may be NULL */
  const hr_observer *observer;
  hr_child_limits limits;
} hr_child;

/* Forks, works, waits. Nothing that the child changes in memory is seen here, and it can
 * write no file. Ends with HR_CHILD_RETURNED and the status and sentence of the work, or
 * with HR_ERR_INTERNAL and what became of the child. Where the caller's observer wants to
 * stop, the child is killed: HR_ERR_INTERRUPTED, and *end is HR_CHILD_RETURNED, as where
 * it could not be started (HR_ERR_MEMORY). A few milliseconds. Other threads may run. */
hr_status hr_child_run(const hr_child *child, hr_child_end *end, hr_text *answer,
                       hr_error *err) HR_MUST_CHECK;

#endif
