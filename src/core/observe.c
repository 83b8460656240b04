/* Calls of the caller's observer. A line is cut at the length of an error's sentence,
 * and an interruption is asked for wherever progress is told. */
#include "core/observe.h"

#include <stdarg.h>
#include <stdio.h>

static void say(const hr_observer *observer, hr_log_level level, const char *format,
                va_list arguments) {
  if (!observer || !observer->log) return;
  char line[HR_ERROR_MESSAGE_BYTES];
  if (vsnprintf(line, sizeof line, format, arguments) < 0) return;
  observer->log(observer->context, level, line);
}

void hr_observe_info(const hr_observer *observer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(observer, HR_LOG_INFO, format, arguments);
  va_end(arguments);
}

void hr_observe_warning(const hr_observer *observer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  say(observer, HR_LOG_WARNING, format, arguments);
  va_end(arguments);
}

bool hr_observe_wants_stop(const hr_observer *observer) {
  return observer && observer->interrupted && observer->interrupted(observer->context);
}

hr_status hr_observe_progress(const hr_observer *observer, const hr_progress *progress,
                              hr_error *err) {
  if (!observer) return HR_OK;
  if (observer->progress) observer->progress(observer->context, progress);
  if (hr_observe_wants_stop(observer)) {
    return hr_fail(err, HR_ERR_INTERRUPTED, "interrupted while %s", progress->stage);
  }
  return HR_OK;
}

static void say_named(void *context, hr_log_level level, const char *line) {
  const hr_named_observer *named = context;
  const hr_observer *inner = named->inner;
  char longer[HR_ERROR_MESSAGE_BYTES];
  if (!inner || !inner->log) return;
  snprintf(longer, sizeof longer, "%s: %s", named->name, line);
  inner->log(inner->context, level, named->name[0] ? longer : line);
}

static void progress_named(void *context, const hr_progress *progress) {
  const hr_observer *inner = ((const hr_named_observer *)context)->inner;
  if (inner && inner->progress) inner->progress(inner->context, progress);
}

static bool interrupted_named(void *context) {
  const hr_observer *inner = ((const hr_named_observer *)context)->inner;
  return inner && inner->interrupted && inner->interrupted(inner->context);
}

void hr_named_observer_init(hr_named_observer *named, const hr_observer *inner,
                            const char *name) {
  *named = (hr_named_observer){
      {named, say_named, progress_named, interrupted_named}, inner, name};
}
