/* A look at a file of a survey: its layout, what it holds, and how much of it is good. */
#include <math.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "data/fits/spectra.h"
#include "data/inspect_parts.h"

/* Spectra that are looked at, spread over all. */
enum { MOST_LOOKED_AT = 32 };

static hr_status list_names(const char *const *names, size_t count, char **out,
                            hr_error *err) {
  hr_text list;
  hr_text_init(&list);
  hr_text_append(&list, "%s", count == 0 ? "none" : "");
  for (size_t i = 0; i < count; i++) {
    hr_text_append(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
  }
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    *out = list.bytes;
    list = (hr_text){0};
  }
  hr_text_fini(&list);
  return status;
}

static hr_status describe(const hr_fits_spectra_info *info, hr_inspected_survey *out,
                          hr_error *err) {
  hr_status status = HR_OK;
  const char *const *columns = (const char *const *)info->columns->items;
  out->is_shared = info->is_shared;
  out->has_errors = info->has_variance;
  HR_TRY(hr_copy_text(info->layout, &out->layout, err));
  HR_TRY(hr_copy_text(info->waves, &out->waves, err));
  HR_TRY(hr_copy_text(info->unit, &out->unit, err));
  HR_TRY(hr_copy_text(info->masking, &out->masking, err));
  HR_TRY(list_names(info->ids, info->id_count, &out->ids, err));
  HR_TRY(list_names(columns, info->columns->count, &out->columns, err));
cleanup:
  return status;
}

/* The share of good pixels, and the range of wavelengths, of some of the spectra. */
static hr_status look(hr_fits_spectra *spectra, hr_inspection *inspection,
                      hr_error *err) {
  hr_status status = HR_OK;
  hr_fits_spectrum star = {0};
  size_t objects = hr_fits_spectra_describe(spectra)->objects, good = 0, all = 0;
  size_t step = (objects - 1) / MOST_LOOKED_AT + 1;
  for (size_t i = 0; i < objects; i += step) {
    HR_TRY(hr_fits_spectra_read(spectra, i, &star, err));
    double first = star.wave[0], last = star.wave[star.pixels - 1];
    bool is_first = i == 0;
    if (is_first || first < inspection->first_wave_angstrom) {
      inspection->first_wave_angstrom = first;
    }
    if (is_first || last > inspection->last_wave_angstrom) {
      inspection->last_wave_angstrom = last;
    }
    for (size_t p = 0; p < star.pixels; p++) good += star.good[p];
    all += star.pixels;
    inspection->survey->looked_at++;
  }
  inspection->survey->good_share = (double)good / (double)all;
cleanup:
  hr_fits_spectrum_fini(&star);
  return status;
}

hr_status hr_inspect_survey(hr_inspection *inspection, hr_error *err) {
  hr_status status = HR_OK;
  hr_fits_spectra *spectra = NULL;
  struct stat file;
  HR_TRY(hr_alloc(&inspection->survey, 1, err));
  if (stat(inspection->path, &file) == 0) inspection->file_bytes = (uint64_t)file.st_size;
  HR_TRY(hr_fits_spectra_open(inspection->path, &spectra, err));
  const hr_fits_spectra_info *info = hr_fits_spectra_describe(spectra);
  inspection->rows = info->objects;
  inspection->pixels = info->pixels;
  HR_TRY(describe(info, inspection->survey, err));
  HR_TRY(look(spectra, inspection, err));
cleanup:
  hr_fits_spectra_close(&spectra);
  return status;
}

void hr_inspected_survey_destroy(hr_inspected_survey **survey) {
  hr_inspected_survey *it = *survey;
  if (!it) return;
  hr_free(it->layout);
  hr_free(it->waves);
  hr_free(it->unit);
  hr_free(it->masking);
  hr_free(it->ids);
  hr_free(it->columns);
  hr_free(it);
  *survey = NULL;
}
