/* A figure that is none of a run's own: drawn once, written as PNG, SVG and PDF beside a
 * CSV of the numbers drawn. */
#ifndef HR_REPORT_DRAWING_H
#define HR_REPORT_DRAWING_H

#include "report/canvas.h"

typedef struct hr_drawing {
  const char *name; /* of the files, without suffix */
  double height;    /* of the page, pt; HR_CANVAS_HEIGHT at least */
  hr_status (*draw)(void *context, hr_canvas *canvas, hr_text *csv, hr_error *err);
  void *context;
} hr_drawing;

/* Draws it and writes four files into `folder`, which is made where it is not there.
 * HR_ERR_IO, HR_ERR_MEMORY, and what `draw` fails with. */
hr_status hr_drawing_write(const hr_drawing *drawing, const char *folder,
                           hr_error *err) HR_MUST_CHECK;

#endif
