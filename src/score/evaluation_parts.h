/* The steps of hr_evaluation_create, one file each, in this order. */
#ifndef HR_SCORE_EVALUATION_PARTS_H
#define HR_SCORE_EVALUATION_PARTS_H

#include "score/evaluation.h"

/* audit.c: whether the input makes sense (HR_ERR_USAGE), and the checks that everything
 * after them relies on (HR_ERR_LEDGER). */
hr_status hr_audit_input(hr_evaluation *evaluation, hr_error *err) HR_MUST_CHECK;

/* audit.c: that every row is in a group or missing. */
hr_status hr_audit_missing(hr_evaluation *evaluation, hr_error *err) HR_MUST_CHECK;

/* audit.c: the scored methods, and the controls. */
hr_status hr_audit_methods(hr_evaluation *evaluation, hr_error *err) HR_MUST_CHECK;
hr_status hr_audit_controls(hr_evaluation *evaluation, hr_error *err) HR_MUST_CHECK;

/* intervals.c: the paired bootstrap of methods, ceilings and controls, and that of the
 * ceilings over octiles, where both are known. */
hr_status hr_intervals_create(hr_evaluation *evaluation, hr_error *err) HR_MUST_CHECK;
hr_status hr_intervals_create_octiles(hr_evaluation *evaluation,
                                      hr_error *err) HR_MUST_CHECK;

/* lattice_rows.c: rows on nodes and off them; nothing where the training labels lie on no
 * lattice, or are not known. */
hr_status hr_lattice_rows_create(hr_evaluation *evaluation, hr_error *err) HR_MUST_CHECK;

/* calibrate.c: whether the forecasts' sigma is honest; nothing where nobody has any. */
hr_status hr_calibrations_create(hr_evaluation *evaluation, hr_error *err) HR_MUST_CHECK;

/* verdict.c: the gate. */
hr_status hr_verdict_judge(hr_evaluation *evaluation, hr_error *err) HR_MUST_CHECK;

#endif
