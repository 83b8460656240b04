/* `headroom status`: what hr_run_look sees of a run, once or every second. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "cli/verb.h"
#include "headroom/run.h"

typedef struct status_values {
  bool json;
  bool watch;
} status_values;

static hr_status print_state(const char *run_dir, bool as_json, bool redraws,
                             hr_run_phase *phase, hr_error *err) {
  hr_status status = HR_OK;
  hr_run *run = NULL;
  hr_run_info info = {.size = sizeof info};
  char *text = NULL;
  HR_TRY(hr_run_look(run_dir, &run, err));
  HR_TRY(hr_run_get_info(run, &info, err));
  *phase = info.phase;
  HR_TRY(as_json ? hr_run_json(run, &text, err) : hr_run_text(run, &text, err));
  /* From the top, each line cleared to its end: nothing flickers. */
  if (redraws) fputs("\x1b[H\x1b[J", stdout);
  fputs(text, stdout);
  fflush(stdout);
cleanup:
  hr_text_free(text);
  hr_run_close(&run);
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  static const struct timespec second = {.tv_sec = 1};
  hr_status status = HR_OK;
  const status_values *given = values;
  hr_run_phase phase = HR_RUN_FINISHED;
  bool redraws = given->watch && !given->json && isatty(STDOUT_FILENO);
  if (given->watch) hr_interrupt_watch();
  for (;;) {
    HR_TRY(print_state(operand, given->json, redraws, &phase, err));
    if (!given->watch || phase != HR_RUN_RUNNING || hr_interrupt_came()) break;
    nanosleep(&second, NULL);
  }
cleanup:
  return status;
}

static const hr_option options[] = {
    {.name = "json",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(status_values, json),
     .help = "as a JSON object, for programs"},
    {.name = "watch",
     .kind = HR_OPTION_FLAG,
     .offset = offsetof(status_values, watch),
     .help = "again every second, until the run ends or Ctrl-C"},
};

const hr_verb hr_verb_status = {
    .grammar = {.verb = "status",
                .operand = "DIR",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "say how far a run has come, or why it ended",
    .details =
        "Reads the run directory DIR: whether the run is running, finished, stopped,\n"
        "failed (and why) or killed, the tasks that are done, what it is at with rate\n"
        "and time left, its memory, and the last lines of its run.log. Times are those\n"
        "of all sessions of a run that was resumed. Exits with 0 wherever the state "
        "could\n"
        "be told, whatever it is: scripts read `state` of --json.",
    .values_size = sizeof(status_values),
    .run = run,
};
