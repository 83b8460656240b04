/* Progress in words, with a rate and the time left once enough has been done to tell. */
#include "core/progress.h"

#include <inttypes.h>

static const double settled_seconds = 0.5; /* before that a rate says nothing */

/* 12.5 MB/s, 1630 rows/s: three or four digits, as far as anyone reads. */
static void describe_rate(double rate, const char *unit, hr_text *out) {
  int decimals = rate < 10.0 ? 2 : rate < 100.0 ? 1 : 0;
  hr_text_append(out, ", %.*f %s/s", decimals, rate, unit);
}

void hr_seconds_describe(double seconds, hr_text *out) {
  if (seconds < 9.95) {
    hr_text_append(out, "%.1f s", seconds);
  } else if (seconds < 99.5) {
    hr_text_append(out, "%.0f s", seconds);
  } else if (seconds < 3600.0) {
    long whole = (long)seconds;
    hr_text_append(out, "%ld min %02ld s", whole / 60, whole % 60);
  } else {
    long minutes = (long)(seconds / 60.0);
    hr_text_append(out, "%ld h %02ld min", minutes / 60, minutes % 60);
  }
}

double hr_progress_rate(const hr_progress *progress, double seconds) {
  if (!(seconds > 0) || progress->skipped >= progress->done) return 0;
  return (double)(progress->done - progress->skipped) / seconds;
}

void hr_progress_describe(const hr_progress *progress, double seconds, bool is_over,
                          hr_text *out) {
  double done = (double)progress->done, total = (double)progress->total;
  hr_text_append(out, "%s: ", progress->stage);
  if (progress->total == 0 || progress->done == progress->total) {
    hr_text_append(out, "%" PRIu64 " %s", progress->done, progress->unit);
  } else {
    /* Rounded down: 100% is said when all is done. */
    int percent = (int)(100.0 * done / total);
    hr_text_append(out, "%d%% of %" PRIu64 " %s", percent, progress->total,
                   progress->unit);
  }
  if (is_over) {
    hr_text_append(out, " in ");
    hr_seconds_describe(seconds, out);
  }
  double rate = hr_progress_rate(progress, seconds);
  if (seconds < settled_seconds || !(rate > 0)) return;
  describe_rate(rate, progress->unit, out);
  if (progress->bytes > 0) {
    describe_rate(1e-6 * (double)progress->bytes / seconds, "MB", out);
  }
  if (!is_over && progress->total > progress->done) {
    hr_text_append(out, ", ");
    hr_seconds_describe((total - done) / rate, out);
    hr_text_append(out, " left");
  }
}
