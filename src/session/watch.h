/* What others can see of a run: an observer between the study and the caller's own, which
 * it hands everything to, that keeps status.json (at most once a second) and run.log in
 * the run directory. Neither is ever a reason for a run to fail: where they cannot be
 * written, they are not. */
#ifndef HR_SESSION_WATCH_H
#define HR_SESSION_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"
#include "core/text.h"
#include "headroom/observer.h"
#include "session/timings.h"

typedef struct hr_watch {
  hr_observer observer;      /* to be given to the study */
  const hr_observer *caller; /* borrowed, may be NULL */
  const char *out_dir;       /* borrowed; NULL: nothing is written yet */
  int log;                   /* run.log; -1: none */
  hr_text early;             /* lines for run.log from before it began */
  size_t task_count;         /* of the study */
  double estimate_seconds;   /* of what is left, before it began; 0: not known */
  hr_sessions earlier;       /* of a run that is resumed */
  char stage[96], unit[32];  /* the stage that is running, "" before the first */
  bool stage_is_over;        /* it has told its end already */
  hr_progress last;          /* its last report, without texts */
  double begun, stage_begun; /* s of hr_clock_seconds */
  double shown;              /* when status.json was last written, s */
} hr_watch;

/* An observer that hands on to `caller` and writes nothing yet. Must not be moved. */
void hr_watch_init(hr_watch *watch, const hr_observer *caller);

/* From here on writes into `out_dir`, which this process holds, first the lines that came
 * before. A run that is resumed continues run.log after its `earlier` sessions; one
 * without (NULL) begins it. */
void hr_watch_begin(hr_watch *watch, const char *out_dir, size_t task_count,
                    double estimate_seconds, const hr_sessions *earlier);

/* Writes how it ended: HR_OK finished, HR_ERR_INTERRUPTED stopped, else failed with
 * `sentence`. Nothing where it has not begun; the lines of such a run are forgotten. */
void hr_watch_end(hr_watch *watch, hr_status status, const char *sentence);

#endif
