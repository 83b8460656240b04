/* The life of a fit, and of a trained slot. */
#include "methods/fit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/field.h"
#include "core/file.h"
#include "core/text.h"

const char *hr_fit_reason_name(hr_fit_reason reason) {
  static const char *const names[] = {NULL, "not_asked_for", "too_few_rows"};
  return reason < HR_REASONS ? names[reason] : NULL;
}

const char *hr_slot_name(int slot, char out[HR_SLOT_NAME_BYTES]) {
  if (slot == HR_GLOBAL) {
    snprintf(out, HR_SLOT_NAME_BYTES, "all rows");
  } else {
    snprintf(out, HR_SLOT_NAME_BYTES, "bin %d", slot);
  }
  return out;
}

const char *hr_fit_edge_name(hr_fit_edge edge) {
  static const char *const names[] = {NULL, "smallest", "largest", "only"};
  return edge < HR_EDGES ? names[edge] : NULL;
}

const char *hr_fit_precision_name(hr_fit_precision precision) {
  static const char *const names[] = {NULL, "fp32", "bf16"};
  return precision < HR_FIT_PRECISIONS ? names[precision] : NULL;
}

static hr_status alloc_nan(double **out, size_t count, hr_error *err) {
  hr_status status = hr_alloc(out, count, err);
  for (size_t i = 0; status == HR_OK && i < count; i++) (*out)[i] = (double)NAN;
  return status;
}

hr_status hr_fit_init(hr_fit *fit, int slot, size_t variant_count, bool has_values,
                      size_t level_count, hr_error *err) {
  hr_status status = HR_OK;
  *fit = (hr_fit){.slot = slot,
                  .status = HR_FIT_SKIPPED,
                  .variant_count = variant_count,
                  .level_count = level_count};
  HR_TRY(alloc_nan(&fit->cv_r2, variant_count, err));
  if (has_values) HR_TRY(alloc_nan(&fit->variant_value, variant_count, err));
  if (level_count == 0) goto cleanup;
  HR_TRY(alloc_nan(&fit->level, level_count, err));
  HR_TRY(alloc_nan(&fit->level_cv_r2, level_count, err));
  HR_TRY(alloc_nan(&fit->level_value, level_count, err));
cleanup:
  return status;
}

void hr_fit_fini(hr_fit *fit) {
  hr_free(fit->variant_value);
  hr_free(fit->cv_r2);
  hr_free(fit->level);
  hr_free(fit->level_cv_r2);
  hr_free(fit->level_value);
  hr_free(fit->curve);
  hr_validation_rows_fini(&fit->validation);
  *fit = (hr_fit){0};
}

static hr_status copy_numbers(const double *from, size_t count, double **out,
                              hr_error *err) {
  if (!from) return HR_OK;
  hr_status status = hr_alloc(out, count, err);
  if (status == HR_OK) memcpy(*out, from, count * sizeof *from);
  return status;
}

hr_status hr_fit_copy(const hr_fit *from, hr_fit *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_fit copy = *from;
  size_t variants = from->variant_count, levels = from->level_count;
  copy.variant_value = copy.cv_r2 = NULL;
  copy.level = copy.level_cv_r2 = copy.level_value = NULL;
  copy.curve = NULL;
  copy.validation = (hr_validation_rows){0};
  HR_TRY(copy_numbers(from->variant_value, variants, &copy.variant_value, err));
  HR_TRY(copy_numbers(from->cv_r2, variants, &copy.cv_r2, err));
  HR_TRY(copy_numbers(from->level, levels, &copy.level, err));
  HR_TRY(copy_numbers(from->level_cv_r2, levels, &copy.level_cv_r2, err));
  HR_TRY(copy_numbers(from->level_value, levels, &copy.level_value, err));
  if (from->curve) {
    HR_TRY(hr_alloc(&copy.curve, from->curve_points, err));
    memcpy(copy.curve, from->curve, from->curve_points * sizeof *copy.curve);
  }
  HR_TRY(hr_validation_rows_copy(&from->validation, &copy.validation, err));
  *out = copy;
  copy = (hr_fit){0};
cleanup:
  hr_fit_fini(&copy);
  return status;
}

hr_status hr_fit_save_curve(const hr_fit *fit, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  char *path = NULL, number[3][HR_FIELD_NUMBER_BYTES];
  hr_text text;
  if (!fit->curve) return HR_OK;
  hr_text_init(&text);
  hr_text_append(&text, "epoch,train_loss,validation_r2,lr\n");
  for (size_t i = 0; i < fit->curve_points; i++) {
    const hr_curve_point *point = &fit->curve[i];
    hr_field_format_number(point->train_loss, number[0]);
    hr_field_format_number(point->validation_r2, number[1]);
    hr_field_format_number(point->rate, number[2]);
    hr_text_append(&text, "%zu,%s,%s,%s\n", i + 1, number[0], number[1], number[2]);
  }
  HR_TRY(hr_text_status(&text, err));
  HR_TRY(hr_join_path(folder, "curves.csv", &path, err));
  HR_TRY(hr_file_write(path, text.bytes, text.length, err));
cleanup:
  hr_text_fini(&text);
  hr_free(path);
  return status;
}

void hr_fit_add_note(hr_fit *fit, const char *sentence) {
  size_t used = strlen(fit->note), room = sizeof fit->note - used;
  int length = snprintf(fit->note + used, room, "%s%s", used ? "; " : "", sentence);
  if (length < 0) fit->note[used] = '\0';
}

void hr_trained_fini(hr_trained *trained) {
  hr_fit_fini(&trained->fit);
  hr_model_destroy(&trained->model);
}
