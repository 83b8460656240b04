/* Telling the user how far long work has come: the program's side of hr_observer.
 *
 * On a terminal, one line that is drawn again at most ten times a second, with a bar, the
 * rate and the time left; elsewhere a line about every ten seconds. Either way one line
 * stays for every stage that ended. Warnings and notes go between the lines. */
#ifndef HR_CLI_PROGRESS_H
#define HR_CLI_PROGRESS_H

#include <stdio.h>

#include "core/progress.h"
#include "headroom/observer.h"

typedef struct hr_display {
  FILE *file; /* borrowed; stderr */
  bool is_terminal;
  bool has_colour;
  bool is_quiet;         /* nothing is shown at all */
  int columns;           /* width of the terminal */
  double (*clock)(void); /* seconds from some start; the monotonic clock */

  char stage[96];     /* the stage that is running, or "" */
  bool stage_is_over; /* and has been said to be */
  char unit[32];
  hr_progress last;   /* its last report; `stage` and `unit` there are not used */
  double start;       /* when it began, s */
  double shown;       /* when it was last shown, s */
  bool line_is_drawn; /* on the terminal, without a newline behind it */
} hr_display;

/* Looks at the file (a terminal? how wide?) and at NO_COLOR and TERM. */
void hr_display_init(hr_display *display, FILE *file);

/* Ends the running stage, so that nothing half-drawn stays. */
void hr_display_fini(hr_display *display);

/* The observer that shows what it is told on `display`, which it borrows, and stops the
 * work on the first SIGINT or SIGTERM (cli/interrupt.h). */
hr_observer hr_display_observer(hr_display *display);

#endif
