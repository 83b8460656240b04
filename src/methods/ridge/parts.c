/* A record is written behind the file that it needs, so that what has one is whole. */
#include "methods/ridge/parts.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "models/linear.h"

bool hr_ridge_is_part(const hr_learner *learner) {
  return learner->study->wanted != NULL;
}

static bool is_global(const hr_learner *learner, size_t m) {
  return m == learner->study->bin_count;
}

/* Whether a bin's sums go to the global model. */
static bool is_added_up(const hr_learner *learner, size_t m) {
  return !is_global(learner, m) && !learner->options.bins_alone &&
         learner->models[m].shape.form == HR_RIDGE_PRIMAL;
}

static bool adds_up_bins(const hr_learner *learner) {
  for (size_t m = 0; m < learner->study->bin_count; m++) {
    if (is_added_up(learner, m)) return true;
  }
  return false;
}

bool hr_ridge_is_trained_here(const hr_learner *learner, size_t m) {
  if (learner->models[m].state != HR_RIDGE_HERE) return false;
  bool is_left = is_global(learner, m) && hr_ridge_is_part(learner);
  return !is_left || !adds_up_bins(learner);
}

/* The rows that the file of a model sums up. */
static size_t rows_of_file(const hr_learner *learner, size_t m) {
  size_t rows = learner->models[m].shape.rows;
  for (size_t k = 0; is_global(learner, m) && k < m; k++) {
    if (is_added_up(learner, k)) rows -= learner->models[k].shape.rows;
  }
  return rows;
}

static hr_gathered_shape shape_of_file(const hr_learner *learner, size_t m) {
  const size_t *rows = NULL;
  const hr_study_view *study = learner->study;
  bool of_all = is_global(learner, m), has_held = of_all && learner->held;
  return (hr_gathered_shape){
      .pixels = study->pixels,
      .targets = hr_study_targets(study),
      .folds = study->fold_count,
      .rows = rows_of_file(learner, m),
      .held = has_held ? hr_held_rows_of(learner->held, m, &rows) : 0,
      .has_noise = of_all && hr_ridge_integrates_noise(study, &learner->options)};
}

static hr_status path_of_file(const hr_learner *learner, size_t m, char **path,
                              hr_error *err) {
  const hr_store *store = &learner->study->store;
  return store->gathered(store->context, is_global(learner, m) ? HR_GLOBAL : (int)m, path,
                         err);
}

/* Looks for the file of a model; model->gathered is set where it is whole. */
static hr_status find_file(hr_learner *learner, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  const hr_gathered_shape shape = shape_of_file(learner, m);
  HR_TRY(path_of_file(learner, m, &path, err));
  HR_TRY(hr_gathered_check(path, &shape, err));
  hr_free(learner->models[m].gathered);
  learner->models[m].gathered = path;
  path = NULL;
cleanup:
  hr_free(path);
  return status;
}

static hr_status load_model(hr_learner *learner, const hr_fit *kept, const char *folder,
                            size_t m, hr_error *err) {
  hr_status status = HR_OK;
  hr_trained again = {.model = NULL};
  const hr_model_place place = {folder, learner->study->pixels, 1, &kept->slot, 1};
  HR_TRY(hr_linear_type.load(&place, &again.model, err));
  if (again.model->variant_count != kept->variant_count) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s has %zu models, its record tells of %zu",
                     folder, again.model->variant_count, kept->variant_count);
    goto cleanup;
  }
  again.model->target = kept->target;
  again.model->chosen = kept->chosen;
  HR_TRY(hr_fit_copy(kept, &again.fit, err));
  hr_trained *own = hr_ridge_back(learner, kept->target, m);
  hr_trained_fini(own);
  *own = again;
  again = (hr_trained){.model = NULL};
cleanup:
  hr_trained_fini(&again);
  return status;
}

/* Whether all that there is to be of a model has been taken back. */
static bool is_back(const hr_learner *learner, size_t m) {
  for (size_t t = 0; t < hr_study_targets(learner->study); t++) {
    if (!learner->back[t * (learner->study->bin_count + 1) + m].model) return false;
  }
  return !is_added_up(learner, m) || learner->models[m].gathered;
}

hr_status hr_ridge_models_resume(hr_learner *learner, const hr_fit *kept,
                                 const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = learner->study->bin_count;
  size_t m = kept->slot == HR_GLOBAL ? bins : (size_t)kept->slot;
  hr_ridge_model *model = &learner->models[m];
  bool is_sums = m == bins && kept->status != HR_FIT_OK;
  bool needs_file = kept->target == 0 && (is_sums || is_added_up(learner, m));
  if (needs_file) HR_TRY(find_file(learner, m, err));
  if (is_sums) goto cleanup;
  HR_TRY(load_model(learner, kept, folder, m, err));
  if (!is_back(learner, m)) goto cleanup;
  model->state = HR_RIDGE_BACK;
  hr_ridge_sums_fini(&model->sums);
  hr_row_store_destroy(&model->rows);
cleanup:
  return status;
}

bool hr_ridge_models_is_trained(const hr_learner *learner) {
  size_t bins = learner->study->bin_count;
  for (size_t m = 0; m <= bins; m++) {
    const hr_ridge_model *model = &learner->models[m];
    bool is_left = m == bins && model->gathered;
    bool is_to_be = model->state == HR_RIDGE_HERE && model->shape.form != HR_RIDGE_NONE;
    if (is_to_be && !is_left) return false;
  }
  return true;
}

hr_status hr_ridge_begin_leaving(hr_learner *learner, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  bool has_file = is_added_up(learner, m) && learner->study->keeper.keep;
  if (!hr_ridge_is_part(learner) || !has_file) return HR_OK;
  const hr_gathered_shape shape = shape_of_file(learner, m);
  HR_TRY(path_of_file(learner, m, &path, err));
  HR_TRY(hr_gathered_create(path, &shape, &learner->leaving, err));
cleanup:
  hr_free(path);
  return status;
}

hr_status hr_ridge_leave_fold(hr_learner *learner, size_t m, size_t f, hr_error *err) {
  if (!learner->leaving.file) return HR_OK;
  return hr_gathered_put_sums(&learner->leaving, learner->models[m].sums.folds[f], err);
}

/* Makes durable what is known of a model, of every target. */
static hr_status keep(hr_learner *learner, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  const hr_keeper *keeper = &learner->study->keeper;
  for (size_t t = 0; keeper->keep && t < hr_study_targets(learner->study); t++) {
    const hr_trained *out = hr_ridge_out(learner, t, m);
    HR_TRY(keeper->keep(keeper->context, out->model, &out->fit, err));
  }
cleanup:
  return status;
}

static bool has_all_models(const hr_learner *learner, size_t m) {
  for (size_t t = 0; t < hr_study_targets(learner->study); t++) {
    if (!hr_ridge_out(learner, t, m)->model) return false;
  }
  return true;
}

hr_status hr_ridge_leave_model(hr_learner *learner, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_model *model = &learner->models[m];
  if (!has_all_models(learner, m)) goto cleanup; /* it is tried once more by the whole */
  for (size_t f = model->folds_handed;
       learner->leaving.file && f < model->sums.fold_count; f++) {
    HR_TRY(hr_ridge_leave_fold(learner, m, f, err));
  }
  if (learner->leaving.file) HR_TRY(hr_gathered_commit(&learner->leaving, err));
  HR_TRY(keep(learner, m, err));
cleanup:
  hr_gathered_fini(&learner->leaving);
  if (!is_global(learner, m)) hr_ridge_sums_put(&model->sums, &learner->pool);
  return status;
}

static hr_status put_held_rows(hr_learner *learner, hr_gathered *file, hr_error *err) {
  hr_status status = HR_OK;
  const size_t *rows = NULL, pixels = learner->study->pixels;
  size_t count = hr_held_rows_of(learner->held, learner->study->bin_count, &rows);
  float *scratch = NULL;
  HR_TRY(hr_alloc(&scratch, pixels, err));
  for (size_t i = 0; i < count; i++) {
    double snr = hr_held_rows_snr(learner->held, rows[i]);
    const float *flux = hr_held_rows_flux(learner->held, rows[i], scratch);
    if (!flux) {
      status = hr_fail(err, HR_ERR_IO,
                       "cannot read back rows that %s kept in the run directory while "
                       "memory is short",
                       learner->options.name);
      goto cleanup;
    }
    HR_TRY(hr_gathered_put(file, flux, pixels * sizeof *flux, err));
    HR_TRY(hr_gathered_put(file, &snr, sizeof snr, err));
  }
cleanup:
  hr_free(scratch);
  return status;
}

hr_status hr_ridge_leave_global(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = learner->study->bin_count;
  hr_ridge_sums *sums = &learner->models[bins].sums;
  hr_gathered *file = &learner->leaving;
  char *path = NULL;
  const hr_gathered_shape shape = shape_of_file(learner, bins);
  if (!learner->study->keeper.keep) return HR_OK;
  HR_TRY(path_of_file(learner, bins, &path, err));
  HR_TRY(hr_gathered_create(path, &shape, file, err));
  for (size_t f = 0; f < shape.folds; f++) {
    HR_TRY(hr_gathered_put_sums(file, sums->folds[f], err));
  }
  if (shape.has_noise) {
    size_t size = shape.folds * shape.pixels * sizeof *sums->noise;
    HR_TRY(hr_gathered_put(file, sums->noise, size, err));
  }
  if (shape.held > 0) HR_TRY(put_held_rows(learner, file, err));
  HR_TRY(hr_gathered_commit(file, err));
  for (size_t t = 0; t < shape.targets; t++) {
    hr_fit *fit = &hr_ridge_out(learner, t, bins)->fit;
    fit->status = HR_FIT_SKIPPED;
    snprintf(fit->note, sizeof fit->note, "its sums are gathered, of bins by their own");
  }
  HR_TRY(keep(learner, bins, err));
cleanup:
  hr_gathered_fini(file);
  hr_free(path);
  return status;
}

/* Adds the sums that a bin left to the global ones, fold by fold. */
static hr_status add_left_sums(hr_learner *learner, size_t m, hr_error *err) {
  hr_status status = HR_OK;
  hr_ridge_sums *global = &hr_ridge_global(learner)->sums;
  hr_gathered file = {.file = NULL};
  hr_scatter *sums = NULL;
  const hr_gathered_shape shape = shape_of_file(learner, m);
  HR_TRY(hr_gathered_open(learner->models[m].gathered, &shape, &file, err));
  for (size_t f = 0; f < shape.folds; f++) {
    HR_TRY(hr_ridge_pool_take(&learner->pool, &sums, err));
    hr_scatter_close(sums);
    HR_TRY(hr_gathered_get_sums(&file, sums, err));
    hr_scatter_merge(global->folds[f], sums);
    hr_ridge_pool_put(&learner->pool, &sums);
  }
  HR_TRY(hr_gathered_end(&file, err));
cleanup:
  hr_ridge_pool_put(&learner->pool, &sums);
  hr_gathered_fini(&file);
  return status;
}

hr_status hr_ridge_give_back(hr_learner *learner, size_t m, hr_error *err) {
  bool is_wanted = !hr_ridge_is_part(learner) && is_added_up(learner, m) &&
                   hr_ridge_global(learner)->state == HR_RIDGE_HERE;
  for (size_t t = 0; t < hr_study_targets(learner->study); t++) {
    hr_trained *out = hr_ridge_out(learner, t, m), *back = hr_ridge_back(learner, t, m);
    hr_trained_fini(out);
    *out = *back;
    *back = (hr_trained){.model = NULL};
  }
  return is_wanted ? add_left_sums(learner, m, err) : HR_OK;
}

/* The held rows of all rows alone, which are those that are left. */
static hr_status take_held_rows(hr_learner *learner, hr_gathered *file, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = learner->study->bin_count, pixels = learner->study->pixels;
  const size_t *rows = NULL;
  hr_study_view of_all = *learner->study;
  bool wanted[HR_MOST_BINS + 1] = {false};
  float *flux = NULL;
  wanted[bins] = true;
  of_all.wanted = wanted;
  hr_held_rows_destroy(&learner->held);
  HR_TRY(hr_held_rows_create(&of_all, hr_ridge_held_most(&learner->options),
                             &learner->held, err));
  HR_TRY(hr_alloc(&flux, pixels, err));
  size_t count = hr_held_rows_of(learner->held, bins, &rows);
  for (size_t i = 0; i < count; i++) {
    double snr = 0;
    HR_TRY(hr_gathered_get(file, flux, pixels * sizeof *flux, err));
    HR_TRY(hr_gathered_get(file, &snr, sizeof snr, err));
    HR_TRY(hr_held_rows_put(learner->held, rows[i], flux, snr, err));
  }
cleanup:
  hr_free(flux);
  return status;
}

hr_status hr_ridge_take_global(hr_learner *learner, hr_error *err) {
  hr_status status = HR_OK;
  size_t bins = learner->study->bin_count;
  hr_ridge_model *global = &learner->models[bins];
  hr_gathered file = {.file = NULL};
  const hr_gathered_shape shape = shape_of_file(learner, bins);
  HR_TRY(hr_gathered_open(global->gathered, &shape, &file, err));
  if (global->rows) {
    hr_row_store_destroy(&global->rows);
    HR_TRY(hr_ridge_sums_open(&global->sums, shape.rows, &learner->pool, err));
  }
  hr_ridge_sums_close(&global->sums);
  for (size_t f = 0; f < shape.folds; f++) {
    HR_TRY(hr_gathered_get_sums(&file, global->sums.folds[f], err));
  }
  if (shape.has_noise) {
    size_t size = shape.folds * shape.pixels * sizeof *global->sums.noise;
    HR_TRY(hr_gathered_get(&file, global->sums.noise, size, err));
  }
  if (shape.held > 0) HR_TRY(take_held_rows(learner, &file, err));
  HR_TRY(hr_gathered_end(&file, err));
cleanup:
  hr_gathered_fini(&file);
  return status;
}
