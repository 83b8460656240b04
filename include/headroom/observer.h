/* The caller's window into long work: log lines, progress, and a way to stop it.
 *
 * The library never prints. Functions that take long borrow an observer and call it from
 * the thread that called them, one call at a time. Every member may be NULL, and so may
 * the observer itself. What it is handed is borrowed for the call. hr_observer and
 * hr_progress do not change.
 */
#ifndef HEADROOM_OBSERVER_H
#define HEADROOM_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum hr_log_level { HR_LOG_INFO, HR_LOG_WARNING } hr_log_level;

/* How far a stage has come. `done` and `total` are counted in `unit` ("rows", "solves").
 */
typedef struct hr_progress {
  const char *stage; /* what is being done, e.g. "reading training spectra" */
  const char *unit;
  uint64_t done;
  uint64_t total;   /* 0 where it is not known */
  uint64_t skipped; /* of `done`, found done or not needed: rates leave it out */
  uint64_t bytes;   /* read or written in this stage so far; 0: has no meaning */
} hr_progress;

typedef struct hr_observer {
  void *context; /* handed to every member, never looked at */
  void (*log)(void *context, hr_log_level level, const char *line);
  void (*progress)(void *context, const hr_progress *progress);
  bool (*interrupted)(
      void *context); /* true: finish the block, then HR_ERR_INTERRUPTED */
} hr_observer;

#endif
