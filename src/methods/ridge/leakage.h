/* A control: Ridge on the error vector alone, without the flux.
 *
 * What the error of a spectrum says about its label, an expert that takes the error as an
 * input could read off without having looked at the star. The error is summarised by the
 * decimal logarithm of its mean over at most 256 stretches of neighbouring pixels, errors
 * not above 0 left out (a stretch without any takes the mean of the row's others), so
 * what is found is a lower bound. Trained on the covered rows, alpha chosen by the
 * study's folds.
 *
 * It competes with nobody: it has one model, of HR_GLOBAL and a kind of its own
 * (control.h), whose predictions are NaN for uncovered rows. It has no parameters. */
#ifndef HR_METHODS_RIDGE_LEAKAGE_H
#define HR_METHODS_RIDGE_LEAKAGE_H

#include "methods/method.h"

enum { HR_LEAKAGE_STRETCHES = 256 };

/* Cost: N P additions and N 256² operations; F sums of 256 columns. Its model's file is
 * model.npy, fp64 [1][2 + stretches]: alpha, intercept, weights. */
extern const hr_method hr_leakage_method;

/* out[s] = log10 of the mean error over stretch s, which has the pixels p with
 * p * stretches / pixels == s; 0 for a row without an error above 0. error: [pixels]. */
void hr_leakage_summarise(const float *error, size_t pixels, size_t stretches,
                          float *out);

#endif
