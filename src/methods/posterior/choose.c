/* Choosing templates. Stored ones are the first of a random order of the training rows,
 * then sorted so that neighbours look alike. */
#include "methods/posterior/choose.h"

#include <string.h>

#include "core/alloc.h"
#include "methods/shuffle.h"

int32_t hr_posterior_group(const hr_study_view *study, size_t row) {
  return hr_row_group(study, row);
}

static hr_status choose_stored(const hr_study_view *study, size_t most,
                               hr_posterior_choice *choice, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = study->train.rows;
  hr_ranked_row *ranked = NULL;
  choice->count = rows < most ? rows : most;
  HR_TRY(hr_alloc(&choice->slot, rows, err));
  HR_TRY(hr_alloc(&choice->row, choice->count, err));
  HR_TRY(hr_shuffle_rows(study, HR_STREAM_TEMPLATES, false, &ranked, err));
  for (size_t i = 0; i < choice->count; i++) {
    ranked[i].group = hr_posterior_group(study, ranked[i].row);
    ranked[i].key = study->train.target[ranked[i].row];
  }
  hr_sort_ranked_rows(ranked, choice->count);
  for (size_t i = 0; i < rows; i++) choice->slot[i] = HR_NOT_A_TEMPLATE;
  for (size_t i = 0; i < choice->count; i++) {
    choice->slot[ranked[i].row] = (int64_t)i;
    choice->row[i] = ranked[i].row;
  }
cleanup:
  hr_free(ranked);
  return status;
}

hr_status hr_posterior_choose(const hr_study_view *study,
                              const hr_posterior_parameters *parameters,
                              hr_posterior_choice *choice, hr_error *err) {
  size_t wanted = (size_t)parameters->templates;
  *choice = (hr_posterior_choice){.from_grid = hr_posterior_is_from_grid(parameters)};
  if (!choice->from_grid) return choose_stored(study, wanted, choice, err);
  choice->count = wanted;
  return hr_posterior_grid_init(&choice->grid, study, wanted, err);
}

void hr_posterior_choice_fini(hr_posterior_choice *choice) {
  hr_free(choice->row);
  hr_free(choice->slot);
  hr_posterior_grid_fini(&choice->grid);
  *choice = (hr_posterior_choice){0};
}

int32_t hr_posterior_choice_group(const hr_posterior_choice *choice,
                                  const hr_study_view *study, size_t i) {
  return choice->from_grid ? choice->grid.templates[i].group
                           : hr_posterior_group(study, choice->row[i]);
}

hr_status hr_posterior_origin(const hr_posterior_choice *choice, double **out,
                              size_t *columns, hr_error *err) {
  *columns = choice->from_grid ? HR_GRID_AXES : 1;
  hr_status status = hr_alloc(out, *columns * choice->count, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < choice->count; i++) {
    double *row = *out + *columns * i;
    if (choice->from_grid) {
      memcpy(row, choice->grid.templates[i].labels, *columns * sizeof *row);
    } else {
      *row = (double)choice->row[i];
    }
  }
  return HR_OK;
}
