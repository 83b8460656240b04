/* Copies of a trained network that threads predict with, and who holds them. */
#include "models/net_pool.h"

#include <pthread.h>

#include "core/alloc.h"
#include "core/parallel.h"

struct hr_net_copy {
  hr_net_model network;
  size_t threads; /* that it has room for */
  hr_net_copy *next;
};

struct hr_net_pool {
  pthread_mutex_t lock;
  size_t holders;
  hr_net_model trained; /* never computes */
  hr_net_copy *idle;    /* that nobody uses at the moment */
};

hr_status hr_net_pool_create_take(hr_net_model *trained, hr_net_pool **out,
                                  hr_error *err) {
  hr_net_pool *pool = NULL;
  hr_status status = hr_alloc(&pool, 1, err);
  if (status != HR_OK) return status;
  pthread_mutex_init(&pool->lock, NULL);
  pool->holders = 1;
  pool->trained = *trained;
  *trained = (hr_net_model){.net = NULL};
  *out = pool;
  return HR_OK;
}

hr_net_pool *hr_net_pool_hold(hr_net_pool *pool) {
  pthread_mutex_lock(&pool->lock);
  pool->holders++;
  pthread_mutex_unlock(&pool->lock);
  return pool;
}

static void destroy_copy(hr_net_copy *copy) {
  hr_net_model_fini(&copy->network);
  hr_free(copy);
}

void hr_net_pool_release(hr_net_pool **address) {
  hr_net_pool *pool = *address;
  *address = NULL;
  if (!pool) return;
  pthread_mutex_lock(&pool->lock);
  bool is_last = --pool->holders == 0;
  pthread_mutex_unlock(&pool->lock);
  if (!is_last) return;
  while (pool->idle) {
    hr_net_copy *copy = pool->idle;
    pool->idle = copy->next;
    destroy_copy(copy);
  }
  pthread_mutex_destroy(&pool->lock);
  hr_net_model_fini(&pool->trained);
  hr_free(pool);
}

const hr_net_model *hr_net_pool_trained(const hr_net_pool *pool) {
  return &pool->trained;
}

/* The first idle copy with room for so many threads, taken out of the list; NULL where
 * there is none. */
static hr_net_copy *find_idle(hr_net_pool *pool, size_t threads) {
  hr_net_copy *found = NULL;
  pthread_mutex_lock(&pool->lock);
  for (hr_net_copy **c = &pool->idle; *c && !found;) {
    if ((*c)->threads >= threads) {
      found = *c;
      *c = found->next;
    } else {
      c = &(*c)->next;
    }
  }
  pthread_mutex_unlock(&pool->lock);
  return found;
}

hr_status hr_net_pool_take(hr_net_pool *pool, hr_net_copy **out, hr_error *err) {
  hr_status status = HR_OK;
  size_t threads = hr_thread_count();
  hr_net_copy *made = NULL;
  *out = find_idle(pool, threads);
  if (*out) return HR_OK;
  HR_TRY(hr_alloc(&made, 1, err));
  made->threads = threads;
  HR_TRY(hr_net_model_copy(&pool->trained, HR_NET_POOL_BATCH, &made->network, err));
  *out = made;
  made = NULL;
cleanup:
  hr_free(made);
  return status;
}

void hr_net_pool_give_back(hr_net_pool *pool, hr_net_copy *copy) {
  pthread_mutex_lock(&pool->lock);
  copy->next = pool->idle;
  pool->idle = copy;
  pthread_mutex_unlock(&pool->lock);
}

hr_net_model *hr_net_copy_model(hr_net_copy *copy) {
  return &copy->network;
}
