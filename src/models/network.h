/* Convolutional networks: models of the kind "network".
 *
 * On disk one file, model.cnn (nn/cnn_model.h). A network needs room to compute in; the
 * model keeps a few such workspaces, and each call of predict takes one for its time, so
 * that any number of threads may predict with one model. A build without oneDNN predicts
 * with the plain reference, slowly and with other roundings. */
#ifndef HR_MODELS_NETWORK_H
#define HR_MODELS_NETWORK_H

#include "models/model.h"
#include "nn/cnn_model.h"

extern const hr_model_type hr_network_model_type;

/* Makes a model of a trained network, whose batches may be of one row: what predicts is a
 * copy. *network is then the model's own, and empty. HR_ERR_MEMORY. */
hr_status hr_network_model_create_take(hr_cnn_model *network, int slot, hr_model **out,
                                       hr_error *err) HR_MUST_CHECK;

/* Loads as hr_model_type's load, on other back ends; NULL: the file's own choice. */
hr_status hr_network_model_load(const hr_model_place *place,
                                const hr_network_backend *backend, hr_model **out,
                                hr_error *err) HR_MUST_CHECK;

/* Rows of a workspace's batch, for estimates of memory: little memory, all threads busy.
 */
enum { HR_NETWORK_MODEL_BATCH = 16 };

#endif
