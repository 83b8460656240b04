/* The report of a look at a file, as text for a terminal. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "data/inspect_parts.h"

/* The names of the study's bins, for orientation; a study may name them otherwise. */
const char *const hr_inspect_bin_names[HR_INSPECT_BINS] = {
    "Cool Poor", "Cool Solar", "Cool Rich", "Mid Poor", "Mid Solar",
    "Mid Rich",  "Hot Poor",   "Hot Solar", "Hot Rich"};

/* The columns that a name takes when it is shown; those of plain ASCII are right. */
static int shown_width(const char *name) {
  hr_text text;
  hr_text_init(&text);
  hr_text_append_visible(&text, name);
  int width = (int)text.length;
  hr_text_fini(&text);
  return width;
}

static int wider(int width, const char *text) {
  int length = shown_width(text);
  return length > width ? length : width;
}

/* Names come from the file: what a terminal would obey must not reach it. */
static void write_name(hr_text *out, int width, const char *name) {
  hr_text_append_visible(out, name);
  int padding = width - shown_width(name);
  hr_text_append(out, "%*s", padding > 0 ? padding : 0, "");
}

static void write_size(uint64_t bytes, hr_text *out) {
  static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
  double size = (double)bytes;
  size_t unit = 0;
  while (size >= 1000.0 && unit < 4) {
    size /= 1000.0;
    unit++;
  }
  hr_text_append(out, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

static void write_arrays(const hr_inspection *it, hr_text *out) {
  int path = 0, type = 0, shape = 0;
  for (size_t i = 0; i < it->array_count; i++) {
    path = wider(path, it->arrays[i].path);
    type = wider(type, it->arrays[i].type);
    shape = wider(shape, it->arrays[i].shape);
  }
  hr_text_append(out, "\nArrays\n");
  for (size_t i = 0; i < it->array_count; i++) {
    const hr_inspected_array *array = &it->arrays[i];
    hr_text_append(out, "  ");
    write_name(out, path, array->path);
    hr_text_append(out, "  %-*s  %-*s  ", type, array->type, shape, array->shape);
    write_name(out, 0, array->storage);
    hr_text_append(out, "\n");
  }
}

static void write_labels(const hr_inspection *it, hr_text *out) {
  int name = (int)strlen("column");
  for (size_t i = 0; i < it->label_count; i++) name = wider(name, it->labels[i].name);
  hr_text_append(out, "\nLabels\n  %-*s  %12s  %12s  %10s\n", name, "column", "minimum",
                 "maximum", "unusable");
  for (size_t i = 0; i < it->label_count; i++) {
    const hr_inspected_label *label = &it->labels[i];
    hr_text_append(out, "  ");
    write_name(out, name, label->name);
    hr_text_append(out, "  ");
    if (isnan(label->minimum)) {
      hr_text_append(out, "%12s  %12s", "-", "-");
    } else {
      hr_text_append(out, "%12.6g  %12.6g", label->minimum, label->maximum);
    }
    hr_text_append(out, "  %10" PRIu64 "\n", label->unusable);
  }
}

static void write_snr(const hr_inspect_distribution *snr, hr_text *out) {
  if (snr->rows == 0) return;
  hr_text_append(out, "\nSNR\n  mean %s, ", HR_DECIMALS(snr->mean, 2));
  if (!isnan(snr->sd)) hr_text_append(out, "sd %s, ", HR_DECIMALS(snr->sd, 2));
  hr_text_append(out, "range %s to %s\n", HR_DECIMALS(snr->minimum, 2),
                 HR_DECIMALS(snr->maximum, 2));
  hr_text_append(out, "  quantiles 5 %%: %s, 25 %%: %s, 50 %%: %s, ",
                 HR_DECIMALS(snr->q05, 2), HR_DECIMALS(snr->q25, 2),
                 HR_DECIMALS(snr->median, 2));
  hr_text_append(out, "75 %%: %s, 95 %%: %s\n", HR_DECIMALS(snr->q75, 2),
                 HR_DECIMALS(snr->q95, 2));
}

static void write_bins(const hr_inspection *it, hr_text *out) {
  if (!it->has_bins) return;
  hr_text_append(out,
                 "\nRows per bin (T_eff 3750, 4500, 5250, 6000 K; "
                 "M_H -2, -1, 0, 0.5 dex)\n");
  for (size_t k = 0; k < HR_INSPECT_BINS; k++) {
    hr_text_append(out, "  %zu  %-10s  %10" PRIu64 "\n", k, hr_inspect_bin_names[k],
                   it->bin_rows[k]);
  }
  hr_text_append(out, "     %-10s  %10" PRIu64 "\n", "uncovered", it->uncovered_rows);
}

static void write_problems(const hr_inspection *it, hr_text *out) {
  hr_text_append(out, "\nProblems\n");
  for (size_t i = 0; i < it->problem_count; i++) {
    hr_text_append(out, "  - ");
    hr_text_append_visible(out, it->problems[i]);
    hr_text_append(out, "\n");
  }
  if (it->problem_count == 0) {
    hr_text_append(
        out, it->spectra_read ? "  none\n" : "  none found; spectra were not read\n");
  }
}

static void write_line(hr_text *out, const char *what, const char *said) {
  hr_text_append(out, "  %-11s  ", what);
  hr_text_append_visible(out, said);
  hr_text_append(out, "\n");
}

static void write_survey(const hr_inspection *it, hr_text *out) {
  const hr_inspected_survey *survey = it->survey;
  hr_text_append(out, "\nSurvey\n");
  write_line(out, "layout", survey->layout);
  write_line(out, "wavelengths", survey->waves);
  write_line(out, "grids", survey->is_shared ? "one for all" : "one a spectrum");
  write_line(out, "flux", survey->unit);
  write_line(out, "errors", survey->has_errors ? "known" : "none");
  write_line(out, "masks", survey->masking);
  write_line(out, "ids", survey->ids);
  write_line(out, "columns", survey->columns);
  hr_text_append(out, "  %-11s  %.2f %% of the pixels of %zu spectr%s\n", "good",
                 100 * survey->good_share, survey->looked_at,
                 survey->looked_at == 1 ? "um" : "a");
}

hr_status hr_inspect_write_text(hr_inspection *inspection, hr_error *err) {
  hr_status status = HR_OK;
  hr_text out;
  hr_text_init(&out);
  hr_text_append_visible(&out, inspection->path);
  hr_text_append(&out, " (");
  write_size(inspection->file_bytes, &out);
  hr_text_append(&out, ")\n");
  if (inspection->is_dataset || inspection->survey) {
    hr_text_append(&out, "%" PRIu64 " %s of %" PRIu64 " pixel%s, %s to %s A\n",
                   inspection->rows, inspection->rows == 1 ? "spectrum" : "spectra",
                   inspection->pixels, inspection->pixels == 1 ? "" : "s",
                   HR_DECIMALS(inspection->first_wave_angstrom, 2),
                   HR_DECIMALS(inspection->last_wave_angstrom, 2));
  }
  if (inspection->survey) write_survey(inspection, &out);
  if (!inspection->survey) write_arrays(inspection, &out);
  if (inspection->is_dataset) write_labels(inspection, &out);
  write_snr(&inspection->snr, &out);
  write_bins(inspection, &out);
  if (!inspection->survey) write_problems(inspection, &out);
  HR_TRY(hr_text_status(&out, err));
  HR_TRY(hr_copy_text(out.bytes, &inspection->text, err));
cleanup:
  hr_text_fini(&out);
  return status;
}
