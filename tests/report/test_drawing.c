/* A figure of one's own: three formats and its numbers, or an error and no picture. */
#include "report/drawing.h"

#include "core/alloc.h"
#include "core/file.h"
#include "support/check.h"
#include "support/fail_alloc.h"
#include "support/scratch.h"

static scratch s;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  scratch_init(&s);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  scratch_fini(&s);
  return 0;
}

static hr_status draw_box(void *context, hr_canvas *canvas, hr_text *csv, hr_error *e) {
  (void)e;
  double height = hr_canvas_height(canvas);
  hr_canvas_fill(canvas, (hr_rectangle){10, 10, 100, height - 10}, hr_color_blue);
  hr_text_append(csv, "height\n%g\n", height);
  *(int *)context += 1;
  return HR_OK;
}

static hr_status draw_nothing(void *context, hr_canvas *canvas, hr_text *csv,
                              hr_error *e) {
  (void)context, (void)canvas, (void)csv;
  return hr_fail(e, HR_ERR_DATA, "there is nothing to draw");
}

static void check_begins(const char *name, const char *magic) {
  char *bytes = NULL;
  size_t size = 0;
  check_ok(hr_file_read(scratch_name(&s, name), 1 << 24, &bytes, &size, &err));
  assert_true(size >= strlen(magic));
  assert_memory_equal(bytes, magic, strlen(magic));
  hr_free(bytes);
}

static void every_format_is_written(void **state) {
  (void)state;
  int drawn = 0;
  char folder[128];
  const hr_drawing drawing = {"box", 400, draw_box, &drawn};
  snprintf(folder, sizeof folder, "%s/figures", s.path);
  check_ok(hr_drawing_write(&drawing, folder, &err));
  assert_int_equal(drawn, 1);
  check_begins("figures/box.png", "\x89PNG");
  check_begins("figures/box.svg", "<?xml");
  check_begins("figures/box.pdf", "%PDF");
  check_begins("figures/box.csv", "height\n400\n");
}

static void what_cannot_be_drawn_is_told(void **state) {
  (void)state;
  const hr_drawing drawing = {"box", HR_CANVAS_HEIGHT, draw_nothing, NULL};
  check_fails(hr_drawing_write(&drawing, s.path, &err), HR_ERR_DATA,
              "there is nothing to draw");
  assert_int_not_equal(access(scratch_name(&s, "box.png"), F_OK), 0);
}

static hr_status write_again(void) {
  int drawn = 0;
  const hr_drawing drawing = {"box", HR_CANVAS_HEIGHT, draw_box, &drawn};
  return hr_drawing_write(&drawing, s.path, &err);
}

static void memory_may_run_out(void **state) {
  (void)state;
  check_alloc_failures(write_again());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_format_is_written, prepare, tidy),
      cmocka_unit_test_setup_teardown(what_cannot_be_drawn_is_told, prepare, tidy),
      cmocka_unit_test_setup_teardown(memory_may_run_out, prepare, tidy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
