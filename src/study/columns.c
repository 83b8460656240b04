/* Surveys spell the same labels in many ways; what is likely to be meant is proposed, and
 * never taken by itself. */
#include "study/columns.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "data/shard.h"

/* Spellings of the labels that studies know by default, in small letters and digits. */
static const struct spelling {
  const char *label, *spellings[8];
} known[] = {
    {"T_eff", {"teff", "temperature", "temp", "teffk", "tefff"}},
    {"log_g", {"logg", "loggf", "gravity", "surfacegravity"}},
    {"M_H", {"mh", "feh", "metallicity", "moh", "z", "meta"}},
};

/* The small letters and digits of a name: "[Fe/H]" and "fe_h" are "feh". */
static void simplify(const char *name, char out[64]) {
  size_t length = 0;
  for (; *name && length < 63; name++) {
    if (isalnum((unsigned char)*name)) out[length++] = (char)tolower(*name);
  }
  out[length] = '\0';
}

static bool is_spelling(const char *label, const char *column) {
  char own[64], other[64];
  simplify(label, own);
  simplify(column, other);
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strcmp(label, known[i].label) != 0) continue;
    if (strcmp(own, other) == 0) return true;
    for (size_t k = 0; k < 8 && known[i].spellings[k]; k++) {
      if (strcmp(other, known[i].spellings[k]) == 0) return true;
    }
  }
  return false;
}

static bool has_column(const hr_dataset *dataset, const char *name) {
  const double *values = NULL;
  hr_text text;
  hr_text_init(&text);
  /* A column of text is told of by whoever asks for it. */
  bool has = hr_dataset_label(dataset, name, false, &values, NULL) == HR_OK ||
             hr_dataset_describe_other(dataset, name, &text);
  hr_text_fini(&text);
  return has;
}

static const char *find_spelling(const hr_strings *names, const char *label) {
  for (size_t i = 0; i < names->count; i++) {
    if (is_spelling(label, names->items[i])) return names->items[i];
  }
  return NULL;
}

hr_status hr_study_propose_columns(const char *file, const hr_strings *missing,
                                   const hr_strings *names, hr_error *err) {
  hr_status status = HR_OK;
  hr_text labels, renames;
  size_t found = 0;
  hr_text_init(&labels);
  hr_text_init(&renames);
  for (size_t i = 0; i < missing->count; i++) {
    const char *label = missing->items[i], *column = find_spelling(names, label);
    hr_text_append(&labels, "%s%s", i > 0 ? ", " : "", label);
    if (column) hr_text_append(&renames, "%s%s: ", found++ ? ", " : "", label);
    if (column) hr_field_write_text(column, &renames);
  }
  HR_TRY(hr_text_status(&labels, err));
  HR_TRY(hr_text_status(&renames, err));
  if (found == 0) goto cleanup;
  status = hr_fail(err, HR_ERR_DATA,
                   "%s has no label column%s %s; if that is what they are called there, "
                   "write data.columns: {%s}",
                   file, missing->count == 1 ? "" : "s", labels.bytes, renames.bytes);
cleanup:
  hr_text_fini(&labels);
  hr_text_fini(&renames);
  return status;
}

hr_status hr_study_needed_labels(const hr_config *config, hr_strings *out,
                                 hr_error *err) {
  hr_status status = HR_OK;
  for (size_t a = 0; a < config->binning.axis_count; a++) {
    HR_TRY(hr_strings_append(out, config->binning.axes[a].label, err));
  }
  for (size_t t = 0; t < config->data.target.count; t++) {
    HR_TRY(hr_strings_append(out, config->data.target.items[t], err));
  }
cleanup:
  return status;
}

hr_status hr_study_check_columns(const hr_config *config, const hr_dataset *dataset,
                                 hr_error *err) {
  hr_status status = HR_OK;
  size_t shards = 0;
  hr_strings needed = {0}, missing = {0};
  HR_TRY(hr_study_needed_labels(config, &needed, err));
  for (size_t i = 0; i < needed.count; i++) {
    if (has_column(dataset, needed.items[i])) continue;
    HR_TRY(hr_strings_append(&missing, needed.items[i], err));
  }
  HR_TRY(hr_study_propose_columns(hr_dataset_shards(dataset, &shards)->path, &missing,
                                  hr_dataset_label_names(dataset), err));
cleanup:
  hr_strings_fini(&needed);
  hr_strings_fini(&missing);
  return status;
}

hr_status hr_study_rename_columns(const hr_config *config, hr_dataset *dataset,
                                  hr_error *err) {
  hr_status status = HR_OK;
  const hr_strings *labels = &config->data.column_labels;
  for (size_t i = 0; i < labels->count; i++) {
    hr_error reason = {.status = HR_OK};
    if (hr_dataset_is_from_table(dataset, labels->items[i])) continue;
    status = hr_dataset_rename(dataset, config->data.columns.items[i], labels->items[i],
                               &reason);
    if (status == HR_OK) continue;
    return hr_fail(err, status, "data.columns: %s", reason.message);
  }
  return status;
}
