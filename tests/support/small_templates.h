/* A few templates and spectra, compared once, for tests of the single steps of
 * compute/templates_parts.h. */
#ifndef HR_TESTS_SMALL_TEMPLATES_H
#define HR_TESTS_SMALL_TEMPLATES_H

#include <math.h>

#include "compute/templates_parts.h"
#include "core/alloc.h"
#include "core/random.h"
#include "support/check.h"

enum { SMALL_COUNT = 300, SMALL_PIXELS = 530, SMALL_ROWS = 4, SMALL_FOLDS = 5 };

typedef struct small_templates {
  float f[SMALL_COUNT * SMALL_PIXELS], x[SMALL_ROWS * SMALL_PIXELS];
  float error[SMALL_ROWS * SMALL_PIXELS];
  hr_template_label label[SMALL_COUNT]; /* group 0, and 1 from number 200 on */
  int32_t group[SMALL_ROWS];
  uint8_t fold[SMALL_ROWS];
  hr_posterior own[SMALL_ROWS], all[SMALL_ROWS];
  hr_target_set wants_own[SMALL_ROWS];
  hr_query query;
  hr_weighing comparison; /* of all rows */
  hr_templates *templates;
  hr_templates_workspace *work;
} small_templates;

static const double small_sigma = 0.02;

/* Smooth along the pixels, in two numbers, the first of which is the label. */
static inline void small_spectrum(uint64_t i, float *x, double *y) {
  float draw[2];
  hr_normal(3, HR_STREAM_SIMULATE_TRAIN, i, 0, 2, draw);
  *y = 3 + (double)draw[0];
  for (size_t p = 0; p < SMALL_PIXELS; p++) {
    float q = (float)p / SMALL_PIXELS;
    x[p] = 0.5F + 0.02F * draw[0] * sinf(9 * q) + 0.02F * draw[1] * cosf(5 * q);
  }
}

static inline small_templates *small_templates_create(const hr_templates_options *options,
                                                      const hr_compute *compute) {
  hr_error err;
  small_templates *s = NULL;
  double typical[SMALL_PIXELS], unused = 0;
  check_ok(hr_alloc(&s, 1, &err));
  check_ok(hr_templates_create(SMALL_COUNT, SMALL_PIXELS, options, compute, &s->templates,
                               &err));
  for (size_t i = 0; i < SMALL_COUNT; i++) {
    small_spectrum(i, s->f + i * SMALL_PIXELS, &s->label[i].y);
    s->label[i].group = i < 200 ? 0 : 1;
    s->label[i].fold = (uint8_t)(i % SMALL_FOLDS);
    hr_templates_put(s->templates, i, s->f + i * SMALL_PIXELS, &s->label[i]);
  }
  for (size_t p = 0; p < SMALL_PIXELS; p++) typical[p] = 1 / small_sigma / small_sigma;
  check_ok(hr_templates_finish(s->templates, typical, &err));
  for (size_t r = 0; r < SMALL_ROWS; r++) {
    small_spectrum(1000 + r, s->x + r * SMALL_PIXELS, &unused);
    for (size_t p = 0; p < SMALL_PIXELS; p++) {
      double wave = 1 + 0.2 * sin((double)(p + r) / 100);
      s->error[r * SMALL_PIXELS + p] = (float)(small_sigma * wave);
    }
    s->group[r] = (int32_t)(r % 2);
    s->fold[r] = r < 2 ? HR_NO_FOLD : (uint8_t)r;
  }
  s->error[7] = 0; /* drops out */
  s->query = (hr_query){.rows = SMALL_ROWS,
                        .x = s->x,
                        .error = s->error,
                        .level = 1,
                        .group = s->group,
                        .fold = s->fold};
  check_ok(hr_templates_workspace_create(s->templates, &s->work, &err));
  check_ok(hr_templates_compare(s->templates, s->work, &s->query, s->own, s->all, &err));
  s->comparison = (hr_weighing){.templates = s->templates,
                                .work = s->work,
                                .query = &s->query,
                                .rows = SMALL_ROWS,
                                .rows_a_product = SMALL_ROWS,
                                .weigh = options->weigh,
                                .own_groups = 1,
                                .own = s->own,
                                .all = s->all,
                                .wants_own = s->wants_own};
  for (size_t r = 0; r < SMALL_ROWS; r++) {
    s->comparison.row[r] = r;
    s->comparison.wants_own[r] = s->comparison.wants_all[r] = true;
  }
  return s;
}

static inline void small_templates_destroy(small_templates *s) {
  hr_templates_workspace_destroy(&s->work);
  hr_templates_destroy(&s->templates);
  hr_free(s);
}

/* A term of row r and a spectrum f, in fp64 and one pixel after the other. */
static inline double small_term(const small_templates *s, hr_template_term term, size_t r,
                                const float *f) {
  double sum = 0;
  for (size_t p = 0; p < SMALL_PIXELS; p++) {
    double sigma = (double)s->error[r * SMALL_PIXELS + p], value = (double)f[p];
    double x = (double)s->x[r * SMALL_PIXELS + p];
    if (!(sigma > 0)) continue;
    double square = value * value / (sigma * sigma);
    sum += term == HR_TERM_NORM ? square : x * value / (sigma * sigma) - 0.5 * square;
  }
  return sum;
}

/* What a term of template number `place` has over that of its tile's mean. */
static inline double small_gain(const small_templates *s, hr_template_term term, size_t r,
                                size_t tile, size_t place) {
  const hr_templates *t = s->templates;
  return small_term(s, term, r, s->f + t->slot[place] * SMALL_PIXELS) -
         small_term(s, term, r, t->centre + tile * SMALL_PIXELS);
}

#endif
