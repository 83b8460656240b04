/* Rows that were kept on disk are read back, some of them together on as many threads,
 * and added in their order. */
#include "methods/ridge/low_memory.h"

#include "core/alloc.h"
#include "core/parallel.h"
#include "methods/ridge/parts.h"

/* Rows read back together, each on a thread. */
enum { ROWS_AT_A_TIME = 64 };

/* Rows between two words of progress. */
enum { TOLD_ROWS = 4096 };

/* Reading the rows of one model back. */
typedef struct replay {
  const hr_learner *learner;
  size_t m; /* whose rows they are */
  hr_ridge_sums *into;
  float *scratch; /* [ROWS_AT_A_TIME][P] */
  size_t pixels, count;
  uint32_t number[ROWS_AT_A_TIME]; /* in the store */
  size_t row[ROWS_AT_A_TIME];      /* in the study */
  const float *x[ROWS_AT_A_TIME];  /* NULL where it could not be read */
} replay;

/* Whether model m gets the row itself. */
static bool has_row(const hr_learner *learner, size_t m, size_t row) {
  int32_t bin = learner->study->train.bin[row];
  return m == learner->study->bin_count ? hr_ridge_is_global_row(learner, bin)
                                        : bin == (int32_t)m;
}

static void read_row_back(void *context, size_t i, size_t thread) {
  (void)thread;
  replay *r = context;
  const hr_row_store *store = r->learner->models[r->m].rows;
  r->x[i] = hr_row_store_get(store, r->number[i], r->scratch + i * r->pixels);
}

/* Adds the rows that are together. */
static hr_status add_replayed(replay *r, hr_error *err) {
  const hr_split_view *train = &r->learner->study->train;
  hr_parallel_for(r->count, read_row_back, r);
  for (size_t i = 0; i < r->count; i++) {
    if (!r->x[i]) {
      char name[32];
      return hr_fail(err, HR_ERR_IO,
                     "cannot read back the rows of %s, which were kept in the run "
                     "directory while memory is short",
                     hr_ridge_name_of(r->learner, r->m, name));
    }
    double y[HR_MOST_TARGETS];
    hr_study_take_targets(r->learner->study, r->row[i], y);
    hr_ridge_sums_add(r->into, r->x[i], y, train->fold[r->row[i]]);
  }
  r->count = 0;
  return HR_OK;
}

/* Adds the rows that model m kept, those of the folds [first, end), to sums that there
 * is room for. */
static hr_status replay_rows(const hr_learner *learner, size_t m, size_t first,
                             size_t end, hr_ridge_sums *into, hr_error *err) {
  hr_status status = HR_OK;
  const hr_split_view *train = &learner->study->train;
  size_t at = 0;
  replay r = {.learner = learner, .m = m, .into = into, .pixels = learner->study->pixels};
  HR_TRY(hr_alloc(&r.scratch, ROWS_AT_A_TIME * r.pixels, err));
  for (size_t row = 0; row < train->rows; row++) {
    if (!has_row(learner, m, row)) continue;
    size_t fold = train->fold[row], number = at++;
    if (fold < first || fold >= end) continue;
    r.number[r.count] = (uint32_t)number;
    r.row[r.count++] = row;
    if (r.count == ROWS_AT_A_TIME) HR_TRY(add_replayed(&r, err));
    if (at % TOLD_ROWS == 0) HR_TRY(hr_ridge_tell_progress(&learner->progress, err));
  }
  HR_TRY(add_replayed(&r, err));
cleanup:
  hr_free(r.scratch);
  return status;
}

hr_status hr_ridge_gather_rows(hr_learner *learner, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_model *model = &learner->models[m];
  HR_TRY(hr_ridge_sums_open(&model->sums, model->shape.rows, &learner->pool, err));
  HR_TRY(replay_rows(learner, m, 0, model->sums.fold_count, &model->sums, err));
  hr_row_store_destroy(&model->rows);
cleanup:
  if (status != HR_OK) hr_ridge_sums_put(&model->sums, &learner->pool);
  return status;
}

hr_status hr_ridge_make_fold(hr_learner *learner, size_t m, size_t f, hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_sums *sums = &learner->models[m].sums;
  HR_TRY(hr_ridge_pool_take(&learner->pool, &sums->folds[f], err));
  HR_TRY(replay_rows(learner, m, f, f + 1, sums, err));
  hr_scatter_close(sums->folds[f]);
cleanup:
  return status;
}

hr_status hr_ridge_sum_folds_in_turn(hr_learner *learner, size_t m, hr_scatter *total,
                                     hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_model *model = &learner->models[m];
  const hr_ridge_model *global = hr_ridge_global(learner);
  hr_scatter_close(total);
  for (size_t f = 0; f < model->sums.fold_count; f++) {
    HR_TRY(hr_ridge_make_fold(learner, m, f, err));
    hr_scatter_merge(total, model->sums.folds[f]);
    if (hr_ridge_is_part(learner)) {
      HR_TRY(hr_ridge_leave_fold(learner, m, f, err));
    } else if (!learner->options.bins_alone) {
      hr_scatter_merge(global->sums.folds[f], model->sums.folds[f]);
    }
    model->folds_handed = f + 1;
    hr_ridge_pool_put(&learner->pool, &model->sums.folds[f]);
  }
cleanup:
  return status;
}

hr_status hr_ridge_replay_to_global(hr_learner *learner, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_sums *global = &hr_ridge_global(learner)->sums;
  size_t folds = global->fold_count, handed = learner->models[m].folds_handed;
  if (handed == folds) return HR_OK;
  for (size_t f = handed; f < folds; f++) HR_TRY(hr_scatter_open(global->folds[f], err));
  HR_TRY(replay_rows(learner, m, handed, folds, global, err));
cleanup:
  hr_ridge_sums_close(global);
  return status;
}
