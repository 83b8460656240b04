/* Label columns by name, as integers where they are. */
#include "study/row_labels.h"

#include "core/alloc.h"

static hr_status find(const hr_plan *plan, const char *name, hr_results_label *out,
                      hr_error *err) {
  out->name = name;
  hr_status status = hr_dataset_integers(plan->test, name, &out->integers, err);
  if (status != HR_OK) return status;
  return hr_dataset_label(plan->test, name, false, &out->values, err);
}

/* Rows are numbered anew where some are left out. */
static hr_status number_rows(hr_row_labels *labels, const hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = plan->view.test_rows, row = 0;
  hr_dataset_locate(plan->test, rows - 1, &row);
  if (row == rows - 1) return HR_OK;
  HR_TRY(hr_alloc(&labels->file_row, rows, err));
  HR_TRY(hr_alloc(&labels->whole_file_row, rows, err));
  for (size_t i = 0; i < rows; i++) {
    hr_dataset_locate(plan->test, i, &row);
    labels->file_row[i] = (double)row;
    labels->whole_file_row[i] = (int64_t)row;
  }
  labels->ids[labels->id_count++] =
      (hr_results_label){"file_row", labels->file_row, labels->whole_file_row};
cleanup:
  return status;
}

hr_status hr_row_labels_init(hr_row_labels *labels, const hr_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  const hr_strings *ids = &plan->config->data.id;
  *labels = (hr_row_labels){0};
  HR_TRY(hr_alloc(&labels->axes, plan->view.axis_count, err));
  HR_TRY(hr_alloc(&labels->ids, ids->count + 1, err));
  for (size_t a = 0; a < plan->view.axis_count; a++) {
    HR_TRY(find(plan, plan->view.axes[a].label, &labels->axes[a], err));
  }
  for (size_t i = 0; i < ids->count; i++) {
    HR_TRY(find(plan, ids->items[i], &labels->ids[i], &reason));
    labels->id_count++;
  }
  HR_TRY(number_rows(labels, plan, err));
cleanup:
  if (reason.status != HR_OK) return hr_fail(err, status, "data.id: %s", reason.message);
  return status;
}

void hr_row_labels_fini(hr_row_labels *labels) {
  hr_free(labels->axes);
  hr_free(labels->ids);
  hr_free(labels->file_row);
  hr_free(labels->whole_file_row);
  *labels = (hr_row_labels){0};
}
