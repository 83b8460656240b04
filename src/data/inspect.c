/* What `headroom inspect` finds in one file: everything a study would look at, with what
 * is wrong gathered instead of ending the look at the first fault. */
#include "headroom/inspect.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "core/quantile.h"
#include "core/text.h"
#include "data/bins.h"
#include "data/fits/spectra.h"
#include "data/frame.h"
#include "data/inspect_parts.h"
#include "data/stream.h"

hr_status hr_inspect_add_problem(hr_inspection *inspection, hr_text *sentence,
                                 hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_text_status(sentence, err));
  HR_TRY(hr_realloc(&inspection->doubts, inspection->problem_count,
                    inspection->problem_count + 1, err));
  HR_TRY(hr_realloc(&inspection->problems, inspection->problem_count,
                    inspection->problem_count + 1, err));
  HR_TRY(hr_copy_text(sentence->bytes, &inspection->problems[inspection->problem_count],
                      err));
  inspection->problem_count++;
cleanup:
  hr_text_fini(sentence);
  return status;
}

/* Range and unusable rows of one column. */
static void look_at_values(const double *values, size_t rows, hr_inspected_label *out) {
  out->minimum = out->maximum = NAN;
  out->unusable = 0;
  for (size_t i = 0; i < rows; i++) {
    if (!isfinite(values[i])) {
      out->unusable++;
      continue;
    }
    out->minimum = fmin(out->minimum, values[i]); /* fmin passes over NaN */
    out->maximum = fmax(out->maximum, values[i]);
  }
}

/* Every study needs these two in every row. */
static bool is_axis(const char *name) {
  return strcmp(name, "T_eff") == 0 || strcmp(name, "M_H") == 0;
}

static hr_status look_at_notes(const hr_dataset *dataset, hr_inspection *inspection,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_strings notes = {0};
  hr_text sentence;
  hr_text_init(&sentence);
  HR_TRY(hr_dataset_notes(dataset, false, &notes, err));
  for (size_t i = 0; i < notes.count; i++) {
    hr_text_append(&sentence, "%s", notes.items[i]);
    HR_TRY(hr_inspect_add_problem(inspection, &sentence, err));
  }
cleanup:
  hr_text_fini(&sentence);
  hr_strings_fini(&notes);
  return status;
}

/* What a study does with rows that have no number, where it uses the label unless it is
 * told otherwise; NULL: it does not use it. */
static const char *fate_of(const char *name) {
  if (is_axis(name)) return "; a study refuses that";
  if (strcmp(name, "log_g") == 0) return "; a study refuses that where it is the target";
  if (strcmp(name, "snr") != 0) return NULL;
  return ", which are left out where rows are sorted by signal-to-noise ratio";
}

static hr_status add_unusable(hr_inspection *inspection, const hr_inspected_label *label,
                              hr_error *err) {
  const char *fate = fate_of(label->name);
  hr_text sentence;
  if (!fate) return HR_OK;
  if (is_axis(label->name)) inspection->is_usable = false;
  hr_text_init(&sentence);
  hr_text_append(&sentence,
                 "the label %s is NaN or infinite in %" PRIu64 " of %" PRIu64 " rows%s",
                 label->name, label->unusable, inspection->rows, fate);
  return hr_inspect_add_problem(inspection, &sentence, err);
}

static hr_status look_at_labels(const hr_dataset *dataset, hr_inspection *inspection,
                                hr_error *err) {
  hr_status status = HR_OK;
  const hr_strings *names = hr_dataset_label_names(dataset);
  HR_TRY(hr_alloc(&inspection->labels, names->count, err));
  for (size_t k = 0; k < names->count; k++) {
    const double *values = NULL;
    hr_inspected_label *label = &inspection->labels[k];
    HR_TRY(hr_dataset_label(dataset, names->items[k], false, &values, err));
    HR_TRY(hr_copy_text(names->items[k], &label->name, err));
    inspection->label_count++;
    look_at_values(values, inspection->rows, label);
    if (label->unusable > 0) HR_TRY(add_unusable(inspection, label, err));
  }
cleanup:
  return status;
}

static const hr_inspected_label *find_label(const hr_inspection *inspection,
                                            const char *name) {
  for (size_t k = 0; k < inspection->label_count; k++) {
    if (strcmp(inspection->labels[k].name, name) == 0) return &inspection->labels[k];
  }
  return NULL;
}

static void describe_sorted(const double *sorted, size_t count,
                            hr_inspect_distribution *out) {
  double sum = 0.0, squares = 0.0;
  for (size_t i = 0; i < count; i++) sum += sorted[i];
  double mean = sum / (double)count;
  for (size_t i = 0; i < count; i++) squares += (sorted[i] - mean) * (sorted[i] - mean);
  *out = (hr_inspect_distribution){
      .rows = count,
      .mean = mean,
      .sd = count > 1 ? sqrt(squares / (double)(count - 1)) : NAN,
      .minimum = sorted[0],
      .q05 = hr_quantile(sorted, count, 0.05),
      .q25 = hr_quantile(sorted, count, 0.25),
      .median = hr_quantile(sorted, count, 0.5),
      .q75 = hr_quantile(sorted, count, 0.75),
      .q95 = hr_quantile(sorted, count, 0.95),
      .maximum = sorted[count - 1],
  };
}

static hr_status look_at_snr(const hr_dataset *dataset, hr_inspection *inspection,
                             hr_error *err) {
  hr_status status = HR_OK;
  const double *values = NULL;
  double *sorted = NULL;
  size_t count = 0;
  inspection->snr =
      (hr_inspect_distribution){0, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  if (!find_label(inspection, "snr")) return HR_OK;
  HR_TRY(hr_dataset_label(dataset, "snr", false, &values, err));
  HR_TRY(hr_alloc(&sorted, inspection->rows, err));
  for (size_t i = 0; i < inspection->rows; i++) {
    if (isfinite(values[i])) sorted[count++] = values[i];
  }
  hr_sort_numbers(sorted, count);
  if (count > 0) describe_sorted(sorted, count, &inspection->snr);
cleanup:
  hr_free(sorted);
  return status;
}

/* The labels that a study uses unless it says otherwise. */
static hr_status look_for_labels(const hr_dataset *dataset, hr_inspection *inspection,
                                 hr_error *err) {
  static const char *const needed[] = {"T_eff", "M_H", "log_g"};
  hr_status status = HR_OK;
  for (size_t i = 0; status == HR_OK && i < 3; i++) {
    if (find_label(inspection, needed[i])) continue;
    hr_text sentence;
    hr_text_init(&sentence);
    if (is_axis(needed[i])) inspection->is_usable = false;
    if (hr_dataset_describe_other(dataset, needed[i], &sentence)) {
      /* It is there, of no numbers. */
    } else if (is_axis(needed[i])) {
      hr_text_append(&sentence,
                     "there is no label %s, so rows cannot be put into the bins of a "
                     "study",
                     needed[i]);
    } else {
      hr_text_append(&sentence,
                     "there is no label %s; a study of this file must name another one "
                     "as data.target",
                     needed[i]);
    }
    status = hr_inspect_add_problem(inspection, &sentence, err);
  }
  return status;
}

static hr_status look_at_bins(const hr_dataset *dataset, hr_inspection *inspection,
                              hr_error *err) {
  static const double T_eff_edges[] = {3750, 4500, 5250, 6000}; /* K */
  static const double M_H_edges[] = {-2.0, -1.0, 0.0, 0.5};     /* dex */
  static const hr_axis axes[] = {{"T_eff", T_eff_edges, 4}, {"M_H", M_H_edges, 4}};
  hr_status status = HR_OK;
  const double *values = NULL;
  hr_bin_column columns[2];
  int32_t *bin = NULL;
  size_t counts[HR_INSPECT_BINS + 1];
  for (size_t a = 0; a < 2; a++) {
    if (!find_label(inspection, axes[a].label)) return HR_OK;
    HR_TRY(hr_dataset_label(dataset, axes[a].label, false, &values, err));
    columns[a] = (hr_bin_column){values, hr_dataset_precision(dataset, axes[a].label, 0)};
  }
  HR_TRY(hr_alloc(&bin, inspection->rows, err));
  hr_assign_bins(axes, 2, columns, inspection->rows, bin);
  hr_count_bins(bin, inspection->rows, HR_INSPECT_BINS, counts);
  for (size_t k = 0; k < HR_INSPECT_BINS; k++) inspection->bin_rows[k] = counts[k];
  inspection->uncovered_rows = counts[HR_INSPECT_BINS];
  inspection->has_bins = true;
cleanup:
  hr_free(bin);
  return status;
}

/* Reads all spectra once, counting what a study would have to mend or refuse. */
static hr_status pull_all(hr_stream *stream, const hr_inspection *inspection,
                          const hr_inspect_options *options, hr_error *err) {
  hr_status status = HR_OK;
  hr_block block;
  do {
    HR_TRY(hr_stream_next(stream, &block, err));
    hr_progress progress = {
        .stage = "reading spectra",
        .unit = "rows",
        .done = block.rows > 0 ? block.first_row + block.rows : inspection->rows,
        .total = inspection->rows,
        .bytes = hr_stream_preparation(stream)->bytes_read,
    };
    HR_TRY(hr_observe_progress(options->observer, &progress, err));
  } while (block.rows > 0);
cleanup:
  return status;
}

/* "WHAT at 3 of 20 pixels; REMEDY", where there are any. */
static hr_status add_pixel_problem(hr_inspection *inspection, uint64_t count,
                                   const char *what, const char *remedy, hr_error *err) {
  if (count == 0) return HR_OK;
  hr_text sentence;
  hr_text_init(&sentence);
  hr_text_append(&sentence, "%s at %" PRIu64 " of %" PRIu64 " pixels; %s", what, count,
                 inspection->rows * inspection->pixels, remedy);
  return hr_inspect_add_problem(inspection, &sentence, err);
}

static hr_status add_rows_problem(hr_inspection *inspection, uint64_t count,
                                  const char *what, hr_error *err) {
  if (count == 0) return HR_OK;
  hr_text sentence;
  hr_text_init(&sentence);
  hr_text_append(&sentence, "%" PRIu64 " of %" PRIu64 " rows %s", count, inspection->rows,
                 what);
  return hr_inspect_add_problem(inspection, &sentence, err);
}

/* Bad pixels, reason by reason (data/bad_pixels.h). */
static hr_status add_bad_problems(hr_inspection *inspection, const hr_preparation *counts,
                                  hr_error *err) {
  static const char remedy[] =
      "no noise is drawn there, experts that use the error leave them out, and the "
      "others "
      "take the mean of good training rows";
  const struct {
    uint64_t count;
    const char *what;
  } reasons[] = {
      {counts->marked_pixels, "the mask is not 0"},
      {counts->bad_flux_pixels, "the flux is NaN, infinite or absurdly large"},
      {counts->unknown_error_pixels, "the error is NaN or infinite"},
      {counts->nonpositive_error_pixels, "the error is 0 or below"},
      {counts->huge_error_pixels,
       "the error is more than a thousand times that of the row's other pixels"},
  };
  hr_status status = HR_OK;
  for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
    HR_TRY(add_pixel_problem(inspection, reasons[i].count, reasons[i].what, remedy, err));
  }
cleanup:
  return status;
}

static hr_status add_clip_problem(hr_inspection *inspection, const hr_conditioning *c,
                                  const hr_conditioning_sample *sample, hr_error *err) {
  if (c->clip || c->base != 0) return HR_OK;
  hr_text sentence;
  hr_text_init(&sentence);
  hr_text_append(&sentence,
                 "the flux is below 0 at %.1f %% of pixels; a study takes that for the "
                 "rule and does not clip it, unless data.clip says otherwise",
                 100 * sample->negative_share);
  return hr_inspect_add_problem(inspection, &sentence, err);
}

static hr_status add_spectra_problems(hr_inspection *inspection,
                                      const hr_preparation *counts,
                                      const char *first_fault, hr_error *err) {
  hr_status status = HR_OK;
  if (counts->faulty_rows > 0) {
    hr_text sentence;
    hr_text_init(&sentence);
    hr_text_append(&sentence,
                   "%" PRIu64 " of %" PRIu64 " rows cannot be used; the first: %s",
                   counts->faulty_rows, inspection->rows, first_fault);
    HR_TRY(hr_inspect_add_problem(inspection, &sentence, err));
  }
  if (counts->empty_rows > 0) {
    hr_text sentence;
    hr_text_init(&sentence);
    hr_text_append(
        &sentence,
        "%" PRIu64 " of %" PRIu64 " rows have no good pixel, the first is row %" PRIu64
        " (counted from 0); a study refuses such training rows unless "
        "data.reject_outliers is true, and predicts nothing for such test rows",
        counts->empty_rows, inspection->rows, counts->first_empty_row);
    HR_TRY(hr_inspect_add_problem(inspection, &sentence, err));
  }
  if (inspection->dark_rows > 0) {
    hr_text sentence;
    hr_text_init(&sentence);
    hr_text_append(&sentence,
                   "the flux of %" PRIu64 " of %" PRIu64
                   " rows is 0 or below in every pixel; a study would use these rows, "
                   "remove them",
                   inspection->dark_rows, inspection->rows);
    HR_TRY(hr_inspect_add_problem(inspection, &sentence, err));
  }
  HR_TRY(add_pixel_problem(inspection, inspection->clipped_pixels, "the flux is below 0",
                           "a study clips it to 0 there", err));
  HR_TRY(add_bad_problems(inspection, counts, err));
  HR_TRY(
      add_rows_problem(inspection, counts->wild_rows,
                       "have flux far beyond that of all others; remove them, or leave "
                       "them out with data.reject_outliers: true",
                       err));
cleanup:
  return status;
}

static hr_status look_at_spectra(const hr_dataset *dataset, hr_inspection *inspection,
                                 const hr_inspect_options *options, hr_error *err) {
  hr_status status = HR_OK;
  hr_stream *stream = NULL;
  const hr_conditioning_wish wish = {.clip = HR_CLIP_AUTO, .mask_bits = HR_MASK_ANY};
  hr_conditioning conditioning = hr_conditioning_plain();
  hr_conditioning_sample sample;
  hr_stream_options streaming = hr_stream_options_default();
  streaming.memory_bytes = (size_t)options->memory_bytes;
  streaming.count_faults = true;
  streaming.keep_empty = true;
  if (hr_dataset_has_noisy(dataset)) streaming.noise.source = HR_NOISE_STORED;
  HR_TRY(hr_conditioning_learn(dataset, &wish, &conditioning, &sample, err));
  streaming.conditioning = &conditioning;
  HR_TRY(hr_stream_create(dataset, &streaming, &stream, err));
  HR_TRY(pull_all(stream, inspection, options, err));
  const hr_preparation *counts = hr_stream_preparation(stream);
  inspection->spectra_read = true;
  inspection->clipped_pixels = counts->clipped_pixels;
  inspection->filled_error_pixels = counts->unknown_error_pixels;
  inspection->nonpositive_error_pixels = counts->nonpositive_error_pixels;
  inspection->dark_rows = counts->dark_rows;
  inspection->faulty_rows = counts->faulty_rows + counts->empty_rows;
  /* Noisy flux need not be read: a study can draw the noise itself. */
  bool is_empty = counts->empty_rows == inspection->rows;
  bool is_at_fault = counts->faulty_rows > counts->faulty_noisy_rows;
  if (is_at_fault || is_empty) inspection->is_usable = false;
  HR_TRY(add_spectra_problems(inspection, counts, hr_stream_first_fault(stream), err));
  HR_TRY(add_clip_problem(inspection, &conditioning, &sample, err));
  HR_TRY(add_rows_problem(inspection, sample.bright_rows,
                          "are more than five times as bright as the others", err));
cleanup:
  hr_stream_destroy(&stream);
  hr_conditioning_fini(&conditioning);
  return status;
}

/* Turns what is wrong with the file into a problem; other failures stay failures. */
static hr_status note_problem(hr_status status, hr_inspection *inspection,
                              hr_error *err) {
  bool is_about_data = status == HR_ERR_MISSING || status == HR_ERR_FORMAT ||
                       status == HR_ERR_DATA || status == HR_ERR_EMPTY;
  if (!is_about_data) return status;
  inspection->is_usable = false;
  hr_text sentence;
  hr_text_init(&sentence);
  hr_text_append(&sentence, "%s", err->message);
  return hr_inspect_add_problem(inspection, &sentence, err);
}

/* Labels that are not there may be in a table of their own. */
static hr_status look_for_frame(hr_inspection *inspection, const hr_places *places,
                                bool *there, hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  hr_frame frame = {0};
  hr_text sentence;
  hr_text_init(&sentence);
  *there = hr_frame_read_at(inspection->path, places->path[HR_PLACE_LABELS], NULL, &frame,
                            &reason) != HR_ERR_MISSING;
  if (!*there) {
    hr_text_append(&sentence, "%s, or name a table of labels as data.labels",
                   reason.message);
    status = hr_inspect_add_problem(inspection, &sentence, err);
  }
  hr_frame_fini(&frame);
  return status;
}

static hr_status look_at_all_labels(const hr_dataset *dataset, hr_inspection *inspection,
                                    hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(look_at_labels(dataset, inspection, err));
  HR_TRY(look_for_labels(dataset, inspection, err));
  HR_TRY(look_at_snr(dataset, inspection, err));
  HR_TRY(look_at_bins(dataset, inspection, err));
cleanup:
  return status;
}

static hr_status look_at_dataset(hr_inspection *inspection, const hr_places *places,
                                 const hr_inspect_options *options, hr_error *err) {
  hr_status status = HR_OK;
  hr_dataset *dataset = NULL;
  bool has_frame = true;
  const hr_strings paths = {.items = &inspection->path, .count = 1};
  HR_TRY(hr_dataset_open_at(&paths, HR_LABELS_OPTIONAL, places, options->observer,
                            &dataset, err));
  inspection->is_dataset = true;
  inspection->rows = hr_dataset_rows(dataset);
  inspection->pixels = hr_dataset_pixels(dataset);
  inspection->first_wave_angstrom = hr_dataset_wave(dataset)[0];
  inspection->last_wave_angstrom = hr_dataset_wave(dataset)[inspection->pixels - 1];
  HR_TRY(look_at_notes(dataset, inspection, err));
  HR_TRY(look_for_frame(inspection, places, &has_frame, err));
  if (has_frame) HR_TRY(look_at_all_labels(dataset, inspection, err));
  if (!options->skip_spectra) {
    HR_TRY(look_at_spectra(dataset, inspection, options, err));
  }
  HR_TRY(hr_inspect_doubt(dataset, options, inspection, err));
cleanup:
  hr_dataset_destroy(&dataset);
  return status;
}

/* All that is done of an HDF5 file. */
static hr_status look_at_hdf5(hr_inspection *inspection, const hr_places *places,
                              const hr_inspect_options *options, hr_error *err) {
  hr_error problem = {0};
  hr_status status = hr_inspect_list_arrays(inspection, err);
  if (status != HR_OK) return status;
  status = note_problem(look_at_dataset(inspection, places, options, &problem),
                        inspection, &problem);
  return status == HR_OK ? HR_OK : hr_fail(err, status, "%s", problem.message);
}

hr_status hr_inspect(const char *path, const hr_inspect_options *options,
                     hr_inspection **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_inspect_options own;
  hr_inspection *inspection = NULL;
  hr_places places = {{0}};
  char *named = NULL;
  HR_TRY(hr_inspect_take_options(options, &own, err));
  HR_TRY(hr_places_read(own.paths, &named, &places, err));
  HR_TRY(hr_alloc(&inspection, 1, err));
  HR_TRY(hr_copy_text(path, &inspection->path, err));
  inspection->is_usable = true; /* until something is found */
  HR_TRY(hr_fits_is_fits(path) ? hr_inspect_survey(inspection, err)
                               : look_at_hdf5(inspection, &places, &own, err));
  HR_TRY(own.as_json ? hr_inspect_write_json(inspection, err)
                     : hr_inspect_write_text(inspection, err));
  *out = inspection;
  inspection = NULL;
cleanup:
  hr_free(named);
  hr_inspection_destroy(&inspection);
  return status;
}
