/* Texts that the library hands over: UTF-8, ending in a 0 byte, the caller's.
 *
 * Threads: any thread may free a text that any other was given. */
#ifndef HEADROOM_TEXT_H
#define HEADROOM_TEXT_H

#include "headroom/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Frees a text that a function of the library gave; NULL is allowed. */
HR_API void hr_text_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
