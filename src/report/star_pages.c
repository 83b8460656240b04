/* Pages of stars that are named: found in the files, asked of the experts, drawn. All of
 * them are found before the first is drawn. */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/observe.h"
#include "headroom/predict.h"
#include "report/drawing.h"
#include "report/star_page.h"

/* A star that is wanted. */
typedef struct wish {
  char *id; /* owned */
  int64_t number;
  size_t file, row; /* where it was found first */
  size_t found;     /* in how many rows */
} wish;

typedef struct work {
  hr_predict_plan *plan;
  const hr_observer *observer;
  wish *wishes; /* [count] */
  size_t count;
  hr_star_experts experts;
  hr_text text;
} work;

static void work_fini(work *w) {
  hr_star_experts_fini(&w->experts);
  hr_predict_plan_destroy(&w->plan);
  for (size_t i = 0; i < w->count; i++) hr_free(w->wishes[i].id);
  hr_free(w->wishes);
  hr_text_fini(&w->text);
}

/* --- who is wanted --- */

static hr_status take_ids(work *w, const char *ids, hr_error *err) {
  hr_status status = HR_OK;
  char *copy = NULL, *state = NULL;
  size_t most = 1;
  for (const char *c = ids; *c; c++) most += *c == ',';
  HR_TRY(hr_alloc(&w->wishes, most, err));
  HR_TRY(hr_copy_text(ids, &copy, err));
  for (char *id = strtok_r(copy, ",", &state); id; id = strtok_r(NULL, ",", &state)) {
    wish *own = &w->wishes[w->count];
    if (!hr_parse_integer(id, &own->number)) {
      status = hr_fail(err, HR_ERR_USAGE,
                       "--plot: '%.60s' is no whole number; name stars by an id of their "
                       "files, or by rows that count from 0",
                       id);
      goto cleanup;
    }
    HR_TRY(hr_copy_text(id, &own->id, err));
    w->count++;
  }
  if (w->count == 0) {
    status = hr_fail(err, HR_ERR_USAGE, "--plot names no star; give ids, as in 17,18");
  }
cleanup:
  hr_free(copy);
  return status;
}

static void note(wish *own, size_t file, size_t row) {
  if (own->found++ > 0) return;
  own->file = file;
  own->row = row;
}

/* By the columns of whole numbers that are carried along; without any by the row. */
static void find_in_file(work *w, const hr_input *input, size_t file) {
  size_t columns = w->plan->keep.count;
  for (size_t i = 0; i < w->count; i++) {
    wish *own = &w->wishes[i];
    bool is_row =
        columns == 0 && own->number >= 0 && (uint64_t)own->number < (uint64_t)input->rows;
    if (is_row) note(own, file, (size_t)own->number);
    for (size_t row = 0; columns > 0 && row < input->rows; row++) {
      bool is_it = false;
      for (size_t k = 0; k < columns; k++) {
        is_it |= input->kept_whole[k] && input->kept_whole[k][row] == own->number;
      }
      if (is_it) note(own, file, row);
    }
  }
}

static hr_status fail_missing(const work *w, const wish *own, hr_error *err) {
  hr_text list;
  hr_text_init(&list);
  for (size_t k = 0; k < w->plan->keep.count; k++) {
    hr_text_append(&list, "%s%s", k == 0 ? "" : ", ", w->plan->keep.items[k]);
  }
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK && w->plan->keep.count > 0) {
    status = hr_fail(err, HR_ERR_DATA,
                     "--plot: no star of the files is %s by %s; --keep names other "
                     "columns to look in",
                     own->id, list.bytes);
  } else if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_DATA,
                     "--plot: no file has a row %s, counted from 0; name a column of ids "
                     "with --keep to look for one",
                     own->id);
  }
  hr_text_fini(&list);
  return status;
}

static hr_status find_all(work *w, hr_error *err) {
  hr_status status = HR_OK;
  hr_input input = {0};
  for (size_t f = 0; f < w->plan->options.file_count; f++) {
    hr_input_fini(&input);
    HR_TRY(hr_input_open(&w->plan->wish, w->plan->options.files[f], NULL, &input, err));
    find_in_file(w, &input, f);
  }
  for (size_t i = 0; i < w->count; i++) {
    const wish *own = &w->wishes[i];
    if (own->found == 0) {
      status = fail_missing(w, own, err);
      goto cleanup;
    }
    if (own->found > 1) {
      hr_observe_warning(
          w->observer, "--plot: %zu rows are %s; the first, row %zu of %s, is drawn",
          own->found, own->id, own->row, w->plan->options.files[own->file]);
    }
  }
cleanup:
  hr_input_fini(&input);
  return status;
}

/* --- drawing --- */

static hr_status draw_star(work *w, const wish *own, const hr_reading *reading,
                           const hr_block *block, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  hr_text name;
  hr_star_sheet star = {.id = own->id, .path = w->plan->options.files[own->file]};
  hr_text_init(&name);
  HR_TRY(hr_star_ask(&w->experts, reading, block, own->row, &star, err));
  hr_text_append(&name, "star_%s", own->id);
  HR_TRY(hr_text_status(&name, err));
  const hr_drawing drawing = {name.bytes, hr_star_height(&star), hr_star_draw, &star};
  HR_TRY(hr_drawing_write(&drawing, folder, err));
  hr_text_append(&w->text, "%s/%s.png\n", folder, name.bytes);
cleanup:
  hr_text_fini(&name);
  hr_star_fini(&star);
  return status;
}

/* Goes through the file to the row's block. */
static hr_status draw_wish(work *w, const wish *own, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  hr_reading reading = {0};
  hr_block block = {0};
  const char *path = w->plan->options.files[own->file];
  HR_TRY(hr_reading_open(w->plan, path, w->observer, &reading, err));
  do {
    HR_TRY(hr_reading_next(&reading, &block, err));
  } while (block.rows > 0 && own->row >= block.first_row + block.rows);
  if (block.rows > 0) HR_TRY(draw_star(w, own, &reading, &block, folder, err));
cleanup:
  hr_reading_fini(&reading);
  return status;
}

static hr_status check_folder(const char *folder, hr_error *err) {
  bool is_vouched =
      hr_folder_has(folder, "model.json") || hr_folder_has(folder, "manifest.json");
  if (!is_vouched) return HR_OK;
  return hr_fail(err, HR_ERR_USAGE,
                 "figures would stand in %s, which is a run or its model and vouches for "
                 "its files; name another folder with --plot-dir",
                 folder);
}

hr_status hr_predict_plot(const hr_predict_options *options, const char *ids,
                          const char *folder, const hr_observer *observer, char **text,
                          hr_error *err) {
  hr_status status = HR_OK;
  work w = {.observer = observer};
  hr_text_init(&w.text);
  HR_TRY(take_ids(&w, ids, err));
  HR_TRY(check_folder(folder, err));
  HR_TRY(hr_predict_plan_create(options, NULL, &w.plan, err));
  HR_TRY(find_all(&w, err));
  HR_TRY(hr_star_experts_init(w.plan, &w.experts, err));
  for (size_t i = 0; i < w.count; i++) HR_TRY(draw_wish(&w, &w.wishes[i], folder, err));
  HR_TRY(hr_text_status(&w.text, err));
  if (text) {
    *text = w.text.bytes;
    w.text = (hr_text){0};
  }
cleanup:
  work_fini(&w);
  return status;
}
