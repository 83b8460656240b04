/* `headroom stop`: hr_run_stop, and how far the run had come. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/verb.h"
#include "headroom/run.h"

typedef struct stop_values {
  double timeout; /* s */
} stop_values;

static void set_defaults(void *values) {
  *(stop_values *)values = (stop_values){.timeout = 0};
}

static void print_line(void *context, hr_log_level level, const char *line) {
  (void)context, (void)level;
  fprintf(stderr, "%s\n", line);
}

static hr_status tell_end(const char *run_dir, hr_error *err) {
  hr_status status = HR_OK;
  hr_run *run = NULL;
  hr_run_info info = {.size = sizeof info};
  HR_TRY(hr_run_look(run_dir, &run, err));
  HR_TRY(hr_run_get_info(run, &info, err));
  printf("%s: %s, %" PRIu64 " of %" PRIu64 " tasks done", hr_run_phase_name(info.phase),
         run_dir, info.done, info.tasks);
  puts(info.phase == HR_RUN_FINISHED ? "" : "; `headroom run` with --resume goes on");
cleanup:
  hr_run_close(&run);
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  hr_status status = HR_OK;
  const stop_values *given = values;
  const hr_observer observer = {.log = print_line};
  hr_run_stop_options stop = hr_run_stop_options_default();
  bool was_running = false;
  stop.timeout_seconds = given->timeout;
  stop.observer = &observer;
  HR_TRY(hr_run_stop(operand, &stop, &was_running, err));
  if (was_running) {
    HR_TRY(tell_end(operand, err));
  } else {
    printf("nothing is running in %s\n", operand);
  }
cleanup:
  return status;
}

static const hr_option options[] = {
    {.name = "timeout",
     .kind = HR_OPTION_NUMBER,
     .offset = offsetof(stop_values, timeout),
     .value = "S",
     .zero_means_absent = true,
     .help = "wait so many seconds at the most"},
};

const hr_verb hr_verb_stop = {
    .grammar = {.verb = "stop",
                .operand = "DIR",
                .options = options,
                .option_count = sizeof options / sizeof options[0]},
    .summary = "stop a run so that it can be resumed",
    .details =
        "Asks the run that is at work in the run directory DIR to stop, as `kill` does,\n"
        "and waits until it has: it finishes the block or the system it is at, and what\n"
        "is done stays.",
    .values_size = sizeof(stop_values),
    .set_defaults = set_defaults,
    .run = run,
};
