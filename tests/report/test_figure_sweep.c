/* The figure of a sweep: what it draws, where, and of which points. REPORT_PICTURES=DIR
 * keeps the pictures there. */
#include "report/sweep_fixture.h"
#include "support/pictures.h"

static sweep_fixture f;
static hr_sweep sweep;
static hr_text csv;
static hr_error err;

static int prepare(void **state) {
  (void)state;
  sweep_fixture_init(&f, "en");
  hr_text_init(&csv);
  return 0;
}

static int tidy(void **state) {
  (void)state;
  hr_text_fini(&csv);
  hr_sweep_fini(&sweep);
  sweep_fixture_fini(&f);
  return 0;
}

static void draw(const char *name) {
  hr_canvas *canvas = NULL;
  hr_bytes png = {0};
  check_ok(hr_sweep_init(&sweep, &f.outline, &err));
  assert_false(hr_figure_sweep_is_empty(&sweep));
  check_ok(hr_canvas_create(&canvas, &err));
  check_ok(hr_figure_sweep(&sweep, canvas, &csv, &err));
  check_ok(hr_canvas_write_png(canvas, &png, &err));
  keep_picture(name, &png);
  hr_bytes_fini(&png);
  hr_canvas_destroy(&canvas);
}

static const char *line_of(size_t i) {
  const char *text = csv.bytes;
  for (; i > 0; i--) text = strchr(text, '\n') + 1;
  return text;
}

static void check_line(size_t i, const char *beginning) {
  char line[128];
  snprintf(line, sizeof line, "%.*s", (int)strlen(beginning), line_of(i));
  assert_string_equal(line, beginning);
}

/* From left to right, and without the point that has no results. */
static void points_are_in_order(void **state) {
  (void)state;
  draw("sweep");
  check_line(0, "rung,value,method,n_train,r2,r2_low,r2_high\n");
  check_line(1, "baseline,200,global_ridge,");
  check_line(2, "baseline,1000,global_ridge,");
  check_line(3, "baseline,5000,global_ridge,");
  check_line(4, "single,200,global_ridge,");
  check_line(5, "single,1000,global_forest,");
  check_line(13, "ceiling,200,posterior,");
  assert_string_equal(line_of(16), "");
  assert_non_null(strstr(line_of(3), ",0.5625,"));
}

static void words_stay_as_given(void **state) {
  (void)state;
  f.values[0] = "stored";
  f.values[1] = "[1, 10]";
  f.outline.key = "x.y";
  draw("sweep_words");
  check_line(1, "baseline,stored,");
  check_line(2, "baseline,\"[1, 10]\",");
  check_line(3, "baseline,5000,");
}

/* One line where the best single model is the baseline's own all along. */
/* What is drawn does not change beyond what there is room for; the numbers have it all.
 */
static void long_values_are_cut(void **state) {
  (void)state;
  static const char *const longer[] = {
      "[0.001, 0.01, 0.1, 1, 10, 100, 1000, 10000]",
      "[0.001, 0.01, 0.1, 1, 10, 100, 1000, 20000, 30000, 40000, 50000, 60000, 70000]"};
  hr_bytes png[2] = {{0}, {0}};
  for (size_t k = 0; k < 2; k++) {
    hr_canvas *canvas = NULL;
    hr_text_fini(&csv);
    hr_sweep_fini(&sweep);
    for (size_t i = 0; i < f.outline.count; i++) f.values[i] = longer[k];
    check_ok(hr_sweep_init(&sweep, &f.outline, &err));
    check_ok(hr_canvas_create(&canvas, &err));
    check_ok(hr_figure_sweep(&sweep, canvas, &csv, &err));
    check_ok(hr_canvas_write_png(canvas, &png[k], &err));
    keep_picture("long", &png[k]);
    assert_non_null(strstr(csv.bytes, longer[k]));
    hr_canvas_destroy(&canvas);
  }
  assert_int_equal(png[0].count, png[1].count);
  assert_memory_equal(png[0].items, png[1].items, png[0].count);
  hr_bytes_fini(&png[0]);
  hr_bytes_fini(&png[1]);
}

static void the_baseline_is_drawn_once(void **state) {
  (void)state;
  for (size_t i = 0; i < 3; i++) sweep_fixture_write(&f, i, "zh", "global_ridge");
  f.values[1] = "0";
  draw("sweep_zh");
  assert_null(strstr(csv.bytes, "single"));
  check_line(1, "baseline,0,");
  check_line(4, "deployed,0,");
}

static void a_model_from_elsewhere_is_called_one(void **state) {
  (void)state;
  char title[] = "Global ViT";
  const hr_sweep_line line = {.title = title};
  hr_text text;
  hr_text_init(&text);
  hr_sweep_append_elsewhere(&sweep, &line, &text);
  assert_string_equal(text.bytes, "model from elsewhere: Global ViT");
  hr_text_fini(&text);
  sweep.chinese = true;
  hr_sweep_append_elsewhere(&sweep, &line, &text);
  assert_string_equal(text.bytes, "在别处训练的模型：Global ViT");
  hr_text_fini(&text);
}

static size_t count_arrows(void) {
  hr_canvas *canvas = NULL;
  hr_bytes svg = {0};
  check_ok(hr_canvas_create(&canvas, &err));
  check_ok(hr_figure_sweep(&sweep, canvas, &csv, &err));
  check_ok(hr_canvas_write_svg(canvas, &svg, &err));
  char *text = calloc(svg.count + 1, 1);
  assert_non_null(text);
  memcpy(text, svg.items, svg.count);
  size_t count = count_triangles(text);
  free(text);
  hr_bytes_fini(&svg);
  hr_canvas_destroy(&canvas);
  return count;
}

/* The axis ends at -0.3, and an arrow says that something goes on. */
static void what_goes_on_below_the_frame_has_an_arrow(void **state) {
  (void)state;
  check_ok(hr_sweep_init(&sweep, &f.outline, &err));
  assert_int_equal(count_arrows(), 0);
  hr_sweep_line *first = &sweep.points[0].lines[0], *last = &sweep.points[2].lines[0];
  first->r2.low = -0.3;
  assert_int_equal(count_arrows(), 0);
  first->r2.low = -0.5;
  assert_int_equal(count_arrows(), 1);
  last->r2 =
      (hr_estimate){-4, (double)NAN, (double)NAN}; /* a point without an interval */
  assert_int_equal(count_arrows(), 2);
  last->r2 = (hr_estimate){-4, -6, -3}; /* an interval that is below, all of it */
  assert_int_equal(count_arrows(), 2);
}

static void nothing_is_no_figure(void **state) {
  (void)state;
  for (size_t i = 0; i < 3; i++) f.has_results[i] = false;
  check_ok(hr_sweep_init(&sweep, &f.outline, &err));
  assert_true(hr_figure_sweep_is_empty(&sweep));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(points_are_in_order),
      TEST(words_stay_as_given),
      TEST(the_baseline_is_drawn_once),
      TEST(long_values_are_cut),
      TEST(a_model_from_elsewhere_is_called_one),
      TEST(what_goes_on_below_the_frame_has_an_arrow),
      TEST(nothing_is_no_figure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
