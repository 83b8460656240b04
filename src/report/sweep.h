/* A sweep: one study at several values of one key, each point an ordinary run. What the
 * points found, from the results.json of each and nothing else, and what is made of it:
 * a table, a page and a figure of R² against the value. */
#ifndef HR_REPORT_SWEEP_H
#define HR_REPORT_SWEEP_H

#include "report/chart.h"
#include "report/ladder.h"
#include "report/table.h"
#include "score/ladder.h"

/* The points of a sweep; everything is borrowed. */
typedef struct hr_sweep_outline {
  const char *key;             /* "data.rows" */
  const char *const *values;   /* [count] as they were given: "1000" */
  const char *const *run_dirs; /* [count] */
  const char *const *troubles; /* [count] what went wrong at a point; NULL: nothing */
  const bool *has_results;     /* [count] */
  size_t count;
} hr_sweep_outline;

/* What stands on a rung of the ladder, or a method on some of the test rows; owned. */
typedef struct hr_sweep_line {
  hr_rung rung;      /* HR_RUNGS: a method of its own */
  bool is_elsewhere; /* such a method: a model of all rows from elsewhere, on no rung */
  char *method, *title;
  const char *rows; /* "covered" or "all" */
  double row_count;
  hr_estimate r2;
} hr_sweep_line;

typedef struct hr_sweep_point {
  const char *value;   /* borrowed from the outline, */
  const char *trouble; /* as this */
  double train_rows;   /* NaN: not known */
  hr_sweep_line *lines;
  size_t line_count;
} hr_sweep_point;

typedef struct hr_sweep {
  const char *key;        /* borrowed */
  hr_sweep_point *points; /* [count] in the order of the outline */
  size_t count;
  char *experiment, *target; /* of the first point with results; NULL: there is none */
  bool chinese, lacks_titles;
  bool has_stored_noise; /* test rows have the noise of their file */
  bool has_unseen_noise; /* that drawn for them is none that every method saw */
} hr_sweep;

/* Reads the results of every point that has any. Fails as hr_results_open. */
hr_status hr_sweep_init(hr_sweep *sweep, const hr_sweep_outline *outline,
                        hr_error *err) HR_MUST_CHECK;
void hr_sweep_fini(hr_sweep *sweep);

/* The line of a rung; NULL where the point has none. */
const hr_sweep_line *hr_sweep_on(const hr_sweep_point *point, hr_rung rung);

/* The methods from elsewhere of all points, by name, in the order in which they come;
 * borrowed, at most HR_LADDER_ELSEWHERE; how many. And the line of one of them at a
 * point; NULL where it has none. */
size_t hr_sweep_list_elsewhere(const hr_sweep *sweep,
                               const hr_sweep_line *out[HR_LADDER_ELSEWHERE]);
const hr_sweep_line *hr_sweep_of(const hr_sweep_point *point, const char *method);

/* Whether some point has the rung. */
bool hr_sweep_has(const hr_sweep *sweep, hr_rung rung);

/* Whether all points that have the rung have the same on it: *title. */
bool hr_sweep_is_same(const hr_sweep *sweep, hr_rung rung, const char **title);

/* tables_sweep.c: the lines of all points, for sweep.csv; and one line a point, with a
 * column a rung, to be shown. */
hr_status hr_sweep_build_lines(const hr_sweep *sweep, hr_table *table,
                               hr_error *err) HR_MUST_CHECK;
hr_status hr_sweep_build_rungs(const hr_sweep *sweep, hr_table *table,
                               hr_error *err) HR_MUST_CHECK;

/* figure_sweep.c: R² with its interval against the value, a line a rung: on a logarithmic
 * axis where the values are numbers above 0 and a decade or more apart, on a linear one
 * where they are other numbers, in a row where they are words. Appends the numbers drawn
 * to `csv`. */
hr_status hr_figure_sweep(const hr_sweep *sweep, hr_canvas *canvas, hr_text *csv,
                          hr_error *err) HR_MUST_CHECK;

/* Whether there is nothing to draw: no point has a rung. */
bool hr_figure_sweep_is_empty(const hr_sweep *sweep);

/* Writes DIR/sweep.csv, DIR/sweep.md and, where there is something to draw,
 * DIR/figures/sweep.png, .svg, .pdf and .csv; of a study of several targets those of the
 * others go to DIR/targets/NAME/. *text is the table of the first target for a terminal,
 * freed with hr_text_free. Fails as hr_results_open; HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_sweep_write(const char *dir, const hr_sweep_outline *outline, char **text,
                         hr_error *err) HR_MUST_CHECK;

/* Removes what hr_sweep_write wrote for the first target, so that it cannot outlive the
 * points that it is of. HR_ERR_IO. */
hr_status hr_sweep_clear(const char *dir, hr_error *err) HR_MUST_CHECK;

/* "model from elsewhere: Global ViT", of such a method. */
void hr_sweep_append_elsewhere(const hr_sweep *sweep, const hr_sweep_line *line,
                               hr_text *out);

#endif
