/* The library's own door to a bundle, headroom/model.h: the engine on the caller's
 * arrays, a thousand rows at a time. */
#include "headroom/model.h"

#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/sized.h"
#include "predict/engine.h"

/* A multiple of HR_PREDICT_ROWS; enough to keep all processors busy. */
enum { BLOCK_ROWS = 1024 };

struct hr_predictor {
  hr_engine *engine;
  const char **target_names, **target_units, **axis_labels; /* for the info */
  double *train_minimum, *train_maximum;
};

static const hr_sized sized_options = {
    "hr_model_options", "with hr_model_options_default()", {sizeof(hr_model_options)}};
static const hr_sized sized_info = {
    "hr_model_info", "to sizeof(hr_model_info)", {sizeof(hr_model_info)}};
static const hr_sized sized_input = {
    "hr_model_input", "with hr_model_input_default()", {sizeof(hr_model_input)}};
static const hr_sized sized_output = {
    "hr_model_output",
    "with hr_model_output_default()",
    {offsetof(hr_model_output, half68), sizeof(hr_model_output)}};

/* --- opening --- */

static hr_status fill_lists(hr_predictor *predictor, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = hr_engine_describe(predictor->engine);
  HR_TRY(hr_alloc(&predictor->target_names, d->target_count, err));
  HR_TRY(hr_alloc(&predictor->target_units, d->target_count, err));
  HR_TRY(hr_alloc(&predictor->train_minimum, d->target_count, err));
  HR_TRY(hr_alloc(&predictor->train_maximum, d->target_count, err));
  HR_TRY(hr_alloc(&predictor->axis_labels, d->axis_count, err));
  for (size_t t = 0; t < d->target_count; t++) {
    predictor->target_names[t] = d->targets[t].name;
    predictor->target_units[t] = d->targets[t].unit;
    predictor->train_minimum[t] = d->targets[t].train.minimum;
    predictor->train_maximum[t] = d->targets[t].train.maximum;
  }
  for (size_t a = 0; a < d->axis_count; a++) {
    predictor->axis_labels[a] = d->axes[a].label;
  }
cleanup:
  return status;
}

hr_status hr_model_open(const char *path, const hr_model_options *options,
                        hr_predictor **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_predictor *predictor = NULL;
  hr_model_options given = hr_model_options_default();
  HR_TRY(hr_sized_take(&sized_options, options, &given, err));
  HR_TRY(hr_alloc(&predictor, 1, err));
  HR_TRY(hr_engine_open(path, given.router, given.expert, &predictor->engine, err));
  HR_TRY(fill_lists(predictor, err));
  *out = predictor;
  predictor = NULL;
cleanup:
  hr_model_close(&predictor);
  return status;
}

void hr_model_close(hr_predictor **predictor) {
  hr_predictor *p = *predictor;
  if (!p) return;
  hr_engine_close(&p->engine);
  hr_free(p->target_names);
  hr_free(p->target_units);
  hr_free(p->train_minimum);
  hr_free(p->train_maximum);
  hr_free(p->axis_labels);
  hr_free(p);
  *predictor = NULL;
}

hr_status hr_model_info_get(const hr_predictor *predictor, hr_model_info *info,
                            hr_error *err) {
  const hr_bundle_description *d = hr_engine_describe(predictor->engine);
  hr_model_info all = {
      .study = d->study,
      .pixels = d->pixels,
      .wave_angstrom = d->wave,
      .targets = d->target_count,
      .target_names = predictor->target_names,
      .target_units = predictor->target_units,
      .train_minimum = predictor->train_minimum,
      .train_maximum = predictor->train_maximum,
      .snr_minimum = d->snr.minimum,
      .snr_maximum = d->snr.maximum,
      .bins = d->bin_count,
      .bin_names = (const char *const *)d->bin_names,
      .axes = d->axis_count,
      .axis_labels = predictor->axis_labels,
      .needs_labels = hr_engine_router(predictor->engine)->needs_labels,
      .needs_error = hr_engine_needs_error(predictor->engine) != NULL,
  };
  return hr_sized_give(&sized_info, &all, info, err);
}

/* --- predicting --- */

typedef struct block {
  const hr_predictor *predictor;
  const hr_model_input *input;
  size_t pixels, first, rows;
  float *flux, *error; /* [rows][pixels] copies; error NULL: not known */
  hr_row_report *reports;
  hr_bin_column *labels; /* [axes] columns of this block; NULL: none */
  hr_engine_result result;
  hr_mover_scratch *moving; /* [threads]; NULL: rows are taken as they are */
  size_t threads;
  hr_velocity_answer *velocity; /* [rows] */
} block;

/* A value of the caller's. */
static double value_at(const void *from, hr_dtype dtype, size_t p) {
  float single;
  double value;
  if (dtype == HR_FLOAT32) {
    memcpy(&single, (const char *)from + p * sizeof single, sizeof single);
    return (double)single;
  }
  memcpy(&value, (const char *)from + p * sizeof value, sizeof value);
  return value;
}

/* One row of the caller's in the unit of the models, as fp32; what is too large becomes
 * infinite. */
static void copy_row(const void *from, const block *b, double base, float *to) {
  double scale = hr_engine_conditioning(b->predictor->engine)->scale;
  hr_dtype dtype = b->input->dtype;
  for (size_t p = 0; p < b->pixels; p++) {
    to[p] = (float)(value_at(from, dtype, p) / scale - base);
  }
}

static const char *row_at(const void *array, size_t stride, const block *b, size_t row) {
  size_t width = b->pixels * (b->input->dtype == HR_FLOAT32 ? 4 : 8);
  return (const char *)array + (b->first + row) * (stride ? stride : width);
}

static void take_row(void *context, size_t i, size_t thread) {
  block *b = context;
  const hr_model_input *in = b->input;
  float *flux = b->flux + i * b->pixels;
  float *error = b->error ? b->error + i * b->pixels : NULL;
  const hr_conditioning *c = hr_engine_conditioning(b->predictor->engine);
  copy_row(row_at(in->flux, in->flux_stride_bytes, b, i), b, c->base, flux);
  if (error) copy_row(row_at(in->error, in->error_stride_bytes, b, i), b, 0, error);
  const hr_pixels row = {.count = b->pixels, .noisy = flux, .error = error};
  if (b->moving) {
    const hr_mover *mover = hr_engine_mover(b->predictor->engine);
    b->velocity[i] = hr_mover_bring(mover, &b->moving[thread], &row, NULL, 0);
  }
  hr_prepare_row(c, &row, &b->reports[i]);
}

static void give_columns(const block *b, const hr_model_output *out) {
  const hr_engine_result *from = &b->result;
  size_t at = b->first, rows = b->rows;
  size_t t = hr_engine_describe(b->predictor->engine)->target_count;
  if (out->mean) memcpy(out->mean + at * t, from->mean, rows * t * sizeof *out->mean);
  if (out->sigma) memcpy(out->sigma + at * t, from->sigma, rows * t * sizeof *out->mean);
  if (out->half68) {
    memcpy(out->half68 + at * t, from->half68, rows * t * sizeof *out->half68);
  }
  if (out->half95) {
    memcpy(out->half95 + at * t, from->half95, rows * t * sizeof *out->half95);
  }
  if (out->gap) memcpy(out->gap + at * t, from->gap, rows * t * sizeof *out->gap);
  if (out->slot) memcpy(out->slot + at, from->slot, rows * sizeof *out->slot);
  if (out->snr) memcpy(out->snr + at, from->snr, rows * sizeof *out->snr);
  if (out->masked) memcpy(out->masked + at, from->masked, rows * sizeof *out->masked);
  if (out->chi2) memcpy(out->chi2 + at, from->chi2, rows * sizeof *out->chi2);
  if (out->flags) memcpy(out->flags + at, from->flags, rows * sizeof *out->flags);
  if (out->effective) {
    memcpy(out->effective + at, from->effective, rows * sizeof *out->effective);
  }
}

static hr_status predict_block(block *b, const hr_model_output *out, hr_error *err) {
  const hr_model_input *in = b->input;
  size_t axes = hr_engine_describe(b->predictor->engine)->axis_count;
  for (size_t a = 0; in->labels && a < axes; a++) {
    b->labels[a].values = in->labels + a * in->rows + b->first;
  }
  hr_parallel_for(b->rows, take_row, b);
  const hr_engine_rows rows = {
      .spectra = {.first_row = b->first,
                  .rows = b->rows,
                  .pixels = b->pixels,
                  .noisy = b->flux,
                  .error = b->error},
      .reports = b->reports,
      .labels = in->labels ? b->labels : NULL,
      .slots = in->slots ? in->slots + b->first : NULL,
      .velocity = b->velocity,
  };
  hr_status status = hr_engine_predict(b->predictor->engine, &rows, &b->result, err);
  if (status == HR_OK) give_columns(b, out);
  return status;
}

static hr_status prepare_to_move(block *b, size_t rows, hr_error *err) {
  hr_status status = HR_OK;
  const hr_mover *mover = hr_engine_mover(b->predictor->engine);
  HR_TRY(hr_alloc(&b->velocity, rows, err));
  HR_TRY(hr_alloc(&b->moving, hr_thread_count(), err));
  for (; b->threads < hr_thread_count(); b->threads++) {
    HR_TRY(hr_mover_scratch_init(mover, &b->moving[b->threads], err));
  }
cleanup:
  return status;
}

static hr_status block_init(block *b, hr_error *err) {
  hr_status status = HR_OK;
  const hr_engine *engine = b->predictor->engine;
  size_t rows = b->input->rows < BLOCK_ROWS ? b->input->rows : BLOCK_ROWS;
  HR_TRY(hr_alloc(&b->flux, rows * b->pixels, err));
  if (b->input->error) HR_TRY(hr_alloc(&b->error, rows * b->pixels, err));
  HR_TRY(hr_alloc(&b->reports, rows, err));
  HR_TRY(hr_alloc(&b->labels, hr_engine_describe(engine)->axis_count, err));
  HR_TRY(hr_engine_result_init(engine, rows, &b->result, err));
  if (hr_engine_mover(engine)) HR_TRY(prepare_to_move(b, rows, err));
cleanup:
  return status;
}

static void block_fini(block *b) {
  hr_free(b->flux);
  hr_free(b->error);
  hr_free(b->reports);
  hr_free(b->labels);
  for (size_t t = 0; t < b->threads; t++) hr_mover_scratch_fini(&b->moving[t]);
  hr_free(b->moving);
  hr_free(b->velocity);
  hr_engine_result_fini(&b->result);
}

hr_status hr_model_predict(const hr_predictor *predictor, const hr_model_input *input,
                           const hr_model_output *output, hr_error *err) {
  hr_status status = HR_OK;
  hr_model_input in = hr_model_input_default();
  hr_model_output out = hr_model_output_default();
  block b = {.predictor = predictor,
             .input = &in,
             .pixels = hr_engine_describe(predictor->engine)->pixels};
  HR_TRY(hr_sized_take(&sized_input, input, &in, err));
  HR_TRY(hr_sized_take(&sized_output, output, &out, err));
  if (!in.flux && in.rows > 0) {
    status = hr_fail(err, HR_ERR_USAGE, "hr_model_input.flux is NULL");
    goto cleanup;
  }
  HR_TRY(block_init(&b, err));
  for (b.first = 0; b.first < in.rows; b.first += BLOCK_ROWS) {
    b.rows = in.rows - b.first < BLOCK_ROWS ? in.rows - b.first : BLOCK_ROWS;
    HR_TRY(predict_block(&b, &out, err));
  }
cleanup:
  block_fini(&b);
  return status;
}
