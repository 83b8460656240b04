/* Drawing with cairo and Pango: the only file that knows them. Pango lays texts out: it
 * takes each letter from the font that has it, as fontconfig knows, joins those that are
 * joined and turns round what is read from right to left. */
#include "report/canvas.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

/* Everything is drawn for each of them. One recording, replayed, would do, but cairo 1.16
 * leaks a recording that is painted onto SVG. */
enum { PNG, SVG, PDF, TARGETS };

struct hr_canvas {
  cairo_surface_t *surfaces[TARGETS];
  cairo_t *contexts[TARGETS];
  PangoFontMap *fonts;
  PangoContext *texts[TARGETS];
  hr_bytes svg, pdf; /* grow while we draw */
  hr_text unknown;
  double height;
  bool lacks_titles;
};

static const double pi = 3.14159265358979323846;

/* Debian's fonts-dejavu-core; what it has not, or where it is not there, fontconfig takes
 * from the nearest. */
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

/* Letters keep their shape and their place at any scale: no hinting and no rounding,
 * whatever the machine's settings; and no language of the machine's decides on fonts. */
static void open_texts(hr_canvas *canvas, int target) {
  cairo_font_options_t *options = cairo_font_options_create();
  PangoContext *texts = pango_font_map_create_context(canvas->fonts);
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(texts, options);
  pango_context_set_round_glyph_positions(texts, FALSE);
  pango_context_set_base_dir(texts, PANGO_DIRECTION_LTR); /* a number before its name */
  pango_context_set_language(texts, pango_language_from_string("en"));
  pango_cairo_update_context(canvas->contexts[target], texts);
  cairo_font_options_destroy(options);
  canvas->texts[target] = texts;
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
  canvas->surfaces[PDF] = cairo_pdf_surface_create_for_stream(
      append, &canvas->pdf, HR_CANVAS_WIDTH, canvas->height);
  cairo_pdf_surface_restrict_to_version(canvas->surfaces[PDF], CAIRO_PDF_VERSION_1_5);
  /* No date of today's: the same drawing is the same bytes. */
  cairo_pdf_surface_set_metadata(canvas->surfaces[PDF], CAIRO_PDF_METADATA_CREATE_DATE,
                                 "");
  for (int t = 0; t < TARGETS; t++) {
    canvas->contexts[t] = cairo_create(canvas->surfaces[t]);
  }
  cairo_scale(canvas->contexts[PNG], HR_CANVAS_DPI / 72.0, HR_CANVAS_DPI / 72.0);
  canvas->fonts = pango_cairo_font_map_new();
  for (int t = 0; t < TARGETS; t++) open_texts(canvas, t);
}

hr_status hr_canvas_create(hr_canvas **out, hr_error *err) {
  return hr_canvas_create_high(HR_CANVAS_HEIGHT, out, err);
}

double hr_canvas_height(const hr_canvas *canvas) {
  return canvas->height;
}

bool hr_canvas_has_titles(const hr_canvas *canvas) {
  return !canvas->lacks_titles;
}

void hr_canvas_drop_titles(hr_canvas *canvas) {
  canvas->lacks_titles = true;
}

hr_status hr_canvas_create_high(double height, hr_canvas **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_canvas *canvas = NULL;
  HR_TRY(hr_alloc(&canvas, 1, err));
  canvas->height = fmax(height, HR_CANVAS_HEIGHT);
  hr_text_init(&canvas->unknown);
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
    g_object_unref((*canvas)->texts[t]);
    cairo_destroy((*canvas)->contexts[t]);
    cairo_surface_destroy((*canvas)->surfaces[t]); /* writes the end of SVG and PDF */
  }
  g_object_unref((*canvas)->fonts);
  hr_text_fini(&(*canvas)->unknown);
  hr_bytes_fini(&(*canvas)->svg);
  hr_bytes_fini(&(*canvas)->pdf);
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

/* Keeps a character that no font has, once. */
static void keep_unknown(hr_canvas *canvas, uint32_t code) {
  char letter[8] = "";
  letter[g_unichar_to_utf8(code, letter)] = '\0';
  bool is_kept = canvas->unknown.bytes && strstr(canvas->unknown.bytes, letter);
  if (!is_kept && letter[0]) hr_text_append(&canvas->unknown, "%s", letter);
}

static void note_unknown(hr_canvas *canvas, PangoLayout *layout) {
  if (pango_layout_get_unknown_glyphs_count(layout) == 0) return;
  PangoLayoutLine *line = pango_layout_get_line_readonly(layout, 0);
  for (GSList *at = line->runs; at; at = at->next) {
    const PangoGlyphItem *run = at->data;
    for (int i = 0; i < run->glyphs->num_glyphs; i++) {
      uint32_t glyph = run->glyphs->glyphs[i].glyph;
      if (glyph & PANGO_GLYPH_UNKNOWN_FLAG) {
        keep_unknown(canvas, glyph & ~(uint32_t)PANGO_GLYPH_UNKNOWN_FLAG);
      }
    }
  }
}

/* A text laid out for a target; one line, whatever it holds. To be unreferenced. */
static PangoLayout *lay_out(const hr_canvas *canvas, int target, const char *text,
                            hr_font font) {
  PangoLayout *layout = pango_layout_new(canvas->texts[target]);
  PangoFontDescription *description = pango_font_description_new();
  pango_font_description_set_family_static(description, family);
  pango_font_description_set_weight(description,
                                    font.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_font_description_set_absolute_size(description, font.size * PANGO_SCALE);
  pango_layout_set_font_description(layout, description);
  pango_layout_set_single_paragraph_mode(layout, TRUE);
  pango_layout_set_auto_dir(layout, FALSE);
  pango_layout_set_text(layout, text, -1);
  pango_font_description_free(description);
  return layout;
}

static double width_of(PangoLayout *layout) {
  PangoRectangle logical;
  pango_layout_get_extents(layout, NULL, &logical);
  return (double)logical.width / PANGO_SCALE;
}

double hr_canvas_text_width(hr_canvas *canvas, const char *text, hr_font font) {
  PangoLayout *layout = lay_out(canvas, SVG, text, font);
  double width = width_of(layout);
  g_object_unref(layout);
  return width;
}

const char *hr_canvas_unknown(const hr_canvas *canvas) {
  return canvas->unknown.bytes ? canvas->unknown.bytes : "";
}

/* Draws the one line of a layout, its base line at the height of `at`. */
static void draw_line(cairo_t *context, PangoLayout *layout, hr_point at, hr_font font) {
  PangoLayoutLine *line = pango_layout_get_line_readonly(layout, 0);
  if (font.has_halo) {
    set_stroke(context, (hr_stroke){hr_color_white, 2.4, NULL, 0});
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
    cairo_move_to(context, at.x, at.y);
    pango_cairo_layout_line_path(context, line);
    cairo_stroke(context);
  }
  set_color(context, font.color);
  cairo_move_to(context, at.x, at.y);
  pango_cairo_show_layout_line(context, line);
}

void hr_canvas_text(hr_canvas *canvas, hr_point at, const char *text, hr_font font) {
  double width = hr_canvas_text_width(canvas, text, font);
  double shift = font.align == HR_ALIGN_LEFT     ? 0.0
                 : font.align == HR_ALIGN_CENTER ? -0.5 * width
                                                 : -width;
  double half_capital = 0.5 * 0.729 * font.size; /* DejaVu's cap height */
  for (int t = 0; t < TARGETS; t++) {
    cairo_t *context = canvas->contexts[t];
    PangoLayout *layout = lay_out(canvas, t, text, font);
    note_unknown(canvas, layout);
    cairo_save(context);
    cairo_translate(context, at.x, at.y);
    if (font.is_vertical) cairo_rotate(context, -0.5 * pi);
    draw_line(context, layout, (hr_point){shift, half_capital}, font);
    cairo_restore(context);
    g_object_unref(layout);
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

/* Ends the drawing of a stream; its bytes are the caller's. */
static hr_status finish(hr_canvas *canvas, int target, hr_bytes *own, hr_bytes *bytes,
                        hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check(cairo_status(canvas->contexts[target]), err));
  cairo_surface_finish(canvas->surfaces[target]); /* writes what is left */
  HR_TRY(check(cairo_surface_status(canvas->surfaces[target]), err));
  *bytes = *own;
  *own = (hr_bytes){0};
cleanup:
  return status;
}

hr_status hr_canvas_write_svg(hr_canvas *canvas, hr_bytes *bytes, hr_error *err) {
  hr_status status = finish(canvas, SVG, &canvas->svg, bytes, err);
  if (status == HR_OK) drop_surface_name(bytes);
  return status;
}

hr_status hr_canvas_write_pdf(hr_canvas *canvas, hr_bytes *bytes, hr_error *err) {
  return finish(canvas, PDF, &canvas->pdf, bytes, err);
}
