/* Pictures that a test drew, for eyes: REPORT_PICTURES=DIR keeps them there. */
#ifndef HR_TESTS_PICTURES_H
#define HR_TESTS_PICTURES_H

#include <stdio.h>
#include <stdlib.h>

#include "report/canvas.h"
#include "support/check.h"

static inline void keep_picture(const char *name, const hr_bytes *png) {
  char path[256];
  const char *folder = getenv("REPORT_PICTURES");
  if (!folder) return;
  snprintf(path, sizeof path, "%s/%s.png", folder, name);
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(png->items, 1, png->count, file), png->count);
  assert_int_equal(fclose(file), 0);
}

/* Filled triangles in a drawing as SVG: arrows. */
static inline size_t count_triangles(const char *svg) {
  size_t count = 0;
  for (const char *at = svg; (at = strstr(at, " d=\"")); at++) {
    int lines = 0, closed = 0, curves = 0;
    for (const char *c = at + strlen(" d=\""); *c && *c != '"'; c++) {
      lines += *c == 'L';
      closed += *c == 'Z';
      curves += *c == 'C';
    }
    if (lines == 2 && closed == 1 && curves == 0) count++;
  }
  return count;
}

#endif
