#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "cli/verb.h"
#include "core/clock.h"
#include "session/owner.h"
#include "session/state.h"

typedef struct stop_values {
  double timeout; /* s */
} stop_values;

static const double tell_seconds = 10;

static void set_defaults(void *values) {
  *(stop_values *)values = (stop_values){.timeout = 0};
}

/* Waits until nobody holds the directory any more. */
static hr_status wait_for_end(const char *run_dir, double timeout, hr_error *err) {
  static const struct timespec tenth = {.tv_nsec = 100000000};
  double start = hr_clock_seconds(), told = start;
  hr_owner owner;
  while (hr_owner_find(run_dir, &owner)) {
    double now = hr_clock_seconds();
    if (timeout > 0 && now - start > timeout) {
      return hr_fail(err, HR_ERR_IO,
                     "process %lld is still at work in %s after %g s; wait on, or end it "
                     "at once with kill -9 %lld: --resume goes on either way",
                     owner.pid, run_dir, timeout, owner.pid);
    }
    if (now - told > tell_seconds) {
      fprintf(stderr, "process %lld finishes what it is at\n", owner.pid);
      told = now;
    }
    nanosleep(&tenth, NULL);
  }
  return HR_OK;
}

static hr_status tell_end(const char *run_dir, hr_error *err) {
  hr_run_state state;
  hr_status status = hr_run_state_read(run_dir, &state, err);
  if (status == HR_OK) {
    printf("%s: %s, %zu of %zu tasks done", hr_run_phase_name(state.phase), run_dir,
           state.done, state.tasks);
    puts(state.phase == HR_RUN_FINISHED ? "" : "; `headroom run` with --resume goes on");
  }
  hr_run_state_fini(&state);
  return status;
}

static hr_status run(const void *values, const char *operand, hr_error *err) {
  hr_status status = HR_OK;
  const stop_values *given = values;
  bool sent = false;
  hr_run_state state;
  HR_TRY(hr_run_state_read(operand, &state, err));
  HR_TRY(hr_owner_terminate(operand, &sent, err));
  if (!sent) {
    printf("nothing is running in %s\n", operand);
    goto cleanup;
  }
  HR_TRY(wait_for_end(operand, given->timeout, err));
  HR_TRY(tell_end(operand, err));
cleanup:
  hr_run_state_fini(&state);
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
