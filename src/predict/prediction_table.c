/* Columns in order: file, row, what is kept; per target mean, sigma, half-widths
 * and gap; slot, expert,
 * snr, masked_fraction, chi2, effective, flags and, in CSV, the flags in words.
 *
 * Of a catalogue of stars, as the Galactic Archaeology pipeline of PFS names them
 * (STARCATALOG): what is kept, snr_m, per target itself, Err and Status, then flag and
 * status. */
#include "predict/prediction_table.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"

/* Of every target, in the order of fill_target. */
static const char *const parts[HR_TARGET_COLUMNS] = {"mean", "sigma", "half68", "half95",
                                                     "gap"};

enum {
  OWN_AHEAD = 2,
  OWN_BEHIND = 9, /* columns around those of keep and targets */
};

void hr_flags_describe(uint32_t flags, char words[HR_FLAG_BYTES]) {
  static const struct {
    uint32_t bit;
    const char *word;
  } list[] = {
#define HR_FLAG_WORD(name, bit, word, meaning) {bit, word},
      HR_FLAG_LIST(HR_FLAG_WORD)
#undef HR_FLAG_WORD
  };
  size_t used = 0;
  words[0] = '\0';
  for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
    if (!(flags & list[i].bit)) continue;
    used += (size_t)snprintf(words + used, HR_FLAG_BYTES - used, "%s%s", used ? "|" : "",
                             list[i].word);
  }
}

/* --- columns --- */

static hr_status add_column(hr_prediction_table *table, const char *name,
                            hr_frame_cell_kind kind, size_t text_bytes, hr_error *err) {
  hr_status status = hr_strings_append(&table->names, name, err);
  if (status != HR_OK) return status;
  table->columns[table->count++] = (hr_prediction_file_column){
      .frame = {table->names.items[table->names.count - 1], kind, text_bytes}};
  return HR_OK;
}

static hr_status add_number(hr_prediction_table *table, const char *name,
                            const char *unit, hr_error *err) {
  hr_status status = add_column(table, name, HR_FRAME_CELL_NUMBER, 0, err);
  if (status != HR_OK) return status;
  table->columns[table->count - 1].unit = unit;
  return HR_OK;
}

/* What the ratio is called: in a catalogue by the arm that the model is of, which the
 * medium resolution of PFS is, from 7100 to 8850 angstrom. */
static const char *snr_name(const hr_prediction_table *table) {
  const double begin = 7050, end = 8900;
  const hr_bundle_description *d = hr_engine_describe(table->engine);
  bool is_medium = d->wave[0] > begin && d->wave[d->pixels - 1] < end;
  return table->is_star && is_medium ? "snr_m" : "snr";
}

/* Names of columns behind those that are kept. */
static bool is_own(const hr_prediction_table *table, const char *name) {
  static const char *const usual[] = {"slot", "expert",    "snr",   "masked_fraction",
                                      "chi2", "effective", "flags", "flag_words"};
  static const char *const of_stars[] = {"snr_m", "snr", "flag", "status"};
  const hr_bundle_description *d = hr_engine_describe(table->engine);
  const char *sigma_rv = table->is_star ? "rvErr" : "sigma_rv";
  if (d->rv && (strcmp(name, "rv") == 0 || strcmp(name, sigma_rv) == 0)) return true;
  const char *const *own = table->is_star ? of_stars : usual;
  size_t count = table->is_star ? sizeof of_stars / sizeof of_stars[0]
                                : sizeof usual / sizeof usual[0];
  for (size_t i = 0; i < count; i++) {
    if (strcmp(own[i], name) == 0) return true;
  }
  for (size_t t = 0; t < d->target_count && table->is_star; t++) {
    if (strcmp(d->targets[t].name, name) == 0) return true;
  }
  return false;
}

static bool is_taken(const hr_prediction_table *table, const char *name) {
  if (is_own(table, name)) return true;
  for (size_t i = 0; i < table->count; i++) {
    if (strcmp(table->columns[i].frame.name, name) == 0) return true;
  }
  return false;
}

/* A kept column keeps its name unless the table has one of that name. */
static hr_status add_kept(hr_prediction_table *table, const hr_strings *keep,
                          hr_error *err) {
  hr_status status = HR_OK;
  hr_text name;
  hr_text_init(&name);
  for (size_t k = 0; k < keep->count; k++) {
    hr_text_fini(&name);
    hr_text_init(&name);
    hr_text_append(&name, "%s%s", is_taken(table, keep->items[k]) ? "label_" : "",
                   keep->items[k]);
    HR_TRY(hr_text_status(&name, err));
    HR_TRY(add_column(
        table, name.bytes,
        table->keep_is_whole[k] ? HR_FRAME_CELL_INTEGER : HR_FRAME_CELL_NUMBER, 0, err));
    table->columns[table->count - 1].may_be_null = true;
  }
cleanup:
  hr_text_fini(&name);
  return status;
}

static hr_status add_targets(hr_prediction_table *table, hr_error *err) {
  const hr_bundle_description *d = hr_engine_describe(table->engine);
  hr_status status = HR_OK;
  hr_text name;
  hr_text_init(&name);
  for (size_t c = 0; c < HR_TARGET_COLUMNS * d->target_count; c++) {
    hr_text_fini(&name);
    hr_text_init(&name);
    hr_text_append(&name, "%s_%s", d->targets[c / HR_TARGET_COLUMNS].name,
                   parts[c % HR_TARGET_COLUMNS]);
    HR_TRY(hr_text_status(&name, err));
    HR_TRY(add_number(table, name.bytes, d->targets[c / HR_TARGET_COLUMNS].unit, err));
  }
cleanup:
  hr_text_fini(&name);
  return status;
}

/* Bytes of the longest name of a method. */
static size_t longest_method(const hr_bundle_description *d) {
  size_t longest = 1;
  for (size_t i = 0; i < d->candidate_count; i++) {
    size_t length = strlen(d->candidates[i].method);
    longest = length > longest ? length : longest;
  }
  return longest;
}

static hr_status add_columns(hr_prediction_table *table,
                             const hr_prediction_table_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = hr_engine_describe(plan->engine);
  size_t method = d->target_count * (longest_method(d) + 1) - 1; /* "a|b" */
  HR_TRY(add_column(table, "file", HR_FRAME_CELL_TEXT, plan->file_bytes, err));
  HR_TRY(add_column(table, "row", HR_FRAME_CELL_INTEGER, 0, err));
  HR_TRY(add_kept(table, plan->keep, err));
  HR_TRY(add_targets(table, err));
  HR_TRY(add_column(table, "slot", HR_FRAME_CELL_INTEGER, 0, err));
  HR_TRY(add_column(table, "expert", HR_FRAME_CELL_TEXT, method, err));
  HR_TRY(add_column(table, snr_name(table), HR_FRAME_CELL_NUMBER, 0, err));
  HR_TRY(add_column(table, "masked_fraction", HR_FRAME_CELL_NUMBER, 0, err));
  HR_TRY(add_column(table, "chi2", HR_FRAME_CELL_NUMBER, 0, err));
  HR_TRY(add_column(table, "effective", HR_FRAME_CELL_NUMBER, 0, err));
  if (d->rv) {
    HR_TRY(add_column(table, "rv", HR_FRAME_CELL_NUMBER, 0, err));
    HR_TRY(add_column(table, "sigma_rv", HR_FRAME_CELL_NUMBER, 0, err));
  }
  HR_TRY(add_column(table, "flags", HR_FRAME_CELL_INTEGER, 0, err));
  if (table->has_words) {
    HR_TRY(add_column(table, "flag_words", HR_FRAME_CELL_TEXT, HR_FLAG_BYTES, err));
  }
cleanup:
  return status;
}

/* --- columns of a catalogue --- */

static hr_status add_label(hr_prediction_table *table, const hr_bundle_target *target,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_text name;
  hr_text_init(&name);
  hr_text_append(&name, "%sErr", target->name);
  HR_TRY(hr_text_status(&name, err));
  HR_TRY(add_number(table, target->name, target->unit, err));
  HR_TRY(add_number(table, name.bytes, target->unit, err));
  hr_text_fini(&name);
  hr_text_init(&name);
  hr_text_append(&name, "%sStatus", target->name);
  HR_TRY(hr_text_status(&name, err));
  HR_TRY(add_column(table, name.bytes, HR_FRAME_CELL_TEXT, HR_FLAG_BYTES, err));
cleanup:
  hr_text_fini(&name);
  return status;
}

static hr_status add_star_columns(hr_prediction_table *table,
                                  const hr_prediction_table_plan *plan, hr_error *err) {
  hr_status status = HR_OK;
  const hr_bundle_description *d = hr_engine_describe(plan->engine);
  HR_TRY(add_kept(table, plan->keep, err));
  HR_TRY(add_column(table, snr_name(table), HR_FRAME_CELL_NUMBER, 0, err));
  for (size_t t = 0; t < d->target_count; t++) {
    HR_TRY(add_label(table, &d->targets[t], err));
  }
  if (d->rv) {
    HR_TRY(add_number(table, "rv", "km/s", err));
    HR_TRY(add_number(table, "rvErr", "km/s", err));
  }
  HR_TRY(add_column(table, "flag", HR_FRAME_CELL_INTEGER, 0, err));
  table->columns[table->count - 1].is_truth = true;
  HR_TRY(add_column(table, "status", HR_FRAME_CELL_TEXT, HR_FLAG_BYTES, err));
  HR_TRY(hr_alloc(&table->states, d->target_count * table->block_rows, err));
  HR_TRY(hr_alloc(&table->state, d->target_count * table->block_rows, err));
cleanup:
  return status;
}

/* --- room --- */

hr_status hr_prediction_table_init(const hr_prediction_table_plan *plan,
                                   size_t block_rows, hr_prediction_table *out,
                                   hr_error *err) {
  hr_status status = HR_OK;
  size_t targets = hr_engine_describe(plan->engine)->target_count;
  size_t most =
      OWN_AHEAD + plan->keep->count + HR_TARGET_COLUMNS * targets + OWN_BEHIND + 1;
  *out = (hr_prediction_table){.engine = plan->engine,
                               .kept = plan->keep->count,
                               .keep_is_whole = plan->keep_is_whole,
                               .has_words = plan->format == HR_PREDICTION_CSV,
                               .is_star = plan->format == HR_PREDICTION_PFSSTAR,
                               .block_rows = block_rows};
  HR_TRY(hr_alloc(&out->columns, most, err));
  HR_TRY(hr_alloc(&out->cells, most, err));
  HR_TRY(hr_alloc(&out->file, block_rows, err));
  HR_TRY(hr_alloc(&out->expert, block_rows, err));
  const hr_bundle_description *d = hr_engine_describe(plan->engine);
  out->expert_bytes = targets * (longest_method(d) + 1);
  HR_TRY(hr_alloc(&out->expert_text, block_rows * out->expert_bytes, err));
  HR_TRY(hr_alloc(&out->words, block_rows, err));
  HR_TRY(hr_alloc(&out->word, block_rows, err));
  HR_TRY(hr_alloc(&out->row, block_rows, err));
  HR_TRY(hr_alloc(&out->slot, block_rows, err));
  HR_TRY(hr_alloc(&out->flags, block_rows, err));
  HR_TRY(hr_alloc(&out->numbers, HR_TARGET_COLUMNS * targets * block_rows, err));
  HR_TRY(out->is_star ? add_star_columns(out, plan, err) : add_columns(out, plan, err));
cleanup:
  return status;
}

void hr_prediction_table_fini(hr_prediction_table *table) {
  hr_free(table->columns);
  hr_free(table->cells);
  hr_free(table->file);
  hr_free(table->expert);
  hr_free(table->expert_text);
  hr_free(table->words);
  hr_free(table->word);
  hr_free(table->states);
  hr_free(table->state);
  hr_free(table->row);
  hr_free(table->slot);
  hr_free(table->flags);
  hr_free(table->numbers);
  hr_strings_fini(&table->names);
  *table = (hr_prediction_table){0};
}

/* --- cells --- */

/* The method that predicted a row; where targets have different ones all of them, in the
 * order of the targets: "posterior|ridge". */
static void name_expert(hr_prediction_table *table, size_t i, const int32_t *candidate) {
  const hr_bundle_description *d = hr_engine_describe(table->engine);
  char *text = table->expert_text + i * table->expert_bytes;
  size_t used = 0;
  bool is_one = true;
  for (size_t t = 1; t < d->target_count; t++) {
    is_one = is_one && (candidate[t] < 0) == (candidate[0] < 0) &&
             (candidate[t] < 0 || strcmp(d->candidates[candidate[t]].method,
                                         d->candidates[candidate[0]].method) == 0);
  }
  text[0] = '\0';
  for (size_t t = 0; t < (is_one ? 1 : d->target_count); t++) {
    const char *method = candidate[t] >= 0 ? d->candidates[candidate[t]].method : "";
    used += (size_t)snprintf(text + used, table->expert_bytes - used, "%s%s",
                             t == 0 ? "" : "|", method);
  }
  table->expert[i] = text;
}

/* The numbers of a target of row i, which stand at `at` in the result. */
static void fill_target(hr_prediction_table *table, size_t i, size_t t, size_t at,
                        const hr_engine_result *result) {
  const double numbers[HR_TARGET_COLUMNS] = {result->mean[at], result->sigma[at],
                                             result->half68[at], result->half95[at],
                                             result->gap[at]};
  for (size_t c = 0; c < HR_TARGET_COLUMNS; c++) {
    size_t column = HR_TARGET_COLUMNS * t + c;
    table->numbers[column * table->block_rows + i] = numbers[c];
  }
}

static void fill_rows(hr_prediction_table *table, const char *path, size_t first_row,
                      size_t rows, const hr_engine_result *result) {
  const hr_bundle_description *d = hr_engine_describe(table->engine);
  for (size_t i = 0; i < rows; i++) {
    table->file[i] = path;
    table->row[i] = (int64_t)(first_row + i);
    table->slot[i] = result->slot[i];
    name_expert(table, i, result->candidate + i * d->target_count);
    table->flags[i] = result->flags[i];
    hr_flags_describe(result->flags[i], table->word[i]);
    table->words[i] = table->word[i];
    for (size_t t = 0; t < d->target_count; t++) {
      fill_target(table, i, t, i * d->target_count + t, result);
    }
  }
}

static hr_frame_cells *fill_kept(const hr_prediction_table *table, hr_frame_cells *cell,
                                 const hr_input *input, size_t first_row) {
  for (size_t k = 0; k < table->kept; k++) {
    if (table->keep_is_whole[k]) {
      *cell++ = (hr_frame_cells){.integers = input->kept_whole[k] + first_row,
                                 .numbers = input->kept[k] + first_row};
    } else {
      *cell++ = (hr_frame_cells){.numbers = input->kept[k] + first_row};
    }
  }
  return cell;
}

/* A label is outside the range of training by its own prediction; other flags are the
 * star's. */
static void fill_states(hr_prediction_table *table, size_t rows,
                        const hr_engine_result *result) {
  size_t targets = hr_engine_describe(table->engine)->target_count;
  for (size_t i = 0; i < rows; i++) {
    for (size_t t = 0; t < targets; t++) {
      size_t at = t * table->block_rows + i;
      uint32_t flags = result->flags[i];
      if (!(result->gap[i * targets + t] > 0)) {
        flags &= ~(uint32_t)HR_FLAG_OUTSIDE_RANGE;
      }
      hr_flags_describe(flags, table->state[at]);
      table->states[at] = table->state[at];
    }
  }
}

static void fill_star(hr_prediction_table *table, const hr_input *input, size_t first_row,
                      size_t rows, const hr_engine_result *result) {
  size_t targets = hr_engine_describe(table->engine)->target_count;
  size_t stride = table->block_rows;
  hr_frame_cells *cell = fill_kept(table, table->cells, input, first_row);
  fill_states(table, rows, result);
  *cell++ = (hr_frame_cells){.numbers = result->snr};
  for (size_t t = 0; t < targets; t++) {
    const double *mean = table->numbers + HR_TARGET_COLUMNS * t * stride;
    *cell++ = (hr_frame_cells){.numbers = mean};
    *cell++ = (hr_frame_cells){.numbers = mean + stride};
    *cell++ = (hr_frame_cells){.texts = table->states + t * stride};
  }
  if (hr_engine_describe(table->engine)->rv) {
    *cell++ = (hr_frame_cells){.numbers = result->rv};
    *cell++ = (hr_frame_cells){.numbers = result->sigma_rv};
  }
  *cell++ = (hr_frame_cells){.integers = table->flags};
  *cell++ = (hr_frame_cells){.texts = table->words};
}

void hr_prediction_table_fill(hr_prediction_table *table, const char *path,
                              const hr_input *input, size_t first_row, size_t rows,
                              const hr_engine_result *result) {
  hr_frame_cells *cell = table->cells;
  size_t targets = hr_engine_describe(table->engine)->target_count;
  fill_rows(table, path, first_row, rows, result);
  if (table->is_star) {
    fill_star(table, input, first_row, rows, result);
    return;
  }
  *cell++ = (hr_frame_cells){.texts = table->file};
  *cell++ = (hr_frame_cells){.integers = table->row};
  cell = fill_kept(table, cell, input, first_row);
  for (size_t c = 0; c < HR_TARGET_COLUMNS * targets; c++) {
    *cell++ = (hr_frame_cells){.numbers = table->numbers + c * table->block_rows};
  }
  *cell++ = (hr_frame_cells){.integers = table->slot};
  *cell++ = (hr_frame_cells){.texts = table->expert};
  *cell++ = (hr_frame_cells){.numbers = result->snr};
  *cell++ = (hr_frame_cells){.numbers = result->masked};
  *cell++ = (hr_frame_cells){.numbers = result->chi2};
  *cell++ = (hr_frame_cells){.numbers = result->effective};
  if (hr_engine_describe(table->engine)->rv) {
    *cell++ = (hr_frame_cells){.numbers = result->rv};
    *cell++ = (hr_frame_cells){.numbers = result->sigma_rv};
  }
  *cell++ = (hr_frame_cells){.integers = table->flags};
  if (table->has_words) *cell++ = (hr_frame_cells){.texts = table->words};
}
