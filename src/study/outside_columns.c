/* Columns by their names, in which {target} stands for the target's. */
#include "study/outside_columns.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

/* What `column` is where it is not given. */
static const char usually[] = "{target}";

/* `text` with the target's name in the place of {target}. */
static void name_column(const char *text, const char *target, hr_text *out) {
  static const char mark[] = "{target}";
  const char *at = strstr(text, mark);
  if (!at) {
    hr_text_append(out, "%s", text);
    return;
  }
  hr_text_append(out, "%.*s%s%s", (int)(at - text), text, target, at + strlen(mark));
}

/* A column for several targets has to have the target's name in it. */
static hr_status check_is_own(const hr_outside_file *file, const char *key,
                              const char *column, hr_error *err) {
  size_t targets = hr_study_targets(&file->plan->view);
  if (targets == 1 || strstr(column, "{target}")) return HR_OK;
  return hr_fail(err, HR_ERR_CONFIG,
                 "the %s '%.60s' would be that of all %zu targets; put {target} where "
                 "the target's name stands in it",
                 key, column, targets);
}

/* An array has no names: a column a target, in the study's order. */
static hr_status find_in_array(const hr_outside_file *file, size_t target, int *out,
                               hr_error *err) {
  size_t targets = hr_study_targets(&file->plan->view);
  const char *given = file->parameters->column;
  *out = (int)target;
  if (given && strcmp(given, usually) != 0) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s is an array, whose columns have no names; leave column out, or "
                   "give the predictions in a CSV file",
                   file->path);
  }
  if (file->table.columns == targets) return HR_OK;
  return hr_fail(
      err, HR_ERR_DATA,
      "%s is an array of %zu column%s, and the study has %zu target%s; save %s",
      file->path, file->table.columns, file->table.columns == 1 ? "" : "s", targets,
      targets == 1 ? "" : "s",
      targets == 1 ? "the one of the predictions alone"
                   : "a column a target, in the order of data.target");
}

/* There is no column of numbers of that name. */
static hr_status fail_to_find(const hr_outside_file *file, const char *name,
                              const char *remedy, hr_error *err) {
  if (hr_number_table_has_other(&file->table, name)) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s has no numbers in its column %s; write it as floats", file->path,
                   name);
  }
  hr_text has;
  hr_text_init(&has);
  hr_number_table_list(&file->table, &has);
  hr_status status = hr_text_status(&has, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_DATA, "%s has no column %s, but %s; %s", file->path,
                     name, has.bytes, remedy);
  }
  hr_text_fini(&has);
  return status;
}

/* What the pattern `column` calls the column of a target; `key` has it in the
 * configuration. *name is initialised. */
static hr_status name_own(const hr_outside_file *file, const char *key,
                          const char *column, size_t target, hr_text *name,
                          hr_error *err) {
  hr_status status = check_is_own(file, key, column, err);
  if (status != HR_OK) return status;
  name_column(column, hr_study_target_name(&file->plan->view, target), name);
  return hr_text_status(name, err);
}

/* A network has no key `column`, and a validation has that of the predictions. */
static const char *remedy_of(const hr_outside_file *file) {
  if (!file->parameters->onnx) return "name that of the predictions as column";
  return hr_study_targets(&file->plan->view) == 1
             ? "call that of the predictions so, or predicted"
             : "call that of the predictions so";
}

static hr_status find_predictions(const hr_outside_file *file, size_t target, int *out,
                                  hr_error *err) {
  static const char *const usual[] = {"predicted", "prediction", "y_pred"};
  const char *given = file->parameters->column, *column = given ? given : usually;
  bool may_be_usual =
      strcmp(column, usually) == 0 && hr_study_targets(&file->plan->view) == 1;
  hr_status status = HR_OK;
  hr_text name;
  if (!file->table.names) return find_in_array(file, target, out, err);
  hr_text_init(&name);
  HR_TRY(name_own(file, "column", column, target, &name, err));
  *out = hr_number_table_find(&file->table, name.bytes);
  for (size_t i = 0; i < 3 && may_be_usual && *out == HR_CSV_NO_COLUMN; i++) {
    *out = hr_number_table_find(&file->table, usual[i]);
  }
  if (*out == HR_CSV_NO_COLUMN) {
    status = fail_to_find(file, name.bytes, remedy_of(file), err);
  }
cleanup:
  hr_text_fini(&name);
  return status;
}

static hr_status find_sigma(const hr_outside_file *file, size_t target, int *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_text name;
  if (!file->table.names) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s is an array, whose columns have no names; give predictions and "
                   "sigma in a CSV file, or leave sigma out",
                   file->path);
  }
  hr_text_init(&name);
  HR_TRY(name_own(file, "sigma", file->parameters->sigma, target, &name, err));
  *out = hr_number_table_find(&file->table, name.bytes);
  if (*out == HR_CSV_NO_COLUMN) {
    status = fail_to_find(file, name.bytes,
                          "name that of the model's own sigma, or leave sigma out", err);
  }
cleanup:
  hr_text_fini(&name);
  return status;
}

static hr_status refuse_value(const hr_outside_file *file, size_t line, int column,
                              const char *what, hr_error *err) {
  const hr_csv_table *csv = &file->table.csv;
  char place[HR_NUMBER_TABLE_PLACE];
  hr_number_table_place(&file->table, line, place);
  if (!csv->bytes) {
    return hr_fail(err, HR_ERR_FORMAT, "%s: %s has an infinite %s", file->path, place,
                   what);
  }
  const char *cell = csv->cells[line * csv->columns + (size_t)column];
  return hr_fail(err, HR_ERR_FORMAT, "%s: %s has '%.40s' as %s, which is no number; %s",
                 file->path, place, cell, csv->names[column],
                 hr_number_table_remedy(cell));
}

static const double *truth_of(const hr_outside_file *file, size_t target) {
  const hr_plan *plan = file->plan;
  return file->has_training ? hr_study_target(&plan->view, target)
                            : plan->targets[target].test.target;
}

/* A column of a catalogue that is called as the target may be the truth, to the digits
 * of fp32 as files of predictions have them: nobody predicts every row so well. */
static hr_status check_is_no_truth(const hr_outside_file *file, size_t target, int column,
                                   const double *values, hr_error *err) {
  const double *truth = truth_of(file, target);
  size_t rows = hr_dataset_rows(hr_outside_file_dataset(file)), same = 0, known = 0;
  for (size_t i = 0; i < rows; i++) {
    known += isnan(values[i]) == 0;
    same += (float)values[i] == (float)truth[i];
  }
  if (same < known || known < 2) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s has the truth itself%s%s; name the column of the predictions",
                 file->path, file->table.names ? " as " : "",
                 file->table.names ? file->table.names[column] : "");
}

/* The cells of a column by row; `what` they are, for sentences. */
static hr_status take(hr_outside_file *file, int column, const char *what, double *out,
                      hr_error *err) {
  size_t rows = hr_dataset_rows(hr_outside_file_dataset(file));
  hr_status status = hr_number_table_load(&file->table, column, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < rows; i++) out[i] = (double)NAN;
  for (size_t l = 0; l < file->table.rows; l++) {
    double value = 0;
    if (!hr_number_table_number(&file->table, l, column, &value)) {
      return refuse_value(file, l, column, what, err);
    }
    if (file->row[l] != HR_OUTSIDE_NO_ROW) out[file->row[l]] = value;
  }
  return HR_OK;
}

hr_status hr_outside_take_predictions(hr_outside_file *file, size_t target, double *out,
                                      hr_error *err) {
  hr_status status = HR_OK;
  int column = HR_CSV_NO_COLUMN;
  HR_TRY(find_predictions(file, target, &column, err));
  HR_TRY(take(file, column, "prediction", out, err));
  HR_TRY(check_is_no_truth(file, target, column, out, err));
cleanup:
  return status;
}

hr_status hr_outside_take_sigma(hr_outside_file *file, size_t target, double *out,
                                hr_error *err) {
  const double most = 1e15; /* as of a label (study/plan.c) */
  hr_status status = HR_OK;
  int column = HR_CSV_NO_COLUMN;
  char place[HR_NUMBER_TABLE_PLACE];
  HR_TRY(find_sigma(file, target, &column, err));
  HR_TRY(take(file, column, "sigma", out, err));
  for (size_t l = 0; l < file->table.rows; l++) {
    int64_t row = file->row[l];
    if (row == HR_OUTSIDE_NO_ROW || isnan(out[row])) continue;
    if (out[row] < 0 || out[row] > most) {
      status = hr_fail(err, HR_ERR_DATA,
                       "%s: %s has %.6g as %s, which is no standard deviation; leave "
                       "the cell empty where sigma is not known",
                       file->path, hr_number_table_place(&file->table, l, place),
                       out[row], file->table.names[column]);
      goto cleanup;
    }
    if (out[row] == 0) out[row] = (double)NAN;
  }
cleanup:
  return status;
}
