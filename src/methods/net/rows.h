/* The training rows of one slot, kept for as long as networks of the slot are trained:
 * those that are trained on and those held out, with all labels. */
#ifndef HR_METHODS_NET_ROWS_H
#define HR_METHODS_NET_ROWS_H

#include "methods/net/learner.h"
#include "methods/row_store.h"
#include "nn/net_model.h"
#include "nn/training.h"

typedef struct hr_net_rows {
  int slot;
  const hr_study_view *study;              /* borrowed */
  const double *label[HR_NET_MOST_LABELS]; /* [labels][training rows]; borrowed */
  size_t label_count; /* L: of the targets, then the auxiliary ones */
  bool redraw;        /* whether clean flux and error are kept, or noisy flux */
  size_t trained_count, held_out_count; /* that will come */
  hr_row_store *trained, *held_out;
  int32_t *trained_bin,
      *held_out_bin;            /* [trained_count], [held_out_count] of the study */
  uint32_t *row_of;             /* [trained_count] in the dataset, for the noise */
  float *trained_target;        /* [L][trained_count] */
  float *held_out_target;       /* [L][held_out_count] */
  double *held_out_snr;         /* [held_out_count] measured */
  double *sum, *sum_of_squares; /* [P] of the noisy flux trained on */
  float *scratch;               /* [threads][2 P] */
} hr_net_rows;

/* Makes room for the rows of the slot, counted in trained_count and held_out_count;
 * folder: for files, NULL: in memory. HR_ERR_MEMORY, HR_ERR_IO. */
hr_status hr_net_rows_init(hr_net_rows *rows, const char *folder,
                           hr_error *err) HR_MUST_CHECK;

/* Gives all of them up; what is said of the slot stays. */
void hr_net_rows_fini(hr_net_rows *rows);

/* Takes row i of the block, which is one of the slot's. */
hr_status hr_net_rows_observe(hr_net_rows *rows, const hr_block *block, size_t i,
                              hr_error *err) HR_MUST_CHECK;

/* Label l: [trained_count], [held_out_count]. */
const float *hr_net_rows_trained(const hr_net_rows *rows, size_t l);
const float *hr_net_rows_held_out(const hr_net_rows *rows, size_t l);

/* Sets the mean and the factor of each pixel from the rows trained on; raw: those that
 * make flux what it is in the files. */
void hr_net_rows_set_scales(const hr_net_rows *rows, bool raw, hr_net_model *model);

/* How a trainer gets rows as the network takes them, scaled by `model`; borrowed. */
typedef struct hr_net_source {
  const hr_net_rows *rows;
  const hr_net_model *model;
  bool is_held_out;
} hr_net_source;

/* target: [rows][outputs]. To be called for the rows trained on or those held out, as the
 * source says; scratch has to be there. */
hr_training_rows hr_net_source_rows(hr_net_source *source, const float *target);

/* Whether a row of the bin is one that a model of the slot learns from. */
static inline bool hr_net_is_of_slot(int slot, int32_t bin) {
  return slot == HR_GLOBAL || bin == slot;
}

/* Noisy flux of held-out rows, numbers [count]: x [count][P]. HR_ERR_IO. */
hr_status hr_net_rows_copy_held_out(const hr_net_rows *rows, const uint32_t *numbers,
                                    size_t count, float *x, hr_error *err) HR_MUST_CHECK;

#endif
