/* The program's observer: one line on a terminal that is drawn again, lines from time to
 * time in a log. */
#include "cli/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "core/clock.h"
#include "core/utf8.h"

static const double redraw_seconds = 0.1;  /* on a terminal; faster only flickers */
static const double repeat_seconds = 10.0; /* in a log file */
enum { MOST_CELLS = 30, LEAST_CELLS = 8, LEAST_COLUMNS = 40, USUAL_COLUMNS = 80 };

static int terminal_columns(FILE *file) {
  struct winsize size = {0};
  if (ioctl(fileno(file), TIOCGWINSZ, &size) != 0) return USUAL_COLUMNS;
  return size.ws_col >= LEAST_COLUMNS ? size.ws_col : USUAL_COLUMNS;
}

void hr_display_init(hr_display *display, FILE *file) {
  const char *terminal = getenv("TERM");
  const char *no_colour = getenv("NO_COLOR");
  bool can_redraw = terminal && strcmp(terminal, "dumb") != 0;
  *display = (hr_display){.file = file, .clock = hr_clock_seconds};
  display->is_terminal = can_redraw && isatty(fileno(file));
  display->has_colour = display->is_terminal && !(no_colour && *no_colour);
  display->columns = display->is_terminal ? terminal_columns(file) : USUAL_COLUMNS;
}

/* The running stage with the texts that the display keeps. */
static hr_progress running(const hr_display *display) {
  hr_progress progress = display->last;
  progress.stage = display->stage;
  progress.unit = display->unit;
  return progress;
}

static void erase_line(hr_display *display) {
  if (display->line_is_drawn) fputs("\r\x1b[K", display->file);
  display->line_is_drawn = false;
}

/* What the terminal shows: the words, without the megabytes where they do not fit, and a
 * bar before them where there is room. */
static void compose(const hr_display *display, hr_progress progress, double seconds,
                    hr_text *out) {
  int room = display->columns - 1;
  hr_progress_describe(&progress, seconds, false, out);
  if ((int)out->length > room) {
    hr_text_fini(out);
    progress.bytes = 0;
    hr_progress_describe(&progress, seconds, false, out);
  }
  int cells = room - (int)out->length - 3; /* a space and two brackets */
  if (cells > MOST_CELLS) cells = MOST_CELLS;
  if (progress.total == 0 || cells < LEAST_CELLS) return;
  double share = (double)progress.done / (double)progress.total;
  int filled = share < 1.0 ? (int)(share * cells) : cells;
  hr_text_append(out, " [%.*s%.*s]", filled, "##############################",
                 cells - filled, "..............................");
}

/* Shows the running stage: on a terminal without a newline, and cut to its width, as a
 * line that wraps could not be erased. */
static void show(hr_display *display, bool is_over) {
  hr_progress progress = running(display);
  double seconds = display->clock() - display->start;
  bool is_drawn = display->is_terminal && !is_over;
  hr_text line;
  hr_text_init(&line);
  if (is_drawn) {
    compose(display, progress, seconds, &line);
  } else {
    hr_progress_describe(&progress, seconds, is_over, &line);
  }
  erase_line(display);
  if (hr_text_status(&line, NULL) == HR_OK) {
    int most = is_drawn ? display->columns - 1 : (int)line.length;
    fprintf(display->file, is_drawn ? "%.*s" : "%.*s\n", most, line.bytes);
    fflush(display->file);
    display->line_is_drawn = is_drawn;
  }
  hr_text_fini(&line);
  display->shown = display->clock();
}

static void end_stage(hr_display *display) {
  if (display->stage[0] == '\0' || display->stage_is_over) return;
  show(display, true);
  display->stage_is_over = true;
}

static void begin_stage(hr_display *display, const hr_progress *progress) {
  snprintf(display->stage, sizeof display->stage, "%s", progress->stage);
  snprintf(display->unit, sizeof display->unit, "%s", progress->unit);
  display->stage_is_over = false;
  display->start = display->clock();
  display->shown = display->start;
}

/* The same stage goes on: its name is the same and it did not begin anew. */
static bool goes_on(const hr_display *display, const hr_progress *progress) {
  return strncmp(display->stage, progress->stage, sizeof display->stage - 1) == 0 &&
         progress->done >= display->last.done;
}

static void take_progress(void *context, const hr_progress *progress) {
  hr_display *display = context;
  if (display->is_quiet) return;
  if (!goes_on(display, progress)) {
    end_stage(display);
    begin_stage(display, progress);
  }
  if (display->stage_is_over) return; /* told twice that it is over: said once */
  display->last = *progress;
  double wait = display->is_terminal ? redraw_seconds : repeat_seconds;
  if (progress->total > 0 && progress->done >= progress->total) {
    end_stage(display);
  } else if (display->clock() - display->shown >= wait) {
    show(display, false);
  }
}

/* Text may come from a file's own names: escape sequences in it stay harmless. */
static void put_line(const char *line, FILE *file) {
  while (*line) {
    size_t length = hr_visible_length(line);
    if (length == 0) fputc('?', file);
    fwrite(line, 1, length, file);
    line += length ? length : 1;
  }
}

static void take_line(void *context, hr_log_level level, const char *line) {
  hr_display *display = context;
  if (display->is_quiet) return;
  erase_line(display);
  if (level == HR_LOG_WARNING) {
    fputs(display->has_colour ? "\x1b[1;33mwarning:\x1b[0m " : "warning: ",
          display->file);
  }
  put_line(line, display->file);
  fputc('\n', display->file);
  fflush(display->file);
}

static bool is_interrupted(void *context) {
  (void)context;
  return hr_interrupt_came();
}

hr_observer hr_display_observer(hr_display *display) {
  return (hr_observer){.context = display,
                       .log = take_line,
                       .progress = take_progress,
                       .interrupted = is_interrupted};
}

void hr_display_fini(hr_display *display) {
  end_stage(display);
}
