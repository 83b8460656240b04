/* Status and error: how every function of Headroom says what went wrong.
 *
 * A function that can fail returns hr_status and takes an hr_error * last. On success it
 * leaves the error alone; on failure it returns a status other than HR_OK and writes one
 * sentence that names the file, the field and the remedy. The error lives on the caller's
 * stack and owns nothing. The pointer may be NULL where the caller does not want the
 * sentence.
 *
 * Threads: everything here may be called by any number of threads; an hr_error is the
 * caller's, one a thread. Process: nothing is touched. hr_error does not change.
 */
#ifndef HEADROOM_STATUS_H
#define HEADROOM_STATUS_H

#include "headroom/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* name, exit code of the program, sentence. The one list of all ways of failing. */
#define HR_STATUS_LIST(X)                                                \
  X(HR_OK, 0, "success")                                                 \
  X(HR_ERR_DIFFERS, 1, "a page does not show the results")               \
  X(HR_ERR_GATE, 1, "the decision gate is not passed")                   \
  X(HR_ERR_USAGE, 2, "the call or the command line is wrong")            \
  X(HR_ERR_CONFIG, 2, "the configuration is wrong")                      \
  X(HR_ERR_MISSING, 3, "a file is missing or cannot be opened")          \
  X(HR_ERR_FORMAT, 3, "a file is damaged or not laid out as documented") \
  X(HR_ERR_DATA, 3, "the values in the data cannot be used")             \
  X(HR_ERR_EMPTY, 3, "there are too few rows for what was asked")        \
  X(HR_ERR_IO, 4, "reading or writing failed")                           \
  X(HR_ERR_MEMORY, 4, "memory ran out")                                  \
  X(HR_ERR_NUMERIC, 4, "a numerical method did not succeed")             \
  X(HR_ERR_LEDGER, 4, "the accounts of the study do not balance")        \
  X(HR_ERR_INTERNAL, 4, "an internal error, please report it")           \
  X(HR_ERR_INTERRUPTED, 130, "interrupted")                              \
  X(HR_ERR_LOST, 5, "an expert has no model in any bin")

typedef enum hr_status {
#define HR_STATUS_ENUM(name, exit_code, sentence) name,
  HR_STATUS_LIST(HR_STATUS_ENUM)
#undef HR_STATUS_ENUM
} hr_status;

enum { HR_ERROR_MESSAGE_BYTES = 1024 };

/* A failure: its kind, and one sentence (UTF-8, no newline, always terminated). */
typedef struct hr_error {
  hr_status status;
  char message[HR_ERROR_MESSAGE_BYTES];
} hr_error;

/* The name of a status as in the source, e.g. "HR_ERR_DATA"; "unknown" for other numbers.
 */
HR_API const char *hr_status_name(hr_status status);

/* The general sentence of a status; "unknown status" for other numbers. */
HR_API const char *hr_status_sentence(hr_status status);

/* The exit code with which the program reports a status; 4 for other numbers. */
HR_API int hr_status_exit_code(hr_status status);

#ifdef __cplusplus
}
#endif
#endif
