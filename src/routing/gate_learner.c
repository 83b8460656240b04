/* Rows are chosen before the pass, by their number alone, so that neither blocks nor
 * threads change them; their features, 4 bytes each, are all that is kept of them. */
#include "routing/gate_learner.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "core/random.h"
#include "features/gate_components.h"
#include "routing/gate_logistic.h"
#include "routing/gate_mlp.h"
#include "routing/gate_temperature.h"

static const double held_out_share = 0.2;

/* Which uniform number of a row decides what. */
enum { DRAW_KEPT, DRAW_HELD_OUT };

struct hr_gate_learner {
  hr_gate_plan plan;
  hr_gate_table table;
  hr_gate_features *features;
  hr_gate_trunk *trunk; /* NULL: there is none, or it has not been taken */
  size_t measured;      /* features of the table */
  size_t count;         /* F, those and the trunk's */
  size_t *rows;         /* [kept] */
  size_t kept, come;    /* how many are kept, and how many of them have come */
  float *raw;           /* [kept][F] */
  bool *held_out;       /* [kept] */
  int32_t *bin;         /* [kept] */
  uint32_t *block_rows; /* [block_room] of a block, those that are kept */
  double *block_features;
  size_t block_room;
  float *sample; /* [most_sampled][P], until the components are known */
  size_t most_sampled, sampled;
  size_t *sampled_of; /* [K] of each bin */
  bool is_begun;      /* the components are known */
};

static size_t sample_rows(const hr_gate_plan *plan) {
  if (plan->table->components == 0) return 0;
  size_t each = HR_GATE_SAMPLE_ROWS / plan->bin_count;
  return each > 0 ? each : 1;
}

static size_t most_sampled(const hr_gate_plan *plan) {
  size_t most = sample_rows(plan) * plan->bin_count;
  return most < plan->rows ? most : plan->rows;
}

/* A trunk has seen all rows but those of fold 0, and says of rows that it has seen more
 * than it can of others. */
static bool is_honest(const hr_gate_plan *plan, size_t row) {
  return plan->trunk == 0 || plan->fold[row] == 0;
}

static size_t count_covered(const hr_gate_plan *plan) {
  size_t covered = 0;
  for (size_t i = 0; i < plan->rows; i++) {
    covered += plan->bin[i] >= 0 && is_honest(plan, i);
  }
  return covered;
}

/* All, where there are no more rows than that. */
static bool is_kept(const hr_gate_plan *plan, size_t covered, size_t row) {
  if (plan->bin[row] < 0 && !plan->keeps_uncovered) return false;
  if (!is_honest(plan, row)) return false;
  if (covered <= plan->most_rows) return true;
  double share = (double)plan->most_rows / (double)covered;
  return hr_uniform(plan->seed, HR_STREAM_GATE, row, DRAW_KEPT) < share;
}

static hr_status choose_rows(hr_gate_learner *l, hr_error *err) {
  hr_status status = HR_OK;
  const hr_gate_plan *plan = &l->plan;
  size_t covered = count_covered(plan);
  for (size_t i = 0; i < plan->rows; i++) l->kept += is_kept(plan, covered, i);
  HR_TRY(hr_alloc(&l->rows, l->kept, err));
  HR_TRY(hr_alloc(&l->bin, l->kept, err));
  HR_TRY(hr_alloc(&l->held_out, l->kept, err));
  HR_TRY(hr_alloc(&l->raw, l->kept * l->count, err));
  for (size_t i = 0, n = 0; i < plan->rows; i++) {
    if (!is_kept(plan, covered, i)) continue;
    double draw = hr_uniform(plan->seed, HR_STREAM_GATE, i, DRAW_HELD_OUT);
    l->rows[n] = i;
    l->bin[n] = plan->bin[i];
    l->held_out[n] = draw < held_out_share;
    n++;
  }
cleanup:
  return status;
}

hr_status hr_gate_learner_create(const hr_gate_plan *plan, hr_gate_learner **out,
                                 hr_error *err) {
  hr_status status = HR_OK;
  hr_gate_learner *l = NULL;
  HR_TRY(hr_alloc(&l, 1, err));
  l->plan = *plan;
  l->table = *plan->table;
  l->plan.table = &l->table;
  HR_TRY(hr_gate_features_create(&l->table, &plan->grid, &l->features, err));
  l->measured = hr_gate_features_count(l->features);
  l->count = l->measured + plan->trunk;
  HR_TRY(choose_rows(l, err));
  l->most_sampled = most_sampled(plan);
  HR_TRY(hr_alloc(&l->sample, l->most_sampled * plan->grid.pixels, err));
  HR_TRY(hr_alloc(&l->sampled_of, plan->bin_count, err));
  *out = l;
  l = NULL;
cleanup:
  hr_gate_learner_destroy(&l);
  return status;
}

void hr_gate_learner_destroy(hr_gate_learner **learner) {
  hr_gate_learner *l = *learner;
  if (!l) return;
  hr_gate_features_destroy(&l->features);
  hr_gate_trunk_destroy(&l->trunk);
  hr_free(l->rows);
  hr_free(l->raw);
  hr_free(l->held_out);
  hr_free(l->bin);
  hr_free(l->block_rows);
  hr_free(l->block_features);
  hr_free(l->sample);
  hr_free(l->sampled_of);
  hr_free(l);
  *learner = NULL;
}

/* The sample and the rows that are kept are there together; then the sample is gone, and
 * training has its standardised copy and, of the experts, what it is given. */
double hr_gate_learner_bytes(const hr_gate_plan *plan) {
  size_t features = hr_gate_table_features(plan->table) + plan->trunk;
  size_t pixels = plan->grid.pixels, kept = 0;
  for (size_t i = 0; i < plan->rows; i++) kept += is_honest(plan, i);
  if (kept > plan->most_rows) kept = plan->most_rows;
  size_t directions = plan->table->components + HR_GATE_SPARE;
  double row = (double)(features * sizeof(float) + sizeof(size_t) + sizeof(int32_t) + 1);
  double sample = (double)(most_sampled(plan) * pixels * sizeof(float)) +
                  (double)(16 * directions * pixels * sizeof(float));
  double training = (double)kept * (double)(features * sizeof(float) + sizeof(double) +
                                            plan->bin_count * sizeof(float));
  training += hr_logistic_bytes(features, plan->bin_count);
  training += 2 * (double)kept * (double)(plan->trunk_width * sizeof(float));
  return (double)kept * row + (sample > training ? sample : training);
}

size_t hr_gate_learner_sample_rows(const hr_gate_learner *learner) {
  return sample_rows(&learner->plan);
}

hr_status hr_gate_learner_sample(hr_gate_learner *learner, const hr_block *block,
                                 const uint8_t *chosen, hr_error *err) {
  (void)err;
  hr_gate_learner *l = learner;
  size_t each = sample_rows(&l->plan), pixels = l->plan.grid.pixels;
  for (size_t i = 0; i < block->rows; i++) {
    int32_t bin = l->plan.bin[block->first_row + i];
    if (!chosen[i] || bin < 0 || l->sampled_of[bin] >= each) continue;
    if (l->sampled >= l->most_sampled) break;
    l->sampled_of[bin]++;
    memcpy(l->sample + l->sampled++ * pixels, block->noisy + i * pixels,
           pixels * sizeof *l->sample);
  }
  return HR_OK;
}

static hr_status find_components(hr_gate_learner *l, hr_error *err) {
  const hr_gate_sample sample = {.compute = l->plan.compute,
                                 .rows = l->sampled,
                                 .pixels = l->plan.grid.pixels,
                                 .flux = l->sample,
                                 .seed = l->plan.seed,
                                 .weighted = l->table.weighted};
  l->is_begun = true;
  if (l->table.components == 0) return HR_OK;
  hr_status status = hr_gate_components_find(
      &sample, l->table.components, hr_gate_features_components(l->features), err);
  hr_free(l->sample);
  l->sample = NULL;
  l->most_sampled = l->sampled = 0;
  return status;
}

static hr_status make_block_room(hr_gate_learner *l, size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  if (rows <= l->block_room) return HR_OK;
  HR_TRY(hr_realloc(&l->block_rows, l->block_room, rows, err));
  HR_TRY(hr_realloc(&l->block_features, l->block_room * l->measured, rows * l->measured,
                    err));
  l->block_room = rows;
cleanup:
  return status;
}

hr_status hr_gate_learner_learn(hr_gate_learner *learner, const hr_block *block,
                                hr_error *err) {
  hr_status status = HR_OK;
  hr_gate_learner *l = learner;
  size_t end = block->first_row + block->rows, count = 0;
  if (!l->is_begun) HR_TRY(find_components(l, err));
  HR_TRY(make_block_room(l, block->rows, err));
  while (l->come + count < l->kept && l->rows[l->come + count] < end) {
    l->block_rows[count] = (uint32_t)(l->rows[l->come + count] - block->first_row);
    count++;
  }
  HR_TRY(hr_gate_features_fill(l->features, count, l->block_rows, block->noisy,
                               l->block_features, err));
  for (size_t i = 0; i < count; i++) {
    const double *from = l->block_features + i * l->measured;
    float *to = l->raw + (l->come + i) * l->count;
    for (size_t f = 0; f < l->measured; f++) to[f] = (float)from[f];
  }
  l->come += count;
cleanup:
  return status;
}

/* Those of the rows that are not held out. */
static hr_status find_trunk(const hr_gate_learner *l, const float *hidden,
                            hr_gate_trunk *trunk, hr_error *err) {
  hr_status status = HR_OK;
  size_t width = trunk->width;
  hr_gate_sample sample = {
      .compute = l->plan.compute, .pixels = width, .seed = l->plan.seed};
  HR_TRY(hr_alloc(&sample.flux, l->come * width, err));
  for (size_t n = 0; n < l->come; n++) {
    if (l->held_out[n]) continue;
    memcpy(sample.flux + sample.rows++ * width, hidden + n * width,
           width * sizeof *hidden);
  }
  HR_TRY(hr_gate_components_find(&sample, trunk->components, trunk->values, err));
cleanup:
  hr_free(sample.flux);
  return status;
}

hr_status hr_gate_learner_take_trunk(hr_gate_learner *learner, const float *hidden,
                                     hr_error *err) {
  hr_status status = HR_OK;
  hr_gate_learner *l = learner;
  size_t width = l->plan.trunk_width;
  hr_gate_trunk *trunk = NULL;
  double component[HR_GATE_MOST_COMPONENTS];
  HR_TRY(hr_gate_trunk_create(width, l->plan.trunk, &trunk, err));
  HR_TRY(find_trunk(l, hidden, trunk, err));
  for (size_t n = 0; n < l->come; n++) {
    float *row = l->raw + n * l->count + l->measured;
    hr_gate_trunk_project(trunk, hidden + n * width, component);
    for (size_t k = 0; k < trunk->components; k++) row[k] = (float)component[k];
  }
  l->trunk = trunk;
  trunk = NULL;
cleanup:
  hr_gate_trunk_destroy(&trunk);
  return status;
}

size_t hr_gate_learner_rows(const hr_gate_learner *learner, const size_t **rows) {
  *rows = learner->rows;
  return learner->kept;
}

const float *hr_gate_learner_features(const hr_gate_learner *learner) {
  return learner->raw;
}

const bool *hr_gate_learner_held_out(const hr_gate_learner *learner) {
  return learner->held_out;
}

/* Rows that a gate is trained on, or judged by: standardised, with what is known of them.
 */
typedef struct part {
  size_t rows;
  float *z;          /* [rows][F] */
  int32_t *bin;      /* [rows] */
  double *y;         /* [rows]; NULL for the logistic gate, as the next */
  float *prediction; /* [rows][K] */
} part;

static void part_fini(part *p) {
  hr_free(p->z);
  hr_free(p->bin);
  hr_free(p->y);
  hr_free(p->prediction);
}

static bool has_prediction(const hr_gate_mlp_target *target, size_t bins, size_t n) {
  for (size_t k = 0; k < bins; k++) {
    if (!isnan(target->prediction[n * bins + k])) return true;
  }
  return false;
}

/* Rows that are held out, or that are not; with a target those that it can be learnt of,
 * otherwise those that have a bin. */
static bool is_of(const hr_gate_learner *l, const hr_gate_mlp_target *target,
                  bool held_out, size_t n) {
  if (n >= l->come || l->held_out[n] != held_out) return false;
  return target ? has_prediction(target, l->plan.bin_count, n) : l->bin[n] >= 0;
}

static hr_status part_init(part *p, const hr_gate_learner *l,
                           const hr_gate_mlp_target *target, bool held_out,
                           hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = l->plan.bin_count, at = 0;
  for (size_t n = 0; n < l->kept; n++) p->rows += is_of(l, target, held_out, n);
  HR_TRY(hr_alloc(&p->z, p->rows * l->count, err));
  HR_TRY(hr_alloc(&p->bin, p->rows, err));
  if (target) HR_TRY(hr_alloc(&p->y, p->rows, err));
  if (target) HR_TRY(hr_alloc(&p->prediction, p->rows * bins, err));
  for (size_t n = 0; n < l->kept; n++) {
    if (!is_of(l, target, held_out, n)) continue;
    memcpy(p->z + at * l->count, l->raw + n * l->count, l->count * sizeof *p->z);
    p->bin[at] = l->bin[n];
    if (target) {
      p->y[at] = target->y[n];
      memcpy(p->prediction + at * bins, target->prediction + n * bins,
             bins * sizeof *p->prediction);
    }
    at++;
  }
cleanup:
  return status;
}

/* Centre and scale of the training rows, as scikit-learn's StandardScaler has them; a
 * feature that does not vary keeps a scale of 1. */
static void find_scales(const part *p, hr_gate *gate) {
  size_t features = gate->layer[0].inputs;
  double n = (double)p->rows;
  for (size_t f = 0; f < features; f++) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < p->rows; i++) mean += (double)p->z[i * features + f];
    mean /= n;
    for (size_t i = 0; i < p->rows; i++) {
      double away = (double)p->z[i * features + f] - mean;
      square += away * away;
    }
    double scale = sqrt(square / n);
    gate->centre[f] = mean;
    gate->scale[f] = scale > 1e-12 * fabs(mean) ? scale : 1;
  }
}

static void standardise(part *p, const hr_gate *gate) {
  size_t features = gate->layer[0].inputs;
  for (size_t i = 0; i < p->rows * features; i++) {
    size_t f = i % features;
    p->z[i] = (float)(((double)p->z[i] - gate->centre[f]) / gate->scale[f]);
  }
}

/* What both ways of training begin with. */
typedef struct finishing {
  part train, held;
  hr_gate *gate;
  double *logits; /* [held->rows][K] */
  double began;
} finishing;

static void finishing_fini(finishing *f) {
  part_fini(&f->train);
  part_fini(&f->held);
  hr_gate_destroy(&f->gate);
  hr_free(f->logits);
}

static hr_status finishing_init(finishing *f, const hr_gate_learner *l,
                                const hr_gate_mlp_target *target, hr_error *err) {
  hr_status status = HR_OK;
  *f = (finishing){.began = hr_clock_seconds()};
  HR_TRY(part_init(&f->train, l, target, false, err));
  HR_TRY(part_init(&f->held, l, target, true, err));
  if (f->train.rows == 0) {
    HR_TRY(hr_fail(err, HR_ERR_EMPTY, "there is no row to train the %s gate on%s",
                   target ? "MLP" : "logistic",
                   target ? ": no expert predicts one out of fold" : ""));
  }
cleanup:
  return status;
}

static hr_status make_gate(finishing *f, const hr_gate_learner *l, const char *kind,
                           size_t layer_count, const size_t *sizes, hr_error *err) {
  hr_gate_features *features = NULL;
  hr_status status = hr_gate_features_copy(l->features, &features, err);
  if (status == HR_OK) {
    status = hr_gate_create(kind, &features, layer_count, sizes, &f->gate, err);
  }
  hr_gate_features_destroy(&features);
  if (status == HR_OK && l->trunk) {
    status = hr_gate_trunk_copy(l->trunk, &f->gate->trunk, err);
  }
  if (status != HR_OK) return status;
  find_scales(&f->train, f->gate);
  standardise(&f->train, f->gate);
  standardise(&f->held, f->gate);
  return HR_OK;
}

static void measure(const finishing *f, double temperature, double *weight,
                    hr_gate_quality *out) {
  size_t bins = hr_gate_bins(f->gate), rows = f->held.rows;
  const hr_gate_rows judged = {rows, bins, bins, weight, f->held.bin, NULL};
  memcpy(weight, f->logits, rows * bins * sizeof *weight);
  for (size_t i = 0; i < rows; i++) {
    hr_gate_softmax(bins, temperature, weight + i * bins);
  }
  hr_gate_quality_measure(&judged, 0, out);
}

/* Held-out rows as the finished gate sees them, its temperature where it wants one, and
 * how good it is there. */
static hr_status judge(finishing *f, bool wants_temperature, hr_gate_card *card,
                       hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = hr_gate_bins(f->gate), inputs = f->gate->layer[0].inputs;
  size_t rows = f->held.rows;
  double *features = NULL, *weight = NULL;
  HR_TRY(hr_alloc(&features, rows * inputs, err));
  HR_TRY(hr_alloc(&weight, rows * bins, err));
  HR_TRY(hr_alloc(&f->logits, rows * bins, err));
  for (size_t i = 0; i < rows * inputs; i++) {
    size_t j = i % inputs;
    features[i] = (double)f->held.z[i] * f->gate->scale[j] + f->gate->centre[j];
  }
  HR_TRY(hr_gate_logits(f->gate, rows, features, f->logits, err));
  measure(f, 1, weight, &card->untempered);
  if (wants_temperature) {
    f->gate->temperature = hr_gate_temperature_fit(rows, bins, f->logits, f->held.bin);
  }
  measure(f, f->gate->temperature, weight, &card->held_out);
  card->train_rows = f->train.rows;
  card->held_out_rows = rows;
  card->temperature = f->gate->temperature;
  card->seconds = hr_clock_seconds() - f->began;
cleanup:
  hr_free(features);
  hr_free(weight);
  return status;
}

hr_status hr_gate_learner_finish_logistic(hr_gate_learner *learner,
                                          const hr_gate_logistic_parameters *parameters,
                                          hr_gate **out, hr_gate_card *card,
                                          hr_error *err) {
  hr_status status = HR_OK;
  const hr_gate_learner *l = learner;
  const size_t sizes[] = {l->count, l->plan.bin_count};
  hr_logistic_result result;
  finishing f;
  HR_TRY(finishing_init(&f, l, NULL, err));
  HR_TRY(make_gate(&f, l, hr_gate_logistic_kind.name, 1, sizes, err));
  const hr_logistic_problem problem = {.compute = l->plan.compute,
                                       .rows = f.train.rows,
                                       .features = l->count,
                                       .bins = l->plan.bin_count,
                                       .z = f.train.z,
                                       .bin = f.train.bin,
                                       .C = parameters->C,
                                       .observer = l->plan.observer};
  HR_TRY(hr_logistic_fit(&problem, f.gate->layer[0].weights, f.gate->layer[0].bias,
                         f.gate->present, &result, err));
  *card = (hr_gate_card){.converged = result.converged,
                         .iterations = result.iterations,
                         .train_mse = (double)NAN,
                         .held_out_mse = (double)NAN};
  HR_TRY(judge(&f, true, card, err));
  *out = f.gate;
  f.gate = NULL;
cleanup:
  finishing_fini(&f);
  return status;
}

static hr_mlp_options options_of(const hr_gate_learner *l,
                                 const hr_gate_mlp_parameters *parameters,
                                 size_t number) {
  hr_mlp_options options = hr_mlp_options_default();
  size_t hidden = parameters->hidden.count;
  if (hidden > HR_GATE_MOST_LAYERS - 1) hidden = HR_GATE_MOST_LAYERS - 1;
  options.layer_count = 1 + hidden;
  options.sizes[0] = l->count;
  for (size_t h = 0; h < hidden; h++) {
    options.sizes[1 + h] = (size_t)parameters->hidden.items[h];
  }
  options.sizes[1 + hidden] = l->plan.bin_count;
  options.learning_rate = parameters->learning_rate;
  options.batch = (size_t)parameters->batch;
  options.epochs = (size_t)parameters->epochs;
  options.patience = (size_t)parameters->patience;
  options.seed = l->plan.seed + number;
  options.compute = l->plan.compute;
  options.observer = l->plan.observer;
  return options;
}

static hr_mlp_rows rows_of(const part *p, const hr_gate_learner *l) {
  return (hr_mlp_rows){p->rows, l->count, l->plan.bin_count, p->z, p->y, p->prediction};
}

static void set_layers(hr_gate *gate, const double *parameters) {
  for (size_t layer = 0; layer < gate->layer_count; layer++) {
    hr_gate_layer *to = &gate->layer[layer];
    size_t weights = to->inputs * to->outputs;
    memcpy(to->weights, parameters, weights * sizeof *parameters);
    memcpy(to->bias, parameters + weights, to->outputs * sizeof *parameters);
    parameters += weights + to->outputs;
  }
}

/* A bin whose expert never predicts is never learnt of. */
static void find_present(const part *p, hr_gate *gate) {
  size_t bins = hr_gate_bins(gate);
  for (size_t k = 0; k < bins; k++) {
    gate->present[k] = false;
    for (size_t i = 0; i < p->rows && !gate->present[k]; i++) {
      gate->present[k] = !isnan(p->prediction[i * bins + k]);
    }
  }
}

hr_status hr_gate_learner_finish_mlp(hr_gate_learner *learner,
                                     const hr_gate_mlp_parameters *parameters,
                                     const hr_gate_mlp_target *target, hr_gate **out,
                                     hr_gate_card *card, hr_error *err) {
  hr_status status = HR_OK;
  const hr_gate_learner *l = learner;
  const hr_mlp_options options = options_of(l, parameters, target->number);
  double *trained = NULL;
  hr_mlp_result result;
  finishing f;
  HR_TRY(finishing_init(&f, l, target, err));
  HR_TRY(
      make_gate(&f, l, hr_gate_mlp_kind.name, options.layer_count, options.sizes, err));
  HR_TRY(hr_alloc(&trained, hr_mlp_parameters(&options), err));
  const hr_mlp_rows train = rows_of(&f.train, l), held = rows_of(&f.held, l);
  HR_TRY(hr_mlp_fit(&options, &train, &held, trained, &result, err));
  set_layers(f.gate, trained);
  find_present(&f.train, f.gate);
  *card = (hr_gate_card){.converged = result.stopped_early,
                         .iterations = result.epochs,
                         .best_epoch = result.best_epoch,
                         .train_mse = result.train_mse,
                         .held_out_mse = result.held_out_mse};
  HR_TRY(judge(&f, false, card, err));
  *out = f.gate;
  f.gate = NULL;
cleanup:
  finishing_fini(&f);
  hr_free(trained);
  return status;
}
