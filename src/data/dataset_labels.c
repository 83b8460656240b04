/* The labels of a dataset: by name, in the order of their index, or out of a table that
 * takes the place of what the shards have. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "data/dataset_parts.h"
#include "data/label_index.h"

void hr_label_column_fini(hr_label_column *label) {
  hr_free(label->name);
  hr_free(label->values);
  hr_free(label->integers);
  hr_free(label->precisions);
  *label = (hr_label_column){0};
}

hr_status hr_dataset_list_names(hr_dataset *self, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings_fini(&self->names);
  for (size_t k = 0; k < self->label_count; k++) {
    const hr_label_column *label = &self->labels[k];
    if (label->values) HR_TRY(hr_strings_append(&self->names, label->name, err));
  }
cleanup:
  return status;
}

/* --- the index --- */

static hr_status follow(hr_dataset *self, size_t s, uint64_t *scratch, hr_error *err) {
  const hr_shard *shard = &self->shards[s];
  const int64_t *index = hr_dataset_index(self, s);
  int64_t first = 0;
  if (!index || hr_index_is_ordered(index, shard->rows)) return HR_OK;
  if (!hr_index_is_shuffled(index, shard->rows, &first)) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s: data.index is rows, but the index of its labels holds the same "
                   "number twice or leaves numbers out, so that it does not name rows; "
                   "reset it or leave data.index out",
                   shard->path);
  }
  for (size_t k = 0; k < self->label_count; k++) {
    hr_label_column *label = &self->labels[k];
    if (label->values) {
      hr_index_reorder(index, first, shard->rows, label->values + shard->first_row,
                       scratch);
    }
    if (label->integers) {
      hr_index_reorder(index, first, shard->rows, label->integers + shard->first_row,
                       scratch);
    }
  }
  return HR_OK;
}

hr_status hr_dataset_follow_index(hr_dataset *dataset, hr_error *err) {
  hr_status status = HR_OK;
  uint64_t *scratch = NULL;
  HR_TRY(hr_alloc(&scratch, dataset->rows, err));
  for (size_t s = 0; s < dataset->shard_count; s++) {
    HR_TRY(follow(dataset, s, scratch, err));
  }
cleanup:
  hr_free(scratch);
  return status;
}

/* --- asking for labels --- */

bool hr_dataset_describe_other(const hr_dataset *dataset, const char *name,
                               hr_text *out) {
  const hr_frame_other *other = hr_frame_others_find(&dataset->others[0], name);
  if (other) hr_frame_other_describe(other, out);
  return other != NULL;
}

/* "FILE: the label log_g is text, ..." */
static hr_status fail_other(const hr_dataset *dataset, const hr_frame_other *other,
                            size_t shard, hr_error *err) {
  hr_text text;
  hr_text_init(&text);
  hr_frame_other_describe(other, &text);
  hr_status status = hr_text_status(&text, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_DATA, "%s: %s", dataset->shards[shard].path, text.bytes);
  }
  hr_text_fini(&text);
  return status;
}

/* "FILE has no label column 'logg'; it has T_eff, log_g; did you mean log_g?" */
static hr_status fail_lacking(const hr_dataset *dataset, const char *name, size_t shard,
                              hr_error *err) {
  const hr_strings *names = &dataset->names;
  const hr_frame_other *other = hr_frame_others_find(&dataset->others[shard], name);
  if (other) return fail_other(dataset, other, shard, err);
  hr_text list;
  hr_text_init(&list);
  for (size_t i = 0; i < names->count; i++) {
    hr_text_append(&list, "%s%s", i ? ", " : "", names->items[i]);
  }
  if (names->count == 0) hr_text_append(&list, "none of numbers");
  const char *nearest =
      hr_nearest_name(name, (const char *const *)names->items, names->count);
  if (nearest) hr_text_append(&list, "; did you mean %s?", nearest);
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_DATA, "%s has no label column %s; it has %s",
                     dataset->shards[shard].path, name, list.bytes);
  }
  hr_text_fini(&list);
  return status;
}

hr_label_column *hr_dataset_find_column(const hr_dataset *dataset, const char *name) {
  for (size_t k = 0; k < dataset->label_count; k++) {
    if (strcmp(dataset->labels[k].name, name) == 0) return &dataset->labels[k];
  }
  return NULL;
}

hr_status hr_dataset_rename(hr_dataset *dataset, const char *column, const char *name,
                            hr_error *err) {
  hr_status status = HR_OK;
  char *copy = NULL;
  hr_label_column *label = hr_dataset_find_column(dataset, column);
  if (!label) return fail_lacking(dataset, column, 0, err);
  if (hr_dataset_find_column(dataset, name)) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s has the columns %s and %s, so that none can take the other's name",
                   dataset->shards[0].path, column, name);
  }
  HR_TRY(hr_copy_text(name, &copy, err));
  hr_free(label->name);
  label->name = copy;
  HR_TRY(hr_dataset_list_names(dataset, err));
cleanup:
  return status;
}

static hr_status check_finite(const hr_dataset *dataset, const hr_label_column *label,
                              hr_error *err) {
  for (size_t row = 0; row < dataset->rows; row++) {
    if (isfinite(label->values[row])) continue;
    size_t row_in_shard = 0;
    const char *path = hr_dataset_locate(dataset, row, &row_in_shard);
    bool is_nan = isnan(label->values[row]);
    if (is_nan && label->is_from_table) {
      return hr_fail(
          err, HR_ERR_DATA,
          "%s: row %zu (counted from 0) has no label %s, as data.labels has no "
          "number, or no line, for it; add it there, or leave such rows out "
          "with data.unlabelled: exclude",
          path, row_in_shard, label->name);
    }
    return hr_fail(
        err, HR_ERR_DATA,
        "%s: label %s is %s in row %zu (counted from 0); remove the row or repair "
        "the label%s",
        path, label->name, is_nan ? "NaN" : "infinite", row_in_shard,
        is_nan ? ", or leave such rows out with data.unlabelled: exclude" : "");
  }
  return HR_OK;
}

hr_status hr_dataset_label(const hr_dataset *dataset, const char *name,
                           bool must_be_finite, const double **out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t k = 0; k < dataset->label_count; k++) {
    const hr_label_column *label = &dataset->labels[k];
    if (strcmp(label->name, name) != 0) continue;
    if (!label->values) return fail_lacking(dataset, name, label->lacking, err);
    if (must_be_finite) status = check_finite(dataset, label, err);
    if (status == HR_OK) *out = label->values;
    return status;
  }
  return fail_lacking(dataset, name, 0, err);
}

/* --- integers --- */

/* Some rows of a table's column may have no number. */
static hr_status check_all_there(const hr_dataset *dataset, const hr_label_column *label,
                                 bool *are_all, hr_error *err) {
  size_t missing = 0, large = 0;
  for (size_t i = dataset->rows; label->is_from_table && i > 0; i--) {
    if (isnan(label->values[i - 1])) missing = i;
    if (fabs(label->values[i - 1]) > 0x1p53) large = i;
  }
  *are_all = missing == 0;
  if (missing == 0 || large == 0) return HR_OK;
  size_t row = 0;
  const char *path = hr_dataset_locate(dataset, missing - 1, &row);
  return hr_fail(
      err, HR_ERR_DATA,
      "%s: the label %s has no number in row %zu (counted from 0) and numbers "
      "beyond 2^53 in others, which are kept to the last digit only where every "
      "row has one; name another column",
      path, label->name, row);
}

hr_status hr_dataset_integers(const hr_dataset *dataset, const char *name,
                              const int64_t **out, hr_error *err) {
  const hr_label_column *label = hr_dataset_find_column(dataset, name);
  bool are_all = false;
  *out = NULL;
  if (!label || !label->values || !label->integers) return HR_OK;
  hr_status status = check_all_there(dataset, label, &are_all, err);
  if (status != HR_OK || !are_all) return status;
  *out = label->integers;
  for (size_t i = 0; i < dataset->rows; i++) {
    if ((*out)[i] < INT64_MAX) continue;
    size_t row = 0;
    const char *path = hr_dataset_locate(dataset, i, &row);
    return hr_fail(err, HR_ERR_DATA,
                   "%s: column %s has a number of %" PRId64
                   " or more in row %zu, more than is kept to the last digit; give it as "
                   "a signed 64-bit integer below that",
                   path, name, INT64_MAX, row);
  }
  return HR_OK;
}

/* --- out of a table --- */

/* Room for one more column behind those that there are. */
static hr_status add_column(hr_dataset *dataset, const char *name, hr_label_column **out,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t count = dataset->label_count;
  HR_TRY(hr_realloc(&dataset->labels, count, count + 1, err));
  hr_label_column *label = &dataset->labels[count];
  *label = (hr_label_column){0};
  HR_TRY(hr_copy_text(name, &label->name, err));
  status = hr_alloc(&label->precisions, dataset->file_count, err);
  if (status != HR_OK) hr_label_column_fini(label);
  if (status == HR_OK) dataset->label_count++;
  *out = label;
cleanup:
  return status;
}

hr_status hr_dataset_put_label(hr_dataset *dataset, const char *name,
                               hr_table_column *column, hr_error *err) {
  hr_status status = HR_OK;
  hr_label_column *label = hr_dataset_find_column(dataset, name);
  if (!label) HR_TRY(add_column(dataset, name, &label, err));
  hr_free(label->values);
  hr_free(label->integers);
  label->values = column->values;
  label->integers = column->integers;
  label->is_from_table = true;
  for (size_t i = 0; i < dataset->file_count; i++) {
    label->precisions[i] = column->precision;
  }
  *column = (hr_table_column){0};
  HR_TRY(hr_dataset_list_names(dataset, err));
cleanup:
  return status;
}

bool hr_dataset_is_from_table(const hr_dataset *dataset, const char *name) {
  const hr_label_column *label = hr_dataset_find_column(dataset, name);
  return label && label->is_from_table;
}
