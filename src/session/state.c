/* The state of a run, from what lies in its directory. The lock has the last word on
 * whether it runs, since status.json may be an older process's. */
#include "session/state.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/progress.h"
#include "session/elements.h"
#include "session/owner.h"
#include "session/task_folders.h"
#include "session/timings.h"

static const char *const phase_names[] = {"running", "finished", "stopped", "failed",
                                          "killed"};
enum { PHASES = sizeof phase_names / sizeof phase_names[0] };

static const double long_silence = 30; /* s; a stage may take that long between words */

const char *hr_run_phase_name(hr_run_phase phase) {
  bool is_known = (unsigned)phase < PHASES;
  return is_known ? phase_names[phase] : "unknown";
}

void hr_run_state_fini(hr_run_state *state) {
  hr_strings_fini(&state->log);
  hr_elements_fini(&state->elements);
}

static hr_run_phase phase_of(const char *name) {
  for (int i = 0; i < PHASES; i++) {
    if (strcmp(name, phase_names[i]) == 0) return (hr_run_phase)i;
  }
  return HR_RUN_KILLED;
}

/* Seconds since a file was written, none where the clock has been set back since; NaN
 * where there is no file. */
static double age_of(const char *folder, const char *name) {
  char *path = NULL;
  struct stat info;
  struct timespec now;
  double age = (double)NAN;
  if (hr_join_path(folder, name, &path, NULL) == HR_OK && stat(path, &info) == 0 &&
      clock_gettime(CLOCK_REALTIME, &now) == 0) {
    age = fmax(difftime(now.tv_sec, info.st_mtim.tv_sec), 0);
  }
  hr_free(path);
  return age;
}

static void read_stage(const json_t *stage, hr_run_state *out) {
  out->has_stage = stage != NULL;
  snprintf(out->stage, sizeof out->stage, "%s", hr_json_string(stage, "name", ""));
  snprintf(out->unit, sizeof out->unit, "%s", hr_json_string(stage, "unit", ""));
  out->progress = (hr_progress){.stage = out->stage,
                                .unit = out->unit,
                                .done = hr_json_count(stage, "done", 0),
                                .total = hr_json_count(stage, "total", 0),
                                .skipped = hr_json_count(stage, "skipped", 0),
                                .bytes = hr_json_count(stage, "bytes", 0)};
  out->stage_seconds = hr_json_number(stage, "seconds", 0);
}

static void read_status(const json_t *root, hr_run_state *out) {
  out->phase = phase_of(hr_json_string(root, "state", ""));
  snprintf(out->message, sizeof out->message, "%s", hr_json_string(root, "message", ""));
  double earlier = hr_json_number(root, "earlier_seconds", 0);
  out->sessions = hr_sessions_count(root);
  out->session_seconds = hr_json_number(root, "seconds", (double)NAN);
  out->seconds = earlier + out->session_seconds;
  out->estimate_seconds = earlier + hr_json_number(root, "estimate_seconds", (double)NAN);
  out->tasks = hr_json_count(root, "tasks", 0);
  out->memory_bytes = hr_json_count(root, "memory_bytes", 0);
  out->peak_memory_bytes = hr_json_count(root, "peak_memory_bytes", 0);
  read_stage(json_object_get(root, "stage"), out);
}

/* The lock tells whether it runs; status.json may have been written by a run that was
 * killed, or by the one before. */
static void judge(const char *run_dir, hr_run_state *out) {
  hr_owner owner;
  if (hr_owner_find(run_dir, &owner)) {
    out->phase = HR_RUN_RUNNING;
    out->pid = owner.pid;
    snprintf(out->host, sizeof out->host, "%s", owner.host);
  } else if (out->phase == HR_RUN_RUNNING) {
    out->phase = HR_RUN_KILLED;
  }
  if (out->phase == HR_RUN_KILLED) {
    hr_owner_find_former(run_dir, &owner);
    out->last_pid = owner.pid;
    snprintf(out->host, sizeof out->host, "%s", owner.host);
  }
}

/* Without a status.json that can be read, results tell that a run came to its end: they
 * are removed before any work begins. */
static hr_status judge_by_results(const char *run_dir, hr_run_state *out, hr_error *err) {
  char *path = NULL;
  hr_status status = hr_join_path(run_dir, "results.json", &path, err);
  if (status == HR_OK && out->phase == HR_RUN_KILLED && access(path, F_OK) == 0) {
    out->phase = HR_RUN_FINISHED;
    out->last_pid = 0;
    out->host[0] = '\0';
    snprintf(out->message, sizeof out->message,
             "results.json is there; status.json, which could say more, cannot be read");
  }
  hr_free(path);
  return status;
}

/* The end of run.log, some lines of it. */
static hr_status read_log(const char *run_dir, hr_strings *out, hr_error *err) {
  enum { TAIL_BYTES = 4096 };
  hr_status status = HR_OK;
  char tail[TAIL_BYTES + 1], *path = NULL, *line[HR_RUN_LOG_LINES];
  size_t count = 0;
  int descriptor = -1;
  HR_TRY(hr_join_path(run_dir, "run.log", &path, err));
  descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) goto cleanup;
  off_t size = lseek(descriptor, 0, SEEK_END);
  off_t start = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
  ssize_t length = pread(descriptor, tail, TAIL_BYTES, start);
  if (length <= 0) goto cleanup;
  tail[length] = '\0';
  char *end = tail + length;
  if (end[-1] == '\n') *--end = '\0';
  while (count < HR_RUN_LOG_LINES) {
    char *newline = strrchr(tail, '\n');
    if (!newline && start > 0) break; /* the line is cut */
    line[count++] = newline ? newline + 1 : tail;
    if (!newline) break;
    *newline = '\0';
  }
  while (count > 0) HR_TRY(hr_strings_append(out, line[--count], err));
cleanup:
  if (descriptor >= 0) close(descriptor);
  hr_free(path);
  return status;
}

/* Which element of an array it is, if one. */
static void read_element(const char *run_dir, hr_run_state *out) {
  json_t *root = hr_json_file_read(run_dir, "element.json");
  out->element = hr_json_count(root, "element", 0);
  out->element_count = hr_json_count(root, "of", 0);
  json_decref(root);
}

/* A directory that holds nothing but elements. */
static void judge_array(hr_run_state *out) {
  bool running = false;
  out->is_array = true;
  hr_elements_count(&out->elements, &out->done, &out->trained, &running);
  out->phase = running ? HR_RUN_RUNNING : HR_RUN_STOPPED;
  out->seconds = out->session_seconds = out->estimate_seconds = (double)NAN;
  if (running) return;
  snprintf(out->message, sizeof out->message,
           "the elements of its array are not put together yet");
}

hr_status hr_run_state_read(const char *run_dir, hr_run_state *out, hr_error *err) {
  hr_status status = HR_OK;
  json_t *root = NULL, *manifest = NULL;
  *out = (hr_run_state){.silent = (double)NAN};
  HR_TRY(hr_json_file_look(run_dir, "status.json", &root, err));
  HR_TRY(hr_json_file_look(run_dir, "manifest.json", &manifest, err));
  HR_TRY(hr_elements_find(run_dir, &out->elements, err));
  if (!root && !manifest && out->elements.count > 0) {
    judge_array(out);
    goto cleanup;
  }
  if (!root && !manifest) {
    status = hr_fail(err, HR_ERR_MISSING, "%s is not the directory of a run", run_dir);
    goto cleanup;
  }
  read_status(root, out);
  read_element(run_dir, out);
  if (root) out->silent = age_of(run_dir, "status.json");
  judge(run_dir, out);
  if (!root) HR_TRY(judge_by_results(run_dir, out, err));
  hr_task_folders_count(run_dir, &out->done, &out->trained);
  HR_TRY(read_log(run_dir, &out->log, err));
cleanup:
  json_decref(root);
  json_decref(manifest);
  return status;
}

/* Why a run ended that could not say it itself. */
static void describe_kill(const hr_run_state *state, hr_text *out) {
  hr_text_append(out, "why        ");
  if (state->last_pid) {
    hr_text_append(out, "its process %lld", state->last_pid);
    if (state->host[0]) hr_text_append(out, " on %s", state->host);
    hr_text_append(out, " is gone; ");
  }
  hr_text_append(out,
                 "it could not say why it ended: it was killed, or the machine or the "
                 "disk failed\n");
}

static void describe_head(const hr_run_state *state, const char *run_dir, hr_text *out) {
  hr_text_append(out, "%s: %s", hr_run_phase_name(state->phase), run_dir);
  if (state->pid) hr_text_append(out, ", process %lld", state->pid);
  if (state->pid && state->host[0]) hr_text_append(out, " on %s", state->host);
  if (state->seconds > 0) {
    hr_text_append(out, state->phase == HR_RUN_RUNNING ? ", for " : ", after ");
    hr_seconds_describe(state->seconds, out);
    if (state->sessions > 1) hr_text_append(out, " in %zu sessions", state->sessions);
  }
  hr_text_append(out, "\n");
  if (state->message[0]) hr_text_append(out, "why        %s\n", state->message);
  if (state->phase == HR_RUN_KILLED) describe_kill(state, out);
  if (state->phase == HR_RUN_RUNNING && state->silent > long_silence) {
    hr_text_append(out, "silent     for ");
    hr_seconds_describe(state->silent, out);
    hr_text_append(out, "\n");
  }
}

static void describe_tasks(const hr_run_state *state, hr_text *out) {
  hr_text_append(out, "tasks      %zu", state->done);
  if (state->tasks > 0) hr_text_append(out, " of %zu", state->tasks);
  hr_text_append(out, " done");
  if (state->trained > 0) hr_text_append(out, ", %zu more trained", state->trained);
  hr_text_append(out, "\n");
}

void hr_run_state_describe(const hr_run_state *state, const char *run_dir, hr_text *out) {
  const double mebibyte = 1048576;
  describe_head(state, run_dir, out);
  describe_tasks(state, out);
  hr_elements_describe(&state->elements, out);
  if (state->has_stage) {
    bool is_over = state->phase != HR_RUN_RUNNING;
    hr_text_append(out, is_over ? "last       " : "now        ");
    hr_progress_describe(&state->progress, state->stage_seconds, is_over, out);
    hr_text_append(out, "\n");
  }
  if (state->phase == HR_RUN_RUNNING && state->estimate_seconds > 0) {
    hr_text_append(out, "in all     about ");
    hr_seconds_describe(state->estimate_seconds, out);
    hr_text_append(out, "\n");
  }
  if (state->memory_bytes > 0) {
    hr_text_append(out, "memory     %.0f MiB, %.0f MiB at the most\n",
                   ceil((double)state->memory_bytes / mebibyte),
                   ceil((double)state->peak_memory_bytes / mebibyte));
  }
  for (size_t i = 0; i < state->log.count; i++) {
    hr_text_append(out, i == 0 ? "log        " : "           ");
    hr_text_append_visible(out, state->log.items[i]);
    hr_text_append(out, "\n");
  }
  if (state->is_array) {
    hr_text_append(out, "`headroom merge %s` makes one run of them\n", run_dir);
  } else if (state->phase != HR_RUN_RUNNING && state->phase != HR_RUN_FINISHED &&
             state->element_count > 0) {
    hr_text_append(
        out,
        "`headroom run CONFIG --array %zu/%zu`, into the directory that it was begun "
        "for, goes on\n",
        state->element, state->element_count);
  } else if (state->phase != HR_RUN_RUNNING && state->phase != HR_RUN_FINISHED) {
    hr_text_append(out, "`headroom run CONFIG --out %s --resume` goes on\n", run_dir);
  }
}

static void put_stage(const hr_run_state *state, hr_json_builder *builder, json_t *root) {
  if (!state->has_stage) {
    hr_json_put(builder, root, "stage", json_null());
    return;
  }
  const hr_progress *progress = &state->progress;
  double done = (double)progress->done, total = (double)progress->total;
  double rate = hr_progress_rate(progress, state->stage_seconds);
  bool has_end = rate > 0 && total >= done && state->phase == HR_RUN_RUNNING;
  json_t *stage = hr_json_put(builder, root, "stage", json_object());
  hr_json_put(builder, stage, "name", hr_json_text(state->stage));
  hr_json_put(builder, stage, "unit", hr_json_text(state->unit));
  hr_json_put_count(builder, stage, "done", progress->done);
  hr_json_put_count(builder, stage, "total", progress->total);
  hr_json_put_count(builder, stage, "bytes", progress->bytes);
  hr_json_put_number(builder, stage, "seconds", state->stage_seconds);
  hr_json_put_number(builder, stage, "rate", rate > 0 ? rate : (double)NAN);
  hr_json_put_number(builder, stage, "seconds_left",
                     has_end ? (total - done) / rate : (double)NAN);
}

hr_status hr_run_state_format(const hr_run_state *state, hr_text *out, hr_error *err) {
  hr_json_builder builder = {false};
  json_t *root = json_object();
  size_t done = state->done;
  hr_json_put_text(&builder, root, "schema", "headroom/run-state/1");
  hr_json_put_text(&builder, root, "state", hr_run_phase_name(state->phase));
  hr_json_put(&builder, root, "message", hr_json_text(state->message));
  hr_json_put(&builder, root, "pid", state->pid ? json_integer(state->pid) : json_null());
  hr_json_put(&builder, root, "last_pid",
              state->last_pid ? json_integer(state->last_pid) : json_null());
  hr_json_put(&builder, root, "host", hr_json_text(state->host));
  hr_json_put_number(&builder, root, "seconds", state->seconds);
  hr_json_put_count(&builder, root, "sessions", state->sessions);
  hr_json_put_number(&builder, root, "session_seconds", state->session_seconds);
  hr_json_put_number(&builder, root, "silent_seconds", state->silent);
  hr_json_put_number(&builder, root, "estimate_seconds", state->estimate_seconds);
  json_t *tasks = hr_json_put(&builder, root, "tasks", json_object());
  hr_json_put_count(&builder, tasks, "total", state->tasks);
  hr_json_put_count(&builder, tasks, "done", done);
  hr_json_put_count(&builder, tasks, "trained", state->trained);
  hr_json_put_count(&builder, tasks, "left",
                    state->tasks > done ? state->tasks - done : 0);
  hr_json_put(&builder, root, "elements", hr_elements_format(&state->elements, &builder));
  put_stage(state, &builder, root);
  hr_json_put_count(&builder, root, "memory_bytes", state->memory_bytes);
  hr_json_put_count(&builder, root, "peak_memory_bytes", state->peak_memory_bytes);
  json_t *log = hr_json_put(&builder, root, "log", json_array());
  for (size_t i = 0; i < state->log.count; i++) {
    hr_json_append(&builder, log, hr_json_text(state->log.items[i]));
  }
  hr_status status = hr_json_write(&builder, root, out, err);
  json_decref(root);
  return status;
}
