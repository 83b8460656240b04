/* What a study names is looked for in the tables; what they do not have stays as it
 * stands with the spectra, such as a signal-to-noise ratio beside labels of a catalogue.
 */
#include "study/labels.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "data/guard.h"
#include "data/label_join.h"
#include "data/number_table.h"
#include "data/shard.h"
#include "study/columns.h"

static const hr_strings *tables_of(const hr_config *config, bool training) {
  return &config->data.label_tables[training ? 0 : 1];
}

static const char *set_of(bool training) {
  return training ? "training" : "test";
}

hr_labels hr_study_own_labels(const hr_config *config, bool training) {
  return tables_of(config, training)->count > 0 ? HR_LABELS_OPTIONAL : HR_LABELS_NEEDED;
}

static hr_status append_all(const hr_strings *list, hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < list->count; i++) {
    HR_TRY(hr_strings_append(out, list->items[i], err));
  }
cleanup:
  return status;
}

hr_status hr_study_list_beside(const hr_config *config, hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t e = 0; e < config->expert_count; e++) {
    const hr_config_expert *expert = &config->experts[e];
    if (!expert->type->beside) continue;
    const hr_strings *names = expert->type->beside(expert->parameters);
    for (size_t i = 0; i < names->count; i++) {
      if (hr_strings_has(out, names->items[i])) continue;
      HR_TRY(hr_strings_append(out, names->items[i], err));
    }
  }
cleanup:
  return status;
}

/* The expert that names it. */
static const char *learner_of(const hr_config *config, const char *label) {
  for (size_t e = 0; e < config->expert_count; e++) {
    const hr_config_expert *expert = &config->experts[e];
    if (!expert->type->beside) continue;
    if (hr_strings_has(expert->type->beside(expert->parameters), label)) {
      return expert->type->name;
    }
  }
  return "vit";
}

hr_status hr_study_beside_label(const hr_config *config, const hr_dataset *dataset,
                                const char *label, bool finite, const double **values,
                                hr_error *err) {
  hr_error reason = {.status = HR_OK};
  hr_status status = hr_dataset_label(dataset, label, finite, values, &reason);
  if (status == HR_OK) return HR_OK;
  return hr_fail(err, status, "experts.%s.auxiliary: %s", learner_of(config, label),
                 reason.message);
}

/* Every label that the study names anywhere. */
static hr_status list_wanted(const hr_config *config, hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_study_needed_labels(config, out, err));
  HR_TRY(hr_strings_append(out, "snr", err));
  HR_TRY(append_all(&config->data.id, out, err));
  HR_TRY(append_all(&config->data.column_labels, out, err));
  HR_TRY(append_all(&config->data.unit_labels, out, err));
  HR_TRY(hr_study_list_beside(config, out, err));
  for (size_t e = 0; e < config->expert_count; e++) {
    const hr_outside_parameters *p = config->experts[e].parameters;
    bool has_id = config->experts[e].outside && p->id;
    if (has_id) HR_TRY(hr_strings_append(out, p->id, err));
  }
cleanup:
  return status;
}

/* "T_eff, log_g" */
static void join_names(const hr_strings *list, hr_text *out) {
  for (size_t i = 0; i < list->count; i++) {
    hr_text_append(out, "%s%s", i > 0 ? ", " : "", list->items[i]);
  }
}

/* all: the table has none of what is wanted, whatever the files of spectra have. */
static hr_status fail_missing(const char *table, const hr_strings *missing, bool all,
                              const hr_strings *names, hr_error *err) {
  enum { MOST_SHOWN = 20 };
  const hr_strings shown = {
      .items = names->items,
      .count = names->count < MOST_SHOWN ? names->count : MOST_SHOWN};
  hr_status status = hr_study_propose_columns(table, missing, names, err);
  if (status != HR_OK) return status;
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text, all ? "%s has none of the labels " : "%s has no column ", table);
  join_names(missing, &text);
  if (!all) hr_text_append(&text, ", nor have the files of spectra");
  hr_text_append(&text, "; it has ");
  join_names(&shown, &text);
  if (shown.count < names->count) {
    hr_text_append(&text, " and %zu more", names->count - shown.count);
  }
  status = hr_text_status(&text, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s; say what it calls the label with data.columns", text.bytes);
  }
  hr_text_fini(&text);
  return status;
}

/* Whether the tables gave anything but the names of stars. */
static bool is_of_use(const hr_config *config, const hr_label_taken *taken) {
  const char *id = config->data.labels_id;
  return taken->labels.count > (id && hr_strings_has(&taken->labels, id) ? 1 : 0);
}

/* What the tables do not have, the files may, unless it is all of it; data.columns may
 * still name it there. */
static hr_status check_needed(const hr_config *config, const char *table,
                              const hr_dataset *dataset, const hr_label_taken *taken,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_strings needed = {0}, missing = {0};
  const hr_strings *own = hr_dataset_label_names(dataset);
  HR_TRY(hr_study_needed_labels(config, &needed, err));
  for (size_t i = 0; i < needed.count; i++) {
    const char *label = needed.items[i];
    if (hr_strings_has(&taken->labels, label) || hr_strings_has(own, label)) continue;
    if (hr_strings_has(&config->data.column_labels, label)) continue;
    HR_TRY(hr_strings_append(&missing, label, err));
  }
  if (missing.count > 0) HR_TRY(fail_missing(table, &missing, false, &taken->names, err));
  if (!is_of_use(config, taken)) {
    status = fail_missing(table, &needed, true, &taken->names, err);
  }
cleanup:
  hr_strings_fini(&needed);
  hr_strings_fini(&missing);
  return status;
}

static hr_status tell_taken(const hr_config *config, bool training,
                            const hr_label_taken *taken, size_t rows,
                            const hr_observer *observer, hr_error *err) {
  const hr_strings *tables = tables_of(config, training);
  const char *id = config->data.labels_id, *by = id ? id : "rows";
  hr_text text;
  hr_text_init(&text);
  join_names(&taken->labels, &text);
  hr_text_append(&text, " of the %s rows from %s", set_of(training), tables->items[0]);
  if (tables->count > 1) {
    hr_text_append(&text, " and %zu more", tables->count - 1);
  }
  hr_status status = hr_text_status(&text, err);
  if (status == HR_OK) {
    hr_observe_info(observer, "data.labels: %s, joined by %s", text.bytes, by);
  }
  if (status == HR_OK && taken->without > 0) {
    hr_observe_warning(observer, "data.labels: %zu of the %zu %s rows %s no line in %s",
                       taken->without, rows, set_of(training),
                       taken->without == 1 ? "has" : "have", tables->items[0]);
  }
  hr_text_fini(&text);
  return status;
}

void hr_labels_given_fini(hr_labels_given *given) {
  hr_strings_fini(&given->names);
  *given = (hr_labels_given){.rows = 0};
}

hr_status hr_study_take_labels(const hr_config *config, bool training,
                               hr_dataset *dataset, const hr_observer *observer,
                               hr_labels_given *given, hr_error *err) {
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  hr_strings wanted = {0};
  hr_label_taken taken = {.without = 0};
  const hr_label_wish wish = {.set = set_of(training),
                              .tables = tables_of(config, training),
                              .id = config->data.labels_id,
                              .labels = &wanted,
                              .renamed = &config->data.column_labels,
                              .columns = &config->data.columns};
  if (wish.tables->count == 0) return HR_OK;
  HR_TRY(list_wanted(config, &wanted, err));
  HR_TRY(hr_label_join(dataset, &wish, observer, &taken, &reason));
  HR_TRY(check_needed(config, wish.tables->items[0], dataset, &taken, &reason));
  given->rows = hr_dataset_rows(dataset);
  given->without = taken.without;
  HR_TRY(append_all(&taken.labels, &given->names, err));
  HR_TRY(tell_taken(config, training, &taken, given->rows, observer, err));
cleanup:
  if (reason.status != HR_OK) {
    status = hr_fail(err, status, "%s: data.labels: %s", config->path, reason.message);
  }
  hr_label_taken_fini(&taken);
  hr_strings_fini(&wanted);
  return status;
}

/* --- rows without labels --- */

static hr_status find_unlabelled(const hr_config *config, bool training,
                                 const hr_dataset *dataset, bool *left_out,
                                 hr_error *err) {
  hr_status status = HR_OK;
  hr_strings needed = {0};
  HR_TRY(hr_study_needed_labels(config, &needed, err));
  size_t own = needed.count; /* behind them: what is learnt beside */
  if (training) HR_TRY(hr_study_list_beside(config, &needed, err));
  for (size_t i = 0; i < needed.count; i++) {
    const double *values = NULL;
    const char *label = needed.items[i];
    HR_TRY(i < own ? hr_dataset_label(dataset, label, false, &values, err)
                   : hr_study_beside_label(config, dataset, label, false, &values, err));
    for (size_t row = 0; row < hr_dataset_rows(dataset); row++) {
      left_out[row] = left_out[row] || isnan(values[row]);
    }
  }
cleanup:
  hr_strings_fini(&needed);
  return status;
}

hr_status hr_study_leave_out_unlabelled(const hr_config *config, bool training,
                                        hr_dataset *dataset, const hr_observer *observer,
                                        hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  bool *left_out = NULL;
  size_t rows = hr_dataset_rows(dataset), count = 0;
  if (strcmp(config->data.unlabelled, "exclude") != 0) return HR_OK;
  HR_TRY(hr_alloc(&left_out, rows, err));
  HR_TRY(find_unlabelled(config, training, dataset, left_out, err));
  for (size_t row = 0; row < rows; row++) count += left_out[row];
  if (count == 0) goto cleanup;
  if (count == rows) {
    status = hr_fail(err, HR_ERR_EMPTY,
                     "none of the %zu %s rows has a number for every target and axis of "
                     "the bins; see where the labels come from (data.labels)",
                     rows, set_of(training));
    goto cleanup;
  }
  HR_TRY(hr_dataset_leave_out(dataset, left_out, err));
  HR_TRY(hr_doubts_add(doubts, HR_DOUBT_UNLABELLED, false, err,
                       "%zu of the %zu %s rows %s no number for a target or an axis of "
                       "the bins and %s left out (data.unlabelled)",
                       count, rows, set_of(training), count == 1 ? "has" : "have",
                       count == 1 ? "is" : "are"));
  HR_TRY(hr_doubts_in_chinese(doubts, err,
                              "%zu 个%s行（共 %zu 行）的某个目标或分箱轴没有数值，"
                              "已略去（data.unlabelled）",
                              count, training ? "训练" : "测试", rows));
  hr_observe_warning(observer, "%s", doubts->items[doubts->count - 1].sentence);
  doubts->items[doubts->count - 1].is_told = true;
cleanup:
  hr_free(left_out);
  return status;
}

/* --- tables that nobody vouches for --- */

static hr_status read_all(const void *context, const hr_observer *observer,
                          hr_text *answer, hr_error *err) {
  hr_status status = HR_OK;
  hr_number_table table = {0};
  (void)observer, (void)answer;
  HR_TRY(hr_number_table_read(context, (size_t)4 << 30, NULL, &table, err));
  for (size_t i = 0; i < table.columns; i++) {
    hr_error reason = {.status = HR_OK};
    status = hr_number_table_load(&table, (int)i, &reason);
    if (status == HR_OK || status == HR_ERR_DATA) continue; /* of text */
    status = hr_fail(err, status, "%s", reason.message);
    goto cleanup;
  }
  status = HR_OK;
cleanup:
  hr_number_table_fini(&table);
  return status;
}

hr_status hr_study_vet_labels(const hr_config *config, const hr_observer *observer,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_text answer;
  hr_text_init(&answer);
  for (size_t set = 0; config->data.untrusted && set < 2; set++) {
    const hr_strings *tables = &config->data.label_tables[set];
    for (size_t i = 0; i < tables->count; i++) {
      const char *name = tables->items[i];
      if (set == 1 && hr_strings_has(&config->data.label_tables[0], name)) continue;
      HR_TRY(hr_guard_file(name, read_all, name, observer, &answer, err));
    }
  }
cleanup:
  hr_text_fini(&answer);
  return status;
}
