/* The Fisher bound of the test rows, from the built-in model grid. Where the data are
 * not on that grid there is none, which is told and ends nothing. */
#include "study/bound.h"

#include "core/alloc.h"
#include "core/file.h"
#include "core/npy.h"
#include "core/observe.h"

const char hr_bound_name[] = "fisher.npy";

/* A label column, or NULL where the data have none. */
static const double *find_label(const hr_dataset *dataset, const char *name) {
  const double *column = NULL;
  return hr_dataset_label(dataset, name, false, &column, NULL) == HR_OK ? column : NULL;
}

/* There is no bound for any target, and that is all right; any other failure is one. */
static hr_status do_without(hr_bound *bound, const hr_plan *plan, const hr_error *reason,
                            hr_error *err) {
  if (reason->status != HR_ERR_MISSING) {
    if (err && reason->status != HR_OK) *err = *reason;
    return reason->status;
  }
  hr_fisher_destroy(&bound->fisher);
  for (size_t t = 0; t < hr_study_targets(&plan->view); t++) {
    bound->targets[t].reason = *reason;
  }
  hr_observe_info(plan->view.observer, "no Fisher bound: %s", reason->message);
  return HR_OK;
}

/* The first target that the grid has; where it has none, the first of all, of which it is
 * then told. */
static size_t find_target(const hr_plan *plan) {
  for (size_t t = 0; t < hr_study_targets(&plan->view); t++) {
    if (hr_grid_axis(plan->targets[t].name) < HR_GRID_AXES) return t;
  }
  return 0;
}

hr_status hr_bound_init(hr_bound *bound, const hr_plan *plan, hr_error *err) {
  hr_noise noise = hr_plan_stream(plan, false).noise;
  hr_error reason = {.status = HR_OK};
  *bound = (hr_bound){.first = find_target(plan)};
  hr_status status = hr_alloc(&bound->targets, hr_study_targets(&plan->view), err);
  if (status != HR_OK) return status;
  /* Stored noise was made at the level of the stored errors. */
  hr_fisher_input input = {
      .study = &plan->view,
      .test_route = plan->test_route,
      .target_name = plan->targets[bound->first].name,
      .level = noise.source == HR_NOISE_STORED ? 1.0 : noise.level,
      .base = plan->conditions.rows.base,
  };
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    const char *name = hr_grid_label_names[axis];
    input.train_labels[axis] = find_label(plan->train, name);
    input.test_labels[axis] = find_label(plan->test, name);
  }
  if (hr_fisher_create(&input, &bound->fisher, &reason) == HR_OK) return HR_OK;
  return do_without(bound, plan, &reason, err);
}

void hr_bound_fini(hr_bound *bound) {
  hr_fisher_destroy(&bound->fisher);
  hr_free(bound->targets);
  bound->targets = NULL;
}

void hr_bound_observe(hr_bound *bound, const hr_block *block) {
  if (bound->fisher) hr_fisher_observe(bound->fisher, block);
}

static hr_status write_bound(const hr_plan *plan, const char *out_dir, size_t t,
                             const hr_fisher_bound *rows, hr_error *err) {
  hr_status status = HR_OK;
  char *dir = NULL, *path = NULL;
  HR_TRY(hr_plan_target_dir(plan, out_dir, t, &dir, err));
  HR_TRY(hr_make_folders(dir, err));
  HR_TRY(hr_join_path(dir, hr_bound_name, &path, err));
  HR_TRY(hr_npy_write(path, rows->variance, plan->view.test_rows, HR_FISHER_PRIORS, err));
cleanup:
  hr_free(dir);
  hr_free(path);
  return status;
}

static hr_status finish_target(hr_bound *bound, const hr_plan *plan, size_t t,
                               hr_error *err) {
  hr_target_bound *own = &bound->targets[t];
  if (t == bound->first) return HR_OK; /* found already */
  hr_status status = hr_fisher_finish_further(bound->fisher, plan->targets[t].name,
                                              &own->rows, &own->reason);
  own->is_there = status == HR_OK;
  if (status == HR_OK) return HR_OK;
  if (status != HR_ERR_MISSING) return hr_fail(err, status, "%s", own->reason.message);
  hr_observe_info(plan->view.observer, "no Fisher bound: %s", own->reason.message);
  return HR_OK;
}

hr_status hr_bound_finish(hr_bound *bound, const hr_plan *plan, const char *out_dir,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  if (!bound->fisher) return HR_OK;
  hr_target_bound *first = &bound->targets[bound->first];
  if (hr_fisher_finish(bound->fisher, &first->rows, &reason) != HR_OK) {
    return do_without(bound, plan, &reason, err);
  }
  first->is_there = true;
  if (first->rows.rows_without > 0) {
    hr_observe_info(plan->view.observer,
                    "%zu of %zu test rows have no labels within the built-in model grid, "
                    "and so no Fisher bound",
                    first->rows.rows_without, plan->view.test_rows);
  }
  for (size_t t = 0; t < hr_study_targets(&plan->view); t++) {
    HR_TRY(finish_target(bound, plan, t, err));
    if (!bound->targets[t].is_there) continue;
    HR_TRY(write_bound(plan, out_dir, t, &bound->targets[t].rows, err));
  }
cleanup:
  return status;
}
