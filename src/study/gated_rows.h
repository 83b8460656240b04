/* The test rows as the gates of a bundle mix them: of every gate its weights, and of
 * every gate, way of mixing and set of models the predictions. A model is asked once for
 * a row that any of them sends it, whoever asks, and not at all where the study has
 * predicted the row with it before, as it has by the model of the row's own bin. */
#ifndef HR_STUDY_GATED_ROWS_H
#define HR_STUDY_GATED_ROWS_H

#include "choice/assembly.h"
#include "predict/open_gate.h"
#include "study/pass.h"
#include "study/whole_groups.h"

/* What the study has predicted of the test rows; borrowed. */
typedef struct hr_gated_known {
  const hr_outcome *outcomes; /* [T][count]; NULL: nothing */
  size_t count;
} hr_gated_known;

typedef struct hr_gated_rows {
  const hr_plan *plan; /* borrowed */
  hr_gated_known known;
  hr_bundle *bundle;   /* open while rows are predicted */
  hr_open_gate *gates; /* [gate_count] the same */
  size_t gate_count, rows, slots, targets;
  double **weight; /* [gate_count] of [rows][slots] */
  /* Models that are mixed: the hybrid's, and the baseline's where it has any. */
  size_t team_count;
  size_t *candidate; /* [team_count][targets][slots] or HR_NO_CANDIDATE */
  hr_gated *gated;   /* [targets][gated_count] by gate, set of models, mixing */
  size_t gated_count;
  double **columns; /* owned, what `gated` points to */
  size_t column_count;
  bool *is_empty; /* [rows] rows without a good pixel */
  hr_whole_groups groups;
} hr_gated_rows;

/* Opens the bundle of the run, and makes room. Borrows the plan and what is known. To be
 * followed by hr_gated_rows_fini, on failure too. Fails as hr_bundle_open; HR_ERR_MEMORY.
 */
hr_status hr_gated_rows_init(hr_gated_rows *rows, const hr_plan *plan,
                             const hr_gated_known *known, const char *out_dir,
                             hr_error *err) HR_MUST_CHECK;
void hr_gated_rows_fini(hr_gated_rows *rows);

/* Predicts a block of test rows, which come in order. */
hr_status hr_gated_rows_observe(hr_gated_rows *rows, const hr_block *block,
                                hr_error *err) HR_MUST_CHECK;

/* Frees the models: what was predicted stays. */
void hr_gated_rows_close(hr_gated_rows *rows);

/* Bytes of what stays, before anything is known. */
double hr_gated_rows_bytes(const hr_plan *plan);

#endif
