/* Opening a file to predict. */
#include "predict/input.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "data/conditioning.h"
#include "data/label_doubts.h"
#include "data/label_index.h"
#include "data/shard.h"
#include "features/velocity_rows.h"

/* As data/dataset.c's: far above the rounding of fp32, far below a pixel. */
static const double wave_tolerance = 1e-6;

static hr_status check_grid(const hr_input_wish *wish, const hr_dataset *dataset,
                            const char *path, hr_error *err) {
  const hr_bundle_description *d = hr_engine_describe(wish->engine);
  const char *folder = hr_engine_folder(wish->engine);
  const double *wave = hr_dataset_wave(dataset);
  size_t pixels = hr_dataset_pixels(dataset);
  if (pixels != d->pixels) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s has %zu pixel%s a spectrum, but the bundle %s was trained on %zu; "
                   "resample the spectra to its wave.npy",
                   path, pixels, pixels == 1 ? "" : "s", folder, d->pixels);
  }
  for (size_t p = 0; p < pixels; p++) {
    if (fabs(wave[p] - d->wave[p]) <= wave_tolerance * fabs(d->wave[p])) continue;
    return hr_fail(err, HR_ERR_DATA,
                   "%s has pixel %zu at %.10g angstrom, but the bundle %s at %.10g; "
                   "resample the spectra to its wave.npy",
                   path, p, wave[p], folder, d->wave[p]);
  }
  return HR_OK;
}

/* Where the study's files have it. */
static const char *place_of(const hr_input_wish *wish, hr_place place) {
  const char *path = hr_engine_describe(wish->engine)->paths[place];
  return path ? path : hr_place_usual(place);
}

/* Where no spectrum has an error above 0, errors are not known and mark nothing, as in
 * the rows that a study trains on; else every pixel of the file would be a bad one. */
static hr_status drop_unknown_errors(hr_dataset *dataset, const char *path,
                                     const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  bool known = true;
  if (!hr_dataset_has_error(dataset) || !hr_dataset_has_flux(dataset)) return HR_OK;
  HR_TRY(hr_dataset_knows_errors(dataset, &known, err));
  if (known) return HR_OK;
  hr_dataset_drop_error(dataset);
  hr_observe_warning(observer,
                     "%s: no spectrum has an error above 0, so errors are taken as not "
                     "known, and mark no pixel as bad",
                     path);
cleanup:
  return status;
}

static hr_status check_error(const hr_input_wish *wish, const hr_input *input,
                             const char *path, hr_error *err) {
  const char *title = hr_engine_needs_error(wish->engine);
  bool has_error = input->survey ? hr_survey_describe(input->survey)->has_variance
                                 : hr_dataset_has_error(input->dataset);
  if (!title || has_error) return HR_OK;
  return hr_fail(
      err, HR_ERR_DATA,
      "%s has no error (%s), which %s has to know; supply it, or ask for "
      "another expert with --expert",
      path, input->survey ? "a column of errors" : place_of(wish, HR_PLACE_ERROR), title);
}

static hr_status choose_flux(const hr_input_wish *wish, const char *path, hr_input *input,
                             hr_error *err) {
  bool has_noisy = hr_dataset_has_noisy(input->dataset);
  if (wish->flux == HR_FLUX_NOISY && !has_noisy) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s holds no noisy spectra (neither %s nor %s); predict its flux with "
                   "--flux flux",
                   path, place_of(wish, HR_PLACE_NOISY), HR_SHARD_NOISY_ROOT);
  }
  if (wish->flux == HR_FLUX_FLUX && !hr_dataset_has_flux(input->dataset)) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s holds no flux (%s); predict its noisy spectra with --flux noisy",
                   path, place_of(wish, HR_PLACE_FLUX));
  }
  bool is_noisy = has_noisy && wish->flux != HR_FLUX_FLUX;
  input->observed = is_noisy ? HR_OBSERVED_NOISY : HR_OBSERVED_FLUX;
  return HR_OK;
}

/* What the file calls an axis: by its label or, where it has none of that name, as the
 * files of the study did. */
static const char *column_of(const hr_strings *names, const hr_bundle_axis *axis) {
  bool has_column = false;
  for (size_t i = 0; i < names->count; i++) {
    if (strcmp(names->items[i], axis->label) == 0) return axis->label;
    has_column |= axis->column && strcmp(names->items[i], axis->column) == 0;
  }
  return has_column ? axis->column : axis->label;
}

/* Of a bundle whose spectra were brought to rest by a label. */
static hr_status find_velocity(const hr_input_wish *wish, hr_input *input,
                               const char *path, hr_error *err) {
  const hr_mover *mover = hr_engine_mover(wish->engine);
  hr_error reason = {.status = HR_OK};
  if (!mover || !mover->label) return HR_OK;
  hr_status status =
      hr_dataset_label(input->dataset, mover->label, false, &input->given, &reason);
  if (status == HR_OK) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s has no label %s, by which the spectra of the bundle %s were brought "
                 "to rest; add it, or train a study with data.rv: fit",
                 path, mover->label, hr_engine_folder(wish->engine));
}

hr_status hr_input_bring_to_rest(const hr_input_wish *wish,
                                 const hr_stream_options *streaming, hr_input *input,
                                 const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  double *own = NULL;
  const hr_mover *mover = hr_engine_mover(wish->engine);
  if (!mover || !input->dataset) return HR_OK;
  HR_TRY(hr_alloc(&input->velocity, input->rows, err));
  HR_TRY(hr_alloc(&own, input->rows, err));
  if (mover->velocity) {
    const hr_velocity_set set = {input->dataset, *streaming, "measuring velocities"};
    HR_TRY(hr_velocity_measure(mover->velocity, &set, observer, input->velocity, err));
  }
  for (size_t i = 0; i < input->rows; i++) {
    if (input->given) input->velocity[i] = hr_velocity_given(input->given[i]);
    own[i] = input->velocity[i].rv;
  }
  const double range[2] = {mover->rest.low, mover->rest.high};
  HR_TRY(hr_dataset_bring_to_rest(input->dataset, &own, range, false, err));
cleanup:
  hr_free(own);
  return status;
}

static hr_status find_labels(const hr_input_wish *wish, hr_input *input, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = hr_engine_describe(wish->engine);
  if (hr_engine_router(wish->engine)->needs_labels) {
    HR_TRY(hr_alloc(&input->axes, d->axis_count, err));
    for (size_t a = 0; a < d->axis_count; a++) {
      const char *label = column_of(hr_dataset_label_names(input->dataset), &d->axes[a]);
      HR_TRY(hr_dataset_label(input->dataset, label, false, &input->axes[a].values, err));
      input->axes[a].precision = hr_dataset_precision(input->dataset, label, 0);
    }
  }
  HR_TRY(hr_alloc(&input->kept, wish->keep->count, err));
  HR_TRY(hr_alloc(&input->kept_whole, wish->keep->count, err));
  for (size_t k = 0; k < wish->keep->count; k++) {
    const char *name = wish->keep->items[k];
    HR_TRY(hr_dataset_label(input->dataset, name, false, &input->kept[k], err));
    HR_TRY(hr_dataset_integers(input->dataset, name, &input->kept_whole[k], err));
  }
cleanup:
  return status;
}

/* Opens the file; where it has all but the labels, says what they are wanted for. */
static hr_status open_dataset(const hr_input_wish *wish, const char *path,
                              const hr_observer *observer, hr_dataset **out,
                              hr_error *err) {
  const hr_router *router = hr_engine_router(wish->engine);
  const hr_mover *mover = hr_engine_mover(wish->engine);
  bool has_label = mover && mover->label;
  bool with_labels = router->needs_labels || wish->keep->count > 0 || has_label;
  hr_error reason = {.status = HR_OK};
  hr_dataset *bare = NULL;
  const hr_places places = hr_bundle_places(hr_engine_describe(wish->engine));
  hr_status status =
      hr_dataset_open_observed_at(path, with_labels, &places, observer, out, &reason);
  if (status == HR_OK) return HR_OK;
  bool is_bare =
      with_labels && status != HR_ERR_MEMORY &&
      hr_dataset_open_observed_at(path, false, &places, NULL, &bare, NULL) == HR_OK;
  hr_dataset_destroy(&bare);
  if (!is_bare) return hr_fail(err, status, "%s", reason.message);
  if (router->needs_labels) {
    return hr_fail(err, status,
                   "--router %s routes by labels, and %s; --router global needs none",
                   router->name, reason.message);
  }
  if (has_label) {
    return hr_fail(err, status,
                   "the bundle's spectra were brought to rest by the label %s, and %s",
                   mover->label, reason.message);
  }
  return hr_fail(err, status, "--keep takes labels, and %s", reason.message);
}

/* What a study asks of its files (data/label_doubts.h), where labels are used: labels in
 * another order than the spectra route them, and are carried along, to other stars. */
static hr_status check_order(const hr_input_wish *wish, const hr_input *input,
                             const char *path, const hr_observer *observer,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_look look = {.dataset = input->dataset};
  hr_doubts doubts = {0};
  hr_stream_options streaming = hr_stream_options_default();
  int64_t first = 0;
  bool uses_labels =
      hr_engine_router(wish->engine)->needs_labels || wish->keep->count > 0;
  const int64_t *index = hr_dataset_index(input->dataset, 0);
  if (wish->index == HR_INDEX_ROWS) return HR_OK;
  if (!uses_labels || !hr_index_is_shuffled(index, input->rows, &first)) return HR_OK;
  streaming.conditioning = hr_engine_conditioning(wish->engine);
  streaming.memory_bytes = (size_t)64 << 20;
  if (hr_dataset_has_error(input->dataset) && hr_dataset_has_flux(input->dataset)) {
    HR_TRY(hr_look_at(input->dataset, &streaming, &look, err));
  }
  HR_TRY(hr_doubt_indices(&look, &doubts, err));
  if (doubts.count == 0) goto cleanup;
  if (doubts.items[0].refuses) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s: the index of the labels says that they are in another order "
                     "than the spectra, and flux over error goes with the label snr in "
                     "that order alone; --index rows puts them in the order of "
                     "the spectra",
                     path);
    goto cleanup;
  }
  hr_observe_warning(observer,
                     "%s: the index of the labels is in another order than the rows; if "
                     "it says which spectrum a row of labels belongs to, follow it with "
                     "--index rows, else reset it",
                     path);
cleanup:
  hr_doubts_fini(&doubts);
  hr_look_fini(&look);
  return status;
}

/* --- files of surveys --- */

static hr_status take_columns(const hr_input_wish *wish, hr_input *input, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = hr_engine_describe(wish->engine);
  size_t axes = hr_engine_router(wish->engine)->needs_labels ? d->axis_count : 0;
  HR_TRY(hr_alloc(&input->taken, axes + wish->keep->count, err));
  HR_TRY(hr_alloc(&input->kept, wish->keep->count, err));
  HR_TRY(hr_alloc(&input->kept_whole, wish->keep->count, err));
  if (axes > 0) HR_TRY(hr_alloc(&input->axes, axes, err));
  for (size_t a = 0; a < axes; a++) {
    hr_table_column *column = &input->taken[input->taken_count++];
    const char *name = column_of(hr_survey_describe(input->survey)->columns, &d->axes[a]);
    HR_TRY(hr_survey_column(input->survey, name, column, err));
    input->axes[a] = (hr_bin_column){column->values, column->precision};
  }
  for (size_t k = 0; k < wish->keep->count; k++) {
    hr_table_column *column = &input->taken[input->taken_count++];
    HR_TRY(hr_survey_column(input->survey, wish->keep->items[k], column, err));
    input->kept[k] = column->values;
    input->kept_whole[k] = column->integers;
  }
cleanup:
  return status;
}

static hr_status open_survey(const hr_input_wish *wish, const char *path, hr_input *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_survey_open(wish->engine, path, &out->survey, err));
  if (wish->bits) HR_TRY(hr_survey_choose_bits(out->survey, wish->bits, err));
  out->rows = hr_survey_describe(out->survey)->objects;
  out->observed = HR_OBSERVED_FLUX;
  HR_TRY(check_error(wish, out, path, err));
  HR_TRY(take_columns(wish, out, err));
cleanup:
  return status;
}

/* --- opening --- */

hr_status hr_input_open(const hr_input_wish *wish, const char *path,
                        const hr_observer *observer, hr_input *out, hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_input){0};
  if (hr_fits_is_fits(path)) return open_survey(wish, path, out, err);
  if (wish->bits) {
    return hr_fail(err, HR_ERR_USAGE,
                   "--mask-bits chooses among the bits of surveys' masks, and %s is no "
                   "file of a survey; data.mask of the study says which bits of it count",
                   path);
  }
  HR_TRY(open_dataset(wish, path, observer, &out->dataset, err));
  HR_TRY(hr_dataset_tell_notes(out->dataset, observer, err));
  out->rows = hr_dataset_rows(out->dataset);
  if (out->rows == 0) {
    status = hr_fail(err, HR_ERR_EMPTY, "%s holds no spectra", path);
    goto cleanup;
  }
  HR_TRY(check_grid(wish, out->dataset, path, err));
  HR_TRY(drop_unknown_errors(out->dataset, path, observer, err));
  HR_TRY(check_error(wish, out, path, err));
  HR_TRY(choose_flux(wish, path, out, err));
  if (wish->index == HR_INDEX_ROWS) HR_TRY(hr_dataset_follow_index(out->dataset, err));
  HR_TRY(find_labels(wish, out, err));
  HR_TRY(find_velocity(wish, out, path, err));
  HR_TRY(check_order(wish, out, path, observer, err));
cleanup:
  return status;
}

void hr_input_fini(hr_input *input) {
  hr_dataset_destroy(&input->dataset);
  hr_survey_close(&input->survey);
  for (size_t i = 0; i < input->taken_count; i++) {
    hr_table_column_fini(&input->taken[i]);
  }
  hr_free(input->velocity);
  hr_free(input->taken);
  hr_free(input->axes);
  hr_free(input->kept);
  hr_free(input->kept_whole);
  *input = (hr_input){0};
}
