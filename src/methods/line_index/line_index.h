/* Line indices stacked on Ridge: what a linear model of the whole spectrum says, put
 * right by a few numbers of the spectrum that are not linear in it, depths and equivalent
 * widths of lines and leading components. For the bins in which Ridge does worst.
 *
 * Stacking as Wolpert (1992, "Stacked generalization", Neural Networks 5, 241) has it:
 * the model on top learns from what Ridge predicts of rows that it has not seen, never
 * from rows that it was trained on; when it predicts, Ridge is that of all rows. */
#ifndef HR_METHODS_LINE_INDEX_LINE_INDEX_H
#define HR_METHODS_LINE_INDEX_LINE_INDEX_H

#include "features/gate_table.h"
#include "methods/method.h"

typedef struct hr_line_index_parameters {
  char *learner;      /* "ridge" | "lightgbm": what is on top */
  hr_numbers bins;    /* that it is trained for */
  char *features;     /* HR_GATE_TABLE_CHOICES */
  int64_t components; /* in place of the table's; -1: as many as it says */
  int64_t most_rows;  /* of each bin that the model on top learns from */
} hr_line_index_parameters;

extern const hr_method hr_line_index_method;

/* Rows that the model on top needs. */
enum { HR_LINE_INDEX_FEWEST = 100 };

/* The table of features that the parameters ask for. */
hr_gate_table hr_line_index_table(const hr_line_index_parameters *parameters);

/* Whether it is trained for bin k. */
bool hr_line_index_is_wanted(const hr_line_index_parameters *parameters, size_t k);

#endif
