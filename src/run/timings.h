/* Where a study's seconds go: a stop watch whose laps are added up by name. */
#ifndef HR_RUN_TIMINGS_H
#define HR_RUN_TIMINGS_H

#include <stddef.h>

#include "core/error.h"

enum { HR_TIMINGS_MOST = 64, HR_TIMINGS_NAME = 48 };

typedef struct hr_timings {
  size_t count;
  struct {
    char name[HR_TIMINGS_NAME];
    double seconds;         /* of wall time */
  } steps[HR_TIMINGS_MOST]; /* in the order of their first lap */
  double start, mark;       /* moments of hr_clock_seconds */
} hr_timings;

/* Everything 0, and the clock runs. */
void hr_timings_start(hr_timings *timings);

/* What passed since the last lap (or the start) was `verb` ("train"), for `what`
 * ("ridge"; NULL: for nobody in particular). Steps beyond the most there is room for are
 * not told apart any more. */
void hr_timings_lap(hr_timings *timings, const char *verb, const char *what);

/* `seconds` of what was booked under `from` were `to`. */
void hr_timings_move(hr_timings *timings, const char *from, const char *to,
                     double seconds);

/* Writes <folder>/timings.json, atomically: total and steps, whose sum is the total less
 * what passed since the last lap. */
hr_status hr_timings_write(const hr_timings *timings, const char *folder,
                           hr_error *err) HR_MUST_CHECK;

#endif
