/* The posterior by a linear model of the nearest templates, where too few share the
 * weight for a mean over them.
 *
 * The likelihood is split in two, L = L^(1/T) L^(1-1/T). The first part weighs the
 * templates, with the T >= 1 at which as many share the weight as are wanted; so weighed
 * they stand for a prior of their own, of which mean and covariance are taken. The rest
 * is noise of variance κ σ², κ = T/(T-1), and the label's best linear estimate under both
 *
 *   ŷ = ȳ + aᵀ (B + κ I)⁻¹ A d,   variance = κ aᵀ (B + κ I)⁻¹ a,
 *
 * with weights v_i that add up to 1, a_i = √v_i (y_i − ȳ), A_ij = √v_i (f_ij − f̄_j)/σ_j,
 * d_j = (x_j − f̄_j)/σ_j, B = A Aᵀ: regression on the spectra, linear and local, its
 * penalty the noise that is left. T = 1 is the posterior mean itself; where spectra and
 * label are jointly Gaussian the answer is exact for any T (tempering as in the ensemble
 * Kalman inversion of Iglesias, Law & Stuart 2013).
 *
 * An unknown amplitude is noise along f̄: with its estimate Â, d = (x − Â f̄)/σ,
 * A times Â, and of both only a share of what lies along f̄/σ counts, none where nothing
 * is known of it. */
#include <math.h>

#include "compute/templates_parts.h"

enum {
  MOST = HR_TEMPLATE_LOCAL,
  REACH = 5, /* templates looked at for each that is to share the weight */
  BISECTIONS = 60,
};

/* Weights are widened no further. */
static const double most_temperature = 1e9;

typedef struct candidate {
  double log_weight;
  size_t tile, place;
} candidate;

/* The heaviest templates of a row, the lightest first: a binary heap. */
typedef struct nearest {
  size_t count, most;
  candidate heap[MOST];
} nearest;

static void sink(nearest *n) {
  size_t at = 0;
  candidate moved = n->heap[0];
  for (size_t child = 1; child < n->count; child = 2 * at + 1) {
    bool right =
        child + 1 < n->count && n->heap[child + 1].log_weight < n->heap[child].log_weight;
    if (right) child++;
    if (!(n->heap[child].log_weight < moved.log_weight)) break;
    n->heap[at] = n->heap[child];
    at = child;
  }
  n->heap[at] = moved;
}

static void rise(nearest *n, candidate added) {
  size_t at = n->count++;
  while (at > 0 && added.log_weight < n->heap[(at - 1) / 2].log_weight) {
    n->heap[at] = n->heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  n->heap[at] = added;
}

static void find_nearest(const hr_weighing *comparison, size_t row, int32_t group,
                         nearest *n) {
  const hr_templates *t = comparison->templates;
  const float *log_weight = comparison->work->log_weight + row * t->count;
  double most = REACH * t->options.least_effective;
  n->count = 0;
  n->most = most < MOST ? (size_t)most : MOST;
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_tile *tile = &t->tiles[k];
    if (!hr_is_in_group(tile, group)) continue;
    for (size_t i = tile->first; i < tile->first + tile->count; i++) {
      candidate c = {(double)log_weight[i], k, i};
      if (!(c.log_weight > -(double)INFINITY)) continue;
      if (n->count < n->most) {
        rise(n, c);
      } else if (c.log_weight > n->heap[0].log_weight) {
        n->heap[0] = c;
        sink(n);
      }
    }
  }
  for (size_t i = 0; i < n->count; i++) {
    candidate *c = &n->heap[i];
    c->log_weight = hr_templates_weigh_exactly(comparison, row, c->tile, c->place);
  }
}

/* Weights at a temperature, which add up to 1; returns how many share them. */
static double temper(const nearest *n, double temperature, double *share) {
  double largest = -INFINITY, sum = 0, squares = 0;
  for (size_t i = 0; i < n->count; i++) largest = fmax(largest, n->heap[i].log_weight);
  for (size_t i = 0; i < n->count; i++) {
    share[i] = exp((n->heap[i].log_weight - largest) / temperature);
    sum += share[i];
  }
  for (size_t i = 0; i < n->count; i++) {
    share[i] /= sum;
    squares += share[i] * share[i];
  }
  return 1 / squares;
}

/* The temperature at which `wanted` templates share the weight. */
static double find_temperature(const nearest *n, double wanted, double *share) {
  double low = 0, high = log(most_temperature);
  for (int step = 0; step < BISECTIONS; step++) {
    double middle = 0.5 * (low + high);
    if (temper(n, exp(middle), share) < wanted) {
      low = middle;
    } else {
      high = middle;
    }
  }
  temper(n, exp(high), share);
  return exp(high);
}

/* f̄ and 1/σ, which is 0 where a pixel drops out. */
static void find_centre(const hr_weighing *comparison, size_t row, const nearest *n,
                        const double *share, const hr_template_local *local) {
  const hr_templates *t = comparison->templates;
  const double *inverse = comparison->work->inverse_wide + row * t->pixels;
  for (size_t p = 0; p < t->pixels; p++) local->mean[p] = 0;
  for (size_t i = 0; i < n->count; i++) {
    const float *centre = t->centre + n->heap[i].tile * t->pixels;
    const float *g = t->x + t->slot[n->heap[i].place] * t->pixels;
    for (size_t p = 0; p < t->pixels; p++) {
      local->mean[p] += share[i] * ((double)centre[p] + (double)g[p]);
    }
  }
  for (size_t p = 0; p < t->pixels; p++) local->scale[p] = sqrt(inverse[p]);
}

/* What is known of the amplitude: its estimate, f̄/σ at length 1, and by how much of
 * itself what lies along that is taken back. */
typedef struct known_amplitude {
  double estimate, taken;
} known_amplitude;

static known_amplitude find_amplitude(const hr_weighing *comparison, size_t row,
                                      const hr_template_local *local) {
  const hr_templates *t = comparison->templates;
  const double *cross = comparison->work->cross + row * t->pixels;
  double s = 0, q = 0, sigma = t->options.amplitude_sigma, k = 0;
  if (t->options.amplitude == HR_AMPLITUDE_NONE) return (known_amplitude){1, 0};
  if (t->options.amplitude == HR_AMPLITUDE_GAUSSIAN) k = 1 / (sigma * sigma);
  for (size_t p = 0; p < t->pixels; p++) {
    double along = local->mean[p] * local->scale[p];
    s += local->mean[p] * cross[p];
    q += along * along;
  }
  if (!(q > 0)) return (known_amplitude){1, 0};
  for (size_t p = 0; p < t->pixels; p++) {
    local->along[p] = local->mean[p] * local->scale[p] / sqrt(q);
  }
  return (known_amplitude){(s + k) / (q + k), 1 - sqrt(k / (q + k))};
}

static void take_back(const hr_templates *t, const hr_template_local *local, double taken,
                      double *a) {
  if (!(taken > 0)) return;
  double along = t->compute->dot_f64(t->pixels, a, local->along);
  t->compute->axpy_f64(t->pixels, -taken * along, local->along, a);
}

/* d, in the units of the noise. */
static void fill_distance(const hr_weighing *comparison, size_t row,
                          const known_amplitude *amplitude,
                          const hr_template_local *local) {
  const hr_templates *t = comparison->templates;
  const float *x = comparison->query->x + row * t->pixels;
  for (size_t p = 0; p < t->pixels; p++) {
    double off = (double)x[p] - amplitude->estimate * local->mean[p];
    local->distance[p] = local->scale[p] > 0 ? off * local->scale[p] : 0;
  }
  take_back(t, local, amplitude->taken, local->distance);
}

static void fill_anomalies(const hr_templates *t, const nearest *n, const double *share,
                           const known_amplitude *amplitude,
                           const hr_template_local *local) {
  for (size_t i = 0; i < n->count; i++) {
    const float *centre = t->centre + n->heap[i].tile * t->pixels;
    const float *g = t->x + t->slot[n->heap[i].place] * t->pixels;
    double *a = local->anomaly + i * t->pixels;
    double factor = amplitude->estimate * sqrt(share[i]);
    for (size_t p = 0; p < t->pixels; p++) {
      double off = (double)centre[p] + (double)g[p] - local->mean[p];
      a[p] = factor * off * local->scale[p];
    }
    take_back(t, local, amplitude->taken, a);
  }
}

/* Solves for one more label with the factor that the first has left. */
static void solve_again(size_t n, const double *factor, double *b) {
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < i; k++) b[i] -= factor[k * n + i] * b[k];
    b[i] /= factor[i * n + i];
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; k++) b[i] -= factor[i * n + k] * b[k];
    b[i] /= factor[i * n + i];
  }
}

/* B + κ I and A d. */
static void fill_system(const hr_templates *t, size_t count, double kappa,
                        const hr_template_local *local, double *pull) {
  const hr_product gram = {
      .n = count, .k = t->pixels, .lda = t->pixels, .ldc = count, .factor = 1};
  t->compute->syrk_f64(&gram, local->anomaly, local->gram);
  t->compute->gemv_f64(count, t->pixels, local->anomaly, local->distance, pull);
  for (size_t i = 0; i < count; i++) local->gram[i * count + i] += kappa;
}

/* The nearest templates of a row, weighed so that some of them share the weight. */
typedef struct linear_model {
  const nearest *nearest;
  double share[MOST], pull[MOST], kappa;
  bool is_factored; /* the system's matrix has become its factor */
} linear_model;

/* Whether a label, less the mean of all, is so far out that the line has left all that it
 * knows: more than so many times the largest of a template. */
static bool is_too_far(const hr_templates *t, size_t target, double mean) {
  const float *label_offset = t->label_offset + target * t->count;
  const double most_times = 3;
  float largest = 0;
  for (size_t i = 0; i < t->count; i++) largest = fmaxf(largest, fabsf(label_offset[i]));
  return !(fabs(mean) <= most_times * (double)largest);
}

/* The linear estimate of one target; false where the system is no good, or the estimate
 * is. */
static bool estimate(const hr_conclusion *of, size_t target,
                     const hr_template_local *local, linear_model *model) {
  const hr_templates *t = of->comparison->templates;
  const float *label_offset = t->label_offset + target * t->count;
  const nearest *n = model->nearest;
  double label[MOST], solved[MOST], mean = 0, variance = 0;
  for (size_t i = 0; i < n->count; i++) {
    mean += model->share[i] * (double)label_offset[n->heap[i].place];
  }
  for (size_t i = 0; i < n->count; i++) {
    double off = (double)label_offset[n->heap[i].place] - mean;
    label[i] = solved[i] = sqrt(model->share[i]) * off;
  }
  if (model->is_factored) {
    solve_again(n->count, local->gram, solved);
  } else if (!t->compute->solve_definite_f64(n->count, 1, local->gram, solved)) {
    return false;
  }
  model->is_factored = true;
  for (size_t i = 0; i < n->count; i++) {
    mean += solved[i] * model->pull[i];
    variance += model->kappa * label[i] * solved[i];
  }
  if (is_too_far(t, target, mean)) return false;
  of->out[target].mean = t->centre_label[target] + mean;
  of->out[target].variance = variance > 0 ? variance : 0;
  of->out[target].error = 0;
  return true;
}

/* χ² a counting pixel of what the model leaves over: |d|² − (A d)ᵀ (B + κ I)⁻¹ A d. The
 * system's matrix has become its factor. */
static double left_over(const hr_templates *t, const hr_template_local *local,
                        const linear_model *model) {
  double solved[MOST], explained = 0;
  size_t counting = 0, n = model->nearest->count;
  for (size_t i = 0; i < n; i++) solved[i] = model->pull[i];
  solve_again(n, local->gram, solved);
  for (size_t i = 0; i < n; i++) explained += solved[i] * model->pull[i];
  for (size_t p = 0; p < t->pixels; p++) counting += local->scale[p] > 0;
  double all = t->compute->dot_f64(t->pixels, local->distance, local->distance);
  return (all - explained) / (double)counting;
}

/* What is asked of the linear model of a row. */
typedef struct wish {
  hr_target_set targets;
  double wanted; /* so many templates are to share the weight */
} wish;

/* Whether the weights are as wide as was wanted: where all templates but one or two are
 * out of reach of any temperature, these alone make mean and covariance, and the variance
 * is next to nothing. */
static bool is_wide(const linear_model *model, double wanted) {
  double squares = 0;
  for (size_t i = 0; i < model->nearest->count; i++) {
    squares += model->share[i] * model->share[i];
  }
  return squares * 0.5 * wanted < 1;
}

/* The linear estimates from tempered weights; the targets that have one. */
static hr_target_set regress(const hr_conclusion *of, const wish *asked, const nearest *n,
                             const hr_template_local *local, double *left) {
  const hr_templates *t = of->comparison->templates;
  hr_target_set targets = asked->targets;
  double wanted = asked->wanted;
  linear_model model = {.nearest = n};
  hr_target_set answered = 0;
  double temperature = find_temperature(n, wanted, model.share);
  model.kappa = temperature / (temperature - 1);
  if (!(temperature > 1) || !is_wide(&model, wanted)) return 0;
  find_centre(of->comparison, of->row, n, model.share, local);
  known_amplitude known = find_amplitude(of->comparison, of->row, local);
  fill_distance(of->comparison, of->row, &known, local);
  fill_anomalies(t, n, model.share, &known, local);
  fill_system(t, n->count, model.kappa, local, model.pull);
  for (size_t target = 0; target < t->targets; target++) {
    if (!hr_has_target(targets, target)) continue;
    bool is_good = estimate(of, target, local, &model);
    if (!model.is_factored) break;
    if (is_good) answered |= (hr_target_set)1 << target;
  }
  if (model.is_factored) *left = left_over(t, local, &model);
  return answered;
}

/* The targets for which fewer templates than wanted share the weight. */
static hr_target_set find_few(const hr_conclusion *of, double wanted) {
  hr_target_set few = 0;
  for (size_t target = 0; target < of->comparison->templates->targets; target++) {
    if (!hr_has_target(of->targets, target)) continue;
    if (of->out[target].effective < wanted) few |= (hr_target_set)1 << target;
  }
  return few;
}

hr_target_set hr_templates_go_local(const hr_conclusion *of,
                                    const hr_template_local *local, double *left) {
  nearest n;
  double wanted = of->comparison->templates->options.least_effective;
  if (!find_few(of, wanted)) return 0;
  find_nearest(of->comparison, of->row, of->group, &n);
  wanted = fmin(wanted, 0.5 * (double)n.count);
  hr_target_set few = find_few(of, wanted);
  if (n.count < 2 || !few) return 0;
  return regress(of, &(wish){few, wanted}, &n, local, left);
}
