/* One pass over a dataset that measures velocities, and what they come to. */
#include "features/velocity_rows.h"

#include <math.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "core/parallel.h"
#include "core/quantile.h"
#include "data/prepare.h"

typedef struct velocity_pass {
  const hr_velocity *velocity;
  hr_velocity_scratch **scratch; /* [threads] */
  size_t threads;
  const hr_block *block;
  const hr_row_report *reports;
  double base;
  hr_velocity_answer *out; /* [rows of the block] */
} velocity_pass;

static void measure_row(void *context, size_t i, size_t thread) {
  const velocity_pass *m = context;
  const hr_block *block = m->block;
  const float *error = block->error ? block->error + i * block->pixels : NULL;
  m->out[i] = (hr_velocity_answer){(double)NAN, (double)NAN, HR_VELOCITY_NONE};
  if (m->reports[i].fault != HR_ROW_GOOD) return;
  m->out[i] = hr_velocity_fit(m->velocity, m->scratch[thread],
                              block->noisy + i * block->pixels, error, m->base);
}

hr_status hr_velocity_measure(const hr_velocity *velocity, const hr_velocity_set *set,
                              const hr_observer *observer, hr_velocity_answer *out,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_stream *stream = NULL;
  hr_block block = {0};
  hr_stream_options options = set->streaming;
  velocity_pass m = {.velocity = velocity, .block = &block};
  hr_progress progress = {
      .stage = set->stage, .unit = "spectra", .total = hr_dataset_rows(set->dataset)};
  options.count_faults = true;
  m.base = options.conditioning ? options.conditioning->base : 0;
  HR_TRY(hr_alloc(&m.scratch, hr_thread_count(), err));
  for (; m.threads < hr_thread_count(); m.threads++) {
    HR_TRY(hr_velocity_scratch_create(velocity, &m.scratch[m.threads], err));
  }
  HR_TRY(hr_stream_create(set->dataset, &options, &stream, err));
  HR_TRY(hr_observe_progress(observer, &progress, err));
  for (;;) {
    HR_TRY(hr_stream_next(stream, &block, err));
    if (block.rows == 0) break;
    m.reports = hr_stream_reports(stream);
    m.out = out + block.first_row;
    hr_parallel_for(block.rows, measure_row, &m);
    progress.done += block.rows;
    progress.bytes = hr_stream_preparation(stream)->bytes_read;
    HR_TRY(hr_observe_progress(observer, &progress, err));
  }
cleanup:
  hr_stream_destroy(&stream);
  for (size_t t = 0; t < m.threads; t++) hr_velocity_scratch_destroy(&m.scratch[t]);
  hr_free(m.scratch);
  return status;
}

/* --- what they come to --- */

static double median_of(double *values, size_t count) {
  if (count == 0) return (double)NAN;
  hr_sort_numbers(values, count);
  return hr_quantile(values, count, 0.5);
}

/* A standard deviation about `centre`; values are changed. */
static double scatter_of(double *values, size_t count, double centre) {
  const double per_deviation = 1.4826;
  for (size_t i = 0; i < count; i++) values[i] = fabs(values[i] - centre);
  return per_deviation * median_of(values, count);
}

hr_status hr_velocity_summarize(const hr_velocity_answer *answers, size_t rows,
                                const double *truth, hr_velocity_summary *out,
                                hr_error *err) {
  hr_status status = HR_OK;
  double *off = NULL, *pull = NULL, *sigma = NULL;
  size_t known = 0, pulls = 0;
  *out = (hr_velocity_summary){.rows = rows};
  HR_TRY(hr_alloc(&off, rows, err));
  HR_TRY(hr_alloc(&pull, rows, err));
  HR_TRY(hr_alloc(&sigma, rows, err));
  for (size_t i = 0; i < rows; i++) {
    const hr_velocity_answer *a = &answers[i];
    out->none += (a->flags & HR_VELOCITY_NONE) != 0;
    out->edge += (a->flags & HR_VELOCITY_EDGE) != 0;
    out->doubtful += (a->flags & HR_VELOCITY_DOUBTFUL) != 0;
    if (a->sigma > 0) sigma[known++] = a->sigma;
    if (!truth || a->flags || !isfinite(truth[i])) continue;
    off[out->compared++] = a->rv - truth[i];
    if (a->sigma > 0) pull[pulls++] = (a->rv - truth[i]) / a->sigma;
  }
  out->sigma = median_of(sigma, known);
  out->bias = median_of(off, out->compared);
  out->scatter = scatter_of(off, out->compared, out->bias);
  out->pull = scatter_of(pull, pulls, 0);
cleanup:
  hr_free(off);
  hr_free(pull);
  hr_free(sigma);
  return status;
}
