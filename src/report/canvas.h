/* Drawing on a page of 6 x 5 inch, or a higher one, with cairo and Pango: the only file
 * that knows them. What is drawn comes out as PNG, as SVG and as PDF: all are the same
 * drawing, and the same input gives the same bytes.
 *
 * The unit is the point, 1/72 inch; the origin is the top left corner, y points down. */
#ifndef HR_REPORT_CANVAS_H
#define HR_REPORT_CANVAS_H

#include <stdbool.h>

#include "core/text.h"
#include "report/palette.h"

enum {
  HR_CANVAS_WIDTH = 432,
  HR_CANVAS_HEIGHT = 360,
  HR_CANVAS_DPI = 150,
  HR_CANVAS_PIXELS_WIDE = HR_CANVAS_WIDTH * HR_CANVAS_DPI / 72,
  HR_CANVAS_PIXELS_HIGH = HR_CANVAS_HEIGHT * HR_CANVAS_DPI / 72,
};

typedef struct hr_canvas hr_canvas;

typedef struct hr_point {
  double x, y;
} hr_point;

typedef struct hr_rectangle {
  double left, top, right, bottom;
} hr_rectangle;

typedef struct hr_stroke {
  hr_color color;
  double width;
  const double *dashes; /* on, off, ...; NULL: solid. Borrowed for the call */
  int dash_count;
} hr_stroke;

typedef enum hr_align { HR_ALIGN_LEFT, HR_ALIGN_CENTER, HR_ALIGN_RIGHT } hr_align;

typedef struct hr_font {
  double size;
  bool bold;
  hr_color color;
  hr_align align;   /* of the text along its line, relative to the point */
  bool is_vertical; /* reads from bottom to top */
  bool has_halo;    /* white around the letters, where they may cross lines */
} hr_font;

typedef struct hr_bytes { /* owned, from hr_canvas_write_* */
  unsigned char *items;
  size_t count, capacity;
} hr_bytes;

/* A page of the usual height, and one of `height` pt, HR_CANVAS_HEIGHT at least. */
hr_status hr_canvas_create(hr_canvas **out, hr_error *err) HR_MUST_CHECK;
hr_status hr_canvas_create_high(double height, hr_canvas **out,
                                hr_error *err) HR_MUST_CHECK;
double hr_canvas_height(const hr_canvas *canvas);

/* Whether charts on it show their titles; they do, until it is said that they do not. */
bool hr_canvas_has_titles(const hr_canvas *canvas);
void hr_canvas_drop_titles(hr_canvas *canvas);
void hr_canvas_destroy(hr_canvas **canvas);

void hr_canvas_fill(hr_canvas *canvas, hr_rectangle rectangle, hr_color color);
void hr_canvas_frame(hr_canvas *canvas, hr_rectangle rectangle, hr_stroke stroke);
void hr_canvas_line(hr_canvas *canvas, hr_point from, hr_point to, hr_stroke stroke);

/* A line through all points. */
void hr_canvas_path(hr_canvas *canvas, const hr_point *points, size_t count,
                    hr_stroke stroke);

/* A filled polygon. */
void hr_canvas_polygon(hr_canvas *canvas, const hr_point *points, size_t count,
                       hr_color color);

/* Round dots, all in one piece so that thousands stay small in SVG. */
void hr_canvas_dots(hr_canvas *canvas, const hr_point *points, size_t count,
                    double diameter, hr_color color);

/* A five-pointed star, filled, with a thin outline. */
void hr_canvas_star(hr_canvas *canvas, hr_point center, double radius, hr_color fill,
                    hr_color outline);

/* UTF-8 text in any script, whose capital letters are centred on the height of `at`. */
void hr_canvas_text(hr_canvas *canvas, hr_point at, const char *text, hr_font font);
double hr_canvas_text_width(hr_canvas *canvas, const char *text, hr_font font);

/* The characters of all texts so far that no installed font has, each once, as UTF-8; ""
 * where there are none. Borrowed. */
const char *hr_canvas_unknown(const hr_canvas *canvas);

/* What is drawn until hr_canvas_unclip stays inside `rectangle`. */
void hr_canvas_clip(hr_canvas *canvas, hr_rectangle rectangle);
void hr_canvas_unclip(hr_canvas *canvas);

/* The drawing as PNG, 900 pixels wide, that says that it has 150 dpi. `bytes` must be
 * zero before. HR_ERR_MEMORY, or HR_ERR_INTERNAL with cairo's own words. */
hr_status hr_canvas_write_png(hr_canvas *canvas, hr_bytes *bytes,
                              hr_error *err) HR_MUST_CHECK;

/* The drawing as SVG; texts are outlines, so that it looks the same everywhere. Ends the
 * drawing: call it once, and draw nothing after it. */
hr_status hr_canvas_write_svg(hr_canvas *canvas, hr_bytes *bytes,
                              hr_error *err) HR_MUST_CHECK;

/* The drawing as PDF of one page, for papers: letters are letters of embedded fonts, and
 * it tells no date. Ends the drawing as hr_canvas_write_svg does. */
hr_status hr_canvas_write_pdf(hr_canvas *canvas, hr_bytes *bytes,
                              hr_error *err) HR_MUST_CHECK;
void hr_bytes_fini(hr_bytes *bytes);

#endif
