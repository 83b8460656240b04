/* What weighing by components may have changed, measured for every posterior by a sample
 * of templates that are weighed over all pixels. Which ones those are does not depend on
 * the label, so that the targets share a sample, and each stops at its own error. */
#include <math.h>

#include "compute/templates_parts.h"

enum {
  FIRST_SAMPLE = 64,   /* templates drawn by weight to measure what was left out */
  FEW = 32,            /* effective templates */
  MOST_SAMPLES = 4096, /* the same where those tell too little */
};

/* Where few templates share the weight, all with this share are weighed over pixels: one
 * that components take for light may be heavy, and would not be drawn. */
static const double light = 1e-5;

/* A correction that moves more of the weight than this is none: components do not know
 * these templates, and those that they take for nothing may be heavy. */
static const double most_moved = 0.2;

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
    int32_t group;
    double weight, stands_for;
    double excess; /* exact weight over the one by components, less 1 */
  } drawn[2 * MOST_SAMPLES];
} template_sample;

static void draw(const hr_weighing *comparison, size_t row, size_t tile, size_t place,
                 template_sample *sample) {
  const hr_templates *t = comparison->templates;
  double kept = (double)comparison->work->weight[row * t->count + place];
  double by_components =
      comparison->work->sums[row * t->tile_count + tile].largest + log(kept);
  double exact = hr_templates_weigh_exactly(comparison, row, tile, place);
  sample->drawn[sample->count].place = place;
  sample->drawn[sample->count].group = t->tiles[tile].group;
  sample->drawn[sample->count].excess = expm1(exact - by_components);
}

static void draw_from_tile(const hr_weighing *comparison, size_t row, size_t tile,
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

static void draw_sample(const hr_weighing *comparison, size_t row, int32_t group,
                        const hr_template_sums *sums, template_sample *sample) {
  const hr_templates *t = comparison->templates;
  sample->next = 0.5 * sample->step;
  for (size_t k = 0; k < t->tile_count; k++) {
    const hr_template_sums *part = &comparison->work->sums[row * t->tile_count + k];
    if (!hr_is_in_group(&t->tiles[k], group)) continue;
    if (!(part->largest - sums->largest > HR_TEMPLATE_NEGLIGIBLE)) continue;
    double scale = exp(part->largest - sums->largest), mass = scale * part->sum;
    if (mass < sample->heavy && mass < sample->next) {
      sample->next -= mass; /* none to be drawn */
    } else {
      draw_from_tile(comparison, row, k, scale, sample);
    }
  }
}

/* Corrects sums by components by what a sample shows: with u = exact weight over the one
 * found, less 1, the moments change by the weighted sums of u, u y and u y². The error is
 * that of the mean of u (y − ŷ) over the drawn ones, a systematic sample, from
 * differences of neighbours (Wolter 2007, "Introduction to Variance Estimation", ch. 8);
 * four of it; INFINITY where the correction moves too much. */
static hr_posterior correct(const hr_conclusion *of, size_t target,
                            const template_sample *sample) {
  const hr_templates *t = of->comparison->templates;
  const hr_template_sums *sums = &of->sums[target];
  const float *label = t->label_offset + target * t->count;
  hr_template_sums corrected = *sums;
  double squares = 0, before = 0, largest = 0, moved = 0;
  double mean = sums->first_moment / sums->sum;
  for (size_t i = 0; i < sample->count; i++) {
    double y = (double)label[sample->drawn[i].place];
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
  hr_posterior posterior = hr_templates_posterior_of(t, target, &corrected);
  posterior.error = 4 * sqrt(squares / 2 + largest * largest) * sample->step / sums->sum;
  if (!(moved <= most_moved * sums->sum)) posterior.error = INFINITY;
  return posterior;
}

/* The targets whose error is still too large after this sample. */
static hr_target_set correct_all(const hr_conclusion *of, hr_target_set targets,
                                 const template_sample *sample) {
  const hr_templates *t = of->comparison->templates;
  hr_target_set open = 0;
  for (size_t target = 0; target < t->targets; target++) {
    if (!hr_has_target(targets, target)) continue;
    of->out[target] = correct(of, target, sample);
    double error = of->out[target].error;
    bool stays = error <= t->most_error[target] || isinf(error);
    if (!stays) open |= (hr_target_set)1 << target;
  }
  return open;
}

/* Moves the groups' sums of weights as the templates that were drawn from them say: by
 * the sample that target 0 is content with, so that it does not matter what else is
 * wanted. */
static void correct_groups(const hr_conclusion *of, const template_sample *sample) {
  double *share = hr_templates_shares_of(of);
  size_t groups = of->comparison->query->groups;
  for (size_t i = 0; share && i < sample->count; i++) {
    int32_t group = sample->drawn[i].group;
    if (group < 0 || (size_t)group >= groups) continue;
    share[group] += sample->drawn[i].stands_for * sample->drawn[i].excess;
  }
}

void hr_templates_check(const hr_conclusion *of) {
  const hr_template_sums *sums = of->sums; /* what is used of them all targets share */
  hr_target_set open = of->targets;
  bool few = sums->sum * sums->sum < FEW * sums->squares, is_corrected = false;
  for (size_t wanted = FIRST_SAMPLE; wanted <= MOST_SAMPLES && open; wanted *= 8) {
    template_sample sample;
    sample.step = sums->sum / (double)wanted;
    sample.heavy = fmin(sample.step, few ? sums->sum * light : sample.step);
    sample.count = 0;
    draw_sample(of->comparison, of->row, of->group, sums, &sample);
    open = correct_all(of, open, &sample);
    bool is_last = !hr_has_target(open, 0) || wanted * 8 > MOST_SAMPLES;
    if (is_last && !is_corrected) correct_groups(of, &sample);
    is_corrected = is_corrected || is_last;
  }
}
