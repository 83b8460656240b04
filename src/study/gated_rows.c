/* A block goes through in three steps: what the gates say, what the models say that any
 * of them wants, what each mixes of it. */
#include "study/gated_rows.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "predict/mix_parts.h"

enum {
  COLUMNS = 4
}; /* prediction, sigma and the half-widths of the hybrid's own mixing */

static const hr_bundle_description *describe(const hr_gated_rows *r) {
  return hr_bundle_describe(r->bundle);
}

/* --- before the rows --- */

static size_t *candidate_at(const hr_gated_rows *r, size_t team, size_t t, size_t slot) {
  return &r->candidate[(team * r->targets + t) * r->slots + slot];
}

/* The baseline's outcome, as choice/assembly.h has it, among those that compete. */
static size_t find_baseline(const hr_config *config) {
  for (size_t e = 0; e < config->expert_count - config->control_count; e++) {
    if (strcmp(config->experts[e].type->name, "ridge") == 0) return e;
  }
  return HR_NO_METHOD;
}

/* The models of a set, slot by slot; a slot without one takes its fall-back. */
static void choose(hr_gated_rows *r, size_t team, const char *method) {
  const hr_bundle_description *d = describe(r);
  for (size_t t = 0; t < r->targets; t++) {
    for (size_t s = 0; s < r->slots; s++) {
      size_t found = hr_bundle_choose(d, t, s, method);
      if (found == HR_NO_CANDIDATE) found = hr_bundle_slot_of(d, t, s)->fallback;
      *candidate_at(r, team, t, s) = found;
    }
  }
}

static hr_status add_column(hr_gated_rows *r, const double **out, hr_error *err) {
  double *column = NULL;
  hr_status status = hr_alloc(&column, r->rows, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < r->rows; i++) column[i] = (double)NAN;
  r->columns[r->column_count++] = column;
  *out = column;
  return HR_OK;
}

static hr_gated *gated_at(const hr_gated_rows *r, size_t t, size_t gate, size_t team,
                          size_t mixing) {
  return &r->gated[t * r->gated_count + (gate * r->team_count + team) * HR_MIXINGS +
                   mixing];
}

static hr_status init_gated(hr_gated_rows *r, size_t t, size_t gate, size_t baseline,
                            hr_error *err) {
  hr_status status = HR_OK;
  const hr_open_gate *open = &r->gates[gate];
  const hr_gate_kind *kind = hr_gate_kind_find(open->gate->name);
  for (size_t team = 0; team < r->team_count; team++) {
    for (size_t m = 0; m < HR_MIXINGS; m++) {
      hr_gated *out = gated_at(r, t, gate, team, m);
      *out = (hr_gated){.gate = kind->name,
                        .title = kind->title,
                        .mixing = hr_gate_mixing_name((hr_gate_mixing)m),
                        .is_own_mixing = open->mixing == (hr_gate_mixing)m,
                        .method = team == 0 ? HR_NO_METHOD : baseline};
      HR_TRY(add_column(r, &out->prediction, err));
      if (team > 0 || !out->is_own_mixing) continue;
      HR_TRY(add_column(r, &out->sigma, err));
      HR_TRY(add_column(r, &out->half68, err));
      HR_TRY(add_column(r, &out->half95, err));
    }
  }
cleanup:
  return status;
}

static hr_status load_gates(hr_gated_rows *r, hr_error *err) {
  hr_status status = HR_OK;
  r->gate_count = describe(r)->gate_count;
  HR_TRY(hr_alloc(&r->gates, r->gate_count, err));
  HR_TRY(hr_alloc(&r->weight, r->gate_count, err));
  for (size_t g = 0; g < r->gate_count; g++) {
    HR_TRY(hr_open_gate_load(r->bundle, g, &r->gates[g], err));
    HR_TRY(hr_alloc(&r->weight[g], r->rows * r->slots, err));
  }
cleanup:
  return status;
}

static hr_status show_groups(void *context, const hr_grouped *grouped, hr_error *err);

hr_status hr_gated_rows_init(hr_gated_rows *r, const hr_plan *plan,
                             const hr_gated_known *known, const char *out_dir,
                             hr_error *err) {
  hr_status status = HR_OK;
  const hr_study_view *view = &plan->view;
  size_t baseline = find_baseline(plan->config);
  *r = (hr_gated_rows){.plan = plan,
                       .known = *known,
                       .rows = plan->test_split.rows,
                       .slots = view->bin_count + 1,
                       .targets = hr_study_targets(view),
                       .team_count = baseline == HR_NO_METHOD ? 1 : 2};
  r->groups = (hr_whole_groups){.pixels = view->pixels,
                                .split_rows = r->rows,
                                .level = view->noise_level,
                                .visit = show_groups};
  HR_TRY(hr_bundle_open(out_dir, &r->bundle, err));
  HR_TRY(load_gates(r, err));
  r->gated_count = r->gate_count * r->team_count * HR_MIXINGS;
  HR_TRY(hr_alloc(&r->candidate, r->team_count * r->targets * r->slots, err));
  HR_TRY(hr_alloc(&r->gated, r->targets * r->gated_count, err));
  HR_TRY(hr_alloc(&r->columns, COLUMNS * r->targets * r->gated_count, err));
  HR_TRY(hr_alloc(&r->is_empty, r->rows, err));
  HR_TRY(hr_whole_groups_init(&r->groups, err));
  choose(r, 0, NULL);
  if (r->team_count > 1) choose(r, 1, "ridge");
  for (size_t t = 0; t < r->targets; t++) {
    for (size_t g = 0; g < r->gate_count; g++) {
      HR_TRY(init_gated(r, t, g, baseline, err));
    }
  }
cleanup:
  return status;
}

void hr_gated_rows_close(hr_gated_rows *r) {
  for (size_t g = 0; r->gates && g < r->gate_count; g++) hr_open_gate_fini(&r->gates[g]);
  hr_free(r->gates);
  r->gates = NULL;
  hr_bundle_close(&r->bundle);
  hr_whole_groups_fini(&r->groups);
}

void hr_gated_rows_fini(hr_gated_rows *r) {
  hr_gated_rows_close(r);
  for (size_t g = 0; r->weight && g < r->gate_count; g++) hr_free(r->weight[g]);
  for (size_t c = 0; c < r->column_count; c++) hr_free(r->columns[c]);
  hr_free(r->weight);
  hr_free(r->columns);
  hr_free(r->candidate);
  hr_free(r->gated);
  hr_free(r->is_empty);
  *r = (hr_gated_rows){0};
}

double hr_gated_rows_bytes(const hr_plan *plan) {
  double gates = (double)plan->config->gate_count;
  double columns = 2 * HR_MIXINGS + COLUMNS - 1;
  double targets = (double)hr_study_targets(&plan->view);
  double slots = (double)plan->view.bin_count + 1;
  return 8 * (double)plan->test_split.rows * gates * (slots + targets * columns);
}

/* --- a block --- */

/* What one model says of the rows of a block. */
typedef struct said {
  float *mean;      /* [N]; NULL: it is not wanted */
  double *variance; /* [N] */
  uint32_t *row;    /* [count] that it is asked about */
  size_t count;
  const hr_predictions *known; /* what it has said of the split before; or NULL */
} said;

typedef struct block {
  hr_gated_rows *rows;
  const hr_grouped *grouped;
  uint32_t *good; /* [good_count] rows with a good pixel */
  size_t good_count;
  double *mixed; /* [gates][mixings][N][slots] */
  said *said;    /* [candidates] */
} block;

static double *mixed_at(const block *b, size_t gate, size_t mixing, size_t i) {
  size_t n = b->grouped->spectra.rows;
  return b->mixed + ((gate * HR_MIXINGS + mixing) * n + i) * b->rows->slots;
}

static void block_fini(block *b) {
  size_t candidates = describe(b->rows)->candidate_count;
  for (size_t c = 0; b->said && c < candidates; c++) {
    hr_free(b->said[c].mean);
    hr_free(b->said[c].variance);
    hr_free(b->said[c].row);
  }
  hr_free(b->said);
  hr_free(b->mixed);
  hr_free(b->good);
}

static hr_status block_init(block *b, hr_error *err) {
  hr_status status = HR_OK;
  const hr_spectra *spectra = &b->grouped->spectra;
  const hr_gated_rows *r = b->rows;
  size_t mixed = r->gate_count * HR_MIXINGS * spectra->rows * r->slots;
  HR_TRY(hr_alloc(&b->good, spectra->rows, err));
  HR_TRY(hr_alloc(&b->mixed, mixed, err));
  HR_TRY(hr_alloc(&b->said, describe(r)->candidate_count, err));
  for (size_t i = 0; i < spectra->rows; i++) {
    if (!r->is_empty[spectra->first_row + i]) b->good[b->good_count++] = (uint32_t)i;
  }
cleanup:
  return status;
}

static hr_status ask_gates(block *b, hr_error *err) {
  hr_status status = HR_OK;
  const hr_gated_rows *r = b->rows;
  const hr_spectra *spectra = &b->grouped->spectra;
  for (size_t g = 0; g < r->gate_count; g++) {
    const hr_open_gate *gate = &r->gates[g];
    double *weight = r->weight[g] + spectra->first_row * r->slots;
    HR_TRY(hr_open_gate_weigh(gate, spectra, b->good, b->good_count, weight, err));
    for (size_t j = 0; j < b->good_count * HR_MIXINGS; j++) {
      size_t i = b->good[j / HR_MIXINGS], m = j % HR_MIXINGS;
      double *mixed = mixed_at(b, g, m, i);
      memcpy(mixed, weight + i * r->slots, r->slots * sizeof *mixed);
      hr_gate_mix((hr_gate_mixing)m, gate->gate->fallback_below, r->slots, NULL, mixed);
    }
  }
cleanup:
  return status;
}

/* Whether any mixture of a row takes the slot. */
static bool is_wanted(const block *b, size_t i, size_t slot) {
  for (size_t g = 0; g < b->rows->gate_count; g++) {
    for (size_t m = 0; m < HR_MIXINGS; m++) {
      if (mixed_at(b, g, m, i)[slot] > 0) return true;
    }
  }
  return false;
}

/* What the study has predicted with a candidate: all rows with a model of all, with that
 * of a bin those that are routed to it. NULL: nothing. */
static const hr_predictions *find_known(const hr_gated_rows *r, size_t candidate) {
  const hr_bundle_candidate *c = &describe(r)->candidates[candidate];
  for (size_t m = 0; r->known.outcomes && m < r->known.count; m++) {
    const hr_outcome *o = &r->known.outcomes[c->target * r->known.count + m];
    if (!o->type || strcmp(o->type->name, c->method) != 0) continue;
    const hr_predictions *known = c->slot == HR_GLOBAL ? &o->global : &o->own;
    return c->chosen < known->variants ? known : NULL;
  }
  return NULL;
}

/* Takes what is known of row i of the block; false where nothing is. */
static bool take_known(const block *b, size_t candidate, size_t i) {
  const hr_bundle_candidate *c = &describe(b->rows)->candidates[candidate];
  const said *s = &b->said[candidate];
  size_t row = b->grouped->spectra.first_row + i;
  if (!s->known) return false;
  int32_t route = b->rows->plan->test_split.route[row];
  if (c->slot != HR_GLOBAL && route != c->slot) return false;
  float mean = hr_predictions_at(s->known, c->chosen, row);
  if (isnan(mean)) return false;
  s->mean[i] = mean;
  s->variance[i] = s->known->variance ? s->known->variance[row] : (double)NAN;
  return true;
}

/* Room for what a candidate says, and the rows that it is asked about: of one slot, or of
 * several that fall back to it. */
static hr_status want(block *b, size_t candidate, size_t slot, hr_error *err) {
  hr_status status = HR_OK;
  said *s = &b->said[candidate];
  size_t rows = b->grouped->spectra.rows;
  bool *listed = NULL;
  if (!s->mean) {
    HR_TRY(hr_alloc(&s->mean, rows, err));
    HR_TRY(hr_alloc(&s->variance, rows, err));
    HR_TRY(hr_alloc(&s->row, rows, err));
    s->known = find_known(b->rows, candidate);
  }
  HR_TRY(hr_alloc(&listed, rows, err));
  for (size_t n = 0; n < s->count; n++) listed[s->row[n]] = true;
  for (size_t j = 0; j < b->good_count; j++) {
    size_t i = b->good[j];
    if (listed[i] || !is_wanted(b, i, slot)) continue;
    listed[i] = !take_known(b, candidate, i);
  }
  s->count = 0;
  for (size_t i = 0; i < rows; i++) {
    if (listed[i]) s->row[s->count++] = (uint32_t)i;
  }
cleanup:
  hr_free(listed);
  return status;
}

static hr_status list_rows(block *b, hr_error *err) {
  hr_status status = HR_OK;
  const hr_gated_rows *r = b->rows;
  size_t count = r->team_count * r->targets * r->slots;
  for (size_t i = 0; i < count; i++) {
    if (r->candidate[i] == HR_NO_CANDIDATE) continue;
    HR_TRY(want(b, r->candidate[i], i % r->slots, err));
  }
cleanup:
  return status;
}

/* Kind by kind, so that models which share files are asked together. */
static hr_status ask_models(block *b, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = describe(b->rows);
  hr_request *requests = NULL;
  size_t kinds = 0, count = 0;
  const hr_model_type *const *types = hr_model_types(&kinds);
  HR_TRY(list_rows(b, err));
  HR_TRY(hr_alloc(&requests, d->candidate_count, err));
  for (size_t k = 0; k < kinds; k++) {
    for (size_t c = 0; c < d->candidate_count; c++) {
      const hr_model *model = NULL;
      const said *s = &b->said[c];
      if (s->count == 0 || strcmp(d->candidates[c].kind, types[k]->kind) != 0) continue;
      HR_TRY(hr_bundle_load(b->rows->bundle, c, &model, err));
      requests[count++] = (hr_request){.model = model,
                                       .row = s->row,
                                       .count = s->count,
                                       .first_variant = model->chosen,
                                       .variants = 1,
                                       .mean = s->mean,
                                       .variant_stride = b->grouped->spectra.rows,
                                       .variance = s->variance};
    }
  }
  HR_TRY(hr_models_predict(&b->grouped->spectra, requests, count, err));
cleanup:
  hr_free(requests);
  return status;
}

/* --- mixing --- */

enum { MOST_PARTS = HR_MOST_BINS + 1 };

typedef struct parts { /* of one row */
  size_t count;
  double weight[MOST_PARTS];
  hr_moments moments[MOST_PARTS];
  hr_spread spreads[MOST_PARTS];
} parts;

/* What the models with weight say of row i; a slot without a model says NaN. */
static void take_parts(const block *b, const size_t *candidate, const double *weight,
                       size_t i, parts *out) {
  const double unknown = (double)NAN;
  const hr_bundle_description *d = describe(b->rows);
  double snr = b->grouped->snr ? b->grouped->snr[i] : unknown;
  out->count = 0;
  for (size_t s = 0; s < b->rows->slots; s++) {
    if (!(weight[s] > 0)) continue;
    size_t at = out->count++, c = candidate[s];
    bool is_there = c != HR_NO_CANDIDATE && isfinite(b->said[c].mean[i]);
    double mean = is_there ? (double)b->said[c].mean[i] : unknown;
    out->weight[at] = weight[s];
    out->spreads[at] = (hr_spread){unknown, unknown, unknown};
    if (is_there) {
      out->spreads[at] = hr_sigma_of_prediction(&d->candidates[c].sigma, snr, mean,
                                                b->said[c].variance[i]);
    }
    double sigma = out->spreads[at].sigma;
    out->moments[at] = (hr_moments){mean, sigma * sigma};
  }
}

/* One way of mixing, for all rows of the block. */
static void mix(const block *b, const hr_gated *to, const size_t *candidate,
                const double *weight, parts *scratch) {
  size_t first = b->grouped->spectra.first_row;
  for (size_t j = 0; j < b->good_count; j++) {
    size_t i = b->good[j];
    double mean = (double)NAN;
    take_parts(b, candidate, weight + i * b->rows->slots, i, scratch);
    const hr_parts taken = {scratch->count, scratch->moments, scratch->spreads,
                            scratch->weight};
    hr_spread spread = hr_mix_parts(&taken, &mean);
    ((double *)to->prediction)[first + i] = mean;
    if (!to->sigma) continue;
    ((double *)to->sigma)[first + i] = spread.sigma;
    ((double *)to->half68)[first + i] = spread.half68;
    ((double *)to->half95)[first + i] = spread.half95;
  }
}

static hr_status mix_all(const block *b, hr_error *err) {
  hr_status status = HR_OK;
  const hr_gated_rows *r = b->rows;
  parts *scratch = NULL;
  HR_TRY(hr_alloc(&scratch, 1, err));
  for (size_t t = 0; t < r->targets; t++) {
    for (size_t way = 0; way < r->gated_count; way++) {
      size_t m = way % HR_MIXINGS, team = way / HR_MIXINGS % r->team_count;
      size_t gate = way / HR_MIXINGS / r->team_count;
      mix(b, &r->gated[t * r->gated_count + way], candidate_at(r, team, t, 0),
          mixed_at(b, gate, m, 0), scratch);
    }
  }
cleanup:
  hr_free(scratch);
  return status;
}

static hr_status show_groups(void *context, const hr_grouped *grouped, hr_error *err) {
  hr_status status = HR_OK;
  block b = {.rows = context, .grouped = grouped};
  HR_TRY(block_init(&b, err));
  HR_TRY(ask_gates(&b, err));
  HR_TRY(ask_models(&b, err));
  HR_TRY(mix_all(&b, err));
cleanup:
  block_fini(&b);
  return status;
}

hr_status hr_gated_rows_observe(hr_gated_rows *r, const hr_block *shown, hr_error *err) {
  for (size_t i = 0; shown->empty && i < shown->rows; i++) {
    r->is_empty[shown->first_row + i] = shown->empty[i];
  }
  r->groups.context = r;
  return hr_whole_groups_observe(&r->groups, shown, err);
}
