/* UTF-8, as far as showing a text takes it. */
#ifndef HR_CORE_UTF8_H
#define HR_CORE_UTF8_H

#include <stddef.h>

/* The bytes of the UTF-8 character at `text`; 0 where there is none, or one that a
 * terminal would obey: what stands in a file's names must not reach it. */
size_t hr_visible_length(const char *text);

#endif
