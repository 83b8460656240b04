/* Models that share a network: models of the kind "heads". One trunk has an output for
 * each target and slot; a model is one of them, with the mean and deviation of its label.
 * What a spectrum passes through is computed once for all models that are asked for it.
 *
 * On disk one file for all of them, heads.net (docs/formats.md). */
#ifndef HR_MODELS_HEADS_H
#define HR_MODELS_HEADS_H

#include "models/model.h"
#include "models/net_pool.h"

extern const hr_model_type hr_heads_type;

/* What an output of the network is. */
typedef struct hr_head {
  size_t target;
  int slot;
  size_t output; /* below the network's outputs */
  double mean, deviation;
} hr_head;

/* Makes the models of all heads, out [count]. *trained, whose batches may be of one row,
 * is then theirs, and empty. HR_ERR_MEMORY: there is none. */
hr_status hr_heads_create_take(hr_net_model *trained, const hr_head *heads, size_t count,
                               hr_model **out, hr_error *err) HR_MUST_CHECK;

/* D, how many numbers the trunk of a model of this kind gives its heads; 0: it does not
 * tell them. */
size_t hr_heads_hidden(const hr_model *model);

/* Those numbers, out [count][D], of the rows row[0 .. count-1] of noisy [..][P]; row
 * NULL: of the first `count`. A row's bytes depend on that row alone. HR_ERR_MEMORY,
 * HR_ERR_INTERNAL. */
hr_status hr_heads_hide(const hr_model *model, const float *noisy, const uint32_t *row,
                        size_t count, float *out, hr_error *err) HR_MUST_CHECK;

/* Loads as hr_model_type's load, on the design's back ends where it has some
 * (hr_net_wanted), a network of its kind where it says one. */
hr_status hr_heads_load(const hr_model_place *place, const hr_net_design *design,
                        hr_model **out, hr_error *err) HR_MUST_CHECK;

#endif
