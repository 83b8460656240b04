/* What the builders of tables share. */
#ifndef HR_REPORT_TABLE_PARTS_H
#define HR_REPORT_TABLE_PARTS_H

#include "report/table.h"

/* Replaces *text (owned, or NULL) by what printf would write. */
hr_status hr_set_text(char **text, hr_error *err, const char *format, ...)
    HR_PRINTF(3, 4) HR_MUST_CHECK;

void hr_set_estimate(hr_cell *cell, hr_estimate estimate);

/* A cell of kind HR_CELL_MARK. */
hr_status hr_set_mark(hr_reader *reader, hr_cell *cell, bool is_set,
                      hr_error *err) HR_MUST_CHECK;

/* The title of a method or an expert in a cell, its name as the code. */
hr_status hr_set_method(hr_reader *reader, hr_cell *cell, const char *method,
                        hr_error *err) HR_MUST_CHECK;

/* tables_ladder.c: the ladder, and its steps by bin and by octile of SNR; empty for
 * results of earlier versions, and where there is no single model to step from. */
hr_status hr_build_ladder(hr_table *table, hr_reader *reader,
                          hr_error *err) HR_MUST_CHECK;
hr_status hr_build_ladder_bins(hr_table *table, hr_reader *reader,
                               hr_error *err) HR_MUST_CHECK;
hr_status hr_build_ladder_octiles(hr_table *table, hr_reader *reader,
                                  hr_error *err) HR_MUST_CHECK;

/* tables_gates.c: the gates, and every way of mixing with each; empty where a study has
 * none, and for results of earlier versions. */
hr_status hr_build_gates(hr_table *table, hr_reader *reader, hr_error *err) HR_MUST_CHECK;
hr_status hr_build_gates_mixing(hr_table *table, hr_reader *reader,
                                hr_error *err) HR_MUST_CHECK;

/* tables_ceiling.c: R² by octile of SNR, with the ceilings; empty where there is no snr.
 */
hr_status hr_build_octiles(hr_table *table, hr_reader *reader,
                           hr_error *err) HR_MUST_CHECK;

/* Whether octiles are by the ratio measured from the spectra, as the test rows have no
 * label of it; `object`: as `snr_octiles` is. */
bool hr_octiles_are_measured(hr_reader *reader, const hr_node *object);

/* The same over all rows, without ceilings; empty where `snr_octiles_all` is absent. */
hr_status hr_build_all_octiles(hr_table *table, hr_reader *reader,
                               hr_error *err) HR_MUST_CHECK;

/* Every method against its ceiling, over all rows and by bin; empty where no ceiling is
 * known, and for results of earlier versions. */
hr_status hr_build_ceiling(hr_table *table, hr_reader *reader,
                           hr_error *err) HR_MUST_CHECK;
hr_status hr_build_ceiling_bins(hr_table *table, hr_reader *reader,
                                hr_error *err) HR_MUST_CHECK;

/* tables_calibration.c: whether sigma can be trusted, by method; of the headline and of
 * the posterior by octile of SNR and by bin. Empty where nobody has a sigma, and for
 * results of earlier versions. */
hr_status hr_build_calibration(hr_table *table, hr_reader *reader,
                               hr_error *err) HR_MUST_CHECK;
hr_status hr_build_calibration_octiles(hr_table *table, hr_reader *reader,
                                       hr_error *err) HR_MUST_CHECK;
hr_status hr_build_calibration_bins(hr_table *table, hr_reader *reader,
                                    hr_error *err) HR_MUST_CHECK;

/* tables_lattice.c: scores on nodes of the training labels and off them; empty where they
 * lie on no lattice, and for results of earlier versions. */
hr_status hr_build_lattice(hr_table *table, hr_reader *reader,
                           hr_error *err) HR_MUST_CHECK;

/* tables_levels.c: validation at other levels of the noise; empty where none were asked
 * for. */
hr_status hr_build_levels(hr_table *table, hr_reader *reader,
                          hr_error *err) HR_MUST_CHECK;

/* tables.c: a column's heading in either language; [count] of them are added. */
typedef struct hr_heading {
  hr_cell_kind kind;
  const char *key, *english, *chinese;
} hr_heading;
hr_status hr_add_headings(hr_table *table, hr_reader *reader, const hr_heading *headings,
                          size_t count, hr_error *err) HR_MUST_CHECK;

#endif
