/* Sorting covered rows by whether their label is a node, and the bootstrap of both kinds.
 */
#include "score/lattice_rows.h"

#include "core/alloc.h"
#include "score/evaluation_parts.h"

const char *hr_lattice_kind_name(hr_lattice_kind kind) {
  return kind == HR_ON_NODES ? "on_nodes" : "off_nodes";
}

void hr_lattice_rows_fini(hr_lattice_rows *rows) {
  hr_lattice_fini(&rows->lattice);
  hr_free(rows->row_list);
  hr_bootstrap_destroy(&rows->bootstrap);
  *rows = (hr_lattice_rows){0};
}

/* The list: `groups` has covered rows first. */
static void sort_rows(hr_lattice_rows *rows, const hr_row_groups *groups,
                      const double *target) {
  size_t covered = hr_row_groups_covered(groups), at = 0;
  for (hr_lattice_kind kind = HR_ON_NODES; kind < HR_LATTICE_KINDS; kind++) {
    rows->start[kind] = at;
    for (size_t i = 0; i < covered; i++) {
      size_t row = groups->row_list[i];
      bool is_on = hr_lattice_holds(&rows->lattice, target[row]);
      if (is_on == (kind == HR_ON_NODES)) rows->row_list[at++] = row;
    }
  }
  rows->start[HR_LATTICE_KINDS] = at;
  for (size_t i = covered; i < groups->rows; i++) {
    rows->row_list[at++] = groups->row_list[i];
  }
  rows->start[HR_LATTICE_KINDS + 1] = at;
}

static bool has_both(const hr_lattice_rows *rows) {
  for (size_t kind = 0; kind < HR_LATTICE_KINDS; kind++) {
    if (rows->start[kind + 1] - rows->start[kind] < HR_LATTICE_FEWEST_ROWS) return false;
  }
  return true;
}

hr_status hr_lattice_rows_create(hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_input *input = evaluation->input;
  hr_lattice_rows *rows = &evaluation->lattice;
  const double **predictions = NULL;
  if (!input->train_target) return HR_OK;
  HR_TRY(hr_lattice_find(input->train_target, input->train_rows, &rows->lattice, err));
  if (rows->lattice.count == 0) goto cleanup;
  HR_TRY(hr_alloc(&rows->row_list, input->test->rows, err));
  sort_rows(rows, &evaluation->groups, input->test->target);
  if (!has_both(rows)) goto cleanup;
  HR_TRY(hr_alloc(&predictions, evaluation->method_count, err));
  for (size_t m = 0; m < evaluation->method_count; m++) {
    predictions[m] = evaluation->methods[m].forecast->prediction;
  }
  hr_bootstrap_input draw = {
      .rows = input->test->rows,
      .target = input->test->target,
      .row_list = rows->row_list,
      .group_start = rows->start,
      .group_count = HR_LATTICE_KINDS + 1,
      .predictions = predictions,
      .method_count = evaluation->method_count,
      .draws = input->bootstrap_draws ? input->bootstrap_draws : HR_BOOTSTRAP_DRAWS,
      .seed = input->seed,
  };
  HR_TRY(hr_bootstrap_create(&draw, &rows->bootstrap, err));
cleanup:
  hr_free(predictions);
  return status;
}
