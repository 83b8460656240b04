/* Who is at work in a run directory: one process at a time.
 *
 * run.lock is held (flock) by the process, and says which one: its number, when it was
 * started (so that another process that got the same number later is not taken for it)
 * and its machine. The lock goes with the process, however it ends; the file then stays,
 * and tells the next one whose leftovers it finds. run.pid holds the number alone. */
#ifndef HR_SESSION_OWNER_H
#define HR_SESSION_OWNER_H

#include <stdbool.h>

#include "core/error.h"

typedef struct hr_owner {
  long long pid;     /* 0: not known */
  long long started; /* clock ticks after the machine was, /proc/PID/stat; 0: not known */
  char host[256];
} hr_owner;

/* Takes the directory for this process; *lock, -1 before, is given back with
 * hr_owner_release. *former: whose run ended without giving it back, pid 0: none.
 * HR_ERR_USAGE where another process holds it, HR_ERR_IO. */
hr_status hr_owner_take(const char *out_dir, int *lock, hr_owner *former,
                        hr_error *err) HR_MUST_CHECK;
void hr_owner_release(const char *out_dir, int *lock);

/* HR_ERR_USAGE where a process holds the directory now: the sentence of hr_owner_take,
 * before anything is made. */
hr_status hr_owner_check_free(const char *out_dir, hr_error *err) HR_MUST_CHECK;

/* Whether a process holds the directory now, and which one (pid 0 where that is not
 * known). */
bool hr_owner_find(const char *out_dir, hr_owner *out);

/* Whose run ended without giving the directory back, pid 0: none, or not known. To be
 * asked where hr_owner_find finds none. */
void hr_owner_find_former(const char *out_dir, hr_owner *out);

/* Sends SIGTERM to the process that holds the directory. *sent is false where none does
 * any more. HR_ERR_USAGE where it is on another machine or not to be found or reached
 * from here. */
hr_status hr_owner_terminate(const char *out_dir, bool *sent,
                             hr_error *err) HR_MUST_CHECK;

#endif
