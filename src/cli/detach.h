/* A run in the background: a process of its own session, which neither the terminal's end
 * nor its Ctrl-C reaches. It tells the program that started it when the work begins, or
 * why it does not. */
#ifndef HR_CLI_DETACH_H
#define HR_CLI_DETACH_H

#include <stdbool.h>

#include "core/error.h"

/* How the start of a background run went. */
typedef struct hr_detached {
  hr_status status; /* HR_OK: it is at work */
  long long pid;
  double seconds;  /* that it will take at least; 0: not known */
  char text[3072]; /* the run directory, or why it does not run */
} hr_detached;

/* Forks. In the program that was called *channel is the end to wait on and *is_background
 * false; in the background process *channel is the end to report on. To be called before
 * there are threads. HR_ERR_IO. */
hr_status hr_detach(bool *is_background, int *channel, hr_error *err) HR_MUST_CHECK;

/* In the program that was called: waits for the report; the error is the background
 * process's own. Closes the channel. */
hr_status hr_detach_wait(int channel, hr_detached *out, hr_error *err) HR_MUST_CHECK;

/* In the background process: the work begins; from here on, stdout and stderr go to
 * run_dir/run.log. Closes the channel, *channel is -1 then. */
void hr_detach_begun(int *channel, const char *run_dir, double seconds);

/* The same where it does not begin; where it has begun and failed later, the study has
 * said why in run.log. Either way nothing more is printed. */
void hr_detach_failed(int *channel, const hr_error *reason);

#endif
