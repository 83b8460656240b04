/* Drawing with cairo: the only file that knows it. */
#include "report/canvas.h"

#include <cairo-svg.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

/* Everything is drawn twice. One recording, replayed, would do, but cairo 1.16 leaks a
 * recording that is painted onto SVG. */
enum { PNG, SVG, TARGETS };

struct hr_canvas {
  cairo_surface_t *surfaces[TARGETS];
  cairo_t *contexts[TARGETS];
  hr_bytes svg; /* grows while we draw */
  double height;
};

static const double pi = 3.14159265358979323846;

/* Debian's fonts-dejavu-core; where it is not there, fontconfig takes the nearest. */
static const char family[] = "DejaVu Sans";

static hr_status check(cairo_status_t code, hr_error *err) {
  if (code == CAIRO_STATUS_SUCCESS) return HR_OK;
  /* A write error too, as we write to memory alone. */
  if (code == CAIRO_STATUS_NO_MEMORY || code == CAIRO_STATUS_WRITE_ERROR) {
    return hr_fail(err, HR_ERR_MEMORY, "no memory to draw a figure");
  }
  return hr_fail(err, HR_ERR_INTERNAL, "a figure could not be drawn: %s",
                 cairo_status_to_string(code));
}

static void set_color(cairo_t *context, hr_color color) {
  cairo_set_source_rgb(context, color.red, color.green, color.blue);
}

/* Letters keep their shape at any scale: no hinting, whatever the machine's settings. */
static void set_text_quality(cairo_t *context) {
  cairo_font_options_t *options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  cairo_set_font_options(context, options);
  cairo_font_options_destroy(options);
}

static hr_status make_room(hr_bytes *bytes, size_t more, hr_error *err) {
  size_t wanted = bytes->count + more;
  if (wanted <= bytes->capacity) return HR_OK;
  size_t capacity = 2 * wanted + 16384; /* cairo writes SVG in very small pieces */
  hr_status status = hr_realloc(&bytes->items, bytes->capacity, capacity, err);
  if (status == HR_OK) bytes->capacity = capacity;
  return status;
}

static cairo_status_t append(void *closure, const unsigned char *data,
                             unsigned int length) {
  hr_bytes *bytes = closure;
  if (make_room(bytes, length, NULL) != HR_OK) return CAIRO_STATUS_WRITE_ERROR;
  memcpy(bytes->items + bytes->count, data, length);
  bytes->count += length;
  return CAIRO_STATUS_SUCCESS;
}

static void open_targets(hr_canvas *canvas) {
  canvas->surfaces[PNG] =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, HR_CANVAS_PIXELS_WIDE,
                                 (int)(canvas->height * HR_CANVAS_DPI / 72));
  canvas->surfaces[SVG] = cairo_svg_surface_create_for_stream(
      append, &canvas->svg, HR_CANVAS_WIDTH, canvas->height);
  cairo_svg_surface_restrict_to_version(canvas->surfaces[SVG], CAIRO_SVG_VERSION_1_1);
  for (int t = 0; t < TARGETS; t++) {
    canvas->contexts[t] = cairo_create(canvas->surfaces[t]);
    set_text_quality(canvas->contexts[t]);
  }
  cairo_scale(canvas->contexts[PNG], HR_CANVAS_DPI / 72.0, HR_CANVAS_DPI / 72.0);
}

hr_status hr_canvas_create(hr_canvas **out, hr_error *err) {
  return hr_canvas_create_high(HR_CANVAS_HEIGHT, out, err);
}

double hr_canvas_height(const hr_canvas *canvas) {
  return canvas->height;
}

hr_status hr_canvas_create_high(double height, hr_canvas **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_canvas *canvas = NULL;
  HR_TRY(hr_alloc(&canvas, 1, err));
  canvas->height = fmax(height, HR_CANVAS_HEIGHT);
  open_targets(canvas);
  for (int t = 0; t < TARGETS; t++) HR_TRY(check(cairo_status(canvas->contexts[t]), err));
  hr_canvas_fill(canvas, (hr_rectangle){0, 0, HR_CANVAS_WIDTH, canvas->height},
                 hr_color_white);
  *out = canvas;
  canvas = NULL;
cleanup:
  hr_canvas_destroy(&canvas);
  return status;
}

void hr_canvas_destroy(hr_canvas **canvas) {
  if (!*canvas) return;
  for (int t = 0; t < TARGETS; t++) {
    cairo_destroy((*canvas)->contexts[t]);
    cairo_surface_destroy((*canvas)->surfaces[t]); /* SVG writes its end to the stream */
  }
  hr_bytes_fini(&(*canvas)->svg);
  hr_free(*canvas);
  *canvas = NULL;
}

static void add_rectangle(cairo_t *context, hr_rectangle r) {
  cairo_rectangle(context, r.left, r.top, r.right - r.left, r.bottom - r.top);
}

void hr_canvas_fill(hr_canvas *canvas, hr_rectangle rectangle, hr_color color) {
  for (int t = 0; t < TARGETS; t++) {
    cairo_t *context = canvas->contexts[t];
    set_color(context, color);
    add_rectangle(context, rectangle);
    cairo_fill(context);
  }
}

static void set_stroke(cairo_t *context, hr_stroke stroke) {
  set_color(context, stroke.color);
  cairo_set_line_width(context, stroke.width);
  cairo_set_dash(context, stroke.dashes, stroke.dashes ? stroke.dash_count : 0, 0);
}

void hr_canvas_frame(hr_canvas *canvas, hr_rectangle rectangle, hr_stroke stroke) {
  for (int t = 0; t < TARGETS; t++) {
    cairo_t *context = canvas->contexts[t];
    set_stroke(context, stroke);
    add_rectangle(context, rectangle);
    cairo_stroke(context);
  }
}

static void add_path(cairo_t *context, const hr_point *points, size_t count) {
  cairo_new_path(context); /* texts leave a current point behind */
  for (size_t i = 0; i < count; i++) cairo_line_to(context, points[i].x, points[i].y);
}

void hr_canvas_path(hr_canvas *canvas, const hr_point *points, size_t count,
                    hr_stroke stroke) {
  for (int t = 0; t < TARGETS; t++) {
    cairo_t *context = canvas->contexts[t];
    set_stroke(context, stroke);
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
    add_path(context, points, count);
    cairo_stroke(context);
  }
}

void hr_canvas_line(hr_canvas *canvas, hr_point from, hr_point to, hr_stroke stroke) {
  const hr_point points[2] = {from, to};
  hr_canvas_path(canvas, points, 2, stroke);
}

void hr_canvas_polygon(hr_canvas *canvas, const hr_point *points, size_t count,
                       hr_color color) {
  for (int t = 0; t < TARGETS; t++) {
    cairo_t *context = canvas->contexts[t];
    set_color(context, color);
    add_path(context, points, count);
    cairo_close_path(context);
    cairo_fill(context);
  }
}

void hr_canvas_dots(hr_canvas *canvas, const hr_point *points, size_t count,
                    double diameter, hr_color color) {
  for (int t = 0; t < TARGETS; t++) {
    cairo_t *context = canvas->contexts[t];
    set_stroke(context, (hr_stroke){color, diameter, NULL, 0});
    /* A line of no length with round ends is a dot. */
    cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND);
    for (size_t i = 0; i < count; i++) {
      cairo_move_to(context, points[i].x, points[i].y);
      cairo_line_to(context, points[i].x, points[i].y);
    }
    cairo_stroke(context);
    cairo_set_line_cap(context, CAIRO_LINE_CAP_BUTT);
  }
}

void hr_canvas_star(hr_canvas *canvas, hr_point center, double radius, hr_color fill,
                    hr_color outline) {
  hr_point points[11];
  for (int i = 0; i < 11; i++) {
    double reach = i % 2 == 0 ? radius : 0.4 * radius, angle = pi * (0.2 * i - 0.5);
    points[i] = (hr_point){center.x + reach * cos(angle), center.y + reach * sin(angle)};
  }
  hr_canvas_polygon(canvas, points, 10, fill);
  hr_canvas_path(canvas, points, 11, (hr_stroke){outline, 0.6, NULL, 0});
}

static void set_font(cairo_t *context, hr_font font) {
  cairo_select_font_face(context, family, CAIRO_FONT_SLANT_NORMAL,
                         font.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context, font.size);
}

double hr_canvas_text_width(hr_canvas *canvas, const char *text, hr_font font) {
  cairo_text_extents_t extents;
  set_font(canvas->contexts[SVG], font);
  cairo_text_extents(canvas->contexts[SVG], text, &extents);
  return extents.x_advance;
}

void hr_canvas_text(hr_canvas *canvas, hr_point at, const char *text, hr_font font) {
  double width = hr_canvas_text_width(canvas, text, font);
  double shift = font.align == HR_ALIGN_LEFT     ? 0.0
                 : font.align == HR_ALIGN_CENTER ? -0.5 * width
                                                 : -width;
  double half_capital = 0.5 * 0.729 * font.size; /* DejaVu's cap height */
  for (int t = 0; t < TARGETS; t++) {
    cairo_t *context = canvas->contexts[t];
    set_font(context, font);
    cairo_save(context);
    cairo_translate(context, at.x, at.y);
    if (font.is_vertical) cairo_rotate(context, -0.5 * pi);
    if (font.has_halo) {
      set_stroke(context, (hr_stroke){hr_color_white, 2.4, NULL, 0});
      cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
      cairo_move_to(context, shift, half_capital);
      cairo_text_path(context, text);
      cairo_stroke(context);
    }
    set_color(context, font.color);
    cairo_move_to(context, shift, half_capital);
    cairo_show_text(context, text);
    cairo_restore(context);
  }
}

void hr_canvas_clip(hr_canvas *canvas, hr_rectangle rectangle) {
  for (int t = 0; t < TARGETS; t++) {
    cairo_t *context = canvas->contexts[t];
    cairo_save(context);
    add_rectangle(context, rectangle);
    cairo_clip(context);
  }
}

void hr_canvas_unclip(hr_canvas *canvas) {
  for (int t = 0; t < TARGETS; t++) {
    cairo_t *context = canvas->contexts[t];
    cairo_restore(context);
  }
}

void hr_bytes_fini(hr_bytes *bytes) {
  hr_free(bytes->items);
  *bytes = (hr_bytes){0};
}

static void put_u32(unsigned char *out, uint32_t value) {
  for (int i = 0; i < 4; i++) out[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* The checksum of PNG, ISO 3309; bit by bit is fast enough for 13 bytes. */
static uint32_t checksum(const unsigned char *bytes, size_t count) {
  uint32_t crc = 0xffffffffU;
  for (size_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
  }
  return ~crc;
}

/* Puts the resolution behind the header, which cairo does not write (PNG specification,
 * chunk pHYs: pixels a metre). */
static hr_status add_resolution(hr_bytes *png, hr_error *err) {
  enum { HEADER = 33, CHUNK = 21 };
  unsigned char chunk[CHUNK] = {0, 0, 0, 9, 'p', 'H', 'Y', 's'};
  uint32_t pixels_a_metre = (uint32_t)lround(HR_CANVAS_DPI / 0.0254);
  put_u32(chunk + 8, pixels_a_metre);
  put_u32(chunk + 12, pixels_a_metre);
  chunk[16] = 1; /* the unit is the metre */
  put_u32(chunk + 17, checksum(chunk + 4, 13));
  hr_status status = make_room(png, CHUNK, err);
  if (status != HR_OK) return status;
  memmove(png->items + HEADER + CHUNK, png->items + HEADER, png->count - HEADER);
  memcpy(png->items + HEADER, chunk, CHUNK);
  png->count += CHUNK;
  return HR_OK;
}

hr_status hr_canvas_write_png(hr_canvas *canvas, hr_bytes *bytes, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check(cairo_status(canvas->contexts[PNG]), err));
  HR_TRY(check(cairo_surface_write_to_png_stream(canvas->surfaces[PNG], append, bytes),
               err));
  HR_TRY(add_resolution(bytes, err));
cleanup:
  if (status != HR_OK) hr_bytes_fini(bytes);
  return status;
}

/* cairo numbers its surfaces through the life of the process; the page's own name, which
 * nothing refers to, is taken out. */
static void drop_surface_name(hr_bytes *svg) {
  static const char start[] = "<g id=\"surface";
  const size_t length = sizeof start - 1;
  for (size_t i = 0; i + length < svg->count; i++) {
    if (memcmp(svg->items + i, start, length) != 0) continue;
    size_t end = i + length;
    while (end < svg->count && svg->items[end] != '>') end++;
    memmove(svg->items + i + 2, svg->items + end, svg->count - end);
    svg->count -= end - (i + 2);
    return;
  }
}

hr_status hr_canvas_write_svg(hr_canvas *canvas, hr_bytes *bytes, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check(cairo_status(canvas->contexts[SVG]), err));
  cairo_surface_finish(canvas->surfaces[SVG]); /* writes what is left */
  HR_TRY(check(cairo_surface_status(canvas->surfaces[SVG]), err));
  drop_surface_name(&canvas->svg);
  *bytes = canvas->svg;
  canvas->svg = (hr_bytes){0};
cleanup:
  return status;
}
