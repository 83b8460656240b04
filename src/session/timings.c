/* Laps of one clock, added up by name. A session leaves its sums in timings.json, and
 * the next one goes on from there. */
#include "session/timings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/text.h"

void hr_timings_start(hr_timings *timings) {
  *timings = (hr_timings){.start = hr_clock_seconds()};
  timings->mark = timings->start;
}

static void book(hr_timings *timings, const char *name, double seconds) {
  size_t i = 0;
  while (i < timings->count && strcmp(timings->steps[i].name, name) != 0) i++;
  if (i == HR_TIMINGS_MOST) {
    i--;
  } else if (i == timings->count) {
    snprintf(timings->steps[i].name, HR_TIMINGS_NAME, "%s", name);
    timings->count++;
  }
  timings->steps[i].seconds += seconds;
}

void hr_timings_lap(hr_timings *timings, const char *verb, const char *what) {
  char name[HR_TIMINGS_NAME];
  double now = hr_clock_seconds();
  snprintf(name, sizeof name, "%s%s%s", verb, what ? " " : "", what ? what : "");
  book(timings, name, now - timings->mark);
  timings->mark = now;
}

/* A number of seconds that a file tells; 0 where it tells none. */
static double seconds_of(const json_t *object, const char *key) {
  double seconds = hr_json_number(object, key, 0);
  return seconds > 0 && isfinite(seconds) ? seconds : 0;
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

size_t hr_sessions_count(const json_t *file) {
  return hr_json_count(file, "sessions", hr_json_count(file, "sittings", 1));
}

hr_sessions hr_sessions_find(const char *run_dir) {
  json_t *status = hr_json_file_read(run_dir, "status.json");
  json_t *timings = hr_json_file_read(run_dir, "timings.json");
  double told = seconds_of(status, "seconds") + seconds_of(status, "earlier_seconds");
  const hr_sessions found = {
      larger(hr_sessions_count(status), hr_sessions_count(timings)),
      fmax(told, seconds_of(timings, "wall_seconds"))};
  json_decref(timings);
  json_decref(status);
  return found;
}

/* Whether a name can stand between quotes as it is. */
static bool is_plain(const char *name) {
  for (const char *c = name; *c; c++) {
    if ((unsigned char)*c < ' ' || *c == '"' || *c == '\\') return false;
  }
  return *name != '\0';
}

void hr_timings_go_on(hr_timings *timings, const char *run_dir,
                      const hr_sessions *earlier) {
  json_t *root = hr_json_file_read(run_dir, "timings.json");
  const json_t *steps = json_object_get(root, "steps");
  double left = earlier->seconds;
  timings->earlier = *earlier;
  for (size_t i = 0; i < json_array_size(steps); i++) {
    const json_t *step = json_array_get(steps, i);
    const char *name = hr_json_string(step, "step", "");
    double seconds = seconds_of(step, "wall_seconds");
    if (!is_plain(name)) continue;
    book(timings, name, seconds);
    left -= seconds;
  }
  if (left > 0) book(timings, "interrupted", left);
  json_decref(root);
}

void hr_timings_move(hr_timings *timings, const char *from, const char *to,
                     double seconds) {
  book(timings, from, -seconds);
  book(timings, to, seconds);
}

hr_status hr_timings_write(const hr_timings *timings, const char *folder,
                           hr_file_writer *writer, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text,
                 "{\n  \"schema\": \"headroom/timings/1\",\n"
                 "  \"sessions\": %zu,\n  \"wall_seconds\": %.3f,\n  \"steps\": [",
                 timings->earlier.count + 1,
                 timings->earlier.seconds + hr_clock_seconds() - timings->start);
  for (size_t i = 0; i < timings->count; i++) {
    hr_text_append(&text, "%s\n    {\"step\": \"%s\", \"wall_seconds\": %.3f}",
                   i > 0 ? "," : "", timings->steps[i].name, timings->steps[i].seconds);
  }
  hr_text_append(&text, "\n  ]\n}\n");
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(hr_join_path(folder, "timings.json", &path, err));
  HR_TRY(writer(path, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&text);
  hr_free(path);
  return status;
}
