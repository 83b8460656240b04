/* How requests to models of templates become comparisons.
 *
 * Spectra are compared in groups of HR_PREDICT_ROWS, all rows of a group whoever is
 * asked for: then the bytes of an answer do not depend on what else is asked. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "models/templates_parts.h"

_Static_assert((int)HR_PREDICT_ROWS == (int)HR_QUERY_ROWS,
               "groups of predictions are those of comparisons");
_Static_assert((int)HR_PREDICT_DRAWS == (int)HR_DRAWS, "draws are those of comparisons");

/* What a comparison answers of a group of rows, for each its A bins, or one answer over
 * all, and T targets. */
typedef struct found_answers {
  hr_posterior *posterior; /* [HR_PREDICT_ROWS][A][T] */
  float *draws;            /* [HR_PREDICT_ROWS][A][T][HR_DRAWS]; NULL: not wanted */
} found_answers;

/* All requests to one store, and the group of rows that is being answered. */
typedef struct answering {
  const hr_spectra *spectra;
  const hr_request *requests; /* [request_count], those to other stores are passed over */
  size_t request_count;
  const hr_template_store *store;
  size_t targets;
  hr_templates_workspace *work;
  size_t *next;   /* [request_count] places in the requests' lists of rows */
  size_t first;   /* of the group in the block */
  size_t rows;    /* of the group */
  bool *is_asked; /* [request_count][HR_PREDICT_ROWS] */
  size_t bins;    /* A, the most that a row of the group is asked for, at least 1 */
  int32_t *bin;   /* [HR_PREDICT_ROWS][A] which, ascending, then HR_NO_GROUP */
  bool wants_draws[HR_PREDICT_ROWS];
  uint64_t number[HR_PREDICT_ROWS]; /* of the rows in their file */
  found_answers own, all;
  double *shares; /* [HR_PREDICT_ROWS][slots] of the groups; NULL: nobody asks */
  size_t slots;
} answering;

static bool concerns(const answering *a, size_t q) {
  return hr_template_store_of(a->requests[q].model) == a->store;
}

static bool is_asked(const answering *a, size_t q, size_t i) {
  return a->is_asked[q * HR_PREDICT_ROWS + i];
}

/* Fills is_asked for the group; false where nothing of it is. */
static bool find_asked(answering *a) {
  bool any = false;
  memset(a->wants_draws, 0, sizeof a->wants_draws);
  for (size_t i = 0; i < a->rows; i++) {
    a->number[i] = a->spectra->first_row + a->first + i;
  }
  for (size_t q = 0; q < a->request_count; q++) {
    const hr_request *request = &a->requests[q];
    bool *asked = a->is_asked + q * HR_PREDICT_ROWS;
    memset(asked, 0, HR_PREDICT_ROWS * sizeof *asked);
    if (!concerns(a, q)) continue;
    while (a->next[q] < request->count && request->row[a->next[q]] < a->first + a->rows) {
      size_t i = request->row[a->next[q]++] - a->first;
      asked[i] = any = true;
      a->wants_draws[i] |= request->draws != NULL;
    }
  }
  return any;
}

static bool are_rough(const answering *a) {
  for (size_t q = 0; q < a->request_count; q++) {
    if (concerns(a, q) && !a->requests[q].is_rough) return false;
  }
  return true;
}

/* Whether the model of all rows is asked for the bins' shares alone. */
static bool are_shares_all(const answering *a) {
  for (size_t q = 0; q < a->request_count; q++) {
    bool is_global = concerns(a, q) && a->requests[q].model->slot == HR_GLOBAL;
    if (is_global && a->requests[q].mean) return false;
  }
  return true;
}

static bool is_global_asked(const answering *a) {
  bool any = false;
  for (size_t q = 0; q < a->request_count; q++) {
    if (a->requests[q].model->slot != HR_GLOBAL) continue;
    for (size_t i = 0; i < a->rows; i++) any |= is_asked(a, q, i);
  }
  return any;
}

static void answer_shares(const answering *a, const hr_request *request, size_t i) {
  bool is_known = request->model->slot == HR_GLOBAL;
  double *to = request->shares + (a->first + i) * request->slots;
  for (size_t s = 0; s < request->slots; s++) {
    to[s] = is_known ? a->shares[i * a->slots + s] : (double)NAN;
  }
}

/* From answer number n. */
static void answer(const answering *a, size_t q, size_t i, const found_answers *answers,
                   size_t n) {
  const hr_request *request = &a->requests[q];
  size_t row = a->first + i, at = n * a->targets + request->model->target;
  const hr_posterior *found = &answers->posterior[at];
  if (request->mean) request->mean[row] = (float)found->mean;
  if (request->variance) {
    request->variance[row] = found->variance * found->variance_scale;
  }
  if (request->effective) request->effective[row] = found->effective;
  if (request->mean_error) request->mean_error[row] = found->error;
  if (request->chi2) request->chi2[row] = found->chi2;
  if (request->shares) answer_shares(a, request, i);
  if (request->draws) {
    memcpy(request->draws + row * HR_DRAWS, answers->draws + at * HR_DRAWS,
           HR_DRAWS * sizeof *request->draws);
  }
}

/* The next bin that row i is asked for, above `last`; HR_NO_GROUP: there is none. */
static int32_t next_bin(const answering *a, size_t i, int32_t last) {
  int32_t next = HR_NO_GROUP;
  for (size_t q = 0; q < a->request_count; q++) {
    int slot = a->requests[q].model->slot;
    bool is_open = slot != HR_GLOBAL && slot > last && slot < next;
    if (is_open && is_asked(a, q, i)) next = slot;
  }
  return next;
}

/* Fills `bins` and `bin` for the group of rows. */
static void list_bins(answering *a) {
  a->bins = 1;
  for (size_t i = 0; i < a->rows; i++) {
    size_t count = 0;
    int32_t bin = next_bin(a, i, HR_GLOBAL);
    for (; bin != HR_NO_GROUP; bin = next_bin(a, i, bin)) count++;
    if (count > a->bins) a->bins = count;
  }
  for (size_t i = 0; i < a->rows; i++) {
    int32_t bin = HR_GLOBAL;
    for (size_t n = i * a->bins; n < (i + 1) * a->bins; n++) {
      if (bin != HR_NO_GROUP) bin = next_bin(a, i, bin);
      a->bin[n] = bin;
    }
  }
}

/* Answers request q for row i of the group, where it is asked. */
static void answer_row(const answering *a, size_t q, size_t i) {
  int slot = a->requests[q].model->slot;
  if (!is_asked(a, q, i)) return;
  if (slot == HR_GLOBAL) {
    answer(a, q, i, &a->all, i);
    return;
  }
  for (size_t n = i * a->bins; n < (i + 1) * a->bins; n++) {
    if (a->bin[n] == slot) answer(a, q, i, &a->own, n);
  }
}

static hr_status answer_group(answering *a, hr_error *err) {
  hr_status status = HR_OK;
  uint8_t fold[HR_PREDICT_ROWS];
  size_t at = a->first * a->spectra->pixels;
  memset(fold, HR_NO_FOLD, sizeof fold);
  list_bins(a);
  const hr_query_draws draws = {.wanted = a->wants_draws,
                                .key = a->number,
                                .own = a->own.draws,
                                .all = a->all.draws};
  const hr_query query = {.rows = a->rows,
                          .x = a->spectra->noisy + at,
                          .error = a->spectra->error + at,
                          .level = a->spectra->level,
                          .group = a->bin,
                          .own_groups = a->bins,
                          .fold = fold,
                          .own_only = !is_global_asked(a),
                          .draws = a->own.draws ? &draws : NULL,
                          .shares = a->shares,
                          .groups = a->slots,
                          .is_rough = are_rough(a),
                          .shares_only = are_shares_all(a)};
  HR_TRY(hr_templates_compare(hr_template_store_templates(a->store), a->work, &query,
                              a->own.posterior, a->all.posterior, err));
  for (size_t q = 0; q < a->request_count; q++) {
    for (size_t i = 0; i < a->rows; i++) answer_row(a, q, i);
  }
cleanup:
  return status;
}

/* Room for a bin a request, of those that a row may be asked for. */
static hr_status allocate(answering *a, hr_error *err) {
  hr_status status = HR_OK;
  bool wants_draws = false;
  size_t answers = HR_PREDICT_ROWS * a->targets, bins = 1;
  for (size_t q = 0; q < a->request_count; q++) {
    if (!concerns(a, q)) continue;
    bins += a->requests[q].model->slot != HR_GLOBAL;
    wants_draws |= a->requests[q].draws != NULL;
    if (a->requests[q].shares) a->slots = a->requests[q].slots;
  }
  HR_TRY(hr_templates_workspace_create(hr_template_store_templates(a->store), &a->work,
                                       err));
  HR_TRY(hr_alloc(&a->next, a->request_count, err));
  HR_TRY(hr_alloc(&a->is_asked, a->request_count * HR_PREDICT_ROWS, err));
  HR_TRY(hr_alloc(&a->bin, HR_PREDICT_ROWS * bins, err));
  HR_TRY(hr_alloc(&a->own.posterior, answers * bins, err));
  HR_TRY(hr_alloc(&a->all.posterior, answers, err));
  if (a->slots > 0) HR_TRY(hr_alloc(&a->shares, HR_PREDICT_ROWS * a->slots, err));
  if (!wants_draws) goto cleanup;
  HR_TRY(hr_alloc(&a->own.draws, answers * bins * HR_DRAWS, err));
  HR_TRY(hr_alloc(&a->all.draws, answers * HR_DRAWS, err));
cleanup:
  return status;
}

static hr_status answer_store(const hr_spectra *spectra, const hr_request *requests,
                              size_t request_count, const hr_template_store *store,
                              hr_error *err) {
  hr_status status = HR_OK;
  answering a = {.spectra = spectra,
                 .requests = requests,
                 .request_count = request_count,
                 .store = store,
                 .targets = hr_templates_targets(hr_template_store_templates(store))};
  HR_TRY(allocate(&a, err));
  for (; a.first < spectra->rows; a.first += HR_PREDICT_ROWS) {
    size_t left = spectra->rows - a.first;
    a.rows = left < HR_PREDICT_ROWS ? left : HR_PREDICT_ROWS;
    if (find_asked(&a)) HR_TRY(answer_group(&a, err));
  }
cleanup:
  hr_templates_workspace_destroy(&a.work);
  hr_free(a.next);
  hr_free(a.is_asked);
  hr_free(a.bin);
  hr_free(a.own.posterior);
  hr_free(a.all.posterior);
  hr_free(a.own.draws);
  hr_free(a.all.draws);
  hr_free(a.shares);
  return status;
}

static hr_status check_spectra(const hr_spectra *spectra, const hr_request *requests,
                               size_t request_count, hr_error *err) {
  if (!spectra->error || !(spectra->level > 0)) {
    return hr_fail(err, HR_ERR_INTERNAL, "templates were given spectra without errors");
  }
  if (spectra->first_row % HR_PREDICT_ROWS != 0) {
    return hr_fail(err, HR_ERR_INTERNAL,
                   "templates were given spectra from row %zu on, which is no multiple "
                   "of %d",
                   spectra->first_row, HR_PREDICT_ROWS);
  }
  for (size_t q = 0; q < request_count; q++) {
    if (requests[q].model->pixels == spectra->pixels) continue;
    return hr_fail(err, HR_ERR_INTERNAL,
                   "templates of %zu pixels were given spectra of %zu",
                   requests[q].model->pixels, spectra->pixels);
  }
  return HR_OK;
}

hr_status hr_templates_predict(const hr_spectra *spectra, const hr_request *requests,
                               size_t request_count, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(check_spectra(spectra, requests, request_count, err));
  for (size_t q = 0; q < request_count; q++) {
    const hr_template_store *store = hr_template_store_of(requests[q].model);
    bool is_answered = false;
    for (size_t before = 0; before < q; before++) {
      is_answered |= hr_template_store_of(requests[before].model) == store;
    }
    if (is_answered) continue;
    HR_TRY(answer_store(spectra, requests, request_count, store, err));
  }
cleanup:
  return status;
}
