/* What results.json says of calibration, for tables, figures and text. */
#ifndef HR_REPORT_CALIBRATION_H
#define HR_REPORT_CALIBRATION_H

#include "report/methods.h"
#include "score/calibration.h"

enum { HR_CALIBRATION_SHOWN = 2 };

/* The methods whose calibration is shown in parts: the headline, and the posterior with
 * the bins known where it is another one. */
typedef struct hr_calibration_shown {
  hr_node root, calibration, methods; /* their parents */
  hr_node entry[HR_CALIBRATION_SHOWN];
  const char *name[HR_CALIBRATION_SHOWN];
  bool is_posterior[HR_CALIBRATION_SHOWN];
  size_t count; /* 0: nothing is known */
} hr_calibration_shown;

/* *out must not be moved: nodes point to their parents. */
void hr_calibration_find(hr_reader *reader, hr_calibration_shown *out);

/* A measure of a method, an octile or a bin. */
hr_estimate hr_calibration_read(hr_reader *reader, const hr_node *node,
                                hr_calibration_measure measure);

/* The rows that shares within the two intervals are of: fewer than `n` where some
 * predictions have no half-widths. */
double hr_calibration_half_rows(hr_reader *reader, const hr_node *node);

/* Whether they are fewer. */
bool hr_calibration_is_in_part(hr_reader *reader, const hr_node *node);

/* Edge j of the octiles; NaN where there is none. */
double hr_calibration_edge(hr_reader *reader, const hr_calibration_shown *shown,
                           size_t j);

#endif
