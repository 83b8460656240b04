/* Convolutional networks and vision transformers: models of the kind "network".
 *
 * On disk one file, model.cnn or model.vit (nn/net_model.h). Any number of threads may
 * predict with one model (models/net_pool.h). A build without oneDNN predicts with what
 * it has, slowly and with other roundings. */
#ifndef HR_MODELS_NETWORK_H
#define HR_MODELS_NETWORK_H

#include "models/model.h"
#include "models/net_pool.h"

extern const hr_model_type hr_network_model_type;

/* Makes a model of a trained network, whose batches may be of one row: what predicts is a
 * copy. *network is then the model's own, and empty. HR_ERR_MEMORY. */
hr_status hr_network_model_create_take(hr_net_model *network, int slot, hr_model **out,
                                       hr_error *err) HR_MUST_CHECK;

/* Loads as hr_model_type's load, a network of the design's kind and on its back ends
 * (hr_net_model_load). */
hr_status hr_network_model_load(const hr_model_place *place, const hr_net_design *design,
                                hr_model **out, hr_error *err) HR_MUST_CHECK;

#endif
