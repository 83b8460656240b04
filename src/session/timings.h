/* Where a study's seconds go: a stop watch whose laps are added up by name, over all the
 * sessions of a run that is stopped or killed and resumed. */
#ifndef HR_SESSION_TIMINGS_H
#define HR_SESSION_TIMINGS_H

#include <stddef.h>

#include "core/json_file.h"

enum { HR_TIMINGS_MOST = 64, HR_TIMINGS_NAME = 48 };

/* The sessions of a run before this one. */
typedef struct hr_sessions {
  size_t count;
  double seconds; /* of them all, as far as they are known */
} hr_sessions;

typedef struct hr_timings {
  hr_sessions earlier;
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
 * ("ridge"; NULL: for none of them). Steps beyond the most there is room for are
 * not told apart any more. */
void hr_timings_lap(hr_timings *timings, const char *verb, const char *what);

/* How often a run was begun or resumed, as its status.json or timings.json (borrowed,
 * NULL: there is none) says; files of before call that `sittings`. 1 where it does not
 * say it. */
size_t hr_sessions_count(const json_t *file);

/* What status.json and timings.json of a run that is resumed tell of its sessions. One
 * that was killed counts up to its last word there. */
hr_sessions hr_sessions_find(const char *run_dir);

/* Takes the steps of the earlier sessions in; what they had begun and not finished, so
 * that no step has it, is the step "interrupted". */
void hr_timings_go_on(hr_timings *timings, const char *run_dir,
                      const hr_sessions *earlier);

/* `seconds` of what was booked under `from` were `to`. */
void hr_timings_move(hr_timings *timings, const char *from, const char *to,
                     double seconds);

/* Writes <folder>/timings.json, atomically: the number of sessions, total and steps,
 * whose sum is the total less what passed since the last lap. */
hr_status hr_timings_write(const hr_timings *timings, const char *folder,
                           hr_file_writer *writer, hr_error *err) HR_MUST_CHECK;

#endif
