/* One row through all engines of a bundle, and the model spectrum nearest to it. */
#include "report/star_page.h"

#include <math.h>
#include <string.h>

#include "compute/templates_nearest.h"
#include "core/alloc.h"
#include "models/templates.h"
#include "simulate/models.h"

void hr_star_experts_fini(hr_star_experts *experts) {
  for (size_t m = 0; experts->engines && m < experts->methods.count; m++) {
    hr_engine_close(&experts->engines[m]);
  }
  hr_free(experts->engines);
  hr_strings_fini(&experts->methods);
  hr_strings_fini(&experts->titles);
  hr_tables_destroy(&experts->models);
}

static hr_status list_methods(hr_star_experts *experts, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = hr_engine_describe(experts->plan->engine);
  for (size_t c = 0; c < d->candidate_count; c++) {
    if (hr_strings_has(&experts->methods, d->candidates[c].method)) continue;
    HR_TRY(hr_strings_append(&experts->methods, d->candidates[c].method, err));
    HR_TRY(hr_strings_append(&experts->titles, d->candidates[c].title, err));
  }
cleanup:
  return status;
}

/* A method that has no model where this router sends rows is left out. */
static hr_status open_engines(hr_star_experts *experts, hr_error *err) {
  hr_status status = HR_OK;
  const hr_predict_options *options = &experts->plan->options;
  HR_TRY(hr_alloc(&experts->engines, experts->methods.count, err));
  for (size_t m = 0; m < experts->methods.count; m++) {
    hr_error reason = {.status = HR_OK};
    status = hr_engine_open(options->model, options->router, experts->methods.items[m],
                            &experts->engines[m], &reason);
    if (status == HR_OK || status == HR_ERR_USAGE) continue;
    return hr_fail(err, status, "%s", reason.message);
  }
  status = HR_OK;
cleanup:
  return status;
}

/* Where the bundle has no templates, the model spectra of the program may be of its
 * pixels. */
static hr_status find_models(hr_star_experts *experts, hr_error *err) {
  const hr_bundle_description *d = hr_engine_describe(experts->plan->engine);
  const hr_model_view view = {d->pixels, d->wave, NULL};
  hr_error reason = {.status = HR_OK};
  for (size_t c = 0; c < d->candidate_count; c++) {
    if (strcmp(d->candidates[c].kind, hr_templates_type.kind) == 0) return HR_OK;
  }
  hr_status status = hr_models_grid(&view, &experts->models, &reason);
  if (status == HR_OK || status == HR_ERR_MISSING) return HR_OK;
  return hr_fail(err, status, "%s", reason.message);
}

hr_status hr_star_experts_init(const hr_predict_plan *plan, hr_star_experts *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_star_experts){.plan = plan};
  HR_TRY(list_methods(out, err));
  HR_TRY(open_engines(out, err));
  HR_TRY(find_models(out, err));
cleanup:
  return status;
}

/* --- asking --- */

/* The group of rows that the star is in, as all rows of a group are compared together. */
typedef struct group {
  hr_engine_rows rows;
  hr_bin_column axes[HR_BUNDLE_MOST_AXES];
  size_t first; /* in the block */
  size_t at;    /* the star's row, in the group */
} group;

static void cut_group(const hr_star_experts *experts, const hr_reading *reading,
                      const hr_block *block, size_t row, group *out) {
  size_t in_block = row - block->first_row, pixels = block->pixels;
  size_t first = in_block - in_block % HR_PREDICT_ROWS, left = block->rows - first;
  out->rows = hr_reading_rows(reading, experts->plan, block, out->axes);
  out->first = first;
  out->at = in_block - first;
  hr_spectra *spectra = &out->rows.spectra;
  spectra->first_row += first;
  spectra->rows = left < HR_PREDICT_ROWS ? left : HR_PREDICT_ROWS;
  spectra->noisy += first * pixels;
  if (spectra->error) spectra->error += first * pixels;
  spectra->level = hr_engine_describe(experts->plan->engine)->noise_level;
  out->rows.reports += first;
  if (out->rows.velocity) out->rows.velocity += first;
  size_t axes = hr_engine_describe(experts->plan->engine)->axis_count;
  for (size_t a = 0; out->rows.labels && a < axes; a++) out->axes[a].values += first;
}

static hr_status take_opinion(const char *title, const hr_engine_result *result,
                              size_t row, size_t targets, hr_star_opinion *out,
                              hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_copy_text(title, &out->title, err));
  HR_TRY(hr_alloc(&out->mean, targets, err));
  HR_TRY(hr_alloc(&out->half68, targets, err));
  HR_TRY(hr_alloc(&out->half95, targets, err));
  for (size_t t = 0; t < targets; t++) {
    size_t at = row * targets + t;
    bool has_intervals = !isnan(result->half68[at]);
    out->mean[t] = result->mean[at];
    out->half68[t] = has_intervals ? result->half68[at] : result->sigma[at];
    out->half95[t] = has_intervals ? result->half95[at] : 2 * result->sigma[at];
  }
cleanup:
  return status;
}

static hr_status take_words(const hr_star_experts *experts,
                            const hr_engine_result *result, size_t row,
                            hr_star_sheet *star, hr_error *err) {
  hr_status status = HR_OK;
  char words[HR_FLAG_BYTES];
  const hr_bundle_description *d = hr_engine_describe(experts->plan->engine);
  int32_t slot = result->slot[row];
  const char *name = slot == HR_SLOT_GLOBAL ? "the model of all rows"
                     : slot < 0             ? "nobody"
                                            : d->bin_names[slot];
  star->snr = result->snr[row];
  star->masked = result->masked[row];
  hr_flags_describe(result->flags[row], words);
  HR_TRY(hr_copy_text(name, &star->slot, err));
  HR_TRY(hr_copy_text(words, &star->flags, err));
cleanup:
  return status;
}

static hr_status ask_engine(const hr_engine *engine, const hr_reading *reading,
                            const group *g, hr_engine_result *out, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_engine_result_init(engine, g->rows.spectra.rows, out, err));
  HR_TRY(hr_engine_predict(engine, &g->rows, out, err));
  hr_reading_flag_few(reading, g->first, g->rows.spectra.rows, out);
cleanup:
  return status;
}

/* Marks the experts whose model has the most of the prediction. */
static void mark_chosen(const hr_star_experts *experts, const hr_engine_result *result,
                        size_t row, const char *method, bool *is_chosen) {
  const hr_bundle_description *d = hr_engine_describe(experts->plan->engine);
  for (size_t t = 0; t < d->target_count; t++) {
    int32_t candidate = result->candidate[row * d->target_count + t];
    is_chosen[t] = candidate >= 0 && strcmp(d->candidates[candidate].method, method) == 0;
  }
}

static hr_status ask_all(const hr_star_experts *experts, const hr_reading *reading,
                         const group *g, hr_engine_result *own, hr_star_sheet *star,
                         hr_error *err) {
  hr_status status = HR_OK;
  hr_engine_result result = {0};
  size_t targets = star->target_count;
  HR_TRY(hr_alloc(&star->opinions, experts->methods.count + 1, err));
  HR_TRY(hr_alloc(&star->is_chosen, (experts->methods.count + 1) * targets, err));
  HR_TRY(ask_engine(experts->plan->engine, reading, g, own, err));
  star->opinion_count = 1;
  HR_TRY(take_opinion("predicted", own, g->at, targets, &star->opinions[0], err));
  HR_TRY(take_words(experts, own, g->at, star, err));
  for (size_t m = 0; m < experts->methods.count; m++) {
    const hr_engine *engine = experts->engines[m];
    bool can = engine && (g->rows.spectra.error || !hr_engine_needs_error(engine));
    if (!can) continue;
    hr_engine_result_fini(&result);
    HR_TRY(ask_engine(engine, reading, g, &result, err));
    size_t at = star->opinion_count++;
    HR_TRY(take_opinion(experts->titles.items[m], &result, g->at, targets,
                        &star->opinions[at], err));
    mark_chosen(experts, own, g->at, experts->methods.items[m],
                star->is_chosen + at * targets);
  }
cleanup:
  hr_engine_result_fini(&result);
  return status;
}

/* --- the spectrum --- */

static hr_status take_spectrum(const hr_star_experts *experts, const group *g,
                               hr_star_sheet *star, hr_error *err) {
  hr_status status = HR_OK;
  const hr_conditioning *c = hr_engine_conditioning(experts->plan->engine);
  const hr_spectra *spectra = &g->rows.spectra;
  const float *noisy = spectra->noisy + g->at * spectra->pixels;
  const float *error = spectra->error ? spectra->error + g->at * spectra->pixels : NULL;
  HR_TRY(hr_alloc(&star->flux, star->pixels, err));
  HR_TRY(hr_alloc(&star->bad, star->pixels, err));
  if (error) HR_TRY(hr_alloc(&star->error, star->pixels, err));
  for (size_t p = 0; p < star->pixels; p++) {
    star->flux[p] = ((double)noisy[p] + c->base) * c->scale;
    star->bad[p] = !isfinite(star->flux[p]) || (error && !(error[p] > 0));
    if (error) star->error[p] = (double)error[p] * c->scale;
  }
cleanup:
  return status;
}

static void append_label(const char *name, double value, bool is_first, hr_text *out) {
  hr_text_append(out, "%s%s %.4g", is_first ? "" : ", ", name, value);
}

/* Takes the words for the title of the fit. */
static hr_status take_title(hr_text *words, double chi2, hr_star_sheet *star,
                            hr_error *err) {
  hr_text_append(words, " (χ² %.3g)", chi2);
  hr_status status = hr_text_status(words, err);
  if (status != HR_OK) return status;
  return hr_copy_text(words->bytes, &star->fit_title, err);
}

static hr_status fit_templates(const hr_star_experts *experts, const group *g,
                               const hr_model *model, hr_star_sheet *star,
                               hr_error *err) {
  hr_status status = HR_OK;
  double labels[HR_BUNDLE_MOST_TARGETS];
  double *flux = NULL;
  hr_text words;
  hr_text_init(&words);
  const hr_conditioning *c = hr_engine_conditioning(experts->plan->engine);
  const hr_spectra *spectra = &g->rows.spectra;
  size_t at = g->at * spectra->pixels;
  const hr_one_spectrum one = {spectra->noisy + at, spectra->error + at, spectra->level};
  int32_t of = model->slot == HR_GLOBAL ? HR_ANY_GROUP : (int32_t)model->slot;
  HR_TRY(hr_alloc(&flux, star->pixels, err));
  hr_nearest nearest = {.flux = flux, .labels = labels};
  if (!hr_templates_nearest(hr_templates_of_model(model), of, &one, &nearest)) {
    goto cleanup;
  }
  for (size_t p = 0; p < star->pixels; p++) flux[p] = (flux[p] + c->base) * c->scale;
  hr_text_append(&words, "nearest template: ");
  for (size_t t = 0; t < star->target_count; t++) {
    append_label(star->targets[t].name, labels[t], t == 0, &words);
  }
  HR_TRY(take_title(&words, nearest.chi2, star, err));
  star->fit = flux;
  flux = NULL;
cleanup:
  hr_text_fini(&words);
  hr_free(flux);
  return status;
}

/* chi2 a pixel of the likeliest amplitude, which is *amplitude. */
static double chi2_of(const hr_star_sheet *star, const float *model, double *amplitude) {
  double xx = 0, xf = 0, ff = 0;
  size_t counting = 0;
  for (size_t p = 0; p < star->pixels; p++) {
    if (star->bad[p]) continue;
    double weight = 1 / (star->error[p] * star->error[p]), f = (double)model[p];
    xx += star->flux[p] * star->flux[p] * weight;
    xf += star->flux[p] * f * weight;
    ff += f * f * weight;
    counting++;
  }
  *amplitude = xf / ff;
  return counting > 0 ? (xx - xf * *amplitude) / (double)counting : (double)NAN;
}

static hr_status take_model(const hr_grid_tables *grid, size_t best, double chi2,
                            hr_star_sheet *star, hr_error *err) {
  hr_status status = HR_OK;
  double amplitude = 0;
  size_t at[HR_GRID_AXES], rest = best;
  const float *flux = grid->flux + best * grid->pixels;
  hr_text words;
  hr_text_init(&words);
  for (size_t a = HR_GRID_AXES; a-- > 0; rest /= grid->node_count[a]) {
    at[a] = rest % grid->node_count[a];
  }
  hr_text_append(&words, "nearest model: ");
  for (size_t a = 0; a < HR_GRID_AXES; a++) {
    append_label(hr_grid_label_names[a], grid->nodes[a][at[a]], a == 0, &words);
  }
  HR_TRY(take_title(&words, chi2, star, err));
  HR_TRY(hr_alloc(&star->fit, star->pixels, err));
  chi2_of(star, flux, &amplitude);
  for (size_t p = 0; p < star->pixels; p++) star->fit[p] = amplitude * (double)flux[p];
cleanup:
  hr_text_fini(&words);
  return status;
}

static hr_status fit_models(const hr_grid_tables *grid, hr_star_sheet *star,
                            hr_error *err) {
  double least = (double)INFINITY, amplitude = 0;
  size_t best = SIZE_MAX;
  for (size_t g = 0; g < grid->spectra; g++) {
    double chi2 = chi2_of(star, grid->flux + g * grid->pixels, &amplitude);
    if (!(chi2 < least)) continue;
    least = chi2;
    best = g;
  }
  return best == SIZE_MAX ? HR_OK : take_model(grid, best, least, star, err);
}

/* The model of templates that answers for a target of the star; NULL: there is none. */
static const hr_model *find_templates(const hr_star_experts *experts,
                                      const hr_engine_result *result, size_t row,
                                      size_t target) {
  const hr_bundle_description *d = hr_engine_describe(experts->plan->engine);
  int32_t slot = result->slot[row];
  if (slot == HR_SLOT_NONE) return NULL;
  size_t number = slot == HR_SLOT_GLOBAL ? d->bin_count : (size_t)slot;
  for (size_t m = 0; m < experts->methods.count; m++) {
    if (!experts->engines[m]) continue;
    const hr_model *model = hr_engine_model(experts->engines[m], target, number);
    if (model && hr_templates_of_model(model)) return model;
  }
  return NULL;
}

static hr_status draw_labels(const group *g, const hr_model *model, float *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  float *mean = NULL, *draws = NULL;
  size_t rows = g->rows.spectra.rows;
  const uint32_t row = (uint32_t)g->at;
  HR_TRY(hr_alloc(&mean, rows, err));
  HR_TRY(hr_alloc(&draws, rows * HR_PREDICT_DRAWS, err));
  const hr_request request = {.model = model,
                              .row = &row,
                              .count = 1,
                              .first_variant = model->chosen,
                              .variants = 1,
                              .mean = mean,
                              .variant_stride = rows,
                              .draws = draws};
  HR_TRY(hr_models_predict(&g->rows.spectra, &request, 1, err));
  memcpy(out, draws + g->at * HR_PREDICT_DRAWS, HR_PREDICT_DRAWS * sizeof *out);
cleanup:
  hr_free(mean);
  hr_free(draws);
  return status;
}

static hr_status find_posterior(const hr_star_experts *experts, const group *g,
                                const hr_engine_result *result, hr_star_sheet *star,
                                hr_error *err) {
  hr_status status = HR_OK;
  const hr_model *first = NULL;
  HR_TRY(hr_alloc(&star->draws, star->target_count * HR_PREDICT_DRAWS, err));
  for (size_t t = 0; t < star->target_count; t++) {
    float *to = star->draws + t * HR_PREDICT_DRAWS;
    for (size_t i = 0; i < HR_PREDICT_DRAWS; i++) to[i] = NAN;
    const hr_model *model = find_templates(experts, result, g->at, t);
    if (!model) continue;
    if (!first) first = model;
    HR_TRY(draw_labels(g, model, to, err));
  }
  if (first) {
    HR_TRY(fit_templates(experts, g, first, star, err));
  } else {
    hr_free(star->draws);
    star->draws = NULL;
  }
cleanup:
  return status;
}

hr_status hr_star_ask(const hr_star_experts *experts, const hr_reading *reading,
                      const hr_block *block, size_t row, hr_star_sheet *out,
                      hr_error *err) {
  hr_status status = HR_OK;
  hr_engine_result own = {0};
  group g;
  const hr_bundle_description *d = hr_engine_describe(experts->plan->engine);
  cut_group(experts, reading, block, row, &g);
  if (g.rows.labels) g.rows.labels = g.axes;
  out->row = row;
  out->pixels = d->pixels;
  out->wave = d->wave;
  out->targets = d->targets;
  out->target_count = d->target_count;
  HR_TRY(ask_all(experts, reading, &g, &own, out, err));
  HR_TRY(take_spectrum(experts, &g, out, err));
  bool is_good = g.rows.reports[g.at].fault == HR_ROW_GOOD && out->error;
  if (is_good) HR_TRY(find_posterior(experts, &g, &own, out, err));
  if (is_good && experts->models) HR_TRY(fit_models(experts->models, out, err));
cleanup:
  hr_engine_result_fini(&own);
  return status;
}
