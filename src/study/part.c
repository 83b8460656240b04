/* An element's part: the division of the study, seen by one element. */
#include "study/part.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"

static hr_status check(const hr_study_options *options, hr_error *err) {
  if (options->element_count > HR_MOST_ELEMENTS) {
    return hr_fail(err, HR_ERR_USAGE, "an array of %zu elements has more than %d",
                   options->element_count, HR_MOST_ELEMENTS);
  }
  if (options->element < options->element_count) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "there is no element %zu of %zu; elements are counted from 0 to %zu",
                 options->element, options->element_count, options->element_count - 1);
}

/* The tasks of the share; of all experts, or (absent not NULL) of those that are there.
 */
static hr_status list_tasks(const hr_plan *plan, const hr_element *record,
                            const bool *absent, hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_division division = {0};
  HR_TRY(hr_division_make(plan, record->of, &division, err));
  for (size_t i = 0; i < division.count; i++) {
    const hr_piece *piece = &division.pieces[i];
    bool is_meant = !absent || !absent[piece->expert];
    if (piece->element != record->element || !is_meant) continue;
    HR_TRY(hr_piece_tasks(plan, piece, out, err));
  }
cleanup:
  hr_division_fini(&division);
  return status;
}

hr_status hr_part_take(const hr_study_options *options, hr_opened_study *opened,
                       hr_part *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_division division = {0};
  hr_plan *plan = opened->plan;
  char *dir = NULL;
  out->record = (hr_element){.element = options->element, .of = options->element_count};
  HR_TRY(check(options, err));
  snprintf(out->record.study, sizeof out->record.study, "%s", plan->origin.fingerprint);
  HR_TRY(hr_division_make(plan, options->element_count, &division, err));
  hr_division_share(&division, options->element, &out->share);
  HR_TRY(list_tasks(plan, &out->record, NULL, &out->record.tasks, err));
  HR_TRY(hr_element_dir(opened->out_dir, options->element, options->element_count, &dir,
                        err));
  hr_free(opened->out_dir);
  opened->out_dir = out->record.dir = dir;
  plan->share = &out->share;
cleanup:
  hr_division_fini(&division);
  return status;
}

bool hr_part_is_merged(const hr_opened_study *opened) {
  const char *dir = opened->out_dir;
  json_t *manifest = hr_json_file_read(dir, "manifest.json");
  const char *study = hr_json_string(manifest, "fingerprint", "");
  bool is_same = strcmp(study, opened->plan->origin.fingerprint) == 0;
  json_decref(manifest);
  return is_same && hr_folder_has(dir, "results.json");
}

void hr_part_fini(hr_part *part) {
  hr_strings_fini(&part->record.tasks);
  hr_strings_fini(&part->record.done);
}

hr_status hr_part_begin(hr_part *part, hr_error *err) {
  part->record.is_done = false;
  return hr_element_write(&part->record, err);
}

hr_status hr_part_end(hr_part *part, const hr_plan *plan, const bool *absent,
                      hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(list_tasks(plan, &part->record, absent, &part->record.done, err));
  part->record.is_done = true;
  HR_TRY(hr_element_write(&part->record, err));
cleanup:
  return status;
}
