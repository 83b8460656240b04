/* Doubts: reasons to think that data do not say what they seem to say, each one sentence
 * with what was found, where, and the remedy.
 *
 * A doubt has a code, which stays the same between versions: results.json and
 * `data.allow` name doubts by it. Some make any result meaningless, and a study refuses
 * them unless they are allowed; the others may be meant, and are told wherever its
 * results are. */
#ifndef HR_DATA_DOUBTS_H
#define HR_DATA_DOUBTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* Code and what it says, for the documentation of `data.allow`. */
#define HR_DOUBT_LIST(X)                                                                \
  X(HR_DOUBT_FAR_LABEL, "far_label", "a value far from all others stands for missing")  \
  X(HR_DOUBT_INDEX, "index", "the labels' index says that rows are in another order")   \
  X(HR_DOUBT_ROWS_TWICE, "rows_twice", "spectra are in the training set twice")         \
  X(HR_DOUBT_TEST_IN_TRAINING, "test_in_training", "test spectra are trained on")       \
  X(HR_DOUBT_ERROR, "error", "the error is not one standard deviation")                 \
  X(HR_DOUBT_SNR, "snr", "the label snr has nothing to do with flux over error")        \
  X(HR_DOUBT_PIXELS, "pixels", "pixels hold a mark or a gap and are not marked as bad") \
  X(HR_DOUBT_MASK, "mask", "the mask marks most pixels")                                \
  X(HR_DOUBT_SCALE, "scale", "files differ in the scale of their flux")                 \
  X(HR_DOUBT_WAVELENGTH, "wavelength", "wavelengths are not in angstrom")               \
  X(HR_DOUBT_FILTER, "filter", "a file keeps an array only roughly")                    \
  X(HR_DOUBT_CLIP, "clip", "flux below 0 is the rule, or is clipped all the same")      \
  X(HR_DOUBT_OUTLIERS, "outliers", "rows are far beyond all others, or left out")       \
  X(HR_DOUBT_EMPTY, "empty", "test rows have no good pixel")                            \
  X(HR_DOUBT_BAD_PIXELS, "bad_pixels", "many pixels are bad")                           \
  X(HR_DOUBT_NO_SNR, "no_snr", "test rows have no number for a label snr")              \
  X(HR_DOUBT_UNLABELLED, "unlabelled", "rows without a label are left out")             \
  X(HR_DOUBT_UNCOVERED, "uncovered", "nearly all rows are outside all bins")            \
  X(HR_DOUBT_OUTSIDE, "outside", "a model from elsewhere says nothing of some rows")    \
  X(HR_DOUBT_OUTSIDE_VALUES, "outside_values", "predictions that are no labels")        \
  X(HR_DOUBT_OUTSIDE_NOISE, "outside_noise", "predictions made on other noise")         \
  X(HR_DOUBT_OUTSIDE_TRUTH, "outside_truth", "predictions that are the truth, rounded") \
  X(HR_DOUBT_LEAKAGE, "leakage", "the error alone predicts the label")                  \
  X(HR_DOUBT_SIGMA, "sigma", "a sigma is off by more than chance")                      \
  X(HR_DOUBT_ALPHA, "alpha", "the best setting is the last of those that were tried")   \
  X(HR_DOUBT_ONE_ROW, "one_row", "one test row makes most of the squared error")        \
  X(HR_DOUBT_MISSING, "missing", "test rows have no prediction that is a number")

/* The codes up to here are the choices of `data.allow`; those behind are told alone. From
 * HR_DOUBT_LEAKAGE on they are of results, which the data's own cannot know. */
#define HR_DOUBT_CHOICES \
  "far_label|index|rows_twice|test_in_training|error|snr|pixels|mask|scale|wavelength"

#define HR_DOUBT_NAME(name, code, says) name,
typedef enum hr_doubt_code { HR_DOUBT_LIST(HR_DOUBT_NAME) HR_DOUBT_COUNT } hr_doubt_code;
#undef HR_DOUBT_NAME

/* The code as it is written: "far_label". */
const char *hr_doubt_text(hr_doubt_code code);

/* Whether it is one, and which. */
bool hr_doubt_find(const char *text, hr_doubt_code *out);

typedef struct hr_doubt {
  hr_doubt_code code;
  bool refuses;   /* a study of such data means nothing */
  bool is_told;   /* the observer has been told already */
  char *sentence; /* owned */
  char *chinese;  /* the same in Chinese, for reports in it; owned */
} hr_doubt;

/* A list; {0} is an empty one. */
typedef struct hr_doubts {
  hr_doubt *items; /* [count], owned */
  size_t count;
} hr_doubts;

/* Adds one with its sentence. HR_ERR_MEMORY. */
hr_status hr_doubts_add(hr_doubts *doubts, hr_doubt_code code, bool refuses,
                        hr_error *err, const char *format, ...) HR_MUST_CHECK
    HR_PRINTF(5, 6);

/* Says what was added last in Chinese too, without a full stop. HR_ERR_MEMORY. */
hr_status hr_doubts_in_chinese(hr_doubts *doubts, hr_error *err, const char *format,
                               ...) HR_MUST_CHECK HR_PRINTF(3, 4);
void hr_doubts_fini(hr_doubts *doubts);

#endif
