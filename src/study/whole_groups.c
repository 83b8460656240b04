/* Rows wait only where a group is cut. */
#include "study/whole_groups.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

hr_status hr_whole_groups_init(hr_whole_groups *groups, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&groups->noisy, HR_PREDICT_ROWS * groups->pixels, err));
  HR_TRY(hr_alloc(&groups->error, HR_PREDICT_ROWS * groups->pixels, err));
  HR_TRY(hr_alloc(&groups->snr, HR_PREDICT_ROWS, err));
cleanup:
  return status;
}

void hr_whole_groups_fini(hr_whole_groups *groups) {
  hr_free(groups->noisy);
  hr_free(groups->error);
  hr_free(groups->snr);
  *groups = (hr_whole_groups){0};
}

static hr_status hand_on_waiting(hr_whole_groups *groups, hr_error *err) {
  const hr_grouped rows = {.spectra = {.first_row = groups->first,
                                       .rows = groups->waiting,
                                       .pixels = groups->pixels,
                                       .noisy = groups->noisy,
                                       .error = groups->error,
                                       .level = groups->level},
                           .snr = groups->snr};
  groups->waiting = 0;
  return groups->visit(groups->context, &rows, err);
}

/* Copies rows of the block from `at` on, up to the end of their group; how many. */
static size_t keep(hr_whole_groups *groups, const hr_block *block, size_t at) {
  size_t pixels = block->pixels, left = block->rows - at;
  size_t room = HR_PREDICT_ROWS - groups->waiting, count = left < room ? left : room;
  size_t to = groups->waiting * pixels, bytes = count * pixels * sizeof *groups->noisy;
  if (groups->waiting == 0) groups->first = block->first_row + at;
  memcpy(groups->noisy + to, block->noisy + at * pixels, bytes);
  memcpy(groups->error + to, block->error + at * pixels, bytes);
  for (size_t i = 0; i < count; i++) {
    groups->snr[groups->waiting + i] = block->snr ? block->snr[at + i] : (double)NAN;
  }
  groups->waiting += count;
  return count;
}

hr_status hr_whole_groups_observe(hr_whole_groups *groups, const hr_block *block,
                                  hr_error *err) {
  hr_status status = HR_OK;
  bool is_last = block->first_row + block->rows == groups->split_rows;
  size_t at = 0;
  while (at < block->rows) {
    size_t left = block->rows - at, whole = left - left % HR_PREDICT_ROWS;
    if (is_last) whole = left;
    if (groups->waiting > 0 || whole == 0) {
      at += keep(groups, block, at);
      bool is_whole = groups->waiting == HR_PREDICT_ROWS;
      if (is_whole || (is_last && at == block->rows)) {
        HR_TRY(hand_on_waiting(groups, err));
      }
      continue;
    }
    const hr_grouped rows = {.spectra = {.first_row = block->first_row + at,
                                         .rows = whole,
                                         .pixels = block->pixels,
                                         .noisy = block->noisy + at * block->pixels,
                                         .error = block->error + at * block->pixels,
                                         .level = groups->level},
                             .snr = block->snr ? block->snr + at : NULL};
    HR_TRY(groups->visit(groups->context, &rows, err));
    at += whole;
  }
cleanup:
  return status;
}
