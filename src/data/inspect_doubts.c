/* What a file gives to doubt, as problems of its inspection. */
#include <string.h>

#include "data/inspect_parts.h"
#include "data/label_doubts.h"
#include "data/pixel_doubts.h"
#include "data/spectra_doubts.h"
#include "data/twin_rows.h"

/* The sentence without the file's name, which the report has at its top. */
static const char *without_path(const char *sentence, const char *path) {
  size_t length = strlen(path);
  bool has_path = strncmp(sentence, path, length) == 0 && sentence[length] == ':';
  return has_path ? sentence + length + 2 : sentence;
}

static hr_status add_problems(hr_inspection *inspection, const hr_doubts *doubts,
                              hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < doubts->count && status == HR_OK; i++) {
    const hr_doubt *doubt = &doubts->items[i];
    hr_text sentence;
    hr_text_init(&sentence);
    hr_text_append(&sentence, "%s", without_path(doubt->sentence, inspection->path));
    if (doubt->refuses) {
      hr_text_append(&sentence, "; a study refuses that%s unless data.allow names %s",
                     doubt->code == HR_DOUBT_FAR_LABEL ? " where it is the target" : "",
                     hr_doubt_text(doubt->code));
    }
    status = hr_inspect_add_problem(inspection, &sentence, err);
    if (status != HR_OK) break;
    inspection->doubts[inspection->problem_count - 1] =
        (hr_inspected_doubt){hr_doubt_text(doubt->code), doubt->refuses};
  }
  return status;
}

static hr_status doubt_spectra(const hr_dataset *dataset,
                               const hr_stream_options *streaming, hr_doubts *doubts,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_look look = {0};
  const hr_conditioning_wish wish = {.clip = HR_CLIP_NEVER, .mask_bits = HR_MASK_ANY};
  hr_conditioning conditioning = hr_conditioning_plain();
  hr_conditioning_sample sample;
  hr_stream_options options = *streaming;
  HR_TRY(hr_conditioning_learn(dataset, &wish, &conditioning, &sample, err));
  options.conditioning = &conditioning;
  HR_TRY(hr_look_at(dataset, &options, &look, err));
  size_t before = doubts->count;
  HR_TRY(hr_doubt_masks(&look, doubts, err));
  if (doubts->count > before) goto cleanup; /* what is left of the rows says nothing */
  HR_TRY(hr_doubt_indices(&look, doubts, err));
  HR_TRY(hr_doubt_errors(&look, 1.0, doubts, err));
  HR_TRY(hr_doubt_pixels(&look, true, doubts, err));
  HR_TRY(hr_doubt_twins(dataset, NULL, &options, doubts, err));
cleanup:
  hr_conditioning_fini(&conditioning);
  hr_look_fini(&look);
  return status;
}

hr_status hr_inspect_doubt(const hr_dataset *dataset, const hr_inspect_options *options,
                           hr_inspection *inspection, hr_error *err) {
  hr_status status = HR_OK;
  hr_doubts doubts = {0};
  const hr_strings *names = hr_dataset_label_names(dataset);
  hr_stream_options streaming = hr_stream_options_default();
  streaming.memory_bytes = (size_t)options->memory_bytes;
  for (size_t k = 0; k < names->count; k++) {
    HR_TRY(hr_doubt_label(dataset, names->items[k], true, &doubts, err));
  }
  HR_TRY(hr_doubt_wavelengths(dataset, &doubts, err));
  if (!options->skip_spectra) HR_TRY(doubt_spectra(dataset, &streaming, &doubts, err));
  HR_TRY(add_problems(inspection, &doubts, err));
cleanup:
  hr_doubts_fini(&doubts);
  return status;
}
