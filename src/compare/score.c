/* All runs' predictions as columns over the rows in common, one bootstrap over them all,
 * and lines of numbers from it. */
#include <math.h>
#include <string.h>

#include "compare/comparison.h"
#include "core/alloc.h"
#include "report/methods.h"
#include "score/bootstrap.h"

static const hr_estimate undefined = {(double)NAN, (double)NAN, (double)NAN};

/* Rows sorted by group, and the predictions of all runs on them. */
typedef struct board {
  hr_comparison *comparison;
  size_t rows;
  double *target;      /* [rows] */
  double *values;      /* [columns][rows] */
  const double **list; /* [columns] each column of them */
  size_t columns;      /* methods that are taken, run by run */
  size_t *first;       /* [runs + 1] number of each run's first method, over all runs */
  int *column;         /* [methods of all runs] the column of each, or NO_COLUMN */
  size_t *row_list;    /* [rows] group by group, then rows that are missing */
  size_t *start;       /* [groups + 1] */
  size_t groups;       /* those of covered rows, then the uncovered */
  hr_bootstrap *bootstrap;
} board;

static void board_fini(board *b) {
  hr_bootstrap_destroy(&b->bootstrap);
  hr_free(b->target);
  hr_free(b->values);
  hr_free(b->list);
  hr_free(b->first);
  hr_free(b->column);
  hr_free(b->row_list);
  hr_free(b->start);
}

static const hr_rows *rows_of(const board *b, size_t run) {
  return &b->comparison->results[run]->rows;
}

enum { NO_COLUMN = -1 };

/* Numbers the methods that are taken: all, or the headline of each run alone. */
static hr_status number_columns(board *b, bool headlines_alone, hr_error *err) {
  hr_status status = HR_OK;
  const hr_comparison *c = b->comparison;
  HR_TRY(hr_alloc(&b->first, c->runs + 1, err));
  for (size_t k = 0; k < c->runs; k++) {
    b->first[k + 1] = b->first[k] + rows_of(b, k)->method_count;
  }
  HR_TRY(hr_alloc(&b->column, b->first[c->runs], err));
  for (size_t k = 0; k < c->runs; k++) {
    const hr_strings *names = &rows_of(b, k)->methods;
    for (size_t m = 0; m < names->count; m++) {
      bool is_taken =
          !headlines_alone || strcmp(names->items[m], c->results[k]->info.headline) == 0;
      b->column[b->first[k] + m] = is_taken ? (int)b->columns++ : NO_COLUMN;
    }
  }
cleanup:
  return status;
}

static hr_status gather(board *b, bool headlines_alone, hr_error *err) {
  hr_status status = HR_OK;
  const hr_comparison *c = b->comparison;
  const hr_join *join = &c->join;
  b->rows = join->count;
  HR_TRY(number_columns(b, headlines_alone, err));
  HR_TRY(hr_alloc(&b->target, b->rows, err));
  HR_TRY(hr_alloc(&b->list, b->columns, err));
  HR_TRY(hr_alloc(&b->values, b->columns * b->rows, err));
  for (size_t i = 0; i < b->rows; i++) {
    b->target[i] = rows_of(b, 0)->target[join->row[0][i]];
  }
  for (size_t k = 0; k < c->runs; k++) {
    for (size_t m = 0; m < rows_of(b, k)->method_count; m++) {
      int number = b->column[b->first[k] + m];
      if (number == NO_COLUMN) continue;
      double *column = b->values + (size_t)number * b->rows;
      const double *own = rows_of(b, k)->prediction[m];
      for (size_t i = 0; i < b->rows; i++) column[i] = own[join->row[k][i]];
      b->list[number] = column;
    }
  }
cleanup:
  return status;
}

/* Sorts rows by `group_of` ([rows], below `groups`, or SIZE_MAX: in none). */
static hr_status sort_rows(board *b, const size_t *group_of, size_t groups,
                           hr_error *err) {
  hr_status status = HR_OK;
  size_t at = 0;
  b->groups = groups;
  HR_TRY(hr_alloc(&b->row_list, b->rows, err));
  HR_TRY(hr_alloc(&b->start, groups + 1, err));
  for (size_t g = 0; g <= groups; g++) {
    b->start[g] = at;
    for (size_t i = 0; i < b->rows; i++) {
      bool is_own = g < groups ? group_of[i] == g : group_of[i] >= groups;
      if (is_own) b->row_list[at++] = i;
    }
  }
cleanup:
  return status;
}

static hr_status draw(board *b, hr_error *err) {
  hr_reader *reader = &b->comparison->results[0]->reader;
  hr_node root = hr_reader_root(reader);
  hr_node own = hr_node_object(reader, &root, "bootstrap");
  double seed = hr_node_number(reader, &own, "seed");
  double draws = hr_node_number(reader, &own, "draws");
  hr_status status = hr_reader_status(reader, err);
  if (status != HR_OK) return status;
  hr_bootstrap_input input = {
      .rows = b->rows,
      .target = b->target,
      .row_list = b->row_list,
      .group_start = b->start,
      .group_count = b->groups,
      .predictions = b->list,
      .method_count = b->columns,
      .draws = draws >= 1 && draws <= 1e6 ? (size_t)draws : HR_BOOTSTRAP_DRAWS,
      .seed = seed >= 0 && seed < 0x1p64 ? (uint64_t)seed : 0,
  };
  return hr_bootstrap_create(&input, &b->bootstrap, err);
}

/* The column of a run's method; NO_COLUMN where none of that name is taken. */
static int column_of(const board *b, size_t run, const char *method) {
  const hr_strings *names = &rows_of(b, run)->methods;
  for (size_t m = 0; method && m < names->count; m++) {
    if (strcmp(names->items[m], method) == 0) return b->column[b->first[run] + m];
  }
  return NO_COLUMN;
}

static double r2_over(const board *b, int column, hr_group_range range) {
  size_t first = b->start[range.first], end = b->start[range.end];
  return hr_metrics_compute(b->target, b->list[column], b->row_list + first, end - first)
      .r2;
}

static hr_estimate with_interval(double value, hr_interval interval) {
  if (isnan(value)) return undefined;
  return (hr_estimate){value, interval.low, interval.high};
}

static hr_status name_method(hr_comparison *c, size_t run, const char *method,
                             hr_compared *out, hr_error *err) {
  hr_text title;
  hr_text_init(&title);
  hr_append_method_title(&c->results[run]->reader, method, &title);
  hr_status status = hr_text_status(&title, err);
  if (status == HR_OK) status = hr_copy_text(method, &out->method, err);
  if (status == HR_OK) status = hr_copy_text(title.bytes, &out->title, err);
  hr_text_fini(&title);
  return status;
}

/* What run k's method of that name (NULL: none) has over the rows of `range`. */
static hr_status fill(const board *b, hr_compared_line *line, size_t k,
                      const char *method, hr_group_range range, hr_error *err) {
  hr_compared *own = &line->of[k];
  own->r2 = own->delta = undefined;
  int column = column_of(b, k, method);
  if (column == NO_COLUMN) return HR_OK;
  own->r2 = with_interval(r2_over(b, column, range),
                          hr_bootstrap_r2(b->bootstrap, (size_t)column, range));
  const char *other = line->of[0].method;
  int first = k > 0 ? column_of(b, 0, other) : NO_COLUMN;
  if (first != NO_COLUMN) {
    own->delta = with_interval(
        own->r2.value - line->of[0].r2.value,
        hr_bootstrap_delta(b->bootstrap, (size_t)column, (size_t)first, range));
  }
  return name_method(b->comparison, k, method, own, err);
}

static hr_group_range covered_range(const board *b) {
  return (hr_group_range){0, b->groups - 1};
}

static hr_group_range all_range(const board *b) {
  return (hr_group_range){0, b->groups};
}

static size_t rows_in(const board *b, hr_group_range range) {
  return b->start[range.end] - b->start[range.first];
}

/* A new line, filled for every run from its name of the method. */
static hr_status begin_line(const board *b, hr_compared_lines *lines,
                            hr_compared_line line, hr_error *err) {
  hr_status status = hr_alloc(&line.of, b->comparison->runs, err);
  if (status == HR_OK) lines->items[lines->count++] = line;
  return status;
}

/* Rungs --------------------------------------------------------------------------- */

/* A ceiling has no predictions: it is the run's own number, where that is of the same
 * rows. */
static hr_status fill_ceiling(hr_comparison *c, hr_compared_line *line, size_t k,
                              const hr_ladder_rung *rung, hr_error *err) {
  hr_compared *own = &line->of[k];
  hr_text title;
  own->r2 = own->delta = undefined;
  if (!rung) return HR_OK;
  if (c->results[k]->info.covered == c->covered) own->r2 = rung->r2;
  hr_text_init(&title);
  hr_ladder_append_title(&c->results[k]->reader, rung, &title);
  hr_status status = hr_text_status(&title, err);
  if (status == HR_OK) status = hr_copy_text(rung->method, &own->method, err);
  if (status == HR_OK) status = hr_copy_text(title.bytes, &own->title, err);
  hr_text_fini(&title);
  return status;
}

static hr_status score_rungs(const board *b, hr_error *err) {
  hr_status status = HR_OK;
  hr_comparison *c = b->comparison;
  HR_TRY(hr_alloc(&c->rungs.items, HR_RUNGS, err));
  for (int rung = 0; rung < HR_RUNGS; rung++) {
    const hr_ladder_rung *own[HR_COMPARE_MOST_RUNS] = {0};
    size_t having = 0;
    for (size_t k = 0; k < c->runs; k++) {
      own[k] = hr_ladder_on(&c->results[k]->ladder, (hr_rung)rung);
      having += own[k] != NULL;
    }
    if (having == 0) continue;
    hr_compared_line line = {.name = hr_rung_name((hr_rung)rung), .rows = c->covered};
    HR_TRY(begin_line(b, &c->rungs, line, err));
    hr_compared_line *kept = &c->rungs.items[c->rungs.count - 1];
    for (size_t k = 0; k < c->runs; k++) {
      if (rung == HR_RUNG_CEILING) {
        HR_TRY(fill_ceiling(c, kept, k, own[k], err));
      } else {
        const char *method = own[k] ? own[k]->method : NULL;
        HR_TRY(fill(b, kept, k, method, covered_range(b), err));
      }
    }
  }
cleanup:
  return status;
}

/* Methods ------------------------------------------------------------------------- */

static bool is_listed(const hr_compared_lines *lines, const hr_results_method *method,
                      bool all_rows) {
  for (size_t i = 0; i < lines->count; i++) {
    const hr_compared_line *line = &lines->items[i];
    if (line->all_rows == all_rows && strcmp(line->name, method->name) == 0) return true;
  }
  return false;
}

static hr_status score_method(const board *b, const hr_results_method *method,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_comparison *c = b->comparison;
  bool all_rows = strcmp(method->rows, "all") == 0;
  hr_group_range range = all_rows ? all_range(b) : covered_range(b);
  if (is_listed(&c->methods, method, all_rows)) return HR_OK;
  hr_compared_line line = {
      .name = method->name, .all_rows = all_rows, .rows = rows_in(b, range)};
  HR_TRY(begin_line(b, &c->methods, line, err));
  for (size_t k = 0; k < c->runs; k++) {
    HR_TRY(fill(b, &c->methods.items[c->methods.count - 1], k, method->name, range, err));
  }
cleanup:
  return status;
}

static hr_status score_methods(const board *b, hr_error *err) {
  hr_status status = HR_OK;
  hr_comparison *c = b->comparison;
  size_t most = 0;
  for (size_t k = 0; k < c->runs; k++) most += c->results[k]->info.method_count;
  HR_TRY(hr_alloc(&c->methods.items, most, err));
  for (size_t k = 0; k < c->runs; k++) {
    for (size_t m = 0; m < c->results[k]->info.method_count; m++) {
      HR_TRY(score_method(b, &c->results[k]->methods[m], err));
    }
  }
cleanup:
  return status;
}

/* The headline, bin by bin and octile by octile -------------------------------------- */

static hr_status score_headline(const board *b, hr_compared_lines *lines,
                                hr_compared_line line, size_t group, hr_error *err) {
  hr_status status = HR_OK;
  hr_comparison *c = b->comparison;
  hr_group_range range = {group, group + 1};
  line.rows = rows_in(b, range);
  HR_TRY(begin_line(b, lines, line, err));
  for (size_t k = 0; k < c->runs; k++) {
    const char *method = c->results[k]->info.headline;
    HR_TRY(fill(b, &lines->items[lines->count - 1], k, method, range, err));
  }
cleanup:
  return status;
}

/* Whether all runs have the same bins, by name, and put every row into the same. */
static bool has_same_bins(const hr_comparison *c) {
  const hr_results *first = c->results[0];
  for (size_t k = 1; k < c->runs; k++) {
    const hr_results *own = c->results[k];
    if (own->info.bin_count != first->info.bin_count) return false;
    for (size_t j = 0; j < own->info.bin_count; j++) {
      if (strcmp(own->bins[j].name, first->bins[j].name) != 0) return false;
    }
    for (size_t i = 0; i < c->join.count; i++) {
      int32_t a = first->rows.bin[c->join.row[0][i]];
      int32_t b = own->rows.bin[c->join.row[k][i]];
      if (a != b && a != HR_ROW_MISSING && b != HR_ROW_MISSING) return false;
    }
  }
  return true;
}

/* Groups: the bins where they are the same in all runs, else one of all covered rows;
 * and the uncovered rows. */
static hr_status sort_by_bin(board *b, bool by_bin, hr_error *err) {
  hr_status status = HR_OK;
  const hr_comparison *c = b->comparison;
  size_t *group_of = NULL, bins = by_bin ? c->results[0]->info.bin_count : 1;
  HR_TRY(hr_alloc(&group_of, b->rows, err));
  for (size_t i = 0; i < b->rows; i++) {
    int32_t bin = rows_of(b, 0)->bin[c->join.row[0][i]];
    group_of[i] = !c->join.is_covered[i] ? bins : by_bin ? (size_t)bin : 0;
    if (c->join.is_missing[i]) group_of[i] = SIZE_MAX;
  }
  HR_TRY(sort_rows(b, group_of, bins + 1, err));
cleanup:
  hr_free(group_of);
  return status;
}

static hr_status score_by_bin(board *b, hr_error *err) {
  hr_status status = HR_OK;
  hr_comparison *c = b->comparison;
  bool by_bin = has_same_bins(c);
  HR_TRY(sort_by_bin(b, by_bin, err));
  c->covered = rows_in(b, covered_range(b));
  HR_TRY(draw(b, err));
  HR_TRY(score_rungs(b, err));
  HR_TRY(score_methods(b, err));
  if (!by_bin) goto cleanup;
  size_t bins = c->results[0]->info.bin_count;
  HR_TRY(hr_alloc(&c->bins.items, bins, err));
  for (size_t j = 0; j < bins; j++) {
    hr_compared_line line = {.name = c->results[0]->bins[j].name};
    HR_TRY(score_headline(b, &c->bins, line, j, err));
  }
cleanup:
  return status;
}

/* By the label, or as the first run's own octiles are, by what the spectra say. */
static const double *find_snr(const board *b) {
  const hr_rows *rows = rows_of(b, 0);
  const double *measured = hr_rows_column(rows, HR_COLUMN_MEASURED_SNR, NULL);
  for (size_t i = 0; i < rows->count; i++) {
    if (isfinite(rows->snr[i])) return rows->snr;
  }
  return measured ? measured : rows->snr;
}

static hr_status sort_by_octile(board *b, hr_octiles *octiles, hr_error *err) {
  hr_status status = HR_OK;
  const hr_comparison *c = b->comparison;
  double *snr = NULL;
  size_t *covered = NULL, *group_of = NULL, count = 0;
  const double *ratio = find_snr(b);
  HR_TRY(hr_alloc(&snr, b->rows, err));
  HR_TRY(hr_alloc(&covered, b->rows, err));
  HR_TRY(hr_alloc(&group_of, b->rows, err));
  for (size_t i = 0; i < b->rows; i++) {
    snr[i] = ratio[c->join.row[0][i]];
    group_of[i] = c->join.is_missing[i] ? SIZE_MAX : HR_SNR_OCTILES;
    if (c->join.is_covered[i]) covered[count++] = i;
  }
  HR_TRY(hr_octiles_init(octiles, snr, covered, count, err));
  for (size_t j = 0; j < HR_SNR_OCTILES; j++) {
    for (size_t at = octiles->start[j]; at < octiles->start[j + 1]; at++) {
      group_of[octiles->row_list[at]] = j;
    }
  }
  HR_TRY(sort_rows(b, group_of, HR_SNR_OCTILES + 1, err));
cleanup:
  hr_free(snr);
  hr_free(covered);
  hr_free(group_of);
  return status;
}

static hr_status score_by_octile(board *b, hr_error *err) {
  hr_status status = HR_OK;
  hr_comparison *c = b->comparison;
  hr_octiles octiles = {0};
  HR_TRY(sort_by_octile(b, &octiles, err));
  if (octiles.start[HR_SNR_OCTILES] == 0) goto cleanup;
  HR_TRY(draw(b, err));
  HR_TRY(hr_alloc(&c->octiles.items, HR_SNR_OCTILES, err));
  for (size_t j = 0; j < HR_SNR_OCTILES; j++) {
    hr_compared_line line = {.low = octiles.edges[j], .high = octiles.edges[j + 1]};
    HR_TRY(score_headline(b, &c->octiles, line, j, err));
  }
cleanup:
  hr_octiles_fini(&octiles);
  return status;
}

hr_status hr_comparison_score(hr_comparison *comparison, hr_error *err) {
  hr_status status = HR_OK;
  board bins = {.comparison = comparison}, octiles = {.comparison = comparison};
  for (size_t i = 0; i < comparison->join.count; i++) {
    comparison->missing += comparison->join.is_missing[i];
  }
  HR_TRY(gather(&bins, false, err));
  HR_TRY(score_by_bin(&bins, err));
  HR_TRY(gather(&octiles, true, err));
  HR_TRY(score_by_octile(&octiles, err));
  HR_TRY(hr_contrasts_init(&comparison->contrasts,
                           (const char *const *)comparison->dirs.items, comparison->runs,
                           err));
cleanup:
  board_fini(&bins);
  board_fini(&octiles);
  return status;
}

void hr_compared_lines_fini(hr_compared_lines *lines, size_t runs) {
  for (size_t i = 0; i < lines->count; i++) {
    for (size_t k = 0; k < runs; k++) {
      hr_free(lines->items[i].of[k].method);
      hr_free(lines->items[i].of[k].title);
    }
    hr_free(lines->items[i].of);
  }
  hr_free(lines->items);
  *lines = (hr_compared_lines){0};
}

int hr_estimate_sign(hr_estimate estimate) {
  if (isnan(estimate.low) || isnan(estimate.high)) return 0;
  return estimate.low > 0 ? 1 : estimate.high < 0 ? -1 : 0;
}
