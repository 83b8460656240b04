/* Spectra at rest, before anything is learnt of them (study/velocities.h). */
#include "study/velocities.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "core/text.h"
#include "data/rest.h"

/* What simulated stars, and most catalogues, call the truth that fits are held against.
 */
static const char truth_label[] = "rv";

/* --- of a label --- */

static hr_status check_label(const char *name, const double *values, size_t rows,
                             hr_error *err) {
  for (size_t i = 0; i < rows; i++) {
    if (fabs(values[i]) <= HR_REST_FASTEST) continue;
    return hr_fail(err, HR_ERR_DATA,
                   "data.rv: the label %s is %g at row %zu (counted from 0), beyond %g "
                   "km/s; give velocities in km/s",
                   name, values[i], i, HR_REST_FASTEST);
  }
  return HR_OK;
}

static hr_status take_label(hr_velocities *v, const char *name, hr_dataset *const sets[2],
                            hr_error *err) {
  hr_status status = HR_OK;
  const double *values[2] = {NULL, NULL};
  double *own = NULL;
  v->range[0] = INFINITY;
  v->range[1] = -INFINITY;
  for (int s = 0; s < 2; s++) {
    size_t rows = hr_dataset_rows(sets[s]);
    hr_error reason = {.status = HR_OK};
    status = hr_dataset_label(sets[s], name, true, &values[s], &reason);
    if (status != HR_OK) {
      bool is_number = *name && name[strspn(name, "+-.0123456789")] == '\0';
      status = hr_fail(err, status, "data.rv: %s%s", reason.message,
                       is_number ? "; one velocity of all stars is none of them: give a "
                                   "label, fit, or 0 for stars at rest"
                                 : "");
      goto cleanup;
    }
    HR_TRY(check_label(name, values[s], rows, err));
    for (size_t i = 0; i < rows; i++) {
      v->range[0] = fmin(v->range[0], values[s][i]);
      v->range[1] = fmax(v->range[1], values[s][i]);
    }
  }
  for (int s = 0; s < 2; s++) {
    size_t rows = hr_dataset_rows(sets[s]);
    HR_TRY(hr_alloc(&own, rows, err));
    memcpy(own, values[s], rows * sizeof *own);
    HR_TRY(hr_dataset_bring_to_rest(sets[s], &own, v->range, s == 0, err));
  }
cleanup:
  hr_free(own);
  return status;
}

/* --- measured --- */

static hr_stream_options stream_of(const hr_config *config, bool training) {
  hr_stream_options options = hr_stream_options_default();
  bool stored = !training && strcmp(config->data.noise.test, "stored") == 0;
  options.memory_bytes = (size_t)config->run.memory_mib << 18; /* a quarter */
  options.block_rows = (size_t)config->run.block_rows;
  options.noise.source = stored ? HR_NOISE_STORED : HR_NOISE_GENERATED;
  options.noise.level = config->data.noise.level;
  options.noise.seed = (uint64_t)config->data.noise.seed;
  options.noise.stream = training ? HR_STREAM_VELOCITY : HR_STREAM_NOISE_TEST;
  return options;
}

/* The pixels of rows that are still where they were, in the study's unit. */
static hr_status learn(const hr_config *config, const hr_dataset *dataset,
                       hr_conditioning *out, hr_error *err) {
  hr_conditioning_sample sample;
  const hr_conditioning_wish wish = {
      .clip = HR_CLIP_NEVER, .mask_bits = config->data.mask_bits, .keeps_zero = true};
  return hr_conditioning_learn(dataset, &wish, out, &sample, err);
}

static void tell(const char *set, const hr_velocity_summary *s,
                 const hr_observer *observer) {
  hr_observe_info(observer,
                  "velocities of %zu %s rows: median sigma %.2f km/s; %zu at an end of "
                  "the range, %zu doubtful, %zu none",
                  s->rows, set, s->sigma, s->edge, s->doubtful, s->none);
  if (s->compared == 0) return;
  hr_observe_info(observer,
                  "against the label %s, %zu %s rows without a flag: bias %.2f km/s, "
                  "scatter %.2f km/s, %.2f sigma",
                  truth_label, s->compared, set, s->bias, s->scatter, s->pull);
}

typedef struct velocity_fits {
  hr_velocities *found;
  const hr_velocity *velocity;
  const hr_observer *observer;
} velocity_fits;

/* Of one set, which is brought to rest by them. */
static hr_status fit_set(const velocity_fits *fits, const hr_velocity_set *set,
                         hr_dataset *dataset, hr_velocity_summary *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = hr_dataset_rows(dataset);
  hr_velocity_answer *answers = NULL;
  const double *truth = NULL;
  double *own = NULL;
  bool is_train = set->streaming.noise.stream == HR_STREAM_VELOCITY;
  HR_TRY(hr_alloc(&answers, rows, err));
  HR_TRY(hr_alloc(&own, rows, err));
  HR_TRY(hr_velocity_measure(fits->velocity, set, fits->observer, answers, err));
  if (hr_dataset_label(dataset, truth_label, false, &truth, NULL) != HR_OK) truth = NULL;
  HR_TRY(hr_velocity_summarize(answers, rows, truth, out, err));
  for (size_t i = 0; i < rows; i++) own[i] = answers[i].rv;
  HR_TRY(hr_dataset_bring_to_rest(dataset, &own, fits->found->range, is_train, err));
cleanup:
  hr_free(answers);
  hr_free(own);
  return status;
}

static hr_status check_range(const hr_config *config, hr_error *err) {
  size_t count = config->data.rv_range.count;
  if (count == 2) return HR_OK;
  return hr_fail(
      err, HR_ERR_CONFIG,
      "%s: data.rv_range has %zu number%s; give two, from and to which velocity "
      "(km/s) is looked",
      config->path, count, hr_plural(count));
}

static hr_status fit(hr_velocities *v, const hr_config *config, hr_dataset *const sets[2],
                     const hr_observer *observer, hr_error *err) {
  static const char *const stages[2] = {"measuring training velocities",
                                        "measuring test velocities"};
  static const char *const names[2] = {"training", "test"};
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  hr_velocity *velocity = NULL;
  hr_conditioning rows = hr_conditioning_plain();
  status = hr_velocity_create(hr_dataset_wave(sets[0]), hr_dataset_pixels(sets[0]),
                              v->range, &velocity, &reason);
  if (status != HR_OK) {
    status = hr_fail(err, status == HR_ERR_MISSING ? HR_ERR_DATA : status,
                     "data.rv: velocities are measured with the built-in model grid, and "
                     "%s; name a label that has them",
                     reason.message);
    goto cleanup;
  }
  HR_TRY(learn(config, sets[0], &rows, err));
  for (int s = 0; s < 2; s++) {
    hr_velocity_set set = {sets[s], stream_of(config, s == 0), stages[s]};
    set.streaming.conditioning = &rows;
    const velocity_fits fits = {v, velocity, observer};
    HR_TRY(fit_set(&fits, &set, sets[s], &v->sets[s], err));
    tell(names[s], &v->sets[s], observer);
  }
cleanup:
  hr_conditioning_fini(&rows);
  hr_velocity_destroy(&velocity);
  return status;
}

static void fill_told(hr_velocities *v, const char *how) {
  v->told = (hr_results_velocities){
      .how = how, .low = v->range[0], .high = v->range[1], .are_fitted = v->are_fitted};
  for (int s = 0; s < 2; s++) {
    const hr_velocity_summary *set = &v->sets[s];
    v->told.sets[s] = (hr_results_velocity_set){set->rows,     set->none,     set->edge,
                                                set->doubtful, set->compared, set->sigma,
                                                set->bias,     set->scatter,  set->pull};
  }
}

hr_status hr_velocities_find(hr_velocities *velocities, const hr_config *config,
                             hr_dataset *train, hr_dataset *test,
                             const hr_observer *observer, hr_error *err) {
  hr_dataset *const sets[2] = {train, test};
  const char *how = config->data.rv;
  *velocities = (hr_velocities){.are_used = strcmp(how, "0") != 0,
                                .are_fitted = strcmp(how, "fit") == 0};
  if (!velocities->are_used) return HR_OK;
  hr_status status = HR_OK;
  if (velocities->are_fitted) {
    HR_TRY(check_range(config, err));
    memcpy(velocities->range, config->data.rv_range.items, sizeof velocities->range);
    status = fit(velocities, config, sets, observer, err);
  } else {
    status = take_label(velocities, how, sets, err);
  }
  fill_told(velocities, how);
cleanup:
  return status;
}
