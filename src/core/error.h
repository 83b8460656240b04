/* Making and passing on errors inside the library. */
#ifndef HR_CORE_ERROR_H
#define HR_CORE_ERROR_H

#include "headroom/status.h"

/* Writes the sentence into `err` (which may be NULL) and returns `status`, so that a
 * function can say `return hr_fail(err, HR_ERR_DATA, "...", ...)` or set its own `status`
 * from it. */
hr_status hr_fail(hr_error *err, hr_status status, const char *format, ...)
    HR_PRINTF(3, 4);

/* As hr_fail, with ": " and the text of errno value `error_number` behind the sentence.
 */
hr_status hr_fail_errno(hr_error *err, hr_status status, int error_number,
                        const char *format, ...) HR_PRINTF(4, 5);

/* Calls `expression`; where it fails, keeps its status and goes to the function's one
 * label `cleanup`. The function declares `hr_status status = HR_OK;` first. */
#define HR_TRY(expression)             \
  do {                                 \
    status = (expression);             \
    if (status != HR_OK) goto cleanup; \
  } while (0)

#endif
