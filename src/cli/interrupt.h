/* Ctrl-C, and what `kill` sends: asked once, the work ends cleanly at its next step;
 * asked twice, the program ends at once. */
#ifndef HR_CLI_INTERRUPT_H
#define HR_CLI_INTERRUPT_H

#include <stdbool.h>

/* From here on SIGINT, SIGTERM and, where it is not ignored, SIGHUP are remembered; the
 * second one of a kind has its usual effect.
 * SIGXFSZ (a file beyond `ulimit -f`) is ignored, so that the write fails instead. */
void hr_interrupt_watch(void);

/* The same of SIGUSR1, which mpirun hands on to its ranks when it is sent one. */
void hr_interrupt_watch_forwarded(void);

/* From here on a reader who has gone (`| head`) ends nothing: for work that leaves files.
 */
void hr_interrupt_outlive_readers(void);

/* Ends the process by SIGPIPE, as if that had not been outlived: when all is done that
 * must not be lost, and nobody reads the rest. */
void hr_interrupt_end_as_unread(void);

/* Whether one has come. */
bool hr_interrupt_came(void);

#endif
