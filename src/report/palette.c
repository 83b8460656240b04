/* Colours of series and of values. */
#include "report/palette.h"

#include <math.h>

#define RGB(red, green, blue) \
  { (red) / 255.0, (green) / 255.0, (blue) / 255.0 }

const hr_color hr_color_blue = RGB(0, 114, 178), hr_color_orange = RGB(230, 159, 0),
               hr_color_green = RGB(0, 158, 115), hr_color_vermillion = RGB(213, 94, 0),
               hr_color_sky = RGB(86, 180, 233), hr_color_purple = RGB(204, 121, 167),
               hr_color_wine = RGB(136, 34, 85);
const hr_color hr_color_black = RGB(0, 0, 0), hr_color_white = RGB(255, 255, 255),
               hr_color_gray = RGB(110, 110, 110),
               hr_color_light_gray = RGB(225, 225, 225);

hr_color hr_color_of_series(size_t index) {
  const hr_color colors[] = {hr_color_blue,       hr_color_orange, hr_color_green,
                             hr_color_vermillion, hr_color_purple, hr_color_sky,
                             hr_color_wine};
  return colors[index % (sizeof colors / sizeof *colors)];
}

static double mix(double from, double to, double share) {
  return from + share * (to - from);
}

static hr_color mix_colors(hr_color from, hr_color to, double share) {
  return (hr_color){mix(from.red, to.red, share), mix(from.green, to.green, share),
                    mix(from.blue, to.blue, share)};
}

hr_color hr_color_lighten(hr_color color, double share) {
  return mix_colors(color, hr_color_white, share);
}

hr_color hr_color_of_value(double share) {
  /* The published map at 0, 1/8, ..., 1; linear between. */
  static const hr_color anchors[] = {
      RGB(0, 34, 78),     RGB(18, 53, 112),   RGB(59, 73, 108),
      RGB(87, 93, 109),   RGB(112, 113, 115), RGB(138, 134, 120),
      RGB(165, 156, 116), RGB(195, 179, 105), RGB(254, 232, 56),
  };
  enum { STEPS = sizeof anchors / sizeof *anchors - 1 };
  double place = fmin(fmax(share, 0.0), 1.0) * STEPS;
  size_t below = place >= STEPS ? STEPS - 1 : (size_t)place;
  return mix_colors(anchors[below], anchors[below + 1], place - (double)below);
}

/* Relative luminance, WCAG 2.1. */
static double linear(double channel) {
  return channel <= 0.03928 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4);
}

hr_color hr_color_of_text_on(hr_color background) {
  double luminance = 0.2126 * linear(background.red) + 0.7152 * linear(background.green) +
                     0.0722 * linear(background.blue);
  /* Where contrast with black and with white is the same. */
  return luminance > 0.179 ? hr_color_black : hr_color_white;
}
