/* The public face of dataset.c and stream.c. */
#include "headroom/spectra.h"

#include "core/alloc.h"
#include "core/sized.h"
#include "data/conditioning.h"
#include "data/guard.h"
#include "data/stream.h"

struct hr_spectra_reader {
  hr_dataset *dataset;
  size_t file_count;
  hr_stream_options streaming;
  hr_stream *stream; /* NULL before the first block */
};

static const hr_sized sized_options = {"hr_spectra_options",
                                       "with hr_spectra_options_default()",
                                       {sizeof(hr_spectra_options)}};
static const hr_sized sized_info = {
    "hr_spectra_info", "to sizeof(hr_spectra_info)", {sizeof(hr_spectra_info)}};
static const hr_sized sized_block = {
    "hr_spectra_block", "to sizeof(hr_spectra_block)", {sizeof(hr_spectra_block)}};

void hr_spectra_close(hr_spectra_reader **reader) {
  hr_spectra_reader *self = *reader;
  if (!self) return;
  hr_stream_destroy(&self->stream);
  hr_dataset_destroy(&self->dataset);
  hr_free(self);
  *reader = NULL;
}

static hr_status open_files(const hr_strings *paths, const hr_spectra_options *options,
                            hr_dataset **out, hr_error *err) {
  hr_status status = HR_OK;
  const hr_vet_options vetting = {.labels = options->skip_labels ? HR_LABELS_NONE
                                                                 : HR_LABELS_OPTIONAL};
  for (size_t i = 0; options->untrusted && i < paths->count; i++) {
    HR_TRY(hr_vet_file(paths->items[i], &vetting, options->observer, err));
  }
  HR_TRY(hr_dataset_open(paths, vetting.labels, options->observer, out, err));
cleanup:
  return status;
}

hr_status hr_spectra_open(const char *const *paths, size_t path_count,
                          const hr_spectra_options *options, hr_spectra_reader **out,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_spectra_options own = hr_spectra_options_default();
  hr_spectra_reader *self = NULL;
  hr_strings list = {0};
  HR_TRY(hr_sized_take(&sized_options, options, &own, err));
  HR_TRY(hr_alloc(&self, 1, err));
  for (size_t i = 0; i < path_count; i++) {
    HR_TRY(hr_strings_append(&list, paths[i], err));
  }
  HR_TRY(open_files(&list, &own, &self->dataset, err));
  self->file_count = path_count;
  self->streaming = hr_stream_options_default();
  self->streaming.memory_bytes = (size_t)own.memory_bytes;
  self->streaming.block_rows = (size_t)own.block_rows;
  if (hr_dataset_has_noisy(self->dataset)) {
    self->streaming.noise.source = HR_NOISE_STORED;
  }
  *out = self;
  self = NULL;
cleanup:
  hr_strings_fini(&list);
  hr_spectra_close(&self);
  return status;
}

hr_status hr_spectra_get_info(const hr_spectra_reader *reader, hr_spectra_info *info,
                              hr_error *err) {
  const hr_dataset *dataset = reader->dataset;
  const hr_strings *names = hr_dataset_label_names(dataset);
  const hr_spectra_info own = {
      .rows = hr_dataset_rows(dataset),
      .pixels = hr_dataset_pixels(dataset),
      .wave_angstrom = hr_dataset_wave(dataset),
      .has_noisy = hr_dataset_has_noisy(dataset),
      .labels = (const char *const *)names->items,
      .label_count = names->count,
      .file_count = reader->file_count,
      .file_bytes = hr_dataset_file_bytes(dataset),
  };
  return hr_sized_give(&sized_info, &own, info, err);
}

hr_status hr_spectra_label(const hr_spectra_reader *reader, const char *name,
                           const double **values, hr_error *err) {
  return hr_dataset_label(reader->dataset, name, false, values, err);
}

hr_status hr_spectra_label_whole(const hr_spectra_reader *reader, const char *name,
                                 const int64_t **values, hr_error *err) {
  const double *rounded = NULL;
  hr_status status = hr_dataset_label(reader->dataset, name, false, &rounded, err);
  *values = NULL;
  if (status != HR_OK) return status;
  return hr_dataset_integers(reader->dataset, name, values, err);
}

/* As in a study, errors of which none is above 0 are not known. */
static hr_status start_stream(hr_spectra_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  bool knows_errors = true;
  HR_TRY(hr_dataset_knows_errors(reader->dataset, &knows_errors, err));
  reader->streaming.ignore_errors = !knows_errors;
  HR_TRY(hr_stream_create(reader->dataset, &reader->streaming, &reader->stream, err));
cleanup:
  return status;
}

hr_status hr_spectra_next(hr_spectra_reader *reader, hr_spectra_block *block,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_block next;
  HR_TRY(hr_sized_check(&sized_block, block, err));
  if (!reader->stream) HR_TRY(start_stream(reader, err));
  HR_TRY(hr_stream_next(reader->stream, &next, err));
  const hr_spectra_block own = {
      .first_row = next.first_row,
      .rows = next.rows,
      .pixels = next.pixels,
      .flux = next.flux,
      .error = next.error,
      .noisy = next.noisy,
  };
  HR_TRY(hr_sized_give(&sized_block, &own, block, err));
cleanup:
  return status;
}

void hr_spectra_rewind(hr_spectra_reader *reader) {
  hr_stream_destroy(&reader->stream);
}
