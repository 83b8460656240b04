#include "report/chart.h"

#include "support/check.h"

static hr_error err;

static void test_spans(void **state) {
  (void)state;
  hr_span span = hr_span_padded(hr_span_empty(), 0.1);
  assert_true(span.low == 0 && span.high == 1);
  span = hr_span_empty();
  hr_span_include(&span, NAN);
  hr_span_include(&span, 3);
  assert_true(hr_span_padded(span, 0.1).low == 2.5);
  hr_span_include(&span, 5);
  hr_span_include(&span, NAN);
  check_near(hr_span_padded(span, 0.1).low, 2.8, 1e-12);
  check_near(hr_span_padded(span, 0.1).high, 5.2, 1e-12);
}

static void check_on_page(const hr_chart *chart) {
  assert_true(chart->plot.left > 0 && chart->plot.right < HR_CANVAS_WIDTH);
  assert_true(chart->plot.top > 0 && chart->plot.bottom < HR_CANVAS_HEIGHT);
  assert_true(chart->plot.right - chart->plot.left > 100);
  assert_true(chart->plot.bottom - chart->plot.top > 100);
}

static void test_values_have_places(void **state) {
  (void)state;
  hr_canvas *canvas = NULL;
  hr_chart chart;
  hr_chart_frame frame = {.title = "t", .x.span = {0, 10}, .y.span = {-1, 1}};
  check_ok(hr_canvas_create(&canvas, &err));
  hr_chart_begin(&chart, canvas, &frame);
  check_on_page(&chart);
  check_near(hr_chart_x(&chart, 0), chart.plot.left, 1e-9);
  check_near(hr_chart_x(&chart, 10), chart.plot.right, 1e-9);
  check_near(hr_chart_y(&chart, 1), chart.plot.top, 1e-9);
  check_near(hr_chart_y(&chart, 0), 0.5 * (chart.plot.top + chart.plot.bottom), 1e-9);
  /* Far below is far below, and no more than can be drawn. */
  assert_true(hr_chart_y(&chart, -1e24) > chart.plot.bottom);
  assert_true(hr_chart_y(&chart, -1e24) < 1e6 && hr_chart_y(&chart, 1e24) > -1e6);
  hr_canvas_destroy(&canvas);
}

static void test_square_is_square(void **state) {
  (void)state;
  hr_canvas *canvas = NULL;
  hr_chart chart;
  hr_chart_frame frame = {
      .title = "t", .x.span = {0, 4}, .y.span = {1, 5}, .is_square = true};
  check_ok(hr_canvas_create(&canvas, &err));
  hr_chart_begin(&chart, canvas, &frame);
  check_on_page(&chart);
  check_near(chart.plot.right - chart.plot.left, chart.plot.bottom - chart.plot.top,
             1e-9);
  hr_canvas_destroy(&canvas);
}

/* A tick of the caller's stands at its value; the text of one that is too near to the one
 * before is left out, and so changes nothing. */
static void test_ticks_may_be_given(void **state) {
  (void)state;
  const hr_axis_tick ticks[][3] = {{{0, "none"}, {5, "half"}, {5.01, "near"}},
                                   {{0, "none"}, {5, "half"}, {5.01, "other"}},
                                   {{0, "none"}, {5, "half"}, {9, "far"}}};
  hr_bytes png[3] = {0};
  for (size_t i = 0; i < 3; i++) {
    hr_canvas *canvas = NULL;
    hr_chart chart;
    hr_chart_frame frame = {.x = {.span = {0, 10}, .ticks = ticks[i], .tick_count = 3},
                            .y.span = {0, 1}};
    check_ok(hr_canvas_create(&canvas, &err));
    hr_chart_begin(&chart, canvas, &frame);
    check_near(hr_chart_x(&chart, 5), 0.5 * (chart.plot.left + chart.plot.right), 1e-9);
    check_ok(hr_canvas_write_png(canvas, &png[i], &err));
    hr_canvas_destroy(&canvas);
  }
  assert_int_equal(png[0].count, png[1].count);
  assert_memory_equal(png[0].items, png[1].items, png[0].count);
  bool same = png[2].count == png[0].count &&
              memcmp(png[2].items, png[0].items, png[0].count) == 0;
  assert_false(same);
  for (size_t i = 0; i < 3; i++) hr_bytes_fini(&png[i]);
}

/* Two charts share a page; the second one has no title. */
static void test_charts_share_a_page(void **state) {
  (void)state;
  hr_canvas *canvas = NULL;
  hr_chart first, second;
  hr_chart_frame upper = {
      .title = "t", .bottom = 250, .x.span = {0, 4}, .y.span = {1, 5}};
  hr_chart_frame lower = {.top = 250, .x.span = {0, 4}, .y.span = {1, 5}};
  check_ok(hr_canvas_create_high(500, &canvas, &err));
  hr_chart_begin(&first, canvas, &upper);
  hr_chart_begin(&second, canvas, &lower);
  check_on_page(&first);
  assert_true(first.plot.bottom < 250 && second.plot.top > 250);
  assert_true(second.plot.bottom < 500 && second.plot.bottom > 450);
  check_near(second.plot.top - 250, first.plot.top - 20, 1e-9);
  hr_canvas_destroy(&canvas);
}

/* Legends of any length go above the plot, so that no data can be under them. */
static void test_legend_makes_room(void **state) {
  (void)state;
  hr_canvas *canvas = NULL;
  hr_chart short_one, long_one;
  hr_legend_entry entries[17];
  for (size_t i = 0; i < 17; i++) {
    entries[i] =
        (hr_legend_entry){.text = "a method of some length", .mark = (hr_mark)(i % 6)};
  }
  hr_chart_frame frame = {
      .title = "t", .x.span = {0, 1}, .y.span = {0, 1}, .legend = entries};
  check_ok(hr_canvas_create(&canvas, &err));
  frame.legend_count = 1;
  hr_chart_begin(&short_one, canvas, &frame);
  frame.legend_count = 17;
  hr_chart_begin(&long_one, canvas, &frame);
  check_on_page(&long_one);
  assert_true(long_one.plot.top >= short_one.plot.top + 4 * 12.0);
  hr_canvas_destroy(&canvas);
}

/* Names of reference lines stay on the page, and the plot makes room for them. */
/* Names of sixty letters, in any script, leave the plot its place. */
static void test_long_names_are_cut(void **state) {
  (void)state;
  static const char *const names[] = {
      "0  A name of sixty letters that goes on and on and on until it ends",
      "1  Averyveryverylongnamewithoutanyspaceinitthatgoesonforsixtyletters",
      "2  金属丰度很低而且温度非常高的恒星分箱名称长达六十个汉字以便检验图中不会重叠金属"
      "丰度很低而且温度非常高的恒星分箱名称长达六十个汉字以便检验图中不会重叠金属丰度很"
      "低",
      "3  نجوم باردة فقيرة ١٢٣٤"};
  hr_canvas *canvas = NULL;
  hr_bytes png = {0};
  hr_chart chart;
  check_ok(hr_canvas_create(&canvas, &err));
  const hr_chart_frame frame = {.x = {.categories = names, .category_count = 4},
                                .y = {.categories = names, .category_count = 4}};
  hr_chart_begin(&chart, canvas, &frame);
  check_on_page(&chart);
  assert_true(chart.plot.left > 150 && chart.plot.left < 180);
  assert_true(chart.plot.right - chart.plot.left > 230);
  assert_string_equal(hr_canvas_unknown(canvas), "");
  check_ok(hr_canvas_write_png(canvas, &png, &err));
  hr_bytes_fini(&png);
  hr_canvas_destroy(&canvas);
}

static void test_references_make_room(void **state) {
  (void)state;
  hr_canvas *canvas = NULL;
  hr_chart with, without;
  const hr_reference lines[] = {{0.5, "one"}, {0.501, "a longer name"}, {7, "off"}};
  hr_chart_frame frame = {.title = "t", .x.span = {0, 1}, .y.span = {0, 1}};
  check_ok(hr_canvas_create(&canvas, &err));
  hr_chart_begin(&without, canvas, &frame);
  frame.references = lines;
  frame.reference_count = 3;
  hr_chart_begin(&with, canvas, &frame);
  hr_chart_references(&with);
  check_on_page(&with);
  assert_true(with.plot.right < without.plot.right - 50);
  hr_canvas_destroy(&canvas);
}

static size_t png_size(const hr_bar *bar, hr_span interval) {
  hr_canvas *canvas = NULL;
  hr_chart chart;
  hr_bytes png = {0};
  hr_chart_frame frame = {.title = "t", .x.span = {0, 1}, .y.span = {0, 1}};
  check_ok(hr_canvas_create(&canvas, &err));
  hr_chart_begin(&chart, canvas, &frame);
  hr_chart_bar(&chart, bar);
  hr_chart_error_bar(&chart, 0.5, interval);
  check_ok(hr_canvas_write_png(canvas, &png, &err));
  size_t size = png.count;
  hr_bytes_fini(&png);
  hr_canvas_destroy(&canvas);
  return size;
}

static void test_undefined_is_not_drawn(void **state) {
  (void)state;
  const hr_span none = {NAN, NAN}, some = {0.2, 0.4};
  const hr_bar undefined = {.x = {0.4, 0.6}, .value = NAN},
               bar = {.x = {0.4, 0.6}, .value = 0.3};
  const hr_bar below = {.x = {0.4, 0.6}, .value = -20};
  size_t empty = png_size(&undefined, none);
  assert_true(png_size(&bar, none) != empty);
  assert_true(png_size(&below, none) != empty); /* the arrow */
  assert_true(png_size(&undefined, some) != empty);
  assert_int_equal(png_size(&undefined, (hr_span){-5, -4}), empty);
  /* The arrow where an interval is cut; how far it goes on makes no difference. */
  assert_true(png_size(&undefined, (hr_span){-5, 0.4}) !=
              png_size(&undefined, (hr_span){0, 0.4}));
  assert_int_equal(png_size(&undefined, (hr_span){-5, 0.4}),
                   png_size(&undefined, (hr_span){-4, 0.4}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_spans),
      cmocka_unit_test(test_values_have_places),
      cmocka_unit_test(test_square_is_square),
      cmocka_unit_test(test_ticks_may_be_given),
      cmocka_unit_test(test_charts_share_a_page),
      cmocka_unit_test(test_legend_makes_room),
      cmocka_unit_test(test_long_names_are_cut),
      cmocka_unit_test(test_references_make_room),
      cmocka_unit_test(test_undefined_is_not_drawn),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
