/* A model in an ONNX file, run on spectra by ONNX Runtime: whatever is wrong with it, or
 * does not fit the study, is one sentence. */
#ifndef HR_METHODS_OUTSIDE_ONNX_SESSION_H
#define HR_METHODS_OUTSIDE_ONNX_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "core/error.h"

/* What the study gives the model, and wants of it. */
typedef struct hr_onnx_wish {
  size_t pixels;      /* P */
  bool has_error;     /* two channels, flux and error; else flux alone */
  size_t targets;     /* T numbers of each spectrum */
  const char *output; /* the name of the output that has them; NULL: the only one */
  const char *sigma;  /* the name of the one with T sigmas; NULL: they are not wanted */
  double unit, base;  /* of the study (methods/method.h): flux is about (base + 1) unit */
} hr_onnx_wish;

typedef struct hr_onnx_session hr_onnx_session;

/* Loads the model and tries it out on spectra that are made up: one that says something
 * else each time, or whose answer depends on the other spectra of the batch, is refused.
 * It takes [batch, P] or, with a
 * channel or two, [batch, channels, P] or [batch, P, channels], in float or double, and
 * gives [batch, T], or of one target as many numbers in any shape, of each output that is
 * wanted. A batch of any size
 * becomes one of 32; one of a size of its own is kept to, up to HR_PREDICT_ROWS.
 * HR_ERR_MISSING without ONNX Runtime, HR_ERR_FORMAT for what cannot be loaded or is too
 * new, HR_ERR_DATA for one that takes or gives something else. */
hr_status hr_onnx_session_open(const char *path, const hr_onnx_wish *wish,
                               hr_onnx_session **out, hr_error *err) HR_MUST_CHECK;
void hr_onnx_session_close(hr_onnx_session **session);

/* How many spectra go in at a time, and the bytes of room that they take. */
size_t hr_onnx_session_rows(const hr_onnx_session *session);
size_t hr_onnx_session_input_bytes(const hr_onnx_session *session);

/* How long a batch took when the model was tried out, seconds. */
double hr_onnx_session_batch_seconds(const hr_onnx_session *session);

/* Ends all runs, those of other threads too: each fails within a layer of the model. No
 * other is to be begun. */
void hr_onnx_session_stop(hr_onnx_session *session);

/* Puts spectrum i, flux [P] and error [P] (NULL: the model takes none), into `input`. */
void hr_onnx_session_put(const hr_onnx_session *session, size_t i, const double *flux,
                         const double *error, void *input);

/* The outputs that are taken: that of the labels and, where it is wanted, of sigma. */
size_t hr_onnx_session_outputs(const hr_onnx_session *session);

/* Runs the model on `input`, whose every spectrum was put; out [outputs][rows][T]. Any
 * number of threads may, each with an input of its own; each run is the work of its
 * thread alone, so that a number depends on the spectrum and its place in the batch.
 * HR_ERR_NUMERIC with what the runtime says. */
hr_status hr_onnx_session_run(const hr_onnx_session *session, void *input, double *out,
                              hr_error *err) HR_MUST_CHECK;

#endif
