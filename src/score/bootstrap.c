/* Draws by counting how often a row is drawn, group by group: sums of a range of groups
 * are then sums over groups. */
#include "score/bootstrap.h"
#include "core/quantile.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/probability.h"
#include "core/random.h"
#include "score/metrics.h"

/* The target in one draw and group. */
typedef struct group_moments {
  double rows;
  double sum, squares; /* of y - center */
  double least, most;  /* of y - center: equal values are known exactly */
} group_moments;

struct hr_bootstrap {
  size_t group_count, method_count, draws;
  double *rows;   /* [group_count] */
  double *center; /* [group_count] a value of the group: small sums, no cancelling */
  group_moments *moments; /* [draws][group_count] */
  double *sse;            /* [draws][group_count][method_count] */
  double *statistic;      /* [draws] scratch of the queries */
};

/* What the threads share while drawing. */
typedef struct drawing {
  const hr_bootstrap_input *input;
  hr_bootstrap *bootstrap;
  double *squared_error; /* [rows][method_count], in the order of row_list */
  uint32_t *times;       /* [threads][rows] how often a row was drawn */
} drawing;

static void fill_squared_errors(const hr_bootstrap_input *input, double *squared_error) {
  for (size_t i = 0; i < input->rows; i++) {
    size_t row = input->row_list[i];
    for (size_t m = 0; m < input->method_count; m++) {
      double e = input->predictions[m][row] - input->target[row];
      squared_error[i * input->method_count + m] = e * e;
    }
  }
}

static void add_target(group_moments *moments, double y, double times) {
  if (moments->rows == 0 || y < moments->least) moments->least = y;
  if (moments->rows == 0 || y > moments->most) moments->most = y;
  moments->rows += times;
  moments->sum += times * y;
  moments->squares += times * y * y;
}

/* Places of the row list that are looked at together. */
enum { TOGETHER = 256 };

/* Writes which of the places first .. end-1 hold a drawn row, and says how many. Whether
 * one does is a coin, which no branch foresees. */
static size_t list_drawn(const hr_bootstrap_input *input, const uint32_t *times,
                         size_t first, size_t end, size_t drawn[TOGETHER]) {
  size_t count = 0;
  for (size_t i = first; i < end; i++) {
    drawn[count] = i;
    count += times[input->row_list[i]] > 0;
  }
  return count;
}

/* Sums the drawn rows of one group. Rows that were not drawn are skipped rather than
 * weighted by zero, since 0 * NaN is NaN. */
static void sum_group(const drawing *work, const uint32_t *times, size_t draw,
                      size_t group) {
  const hr_bootstrap_input *input = work->input;
  size_t methods = input->method_count, drawn[TOGETHER];
  size_t slot = draw * input->group_count + group, last = input->group_start[group + 1];
  group_moments *moments = &work->bootstrap->moments[slot];
  double *sse = work->bootstrap->sse + slot * methods;
  for (size_t first = input->group_start[group]; first < last; first += TOGETHER) {
    size_t end = first + TOGETHER < last ? first + TOGETHER : last;
    size_t count = list_drawn(input, times, first, end, drawn);
    for (size_t k = 0; k < count; k++) {
      size_t row = input->row_list[drawn[k]];
      double weight = (double)times[row];
      add_target(moments, input->target[row] - work->bootstrap->center[group], weight);
      const double *squared_error = work->squared_error + drawn[k] * methods;
      for (size_t m = 0; m < methods; m++) sse[m] += weight * squared_error[m];
    }
  }
}

static void draw_once(void *context, size_t draw, size_t thread) {
  const drawing *work = context;
  const hr_bootstrap_input *input = work->input;
  uint32_t *times = work->times + thread * input->rows;
  hr_count_uniform_below(input->seed, HR_STREAM_BOOTSTRAP, draw, input->rows,
                         (uint32_t)input->rows, times);
  for (size_t k = 0; k < input->group_count; k++) sum_group(work, times, draw, k);
}

static hr_status allocate(const hr_bootstrap_input *input, hr_bootstrap **out,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_bootstrap *bootstrap = NULL;
  size_t slots = input->draws * input->group_count;
  HR_TRY(hr_alloc(&bootstrap, 1, err));
  bootstrap->group_count = input->group_count;
  bootstrap->method_count = input->method_count;
  bootstrap->draws = input->draws;
  HR_TRY(hr_alloc(&bootstrap->rows, input->group_count, err));
  HR_TRY(hr_alloc(&bootstrap->center, input->group_count, err));
  HR_TRY(hr_alloc(&bootstrap->moments, slots, err));
  HR_TRY(hr_alloc(&bootstrap->sse, slots * input->method_count, err));
  HR_TRY(hr_alloc(&bootstrap->statistic, input->draws, err));
  for (size_t k = 0; k < input->group_count; k++) {
    size_t first = input->group_start[k];
    bool empty = first == input->group_start[k + 1];
    bootstrap->rows[k] = (double)(input->group_start[k + 1] - first);
    bootstrap->center[k] = empty ? 0.0 : input->target[input->row_list[first]];
  }
  *out = bootstrap;
  bootstrap = NULL;
cleanup:
  hr_bootstrap_destroy(&bootstrap);
  return status;
}

hr_status hr_bootstrap_create(const hr_bootstrap_input *input, hr_bootstrap **out,
                              hr_error *err) {
  hr_status status = HR_OK;
  drawing work = {.input = input};
  if (input->rows > UINT32_MAX) {
    return hr_fail(err, HR_ERR_DATA,
                   "%zu test rows are more than the %u that can be drawn", input->rows,
                   UINT32_MAX);
  }
  HR_TRY(allocate(input, &work.bootstrap, err));
  HR_TRY(hr_alloc(&work.squared_error, input->rows * input->method_count, err));
  HR_TRY(hr_alloc(&work.times, hr_thread_count() * input->rows, err));
  fill_squared_errors(input, work.squared_error);
  hr_parallel_for(input->draws, draw_once, &work);
  *out = work.bootstrap;
  work.bootstrap = NULL;
cleanup:
  hr_free(work.times);
  hr_free(work.squared_error);
  hr_bootstrap_destroy(&work.bootstrap);
  return status;
}

void hr_bootstrap_destroy(hr_bootstrap **bootstrap) {
  if (!*bootstrap) return;
  hr_free((*bootstrap)->rows);
  hr_free((*bootstrap)->center);
  hr_free((*bootstrap)->moments);
  hr_free((*bootstrap)->sse);
  hr_free((*bootstrap)->statistic);
  hr_free(*bootstrap);
  *bootstrap = NULL;
}

/* Puts two groups' moments together (Chan, Golub & LeVeque 1983): the squares here are
 * about the mean, `sum` is the mean. */
static void pool(group_moments *pooled, double rows, double mean, double squares) {
  double total = pooled->rows + rows;
  double step = mean - pooled->sum;
  pooled->squares += squares + step * step * pooled->rows * rows / total;
  pooled->sum += step * rows / total;
  pooled->rows = total;
}

double hr_bootstrap_draw_r2(const hr_bootstrap *bootstrap, size_t draw, size_t method,
                            hr_group_range range) {
  group_moments pooled = {.least = (double)INFINITY, .most = -(double)INFINITY};
  double sse = 0;
  for (size_t k = range.first; k < range.end; k++) {
    size_t slot = draw * bootstrap->group_count + k;
    const group_moments *group = &bootstrap->moments[slot];
    if (group->rows == 0) continue;
    double center = bootstrap->center[k];
    double mean = group->sum / group->rows;
    double squares = group->squares - group->rows * mean * mean;
    pool(&pooled, group->rows, center + mean, group->least < group->most ? squares : 0.0);
    pooled.least = fmin(pooled.least, center + group->least);
    pooled.most = fmax(pooled.most, center + group->most);
    sse += bootstrap->sse[slot * bootstrap->method_count + method];
  }
  bool varies = pooled.rows >= 2 && pooled.least < pooled.most && pooled.squares > 0;
  return varies ? 1.0 - sse / pooled.squares : (double)NAN;
}

double hr_bootstrap_tail(double rows) {
  const double z = 1.959963984540054; /* 0.975 of the normal */
  if (rows < 2) return 0;
  double t = hr_student_quantile(z, rows - 1);
  return 0.5 * erfc(sqrt(0.5 * rows / (rows - 1)) * t);
}

static double rows_of(const hr_bootstrap *bootstrap, hr_group_range range) {
  double rows = 0;
  for (size_t k = range.first; k < range.end; k++) rows += bootstrap->rows[k];
  return rows;
}

/* Sorts the defined draws of the statistic to the front; their number, or 0 where they
 * are too few. */
static size_t sort_draws(hr_bootstrap *bootstrap) {
  const double least_defined = 0.95;
  double *statistic = bootstrap->statistic;
  size_t defined = 0;
  for (size_t d = 0; d < bootstrap->draws; d++) {
    if (!isnan(statistic[d])) statistic[defined++] = statistic[d];
  }
  if ((double)defined < least_defined * (double)bootstrap->draws) return 0;
  hr_sort_numbers(statistic, defined);
  return defined;
}

static hr_interval interval_of(hr_bootstrap *bootstrap, double rows) {
  const double tail = hr_bootstrap_tail(rows);
  size_t defined = sort_draws(bootstrap);
  return (hr_interval){hr_quantile(bootstrap->statistic, defined, tail),
                       hr_quantile(bootstrap->statistic, defined, 1 - tail)};
}

hr_interval hr_bootstrap_r2(hr_bootstrap *bootstrap, size_t method,
                            hr_group_range range) {
  for (size_t d = 0; d < bootstrap->draws; d++) {
    bootstrap->statistic[d] = hr_bootstrap_draw_r2(bootstrap, d, method, range);
  }
  return interval_of(bootstrap, rows_of(bootstrap, range));
}

static void fill_deltas(hr_bootstrap *bootstrap, size_t method, size_t versus,
                        hr_group_range range) {
  for (size_t d = 0; d < bootstrap->draws; d++) {
    bootstrap->statistic[d] = hr_bootstrap_draw_r2(bootstrap, d, method, range) -
                              hr_bootstrap_draw_r2(bootstrap, d, versus, range);
  }
}

hr_interval hr_bootstrap_delta(hr_bootstrap *bootstrap, size_t method, size_t versus,
                               hr_group_range range) {
  fill_deltas(bootstrap, method, versus, range);
  return interval_of(bootstrap, rows_of(bootstrap, range));
}

hr_interval hr_bootstrap_share(hr_bootstrap *bootstrap, size_t method, size_t most,
                               size_t least, hr_group_range range) {
  for (size_t d = 0; d < bootstrap->draws; d++) {
    double zero = hr_bootstrap_draw_r2(bootstrap, d, least, range);
    double gain = hr_bootstrap_draw_r2(bootstrap, d, method, range) - zero;
    double whole = hr_bootstrap_draw_r2(bootstrap, d, most, range) - zero;
    bootstrap->statistic[d] = fabs(whole) > 0 ? gain / whole : (double)NAN;
  }
  return interval_of(bootstrap, rows_of(bootstrap, range));
}

double hr_bootstrap_delta_quantile(hr_bootstrap *bootstrap, size_t method, size_t versus,
                                   hr_group_range range, double p) {
  fill_deltas(bootstrap, method, versus, range);
  size_t defined = sort_draws(bootstrap);
  return hr_quantile(bootstrap->statistic, defined, p);
}

hr_interval hr_bootstrap_least_delta(hr_bootstrap *bootstrap, size_t method,
                                     size_t versus, const size_t *groups, size_t count) {
  double rows = (double)INFINITY;
  for (size_t g = 0; g < count; g++) rows = fmin(rows, bootstrap->rows[groups[g]]);
  for (size_t d = 0; d < bootstrap->draws; d++) {
    double least = count > 0 ? (double)INFINITY : (double)NAN;
    for (size_t g = 0; g < count; g++) {
      hr_group_range range = {groups[g], groups[g] + 1};
      double delta = hr_bootstrap_draw_r2(bootstrap, d, method, range) -
                     hr_bootstrap_draw_r2(bootstrap, d, versus, range);
      /* One undefined difference makes the least undefined. */
      if (isnan(delta) || delta < least) least = delta;
      if (isnan(delta)) break;
    }
    bootstrap->statistic[d] = least;
  }
  return interval_of(bootstrap, rows);
}
