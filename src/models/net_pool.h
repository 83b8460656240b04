/* A trained network that any number of models and threads predict with: its numbers, and
 * copies with room to compute in, of which each call takes one for its time. Whoever
 * holds the pool keeps it alive. */
#ifndef HR_MODELS_NET_POOL_H
#define HR_MODELS_NET_POOL_H

#include "nn/net_model.h"

typedef struct hr_net_pool hr_net_pool;

/* Rows of a copy's batch, for estimates of memory: little memory, all threads busy. */
enum { HR_NET_POOL_BATCH = 16 };

/* *trained, whose batches may be of one row, is then the pool's own, and empty. Held
 * once. HR_ERR_MEMORY. */
hr_status hr_net_pool_create_take(hr_net_model *trained, hr_net_pool **out,
                                  hr_error *err) HR_MUST_CHECK;
hr_net_pool *hr_net_pool_hold(hr_net_pool *pool);
void hr_net_pool_release(hr_net_pool **pool);

/* The numbers; never to compute with. */
const hr_net_model *hr_net_pool_trained(const hr_net_pool *pool);

/* A copy that nobody else uses, until it is given back. HR_ERR_MEMORY. */
typedef struct hr_net_copy hr_net_copy;
hr_status hr_net_pool_take(hr_net_pool *pool, hr_net_copy **out,
                           hr_error *err) HR_MUST_CHECK;
void hr_net_pool_give_back(hr_net_pool *pool, hr_net_copy *copy);
hr_net_model *hr_net_copy_model(hr_net_copy *copy);

#endif
