#include "run/timings.h"

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

void hr_timings_move(hr_timings *timings, const char *from, const char *to,
                     double seconds) {
  book(timings, from, -seconds);
  book(timings, to, seconds);
}

hr_status hr_timings_write(const hr_timings *timings, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text,
                 "{\n  \"schema\": \"headroom/timings/1\",\n"
                 "  \"wall_seconds\": %.3f,\n  \"steps\": [",
                 hr_clock_seconds() - timings->start);
  for (size_t i = 0; i < timings->count; i++) {
    hr_text_append(&text, "%s\n    {\"step\": \"%s\", \"wall_seconds\": %.3f}",
                   i > 0 ? "," : "", timings->steps[i].name, timings->steps[i].seconds);
  }
  hr_text_append(&text, "\n  ]\n}\n");
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(hr_join_path(folder, "timings.json", &path, err));
  HR_TRY(hr_file_write(path, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&text);
  hr_free(path);
  return status;
}
