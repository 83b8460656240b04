/* A few random templates and spectra of them, for tests of comparisons and models. */
#ifndef HR_TESTS_FEW_TEMPLATES_H
#define HR_TESTS_FEW_TEMPLATES_H

#include <math.h>

#include "compute/templates.h"
#include "core/random.h"
#include "support/check.h"

/* Groups 0, 1 and 2, and 100 templates of a fourth. */
enum {
  FEW_TEMPLATES = 1400,
  FEW_PIXELS = 300,
  FEW_GROUPS = 4,
  FEW_SPECTRA = 200,
};

typedef struct few_templates {
  float f[FEW_TEMPLATES * FEW_PIXELS];
  hr_template_label label[FEW_TEMPLATES];
  float x[FEW_SPECTRA * FEW_PIXELS], error[FEW_SPECTRA * FEW_PIXELS];
  int32_t group[FEW_SPECTRA];
  uint8_t fold[FEW_SPECTRA];
} few_templates;

/* roughness: how much of a template no other has; with much of it components do not
 * know the templates, and spectra are compared over all pixels. */
static inline void few_templates_spectrum(size_t i, float roughness, float *x,
                                          double *y) {
  float draw[3], rough[FEW_PIXELS];
  hr_normal(11, HR_STREAM_SIMULATE_TRAIN, i, 0, 3, draw);
  hr_normal(12, HR_STREAM_SIMULATE_TRAIN, i, 0, FEW_PIXELS, rough);
  *y = 3 + (double)draw[0];
  for (size_t p = 0; p < FEW_PIXELS; p++) {
    float q = (float)p / FEW_PIXELS;
    x[p] = 0.5F + 0.05F * draw[0] * sinf(9 * q) + 0.1F * draw[1] * q +
           0.04F * draw[2] * draw[0] * cosf(5 * q) + roughness * rough[p];
  }
}

/* Further labels, each with a scale and a centre of its own: 1 and 2 the spectrum knows.
 */
static inline double few_templates_label(size_t i, size_t target) {
  float draw[3];
  hr_normal(11, HR_STREAM_SIMULATE_TRAIN, i, 0, 3, draw);
  return 100 * (double)target + 10 * (double)draw[target % 3];
}

static inline void few_templates_init(few_templates *s, float roughness) {
  for (size_t i = 0; i < FEW_TEMPLATES; i++) {
    s->label[i].group = i < 700 ? 0 : i < 1000 ? 1 : i < 1300 ? 2 : 3;
    s->label[i].fold = (uint8_t)(i % 5);
    few_templates_spectrum(i, roughness, s->f + i * FEW_PIXELS, &s->label[i].y);
  }
  for (size_t r = 0; r < FEW_SPECTRA; r++) {
    float *x = s->x + r * FEW_PIXELS, *error = s->error + r * FEW_PIXELS;
    float noise[FEW_PIXELS];
    double y = 0;
    few_templates_spectrum(10000 + r, 0, x, &y);
    hr_normal(13, HR_STREAM_NOISE_TEST, r, 0, FEW_PIXELS, noise);
    for (size_t p = 0; p < FEW_PIXELS; p++) {
      error[p] = 0.02F + 0.2F * (float)((r * 31 + p * 7) % 101) / 101;
      if ((r + p) % 50 == 0) error[p] = 0; /* drops out */
      x[p] += error[p] * noise[p];
    }
    s->group[r] = r % 7 == 3 ? HR_NO_GROUP : (int32_t)(r % 3);
    s->fold[r] = HR_NO_FOLD;
  }
}

static inline hr_templates *few_templates_make(const few_templates *s,
                                               const hr_templates_options *options) {
  hr_error err;
  hr_templates *t = NULL;
  check_ok(hr_templates_create(FEW_TEMPLATES, FEW_PIXELS, options, hr_compute_default(),
                               &t, &err));
  for (size_t i = 0; i < FEW_TEMPLATES; i++) {
    hr_templates_put(t, i, s->f + i * FEW_PIXELS, &s->label[i]);
    for (size_t target = 1; target < options->targets; target++) {
      hr_templates_put_target(t, i, target, few_templates_label(i, target));
    }
  }
  check_ok(hr_templates_finish(t, NULL, &err));
  return t;
}

#endif
