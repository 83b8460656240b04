/* An observer that counts the warnings of a test and keeps the last one. */
#ifndef HR_TESTS_WARNINGS_H
#define HR_TESTS_WARNINGS_H

#include "headroom/observer.h"
#include "support/check.h"

typedef struct warnings {
  size_t count;
  char last[1024];
} warnings;

static inline void warnings_take(void *context, hr_log_level level, const char *line) {
  warnings *w = context;
  if (level != HR_LOG_WARNING) return;
  w->count++;
  snprintf(w->last, sizeof w->last, "%s", line);
}

static inline hr_observer warnings_observer(warnings *w) {
  return (hr_observer){.context = w, .log = warnings_take};
}

#endif
