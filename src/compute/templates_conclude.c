/* From log weights to posteriors. */
#include <math.h>
#include <string.h>

#include "compute/templates_parts.h"
#include "core/vector.h"

enum {
  LANES = 16,       /* fp32 sums side by side; part of the result */
  RUN = 128,        /* templates added up in fp32 before fp64 takes over */
  MOST_EXACT = 512, /* templates a spectrum weighed again in fp64 */
};

static const float negligible = HR_TEMPLATE_NEGLIGIBLE;

/* Where fewer templates share the weight, each one's rounding is seen in what a group has
 * of it. */
static const double few_shares = 8;

/* Templates with less than e^-8 = 3e-4 of the largest weight need not be exact. */
static const double matters = -8;

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

void hr_templates_sum(const hr_weighing *comparison, size_t index, size_t row) {
  const hr_templates *t = comparison->templates;
  const hr_templates_workspace *work = comparison->work;
  const hr_template_tile *tile = &t->tiles[index];
  hr_template_sums *sums = &work->sums[row * t->tile_count + index];
  *sums = (hr_template_sums){.largest = sums->largest, .is_open = true};
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

/* Returns the largest of the gains that are kept. */
HR_VECTOR_CLONES
static float copy_gains(const float *gain, size_t count, float *kept) {
  for (size_t i = 0; i < count; i++) kept[i] = gain[i];
  return largest_gain(gain, count);
}

/* Weights relative to the largest, from gains in their place. */
HR_VECTOR_CLONES
static void weights_of(float *kept, size_t count) {
  float largest = largest_gain(kept, count), zero = largest > -INFINITY ? largest : 0;
  for (size_t i = 0; i < count; i++) kept[i] = exp_of(kept[i] - zero);
}

void hr_templates_keep(const hr_weighing *comparison, size_t index, size_t row,
                       uint8_t fold, float *gain) {
  const hr_templates *t = comparison->templates;
  const hr_templates_workspace *work = comparison->work;
  const hr_template_tile *tile = &t->tiles[index];
  const uint8_t *folds = t->fold + tile->first;
  for (size_t i = 0; fold != HR_NO_FOLD && i < tile->count; i++) {
    if (folds[i] == fold) gain[i] = -INFINITY;
  }
  float *kept = work->weight + row * t->count + tile->first;
  float largest = copy_gains(gain, tile->count, kept);
  double base = hr_templates_base(comparison, index, row);
  work->sums[row * t->tile_count + index] =
      (hr_template_sums){.largest = base + (double)largest};
  base -= work->log_weight ? hr_templates_reference(comparison, row) : 0;
  for (size_t i = 0; work->log_weight && i < tile->count; i++) {
    work->log_weight[row * t->count + tile->first + i] = (float)(base + (double)gain[i]);
  }
}

void hr_templates_open(const hr_weighing *comparison, size_t index, size_t row) {
  const hr_templates *t = comparison->templates;
  const hr_template_tile *tile = &t->tiles[index];
  weights_of(comparison->work->weight + row * t->count + tile->first, tile->count);
  hr_templates_sum(comparison, index, row);
}

/* The largest log weight of a row over a group. */
static double largest_of(const hr_weighing *comparison, size_t row, int32_t group) {
  const hr_templates *t = comparison->templates;
  double largest = -INFINITY;
  for (size_t k = 0; k < t->tile_count; k++) {
    if (!hr_is_in_group(&t->tiles[k], group)) continue;
    largest = fmax(largest, comparison->work->sums[row * t->tile_count + k].largest);
  }
  return largest;
}

/* Makes weights and sums of those tiles of a group that are not nothing beside its
 * heaviest. */
static void open_tiles(const hr_weighing *comparison, size_t row, int32_t group) {
  const hr_templates *t = comparison->templates;
  double largest = largest_of(comparison, row, group);
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_sums *sums = &comparison->work->sums[row * t->tile_count + k];
    if (!hr_is_in_group(&t->tiles[k], group) || sums->is_open) continue;
    if (!(sums->largest - largest > (double)negligible)) continue;
    hr_templates_open(comparison, k, row);
  }
}

/* Templates that were weighed again, and their weights before. */
typedef struct refined_weights {
  size_t count;
  size_t place[MOST_EXACT], tile[MOST_EXACT];
  float weight[MOST_EXACT];
} refined_weights;

/* The sums of all tiles that have some. */
static void sum_refined(const hr_weighing *comparison, size_t row,
                        const refined_weights *refined) {
  for (size_t n = 0; n < refined->count; n++) {
    bool last = n + 1 == refined->count || refined->tile[n + 1] != refined->tile[n];
    if (last) hr_templates_sum(comparison, refined->tile[n], row);
  }
}

/* Weighs the templates that matter to a row again, where they are so few that each one's
 * rounding would be seen; where they are many, it averages out. */
static void refine(const hr_weighing *comparison, size_t row, int32_t group,
                   refined_weights *refined) {
  const hr_templates *t = comparison->templates;
  size_t count = 0;
  refined->count = 0;
  double least = largest_of(comparison, row, group) + matters;
  float *weight = comparison->work->weight + row * t->count;
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_tile *tile = &t->tiles[k];
    const hr_template_sums *sums = &comparison->work->sums[row * t->tile_count + k];
    if (!hr_is_in_group(tile, group) || !sums->is_open) continue;
    double least_weight = exp(least - sums->largest);
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
 * whether those over groups of the row's own are wanted. */
static void put_back(const hr_weighing *comparison, size_t row,
                     const refined_weights *refined) {
  float *weight = comparison->work->weight + row * comparison->templates->count;
  for (size_t n = 0; n < refined->count; n++) {
    weight[refined->place[n]] = refined->weight[n];
  }
  sum_refined(comparison, row, refined);
}

/* The sums over all tiles of a group. */
static hr_template_sums add_tiles(const hr_weighing *comparison, size_t row,
                                  int32_t group) {
  const hr_templates *t = comparison->templates;
  hr_template_sums all = {.largest = largest_of(comparison, row, group)};
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_sums *sums = &comparison->work->sums[row * t->tile_count + k];
    if (!hr_is_in_group(&t->tiles[k], group)) continue;
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

/* The same with the moments of any target's labels, whose order of adding up is that of
 * target 0. */
static hr_template_sums add_target(const hr_conclusion *of, size_t target) {
  const hr_weighing *comparison = of->comparison;
  const hr_templates *t = comparison->templates;
  const float *weight = comparison->work->weight + of->row * t->count;
  const float *label = t->label_offset + target * t->count;
  hr_template_sums all = of->sums[0];
  all.first_moment = all.second_moment = 0;
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_tile *tile = &t->tiles[k];
    if (!hr_is_in_group(tile, of->group)) continue;
    size_t at = of->row * t->tile_count + k;
    double shift = comparison->work->sums[at].largest - all.largest;
    if (!(shift > (double)negligible)) continue;
    hr_template_sums sums = {0};
    add_weights(weight + tile->first, label + tile->first, tile->count, &sums);
    all.first_moment += exp(shift) * sums.first_moment;
    all.second_moment += exp(shift) * sums.second_moment;
  }
  return all;
}

hr_posterior hr_templates_posterior_of(const hr_templates *t, size_t target,
                                       const hr_template_sums *sums) {
  if (!(sums->largest > -INFINITY)) {
    return (hr_posterior){(double)NAN, (double)NAN, (double)NAN, 0, (double)NAN, 1};
  }
  double mean = sums->first_moment / sums->sum;
  double variance = sums->second_moment / sums->sum - mean * mean;
  return (hr_posterior){t->centre_label[target] + mean,
                        variance > 0 ? variance : 0,
                        sums->sum * sums->sum / sums->squares,
                        0,
                        (double)NAN,
                        1};
}

double *hr_templates_shares_of(const hr_conclusion *of) {
  const hr_query *query = of->comparison->query;
  bool is_all = of->group == HR_EVERY_GROUP;
  return is_all && query->shares ? query->shares + of->row * query->groups : NULL;
}

/* The groups' sums of weights, relative to the largest weight. */
static void add_groups(const hr_conclusion *of) {
  const hr_templates *t = of->comparison->templates;
  size_t groups = of->comparison->query->groups;
  double *share = hr_templates_shares_of(of);
  if (!share) return;
  for (size_t g = 0; g < groups; g++) share[g] = 0;
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_sums *sums =
        &of->comparison->work->sums[of->row * t->tile_count + k];
    double shift = sums->largest - of->sums[0].largest;
    int32_t group = t->tiles[k].group;
    if (!(shift > (double)negligible) || group < 0 || (size_t)group >= groups) continue;
    share[group] += exp(shift) * sums->sum;
  }
}

/* What a tile's kept weights are to be multiplied by to be relative to the largest of
 * all; 0 where they are nothing beside it. */
static double scale_of(const hr_conclusion *of, size_t tile) {
  size_t at = of->row * of->comparison->templates->tile_count + tile;
  double shift = of->comparison->work->sums[at].largest - of->sums[0].largest;
  return shift > (double)negligible ? exp(shift) : 0;
}

/* The sum of a tile's weights, each one that matters weighed again in fp64 where `again`;
 * *count grows by how many do. */
static double sum_tile(const hr_conclusion *of, size_t tile, bool again, size_t *count) {
  const hr_templates *t = of->comparison->templates;
  const float *weight = of->comparison->work->weight + of->row * t->count;
  double scale = scale_of(of, tile), least = exp(matters), sum = 0;
  size_t first = t->tiles[tile].first, end = first + t->tiles[tile].count;
  for (size_t i = first; scale > 0 && i < end; i++) {
    double w = scale * (double)weight[i];
    *count += w > least;
    if (again && w > least) {
      double exact = hr_templates_weigh_wild(of->comparison, of->row, tile, i);
      w = exp(exact - of->sums[0].largest);
    }
    sum += w;
  }
  return sum;
}

/* The groups' sums again where a few templates share the weight: to 10⁻⁶, which the fp32
 * of their log weights does not hold. */
static void weigh_groups_again(const hr_conclusion *of) {
  const hr_templates *t = of->comparison->templates;
  size_t groups = of->comparison->query->groups, count = 0;
  double *share = hr_templates_shares_of(of);
  const hr_template_sums *sums = &of->sums[0];
  if (!share || !(sums->sum * sums->sum < few_shares * sums->squares)) return;
  for (size_t k = 0; k < t->tile_count; k++) sum_tile(of, k, false, &count);
  if (count > MOST_EXACT) return;
  memset(share, 0, groups * sizeof *share);
  for (size_t k = 0; k < t->tile_count; k++) {
    int32_t group = t->tiles[k].group;
    if (group < 0 || (size_t)group >= groups) continue;
    share[group] += sum_tile(of, k, true, &count);
  }
}

/* From sums to shares of the whole. A correction may have taken more than there was. */
static void share_out(const hr_conclusion *of) {
  size_t groups = of->comparison->query->groups;
  double *share = hr_templates_shares_of(of), whole = 0;
  if (!share) return;
  for (size_t g = 0; g < groups; g++) {
    share[g] = fmax(share[g], 0);
    whole += share[g];
  }
  for (size_t g = 0; g < groups; g++) share[g] = whole > 0 ? share[g] / whole : NAN;
}

/* The means and variances from the sums. */
static void find_means(hr_conclusion *of) {
  const hr_templates *t = of->comparison->templates;
  bool checked = of->comparison->weigh == HR_WEIGH_COMPONENTS;
  of->sums[0] = add_tiles(of->comparison, of->row, of->group);
  add_groups(of);
  for (size_t target = 0; target < t->targets; target++) {
    if (!hr_has_target(of->targets, target)) continue;
    if (target > 0) of->sums[target] = add_target(of, target);
    of->out[target] = hr_templates_posterior_of(t, target, &of->sums[target]);
  }
  if (checked && of->sums[0].largest > -INFINITY) hr_templates_check(of);
  weigh_groups_again(of);
  share_out(of);
}

/* One answer. `of` comes with what is asked. */
static void conclude(hr_conclusion *of, const hr_template_local *local) {
  const hr_weighing *comparison = of->comparison;
  const hr_templates *t = comparison->templates;
  bool exact = comparison->weigh == HR_WEIGH_PIXELS;
  bool is_all = of->group == HR_EVERY_GROUP;
  hr_target_set gaussian = 0;
  refined_weights refined;
  refined.count = 0;
  if (!of->targets) return;
  open_tiles(comparison, of->row, of->group);
  if (exact) refine(comparison, of->row, of->group, &refined);
  find_means(of);
  if (is_all && comparison->query->shares_only) {
    if (exact) put_back(comparison, of->row, &refined);
    return;
  }
  /* A linear model would follow a wild pixel out of the world. */
  bool goes_local = local->anomaly && !comparison->work->is_wild[of->row];
  goes_local = goes_local && !comparison->query->is_rough;
  /* Where one template has all the weight and there is no model, nobody knows how far off
   * its label is: a variance of next to nothing is none. Nor where the weights of a row
   * that is far from all are too small for their number to be told. */
  bool may_be_single = local->anomaly && !comparison->query->is_rough;
  double left = (double)NAN;
  if (goes_local) gaussian = hr_templates_go_local(of, local, &left);
  hr_templates_draw(of, gaussian);
  hr_template_fit fit = hr_templates_fit_of(comparison, of->row, of->group);
  for (size_t target = 0; target < t->targets; target++) {
    hr_posterior *out = &of->out[target];
    if (!hr_has_target(of->targets, target)) continue;
    out->chi2 = fit.chi2;
    bool is_local = hr_has_target(gaussian, target);
    out->variance_scale =
        hr_templates_variance_scale(&fit, out->effective, is_local ? left : (double)NAN);
    bool is_shared = out->effective >= 2 && out->effective <= (double)t->count + 0.5;
    if (may_be_single && !is_local && !is_shared) out->variance_scale = (double)NAN;
  }
  if (exact) put_back(comparison, of->row, &refined);
}

void hr_templates_conclude(const hr_weighing *comparison, size_t row,
                           const hr_template_local *local) {
  const hr_query *query = comparison->query;
  size_t targets = comparison->templates->targets, turns = comparison->own_groups;
  hr_conclusion of = {.comparison = comparison, .row = row};
  for (size_t at = row * turns; at < (row + 1) * turns; at++) {
    of.group = query->group[at];
    of.targets = comparison->wants_own[at];
    of.at = at * targets;
    of.out = comparison->own + of.at;
    conclude(&of, local);
  }
  if (!comparison->wants_all[row]) return;
  of.group = HR_EVERY_GROUP;
  of.targets = comparison->wants_all[row];
  of.at = row * targets;
  of.out = comparison->all + of.at;
  conclude(&of, local);
}
