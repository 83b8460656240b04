/* The Fisher bound of the test rows, from the built-in model grid. Where the data are
 * not on that grid there is none, which is told and ends nothing. */
#include "study/bound.h"

#include "core/alloc.h"
#include "core/npy.h"
#include "core/observe.h"

const char hr_bound_name[] = "fisher.npy";

/* A label column, or NULL where the data have none. */
static const double *find_label(const hr_dataset *dataset, const char *name) {
  const double *column = NULL;
  return hr_dataset_label(dataset, name, false, &column, NULL) == HR_OK ? column : NULL;
}

/* There is no bound, and that is all right; any other failure is one. */
static hr_status do_without(hr_bound *bound, const hr_plan *plan, hr_status status,
                            hr_error *err) {
  if (status != HR_ERR_MISSING) {
    if (err && status != HR_OK) *err = bound->reason;
    return status;
  }
  hr_fisher_destroy(&bound->fisher);
  hr_observe_info(plan->view.observer, "no Fisher bound: %s", bound->reason.message);
  return HR_OK;
}

hr_status hr_bound_init(hr_bound *bound, const hr_plan *plan, size_t target,
                        hr_error *err) {
  hr_noise noise = hr_plan_stream(plan, false).noise;
  /* Stored noise was made at the level of the stored errors. */
  hr_fisher_input input = {
      .study = &plan->view,
      .test_route = plan->test_route,
      .target_name = plan->targets[target].name,
      .level = noise.source == HR_NOISE_STORED ? 1.0 : noise.level,
  };
  *bound = (hr_bound){0};
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    const char *name = hr_grid_label_names[axis];
    input.train_labels[axis] = find_label(plan->train, name);
    input.test_labels[axis] = find_label(plan->test, name);
  }
  hr_status status = hr_fisher_create(&input, &bound->fisher, &bound->reason);
  return do_without(bound, plan, status, err);
}

void hr_bound_fini(hr_bound *bound) {
  hr_fisher_destroy(&bound->fisher);
}

void hr_bound_observe(hr_bound *bound, const hr_block *block) {
  if (bound->fisher) hr_fisher_observe(bound->fisher, block);
}

hr_status hr_bound_finish(hr_bound *bound, const hr_plan *plan, const char *out_dir,
                          hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL;
  size_t rows = plan->view.test_rows;
  if (!bound->fisher) return HR_OK;
  HR_TRY(do_without(bound, plan,
                    hr_fisher_finish(bound->fisher, &bound->rows, &bound->reason), err));
  if (!bound->fisher) goto cleanup;
  if (bound->rows.rows_without > 0) {
    hr_observe_info(plan->view.observer,
                    "%zu of %zu test rows have no labels within the built-in model grid, "
                    "and so no Fisher bound",
                    bound->rows.rows_without, rows);
  }
  HR_TRY(hr_join_path(out_dir, hr_bound_name, &path, err));
  HR_TRY(hr_npy_write(path, bound->rows.variance, rows, HR_FISHER_PRIORS, err));
cleanup:
  hr_free(path);
  return status;
}
