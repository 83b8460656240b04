/* The public face of state.c and owner.c: what `headroom status` and `headroom stop` do,
 * for every program. */
#include "headroom/run.h"

#include <time.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/observe.h"
#include "core/sized.h"
#include "session/owner.h"
#include "session/state.h"

struct hr_run {
  char *run_dir;
  hr_run_state state;
};

static const hr_sized sized_info = {
    "hr_run_info", "to sizeof(hr_run_info)", {sizeof(hr_run_info)}};
static const hr_sized sized_stop = {"hr_run_stop_options",
                                    "with hr_run_stop_options_default()",
                                    {sizeof(hr_run_stop_options)}};

static const double tell_seconds = 10;

void hr_run_close(hr_run **run) {
  hr_run *self = *run;
  if (!self) return;
  hr_run_state_fini(&self->state);
  hr_free(self->run_dir);
  hr_free(self);
  *run = NULL;
}

hr_status hr_run_look(const char *run_dir, hr_run **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_run *self = NULL;
  HR_TRY(hr_alloc(&self, 1, err));
  HR_TRY(hr_copy_text(run_dir, &self->run_dir, err));
  HR_TRY(hr_run_state_read(run_dir, &self->state, err));
  *out = self;
  self = NULL;
cleanup:
  hr_run_close(&self);
  return status;
}

hr_status hr_run_get_info(const hr_run *run, hr_run_info *info, hr_error *err) {
  const hr_run_state *state = &run->state;
  const hr_progress *progress = &state->progress;
  const hr_run_info own = {
      .phase = state->phase,
      .message = state->message,
      .pid = state->pid,
      .last_pid = state->last_pid,
      .host = state->host,
      .sessions = state->sessions,
      .seconds = state->seconds,
      .session_seconds = state->session_seconds,
      .silent_seconds = state->silent,
      .estimate_seconds = state->estimate_seconds,
      .tasks = state->tasks,
      .done = state->done,
      .trained = state->trained,
      .stage = state->stage,
      .unit = state->unit,
      .stage_done = progress->done,
      .stage_total = progress->total,
      .stage_skipped = progress->skipped,
      .stage_bytes = progress->bytes,
      .stage_seconds = state->stage_seconds,
      .memory_bytes = state->memory_bytes,
      .peak_memory_bytes = state->peak_memory_bytes,
      .log = (const char *const *)state->log.items,
      .log_count = state->log.count,
  };
  return hr_sized_give(&sized_info, &own, info, err);
}

hr_status hr_run_text(const hr_run *run, char **text, hr_error *err) {
  hr_status status = HR_OK;
  hr_text out;
  hr_text_init(&out);
  hr_run_state_describe(&run->state, run->run_dir, &out);
  HR_TRY(hr_text_status(&out, err));
  *text = out.bytes;
  hr_text_init(&out);
cleanup:
  hr_text_fini(&out);
  return status;
}

hr_status hr_run_json(const hr_run *run, char **json, hr_error *err) {
  hr_status status = HR_OK;
  hr_text out;
  hr_text_init(&out);
  HR_TRY(hr_run_state_format(&run->state, &out, err));
  *json = out.bytes;
  hr_text_init(&out);
cleanup:
  hr_text_fini(&out);
  return status;
}

/* One look while a run is waited for, every tenth of a second. */
static hr_status wait_on(const char *run_dir, const hr_run_stop_options *options,
                         const hr_owner *owner, double waited, hr_error *err) {
  static const struct timespec tenth = {.tv_nsec = 100000000};
  const hr_observer *observer = options->observer;
  if (options->timeout_seconds > 0 && waited > options->timeout_seconds) {
    return hr_fail(err, HR_ERR_IO,
                   "process %lld is still at work in %s after %g s; wait on, or end it "
                   "at once with kill -9 %lld: --resume goes on either way",
                   owner->pid, run_dir, options->timeout_seconds, owner->pid);
  }
  if (observer && observer->interrupted && observer->interrupted(observer->context)) {
    return hr_fail(err, HR_ERR_INTERRUPTED,
                   "interrupted while process %lld stops, which it does all the same",
                   owner->pid);
  }
  nanosleep(&tenth, NULL);
  return HR_OK;
}

/* Waits until no process holds the directory any more. */
static hr_status wait_for_end(const char *run_dir, const hr_run_stop_options *options,
                              hr_error *err) {
  hr_status status = HR_OK;
  double start = hr_clock_seconds(), told = start;
  hr_owner owner;
  while (status == HR_OK && hr_owner_find(run_dir, &owner)) {
    double now = hr_clock_seconds();
    if (now - told > tell_seconds) {
      hr_observe_info(options->observer, "process %lld finishes what it is at",
                      owner.pid);
      told = now;
    }
    status = wait_on(run_dir, options, &owner, now - start, err);
  }
  return status;
}

hr_status hr_run_stop(const char *run_dir, const hr_run_stop_options *options,
                      bool *was_running, hr_error *err) {
  hr_status status = HR_OK;
  hr_run_stop_options own = hr_run_stop_options_default();
  bool sent = false;
  hr_run *run = NULL;
  HR_TRY(hr_sized_take(&sized_stop, options, &own, err));
  HR_TRY(hr_run_look(run_dir, &run, err));
  HR_TRY(hr_owner_terminate(run_dir, &sent, err));
  if (sent && !own.skip_wait) HR_TRY(wait_for_end(run_dir, &own, err));
  *was_running = sent;
cleanup:
  hr_run_close(&run);
  return status;
}
