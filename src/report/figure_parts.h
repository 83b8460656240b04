/* One function a figure; for figures.c alone. Each fills a table with the numbers to be
 * drawn, and draws what the table holds. */
#ifndef HR_REPORT_FIGURE_PARTS_H
#define HR_REPORT_FIGURE_PARTS_H

#include "report/chart.h"
#include "report/figures.h"

/* What drawing needs; everything is borrowed. */
typedef struct hr_sketch {
  hr_reader *reader;
  const hr_rows *rows;
  hr_canvas *canvas;
  hr_text *csv; /* the numbers drawn go here */
} hr_sketch;

/* figure_bins.c */
double hr_figure_bins_height(hr_reader *reader); /* of the page, pt; of figure 4 too */
double hr_figure_choice_height(hr_reader *reader);
hr_status hr_figure_bins(hr_sketch *sketch, hr_error *err);
hr_status hr_figure_choice(hr_sketch *sketch, hr_error *err);

/* figure_ladder.c; whether nothing measured has an R2. */
bool hr_figure_ladder_is_empty(hr_reader *reader);
double hr_figure_ladder_height(hr_reader *reader);
hr_status hr_figure_ladder(hr_sketch *sketch, hr_error *err);

/* figure_gain.c; whether the hybrid gains or loses in no bin. */
bool hr_figure_gain_is_empty(hr_reader *reader);
/* How far its axis goes at most, of gains [count] (NaN: none): so far that half of the
 * bars end within it where all are large, and no farther for one bin that is wild. */
double hr_figure_gain_most(const double *gains, size_t count);
hr_status hr_figure_gain(hr_sketch *sketch, hr_error *err);

/* figure_snr.c */
hr_status hr_figure_snr(hr_sketch *sketch, hr_error *err);

/* figure_training.c; whether no expert of the study has a curve. */
bool hr_figure_training_is_empty(hr_reader *reader);
hr_status hr_figure_training(hr_sketch *sketch, hr_error *err);

/* figure_calibration.c; whether there is nothing to draw of each. */
bool hr_figure_coverage_is_empty(hr_reader *reader);
hr_status hr_figure_coverage(hr_sketch *sketch, hr_error *err);
bool hr_figure_own_sigma_is_empty(hr_reader *reader);
hr_status hr_figure_own_sigma(hr_sketch *sketch, hr_error *err);
bool hr_figure_ranks_is_empty(hr_reader *reader);
hr_status hr_figure_ranks(hr_sketch *sketch, hr_error *err);

/* figure_gates.c; whether there are none to draw. */
bool hr_figure_gates_is_empty(hr_reader *reader);
double hr_figure_gates_height(hr_reader *reader);
hr_status hr_figure_gates(hr_sketch *sketch, hr_error *err);

/* figure_residuals.c; whether there are too few covered rows with predictions. */
bool hr_figure_residuals_is_empty(hr_reader *reader);
double hr_figure_residuals_height(hr_reader *reader);
hr_status hr_figure_residuals(hr_sketch *sketch, hr_error *err);

/* figure_scatter.c; whether no covered row has a prediction of the headline. */
bool hr_figure_scatter_is_empty(hr_reader *reader, const hr_rows *rows);
hr_status hr_figure_scatter(hr_sketch *sketch, hr_error *err);

/* figure_grid.c: R2 of every expert in every bin, as figures 1 and 2 show it. */
typedef struct hr_grid_cell {
  hr_estimate r2; /* NaN: the expert has no model here */
  bool is_chosen; /* the expert that the hybrid takes */
} hr_grid_cell;

typedef struct hr_grid {
  size_t bin_count, expert_count;
  hr_strings bins;     /* names */
  bool *is_focus;      /* [bin_count] */
  hr_strings experts;  /* titles of those that have a model somewhere, or of all */
  hr_strings keys;     /* their names in results.json */
  hr_color *colors;    /* [expert_count] each expert's own */
  hr_grid_cell *cells; /* [bin_count][expert_count] */
  bool is_by_cv;
} hr_grid;

hr_status hr_grid_init(hr_grid *grid, hr_reader *reader, hr_error *err) HR_MUST_CHECK;
void hr_grid_fini(hr_grid *grid);

/* Whether no expert has an R2 in any bin. */
bool hr_grid_is_empty(hr_reader *reader);

/* Appends the grid as CSV, a line a cell. */
void hr_grid_write_csv(const hr_grid *grid, hr_text *out);

/* The least and largest R2, leaving out what lies below `floor`: one expert that failed
 * must not squeeze all others together. */
hr_span hr_grid_span(const hr_grid *grid, double floor);

/* `name` in four lines at most, of one word each where it has three or fewer, behind its
 * number: "3\nMid\nPoor". */
hr_status hr_bin_label(size_t number, const char *name, hr_strings *labels,
                       hr_error *err) HR_MUST_CHECK;

/* Many bins side by side stand in panels, one below the other, on a higher page. */
typedef struct hr_panels {
  size_t count, bins_each;
  double height;  /* of the page, pt */
  bool has_words; /* there is room for numbers and marks at the bins */
} hr_panels;

hr_panels hr_panels_of(size_t bin_count);

/* The part of the page and of the categories that panel `i` takes. Title and legend are
 * the first one's, the label of x the last one's. */
void hr_panels_place(const hr_panels *panels, size_t i, hr_chart_frame *frame);

/* Appends empty names until the last panel is as long as the others. */
hr_status hr_panels_fill(const hr_panels *panels, hr_strings *labels,
                         hr_error *err) HR_MUST_CHECK;

/* The height of a page with a row a bin, pt. */
double hr_rows_height(size_t bin_count);

/* CSV fields: a comma before, nothing for NaN. */
void hr_csv_number(double value, hr_text *out);
void hr_csv_text(const char *text, hr_text *out); /* quoted where needed, no comma */

/* The colour that a method has in every figure: that of its expert or gate, a grey for a
 * hybrid that is told the bin. */
hr_color hr_figure_color_of(hr_reader *reader, const char *method);

/* Below this R2 an axis ends, and bars that go on are cut. */
extern const double hr_figure_floor;

#endif
