/* status.json and run.log while a study works. Both are written beside the study's own
 * files and never fail it. */
#include "session/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/progress.h"

static const double status_seconds = 1.0;

static void format_time(char out[32]) {
  time_t now = time(NULL);
  struct tm utc;
  gmtime_r(&now, &utc);
  strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static void put_line(hr_text *text, const char *mark, const char *line) {
  char now[32];
  format_time(now);
  hr_text_append(text, "%s  %s", now, mark);
  hr_text_append_visible(text, line);
  hr_text_append(text, "\n");
}

/* In one write, so that lines of others do not come in between. */
static void write_text(const hr_watch *watch, const hr_text *text) {
  if (watch->log < 0 || text->length == 0) return;
  if (hr_text_status(text, NULL) == HR_OK &&
      write(watch->log, text->bytes, text->length) < 0) {
    /* A full disk ends the run where it matters, not here. */
  }
}

/* One line of run.log. */
static void write_line(const hr_watch *watch, const char *mark, const char *line) {
  hr_text text;
  hr_text_init(&text);
  put_line(&text, mark, line);
  write_text(watch, &text);
  hr_text_fini(&text);
}

/* Resident memory now, in bytes; 0 where it is not known. */
static size_t resident_bytes(void) {
  unsigned long long pages = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file) return 0;
  int read = fscanf(file, "%llu %llu", &pages, &resident);
  fclose(file);
  return read == 2 ? (size_t)resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static size_t peak_bytes(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return (size_t)usage.ru_maxrss * 1024;
}

static void put_stage(const hr_watch *watch, hr_json_builder *builder, json_t *root,
                      double now) {
  const hr_progress *last = &watch->last;
  if (watch->stage[0] == '\0') return;
  json_t *stage = hr_json_put(builder, root, "stage", json_object());
  hr_json_put(builder, stage, "name", hr_json_text(watch->stage));
  hr_json_put(builder, stage, "unit", hr_json_text(watch->unit));
  hr_json_put_count(builder, stage, "done", last->done);
  hr_json_put_count(builder, stage, "total", last->total);
  hr_json_put_count(builder, stage, "skipped", last->skipped);
  hr_json_put_count(builder, stage, "bytes", last->bytes);
  hr_json_put_number(builder, stage, "seconds", now - watch->stage_begun);
}

static void write_status(hr_watch *watch, const char *state, const char *sentence) {
  char updated[32];
  double now = hr_clock_seconds();
  hr_json_builder builder = {false};
  json_t *root = json_object();
  if (!watch->out_dir) goto cleanup;
  format_time(updated);
  hr_json_put_text(&builder, root, "schema", "headroom/status/1");
  hr_json_put_text(&builder, root, "state", state);
  hr_json_put(&builder, root, "message", hr_json_text(sentence));
  hr_json_put_count(&builder, root, "pid", (size_t)getpid());
  hr_json_put_text(&builder, root, "updated", updated);
  hr_json_put_number(&builder, root, "seconds", now - watch->begun);
  hr_json_put_count(&builder, root, "sessions", watch->earlier.count + 1);
  hr_json_put_number(&builder, root, "earlier_seconds", watch->earlier.seconds);
  if (watch->estimate_seconds > 0) {
    hr_json_put_number(&builder, root, "estimate_seconds", watch->estimate_seconds);
  }
  hr_json_put_count(&builder, root, "tasks", watch->task_count);
  put_stage(watch, &builder, root, now);
  hr_json_put_count(&builder, root, "memory_bytes", resident_bytes());
  hr_json_put_count(&builder, root, "peak_memory_bytes", peak_bytes());
  if (hr_json_file_write(&builder, root, watch->out_dir, "status.json",
                         hr_file_write_fleeting, NULL) == HR_OK) {
    watch->shown = now;
  }
cleanup:
  json_decref(root);
}

static void end_stage(hr_watch *watch) {
  hr_text text;
  if (watch->stage[0] == '\0' || watch->stage_is_over) return;
  hr_text_init(&text);
  hr_progress progress = watch->last;
  progress.stage = watch->stage;
  progress.unit = watch->unit;
  hr_progress_describe(&progress, hr_clock_seconds() - watch->stage_begun, true, &text);
  if (hr_text_status(&text, NULL) == HR_OK) write_line(watch, "", text.bytes);
  hr_text_fini(&text);
  watch->stage_is_over = true;
}

static void note_progress(hr_watch *watch, const hr_progress *progress) {
  double now = hr_clock_seconds();
  bool goes_on = strncmp(watch->stage, progress->stage, sizeof watch->stage - 1) == 0 &&
                 progress->done >= watch->last.done;
  if (!goes_on) {
    end_stage(watch);
    snprintf(watch->stage, sizeof watch->stage, "%s", progress->stage);
    snprintf(watch->unit, sizeof watch->unit, "%s", progress->unit);
    watch->stage_begun = now;
    watch->stage_is_over = false;
  }
  watch->last = *progress;
  watch->last.stage = watch->last.unit = NULL;
  if (!goes_on || now - watch->shown >= status_seconds) {
    write_status(watch, "running", "");
  }
  if (progress->total > 0 && progress->done >= progress->total) end_stage(watch);
}

static void take_line(void *context, hr_log_level level, const char *line) {
  hr_watch *watch = context;
  const hr_observer *caller = watch->caller;
  const char *mark = level == HR_LOG_WARNING ? "warning: " : "";
  if (watch->out_dir) {
    write_line(watch, mark, line);
  } else {
    put_line(&watch->early, mark, line);
  }
  if (caller && caller->log) caller->log(caller->context, level, line);
}

static void take_progress(void *context, const hr_progress *progress) {
  hr_watch *watch = context;
  const hr_observer *caller = watch->caller;
  note_progress(watch, progress);
  if (caller && caller->progress) caller->progress(caller->context, progress);
}

static bool is_interrupted(void *context) {
  const hr_watch *watch = context;
  const hr_observer *caller = watch->caller;
  return caller && caller->interrupted && caller->interrupted(caller->context);
}

void hr_watch_init(hr_watch *watch, const hr_observer *caller) {
  *watch = (hr_watch){.caller = caller, .log = -1, .begun = hr_clock_seconds()};
  hr_text_init(&watch->early);
  watch->observer = (hr_observer){.context = watch,
                                  .log = take_line,
                                  .progress = take_progress,
                                  .interrupted = is_interrupted};
}

void hr_watch_begin(hr_watch *watch, const char *out_dir, size_t task_count,
                    double estimate_seconds, const hr_sessions *earlier) {
  char *path = NULL;
  if (earlier) watch->earlier = *earlier;
  watch->out_dir = out_dir;
  watch->task_count = task_count;
  watch->estimate_seconds = estimate_seconds;
  if (hr_join_path(out_dir, "run.log", &path, NULL) == HR_OK) {
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    watch->log = open(path, earlier ? flags : flags | O_TRUNC, 0666);
  }
  hr_free(path);
  write_text(watch, &watch->early);
  hr_text_fini(&watch->early);
  write_line(watch, "", earlier ? "the run is resumed" : "the run begins");
  write_status(watch, "running", "");
}

void hr_watch_end(hr_watch *watch, hr_status status, const char *sentence) {
  const char *state = status == HR_OK                ? "finished"
                      : status == HR_ERR_INTERRUPTED ? "stopped"
                                                     : "failed";
  hr_text_fini(&watch->early);
  if (!watch->out_dir) return;
  end_stage(watch);
  if (status != HR_OK) write_line(watch, "", sentence);
  write_line(watch, "the run is ", state);
  write_status(watch, state, status == HR_OK ? "" : sentence);
  if (watch->log >= 0) close(watch->log);
  watch->log = -1;
  watch->out_dir = NULL;
}
