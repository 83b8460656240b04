/* How far a run has come, for those who look from outside: from status.json, the lock,
 * the tasks on disk and the end of run.log. */
#ifndef HR_SESSION_STATE_H
#define HR_SESSION_STATE_H

#include "core/text.h"
#include "headroom/run.h"
#include "session/elements.h"

enum { HR_RUN_LOG_LINES = 5 };

typedef struct hr_run_state {
  hr_run_phase phase;
  char message[1024];     /* of a run that stopped or failed: its last sentence, or "" */
  long long pid;          /* of a running one; 0: not known */
  long long last_pid;     /* of a killed one, which is gone; 0: not known */
  char host[256];         /* the machine it runs on, or was killed on; "": not known */
  size_t sessions;        /* how often it was begun or resumed */
  double seconds;         /* that they took so far; NaN: not known */
  double session_seconds; /* the last of them; NaN: not known */
  double silent; /* since it last wrote, s, by this machine's clock; NaN: not known */
  double estimate_seconds; /* of the whole at least; NaN: not known */
  size_t tasks;            /* of the study; 0: not known */
  size_t done, trained;    /* those on disk; and those whose model alone is */
  bool has_stage;
  char stage[96], unit[32];
  hr_progress progress; /* of the stage; points to the above */
  double stage_seconds;
  size_t memory_bytes, peak_memory_bytes; /* 0: not known */
  hr_strings log;                         /* the last lines of run.log */
  size_t element, element_count; /* which element of an array it is; of 0: none */
  hr_elements elements;          /* of an array of jobs, where there are any */
  bool is_array; /* nothing has put them together yet; then running means that one is */
} hr_run_state;

/* Looks at a run directory. HR_ERR_MISSING where it is none. To be followed by
 * hr_run_state_fini, on failure too. */
hr_status hr_run_state_read(const char *run_dir, hr_run_state *out,
                            hr_error *err) HR_MUST_CHECK;
void hr_run_state_fini(hr_run_state *state);

/* In words, some lines; or as one JSON object, schema headroom/run-state/1. */
void hr_run_state_describe(const hr_run_state *state, const char *run_dir, hr_text *out);
hr_status hr_run_state_format(const hr_run_state *state, hr_text *out,
                              hr_error *err) HR_MUST_CHECK;

#endif
