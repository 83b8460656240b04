#include "report/canvas.h"

#include "core/text.h"
#include "support/check.h"
#include "support/fail_alloc.h"

static hr_error err;

static void draw_something(hr_canvas *canvas) {
  const hr_point points[] = {{10, 10}, {200, 100}, {300, 50}};
  const hr_stroke stroke = {hr_color_blue, 2, NULL, 0};
  const hr_font font = {10, true, hr_color_black, HR_ALIGN_CENTER, false, true};
  hr_canvas_path(canvas, points, 3, stroke);
  hr_canvas_text(canvas, (hr_point){200, 200}, "R\xc2\xb2 = 1", font);
  hr_canvas_dots(canvas, points, 3, 4, hr_color_green);
  hr_canvas_star(canvas, (hr_point){100, 300}, 10, hr_color_orange, hr_color_black);
  hr_canvas_line(canvas, points[0], points[2], stroke);
}

static unsigned big_endian(const unsigned char *bytes) {
  return (unsigned)bytes[0] << 24 | (unsigned)bytes[1] << 16 | (unsigned)bytes[2] << 8 |
         bytes[3];
}

static void test_png_has_its_size(void **state) {
  (void)state;
  hr_canvas *canvas = NULL;
  hr_bytes png = {0};
  check_ok(hr_canvas_create(&canvas, &err));
  draw_something(canvas);
  check_ok(hr_canvas_write_png(canvas, &png, &err));
  assert_memory_equal(png.items, "\x89PNG\r\n\x1a\n", 8);
  assert_memory_equal(png.items + 12, "IHDR", 4);
  assert_int_equal(big_endian(png.items + 16), 900);
  assert_int_equal(big_endian(png.items + 20), 750);
  /* 150 dpi is 5906 pixels a metre; the checksum is zlib.crc32 of the chunk. */
  assert_memory_equal(png.items + 33, "\0\0\0\x09pHYs", 8);
  assert_int_equal(big_endian(png.items + 41), 5906);
  assert_int_equal(big_endian(png.items + 45), 5906);
  assert_int_equal(png.items[49], 1);
  assert_int_equal(big_endian(png.items + 50), 0x679fd252);
  hr_bytes_fini(&png);
  hr_canvas_destroy(&canvas);
}

static void test_a_page_may_be_high(void **state) {
  (void)state;
  hr_canvas *canvas = NULL;
  hr_bytes png = {0}, svg = {0};
  check_ok(hr_canvas_create_high(1000, &canvas, &err));
  check_near(hr_canvas_height(canvas), 1000, 0);
  check_ok(hr_canvas_write_png(canvas, &png, &err));
  assert_int_equal(big_endian(png.items + 16), 900);
  assert_int_equal(big_endian(png.items + 20), 2083);
  check_ok(hr_canvas_write_svg(canvas, &svg, &err));
  assert_non_null(memmem(svg.items, svg.count, "height=\"1000", 12));
  hr_bytes_fini(&png);
  hr_bytes_fini(&svg);
  hr_canvas_destroy(&canvas);
  check_ok(hr_canvas_create_high(10, &canvas, &err)); /* never lower than the usual one */
  check_near(hr_canvas_height(canvas), HR_CANVAS_HEIGHT, 0);
  hr_canvas_destroy(&canvas);
}

enum { KINDS = 3 };

static void write_all(hr_bytes written[KINDS]) {
  hr_canvas *canvas = NULL;
  check_ok(hr_canvas_create(&canvas, &err));
  draw_something(canvas);
  check_ok(hr_canvas_write_png(canvas, &written[0], &err));
  check_ok(hr_canvas_write_svg(canvas, &written[1], &err));
  check_ok(hr_canvas_write_pdf(canvas, &written[2], &err));
  hr_canvas_destroy(&canvas);
}

static void test_same_drawing_same_bytes(void **state) {
  (void)state;
  hr_bytes first[KINDS] = {0};
  write_all(first);
  for (int i = 0; i < 20; i++) { /* cairo's own counters go on */
    hr_bytes again[KINDS] = {0};
    write_all(again);
    for (int k = 0; k < KINDS; k++) {
      assert_int_equal(again[k].count, first[k].count);
      assert_memory_equal(again[k].items, first[k].items, first[k].count);
      hr_bytes_fini(&again[k]);
    }
  }
  for (int k = 0; k < KINDS; k++) hr_bytes_fini(&first[k]);
}

/* One page of 6 x 5 inch whose letters are letters, and no date. */
static void test_pdf_is_whole(void **state) {
  (void)state;
  hr_bytes written[KINDS] = {0};
  write_all(written);
  const hr_bytes *pdf = &written[2];
  assert_memory_equal(pdf->items, "%PDF-1.5", 8);
  assert_memory_equal(pdf->items + pdf->count - 6, "%%EOF\n", 6);
  assert_non_null(memmem(pdf->items, pdf->count, "/MediaBox [ 0 0 432 360 ]", 25));
  assert_non_null(memmem(pdf->items, pdf->count, "DejaVuSans-Bold", 15));
  assert_null(memmem(pdf->items, pdf->count, "Date", 4));
  for (int k = 0; k < KINDS; k++) hr_bytes_fini(&written[k]);
}

static void test_svg_is_whole(void **state) {
  (void)state;
  hr_bytes written[KINDS] = {0};
  hr_text text;
  hr_text_init(&text);
  write_all(written);
  hr_text_append(&text, "%.*s", (int)written[1].count, (const char *)written[1].items);
  assert_non_null(strstr(text.bytes, "viewBox=\"0 0 432 360\""));
  assert_null(strstr(text.bytes, "surface"));
  assert_null(strstr(text.bytes, "cairo"));
  assert_string_equal(text.bytes + text.length - 7, "</svg>\n");
  hr_text_fini(&text);
  for (int k = 0; k < KINDS; k++) hr_bytes_fini(&written[k]);
}

static void test_text_has_width(void **state) {
  (void)state;
  hr_canvas *canvas = NULL;
  check_ok(hr_canvas_create(&canvas, &err));
  hr_font font = {10, false, hr_color_black, HR_ALIGN_LEFT, false, false};
  double one = hr_canvas_text_width(canvas, "0", font);
  /* DejaVu Sans: 1303 of 2048 units. */
  check_near(one, 6.36, 0.01);
  check_near(hr_canvas_text_width(canvas, "0000", font), 4 * one, 0.01);
  hr_canvas_destroy(&canvas);
  assert_null(canvas);
  hr_canvas_destroy(&canvas);
}

/* What setup.sh installs has the letters of these; the last two are joined, and read from
 * right to left. */
static void test_every_script_has_its_letters(void **state) {
  (void)state;
  static const char *const texts[] = {
      "\xe5\x86\xb7\xe8\xb4\xab \xe3\x81\x8b \xed\x95\x9c", "\xce\xbb \xce\xa9",
      "\xd0\x91\xd0\xb5\xd0\xb4\xd0\xbd\xd1\x8b\xd0\xb5",
      "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd9\x86\xd8\xac\xd9\x85"};
  hr_canvas *canvas = NULL;
  const hr_font font = {10, false, hr_color_black, HR_ALIGN_CENTER, false, true};
  check_ok(hr_canvas_create(&canvas, &err));
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    hr_canvas_text(canvas, (hr_point){200, 50 * (double)i}, texts[i], font);
    double width = hr_canvas_text_width(canvas, texts[i], font);
    assert_true(width > 5 && width < 100);
  }
  assert_string_equal(hr_canvas_unknown(canvas), "");
  hr_canvas_destroy(&canvas);
}

/* Of private use: no font has them. */
static void test_letters_that_no_font_has_are_known(void **state) {
  (void)state;
  hr_canvas *canvas = NULL;
  hr_bytes png = {0};
  const hr_font font = {10, false, hr_color_black, HR_ALIGN_LEFT, false, false};
  check_ok(hr_canvas_create(&canvas, &err));
  hr_canvas_text(canvas, (hr_point){20, 50}, "a\xf3\xb0\x80\x81z\xf3\xb0\x80\x82", font);
  hr_canvas_text(canvas, (hr_point){20, 90}, "\xf3\xb0\x80\x81", font);
  assert_string_equal(hr_canvas_unknown(canvas), "\xf3\xb0\x80\x81\xf3\xb0\x80\x82");
  check_ok(hr_canvas_write_png(canvas, &png, &err));
  hr_bytes_fini(&png);
  hr_canvas_destroy(&canvas);
}

/* A line break in a name does not end the line. */
static void test_a_text_is_one_line(void **state) {
  (void)state;
  hr_canvas *canvas = NULL;
  const hr_font font = {10, false, hr_color_black, HR_ALIGN_LEFT, false, false};
  check_ok(hr_canvas_create(&canvas, &err));
  double two = hr_canvas_text_width(canvas, "aa\nbb", font);
  assert_true(two > hr_canvas_text_width(canvas, "aabb", font));
  hr_canvas_destroy(&canvas);
}

static hr_status draw_all(void) {
  hr_canvas *canvas = NULL;
  hr_bytes png = {0}, svg = {0}, pdf = {0};
  hr_status status = hr_canvas_create(&canvas, NULL);
  if (status == HR_OK) status = hr_canvas_write_png(canvas, &png, NULL);
  if (status == HR_OK) status = hr_canvas_write_svg(canvas, &svg, NULL);
  if (status == HR_OK) status = hr_canvas_write_pdf(canvas, &pdf, NULL);
  hr_bytes_fini(&pdf);
  hr_bytes_fini(&png);
  hr_bytes_fini(&svg);
  hr_canvas_destroy(&canvas);
  return status;
}

static void test_memory_can_run_out(void **state) {
  (void)state;
  check_alloc_failures(draw_all());
  hr_canvas *canvas = NULL;
  hr_bytes png = {0};
  check_ok(hr_canvas_create(&canvas, &err));
  fail_alloc_at(1);
  assert_int_equal(hr_canvas_write_png(canvas, &png, &err), HR_ERR_MEMORY);
  fail_alloc_at(0);
  assert_string_equal(err.message, "no memory to draw a figure");
  hr_canvas_destroy(&canvas);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_png_has_its_size),
      cmocka_unit_test(test_a_page_may_be_high),
      cmocka_unit_test(test_same_drawing_same_bytes),
      cmocka_unit_test(test_svg_is_whole),
      cmocka_unit_test(test_pdf_is_whole),
      cmocka_unit_test(test_text_has_width),
      cmocka_unit_test(test_every_script_has_its_letters),
      cmocka_unit_test(test_letters_that_no_font_has_are_known),
      cmocka_unit_test(test_a_text_is_one_line),
      cmocka_unit_test(test_memory_can_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
