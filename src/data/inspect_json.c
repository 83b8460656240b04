/* The report of a look at a file, for programs: the facts of inspect_text.c. */
#include "core/json_file.h"
#include "data/inspect_parts.h"

static void put_arrays(hr_json_builder *builder, json_t *root, const hr_inspection *it) {
  json_t *list = hr_json_put(builder, root, "arrays", json_array());
  for (size_t i = 0; i < it->array_count; i++) {
    const hr_inspected_array *array = &it->arrays[i];
    json_t *object = hr_json_append(builder, list, json_object());
    hr_json_put(builder, object, "path", hr_json_text(array->path));
    hr_json_put_text(builder, object, "type", array->type);
    hr_json_put_text(builder, object, "shape", array->shape);
    hr_json_put(builder, object, "storage", hr_json_text(array->storage));
  }
}

static void put_labels(hr_json_builder *builder, json_t *root, const hr_inspection *it) {
  json_t *list = hr_json_put(builder, root, "labels", json_array());
  for (size_t i = 0; i < it->label_count; i++) {
    const hr_inspected_label *label = &it->labels[i];
    json_t *object = hr_json_append(builder, list, json_object());
    hr_json_put(builder, object, "name", hr_json_text(label->name));
    hr_json_put_number(builder, object, "minimum", label->minimum);
    hr_json_put_number(builder, object, "maximum", label->maximum);
    hr_json_put_count(builder, object, "unusable", label->unusable);
  }
}

static void put_snr(hr_json_builder *builder, json_t *root,
                    const hr_inspect_distribution *snr) {
  if (snr->rows == 0) {
    hr_json_put(builder, root, "snr", json_null());
    return;
  }
  json_t *object = hr_json_put(builder, root, "snr", json_object());
  hr_json_put_count(builder, object, "rows", snr->rows);
  hr_json_put_number(builder, object, "mean", snr->mean);
  hr_json_put_number(builder, object, "sd", snr->sd);
  hr_json_put_number(builder, object, "minimum", snr->minimum);
  hr_json_put_number(builder, object, "q05", snr->q05);
  hr_json_put_number(builder, object, "q25", snr->q25);
  hr_json_put_number(builder, object, "median", snr->median);
  hr_json_put_number(builder, object, "q75", snr->q75);
  hr_json_put_number(builder, object, "q95", snr->q95);
  hr_json_put_number(builder, object, "maximum", snr->maximum);
}

static void put_bins(hr_json_builder *builder, json_t *root, const hr_inspection *it) {
  if (!it->has_bins) {
    hr_json_put(builder, root, "bins", json_null());
    return;
  }
  json_t *object = hr_json_put(builder, root, "bins", json_object());
  json_t *rows = hr_json_put(builder, object, "rows", json_array());
  for (size_t k = 0; k < HR_INSPECT_BINS; k++) {
    json_t *bin = hr_json_append(builder, rows, json_object());
    hr_json_put_count(builder, bin, "bin", k);
    hr_json_put_text(builder, bin, "name", hr_inspect_bin_names[k]);
    hr_json_put_count(builder, bin, "rows", it->bin_rows[k]);
  }
  hr_json_put_count(builder, object, "uncovered", it->uncovered_rows);
}

static void put_spectra(hr_json_builder *builder, json_t *root, const hr_inspection *it) {
  if (!it->spectra_read) {
    hr_json_put(builder, root, "spectra", json_null());
    return;
  }
  json_t *object = hr_json_put(builder, root, "spectra", json_object());
  hr_json_put_count(builder, object, "clipped_pixels", it->clipped_pixels);
  hr_json_put_count(builder, object, "filled_error_pixels", it->filled_error_pixels);
  hr_json_put_count(builder, object, "nonpositive_error_pixels",
                    it->nonpositive_error_pixels);
  hr_json_put_count(builder, object, "dark_rows", it->dark_rows);
  hr_json_put_count(builder, object, "faulty_rows", it->faulty_rows);
}

static void put_problems(hr_json_builder *builder, json_t *root,
                         const hr_inspection *it) {
  json_t *list = hr_json_put(builder, root, "problems", json_array());
  for (size_t i = 0; i < it->problem_count; i++) {
    const hr_inspected_doubt *doubt = it->doubts ? &it->doubts[i] : NULL;
    json_t *object = hr_json_append(builder, list, json_object());
    hr_json_put(builder, object, "text", hr_json_text(it->problems[i]));
    hr_json_put_text(builder, object, "doubt", doubt ? doubt->code : NULL);
    hr_json_put_bool(builder, object, "refused", doubt && doubt->refuses);
  }
}

static void put_survey(hr_json_builder *builder, json_t *root,
                       const hr_inspected_survey *survey) {
  json_t *object = hr_json_put(builder, root, "survey", json_object());
  hr_json_put_text(builder, object, "layout", survey->layout);
  hr_json_put(builder, object, "wavelengths", hr_json_text(survey->waves));
  hr_json_put_bool(builder, object, "shared", survey->is_shared);
  hr_json_put(builder, object, "flux", hr_json_text(survey->unit));
  hr_json_put_bool(builder, object, "errors", survey->has_errors);
  hr_json_put_text(builder, object, "masks", survey->masking);
  hr_json_put_text(builder, object, "ids", survey->ids);
  hr_json_put(builder, object, "columns", hr_json_text(survey->columns));
  hr_json_put_count(builder, object, "looked_at", survey->looked_at);
  hr_json_put_number(builder, object, "good_share", survey->good_share);
}

hr_status hr_inspect_write_json(hr_inspection *inspection, hr_error *err) {
  hr_json_builder builder = {false};
  json_t *root = json_object();
  const hr_inspection *it = inspection;
  hr_text out;
  hr_text_init(&out);
  hr_json_put_text(&builder, root, "schema", "headroom/inspection/1");
  hr_json_put(&builder, root, "path", hr_json_text(it->path));
  hr_json_put_count(&builder, root, "file_bytes", it->file_bytes);
  hr_json_put_bool(&builder, root, "usable", it->is_usable);
  hr_json_put_bool(&builder, root, "dataset", it->is_dataset);
  hr_json_put_count(&builder, root, "rows", it->rows);
  hr_json_put_count(&builder, root, "pixels", it->pixels);
  hr_json_put_pair(&builder, root, "wavelength_angstrom", it->first_wave_angstrom,
                   it->last_wave_angstrom);
  put_arrays(&builder, root, it);
  put_labels(&builder, root, it);
  put_snr(&builder, root, &it->snr);
  put_bins(&builder, root, it);
  put_spectra(&builder, root, it);
  put_problems(&builder, root, it);
  if (it->survey) put_survey(&builder, root, it->survey);
  hr_status status = hr_json_write(&builder, root, &out, err);
  json_decref(root);
  if (status != HR_OK) {
    hr_text_fini(&out);
    return status;
  }
  inspection->text = out.bytes;
  return HR_OK;
}
