/* What the options that verbs share do. */
#include "cli/habits.h"

#include "core/parallel.h"

void hr_habits_begin(const hr_habits *habits, hr_display *display) {
  if (habits->threads > 0) hr_thread_limit((size_t)habits->threads);
  hr_display_init(display, stderr);
  display->is_quiet = habits->quiet;
}
