/* Options that every verb with long work has: how many threads, and how much is said. */
#ifndef HR_CLI_HABITS_H
#define HR_CLI_HABITS_H

#include "cli/options.h"
#include "cli/progress.h"

typedef struct hr_habits { /* a member of a verb's values, all 0 by default */
  uint64_t threads;        /* 0: as many as OpenMP would take */
  bool quiet;
} hr_habits;

/* Their entries in the table of options; `type` is the values struct, `member` its
 * hr_habits. */
#define HR_HABITS(type, member)                                                      \
  {.name = "threads",                                                                \
   .kind = HR_OPTION_COUNT,                                                          \
   .offset = offsetof(type, member.threads),                                         \
   .value = "N",                                                                     \
   .minimum = 1,                                                                     \
   .maximum = 1024,                                                                  \
   .zero_means_absent = true,                                                        \
   .help = "compute on so many threads (OMP_NUM_THREADS, else all)"},                \
  {                                                                                  \
    .name = "quiet", .kind = HR_OPTION_FLAG, .offset = offsetof(type, member.quiet), \
    .help = "print nothing but errors"                                               \
  }

/* Sets the number of threads, and the display up on stderr. */
void hr_habits_begin(const hr_habits *habits, hr_display *display);

#endif
