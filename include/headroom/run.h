/* A run seen from outside: how far it has come, or why it ended, and stopping it.
 *
 * Reads status.json, run.lock, run.log and the folders of the tasks; works while the run
 * does, from any process, and for the state also from another machine that sees the
 * folder.
 *
 * Threads: everything here may be called by several threads at the same time; one hr_run
 * may be read by several. Process: nothing but the files is touched; hr_run_stop sends
 * one SIGTERM, to the process of the run. */
#ifndef HEADROOM_RUN_H
#define HEADROOM_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headroom/export.h"
#include "headroom/observer.h"
#include "headroom/status.h"
#include "headroom/text.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum hr_run_phase {
  HR_RUN_RUNNING,
  HR_RUN_FINISHED,
  HR_RUN_STOPPED, /* it was asked to, and goes on with HR_STUDY_RESUME */
  HR_RUN_FAILED,  /* it said why */
  HR_RUN_KILLED,  /* it could not say why */
} hr_run_phase;

/* "running", "finished", "stopped", "failed", "killed"; "unknown" for other numbers. */
HR_API const char *hr_run_phase_name(hr_run_phase phase);

/* A run directory as it was at one moment. */
typedef struct hr_run hr_run;

/* Texts are borrowed from the hr_run, and never NULL. */
typedef struct hr_run_info {
  size_t size;
  hr_run_phase phase;
  const char *message;    /* of a run that stopped or failed: its last sentence, or "" */
  long long pid;          /* of a running one; 0: not known */
  long long last_pid;     /* of a killed one, which is gone; 0: not known */
  const char *host;       /* the machine it runs on, or was killed on; "": not known */
  uint64_t sessions;      /* how often it was begun or resumed */
  double seconds;         /* that they took so far; NaN: not known */
  double session_seconds; /* the last of them; NaN: not known */
  double
      silent_seconds; /* since it last wrote, by this machine's clock; NaN: not known */
  double estimate_seconds; /* of the whole, at least; NaN: not known */
  uint64_t tasks;          /* of the study; 0: not known */
  uint64_t done, trained;  /* tasks on disk, and those whose model alone is */
  const char *stage;       /* "reading training spectra"; "": none yet */
  const char *unit;        /* of the next three: "rows" */
  uint64_t stage_done, stage_total, stage_skipped; /* total 0: not known */
  uint64_t stage_bytes;                            /* read or written in it */
  double stage_seconds;
  uint64_t memory_bytes, peak_memory_bytes; /* 0: not known */
  const char *const *log;                   /* [log_count] the last lines of run.log */
  size_t log_count;
} hr_run_info;

/* Looks at the run directory `run_dir`. HR_ERR_MISSING where it is none; HR_ERR_MEMORY.
 * *out is given back with hr_run_close. */
HR_API hr_status hr_run_look(const char *run_dir, hr_run **out,
                             hr_error *err) HR_MUST_CHECK;
HR_API void hr_run_close(hr_run **run);

/* Fills *info, whose size is set. HR_ERR_USAGE for another size than a known one. */
HR_API hr_status hr_run_get_info(const hr_run *run, hr_run_info *info,
                                 hr_error *err) HR_MUST_CHECK;

/* The same in words, some lines for a terminal; or as one JSON object, schema
 * headroom/run-state/1 (docs/formats.md). UTF-8, freed with hr_text_free. HR_ERR_MEMORY.
 */
HR_API hr_status hr_run_text(const hr_run *run, char **text, hr_error *err) HR_MUST_CHECK;
HR_API hr_status hr_run_json(const hr_run *run, char **json, hr_error *err) HR_MUST_CHECK;

typedef struct hr_run_stop_options {
  size_t size;
  double timeout_seconds; /* wait so long at the most for the run to end; 0: as long as it
                             takes */
  bool skip_wait;         /* ask it to stop, and do not wait at all */
  const hr_observer *observer; /* told every ten seconds which process is waited for;
                                  where it says so, the waiting ends; may be NULL */
} hr_run_stop_options;

static inline hr_run_stop_options hr_run_stop_options_default(void) {
  hr_run_stop_options options = {sizeof(hr_run_stop_options), 0, false, NULL};
  return options;
}

/* Asks the run that is at work in `run_dir` to stop, as `kill` does, and waits until it
 * has: it finishes the block or the system it is at, and what is done stays. options:
 * NULL for the defaults. *was_running: false where nothing is at work there, which is no
 * failure; set on success. HR_ERR_MISSING where it is no run directory; HR_ERR_USAGE
 * where the process is on another machine, or cannot be found or reached from here;
 * HR_ERR_IO where it is still at work after the timeout; HR_ERR_INTERRUPTED where the
 * observer ended the waiting: it stops all the same. */
HR_API hr_status hr_run_stop(const char *run_dir, const hr_run_stop_options *options,
                             bool *was_running, hr_error *err) HR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
