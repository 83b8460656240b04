/* From log weights to posteriors, and what weighing by components may have changed. */
#include <math.h>
#include <string.h>

#include "compute/templates_parts.h"
#include "core/vector.h"

enum {
  LANES = 16,          /* fp32 sums side by side; part of the result */
  RUN = 128,           /* templates added up in fp32 before fp64 takes over */
  MOST_EXACT = 512,    /* templates a spectrum weighed again in fp64 */
  FIRST_SAMPLE = 64,   /* templates drawn by weight to measure what was left out */
  FEW = 32,            /* effective templates */
  MOST_SAMPLES = 4096, /* the same where those tell too little */
};

/* Weights below e^-60 of the largest are nothing beside it, whatever their number. */
static const float negligible = -60;

/* Templates with less than e^-8 = 3e-4 of the largest weight need not be exact. */
static const double matters = -8;

/* Where few templates share the weight, all with this share are weighed over pixels: one
 * that components take for light may be heavy, and would not be drawn. */
static const double light = 1e-5;

/* A correction that moves more of the weight than this is none: components do not know
 * these templates, and those that they take for nothing may be heavy. */
static const double most_moved = 0.2;

/* exp(x) for -60 <= x <= 0 to 2 in 10^7, in a loop that vectorises: 2^n times a
 * polynomial of the rest (Cephes' expf, Moshier 1992); 0 below. */
static inline float exp_of(float x) {
  const float rounder = 12582912; /* 1.5 * 2^23: adding it rounds to a whole number */
  float clamped = x > negligible ? x : negligible;
  float whole = clamped * 1.44269504F + rounder - rounder;
  float rest = clamped - whole * 0.693359375F + whole * 2.12194440e-4F;
  float value = 1.9875691500e-4F;
  value = value * rest + 1.3981999507e-3F;
  value = value * rest + 8.3334519073e-3F;
  value = value * rest + 4.1665795894e-2F;
  value = value * rest + 1.6666665459e-1F;
  value = value * rest + 5.0000001201e-1F;
  value = value * rest * rest + rest + 1;
  int32_t bits = ((int32_t)whole + 127) << 23;
  float power = 0;
  memcpy(&power, &bits, sizeof power);
  return x > negligible ? value * power : 0;
}

static inline double total(const float lanes[LANES]) {
  double sum = 0;
  for (size_t lane = 0; lane < LANES; lane++) sum += (double)lanes[lane];
  return sum;
}

/* Adds up to RUN weights and their moments. */
static inline void add_run(const float *weight, const float *y, size_t count,
                           hr_template_sums *sums) {
  float sum[LANES] = {0}, first[LANES] = {0}, second[LANES] = {0}, squares[LANES] = {0};
  for (size_t i = 0; i + LANES <= count; i += LANES) {
    for (size_t lane = 0; lane < LANES; lane++) {
      float w = weight[i + lane], moment = w * y[i + lane];
      sum[lane] += w;
      first[lane] += moment;
      second[lane] += moment * y[i + lane];
      squares[lane] += w * w;
    }
  }
  for (size_t i = count / LANES * LANES, lane = 0; i < count; i++, lane++) {
    float w = weight[i], moment = w * y[i];
    sum[lane] += w;
    first[lane] += moment;
    second[lane] += moment * y[i];
    squares[lane] += w * w;
  }
  sums->sum += total(sum);
  sums->first_moment += total(first);
  sums->second_moment += total(second);
  sums->squares += total(squares);
}

HR_VECTOR_CLONES
static void add_weights(const float *weight, const float *y, size_t count,
                        hr_template_sums *sums) {
  for (size_t i = 0; i < count; i += RUN) {
    add_run(weight + i, y + i, count - i < RUN ? count - i : RUN, sums);
  }
}

void hr_templates_sum(const hr_comparison *comparison, size_t index, size_t row) {
  const hr_templates *t = comparison->templates;
  const hr_templates_workspace *work = comparison->work;
  const hr_template_tile *tile = &t->tiles[index];
  hr_template_sums *sums = &work->sums[row * t->tile_count + index];
  *sums = (hr_template_sums){.largest = sums->largest};
  add_weights(work->weight + row * t->count + tile->first, t->label_offset + tile->first,
              tile->count, sums);
}

/* The largest of `count` numbers, -INFINITY where there is none. */
static inline float largest_gain(const float *gain, size_t count) {
  float largest[LANES], most = -INFINITY;
  for (size_t lane = 0; lane < LANES; lane++) largest[lane] = -INFINITY;
  size_t whole = count / LANES * LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (size_t lane = 0; lane < LANES; lane++) {
      float value = gain[i + lane];
      largest[lane] = value > largest[lane] ? value : largest[lane];
    }
  }
  for (size_t i = whole; i < count; i++) most = gain[i] > most ? gain[i] : most;
  for (size_t lane = 0; lane < LANES; lane++) {
    most = largest[lane] > most ? largest[lane] : most;
  }
  return most;
}

/* Weights relative to the largest, from gains; returns the largest gain. */
HR_VECTOR_CLONES
static float weights_of(const float *gain, size_t count, float *weight) {
  float largest = largest_gain(gain, count), zero = largest > -INFINITY ? largest : 0;
  for (size_t i = 0; i < count; i++) weight[i] = exp_of(gain[i] - zero);
  return largest;
}

void hr_templates_keep(const hr_comparison *comparison, size_t index, size_t row,
                       uint8_t fold, float *gain) {
  const hr_templates *t = comparison->templates;
  const hr_templates_workspace *work = comparison->work;
  const hr_template_tile *tile = &t->tiles[index];
  const uint8_t *folds = t->fold + tile->first;
  float *weight = work->weight + row * t->count + tile->first;
  for (size_t i = 0; fold != HR_NO_FOLD && i < tile->count; i++) {
    if (folds[i] == fold) gain[i] = -INFINITY;
  }
  float largest = weights_of(gain, tile->count, weight);
  double base = hr_templates_base(comparison, index, row);
  work->sums[row * t->tile_count + index].largest = base + (double)largest;
  for (size_t i = 0; work->log_weight && i < tile->count; i++) {
    work->log_weight[row * t->count + tile->first + i] = (float)(base + (double)gain[i]);
  }
  hr_templates_sum(comparison, index, row);
}

/* The largest log weight over the row's own group (or all). */
static double largest_of(const hr_comparison *comparison, size_t row, bool own) {
  const hr_templates *t = comparison->templates;
  double largest = -INFINITY;
  for (size_t k = 0; k < t->tile_count; k++) {
    if (own && t->tiles[k].group != comparison->query->group[row]) continue;
    largest = fmax(largest, comparison->work->sums[row * t->tile_count + k].largest);
  }
  return largest;
}

/* Templates that were weighed again, and their weights before. */
typedef struct refined_weights {
  size_t count;
  size_t place[MOST_EXACT], tile[MOST_EXACT];
  float weight[MOST_EXACT];
} refined_weights;

/* The sums of all tiles that have some. */
static void sum_refined(const hr_comparison *comparison, size_t row,
                        const refined_weights *refined) {
  for (size_t n = 0; n < refined->count; n++) {
    bool last = n + 1 == refined->count || refined->tile[n + 1] != refined->tile[n];
    if (last) hr_templates_sum(comparison, refined->tile[n], row);
  }
}

/* Weighs the templates that matter to a row again, where they are so few that each one's
 * rounding would be seen; where they are many, it averages out. */
static void refine(const hr_comparison *comparison, size_t row, bool own,
                   refined_weights *refined) {
  const hr_templates *t = comparison->templates;
  size_t count = 0;
  refined->count = 0;
  double least = largest_of(comparison, row, own) + matters;
  float *weight = comparison->work->weight + row * t->count;
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_tile *tile = &t->tiles[k];
    if (own && tile->group != comparison->query->group[row]) continue;
    double least_weight =
        exp(least - comparison->work->sums[row * t->tile_count + k].largest);
    for (size_t i = tile->first; i < tile->first + tile->count; i++) {
      if (!((double)weight[i] > least_weight)) continue;
      if (count == MOST_EXACT) return;
      refined->place[count] = i;
      refined->weight[count] = weight[i];
      refined->tile[count++] = k;
    }
  }
  refined->count = count;
  for (size_t n = 0; n < count; n++) {
    size_t tile = refined->tile[n], place = refined->place[n];
    double exact = hr_templates_weigh_exactly(comparison, row, tile, place);
    double largest = comparison->work->sums[row * t->tile_count + tile].largest;
    weight[place] = (float)exp(exact - largest);
  }
  sum_refined(comparison, row, refined);
}

/* Puts back what `refine` found, so that the answer over all templates does not depend on
 * whether that over the row's own group is wanted. */
static void put_back(const hr_comparison *comparison, size_t row,
                     const refined_weights *refined) {
  float *weight = comparison->work->weight + row * comparison->templates->count;
  for (size_t n = 0; n < refined->count; n++) {
    weight[refined->place[n]] = refined->weight[n];
  }
  sum_refined(comparison, row, refined);
}

/* The sums over all tiles of the row's own group (or all). */
static hr_template_sums add_tiles(const hr_comparison *comparison, size_t row, bool own) {
  const hr_templates *t = comparison->templates;
  hr_template_sums all = {.largest = largest_of(comparison, row, own)};
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_sums *sums = &comparison->work->sums[row * t->tile_count + k];
    if (own && t->tiles[k].group != comparison->query->group[row]) continue;
    double shift = sums->largest - all.largest;
    if (!(shift > (double)negligible)) continue;
    double scale = exp(shift);
    all.sum += scale * sums->sum;
    all.first_moment += scale * sums->first_moment;
    all.second_moment += scale * sums->second_moment;
    all.squares += scale * scale * sums->squares;
  }
  return all;
}

/* Templates weighed over all pixels to see what components leave out: heavy ones
 * count for themselves, the others are drawn by their weight, evenly
 * along the order of tiles, and each stands for a step. Neighbours are alike, so that it
 * is a stratified sample. */
typedef struct template_sample {
  double step;  /* all weights over the number wanted */
  double heavy; /* templates of this weight count for themselves */
  double next;  /* weight to pass until one more is drawn */
  size_t count;
  struct {
    size_t place;
    double weight, stands_for;
    double excess; /* exact weight over the one by components, less 1 */
  } drawn[2 * MOST_SAMPLES];
} template_sample;

static void draw(const hr_comparison *comparison, size_t row, size_t tile, size_t place,
                 template_sample *sample) {
  const hr_templates *t = comparison->templates;
  double kept = (double)comparison->work->weight[row * t->count + place];
  double by_components =
      comparison->work->sums[row * t->tile_count + tile].largest + log(kept);
  double exact = hr_templates_weigh_exactly(comparison, row, tile, place);
  sample->drawn[sample->count].place = place;
  sample->drawn[sample->count].excess = expm1(exact - by_components);
}

static void draw_from_tile(const hr_comparison *comparison, size_t row, size_t tile,
                           double scale, template_sample *sample) {
  const hr_templates *t = comparison->templates;
  const float *weight = comparison->work->weight + row * t->count;
  size_t first = t->tiles[tile].first, end = first + t->tiles[tile].count;
  for (size_t i = first; i < end && sample->count < 2 * MOST_SAMPLES; i++) {
    double w = scale * (double)weight[i];
    bool certain = w >= sample->heavy;
    if (!certain && w < sample->next) {
      sample->next -= w;
      continue;
    }
    if (!certain) sample->next += sample->step - w;
    draw(comparison, row, tile, i, sample);
    sample->drawn[sample->count].weight = w;
    sample->drawn[sample->count++].stands_for = certain ? w : sample->step;
  }
}

static void draw_sample(const hr_comparison *comparison, size_t row, bool own,
                        const hr_template_sums *sums, template_sample *sample) {
  const hr_templates *t = comparison->templates;
  sample->next = 0.5 * sample->step;
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_sums *part = &comparison->work->sums[row * t->tile_count + k];
    if (own && t->tiles[k].group != comparison->query->group[row]) continue;
    if (!(part->largest - sums->largest > (double)negligible)) continue;
    double scale = exp(part->largest - sums->largest), mass = scale * part->sum;
    if (mass < sample->heavy && mass < sample->next) {
      sample->next -= mass; /* none to be drawn */
    } else {
      draw_from_tile(comparison, row, k, scale, sample);
    }
  }
}

static hr_posterior posterior_of(const hr_templates *t, const hr_template_sums *sums) {
  if (!(sums->largest > -INFINITY)) {
    return (hr_posterior){(double)NAN, (double)NAN, (double)NAN, 0, (double)NAN};
  }
  double mean = sums->first_moment / sums->sum;
  double variance = sums->second_moment / sums->sum - mean * mean;
  return (hr_posterior){t->centre_label + mean, variance > 0 ? variance : 0,
                        sums->sum * sums->sum / sums->squares, 0, (double)NAN};
}

/* Corrects sums by components by what a sample shows: with u = exact weight over the one
 * found, less 1, the moments change by the weighted sums of u, u y and u y². The error is
 * that of the mean of u (y − ŷ) over the drawn ones, a systematic sample, from
 * differences of neighbours (Wolter 2007, "Introduction to Variance Estimation", ch. 8);
 * four of it; INFINITY where the correction moves too much. */
static hr_posterior correct(const hr_comparison *comparison, const hr_template_sums *sums,
                            const template_sample *sample) {
  const hr_templates *t = comparison->templates;
  hr_template_sums corrected = *sums;
  double squares = 0, before = 0, largest = 0, moved = 0;
  double mean = sums->first_moment / sums->sum;
  for (size_t i = 0; i < sample->count; i++) {
    double y = (double)t->label_offset[sample->drawn[i].place];
    double u = sample->drawn[i].excess, share = sample->drawn[i].stands_for;
    moved += share * fabs(u);
    corrected.sum += share * u;
    corrected.first_moment += share * u * y;
    corrected.second_moment += share * u * y * y;
    corrected.squares += share * sample->drawn[i].weight * u * (2 + u);
    double pull = u * (y - mean);
    largest = fmax(largest, fabs(pull));
    if (sample->drawn[i].weight >= sample->heavy) continue;
    squares += (pull - before) * (pull - before);
    before = pull;
  }
  hr_posterior posterior = posterior_of(t, &corrected);
  posterior.error = 4 * sqrt(squares / 2 + largest * largest) * sample->step / sums->sum;
  if (!(moved <= most_moved * sums->sum)) posterior.error = INFINITY;
  return posterior;
}

/* The posterior from weights by components, with as large a sample as it takes. */
static hr_posterior check(const hr_comparison *comparison, size_t row, bool own,
                          const hr_template_sums *sums) {
  const hr_templates *t = comparison->templates;
  if (!(sums->largest > -INFINITY)) return posterior_of(t, sums);
  hr_posterior posterior = {0};
  bool few = sums->sum * sums->sum < FEW * sums->squares;
  for (size_t wanted = FIRST_SAMPLE; wanted <= MOST_SAMPLES; wanted *= 8) {
    template_sample sample;
    sample.step = sums->sum / (double)wanted;
    sample.heavy = fmin(sample.step, few ? sums->sum * light : sample.step);
    sample.count = 0;
    draw_sample(comparison, row, own, sums, &sample);
    posterior = correct(comparison, sums, &sample);
    if (posterior.error <= t->most_error || isinf(posterior.error)) break;
  }
  return posterior;
}

static void conclude(const hr_comparison *comparison, size_t row, bool own,
                     const hr_template_local *local) {
  bool exact = comparison->weigh == HR_WEIGH_PIXELS;
  hr_posterior *out = own ? &comparison->own[row] : &comparison->all[row];
  refined_weights refined;
  if (exact) refine(comparison, row, own, &refined);
  hr_template_sums sums = add_tiles(comparison, row, own);
  *out = exact ? posterior_of(comparison->templates, &sums)
               : check(comparison, row, own, &sums);
  if (local->anomaly) hr_templates_go_local(comparison, row, own, local, out);
  out->chi2 = hr_templates_chi2(comparison, row, own);
  if (exact) put_back(comparison, row, &refined);
}

void hr_templates_conclude(const hr_comparison *comparison, size_t row,
                           const hr_template_local *local) {
  if (comparison->wants_own[row]) conclude(comparison, row, true, local);
  if (comparison->wants_all[row]) conclude(comparison, row, false, local);
}
