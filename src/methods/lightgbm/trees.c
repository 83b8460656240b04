/* LightGBM's parameters, its errors, and the loop that grows one tree after the other. */
#include "methods/lightgbm/trees.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/observe.h"
#include "methods/lightgbm/cost.h"

/* Whether any OpenCL platform is installed, where LightGBM's own loader looks. Asking
 * LightGBM instead would make it print to the standard error stream. */
bool hr_grower_has_opencl(void) {
  const char *folder = getenv("OCL_ICD_VENDORS");
  DIR *directory = opendir(folder && *folder ? folder : "/etc/OpenCL/vendors");
  bool found = false;
  if (!directory) return false;
  for (struct dirent *entry = readdir(directory); entry && !found;
       entry = readdir(directory)) {
    found = strstr(entry->d_name, ".icd") != NULL;
  }
  closedir(directory);
  return found;
}

hr_grower hr_grower_make(const hr_lightgbm_api *api, const hr_study_view *study,
                         const hr_lightgbm_parameters *parameters) {
  bool automatic = strcmp(parameters->device, "auto") == 0, gpu = automatic;
  if (automatic && parameters->quantized) {
    gpu = false;
  } else if (automatic && !hr_grower_has_opencl()) {
    gpu = false;
    hr_observe_info(study->observer,
                    "LightGBM: no OpenCL platform on this machine, trees are grown on "
                    "the CPU");
  }
  return (hr_grower){
      .api = api,
      .parameters = parameters,
      .observer = study->observer,
      .pixels = study->pixels,
      .device = !automatic ? parameters->device
                : gpu      ? "gpu"
                           : "cpu",
      .may_fall_back = gpu,
      .seed = study->seed,
      .progress = {.stage = "growing LightGBM trees", .unit = "trees"},
  };
}

hr_status hr_grower_check(const hr_lightgbm_api *api, int code, hr_error *err) {
  static const char *const out_of_memory[] = {"bad_alloc", "out of memory",
                                              "Memory Object Allocation Failure",
                                              "Out of Resources", "Out of Host Memory"};
  if (code == 0) return HR_OK;
  const char *reason = api->last_error();
  hr_status status = HR_ERR_NUMERIC;
  for (size_t i = 0; i < sizeof out_of_memory / sizeof out_of_memory[0]; i++) {
    if (strstr(reason, out_of_memory[i])) status = HR_ERR_MEMORY;
  }
  /* Some of its reasons have two lines. */
  size_t first = strcspn(reason, "\n");
  const char *second = reason[first] == '\n' ? reason + first + 1 : "";
  return hr_fail(err, status, "LightGBM says: %.*s%s%s", (int)first, reason,
                 *second ? " " : "", second);
}

/* LightGBM's seed is a C int. */
static int seed_of(uint64_t seed) {
  return (int)((seed ^ (seed >> 32)) & 0x7fffffff);
}

static void append_number(const char *name, double value, hr_text *out) {
  char text[HR_FIELD_NUMBER_BYTES];
  hr_field_format_number(value, text);
  hr_text_append(out, " %s=%s", name, text);
}

hr_status hr_grower_describe(const hr_grower *grower, const hr_tree_size *size,
                             hr_text *out, hr_error *err) {
  const hr_lightgbm_parameters *p = grower->parameters;
  /* enable_bundle looks for pixels that are never non-zero together: spectra have none,
   * and looking takes as long as 50 trees. */
  hr_text_append(out,
                 "objective=regression device_type=%s seed=%d deterministic=true "
                 "force_col_wise=true enable_bundle=false verbosity=-1 "
                 "num_iterations=%" PRId64 " max_depth=%" PRId64 " num_leaves=%" PRId64
                 " bagging_freq=%" PRId64 " min_data_in_leaf=%" PRId64 " max_bin=%" PRId64
                 " bin_construct_sample_cnt=%" PRId64,
                 grower->device, seed_of(grower->seed), p->n_estimators, p->max_depth,
                 size->num_leaves, p->bagging_freq, size->min_child_samples, p->max_bin,
                 p->subsample_for_bin);
  append_number("learning_rate", p->learning_rate, out);
  append_number("feature_fraction", p->feature_fraction, out);
  append_number("bagging_fraction", p->bagging_fraction, out);
  append_number("lambda_l1", p->reg_alpha, out);
  append_number("lambda_l2", p->reg_lambda, out);
  /* Rounded at random, gradients would be others for another number of threads. */
  if (p->quantized) {
    hr_text_append(out, " use_quantized_grad=true stochastic_rounding=false");
  }
  /* In single precision, sums of a GPU are others in every run. */
  if (strcmp(grower->device, "gpu") == 0) hr_text_append(out, " gpu_use_dp=true");
  return hr_text_status(out, err);
}

/* LightGBM makes room for a histogram of every leaf unless told how much to take; told
 * less than it uses it makes histograms again, with other roundings, so this is exact. In
 * MiB, and half a histogram more, since LightGBM rounds down. */
static hr_status limit_histograms(const hr_grower *grower, const hr_tree_size *size,
                                  void *train, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t values = 0;
  if (strcmp(grower->device, "cpu") != 0) return HR_OK;
  for (size_t p = 0; p < grower->pixels; p++) {
    int own = 0;
    int code = grower->api->dataset_get_feature_num_bin(train, (int)p, &own);
    HR_TRY(hr_grower_check(grower->api, code, err));
    values += (size_t)own;
  }
  size_t count = hr_lightgbm_histograms(grower->parameters->max_depth, size->num_leaves);
  double bytes = (double)values * HR_LIGHTGBM_BYTES_PER_VALUE;
  if (values > 0) {
    append_number("histogram_pool_size", ((double)count + 0.5) * bytes / 1048576, out);
  }
cleanup:
  return status;
}

static hr_status create_booster(hr_grower *grower, const hr_tree_size *size, void *train,
                                void **booster, hr_error *err) {
  hr_status status = HR_OK;
  hr_text text;
  hr_text_init(&text);
  HR_TRY(hr_grower_describe(grower, size, &text, err));
  HR_TRY(limit_histograms(grower, size, train, &text, err));
  HR_TRY(hr_text_status(&text, err));
  int code = grower->api->booster_create(train, text.bytes, booster);
  status = hr_grower_check(grower->api, code, err);
  if (status != HR_OK && grower->may_fall_back) {
    hr_observe_info(grower->observer,
                    "LightGBM cannot use a GPU here (%s), trees are grown on the CPU",
                    grower->api->last_error());
    grower->device = "cpu";
    grower->may_fall_back = false;
    status = create_booster(grower, size, train, booster, err);
  }
  if (status == HR_ERR_NUMERIC && strcmp(grower->device, "cpu") != 0) {
    hr_error reason = *err;
    status = hr_fail(err, HR_ERR_NUMERIC, "%s; device: auto or cpu grows trees here",
                     reason.message);
  }
  if (status == HR_OK) grower->may_fall_back = false;
cleanup:
  hr_text_fini(&text);
  return status;
}

hr_status hr_grower_watch(hr_grower *grower, hr_error *err) {
  hr_progress now = grower->progress;
#pragma omp atomic read
  now.done = grower->progress.done;
  /* A model that is grown anew with smaller trees is not in the total. */
  if (now.done > now.total) now.done = now.total;
  hr_status status = hr_observe_progress(grower->observer, &now, err);
  if (status == HR_OK) return HR_OK;
#pragma omp atomic write
  grower->stop = true;
  return status;
}

static hr_status tell_tree(hr_grower *grower, hr_error *err) {
  bool stop;
#pragma omp atomic update
  grower->progress.done++;
  if (!grower->is_shared) return hr_grower_watch(grower, err);
#pragma omp atomic read
  stop = grower->stop;
  if (!stop) return HR_OK;
  return hr_fail(err, HR_ERR_INTERRUPTED, "interrupted while %s", grower->progress.stage);
}

hr_status hr_grower_grow(hr_grower *grower, const hr_tree_size *size, hr_tree_data data,
                         void **booster, int64_t *grown, hr_error *err) {
  hr_status status = HR_OK;
  const hr_lightgbm_api *api = grower->api;
  const hr_lightgbm_parameters *p = grower->parameters;
  double start = hr_clock_seconds();
  void *made = NULL;
  HR_TRY(create_booster(grower, size, data.train, &made, err));
  if (data.valid) {
    HR_TRY(hr_grower_check(api, api->booster_add_valid_data(made, data.valid), err));
  }
  for (*grown = 0; *grown < p->n_estimators; ++*grown) {
    /* A tree that finds nothing to split is no end: the next one sees other pixels. So
     * does LightGBM's Python package. */
    int is_finished = 0;
    if (p->time_limit > 0 && hr_clock_seconds() - start > p->time_limit) break;
    HR_TRY(hr_grower_check(api, api->booster_update_one_iter(made, &is_finished), err));
    HR_TRY(tell_tree(grower, err));
  }
  *booster = made;
  made = NULL;
cleanup:
  if (made) api->booster_free(made);
  return status;
}
