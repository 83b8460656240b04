/* Lines of a file are joined to test rows by a star's name, which is sorted for, by the
 * row's number, or one to one. A network has no lines, and is tried out. */
#include "study/outside.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/fingerprint.h"
#include "core/observe.h"
#include "data/number_table.h"
#include "data/star_list.h"
#include "methods/outside/onnx_file.h"
#include "methods/outside/onnx_model.h"

enum { NO_ROW = -1 };

/* One model's file on its way to the rows. */
typedef struct join {
  const hr_plan *plan;
  const hr_outside_parameters *parameters;
  const char *name; /* of the model */
  hr_number_table table;
  int64_t *row; /* [lines] test row of each, or NO_ROW */
} join;

static hr_status fail(const join *j, hr_status status, const char *key,
                      const hr_error *reason, hr_error *err) {
  return hr_fail(err, status, "%s: experts.%s.%s: %s", j->plan->config->path, j->name,
                 key, reason->message);
}

/* The test rows by the label that names them; one that two rows have is refused. */
static hr_status list_stars(const join *j, hr_star_list *out, hr_error *err) {
  hr_status status = HR_OK;
  const char *id = j->parameters->id;
  const int64_t *integers = NULL;
  const double *numbers = NULL;
  size_t rows = j->plan->view.test_rows, first = 0, second = 0;
  HR_TRY(hr_dataset_integers(j->plan->test, id, &integers, err));
  HR_TRY(hr_dataset_label(j->plan->test, id, false, &numbers, err));
  HR_TRY(hr_star_list_init(out, integers, numbers, rows, err));
  if (hr_star_list_has_twins(out, &first, &second)) {
    status = hr_fail(err, HR_ERR_DATA,
                     "test rows %zu and %zu have the same %s; join by another label, or "
                     "by the column row",
                     first, second, id);
  }
cleanup:
  return status;
}

static hr_status join_by_star(join *j, hr_error *err) {
  hr_status status = HR_OK;
  hr_star_list stars = {0};
  char place[HR_NUMBER_TABLE_PLACE];
  const char *file = j->parameters->predictions, *id = j->parameters->id;
  int column = hr_number_table_find(&j->table, id);
  if (column == HR_CSV_NO_COLUMN) {
    return hr_fail(err, HR_ERR_DATA, "%s has no column %s", file, id);
  }
  HR_TRY(hr_number_table_load(&j->table, column, err));
  HR_TRY(list_stars(j, &stars, err));
  for (size_t l = 0; l < j->table.rows; l++) {
    hr_named_star wanted = {.row = 0};
    bool is_good = stars.are_integers
                       ? hr_number_table_integer(&j->table, l, column, &wanted.integer)
                       : hr_number_table_number(&j->table, l, column, &wanted.number);
    if (!is_good || isnan(wanted.number)) {
      status = hr_fail(err, HR_ERR_FORMAT, "%s: %s has no %s that is %s", file,
                       hr_number_table_place(&j->table, l, place), id,
                       stars.are_integers ? "an integer" : "a number");
      goto cleanup;
    }
    const hr_named_star *found = hr_star_list_find(&stars, &wanted);
    j->row[l] = found ? (int64_t)found->row : NO_ROW;
  }
cleanup:
  hr_star_list_fini(&stars);
  return status;
}

/* Rows that the study leaves out have numbers in the file all the same. */
static hr_status join_by_number(join *j, int column, hr_error *err) {
  hr_status status = HR_OK;
  const char *file = j->parameters->predictions;
  int64_t *row_of = NULL;
  char place[HR_NUMBER_TABLE_PLACE];
  size_t rows = j->plan->view.test_rows, last = 0;
  HR_TRY(hr_number_table_load(&j->table, column, err));
  if (rows > 0) hr_dataset_locate(j->plan->test, rows - 1, &last);
  HR_TRY(hr_alloc(&row_of, last + 1, err));
  for (size_t i = 0; i <= last; i++) row_of[i] = NO_ROW;
  for (size_t i = 0, at = 0; i < rows; i++) {
    hr_dataset_locate(j->plan->test, i, &at);
    row_of[at] = (int64_t)i;
  }
  for (size_t l = 0; l < j->table.rows; l++) {
    int64_t number = 0;
    if (!hr_number_table_integer(&j->table, l, column, &number) || number < 0) {
      status =
          hr_fail(err, HR_ERR_FORMAT, "%s: %s has no row that is a number of 0 or more",
                  file, hr_number_table_place(&j->table, l, place));
      goto cleanup;
    }
    j->row[l] = (uint64_t)number <= last ? row_of[number] : NO_ROW;
  }
cleanup:
  hr_free(row_of);
  return status;
}

static hr_status join_line_by_line(join *j, hr_error *err) {
  size_t rows = j->plan->view.test_rows;
  if (j->table.rows != rows) {
    return hr_fail(
        err, HR_ERR_DATA,
        "%s has %zu rows and the test set %zu; give it a column row, the number "
        "in the test file from 0, or name a label that both have as id",
        j->parameters->predictions, j->table.rows, rows);
  }
  for (size_t l = 0; l < rows; l++) j->row[l] = (int64_t)l;
  return HR_OK;
}

static hr_status find_rows(join *j, hr_error *err) {
  hr_status status = hr_alloc(&j->row, j->table.rows, err);
  if (status != HR_OK) return status;
  if (j->parameters->id) return join_by_star(j, err);
  int column = hr_number_table_find(&j->table, "row");
  if (column != HR_CSV_NO_COLUMN) return join_by_number(j, column, err);
  return join_line_by_line(j, err);
}

/* Refuses a test row that two lines claim. */
static hr_status check_once(const join *j, hr_error *err) {
  hr_status status = HR_OK;
  size_t *line = NULL, joined = 0; /* line: of each test row, from 1; 0: none */
  char places[2][HR_NUMBER_TABLE_PLACE];
  HR_TRY(hr_alloc(&line, j->plan->view.test_rows, err));
  for (size_t l = 0; l < j->table.rows; l++) {
    if (j->row[l] == NO_ROW) continue;
    size_t *first = &line[j->row[l]];
    if (*first > 0) {
      status = hr_fail(
          err, HR_ERR_DATA, "%s and %s of %s are the same test row; keep one of them",
          hr_number_table_place(&j->table, *first - 1, places[0]),
          hr_number_table_place(&j->table, l, places[1]), j->parameters->predictions);
      goto cleanup;
    }
    *first = l + 1;
    joined++;
  }
  if (joined > 0) goto cleanup;
  status = hr_fail(err, HR_ERR_DATA, "no line of %s is a row of the test set%s%s",
                   j->parameters->predictions, j->parameters->id ? " by its " : "",
                   j->parameters->id ? j->parameters->id : "");
cleanup:
  hr_free(line);
  return status;
}

/* Refuses the numbers 1 to N of N test rows, which are those of another row each. Whoever
 * has checked that no row is claimed twice knows them by the least and the largest. */
static hr_status check_first_row(const join *j, hr_error *err) {
  size_t rows = j->plan->view.test_rows, last = 0;
  int column = hr_number_table_find(&j->table, "row");
  int64_t least = INT64_MAX, most = 0;
  if (j->parameters->id || column == HR_CSV_NO_COLUMN || rows == 0) return HR_OK;
  hr_dataset_locate(j->plan->test, rows - 1, &last);
  for (size_t l = 0; l < j->table.rows; l++) {
    int64_t number = 0;
    if (!hr_number_table_integer(&j->table, l, column, &number)) return HR_OK;
    if (number < least) least = number;
    if (number > most) most = number;
  }
  if (least != 1 || (uint64_t)most != last + 1 || j->table.rows != last + 1) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s counts rows from 1; they count from 0, so take 1 off its column row",
                 j->parameters->predictions);
}

/* `column` with the target's name in the place of {target}. */
static void name_column(const join *j, const char *target, hr_text *out) {
  static const char mark[] = "{target}";
  const char *text = j->parameters->column, *at = strstr(text, mark);
  if (!at) {
    hr_text_append(out, "%s", text);
    return;
  }
  hr_text_append(out, "%.*s%s%s", (int)(at - text), text, target, at + strlen(mark));
}

/* An array has no names: a column a target, in the study's order. */
static hr_status find_in_array(const join *j, size_t target, int *out, hr_error *err) {
  size_t targets = hr_study_targets(&j->plan->view);
  *out = (int)target;
  if (j->table.columns == targets) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s is an array of %zu columns, and the study has %zu %s",
                 j->parameters->predictions, j->table.columns, targets,
                 targets == 1 ? "target" : "targets");
}

static hr_status find_column(const join *j, size_t target, int *out, hr_error *err) {
  static const char *const usual[] = {"predicted", "prediction", "y_pred"};
  const hr_study_view *view = &j->plan->view;
  if (!j->table.names) return find_in_array(j, target, out, err);
  hr_text name;
  hr_text_init(&name);
  name_column(j, hr_study_target_name(view, target), &name);
  hr_status status = hr_text_status(&name, err);
  if (status == HR_OK) {
    *out = hr_number_table_find(&j->table, name.bytes);
    bool is_default = strcmp(j->parameters->column, "{target}") == 0;
    for (size_t i = 0; i < 3 && is_default && hr_study_targets(view) == 1; i++) {
      if (*out == HR_CSV_NO_COLUMN) *out = hr_number_table_find(&j->table, usual[i]);
    }
    if (*out == HR_CSV_NO_COLUMN) {
      status = hr_fail(err, HR_ERR_DATA,
                       "%s has no column %s; name that of the predictions as column",
                       j->parameters->predictions, name.bytes);
    }
  }
  hr_text_fini(&name);
  return status;
}

static hr_status refuse_value(const join *j, size_t line, int column, hr_error *err) {
  const hr_csv_table *csv = &j->table.csv;
  char place[HR_NUMBER_TABLE_PLACE];
  const char *file = j->parameters->predictions;
  hr_number_table_place(&j->table, line, place);
  if (!csv->bytes) {
    return hr_fail(err, HR_ERR_FORMAT, "%s: %s has an infinite prediction", file, place);
  }
  return hr_fail(err, HR_ERR_FORMAT, "%s: %s has '%.40s' as %s, which is no number", file,
                 place, csv->cells[line * csv->columns + (size_t)column],
                 csv->names[column]);
}

/* A column of a catalogue that is called as the target may be the truth, to the digits
 * of fp32 as files of predictions have them: nobody predicts every row so well. */
static hr_status check_is_no_truth(const join *j, size_t target, int column,
                                   const double *values, hr_error *err) {
  const double *truth = NULL;
  const char *name = hr_study_target_name(&j->plan->view, target);
  size_t rows = j->plan->view.test_rows, same = 0, known = 0;
  hr_status status = hr_dataset_label(j->plan->test, name, false, &truth, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < rows; i++) {
    known += isnan(values[i]) == 0;
    same += (float)values[i] == (float)truth[i];
  }
  if (same < known || known < 2) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s has the truth itself%s%s; name the column of the predictions",
                 j->parameters->predictions, j->table.names ? " as " : "",
                 j->table.names ? j->table.names[column] : "");
}

/* The predictions of a target, [test rows]. */
static hr_status take_column(join *j, size_t target, double *out, hr_error *err) {
  int column = HR_CSV_NO_COLUMN;
  size_t rows = j->plan->view.test_rows;
  hr_status status = find_column(j, target, &column, err);
  if (status == HR_OK) status = hr_number_table_load(&j->table, column, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < rows; i++) out[i] = (double)NAN;
  for (size_t l = 0; l < j->table.rows; l++) {
    double value = 0;
    if (!hr_number_table_number(&j->table, l, column, &value)) {
      return refuse_value(j, l, column, err);
    }
    if (j->row[l] != NO_ROW) out[j->row[l]] = value;
  }
  return check_is_no_truth(j, target, column, out, err);
}

/* Rows without a prediction leave every comparison, so that few predictions would take
 * most rows from all the other models. */
static hr_status check_covers(const join *j, size_t target, const double *values,
                              hr_error *err) {
  const hr_plan *plan = j->plan;
  size_t covered = 0, said = 0;
  for (size_t i = 0; i < plan->view.test_rows; i++) {
    if (plan->test_bin[i] == HR_UNCOVERED) continue;
    covered++;
    said += isnan(values[i]) == 0;
  }
  if (covered - said <= covered / 2) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s has predictions of %s for %zu of the %zu test rows in the bins, and "
                 "every method is compared on these alone; give those of more than half, "
                 "or a test set of the rows that it has as data.test",
                 j->parameters->predictions, hr_study_target_name(&plan->view, target),
                 said, covered);
}

/* What does not meet is told, as both arms of every comparison lack it. */
static void tell_missing(const join *j, size_t target, const double *values,
                         const hr_observer *observer) {
  size_t rows = j->plan->view.test_rows, missing = 0;
  for (size_t i = 0; i < rows; i++) missing += isnan(values[i]) != 0;
  if (missing == 0) return;
  hr_observe_warning(observer,
                     "experts.%s: %zu of %zu test rows have no prediction of %s in %s; "
                     "they are left out of what is compared",
                     j->name, missing, rows, hr_study_target_name(&j->plan->view, target),
                     j->parameters->predictions);
}

static void tell_strangers(const join *j, const hr_observer *observer) {
  size_t strangers = 0;
  for (size_t l = 0; l < j->table.rows; l++) strangers += j->row[l] == NO_ROW;
  if (strangers > 0) {
    hr_observe_warning(observer,
                       "experts.%s: %zu of %zu lines of %s are no test rows and "
                       "are not used",
                       j->name, strangers, j->table.rows, j->parameters->predictions);
  }
}

/* A network is tried out now, where the runtime is there to run it; where it is not the
 * study goes on without it, as it does without LightGBM. */
static hr_status look_at_network(hr_plan *plan, size_t e, hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  const char *key = "onnx";
  const hr_config_expert *expert = &plan->config->experts[e];
  const hr_outside_parameters *p = expert->parameters;
  const join j = {.plan = plan, .parameters = p, .name = expert->type->name};
  HR_TRY(hr_onnx_file_print(p->onnx, &plan->outside_print[e], &reason));
  if (expert->type->available(NULL) != HR_OK) return HR_OK;
  HR_TRY(hr_onnx_model_check(&plan->view, p, &key, &reason));
cleanup:
  return status == HR_OK ? status : fail(&j, status, key, &reason, err);
}

static hr_status read_one(hr_plan *plan, size_t e, const hr_observer *observer,
                          hr_error *err) {
  static const size_t most_bytes = (size_t)4 << 30;
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  const char *key = "predictions";
  const hr_config_expert *expert = &plan->config->experts[e];
  size_t rows = plan->view.test_rows, targets = hr_study_targets(&plan->view);
  join j = {.plan = plan, .parameters = expert->parameters, .name = expert->type->name};
  HR_TRY(hr_alloc(&plan->outside[e], targets * rows, &reason));
  HR_TRY(hr_number_table_read(j.parameters->predictions, most_bytes, observer, &j.table,
                              &reason));
  key = "id";
  HR_TRY(find_rows(&j, &reason));
  HR_TRY(check_once(&j, &reason));
  key = "predictions";
  HR_TRY(check_first_row(&j, &reason));
  tell_strangers(&j, observer);
  for (size_t t = 0; t < targets; t++) {
    double *values = plan->outside[e] + t * rows;
    key = "column";
    HR_TRY(take_column(&j, t, values, &reason));
    key = "predictions";
    HR_TRY(check_covers(&j, t, values, &reason));
    tell_missing(&j, t, values, observer);
  }
cleanup:
  if (reason.status != HR_OK) status = fail(&j, status, key, &reason, err);
  hr_number_table_fini(&j.table);
  hr_free(j.row);
  return status;
}

hr_status hr_outside_read(hr_plan *plan, const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&plan->outside, plan->config->expert_count, err));
  HR_TRY(hr_alloc(&plan->outside_print, plan->config->expert_count, err));
  for (size_t e = 0; e < plan->config->expert_count; e++) {
    const hr_config_expert *expert = &plan->config->experts[e];
    if (!expert->outside) continue;
    const hr_outside_parameters *p = expert->parameters;
    status = p->onnx ? look_at_network(plan, e, err) : read_one(plan, e, observer, err);
    if (status != HR_OK) goto cleanup;
  }
cleanup:
  return status;
}

void hr_outside_fini(hr_plan *plan) {
  for (size_t e = 0; plan->outside && e < plan->config->expert_count; e++) {
    hr_free(plan->outside[e]);
  }
  hr_free(plan->outside);
  hr_free(plan->outside_print);
  plan->outside = NULL;
  plan->outside_print = NULL;
}

uint64_t hr_outside_fingerprint(const hr_plan *plan, uint64_t print) {
  size_t values = hr_study_targets(&plan->view) * plan->view.test_rows;
  for (size_t e = 0; e < plan->config->expert_count; e++) {
    const double *own = plan->outside[e];
    uint64_t of_file = plan->outside_print[e];
    if (of_file) print = hr_fingerprint_bytes(print, &of_file, sizeof of_file);
    if (own) print = hr_fingerprint_bytes(print, own, values * sizeof *own);
  }
  return print;
}
