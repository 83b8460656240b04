/* Rows of a slot: into the store, and out of it into batches. */
#include "methods/net/rows.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/random.h"
#include "core/vector.h"
#include "data/prepare.h"

enum { EPOCH_SHIFT = 40 }; /* a row's noise in an epoch: row + (epoch << 40) */

void hr_net_rows_fini(hr_net_rows *rows) {
  hr_row_store_destroy(&rows->trained);
  hr_row_store_destroy(&rows->held_out);
  hr_free(rows->trained_bin);
  hr_free(rows->held_out_bin);
  hr_free(rows->row_of);
  hr_free(rows->trained_target);
  hr_free(rows->held_out_target);
  hr_free(rows->held_out_snr);
  hr_free(rows->sum);
  hr_free(rows->sum_of_squares);
  hr_free(rows->scratch);
  rows->row_of = NULL;
  rows->trained_bin = rows->held_out_bin = NULL;
  rows->trained_target = rows->held_out_target = rows->scratch = NULL;
  rows->sum = rows->sum_of_squares = rows->held_out_snr = NULL;
}

hr_status hr_net_rows_init(hr_net_rows *rows, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = rows->study->pixels, labels = rows->label_count;
  size_t kept = rows->redraw ? 2 * pixels : pixels;
  size_t trained = rows->trained_count, held_out = rows->held_out_count;
  HR_TRY(hr_row_store_create(trained, kept, folder, &rows->trained, err));
  HR_TRY(hr_row_store_create(held_out, pixels, folder, &rows->held_out, err));
  HR_TRY(hr_alloc(&rows->trained_bin, trained, err));
  HR_TRY(hr_alloc(&rows->held_out_bin, held_out, err));
  HR_TRY(hr_alloc(&rows->row_of, trained, err));
  HR_TRY(hr_alloc(&rows->trained_target, labels * trained, err));
  HR_TRY(hr_alloc(&rows->held_out_target, labels * held_out, err));
  HR_TRY(hr_alloc(&rows->held_out_snr, held_out, err));
  HR_TRY(hr_alloc(&rows->sum, pixels, err));
  HR_TRY(hr_alloc(&rows->sum_of_squares, pixels, err));
cleanup:
  return status;
}

HR_VECTOR_CLONES
static void add_row(size_t pixels, const float *noisy, double *sum,
                    double *sum_of_squares) {
  for (size_t p = 0; p < pixels; p++) {
    double value = (double)noisy[p];
    sum[p] += value;
    sum_of_squares[p] += value * value;
  }
}

/* Of a row of the dataset, as number `at` of `count`; to: [L][count]. */
static void take_labels(const hr_net_rows *rows, size_t row, size_t at, size_t count,
                        float *to) {
  for (size_t l = 0; l < rows->label_count; l++) {
    to[l * count + at] = (float)rows->label[l][row];
  }
}

hr_status hr_net_rows_observe(hr_net_rows *rows, const hr_block *block, size_t i,
                              hr_error *err) {
  const hr_study_view *study = rows->study;
  size_t row = block->first_row + i, pixels = block->pixels;
  const float *noisy = block->noisy + i * pixels;
  if (study->train.fold[row] == 0) {
    size_t at = hr_row_store_rows(rows->held_out);
    take_labels(rows, row, at, rows->held_out_count, rows->held_out_target);
    rows->held_out_snr[at] = hr_block_snr(block, i);
    rows->held_out_bin[at] = study->train.bin[row];
    return hr_row_store_append(rows->held_out, &noisy, 1, err);
  }
  size_t at = hr_row_store_rows(rows->trained);
  rows->row_of[at] = (uint32_t)row;
  rows->trained_bin[at] = study->train.bin[row];
  take_labels(rows, row, at, rows->trained_count, rows->trained_target);
  add_row(pixels, noisy, rows->sum, rows->sum_of_squares);
  if (!rows->redraw) return hr_row_store_append(rows->trained, &noisy, 1, err);
  const float *pieces[] = {block->flux + i * pixels, block->error + i * pixels};
  return hr_row_store_append(rows->trained, pieces, 2, err);
}

const float *hr_net_rows_trained(const hr_net_rows *rows, size_t l) {
  return rows->trained_target + l * rows->trained_count;
}

const float *hr_net_rows_held_out(const hr_net_rows *rows, size_t l) {
  return rows->held_out_target + l * rows->held_out_count;
}

void hr_net_rows_set_scales(const hr_net_rows *rows, bool raw, hr_net_model *model) {
  double count = (double)rows->trained_count;
  double unit = rows->study->unit > 0 ? rows->study->unit : 1;
  for (size_t p = 0; p < rows->study->pixels; p++) {
    double m = rows->sum[p] / count;
    double v = rows->sum_of_squares[p] / count - m * m;
    /* What fp64 leaves of equal values is no variance. */
    model->mean[p] = (float)m;
    model->factor[p] = v > 1e-12 * m * m ? (float)(1 / sqrt(v)) : 0;
    if (!raw) continue;
    model->mean[p] = (float)(-rows->study->base / unit);
    model->factor[p] = (float)unit;
  }
}

/* A batch on its way from the store into the network. */
typedef struct batch {
  const hr_net_source *source;
  const hr_row_store *store;
  const uint32_t *numbers;
  uint64_t epoch;
  float *x;
  bool redraws;
  atomic_bool failed;
} batch;

static void fill_row(void *context, size_t i, size_t thread) {
  batch *b = context;
  const hr_net_rows *rows = b->source->rows;
  const hr_study_view *study = rows->study;
  size_t pixels = study->pixels;
  float *x = b->x + i * pixels;
  const float *kept =
      hr_row_store_get(b->store, b->numbers[i], rows->scratch + 2 * thread * pixels);
  if (!kept) {
    b->failed = true;
    return;
  }
  if (b->redraws) {
    const hr_noise noise = {HR_NOISE_GENERATED, study->noise_level, study->seed,
                            HR_STREAM_NOISE_EPOCH};
    hr_prepare_noise(&noise, rows->row_of[b->numbers[i]] + (b->epoch << EPOCH_SHIFT),
                     pixels, kept, kept + pixels, x);
    kept = x;
  }
  hr_net_model_scale(b->source->model, kept, x);
}

static hr_status fail_rows(const hr_net_rows *rows, hr_error *err) {
  char slot[HR_SLOT_NAME_BYTES];
  return hr_fail(err, HR_ERR_IO, "cannot read %s%s again",
                 rows->slot == HR_GLOBAL ? "" : "the rows of ",
                 hr_slot_name(rows->slot, slot));
}

static const hr_row_store *store_of(const hr_net_source *source) {
  return source->is_held_out ? source->rows->held_out : source->rows->trained;
}

static hr_status fill_batch(void *context, const uint32_t *numbers, size_t count,
                            uint64_t epoch, float *x, hr_error *err) {
  const hr_net_source *source = context;
  batch b = {.source = source,
             .store = store_of(source),
             .numbers = numbers,
             .epoch = epoch,
             .x = x,
             .redraws = source->rows->redraw && !source->is_held_out};
  hr_parallel_for(count, fill_row, &b);
  return b.failed ? fail_rows(source->rows, err) : HR_OK;
}

static void expect_batch(void *context, const uint32_t *numbers, size_t count) {
  hr_row_store_expect(store_of(context), numbers, count);
}

hr_training_rows hr_net_source_rows(hr_net_source *source, const float *target) {
  const hr_net_rows *rows = source->rows;
  return (hr_training_rows){
      source->is_held_out ? rows->held_out_count : rows->trained_count, target,
      fill_batch, expect_batch, source};
}

hr_status hr_net_rows_copy_held_out(const hr_net_rows *rows, const uint32_t *numbers,
                                    size_t count, float *x, hr_error *err) {
  size_t pixels = rows->study->pixels;
  for (size_t i = 0; i < count; i++) {
    const float *kept = hr_row_store_get(rows->held_out, numbers[i], rows->scratch);
    if (!kept) return fail_rows(rows, err);
    memcpy(x + i * pixels, kept, pixels * sizeof *x);
  }
  return HR_OK;
}
