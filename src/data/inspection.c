/* What hr_inspect found, for the caller: structs of his own, filled as far as they reach.
 */
#include "headroom/inspect.h"

#include "core/alloc.h"
#include "core/sized.h"
#include "data/inspect_parts.h"

static const hr_sized sized_options = {
    "hr_inspect_options",
    "with hr_inspect_options_default()",
    {offsetof(hr_inspect_options, paths), sizeof(hr_inspect_options)}};

#define SIZED_RESULT(type)           \
  {                                  \
#type, "to sizeof(" #type ")", { \
      sizeof(type)                   \
    }                                \
  }
static const hr_sized sized_info = SIZED_RESULT(hr_inspect_info);
static const hr_sized sized_array = SIZED_RESULT(hr_inspect_array);
static const hr_sized sized_label = SIZED_RESULT(hr_inspect_label);
static const hr_sized sized_distribution = SIZED_RESULT(hr_inspect_distribution);

hr_status hr_inspect_take_options(const hr_inspect_options *given,
                                  hr_inspect_options *out, hr_error *err) {
  *out = hr_inspect_options_default();
  return hr_sized_take(&sized_options, given, out, err);
}

void hr_inspection_destroy(hr_inspection **inspection) {
  hr_inspection *it = *inspection;
  if (!it) return;
  for (size_t i = 0; i < it->array_count; i++) {
    hr_free(it->arrays[i].path);
    hr_free(it->arrays[i].type);
    hr_free(it->arrays[i].shape);
    hr_free(it->arrays[i].storage);
  }
  for (size_t i = 0; i < it->label_count; i++) hr_free(it->labels[i].name);
  for (size_t i = 0; i < it->problem_count; i++) hr_free(it->problems[i]);
  hr_free(it->arrays);
  hr_free(it->labels);
  hr_free(it->problems);
  hr_free(it->doubts);
  hr_inspected_survey_destroy(&it->survey);
  hr_free(it->path);
  hr_free(it->text);
  hr_free(it);
  *inspection = NULL;
}

hr_status hr_inspection_get_info(const hr_inspection *inspection, hr_inspect_info *info,
                                 hr_error *err) {
  const hr_inspection *it = inspection;
  const hr_inspect_info own = {
      .path = it->path,
      .file_bytes = it->file_bytes,
      .array_count = it->array_count,
      .is_usable = it->is_usable,
      .is_dataset = it->is_dataset,
      .rows = it->rows,
      .pixels = it->pixels,
      .first_wave_angstrom = it->first_wave_angstrom,
      .last_wave_angstrom = it->last_wave_angstrom,
      .label_count = it->label_count,
      .bin_count = it->has_bins ? HR_INSPECT_BINS : 0,
      .bin_rows = it->bin_rows,
      .uncovered_rows = it->uncovered_rows,
      .spectra_read = it->spectra_read,
      .clipped_pixels = it->clipped_pixels,
      .filled_error_pixels = it->filled_error_pixels,
      .nonpositive_error_pixels = it->nonpositive_error_pixels,
      .dark_rows = it->dark_rows,
      .faulty_rows = it->faulty_rows,
      .problems = (const char *const *)it->problems,
      .problem_count = it->problem_count,
      .text = it->text,
  };
  return hr_sized_give(&sized_info, &own, info, err);
}

static hr_status check_number(const hr_inspection *inspection, size_t number,
                              size_t count, const char *what, hr_error *err) {
  if (number < count) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "%s has %zu %s, so none with the number %zu (counted from 0)",
                 inspection->path, count, what, number);
}

hr_status hr_inspection_get_array(const hr_inspection *inspection, size_t number,
                                  hr_inspect_array *array, hr_error *err) {
  hr_status status =
      check_number(inspection, number, inspection->array_count, "arrays", err);
  if (status != HR_OK) return status;
  const hr_inspected_array *it = &inspection->arrays[number];
  const hr_inspect_array own = {sizeof own, it->path, it->type, it->shape, it->storage};
  return hr_sized_give(&sized_array, &own, array, err);
}

hr_status hr_inspection_get_label(const hr_inspection *inspection, size_t number,
                                  hr_inspect_label *label, hr_error *err) {
  hr_status status =
      check_number(inspection, number, inspection->label_count, "label columns", err);
  if (status != HR_OK) return status;
  const hr_inspected_label *it = &inspection->labels[number];
  const hr_inspect_label own = {sizeof own, it->name, it->minimum, it->maximum,
                                it->unusable};
  return hr_sized_give(&sized_label, &own, label, err);
}

hr_status hr_inspection_get_snr(const hr_inspection *inspection,
                                hr_inspect_distribution *snr, hr_error *err) {
  return hr_sized_give(&sized_distribution, &inspection->snr, snr, err);
}
