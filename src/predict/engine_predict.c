/* One block through the engine: weights, requests, mixture. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "predict/engine_parts.h"
#include "predict/mix_parts.h"

/* The answers of the r-th model that a row asks for a target: one plane a rank, as a hard
 * router needs a single one, however many slots there are. */
typedef struct plane {
  float *mean;                         /* [N] */
  double *variance, *effective, *chi2; /* [N] */
} plane;

typedef struct work {
  const hr_engine *engine;
  const hr_engine_rows *rows;
  hr_spectra spectra; /* with the level of the bundle */
  size_t targets;
  double *weight;       /* [N][slots] */
  bool *outside;        /* [N] */
  size_t planes;        /* the most models that a row asks */
  plane *plane;         /* [planes][T] */
  uint32_t *list;       /* [planes][N] rows, by slot and rank */
  size_t *start;        /* [slots * planes + 1] where they begin in the list */
  hr_request *requests; /* [slots * planes * T] */
  size_t request_count;
  hr_moments *parts;  /* [planes] of one row and target */
  hr_spread *spreads; /* [planes] as well */
  double *taken;      /* [planes] weights of one row */
} work;

static void work_fini(work *w) {
  hr_free(w->weight);
  hr_free(w->outside);
  for (size_t r = 0; w->plane && r < w->planes * w->targets; r++) {
    hr_free(w->plane[r].mean);
    hr_free(w->plane[r].variance);
    hr_free(w->plane[r].effective);
    hr_free(w->plane[r].chi2);
  }
  hr_free(w->plane);
  hr_free(w->list);
  hr_free(w->start);
  hr_free(w->requests);
  hr_free(w->parts);
  hr_free(w->spreads);
  hr_free(w->taken);
}

/* --- weights --- */

static hr_status weigh_slots(work *w, hr_error *err) {
  size_t slots = w->engine->slot_count;
  for (size_t i = 0; i < w->rows->spectra.rows; i++) {
    int32_t slot = w->rows->slots[i];
    if (slot == HR_SLOT_NONE) continue;
    if (slot < HR_SLOT_GLOBAL || slot >= (int32_t)slots - 1) {
      return hr_fail(err, HR_ERR_USAGE,
                     "row %zu (counted from 0) has the slot %d; there are 0 to %zu, %d "
                     "for the model of all rows and %d for none",
                     i, (int)slot, slots - 2, HR_SLOT_GLOBAL, HR_SLOT_NONE);
    }
    w->weight[i * slots + (slot == HR_SLOT_GLOBAL ? slots - 1 : (size_t)slot)] = 1;
  }
  return HR_OK;
}

static bool is_good(const work *w, size_t row) {
  return w->rows->reports[row].fault == HR_ROW_GOOD;
}

/* Whether anybody predicts rows of a slot. */
static bool has_model(const hr_engine *engine, size_t slot) {
  size_t targets = hr_engine_describe(engine)->target_count;
  for (size_t t = 0; t < targets; t++) {
    if (hr_engine_slot_of(engine, t, slot)->model) return true;
  }
  return false;
}

/* By the spectra alone; nobody knows whether their labels are outside. */
static hr_status weigh_by_gate(work *w, hr_error *err) {
  hr_status status = HR_OK;
  const hr_engine *engine = w->engine;
  const hr_open_gate *gate = &engine->gate;
  size_t slots = engine->slot_count, rows = w->rows->spectra.rows, count = 0;
  uint32_t *good = NULL;
  bool *models = NULL;
  HR_TRY(hr_alloc(&good, rows, err));
  HR_TRY(hr_alloc(&models, slots, err));
  for (size_t s = 0; s < slots; s++) models[s] = has_model(engine, s);
  for (size_t i = 0; i < rows; i++) {
    if (is_good(w, i)) good[count++] = (uint32_t)i;
  }
  HR_TRY(hr_open_gate_weigh(gate, &w->spectra, good, count, w->weight, err));
  for (size_t i = 0; i < count; i++) {
    hr_gate_mix(gate->mixing, gate->gate->fallback_below, slots, models,
                w->weight + good[i] * slots);
  }
cleanup:
  hr_free(good);
  hr_free(models);
  return status;
}

static hr_status weigh(work *w, hr_error *err) {
  const hr_engine *engine = w->engine;
  const hr_routing_rows routing = {w->rows->spectra.rows, w->rows->labels};
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&w->weight, routing.rows * engine->slot_count, err));
  HR_TRY(hr_alloc(&w->outside, routing.rows, err));
  if (engine->gate.gate) return weigh_by_gate(w, err);
  if (engine->router->needs_labels && w->rows->slots) return weigh_slots(w, err);
  if (engine->router->needs_labels && !w->rows->labels) {
    return hr_fail(err, HR_ERR_USAGE,
                   "the router %s needs the labels that the bins stand on, or slots; the "
                   "router global needs neither",
                   engine->router->name);
  }
  engine->router->weigh(&engine->grid, &routing, w->weight, w->outside);
cleanup:
  return status;
}

/* --- requests --- */

/* The most slots that a row has a weight in. */
static size_t count_planes(const work *w) {
  size_t slots = w->engine->slot_count, most = 1;
  for (size_t i = 0; i < w->rows->spectra.rows; i++) {
    size_t count = 0;
    for (size_t s = 0; s < slots; s++) count += w->weight[i * slots + s] > 0;
    most = count > most ? count : most;
  }
  return most;
}

static hr_status make_planes(work *w, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = w->rows->spectra.rows;
  w->planes = count_planes(w);
  HR_TRY(hr_alloc(&w->plane, w->planes * w->targets, err));
  for (size_t r = 0; r < w->planes * w->targets; r++) {
    plane *p = &w->plane[r];
    HR_TRY(hr_alloc(&p->mean, rows, err));
    HR_TRY(hr_alloc(&p->variance, rows, err));
    HR_TRY(hr_alloc(&p->effective, rows, err));
    HR_TRY(hr_alloc(&p->chi2, rows, err));
    for (size_t i = 0; i < rows; i++) {
      p->mean[i] = NAN;
      p->variance[i] = p->effective[i] = p->chi2[i] = (double)NAN;
    }
  }
  HR_TRY(hr_alloc(&w->list, w->planes * rows, err));
  HR_TRY(hr_alloc(&w->start, w->engine->slot_count * w->planes + 1, err));
  HR_TRY(hr_alloc(&w->requests, w->engine->slot_count * w->planes * w->targets, err));
  HR_TRY(hr_alloc(&w->parts, w->planes, err));
  HR_TRY(hr_alloc(&w->spreads, w->planes, err));
  HR_TRY(hr_alloc(&w->taken, w->planes, err));
cleanup:
  return status;
}

/* How many of the row's slots before `slot` have a weight. */
static size_t rank_of(const double *weight, size_t slot) {
  size_t rank = 0;
  for (size_t s = 0; s < slot; s++) rank += weight[s] > 0;
  return rank;
}

/* The rows that ask a slot as their r-th, listed at `list`; how many. */
static size_t list_rows(const work *w, size_t slot, size_t r, uint32_t *list) {
  size_t slots = w->engine->slot_count, count = 0;
  for (size_t i = 0; i < w->rows->spectra.rows; i++) {
    const double *weight = w->weight + i * slots;
    if (!(weight[slot] > 0) || !is_good(w, i) || rank_of(weight, slot) != r) continue;
    list[count++] = (uint32_t)i;
  }
  return count;
}

static void ask(work *w, const hr_model *model, const plane *p, const uint32_t *list,
                size_t count) {
  w->requests[w->request_count++] = (hr_request){
      .model = model,
      .row = list,
      .count = count,
      .first_variant = model->chosen,
      .variants = 1,
      .mean = p->mean,
      .variant_stride = w->rows->spectra.rows,
      .variance = p->variance,
      .effective = p->effective,
      .chi2 = p->chi2,
  };
}

/* Kind by kind, so that models which share files are asked together. Lists of rows: one a
 * slot and rank, for all targets. */
static void make_requests(work *w) {
  size_t kinds = 0, slots = w->engine->slot_count, *start = w->start;
  const hr_model_type *const *types = hr_model_types(&kinds);
  for (size_t s = 0, at = 0; s < slots; s++) {
    for (size_t r = 0; r < w->planes; r++) {
      start[s * w->planes + r] = at;
      at += list_rows(w, s, r, w->list + at);
      start[s * w->planes + r + 1] = at;
    }
  }
  for (size_t k = 0; k < kinds; k++) {
    for (size_t i = 0; i < slots * w->planes * w->targets; i++) {
      size_t t = i % w->targets, list = i / w->targets, slot = list / w->planes;
      const hr_model *model = hr_engine_slot_of(w->engine, t, slot)->model;
      size_t count = start[list + 1] - start[list];
      if (!model || model->type != types[k] || count == 0) continue;
      const plane *p = &w->plane[list % w->planes * w->targets + t];
      ask(w, model, p, w->list + start[list], count);
    }
  }
}

/* --- putting together --- */

/* The slot of the largest weight; SIZE_MAX: none has any. */
static size_t heaviest(const double *weight, size_t slots) {
  size_t best = SIZE_MAX;
  for (size_t s = 0; s < slots; s++) {
    if (weight[s] > 0 && (best == SIZE_MAX || weight[s] > weight[best])) best = s;
  }
  return best;
}

/* How far the model of a slot is to be trusted in what it said of a row: mean, variance.
 */
static hr_spread spread_of(const work *w, const hr_engine_slot *asked, double snr,
                           const hr_moments *said) {
  const hr_spread unknown = {(double)NAN, (double)NAN, (double)NAN};
  if (!asked->model || isnan(said->mean)) return unknown;
  const hr_bundle_description *d = hr_engine_describe(w->engine);
  return hr_sigma_of_prediction(&d->candidates[asked->candidate].sigma, snr, said->mean,
                                said->variance);
}

/* What the models asked say of a target of a row, in the order of their planes. */
static size_t take_parts(const work *w, size_t i, size_t t, double snr) {
  size_t slots = w->engine->slot_count, count = 0;
  const double *weight = w->weight + i * slots;
  for (size_t s = 0; s < slots; s++) {
    if (!(weight[s] > 0)) continue;
    const plane *p = &w->plane[count * w->targets + t];
    double mean = isfinite(p->mean[i]) ? (double)p->mean[i] : (double)NAN;
    const hr_moments said = {mean, p->variance[i]};
    hr_spread spread = spread_of(w, hr_engine_slot_of(w->engine, t, s), snr, &said);
    w->parts[count] = (hr_moments){said.mean, spread.sigma * spread.sigma};
    w->spreads[count] = spread;
    w->taken[count++] = weight[s];
  }
  return count;
}

/* NaN where there is no prediction, or no range is known. */
static double gap_of(const hr_bundle_range *range, double mean) {
  double below = range->minimum - mean, above = mean - range->maximum;
  if (isnan(below) || isnan(above)) return (double)NAN;
  return fmax(0, fmax(below, above));
}

static void mix_row(const work *w, size_t i, hr_engine_result *out) {
  const hr_bundle_target *targets = hr_engine_describe(w->engine)->targets;
  for (size_t t = 0; t < w->targets; t++) {
    size_t at = i * w->targets + t, count = take_parts(w, i, t, out->snr[i]);
    const hr_parts parts = {count, w->parts, w->spreads, w->taken};
    hr_spread spread = hr_mix_parts(&parts, &out->mean[at]);
    out->sigma[at] = spread.sigma;
    out->half68[at] = spread.half68;
    out->half95[at] = spread.half95;
    out->gap[at] = gap_of(&targets[t].train, out->mean[at]);
  }
}

/* Who predicted the row, and what templates said of it. */
static void name_row(const work *w, size_t i, hr_engine_result *out) {
  size_t slots = w->engine->slot_count, targets = w->targets;
  const double *weight = w->weight + i * slots;
  size_t slot = heaviest(weight, slots);
  out->slot[i] = HR_SLOT_NONE;
  for (size_t t = 0; t < targets; t++) out->candidate[i * targets + t] = -1;
  out->chi2[i] = out->effective[i] = (double)NAN;
  if (slot == SIZE_MAX || !is_good(w, i)) return;
  size_t rank = rank_of(weight, slot);
  out->slot[i] = slot + 1 == slots ? HR_SLOT_GLOBAL : (int32_t)slot;
  for (size_t t = 0; t < targets; t++) {
    const hr_engine_slot *asked = hr_engine_slot_of(w->engine, t, slot);
    const plane *p = &w->plane[rank * targets + t];
    if (asked->model) out->candidate[i * targets + t] = (int32_t)asked->candidate;
    if (isnan(out->chi2[i])) out->chi2[i] = p->chi2[i];
    if (isnan(out->effective[i])) out->effective[i] = p->effective[i];
  }
}

static void mix(const work *w, hr_engine_result *out) {
  for (size_t i = 0; i < w->rows->spectra.rows; i++) {
    mix_row(w, i, out);
    name_row(w, i, out);
  }
}

static hr_status check_error(const hr_engine *engine, const hr_engine_rows *rows,
                             hr_error *err) {
  const char *title = hr_engine_needs_error(engine);
  if (rows->spectra.error || !title) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "%s has to know the error of each pixel, and there is none; ask for an "
                 "expert or a router that does not",
                 title);
}

hr_status hr_engine_predict(const hr_engine *engine, const hr_engine_rows *rows,
                            hr_engine_result *out, hr_error *err) {
  hr_status status = HR_OK;
  work w = {.engine = engine,
            .rows = rows,
            .spectra = rows->spectra,
            .targets = hr_engine_describe(engine)->target_count};
  w.spectra.level = hr_engine_describe(engine)->noise_level;
  HR_TRY(check_error(engine, rows, err));
  HR_TRY(weigh(&w, err));
  HR_TRY(make_planes(&w, err));
  make_requests(&w);
  HR_TRY(hr_models_predict(&w.spectra, w.requests, w.request_count, err));
  hr_engine_measure(rows, engine->conditioning.base, out);
  hr_engine_compare_scale(&engine->conditioning, &hr_engine_describe(engine)->flux, rows,
                          out);
  mix(&w, out);
  hr_engine_flag(engine, rows, w.outside, out);
cleanup:
  work_fini(&w);
  return status;
}
