/* What a report is made from, opened and checked. */
#include "report/source.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"
#include "core/json_file.h"
#include "score/predictions.h"

void hr_source_fini(hr_source *source) {
  hr_tables_fini(&source->tables);
  hr_rows_fini(&source->rows);
  hr_reader_fini(&source->reader);
  hr_free(source->rows_path);
  hr_free(source->path);
}

static hr_status has_file(const char *run_dir, const char *name, bool *out,
                          hr_error *err) {
  char *path = NULL;
  hr_status status = hr_join_path(run_dir, name, &path, err);
  if (status == HR_OK) *out = access(path, F_OK) == 0;
  hr_free(path);
  return status;
}

hr_status hr_source_check_finished(const char *run_dir, hr_error *err) {
  hr_status status = HR_OK;
  bool is_begun = false, is_finished = false;
  HR_TRY(has_file(run_dir, "manifest.json", &is_begun, err));
  HR_TRY(has_file(run_dir, "results.json", &is_finished, err));
  if (is_begun && !is_finished) {
    status = hr_fail(err, HR_ERR_MISSING,
                     "the run in %s is not finished and has no results yet; wait for "
                     "it, or go on with %s (%s says how far it is)",
                     run_dir, HR_DOOR_GO_ON, HR_DOOR_PROGRESS);
  }
cleanup:
  return status;
}

/* The manifest is the run's; a target's folder, RUN/targets/NAME, has none. */
static hr_status read_started(hr_reader *reader, const char *run_dir, hr_error *err) {
  static const char *const places[] = {"manifest.json", "../../manifest.json"};
  hr_status status = HR_OK;
  json_t *manifest = NULL;
  for (size_t i = 0; i < 2 && status == HR_OK && !manifest; i++) {
    if (i > 0 && !strstr(run_dir, "targets/")) break;
    status = hr_json_file_look(run_dir, places[i], &manifest, err);
  }
  const char *started = hr_json_string(manifest, "started", "");
  if (strlen(started) < sizeof reader->started) {
    snprintf(reader->started, sizeof reader->started, "%s", started);
  }
  json_decref(manifest);
  return status;
}

hr_status hr_source_init(hr_source *source, const char *run_dir, hr_error *err) {
  hr_status status = HR_OK;
  *source = (hr_source){0};
  HR_TRY(hr_source_check_finished(run_dir, err));
  HR_TRY(hr_join_path(run_dir, "results.json", &source->path, err));
  HR_TRY(hr_reader_init(&source->reader, source->path, err));
  HR_TRY(read_started(&source->reader, run_dir, err));
  HR_TRY(hr_tables_init(&source->tables, &source->reader, err));
  HR_TRY(hr_join_path(run_dir, hr_predictions_name, &source->rows_path, err));
  HR_TRY(hr_rows_init(&source->rows, source->rows_path, &source->reader, err));
cleanup:
  if (status != HR_OK) hr_source_fini(source);
  return status;
}
