/* Training rows through the trunk of a bundle, block by block. */
#include "study/gate_hidden.h"

#include <string.h>

#include "core/alloc.h"
#include "models/heads.h"
#include "study/pass.h"

typedef struct hiding {
  const hr_gate_hidden *hidden;
  hr_bundle *bundle;
  const hr_model *model; /* a head on the trunk, the bundle's */
  size_t next;           /* the row to come */
  uint32_t *row;         /* [count] in the block */
} hiding;

static hr_status find_model(hiding *h, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = hr_bundle_describe(h->bundle);
  for (size_t c = 0; !h->model && c < d->candidate_count; c++) {
    if (strcmp(d->candidates[c].kind, hr_heads_type.kind) != 0) continue;
    HR_TRY(hr_bundle_load(h->bundle, c, &h->model, err));
  }
  if (!h->model || hr_heads_hidden(h->model) != h->hidden->width) {
    status = hr_fail(err, HR_ERR_EMPTY, "there is no trunk to look at");
  }
cleanup:
  return status;
}

static hr_status show_rows(void *context, const hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  hiding *h = context;
  const hr_gate_hidden *to = h->hidden;
  size_t end = block->first_row + block->rows, count = 0;
  while (h->next + count < to->count && to->rows[h->next + count] < end) {
    h->row[count] = (uint32_t)(to->rows[h->next + count] - block->first_row);
    count++;
  }
  HR_TRY(hr_heads_hide(h->model, block->noisy, h->row, count,
                       to->values + h->next * to->width, err));
  h->next += count;
cleanup:
  return status;
}

hr_status hr_gate_hidden_find(const hr_gate_hidden *hidden, hr_error *err) {
  hr_status status = HR_OK;
  hiding h = {.hidden = hidden};
  const hr_pass pass = {.plan = hidden->plan,
                        .training = true,
                        .stage = "taking training rows through the trunk",
                        .visit = show_rows,
                        .context = &h};
  HR_TRY(hr_bundle_open(hidden->out_dir, &h.bundle, err));
  HR_TRY(find_model(&h, err));
  HR_TRY(hr_alloc(&h.row, hidden->count, err));
  HR_TRY(hr_pass_run(&pass, NULL, err));
cleanup:
  hr_bundle_close(&h.bundle);
  hr_free(h.row);
  return status;
}
