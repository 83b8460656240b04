/* Measuring a gate's features. Rows are taken one by one, in pieces a thread: what a row
 * gives depends on that row alone, so that a file is weighed the same however it is cut.
 */
#include "features/gate_features.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/pixel_quantile.h"
#include "core/vector.h"

enum {
  PIECE_ROWS = 16,
  TOGETHER = 5 /* components multiplied at a time: each has a chain of additions, which
                  alone leaves the processor waiting */
};

struct hr_gate_features {
  hr_gate_table table;
  hr_gate_pixels where[HR_GATE_MOST_WINDOWS];
  size_t pixels, count;
  double base;
  double *components; /* [1 + C][P] the mean, then the components */
};

hr_status hr_gate_features_create(const hr_gate_table *table, const hr_gate_grid *grid,
                                  hr_gate_features **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_gate_features *f = NULL;
  HR_TRY(hr_alloc(&f, 1, err));
  f->table = *table;
  f->pixels = grid->pixels;
  f->base = grid->base;
  f->count = hr_gate_table_features(table);
  HR_TRY(hr_gate_table_place(table, grid->key, grid->wave_angstrom, grid->pixels,
                             f->where, err));
  HR_TRY(hr_alloc(&f->components, (1 + table->components) * grid->pixels, err));
  *out = f;
  f = NULL;
cleanup:
  hr_gate_features_destroy(&f);
  return status;
}

hr_status hr_gate_features_copy(const hr_gate_features *from, hr_gate_features **out,
                                hr_error *err) {
  hr_status status = HR_OK;
  hr_gate_features *f = NULL;
  size_t numbers = (1 + from->table.components) * from->pixels;
  HR_TRY(hr_alloc(&f, 1, err));
  *f = *from;
  f->components = NULL;
  HR_TRY(hr_alloc(&f->components, numbers, err));
  memcpy(f->components, from->components, numbers * sizeof *f->components);
  *out = f;
  f = NULL;
cleanup:
  hr_gate_features_destroy(&f);
  return status;
}

void hr_gate_features_destroy(hr_gate_features **features) {
  if (!*features) return;
  hr_free((*features)->components);
  hr_free(*features);
  *features = NULL;
}

const hr_gate_table *hr_gate_features_table(const hr_gate_features *features) {
  return &features->table;
}

size_t hr_gate_features_count(const hr_gate_features *features) {
  return features->count;
}

size_t hr_gate_features_pixels(const hr_gate_features *features) {
  return features->pixels;
}

double hr_gate_features_base(const hr_gate_features *features) {
  return features->base;
}

double *hr_gate_features_components(hr_gate_features *features) {
  return features->components;
}

const double *hr_gate_features_components_of(const hr_gate_features *features) {
  return features->components;
}

/* What one thread works in. */
typedef struct scratch {
  float *away;   /* [P] a row less the mean */
  float *sides;  /* [P] the sidebands of a window */
  float *sorted; /* [P] */
} scratch;

/* What the threads share. */
typedef struct filling {
  const hr_gate_features *features;
  const uint32_t *row; /* or NULL */
  size_t rows;
  const float *noisy;
  double *out;
  float *components; /* [C][P], and TOGETHER of 0 */
  float *room;       /* [threads][3][P] */
} filling;

/* d . v for TOGETHER components v: of each 32 sums in fp32 over a few hundred pixels,
 * which are added up in fp64. The order is always the same, and so are the bytes. */
HR_VECTOR_CLONES
static void multiply(const float *d, const float *v, size_t pixels, double *out) {
  enum { LANES = 32, RUN = 256 };
  double sum[TOGETHER] = {0};
  size_t p = 0;
  for (; p + RUN <= pixels; p += RUN) {
    float lanes[TOGETHER][LANES] = {0};
    for (size_t i = p; i < p + RUN; i += LANES) {
      for (size_t k = 0; k < TOGETHER; k++) {
        for (size_t j = 0; j < LANES; j++) {
          lanes[k][j] += d[i + j] * v[k * pixels + i + j];
        }
      }
    }
    for (size_t j = 0; j < LANES; j++) {
      for (size_t k = 0; k < TOGETHER; k++) sum[k] += (double)lanes[k][j];
    }
  }
  for (; p < pixels; p++) {
    for (size_t k = 0; k < TOGETHER; k++) sum[k] += (double)(d[p] * v[k * pixels + p]);
  }
  for (size_t k = 0; k < TOGETHER; k++) out[k] = sum[k];
}

HR_VECTOR_CLONES
static void subtract(const float *x, const double *mean, size_t pixels, float *away) {
  for (size_t p = 0; p < pixels; p++) away[p] = (float)((double)x[p] - mean[p]);
}

static void project(const filling *f, const float *x, float *away, double *out) {
  const hr_gate_features *features = f->features;
  size_t pixels = features->pixels, count = features->table.components;
  if (count == 0) return;
  subtract(x, features->components, pixels, away);
  for (size_t first = 0; first < count; first += TOGETHER) {
    double product[TOGETHER];
    size_t left = count - first;
    multiply(away, f->components + first * pixels, pixels, product);
    memcpy(out + first, product, (left < TOGETHER ? left : TOGETHER) * sizeof *out);
  }
}

/* The median of the sidebands. */
static double continuum(const hr_gate_pixels *p, const float *x, const scratch *s) {
  size_t left = p->first - p->left, right = p->right - p->end;
  memcpy(s->sides, x + p->left, left * sizeof *x);
  memcpy(s->sides + left, x + p->end, right * sizeof *x);
  return hr_pixel_quantile(s->sides, left + right, 0.5, s->sorted);
}

typedef struct line {
  double mean, depth, ew;
} line;

static line measure(const hr_gate_features *f, const hr_gate_pixels *p, const float *x,
                    const scratch *s) {
  double c = continuum(p, x, s) + f->base, least = INFINITY, sum = 0;
  size_t count = p->end - p->first;
  for (size_t i = p->first; i < p->end; i++) {
    double flux = (double)x[i] + f->base;
    sum += flux;
    least = flux < least ? flux : least;
  }
  line l = {.mean = sum / (double)count};
  if (c > 0) {
    l.depth = 1 - least / c;
    l.ew = (double)count - sum / c;
  }
  return l;
}

static void fill_row(const filling *of, const float *x, const scratch *s, double *out) {
  const hr_gate_features *f = of->features;
  const hr_gate_table *table = &f->table;
  double ew[HR_GATE_MOST_WINDOWS] = {0};
  size_t at = table->components;
  project(of, x, s->away, out);
  for (size_t w = 0; w < table->window_count; w++) {
    line l = measure(f, &f->where[w], x, s);
    ew[w] = l.ew;
    if (table->window[w].measures & HR_GATE_MEAN) out[at++] = l.mean;
    if (table->window[w].measures & HR_GATE_DEPTH) out[at++] = l.depth;
    if (table->window[w].measures & HR_GATE_EW) out[at++] = l.ew;
  }
  for (size_t t = 0; t < table->total_count; t++) {
    double sum = 0;
    for (size_t w = 0; w < table->window_count; w++) {
      if (table->total[t].windows >> w & 1) sum += ew[w];
    }
    out[at++] = sum;
  }
}

static void fill_piece(void *context, size_t piece, size_t thread) {
  const filling *f = context;
  size_t pixels = f->features->pixels, first = piece * PIECE_ROWS;
  size_t end = first + PIECE_ROWS < f->rows ? first + PIECE_ROWS : f->rows;
  float *room = f->room + 3 * thread * pixels;
  const scratch s = {room, room + pixels, room + 2 * pixels};
  for (size_t i = first; i < end; i++) {
    size_t row = f->row ? f->row[i] : i;
    fill_row(f, f->noisy + row * pixels, &s, f->out + i * f->features->count);
  }
}

hr_status hr_gate_features_fill(const hr_gate_features *features, size_t rows,
                                const uint32_t *row, const float *noisy, double *out,
                                hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = features->pixels, numbers = features->table.components * pixels;
  filling f = {features, row, rows, noisy, out, NULL, NULL};
  HR_TRY(hr_alloc(&f.components, numbers + TOGETHER * pixels, err));
  HR_TRY(hr_alloc(&f.room, 3 * hr_thread_count() * pixels, err));
  for (size_t i = 0; i < numbers; i++) {
    f.components[i] = (float)features->components[pixels + i];
  }
  hr_parallel_for((rows + PIECE_ROWS - 1) / PIECE_ROWS, fill_piece, &f);
cleanup:
  hr_free(f.components);
  hr_free(f.room);
  return status;
}
