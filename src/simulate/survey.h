/* An instrument out of a survey's file: the pixels that its spectra have, and the errors
 * that they came with. */
#ifndef HR_SIMULATE_SURVEY_H
#define HR_SIMULATE_SURVEY_H

#include "headroom/simulate.h"
#include "simulate/definition.h"

/* The most spectra of which errors are taken, the first of the file. */
enum { HR_SURVEY_MOST_ERRORS = 4096 };

/* The definition that options->survey_file gives: the pixels of its first spectrum, as
 * far as the models reach; the line spread of fwhm, resolving_power or instrument, as the
 * file tells none; errors of every spectrum that has those pixels and of which three
 * quarters are good there. HR_ERR_USAGE without a line spread, or with two; HR_ERR_DATA:
 * pixels that the models do not reach or errors that are not known; else as
 * hr_fits_spectra_open and hr_definition_create. Freed with hr_definition_destroy. */
hr_status hr_definition_from_survey(const hr_simulate_options *options,
                                    hr_definition **out, hr_error *err) HR_MUST_CHECK;

#endif
