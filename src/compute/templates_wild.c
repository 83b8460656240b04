/* Spectra with a pixel so far from every template that fp32 does not hold what it pulls:
 * a cosmic ray of 10⁵ at a signal-to-noise ratio of 300 pulls by 10⁹ in log w, whose
 * rounding is 64. Then even the ratio of weights overflows. Such a row is weighed in fp64
 * from the beginning, template by template; that takes its time, but there are few. */
#include <math.h>

#include "compute/templates_parts.h"

/* What fp32 may round of a log weight before a row is wild: e^60 and its inverse are well
 * within fp32. Spectra without such a pixel reach it at a signal-to-noise ratio of 10⁴
 * and more, where fp64 is what they need, too. */
static const double most_rounding = 30;

static const double fp32_rounding = 0x1p-24;

bool hr_templates_is_wild(const hr_weighing *comparison, size_t row) {
  const hr_templates *t = comparison->templates;
  const double *inverse = comparison->work->inverse_wide + row * t->pixels;
  const float *x = comparison->query->x + row * t->pixels;
  double pull = 0, size = 0;
  for (size_t p = 0; p < t->pixels; p++) {
    double centre = fabs(t->centre_wide[p]);
    size = centre > size ? centre : size;
    if (!(inverse[p] > 0)) continue;
    double here = fabs((double)x[p] - t->centre_wide[p]) * inverse[p];
    pull = here > pull ? here : pull;
  }
  return pull * size * fp32_rounding > most_rounding;
}

double hr_templates_weigh_wild(const hr_weighing *comparison, size_t row, size_t tile,
                               size_t place) {
  const hr_templates *t = comparison->templates;
  size_t at = row * t->tile_count + tile;
  const double *b = comparison->work->inverse_wide + row * t->pixels;
  const float *x = comparison->query->x + row * t->pixels;
  const float *centre = t->centre + tile * t->pixels;
  const float *template = t->x + t->slot[place] * t->pixels;
  double weight = 0, norm = 0;
  for (size_t p = 0; p < t->pixels; p++) {
    double c = (double)centre[p], g = (double)template[p];
    if (!(b[p] > 0)) continue;
    weight += b[p] * g * ((double)x[p] - c - 0.5 * g);
    norm += b[p] * g * (2 * c + g);
  }
  return hr_amplitude_weight(&t->options, comparison->work->offset[at] + weight,
                             comparison->work->norm[at] + norm);
}

void hr_templates_keep_wild(const hr_weighing *comparison, size_t index, size_t row,
                            double *log_weight) {
  const hr_templates *t = comparison->templates;
  const hr_templates_workspace *work = comparison->work;
  const hr_template_tile *tile = &t->tiles[index];
  uint8_t fold = comparison->query->fold[row];
  double largest = -(double)INFINITY;
  double reference = hr_templates_reference(comparison, row);
  for (size_t i = 0; i < tile->count; i++) {
    size_t place = tile->first + i;
    bool is_left_out = fold != HR_NO_FOLD && t->fold[place] == fold;
    log_weight[i] = is_left_out ? -(double)INFINITY
                                : hr_templates_weigh_wild(comparison, row, index, place);
    largest = fmax(largest, log_weight[i]);
  }
  for (size_t i = 0; i < tile->count; i++) {
    size_t at = row * t->count + tile->first + i;
    double less = log_weight[i] - largest; /* NaN: nothing counts */
    work->weight[at] = less > HR_TEMPLATE_NEGLIGIBLE ? (float)exp(less) : 0;
    if (work->log_weight) work->log_weight[at] = (float)(log_weight[i] - reference);
  }
  work->sums[row * t->tile_count + index].largest = largest;
  hr_templates_sum(comparison, index, row);
}
