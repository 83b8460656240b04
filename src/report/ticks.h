/* The ticks of an axis as a person would choose them: few, at round numbers. */
#ifndef HR_REPORT_TICKS_H
#define HR_REPORT_TICKS_H

#include <stddef.h>

enum { HR_TICKS_MOST = 16, HR_TICK_BYTES = 32 };

typedef struct hr_ticks {
  double first, step; /* tick i is first + i * step; the step is 1, 2 or 5 times a power
                         of ten */
  size_t count;
  int decimals; /* that all labels have */
} hr_ticks;

/* The multiples of the step within [low, high], about `wanted` of them (2 to 12). Both
 * must be finite; low < high. */
hr_ticks hr_ticks_choose(double low, double high, size_t wanted);

/* Tick i; exactly 0 where it is 0 but for rounding. */
double hr_ticks_value(const hr_ticks *ticks, size_t index);

/* The label of a tick, with a true minus sign (U+2212). */
const char *hr_ticks_label(const hr_ticks *ticks, size_t index, char text[HR_TICK_BYTES]);

/* A number with so many decimals and a true minus sign; `with_plus`: a plus where it is
 * above zero. What rounds to zero has no sign. */
const char *hr_ticks_number(double value, int decimals, int with_plus,
                            char text[HR_TICK_BYTES]);

#endif
