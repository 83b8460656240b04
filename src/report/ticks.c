/* Round numbers for the ticks of an axis. */
#include "report/ticks.h"

#include <math.h>
#include <stdio.h>

#include "core/text.h"

/* The number of multiples of `step` within the range. */
static size_t count_multiples(double low, double high, double step, double *first) {
  /* A hair of tolerance, so that 0.7 is a multiple of 0.1. */
  double from = ceil(low / step - 1e-9), to = floor(high / step + 1e-9);
  *first = from * step;
  return to < from ? 0 : (size_t)(to - from) + 1;
}

hr_ticks hr_ticks_choose(double low, double high, size_t wanted) {
  static const double steps[] = {1, 2, 5, 10};
  double power = pow(10.0, floor(log10((high - low) / (double)wanted)));
  hr_ticks best = {0};
  double least = (double)INFINITY;
  for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
    double step = steps[s] * power, first = 0;
    size_t count = count_multiples(low, high, step, &first);
    double distance = fabs((double)count - (double)wanted);
    if (count < 2 || count > HR_TICKS_MOST || distance >= least) continue;
    least = distance;
    double digits = -floor(log10(step) + 1e-9);
    best = (hr_ticks){first, step, count, digits > 0 ? (int)digits : 0};
  }
  return best;
}

double hr_ticks_value(const hr_ticks *ticks, size_t index) {
  double value = ticks->first + (double)index * ticks->step;
  return fabs(value) < 1e-9 * ticks->step ? 0.0 : value;
}

const char *hr_ticks_number(double value, int decimals, int with_plus,
                            char text[HR_TICK_BYTES]) {
  double half = 0.5 * pow(10.0, -decimals);
  const char *sign = "";
  if (value <= -half) {
    sign = "\xe2\x88\x92";
  } else if (with_plus && value >= half) {
    sign = "+";
  }
  snprintf(text, HR_TICK_BYTES, "%s%s", sign, HR_DECIMALS(fabs(value), decimals));
  return text;
}

const char *hr_ticks_label(const hr_ticks *ticks, size_t index,
                           char text[HR_TICK_BYTES]) {
  return hr_ticks_number(hr_ticks_value(ticks, index), ticks->decimals, 0, text);
}
