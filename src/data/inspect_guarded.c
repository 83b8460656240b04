/* The look at a file in a child process, as it may come from anywhere. Only the finished
 * text comes back, since pointers mean nothing in another process. */
#include "core/alloc.h"
#include "data/guard.h"
#include "data/inspect_parts.h"
#include "headroom/inspect.h"

typedef struct inspecting {
  const char *path;
  const hr_inspect_options *options; /* today's */
} inspecting;

/* What comes back from the child: one of these letters, then the text. */
enum { USABLE = 'u', UNUSABLE = 'n' };

static hr_status inspect(const void *context, const hr_observer *observer,
                         hr_text *answer, hr_error *err) {
  const inspecting *it = context;
  hr_status status = HR_OK;
  hr_inspection *inspection = NULL;
  hr_inspect_options options = *it->options;
  options.observer = observer;
  HR_TRY(hr_inspect(it->path, &options, &inspection, err));
  hr_text_append(answer, "%c%s", inspection->is_usable ? USABLE : UNUSABLE,
                 inspection->text);
cleanup:
  hr_inspection_destroy(&inspection);
  return status;
}

hr_status hr_inspect_guarded(const char *path, const hr_inspect_options *options,
                             bool *is_usable, char **text, hr_error *err) {
  hr_status status = HR_OK;
  hr_inspect_options own;
  const inspecting context = {.path = path, .options = &own};
  hr_text answer;
  hr_text_init(&answer);
  HR_TRY(hr_inspect_take_options(options, &own, err));
  HR_TRY(hr_guard_file(path, inspect, &context, own.observer, &answer, err));
  HR_TRY(hr_copy_text(answer.bytes + 1, text, err));
  *is_usable = answer.bytes[0] == USABLE;
cleanup:
  hr_text_fini(&answer);
  return status;
}
