/* A Markdown page that people keep by hand, with one block that is ours. */
#ifndef HR_REPORT_PAGE_H
#define HR_REPORT_PAGE_H

#include "core/text.h"

typedef struct hr_page {
  const char *path;  /* borrowed, for messages */
  const char *bytes; /* [size] what the page holds; borrowed */
  size_t size;
} hr_page;

/* Appends the page with the lines between
 *     <!-- headroom:begin BLOCK -->
 *     <!-- headroom:end BLOCK -->
 * replaced by `content` (lines that end with \n), in the line ends of the page. Every
 * other byte stays as it is. With `may_create`, a page without the block gets it at its
 * end. HR_ERR_FORMAT where a marker is missing, doubled, out of order, or not on a line
 * of its own; HR_ERR_USAGE for a block's name that no marker can hold. */
hr_status hr_page_replace(const hr_page *page, const char *block, const char *content,
                          bool may_create, hr_text *out, hr_error *err) HR_MUST_CHECK;

/* Appends what changes from `before` to `after`, line by line: `-` and `+` before what
 * differs between their common beginning and end. Nothing where they are the same. */
void hr_page_compare(const char *path, const char *before, const char *after,
                     hr_text *out);

#endif
