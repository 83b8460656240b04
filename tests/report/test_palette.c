#include "report/palette.h"

#include "support/check.h"

static double lightness(hr_color c) {
  return 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue;
}

static void test_values_get_lighter(void **state) {
  (void)state;
  double before = -1;
  for (int i = 0; i <= 100; i++) {
    double now = lightness(hr_color_of_value(i / 100.0));
    assert_true(now > before);
    before = now;
  }
  check_near(hr_color_of_value(-3).blue, 78.0 / 255, 1e-12);
  check_near(hr_color_of_value(9).red, 254.0 / 255, 1e-12);
}

/* At least 4.5 to 1 (WCAG 2.1, AA) wherever a number may stand. */
static void test_text_can_be_read(void **state) {
  (void)state;
  for (int i = 0; i <= 100; i++) {
    hr_color background = hr_color_of_value(i / 100.0);
    hr_color ink = hr_color_of_text_on(background);
    double channel[3] = {background.red, background.green, background.blue};
    double weight[3] = {0.2126, 0.7152, 0.0722}, luminance = 0;
    for (int c = 0; c < 3; c++) {
      luminance +=
          weight[c] * (channel[c] <= 0.03928 ? channel[c] / 12.92
                                             : pow((channel[c] + 0.055) / 1.055, 2.4));
    }
    double contrast = ink.red > 0 ? 1.05 / (luminance + 0.05) : (luminance + 0.05) / 0.05;
    assert_true(contrast >= 4.5);
  }
}

static void test_series_differ(void **state) {
  (void)state;
  for (size_t i = 0; i < 7; i++) {
    for (size_t j = 0; j < i; j++) {
      hr_color a = hr_color_of_series(i), b = hr_color_of_series(j);
      assert_true(fabs(a.red - b.red) + fabs(a.green - b.green) + fabs(a.blue - b.blue) >
                  0.25);
    }
  }
  check_near(hr_color_lighten(hr_color_black, 0.25).green, 0.25, 1e-12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_get_lighter),
      cmocka_unit_test(test_text_can_be_read),
      cmocka_unit_test(test_series_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
