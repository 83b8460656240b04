/* predictions.csv, a line a test row. */
#include "score/predictions.h"

#include <inttypes.h>
#include <math.h>

#include "core/alloc.h"
#include "core/field.h"
#include "core/parallel.h"

const char hr_predictions_name[] = "predictions.csv";

static void append_number(double value, hr_text *out) {
  char text[HR_FIELD_NUMBER_BYTES];
  hr_text_append(out, ",");
  if (isnan(value)) return;
  hr_field_format_number(value, text);
  hr_text_append(out, "%s", text);
}

static void append_cell(const hr_prediction_column *column, size_t row, hr_text *out) {
  if (column->integers) {
    hr_text_append(out, ",%" PRId64, column->integers[row]);
  } else {
    append_number(column->values[row], out);
  }
}

static void append_head(const hr_evaluation *evaluation,
                        const hr_prediction_columns *columns, hr_text *out) {
  hr_text_append(out, "row,bin,snr,target");
  for (size_t m = 0; m < evaluation->method_count; m++) {
    const hr_method_score *method = &evaluation->methods[m];
    if (method->forecast->listed) hr_text_append(out, ",%s", method->forecast->name);
  }
  const hr_controls *controls = &evaluation->controls;
  for (hr_control_kind c = 0; c < HR_CONTROL_KINDS; c++) {
    if (hr_controls_has(controls, c)) hr_text_append(out, ",%s", hr_control_name(c));
  }
  for (size_t c = 0; c < columns->count; c++) {
    hr_text_append(out, ",%s", columns->names.items[c]);
  }
  hr_text_append(out, "\n");
}

static void append_row(const hr_evaluation *evaluation,
                       const hr_prediction_columns *columns, size_t i, hr_text *out) {
  const hr_results_input *input = evaluation->input;
  const hr_controls *controls = &evaluation->controls;
  hr_text_append(out, "%zu,", i);
  if (input->test->bin[i] >= 0) hr_text_append(out, "%d", (int)input->test->bin[i]);
  bool has_snr = input->snr && isfinite(input->snr[i]);
  append_number(has_snr ? input->snr[i] : (double)NAN, out);
  append_number(input->test->target[i], out);
  for (size_t m = 0; m < evaluation->method_count; m++) {
    const hr_method_score *method = &evaluation->methods[m];
    if (method->forecast->listed) append_number(method->forecast->prediction[i], out);
  }
  for (hr_control_kind c = 0; c < HR_CONTROL_KINDS; c++) {
    if (hr_controls_has(controls, c)) append_number(controls->prediction[c][i], out);
  }
  for (size_t c = 0; c < columns->count; c++) append_cell(&columns->items[c], i, out);
  hr_text_append(out, "\n");
}

/* The lines of a run of rows are a piece of work. */
enum { ROWS_A_PIECE = 512 };

typedef struct table {
  const hr_evaluation *evaluation;
  const hr_prediction_columns *columns;
  hr_text *pieces;
} table;

static void write_piece(void *context, size_t piece, size_t thread) {
  const table *t = context;
  (void)thread;
  size_t rows = t->evaluation->input->test->rows, first = piece * ROWS_A_PIECE;
  for (size_t i = first; i < rows && i < first + ROWS_A_PIECE; i++) {
    append_row(t->evaluation, t->columns, i, &t->pieces[piece]);
  }
}

hr_status hr_predictions_format(const hr_evaluation *evaluation,
                                const hr_prediction_columns *columns, hr_text *out,
                                hr_error *err) {
  hr_status status = HR_OK;
  size_t count = (evaluation->input->test->rows + ROWS_A_PIECE - 1) / ROWS_A_PIECE;
  table t = {evaluation, columns, NULL};
  HR_TRY(hr_alloc(&t.pieces, count, err));
  append_head(evaluation, columns, out);
  hr_parallel_for(count, write_piece, &t);
  for (size_t p = 0; p < count; p++) {
    HR_TRY(hr_text_status(&t.pieces[p], err));
    hr_text_append(out, "%s", t.pieces[p].bytes);
  }
  HR_TRY(hr_text_status(out, err));
cleanup:
  for (size_t p = 0; t.pieces && p < count; p++) hr_text_fini(&t.pieces[p]);
  hr_free(t.pieces);
  return status;
}
