/* Colours that people with any kind of colour vision can tell apart. */
#ifndef HR_REPORT_PALETTE_H
#define HR_REPORT_PALETTE_H

#include <stddef.h>

typedef struct hr_color { /* sRGB, 0 to 1 */
  double red, green, blue;
} hr_color;

/* Okabe & Ito (2008), "Color Universal Design". */
extern const hr_color hr_color_blue, hr_color_orange, hr_color_green, hr_color_vermillion,
    hr_color_sky, hr_color_purple;

/* Tol (2021), "Colour Schemes": one more that can be told apart from these. */
extern const hr_color hr_color_wine;

extern const hr_color hr_color_black, hr_color_white, hr_color_gray, hr_color_light_gray;

/* The colour of series `index`: the seven above in an order that keeps neighbours apart,
 * then from the start again. */
hr_color hr_color_of_series(size_t index);

/* `color` mixed with white; share 0 is the colour, 1 is white. */
hr_color hr_color_lighten(hr_color color, double share);

/* Values 0 to 1 from dark blue to light yellow, ever lighter: cividis, which looks the
 * same to people with and without colour vision deficiency (Nunez, Anderton & Renslow
 * 2018, PLOS ONE 13, e0199239). */
hr_color hr_color_of_value(double share);

/* Black or white, whichever is easier to read on `background`. */
hr_color hr_color_of_text_on(hr_color background);

#endif
