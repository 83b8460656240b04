#include "report/source.h"

#include "core/alloc.h"
#include "core/file.h"
#include "score/predictions.h"

void hr_source_fini(hr_source *source) {
  hr_tables_fini(&source->tables);
  hr_rows_fini(&source->rows);
  hr_reader_fini(&source->reader);
  hr_free(source->rows_path);
  hr_free(source->path);
}

hr_status hr_source_init(hr_source *source, const char *run_dir, hr_error *err) {
  hr_status status = HR_OK;
  *source = (hr_source){0};
  HR_TRY(hr_join_path(run_dir, "results.json", &source->path, err));
  HR_TRY(hr_reader_init(&source->reader, source->path, err));
  HR_TRY(hr_tables_init(&source->tables, &source->reader, err));
  HR_TRY(hr_join_path(run_dir, hr_predictions_name, &source->rows_path, err));
  HR_TRY(hr_rows_init(&source->rows, source->rows_path, &source->reader, err));
cleanup:
  if (status != HR_OK) hr_source_fini(source);
  return status;
}
